"""Soft losses against their definitions and labels; projections against what they have to keep."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from mobilenets.maths.distillation import (
    projected,
    projection,
    soft_binary_cross_entropy,
    soft_cross_entropy,
    squared_difference,
)

temperatures = st.floats(0.25, 20.0)


def _logits(rows: int = 5, width: int = 7, *, seed: int = 0) -> torch.Tensor:
    return 4 * torch.randn(rows, width, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@given(temperatures)
@settings(deadline=None)
def test_the_divergence_is_that_of_the_definition(temperature: float) -> None:
    outputs, wanted = _logits(seed=1), _logits(seed=2)
    says, taught = (outputs / temperature).softmax(1), (wanted / temperature).softmax(1)
    expected = (taught * (taught.log() - says.log())).sum(1).mean() * temperature**2
    torch.testing.assert_close(soft_cross_entropy(outputs, wanted, temperature=temperature), expected)


@given(temperatures, st.floats(-30.0, 30.0))
@settings(deadline=None)
def test_a_student_that_says_the_same_loses_nothing(temperature: float, shift: float) -> None:
    """Logits are known up to a constant a photograph."""
    wanted = _logits()
    loss = soft_cross_entropy(wanted + shift, wanted, temperature=temperature)
    assert float(loss) == pytest.approx(0.0, abs=1e-9)
    assert float(soft_cross_entropy(_logits(seed=3), wanted, temperature=temperature)) > 0


def test_a_sure_teacher_is_a_label() -> None:
    outputs, labels = _logits(), torch.tensor([0, 3, 6, 1, 1])
    wanted = 200.0 * F.one_hot(labels, 7).double()
    expected = F.cross_entropy(outputs, labels)
    torch.testing.assert_close(soft_cross_entropy(outputs, wanted, temperature=1.0), expected)


def test_gradients_are_alike_at_any_high_temperature() -> None:
    """Hinton et al., section 2: times T squared, they tend to those of a squared difference of centred logits."""
    wanted = _logits(seed=2)

    def gradient(temperature: float) -> torch.Tensor:
        outputs = _logits(seed=1).requires_grad_()
        soft_cross_entropy(outputs, wanted, temperature=temperature).backward()  # type: ignore[no-untyped-call]
        assert outputs.grad is not None
        return outputs.grad

    difference = _logits(seed=1) - wanted
    centred = difference - difference.mean(1, keepdim=True)
    torch.testing.assert_close(gradient(1e4), centred / (7 * 5), rtol=1e-2, atol=1e-3)


def test_yes_and_no_answers_are_taught_by_probabilities() -> None:
    outputs, wanted = torch.tensor([[0.0, 2.0]]), torch.tensor([[0.0, 1.0]])
    share, says = 1 / (1 + math.exp(-1.0)), 1 / (1 + math.exp(-2.0))
    second = -(share * math.log(says) + (1 - share) * math.log(1 - says))
    expected = torch.tensor((math.log(2) + second) / 2)
    torch.testing.assert_close(soft_binary_cross_entropy(outputs, wanted), expected)


def test_a_squared_difference_is_summed_over_a_vector_and_averaged_over_photographs() -> None:
    assert float(squared_difference(torch.zeros(2, 3), torch.tensor([[1.0, 2.0, 2.0], [0.0, 0.0, 0.0]]))) == 4.5


@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 1000))
@settings(deadline=None)
def test_a_projection_keeps_lengths_and_as_much_as_any(channels: int, width: int, seed: int) -> None:
    vectors = F.normalize(_logits(40, channels, seed=seed))
    matrix = projection(vectors, width=width)
    assert matrix.shape == (channels, width)
    through = projected(vectors, matrix)
    torch.testing.assert_close(through.norm(dim=1), vectors.norm(dim=1))
    if width >= channels:
        torch.testing.assert_close(through @ through.T, vectors @ vectors.T)
    kept = (vectors @ matrix).square().sum()
    random = torch.linalg.qr(torch.randn(channels, channels, dtype=torch.float64)).Q[:, :width]
    assert kept >= (vectors @ random).square().sum() - 1e-9

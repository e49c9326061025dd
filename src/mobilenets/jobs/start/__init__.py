"""Weights to start from: what they are, and how they get into a network."""

from mobilenets.jobs.start.place import Placed, check_same, put_weights
from mobilenets.jobs.start.source import StartingWeights, open_weights, task_of, trained_architecture

__all__ = ["Placed", "StartingWeights", "check_same", "open_weights", "put_weights", "task_of", "trained_architecture"]

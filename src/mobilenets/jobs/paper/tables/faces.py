"""Table 14: MobileNets that learnt FaceNet's embeddings, by VAL, mult-adds and params (section 4.7)."""

from decimal import Decimal

from mobilenets.architecture import names
from mobilenets.architecture.baselines import BASELINES
from mobilenets.architecture.cost import cost
from mobilenets.architecture.tables import embedder
from mobilenets.jobs.paper.entry import Column, Entry, Row, Table, millions, number
from mobilenets.jobs.paper.published import FACENET, FACES, Student

_COLUMNS = (
    Column("accuracy", "1e-4 accuracy", "quoted", "%"),
    Column("mult_adds", "mult-adds", "counted", "M"),
    Column("params", "params", "counted", "M"),
)
_DIMENSION = 128
_NOTE = (
    "Counted with global average pooling and one layer of 128 outputs, of which the paper says nothing. The second "
    "0.75 MobileNet-128 is printed with the mult-adds of that network; the first has those of 0.75 MobileNet-160, "
    "and is counted so."
)


def faces_table(place: int) -> Table:
    """FaceNet's NN2 and its students; the accuracies are quoted."""
    rows = (_facenet(), *(Row(student.label, _entries(student)) for student in FACES))
    return Table(place, "MobileNet distilled from FaceNet", _COLUMNS, rows, note=_NOTE)


def _facenet() -> Row:
    counted = cost(names.network(FACENET.network))
    published = BASELINES[FACENET.network].published
    assert published is not None
    figures = (
        number(f"{published.mult_adds:g}", millions(counted.mult_adds), step=FACENET.step, why=published.explanation),
        number(f"{published.params:g}", millions(counted.params), why=published.explanation),
    )
    return Row(FACENET.label, (_quoted(FACENET.accuracy), *figures))


def _entries(student: Student) -> tuple[Entry, ...]:
    counted = embedding_cost(student.network)
    return (
        _quoted(student.accuracy),
        number(student.mult_adds, counted[0], why=student.why_mult_adds),
        number(student.params, counted[1], why=student.why_params),
    )


def embedding_cost(network: str) -> tuple[Decimal, Decimal]:
    """Mult-adds and params of a network that ends in an embedding, in millions."""
    body = names.body(network)
    counted = cost([*body, *embedder(body, _DIMENSION)])
    return millions(counted.mult_adds), millions(counted.params)


def _quoted(accuracy: str) -> Entry:
    return Entry(accuracy, None, explanation="Measured by the authors on faces of their own: VAL at a FAR of 1e-4.")

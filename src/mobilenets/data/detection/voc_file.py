"""One XML file of Pascal VOC: the boxes of one photograph."""

from dataclasses import dataclass
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser

from mobilenets.errors import UsageError

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class VocObject:
    """A box (left, top, right, bottom) from pixel edge to pixel edge, counted from 0, and its name."""

    name: str
    box: Box
    difficult: bool


@dataclass(frozen=True, slots=True)
class VocFile:
    """What an XML file says: the photograph's file name ("" where none), its (height, width) if stated, its boxes."""

    file: str
    size: tuple[int, int] | None
    objects: tuple[VocObject, ...]


class _Plain(TreeBuilder):
    """XML without a document type: its entities could name other files, or grow without end."""

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        raise _DocumentType


class _DocumentType(Exception):  # noqa: N818 (a finding, turned into a UsageError at once)
    pass


def voc_file(data: bytes, where: str) -> VocFile:
    """The boxes of a VOC annotation.

    VOC counts pixels from 1 and includes the last: xmin 1 and xmax 10 become 0 and 10. Raises `UsageError` where the
    XML is damaged, has a document type or a value that makes no sense.
    """
    root = _parsed(data, where)
    objects = [_object(element, f"{where}: object {place}") for place, element in enumerate(root.findall("object"), 1)]
    return VocFile((root.findtext("filename") or "").strip(), _size(root, where), tuple(objects))


def _parsed(data: bytes, where: str) -> Element:
    parser = XMLParser(target=_Plain())
    try:
        parser.feed(data)
        root: Element = parser.close()
    except _DocumentType:
        raise UsageError(f"{where}: has a document type, which annotations do without: take the DOCTYPE out") from None
    except ParseError as error:
        line, _ = error.position
        why = str(error).partition(":")[0]
        raise UsageError(f"{where}, line {line}: damaged XML ({why}): take it from a copy") from error
    except (ValueError, LookupError) as error:  # an encoding that is unknown or has several bytes a letter
        raise UsageError(f"{where}: damaged XML ({error}): take it from a copy") from error
    if root.tag != "annotation":
        raise UsageError(f"{where}: begins with <{root.tag}>, and Pascal VOC's files with <annotation>")
    return root


def _object(element: Element, where: str) -> VocObject:
    name = (element.findtext("name") or "").strip()
    box = element.find("bndbox")
    if not name or box is None:
        raise UsageError(f"{where} has no {'bndbox' if name else 'name'}: repair it or take it out")
    left, top, right, bottom = (_number(box, side, where) for side in ("xmin", "ymin", "xmax", "ymax"))
    difficult = (element.findtext("difficult") or "").strip().lower() in ("1", "true", "yes")
    return VocObject(name, (left - 1, top - 1, right, bottom), difficult)


def _size(root: Element, where: str) -> tuple[int, int] | None:
    """The stated (height, width); None where none is stated or it is 0, as some programs write that know none."""
    size = root.find("size")
    if size is None:
        return None
    height, width = (_number(size, side, f"{where}: size") for side in ("height", "width"))
    if not (height and width):
        return None
    if min(height, width) < 1 or not (height.is_integer() and width.is_integer()):
        raise UsageError(f"{where}: the size {width:g} x {height:g} is none: whole pixels are needed")
    return int(height), int(width)


def _number(element: Element, side: str, where: str) -> float:
    written = (element.findtext(side) or "").strip()
    try:
        return float(written)
    except ValueError:
        raise UsageError(f"{where} has {written!r} as {side}: a number is needed") from None

"""FlexBuffers, as TFLite's custom operators keep their options: a map of names to numbers, every place checked.

Layout: https://flatbuffers.dev/flexbuffers/ (little-endian, read from the end: the last byte is the width of the root,
the one before it the root's type. A type is four times its kind plus the power of two that its own width is).
"""

from mobilenets.weights.formats.flatbuffer import Content

_INT, _UINT, _FLOAT, _INDIRECT_INT, _INDIRECT_UINT, _INDIRECT_FLOAT, _MAP, _BOOL = 1, 2, 3, 6, 7, 8, 9, 26
_INLINE = {_INDIRECT_INT: _INT, _INDIRECT_UINT: _UINT, _INDIRECT_FLOAT: _FLOAT}
_LETTERS = {
    _INT: {1: "b", 2: "h", 4: "i", 8: "q"},
    _UINT: {1: "B", 2: "H", 4: "I", 8: "Q"},
    _BOOL: {1: "B", 2: "H", 4: "I", 8: "Q"},
    _FLOAT: {2: "e", 4: "f", 8: "d"},
}
_WIDTHS = (1, 2, 4, 8)
# An operator of TFLite has a dozen options with names of a few words.
_MOST_ENTRIES = 100
_LONGEST_NAME = 100


def numbers_of(data: bytes, *, where: str) -> dict[str, float]:
    """The numbers of a map by their names, truths as 0 and 1; entries that are no numbers are left out.

    Raises `UsageError`, in one line that begins with `where`, for what is no map or damaged.
    """
    content = Content(data, where)
    width, kind = int(content.number(len(data) - 1, "B")), int(content.number(len(data) - 2, "B"))
    if width not in _WIDTHS or kind >> 2 != _MAP:
        raise content.damaged(f"its root is of kind {kind >> 2} in {width} bytes, and no map")
    return _entries(content, _reach(content, len(data) - 2 - width, width), 1 << (kind & 3))


def _entries(content: Content, at: int, width: int) -> dict[str, float]:
    """The map whose values begin at a place. Its size stands before them, before that the place of its names."""
    size = _whole(content, at - width, width)
    if size > _MOST_ENTRIES:
        raise content.damaged(f"it has {size:,} entries, over the limit of {_MOST_ENTRIES}")
    names, step = _reach(content, at - 3 * width, width), _whole(content, at - 2 * width, width)
    if step not in _WIDTHS:
        raise content.damaged(f"its names stand {step} bytes apart")
    found = {}
    for place in range(size):
        kind = int(content.number(at + size * width + place, "B"))
        value = _number(content, at + place * width, width, kind)
        if value is not None:
            found[_name(content, _reach(content, names + place * step, step))] = value
    return found


def _number(content: Content, at: int, width: int, kind: int) -> float | None:
    """The number at a place, or where that leads; None for anything else."""
    own = kind >> 2
    if own in _INLINE:
        at, width, own = _reach(content, at, width), 1 << (kind & 3), _INLINE[own]
    letter = _LETTERS.get(own, {}).get(width)
    return None if letter is None else float(content.number(at, letter))


def _whole(content: Content, at: int, width: int) -> int:
    return int(content.number(at, _LETTERS[_UINT][width]))


def _reach(content: Content, at: int, width: int) -> int:
    """Where the offset at a place leads: always back."""
    return at - _whole(content, at, width)


def _name(content: Content, at: int) -> str:
    """The text up to the next null."""
    content.check(at, 1, what="a name")
    end = content.data.find(b"\0", at, at + _LONGEST_NAME)
    if end < 0:
        raise content.damaged("a name in it has no end")
    return content.data[at:end].decode(errors="replace")

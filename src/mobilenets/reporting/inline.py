"""An SVG document made part of an HTML page: themed, without clashing names, read by screen readers as one picture."""

import re
from xml.etree import ElementTree

from mobilenets.reporting.palette import COLOURS

_VARIABLES = {colour.light: f"var(--{colour.name})" for colour in COLOURS}
_HEX = re.compile(r"#[0-9a-f]{6}\b")
_REFERENCE = re.compile(r"url\(#([^)]+)\)")
_BOX_NUMBERS = 4
_DROPPED = ("title", "desc", "metadata", "style", "script")


def inline_svg(svg: str, *, prefix: str, alt: str) -> str:
    """`svg` as an element of an HTML page, in a `div` of class `picture`.

    Colours of the palette in style attributes become CSS variables, names (`id`) that something refers to get
    `prefix` and the others go, and the width becomes the CSS variable `--natural` (viewBox units taken as CSS pixels),
    for the style sheet to fit. Raises ValueError for what is not SVG
    with a viewBox and `xml.etree.ElementTree.ParseError` for what is not XML.
    """
    root = ElementTree.fromstring(svg)
    box = root.attrib.get("viewBox", "").split()
    if _local(root.tag) != "svg" or len(box) != _BOX_NUMBERS:
        raise ValueError(f"a figure in text has to be SVG with a viewBox, not <{_local(root.tag)}>")
    _clean(root)
    for element in root.iter():
        element.attrib = _attributes(element.attrib, prefix=prefix)
    _drop_unused_names(root)
    root.attrib = {"viewBox": " ".join(box), "preserveAspectRatio": "xMinYMin", "role": "img", "aria-label": alt}
    holder = ElementTree.Element("div", {"class": "picture", "style": f"--natural:{float(box[2]):g}px"})
    holder.append(root)
    return ElementTree.tostring(holder, encoding="unicode")


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _clean(element: ElementTree.Element) -> None:
    """Take away name spaces (HTML knows them), prose for other programs, and style that would leak into the page."""
    element.tag = _local(element.tag)
    for child in list(element):
        if _local(child.tag) in _DROPPED:
            element.remove(child)
        else:
            _clean(child)
    if element.tag != "text":
        element.text = element.text if (element.text or "").strip() else None
    for child in element:
        child.tail = child.tail if (child.tail or "").strip() else None


def _attributes(attributes: dict[str, str], *, prefix: str) -> dict[str, str]:
    return {_local(name): _attribute(_local(name), value, prefix=prefix) for name, value in attributes.items()}


def _attribute(name: str, value: str, *, prefix: str) -> str:
    if name == "id":
        return prefix + value
    if name == "href" and value.startswith("#"):
        return f"#{prefix}{value[1:]}"
    if name == "style":
        value = _HEX.sub(lambda found: _VARIABLES.get(found[0], found[0]), value)
    return _REFERENCE.sub(lambda found: f"url(#{prefix}{found[1]})", value)


def _drop_unused_names(root: ElementTree.Element) -> None:
    used: set[str] = set()
    for element in root.iter():
        for name, value in element.attrib.items():
            used.update(_REFERENCE.findall(value))
            if name == "href":
                used.add(value.removeprefix("#"))
    for element in root.iter():
        if element.attrib.get("id") not in used:
            element.attrib.pop("id", None)

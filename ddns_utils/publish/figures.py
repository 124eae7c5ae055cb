"""SVG figures made fit for a page: named for screen readers, without scripts, ids of their own."""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.etree import ElementTree

from ddns_utils.errors import DefinitionError

SVG = "http://www.w3.org/2000/svg"
LINK = "{http://www.w3.org/1999/xlink}href"
ELEMENTS = {
    "svg", "g", "defs", "path", "use", "text", "tspan", "rect", "circle", "ellipse", "line", "polyline", "polygon",
    "clipPath", "image", "marker", "pattern", "linearGradient", "radialGradient", "stop", "mask", "symbol",
}  # fmt: skip

ElementTree.register_namespace("", SVG)
ElementTree.register_namespace("xlink", "http://www.w3.org/1999/xlink")


def accessible_svg(svg: str, name: str, description: str) -> str:
    """The drawing with its title and a description, every id prefixed with ``name``, and nothing but drawing in it.

    Its size is left to the page. Raises DefinitionError if it is not SVG or has no title.
    """
    try:
        root = ElementTree.fromstring(svg)
    except ElementTree.ParseError as error:
        raise DefinitionError(f"{name} is not SVG: {error}.") from None
    if root.tag != f"{{{SVG}}}svg":
        raise DefinitionError(f"{name} is not SVG, but {root.tag}.")
    title = (root.findtext(f"{{{SVG}}}title") or "").strip()
    if not title:
        raise DefinitionError(f"{name} has no title. Show it with show_figure(title=...).")
    _keep_drawing(root)
    for element in root.iter():
        for attribute, value in list(element.attrib.items()):
            _clean(element, attribute, value, name)
    for size in ("width", "height"):
        root.attrib.pop(size, None)
    # matplotlib says this in a style sheet, which would hold for the whole page
    root.attrib |= {"stroke-linejoin": "round", "stroke-linecap": "butt"}
    root.attrib |= {"role": "img", "aria-labelledby": f"{name}-title {name}-desc"}
    for position, (tag, words) in enumerate((("title", title), ("desc", description))):
        label = ElementTree.Element(f"{{{SVG}}}{tag}", {"id": f"{name}-{tag}"})
        label.text = words
        root.insert(position, label)
    return ElementTree.tostring(root, encoding="unicode")


def _keep_drawing(parent: ElementTree.Element) -> None:
    for child in list(parent):
        if not isinstance(child.tag, str) or child.tag.removeprefix(f"{{{SVG}}}") not in ELEMENTS:
            parent.remove(child)
        else:
            _keep_drawing(child)


def _clean(element: ElementTree.Element, attribute: str, value: str, name: str) -> None:
    if attribute == "id":
        element.set(attribute, f"{name}-{value}")
    elif attribute in ("href", LINK):
        if value.startswith("#"):
            element.set(attribute, f"#{name}-{value[1:]}")
        elif not value.startswith("data:image/png;base64,"):
            del element.attrib[attribute]
    elif attribute.startswith("on"):
        del element.attrib[attribute]
    elif "url(" in value:
        element.set(attribute, re.sub(r"url\(['\"]?(#?)([^)'\"]*)['\"]?\)", _own_url(name), value))


def _own_url(name: str) -> Callable[[re.Match[str]], str]:
    return lambda found: f"url(#{name}-{found[2]})" if found[1] else "none"

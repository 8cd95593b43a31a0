"""Text that XML can hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree

from engine.core.progress import SILENT, Progress

_LINES_A_CHECK = 1_000
_IN_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_IN_VALUES = {
    **_IN_TEXT,
    **str.maketrans({'"': "&quot;", "\r": "&#13;", "\n": "&#10;", "\t": "&#09;"}),
}
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xml_text(text: str) -> str:
    """Return a text without characters that XML 1.0 cannot hold: control characters, and invalid bytes."""
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)


def xml_bytes(root: ElementTree.Element, doctype: str = "", progress: Progress = SILENT) -> bytes:
    """Return a document of elements with either children or text as UTF-8, indented, with its declaration.

    As ElementTree would write it, but one that is long can be cancelled.

    Raises
    ------
    Cancelled : the user asked for it
    """
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    if doctype:
        lines.append(f"<!DOCTYPE {doctype}>")
    for line in _lines(root, ""):
        if not len(lines) % _LINES_A_CHECK:
            progress.check_cancelled()
        lines.append(line)
    lines.append("")
    return "\n".join(lines).encode()


def _lines(element: ElementTree.Element, indent: str) -> Iterator[str]:
    tag = element.tag
    head = "".join(f' {name}="{value.translate(_IN_VALUES)}"' for name, value in element.items())
    if len(element):
        yield f"{indent}<{tag}{head}>"
        deeper = f"{indent}  "
        for each in element:
            yield from _lines(each, deeper)
        yield f"{indent}</{tag}>"
    elif element.text:
        yield f"{indent}<{tag}{head}>{element.text.translate(_IN_TEXT)}</{tag}>"
    else:
        yield f"{indent}<{tag}{head} />"


def child(parent: ElementTree.Element, name: str, text: object = None) -> ElementTree.Element:
    """Add an element, with a text where one is given."""
    element = ElementTree.SubElement(parent, name)
    if text is not None:
        element.text = xml_text(str(text))
    return element

"""Text that XML can hold."""

from __future__ import annotations

import re
from xml.etree import ElementTree

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xml_text(text: str) -> str:
    """Return a text without what XML 1.0 cannot hold: control characters, and bytes that are no text."""
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)


def xml_bytes(root: ElementTree.Element, doctype: str = "") -> bytes:
    """Return a document as UTF-8, indented, with its declaration."""
    ElementTree.indent(root)
    head = '<?xml version="1.0" encoding="UTF-8"?>\n' + (f"<!DOCTYPE {doctype}>\n" if doctype else "")
    return (head + ElementTree.tostring(root, encoding="unicode") + "\n").encode()


def child(parent: ElementTree.Element, name: str, text: object = None) -> ElementTree.Element:
    """Add an element, with a text where one is given."""
    element = ElementTree.SubElement(parent, name)
    if text is not None:
        element.text = xml_text(str(text))
    return element

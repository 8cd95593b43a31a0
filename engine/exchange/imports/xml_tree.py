"""XML that anybody may have written: without entities of its own, and within limits of depth and size."""

from __future__ import annotations

from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

_DEEPEST = 200
_MOST_ELEMENTS = 8_000_000


def parsed_xml(content: bytes, root_tag: str) -> Element:
    """Return the root of a document, whose tag is given.

    Raises
    ------
    ValueError : it has another root, is not well-formed, declares entities, or is nested or branched beyond
        any edit
    """
    builder = TreeBuilder()
    parser = expat.ParserCreate()
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    parser.buffer_text = True
    depth = elements = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth, elements
        depth += 1
        elements += 1
        if depth > _DEEPEST or elements > _MOST_ELEMENTS:
            raise ValueError("its elements are nested too deeply or too many")
        builder.start(tag, attributes)

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(tag)

    def declared(*_entity: object) -> None:
        raise ValueError("it declares entities, which no edit needs")

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = builder.data
    parser.EntityDeclHandler = declared
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise ValueError(f"the XML is damaged in line {error.lineno}") from error
    except (LookupError, UnicodeError) as error:  # an encoding that Python does not know
        raise ValueError("it is in an unknown encoding") from error
    root = builder.close()
    if root.tag != root_tag:
        raise ValueError("it is other XML")
    return root


def text_of(element: Element | None, path: str, default: str = "") -> str:
    """Return the text of an element below another one, without the spaces around it."""
    found = None if element is None else element.find(path)
    return default if found is None or found.text is None else found.text.strip()

"""Values as other programs write them: XML within limits, paths and URLs, exact times and rates."""

from __future__ import annotations

import re
from fractions import Fraction
from math import isfinite
from pathlib import PurePosixPath, PureWindowsPath
from urllib.parse import unquote, urlsplit
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

_DEEPEST = 200
_MOST_ELEMENTS = 8_000_000
_LONGEST = 4_096
LONGEST_S = 10_000_000
"""Limit of positions: more than a hundred days."""
_LONGEST_TEXT = 40
_DECIMAL = re.compile(r"[+-]?\d+(?:\.\d*)?|[+-]?\.\d+")
_RATIONAL = re.compile(r"([+-]?\d+)(?:/(\d+))?s")
_MOST_RATE = 1_000_000
_LEAST_RATE = Fraction(1, 1_000)
_NTSC = Fraction(1000, 1001)
_FASTEST_PICTURES = 240
_ROUNDED = Fraction(1, 5_000)
"""23.98, as some write 23.976, is this far off."""


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


def path_of(address: str) -> str:
    """Return the path that a URL or a path names, and all else as it is."""
    text = address.strip()[:_LONGEST]
    if text.lower().startswith("file:"):
        try:
            parts = urlsplit(text)
        except ValueError:  # brackets that hold no address
            return text
        path = unquote(parts.path)
        is_drive = len(path) > 2 and path[0] == "/" and path[2] == ":"
        return path[1:] if is_drive else path
    return text


def name_of(path: str) -> str:
    """Return the name of a file from a path of any system."""
    windows = "\\" in path and "/" not in path
    return PureWindowsPath(path).name if windows else PurePosixPath(path).name


def within(seconds: Fraction) -> Fraction:
    """Return a time within the limit of a recording.

    Raises
    ------
    ValueError : it is beyond the limit
    """
    if abs(seconds) > LONGEST_S:
        raise ValueError(f"a time is more than {LONGEST_S:,} s out")
    return seconds


def number_of(value: object) -> Fraction:
    """Return a number of JSON or a decimal text, exactly.

    Raises
    ------
    ValueError : it is not a number, or not a finite one
    """
    if isinstance(value, bool):
        raise ValueError(f"{value!r} is not a number")
    if isinstance(value, int):
        return Fraction(value)
    if isinstance(value, float) and isfinite(value):
        return Fraction(value)
    if isinstance(value, str) and len(value) <= _LONGEST_TEXT and _DECIMAL.fullmatch(value.strip()):
        return Fraction(value.strip())
    raise ValueError(f"{str(value)[:_LONGEST_TEXT]!r} is not a number")


def seconds_of(value: object) -> Fraction:
    """Return a time in seconds, written as a number.

    Raises
    ------
    ValueError : it is not a number, or is beyond the limit
    """
    return within(number_of(value))


def rate_of(value: object) -> Fraction:
    """Return a rate, of samples or of frames a second; near 1000/1001 of a whole number it is meant so.

    Raises
    ------
    ValueError : it is not a positive number within limits
    """
    rate = number_of(value)
    if not _LEAST_RATE <= rate <= _MOST_RATE:
        raise ValueError(f"{float(rate):g} is not a rate")
    if rate.denominator == 1:
        return rate
    near = round(rate / _NTSC) * _NTSC
    is_meant = 0 < near <= _FASTEST_PICTURES and abs(rate - near) <= _ROUNDED * near
    return near if is_meant else rate.limit_denominator(_NTSC.denominator)


def dropping(code: str) -> str:
    """Return a timecode with the sign of one that drops frames."""
    head, _, frames = code.rpartition(":")
    return f"{head};{frames}" if head and ";" not in code else code


def rational_seconds(text: str) -> Fraction:
    """Return a time as FCPXML writes it, such as "1001/30000s".

    Raises
    ------
    ValueError : it is not one
    """
    found = _RATIONAL.fullmatch(text.strip()) if len(text) <= 2 * _LONGEST_TEXT else None
    if found is None:
        if text.endswith("s"):
            return seconds_of(text[:-1])
        raise ValueError(f"{text[:_LONGEST_TEXT]!r} is not a time")
    divisor = int(found[2] or 1)
    if not divisor:
        raise ValueError(f"{text[:_LONGEST_TEXT]!r} divides by 0")
    return within(Fraction(int(found[1]), divisor))

"""XML is written as ElementTree would, and can be cancelled on the way."""

from __future__ import annotations

from threading import Event
from xml.etree import ElementTree

import numpy as np
import pytest

from engine.core.errors import Cancelled
from engine.core.files.xml_text import child, xml_bytes
from engine.core.progress import ReportingProgress

WORDS = ("", "plain", "a < b & c > d", 'say "no"', "two\nlines\tand\rmore", "Jäm 🥁 'é'")


def tree(seed: int, size: int) -> ElementTree.Element:
    """Return a tree of elements with children or a text, in places at random."""
    rng = np.random.default_rng(seed)
    root = ElementTree.Element("root", kind=WORDS[seed % len(WORDS)])
    parents = [root]
    for number in range(size):
        parent = parents[rng.integers(len(parents))]
        if rng.random() < 0.5:
            values = {f"v{n}": WORDS[rng.integers(len(WORDS))] for n in range(rng.integers(3))}
            parents.append(ElementTree.SubElement(parent, f"e{number}", values))
        else:
            child(parent, "text", WORDS[rng.integers(len(WORDS))])
    return root


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("size", [0, 1, 200])
def test_it_is_what_elementtree_writes(seed: int, size: int) -> None:
    written = xml_bytes(tree(seed, size), "fcpxml").decode()
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE fcpxml>\n'
    plain = tree(seed, size)
    ElementTree.indent(plain)
    assert written == head + ElementTree.tostring(plain, encoding="unicode") + "\n"
    assert ElementTree.fromstring(written).get("kind") == WORDS[seed % len(WORDS)]


def test_a_long_one_can_be_cancelled() -> None:
    cancelled = Event()
    cancelled.set()
    with pytest.raises(Cancelled):
        xml_bytes(tree(1, 5_000), "", ReportingProgress(None, cancelled))

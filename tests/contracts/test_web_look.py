"""The pages for a browser look like the window: the same colours, and nothing from elsewhere."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path

import pytest

from widgets.theme import DARK, LIGHT, Theme

WEB = Path(__file__).resolve().parents[2] / "resources" / "web"
COLOR = re.compile(r"#[0-9a-fA-F]{3,8}\b")
TOKEN = re.compile(r"--([a-z0-9-]+): (#[0-9a-f]{6});")


def _blocks() -> tuple[str, str]:
    style = (WEB / "style.css").read_text("utf-8")
    dark, _, light = style.partition("@media (prefers-color-scheme: light)")
    return dark, light.partition("\n}\n")[0]


@pytest.mark.parametrize(("theme", "number"), [(DARK, 0), (LIGHT, 1)])
def test_the_tokens_are_those_of_the_theme(theme: Theme, number: int) -> None:
    tokens = dict(TOKEN.findall(_blocks()[number]))
    assert len(tokens) > 15
    known = asdict(theme)
    assert tokens == {name: known[name.replace("-", "_")] for name in tokens}


def test_no_colour_is_written_anywhere_else() -> None:
    for path in WEB.iterdir():
        text = path.read_text("utf-8")
        if path.suffix == ".css":
            text = TOKEN.sub("", text)
        assert not COLOR.findall(text), path.name
        assert not re.search(r"\brgba?\(|\bhsla?\(", text), path.name


def test_nothing_comes_from_elsewhere() -> None:
    for path in WEB.iterdir():
        assert not re.search(r"https?:|//[a-z]+\.", path.read_text("utf-8")), path.name


def test_every_place_that_a_script_asks_for_is_on_its_page() -> None:
    for page in WEB.glob("*.html"):
        there = set(re.findall(r'id="([^"]+)"', page.read_text("utf-8")))
        scripts = [WEB / f"{page.stem}.js", WEB / "api.js"]
        if "recordings.js" in scripts[0].read_text("utf-8"):
            scripts.append(WEB / "recordings.js")
        for script in scripts:
            asked = set(re.findall(r'\bby\("([^"]+)"\)', script.read_text("utf-8")))
            assert asked <= there, (page.name, script.name, asked - there)

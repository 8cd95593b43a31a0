"""Takes that stay are written from the overview, as files and as a page for the band."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.desktop.conftest import Hands, fill, type_path
from tests.engine.features.day.made import made_day


@pytest.fixture
def day(hands: Hands, tmp_path: Path) -> Hands:
    """A window with the overview of a day of which two takes stay."""
    hands.window.session.open(made_day(tmp_path))
    hands.finish_work()
    hands.press("Shift+F5")
    return hands


def _run(hands: Hands, command: str, folder: Path, **fields: str) -> None:
    folder.mkdir()

    def do() -> None:
        hands.window.commands.run(command)
        hands.finish_work()

    hands.do_and_answer(do, fill(**fields), type_path(folder))
    hands.finish_work()


def test_takes_that_stay_are_exported_by_a_pattern(day: Hands, tmp_path: Path) -> None:
    _run(day, "day.export", tmp_path / "out", Names="{band} {number} {song}", Band="Us")
    names = sorted(path.name for path in (tmp_path / "out").glob("*.wav"))
    assert names == ["Us 1 Blue- Moon.wav", "Us 2 Über.wav"]


def test_the_page_has_the_name_of_the_band(day: Hands, tmp_path: Path) -> None:
    _run(day, "day.share", tmp_path / "page", Band="The Others")
    page = (tmp_path / "page" / "index.html").read_text("utf-8")
    assert "<title>The Others" in page
    assert len([one for one in (tmp_path / "page").iterdir() if one.suffix in {".mp3", ".wav"}]) == 2

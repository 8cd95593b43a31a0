"""The page for the band: its data, and the page in a real browser, from a file and without a network."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.core.build import RESOURCES
from engine.core.errors import FileExistsAlreadyError
from engine.document.analysis import BeatGrid, StoredSections
from engine.document.state import Marker
from engine.features.day.handed_on.export_takes import DayToExport, TakesOptions
from engine.features.day.handed_on.share import (
    LOUDEST,
    MOST_COLUMNS,
    Shared,
    playable_suffix,
    share_day,
)
from tests.engine.features.day.made import RATE_HZ
from tests.engine.web.browser import NONE_FOUND, Browser, found

AXE = Path(__file__).parents[3] / "web" / "axe" / "axe.min.js"
NARROW = 360


def at(seconds: float) -> int:
    return round(seconds * RATE_HZ)


def marked(source: DayToExport) -> DayToExport:
    """Return the day with a grid, sections of the third take, and markers."""
    markers = (
        Marker("m1", at(8), at(8), "Solo </script> <b>&"),
        Marker("m2", at(6.5), at(11.5), "Blue Moon"),
        Marker("m3", at(9), at(9.5), "★★"),
        Marker("m4", at(10), at(11.5), "End"),
        Marker("m5", at(1), at(1), "Elsewhere"),
    )
    beats = at(0.5) * np.arange(48, dtype=np.int64)
    return replace(
        source,
        state=replace(source.state, markers={one.id: one for one in markers}),
        grid=BeatGrid(beats, np.arange(48, dtype=np.int64) % 4 + 1, 120.0, 1.0, "test"),
        sections=StoredSections(at(1) * np.array([[12, 14], [14, 17]]), ["Verse", "Chorus"], np.ones(2)),
    )


@pytest.fixture
def shared(source: DayToExport, tmp_path: Path) -> Shared:
    """Return the page of all takes of the day."""
    options = TakesOptions(tmp_path / "for the band", band="The <Band>", date="2026-11-30", all_takes=True)
    return share_day(marked(source), replace(options, suffix=playable_suffix(source)))


def data_of(page: Path) -> dict[str, object]:
    found_data = re.search(
        r'<script type="application/json" id="data">(.*?)</script>', page.read_text("utf-8")
    )
    assert found_data is not None
    return json.loads(found_data[1])


def test_the_page_has_what_is_known_of_each_take(shared: Shared) -> None:
    data = data_of(shared.page)
    assert (data["title"], data["date"]) == ("The <Band>", "2026-11-30")
    takes = data["takes"]
    assert [(one["song"], one["take"], one["length_s"]) for one in takes] == [
        ("Blue: Moon", 1, 5.0),
        ("Blue: Moon", 2, 4.0),
        ("Über", 1, 5.0),
        ("Über", 2, 4.0),
    ]
    assert [one["stars"] for one in takes] == [2, 5, 4, 0]
    assert [one["semitones"] for one in takes] == [0, 2, 0, 0]
    assert [one["is_complete"] for one in takes] == [True, True, True, False]
    assert [one["tempo_bpm"] for one in takes] == [120.0] * 4
    assert all((shared.page.parent / one["file"]).is_file() for one in takes)
    assert takes[1]["marks"] == [
        {"start_s": 1.0, "stop_s": 1.0, "name": "Solo </script> <b>&"},
        {"start_s": 3.0, "stop_s": 4.0, "name": "End"},
    ]
    assert takes[2]["marks"] == [
        {"start_s": 0.0, "stop_s": 2.0, "name": "Verse"},
        {"start_s": 2.0, "stop_s": 5.0, "name": "Chorus"},
    ]


def test_waveforms_are_those_of_the_files(shared: Shared) -> None:
    for one in data_of(shared.page)["takes"]:
        samples, _ = soundfile.read(shared.page.parent / one["file"])
        columns = len(one["peaks"])
        assert columns == len(one["rms"]) <= MOST_COLUMNS
        middle = np.array_split(np.abs(samples), columns)[columns // 2]
        assert one["peaks"][columns // 2] == pytest.approx(LOUDEST * middle.max(), abs=3)
        assert one["rms"][columns // 2] == pytest.approx(LOUDEST * np.sqrt((middle**2).mean()), abs=3)


def test_the_page_asks_for_nothing_from_elsewhere(shared: Shared) -> None:
    text = shared.page.read_text("utf-8")
    assert not re.search(r"https?:|//[a-z]+\.|url\(|@import|\bfetch\(|<link rel=.stylesheet", text)
    assert not re.search(r"^(import|export) ", text, re.MULTILINE)
    for path in (RESOURCES / "share").iterdir():
        own = path.read_text("utf-8")
        assert not re.search(r"#[0-9a-fA-F]{3,8}\b|\brgba?\(|\bhsla?\(", own.replace("&#", "")), path.name
    page = (RESOURCES / "share" / "share.html").read_text("utf-8")
    asked = re.findall(r'\bby\("([^"]+)"\)', (RESOURCES / "share" / "share.js").read_text("utf-8"))
    assert set(asked) <= set(re.findall(r'id="([^"]+)"', page))


def test_an_existing_page_is_not_replaced_unasked(source: DayToExport, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("mine")
    with pytest.raises(FileExistsAlreadyError):
        share_day(source, TakesOptions(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]
    assert (tmp_path / "index.html").read_text() == "mine"


@pytest.fixture
def browser(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Browser]:
    """Return a browser without a network; its size is the parameter."""
    program = found()
    if program is None:
        pytest.skip(NONE_FOUND)
    opened = Browser(program, tmp_path / "profile", getattr(request, "param", (1024, 700)))
    opened.call(
        "Network.emulateNetworkConditions", offline=True, latency=0, downloadThroughput=0, uploadThroughput=0
    )
    yield opened
    opened.close()


def audio(browser: Browser, what: str) -> object:
    return browser.run(f"document.getElementById('audio').{what}")


def chosen(browser: Browser) -> str:
    return browser.run("document.getElementById('chosen').textContent")


def opened_page(browser: Browser, shared: Shared) -> None:
    browser.open(shared.page.as_uri())
    browser.wait("document.getElementById('audio').readyState > 0")


@pytest.mark.plays
def test_it_plays_seeks_and_shows_marks_without_a_network(browser: Browser, shared: Shared) -> None:
    opened_page(browser, shared)
    assert browser.run("document.querySelectorAll('.take').length") == 4
    assert chosen(browser) == "Blue: Moon – take 1"
    browser.press("2")
    browser.wait("document.getElementById('audio').currentTime > 0.2")
    assert chosen(browser) == "Blue: Moon – take 2"
    assert audio(browser, "duration") == pytest.approx(4.0, abs=0.1)
    browser.press(" ")
    assert audio(browser, "paused") is True
    marks = "[...document.querySelectorAll('#marks button')]"
    assert browser.run(f"{marks}.map((one) => one.textContent)") == ["0:01Solo </script> <b>&", "0:03End"]
    browser.run(f"{marks}[1].click()")
    assert audio(browser, "currentTime") == pytest.approx(3.0, abs=0.01)
    left, top, width, height = browser.place("#wave")
    browser.click(left + width / 2, top + height / 2)
    assert audio(browser, "currentTime") == pytest.approx(2.0, abs=0.02)
    browser.drag((left + width / 2, top + height / 2), (left + width / 4, top + height / 2))
    assert audio(browser, "currentTime") == pytest.approx(1.0, abs=0.02)
    browser.press("ArrowRight")
    assert audio(browser, "currentTime") == pytest.approx(4.0, abs=0.05)
    browser.press("ArrowLeft")
    assert audio(browser, "currentTime") == 0.0
    browser.press("ArrowDown")
    assert chosen(browser) == "Über – take 1"
    assert audio(browser, "paused") is True
    assert browser.run(f"{marks}.map((one) => one.textContent)") == ["0:00Verse", "0:02Chorus"]
    browser.press("ArrowUp")
    browser.run("document.querySelectorAll('.take')[3].click()")
    browser.wait("document.getElementById('audio').currentTime > 0.2")
    assert chosen(browser) == "Über – take 2"
    assert browser.complaints == []
    assert all(one.startswith((shared.page.parent.as_uri(), "data:")) for one in browser.requests)


@pytest.mark.plays
def test_the_next_take_follows(browser: Browser, shared: Shared) -> None:
    opened_page(browser, shared)
    browser.press("3")
    browser.wait("document.getElementById('audio').currentTime > 0.1")
    browser.run("document.getElementById('audio').currentTime = 4.8")
    browser.wait("document.getElementById('chosen').textContent === 'Über – take 2'")
    browser.wait("document.getElementById('audio').currentTime > 0.1")


def test_waveforms_are_drawn_in_the_colours_of_both_themes(browser: Browser, shared: Shared) -> None:
    opened_page(browser, shared)
    pixel = (
        "(() => { const wave = document.getElementById('wave');"
        "const pen = wave.getContext('2d'), x = wave.width / 2, y = (wave.height + 18) / 2 + 4;"
        "return pen.getImageData(x, y, 1, 1).data.join(); })()"
    )
    for scheme, color in (("dark", (0x6D, 0x80, 0x91, 255)), ("light", (0x7A, 0x8F, 0xA2, 255))):
        browser.call(
            "Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}]
        )
        browser.wait(f"{pixel} === '{','.join(map(str, color))}'")
        assert browser.run(pixel) == ",".join(map(str, color))


def test_a_missing_file_is_reported(browser: Browser, shared: Shared) -> None:
    for path in shared.page.parent.glob("03*"):
        path.unlink()
    opened_page(browser, shared)
    browser.press("3")
    browser.wait("!document.getElementById('error').hidden")
    assert "03 Über – take 1" in browser.run("document.getElementById('error').textContent")
    browser.press("4")
    browser.wait("document.getElementById('error').hidden")


@pytest.mark.parametrize("browser", [(1024, 700), (NARROW, 740)], indirect=True)
def test_it_fits_and_can_be_used_by_everybody(browser: Browser, shared: Shared) -> None:
    opened_page(browser, shared)
    assert browser.run("document.documentElement.scrollWidth <= innerWidth")
    assert browser.run("document.querySelector('.listen').getBoundingClientRect().bottom <= innerHeight")
    browser.run(AXE.read_text("utf-8") + ";0")
    broken = browser.run("axe.run().then((found) => found.violations.map((one) => `${one.id}: ${one.help}`))")
    assert broken == []

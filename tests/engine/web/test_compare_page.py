"""The page Visualise and compare in a real browser, with real clicks and keys.

`axe/` holds axe-core 4.14.1 unchanged, by Deque Systems (https://github.com/dequelabs/axe-core), MPL-2.0: it
finds what people with other eyes and hands cannot use.
"""

from __future__ import annotations

import csv
import io
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.engine.conftest import RATE_HZ, computing_s, music
from tests.engine.web.browser import Browser, choose, wait_until_shown
from tests.engine.web.client import Client

AXE = Path(__file__).with_name("axe") / "axe.min.js"
PLOTS = ("curves", "shares", "map", "ranking")
NARROW, LOW = 360, 740


@pytest.fixture(scope="module")
def band(tmp_path_factory: pytest.TempPathFactory, taste_path: Path) -> Path:
    """Return a folder with a taste and two recordings, of which one has noise from 4 to 8 s."""
    root = tmp_path_factory.mktemp("band")
    shutil.copy(taste_path, root / "tiny.taste")
    take = music(14.0, seed=2)
    take[4 * RATE_HZ : 8 * RATE_HZ] = 0.2 * np.random.default_rng(1).standard_normal(4 * RATE_HZ)
    for name, samples in (("a <b>take.wav", take), ("kept.wav", music(10.0))):
        soundfile.write(root / name, samples, RATE_HZ)
    return root


@pytest.fixture
def compared(browser: Browser, serve: Callable[[Path], Client], band: Path) -> Browser:
    """Return the page after both recordings were compared with two tastes."""
    return _compare(browser, serve(band))


def _compare(browser: Browser, pages: Client, recordings: tuple[str, ...] = ("take", "kept")) -> Browser:
    browser.open(f"{pages.serving.address}compare")
    for name in recordings:
        choose(browser, "recordings", name)
    for name in ("tiny", "demo"):
        choose(browser, "tastes", name)
    browser.run("document.getElementById('compare').click()")
    wait_until_shown(browser, "work")
    browser.wait("document.querySelectorAll('.js-plotly-plot').length === 4")
    return browser


def _text(browser: Browser, name: str) -> str:
    return str(browser.run(f"document.getElementById('{name}').textContent"))


def _marked(browser: Browser) -> dict[str, int]:
    """Return how many passages or recordings each part of the page shows as chosen."""
    found: dict[str, int] = browser.run(
        "({curves: (document.getElementById('curves').layout.shapes ?? []).length,"
        "shares: document.getElementById('shares').layout.shapes.length - 1,"
        "map: document.getElementById('map').data.at(-1).x.length,"
        "ranking: document.getElementById('ranking').layout.shapes.length,"
        "passages: document.querySelectorAll('#passages tr.on').length})"
    )
    return found


def test_what_is_clicked_in_one_plot_is_chosen_in_all_and_played(compared: Browser) -> None:
    assert not any(_marked(compared).values())
    left, top, width, _height = compared.place("#curves")
    second = (width - 40) / 14  # the longest recording has fourteen
    compared.click(left + 32 + 5 * second, top + 34 + 60)
    compared.wait("document.getElementById('chosen').textContent.startsWith('a <b>take.wav, 0:04 – 0:06')")
    assert _marked(compared) == {"curves": 1, "shares": 2, "map": 1, "ranking": 1, "passages": 1}
    compared.wait("!document.getElementById('audio').paused")
    assert compared.run("document.getElementById('audio').currentTime") == pytest.approx(5.0, abs=1.0)
    assert _text(compared, "listen") == "Pause"
    x, y, width, height = compared.place("#listen")
    compared.click(x + width / 2, y + height / 2)
    compared.wait("document.getElementById('audio').paused")
    # Its passage has the highest score, and a row of its own that plays it.
    compared.run("document.getElementById('clear').click()")
    assert not any(_marked(compared).values())
    assert "take" in compared.run("document.querySelector('#passages tr').textContent")
    x, y, width, height = compared.place("#passages tr button")
    compared.click(x + width / 2, y + height / 2)
    compared.wait("!document.getElementById('audio').paused")
    assert _marked(compared)["map"] == 1
    assert 4.0 <= compared.run("document.getElementById('audio').currentTime") < 9.0
    assert compared.complaints == []


def test_what_is_dragged_over_is_chosen(compared: Browser) -> None:
    """The noise is apart from the music on the map, in the distribution, and along the curve."""
    left, top, width, _height = compared.place("#curves")
    second = (width - 40) / 14
    compared.drag((left + 32 + 4.2 * second, top + 90), (left + 32 + 7.8 * second, top + 120))
    compared.wait("document.getElementById('chosen').textContent.startsWith('2 passages in 1 of 2')")
    assert _marked(compared) == {"curves": 1, "shares": 4, "map": 2, "ranking": 1, "passages": 2}
    left, top, width, height = compared.place("#map")
    compared.drag((left + 12, top + 38), (left + width - 12, top + height - 12))
    compared.wait("document.getElementById('chosen').textContent.startsWith('12 passages in 2 of 2')")
    left, top, width, height = compared.place("#shares")
    compared.drag((left + width / 2, top + 60), (left + width - 9, top + height - 60))
    compared.wait("!document.getElementById('chosen').textContent.startsWith('12 passages')")
    assert 2 <= _marked(compared)["map"] < 12
    assert compared.complaints == []


def test_all_plots_work_by_keys(compared: Browser) -> None:
    for plot in PLOTS:
        compared.place(f"#{plot}")
        compared.run(f"document.getElementById('{plot}').focus()")
        compared.press("Home")
        first = _text(compared, "chosen")
        assert compared.run(f"document.getElementById('{plot}').getAttribute('aria-valuetext')") == first
        compared.press("ArrowRight")
        assert _text(compared, "chosen") != first
        before = _marked(compared)["map"]
        compared.press("ArrowLeft", shift=True)
        assert _marked(compared)["map"] > before
        compared.press("End")
        assert _text(compared, "chosen") != first
        compared.press(" ")
        compared.wait("!document.getElementById('audio').paused")
        compared.press(" ")
        compared.wait("document.getElementById('audio').paused")
        compared.press("Escape")
        assert not any(_marked(compared).values())
    compared.run("document.getElementById('curves').focus()")
    compared.press("Home")
    compared.press("ArrowDown")
    assert _text(compared, "chosen").startswith("kept.wav, 0:00 – 0:02")
    assert compared.complaints == []


def _saved(browser: Browser, folder: Path, name: str, kind: str) -> bytes:
    left, top, width, height = browser.place(f"[data-saves={name}] [aria-label^={kind}]")
    browser.click(left + width / 2, top + height / 2)
    path = folder / f"{name}.{kind.lower()}"
    until = time.monotonic() + 20.0
    while not path.exists():
        assert time.monotonic() < until, (name, kind)
        browser.run("new Promise((later) => setTimeout(later, 30))")
    return path.read_bytes()


def test_all_plots_are_saved_as_pictures(compared: Browser, tmp_path: Path) -> None:
    compared.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    for name in PLOTS:
        assert _saved(compared, tmp_path, name, "PNG").startswith(b"\x89PNG\r\n")
        drawn = _saved(compared, tmp_path, name, "SVG").decode("utf-8")
        assert drawn.startswith("<svg")
        assert "tiny" in drawn
    assert compared.complaints == []


def test_all_plots_are_saved_as_numbers(compared: Browser, tmp_path: Path) -> None:
    compared.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    tables = {name: _saved(compared, tmp_path, name, "CSV").decode("utf-8") for name in PLOTS}
    rows = {name: list(csv.DictReader(io.StringIO(text))) for name, text in tables.items()}
    assert len(rows["map"]) == len(rows["ranking"]) == 12
    assert {row["recording"] for row in rows["curves"]} == {"a <b>take.wav", "kept.wav"}
    scores = [float(row["tiny"]) for row in rows["ranking"]]
    assert scores == sorted(scores, reverse=True)
    assert sum(float(row["demo"]) for row in rows["shares"]) == pytest.approx(1.0, abs=1e-3)
    assert compared.complaints == []


def _violations(browser: Browser) -> Any:
    browser.run(AXE.read_text("utf-8"))
    return browser.run(
        "axe.run(document).then(({violations}) => violations.map(({id, nodes}) => [id, nodes[0].html]))"
    )


@pytest.mark.parametrize("color", ["dark", "light"])
def test_everybody_can_use_it_on_a_phone_too(
    browser: Browser, serve: Callable[[Path], Client], band: Path, color: str
) -> None:
    """axe-core finds nothing, nothing is wider than the screen, and a finger chooses and plays."""
    browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": color}])
    _compare(browser, serve(band))
    browser.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert _violations(browser) == []
    browser.call(
        "Emulation.setDeviceMetricsOverride", width=NARROW, height=LOW, deviceScaleFactor=2, mobile=True
    )
    browser.call("Emulation.setTouchEmulationEnabled", enabled=True, maxTouchPoints=1)
    address = browser.run("location.href")
    browser.open(address)
    assert _violations(browser) == []
    for listing, name in (("recordings", "take"), ("tastes", "tiny")):
        choose(browser, listing, name)
    browser.run("document.getElementById('compare').click()")
    wait_until_shown(browser, "work")
    browser.wait("document.querySelectorAll('.js-plotly-plot').length === 4")
    assert browser.run("document.documentElement.scrollWidth") == NARROW
    left, top, width, _height = browser.place("#curves")
    point = [{"x": left + 32 + (width - 40) * 5 / 14, "y": top + 100}]
    browser.call("Input.dispatchTouchEvent", type="touchStart", touchPoints=point)
    browser.call("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
    browser.wait("document.getElementById('chosen').textContent.includes('0:04 – 0:06')")
    browser.wait("!document.getElementById('audio').paused")
    assert _violations(browser) == []
    assert browser.complaints == []


@pytest.mark.alone
def test_twenty_recordings_with_three_tastes_appear_at_once_after_scoring(
    browser: Browser, serve: Callable[[Path], Client], taste_path: Path, tmp_path: Path
) -> None:
    """Within two seconds on a quiet machine, from the click to four plots."""
    for name in ("tiny", "other"):
        shutil.copy(taste_path, tmp_path / f"{name}.taste")
    for number in range(20):
        soundfile.write(tmp_path / f"take {number + 1}.wav", music(45.0, seed=number), RATE_HZ)
    browser.open(f"{serve(tmp_path).serving.address}compare")
    browser.wait("document.querySelectorAll('#recordings button').length === 20")
    browser.run("document.getElementById('all').click()")
    for name in ("tiny", "other", "demo"):
        choose(browser, "tastes", name)
    browser.wait("document.getElementById('asked').textContent === '20 recordings, 3 tastes'")
    browser.run("document.getElementById('compare').click()")
    wait_until_shown(browser, "work")
    ready = "document.querySelectorAll('.js-plotly-plot .main-svg').length >= 12"
    browser.wait(ready)
    browser.run(f"{list(PLOTS)}.forEach((name) => Plotly.purge(document.getElementById(name)))")
    assert not browser.run(ready)
    quiet_s = computing_s() / 0.1
    begun_s = time.monotonic()
    browser.run("document.getElementById('compare').click()")
    browser.wait(ready)
    browser.run("new Promise((later) => requestAnimationFrame(() => requestAnimationFrame(later)))")
    assert time.monotonic() - begun_s <= 2.0 * max(1.0, quiet_s)
    assert browser.run("document.getElementById('map').data.slice(0, 3).flatMap(({x}) => x).length") == 440

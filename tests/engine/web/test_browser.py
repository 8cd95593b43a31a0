"""The pages in a real browser, as somebody uses them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.web.browser import NAMES, Browser, found
from tests.engine.web.client import Client

NONE_FOUND = f"no Chromium on this machine (looked for {', '.join(NAMES)}; Debian: chromium-headless-shell)"


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    """Return a page of a Chromium; the test is skipped where there is none."""
    program = found()
    if program is None:
        pytest.skip(NONE_FOUND)
    opened = Browser(program, tmp_path / "profile")
    yield opened
    opened.close()


def _choose(browser: Browser, listing: str, name: str) -> None:
    rows = f"[...document.querySelectorAll('#{listing} button')]"
    browser.wait(f"{rows}.some((row) => row.textContent.includes('{name}'))")
    browser.run(f"{rows}.find((row) => row.textContent.includes('{name}')).click()")


def _shown(browser: Browser, name: str) -> None:
    browser.wait(f"!document.getElementById('{name}').hidden")


def _separated(browser: Browser, address: str) -> None:
    browser.open(address)
    _choose(browser, "recordings", "talk.wav")
    _shown(browser, "work")
    left, top, width, height = browser.run(
        "(({left, top, width, height}) => [left, top, width, height])"
        "(document.getElementById('wave').getBoundingClientRect())"
    )
    middle = top + height / 2
    browser.drag((left + width * 2.9 / 8, middle), (left + width * 4.1 / 8, middle))
    assert browser.run("document.getElementById('windows').textContent") == "0:02.90 – 0:04.10×"
    browser.run("document.getElementById('what').click()")
    browser.wait("document.querySelector('#heard button')")
    assert browser.run("document.querySelector('#heard button').dataset.word") == "dog"
    browser.run("document.querySelector('#heard button').click()")
    assert browser.run("document.getElementById('words').textContent") == "dog×"
    browser.run("document.getElementById('separate').click()")
    _shown(browser, "download")
    for what in ("target", "remainder", "result", "original"):
        browser.run(f"document.querySelector('[name=what][value={what}]').click()")
        browser.run("document.getElementById('audio').play().then(() => true)")
        browser.wait("document.getElementById('audio').currentTime > 1.9")
        assert browser.run("document.getElementById('audio').duration") == pytest.approx(8.0)
        browser.run("document.getElementById('audio').pause()")
    size = browser.run(
        "fetch(document.getElementById('download').href).then((a) => a.blob()).then((b) => b.size)"
    )
    assert size == 44 + 8 * 44_100 * 4


def test_all_three_pages_work_in_a_browser(browser: Browser, pages: Client) -> None:
    """Draw a window, ask what is in it, separate, listen; look at a taste; score a recording that is sent.

    Nothing is asked of any other place, and the console stays empty.
    """
    address = pages.serving.address
    _separated(browser, address)
    browser.open(f"{address}taste")
    _choose(browser, "tastes", "demo")
    _shown(browser, "work")
    assert "475,365" in browser.run("document.getElementById('figures').textContent")
    browser.open(f"{address}score")
    _choose(browser, "recordings", "talk.wav")
    _shown(browser, "work")
    browser.run(  # sent as if it were dropped
        "fetch(document.getElementById('audio').src).then((answer) => answer.blob()).then((sound) => {"
        "  const carried = new DataTransfer();"
        "  carried.items.add(new File([sound], 'short <b>.wav'));"
        "  document.dispatchEvent(new DragEvent('drop', {dataTransfer: carried, cancelable: true}));"
        "})"
    )
    browser.wait("document.getElementById('name').textContent === 'short <b>.wav'")
    browser.run("document.getElementById('score').click()")
    _shown(browser, "curve-panel")
    assert browser.run("document.querySelectorAll('#moments tr').length") > 0
    assert browser.complaints == []
    elsewhere = [one for one in browser.requests if not one.startswith((address, "data:", "blob:"))]
    assert elsewhere == []

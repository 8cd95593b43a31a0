"""The pages in a real browser, as somebody uses them."""

from __future__ import annotations

import pytest

from tests.engine.web.browser import Browser, choose, wait_until_shown
from tests.engine.web.client import Client


def _separated(browser: Browser, address: str) -> None:
    browser.open(address)
    choose(browser, "recordings", "talk.wav")
    wait_until_shown(browser, "work")
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
    wait_until_shown(browser, "download")
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


def test_three_pages_work_in_a_browser(browser: Browser, pages: Client) -> None:
    """Draw a window, ask what is in it, separate, listen; look at a taste; score a recording that is sent.

    Nothing is asked of any other place, and the console stays empty.
    """
    address = pages.serving.address
    _separated(browser, address)
    browser.open(f"{address}taste")
    choose(browser, "tastes", "demo")
    wait_until_shown(browser, "work")
    assert "475,365" in browser.run("document.getElementById('figures').textContent")
    browser.open(f"{address}score")
    choose(browser, "recordings", "talk.wav")
    wait_until_shown(browser, "work")
    browser.run(  # sent as if it were dropped
        "fetch(document.getElementById('audio').src).then((answer) => answer.blob()).then((sound) => {"
        "  const carried = new DataTransfer();"
        "  carried.items.add(new File([sound], 'short <b>.wav'));"
        "  document.dispatchEvent(new DragEvent('drop', {dataTransfer: carried, cancelable: true}));"
        "})"
    )
    browser.wait("document.getElementById('name').textContent === 'short <b>.wav'")
    browser.run("document.getElementById('score').click()")
    wait_until_shown(browser, "curve-panel")
    assert browser.run("document.querySelectorAll('#moments tr').length") > 0
    assert browser.complaints == []
    elsewhere = [one for one in browser.requests if not one.startswith((address, "data:", "blob:"))]
    assert elsewhere == []

"""A real browser without a display, driven by the DevTools protocol over a pipe."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import time
from pathlib import Path
from typing import Any

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
NONE_FOUND = f"no Chromium on this machine (looked for {', '.join(NAMES)}; Debian: chromium-headless-shell)"
PATIENCE_S = 60.0


def found() -> str | None:
    """Return the program of a Chromium on this machine, None where there is none."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Browser:
    """One page of a Chromium of our own.

    Attributes
    ----------
    complaints : what the page said on its console, and what it threw
    """

    def __init__(self, program: str, profile: Path, size: tuple[int, int] = (1024, 700)) -> None:
        words = [
            program,
            "--headless",
            "--no-sandbox",  # which root may not have
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--mute-audio",
            "--autoplay-policy=no-user-gesture-required",
            "--no-first-run",
            "--remote-debugging-pipe",
            f"--user-data-dir={profile}",
            f"--window-size={size[0]},{size[1]}",
            "about:blank",
        ]
        self._process, self._out, self._in = _begun(words)
        self._held, self._number, self._session = b"", 0, ""
        self._loaded = False
        self.complaints: list[str] = []
        self.requests: list[str] = []
        targets = self.call("Target.getTargets")["targetInfos"]
        target = next(one["targetId"] for one in targets if one["type"] == "page")
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=size[0],
            height=size[1],
            deviceScaleFactor=1,
            mobile=False,
        )

    def call(self, method: str, **parameters: object) -> dict[str, Any]:
        """Send a command and return its result."""
        self._number += 1
        mine = self._number
        message: dict[str, object] = {"id": mine, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == mine:
                assert "error" not in answer, answer
                result: dict[str, Any] = answer["result"]
                return result
            self._note(answer)

    def open(self, address: str) -> None:
        """Load a page and wait until it is there."""
        self._loaded = False
        self.call("Page.navigate", url=address)
        while not self._loaded:
            self._note(self._next())

    def run(self, script: str) -> Any:
        """Return what an expression comes to; a promise is waited for."""
        done = self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True, userGesture=True
        )
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    def wait(self, script: str) -> None:
        """Wait until an expression holds."""
        until = time.monotonic() + PATIENCE_S
        look = f"new Promise((later) => setTimeout(() => later(Boolean({script})), 30))"
        while not self.run(look):
            assert time.monotonic() < until, (script, self.complaints)

    def drag(self, start: tuple[float, float], stop: tuple[float, float]) -> None:
        """Press at a place of the page, move, and let go elsewhere."""
        middle = ((start[0] + stop[0]) / 2, (start[1] + stop[1]) / 2)
        for kind, (x, y) in (
            ("mousePressed", start),
            ("mouseMoved", middle),
            ("mouseMoved", stop),
            ("mouseReleased", stop),
        ):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=1, clickCount=1)

    def click(self, x: float, y: float) -> None:
        """Click at a place of the page."""
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=1, clickCount=1)

    def press(self, key: str, *, shift: bool = False) -> None:
        """Press and release a key, by its name in `KeyboardEvent.key`."""
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, modifiers=8 if shift else 0)

    def place(self, selector: str) -> tuple[float, float, float, float]:
        """Scroll an element into view; return left, top, width and height of it."""
        left, top, width, height = self.run(
            f"(() => {{ const one = document.querySelector({json.dumps(selector)});"
            "one.scrollIntoView({block: 'center'});"
            "const {left, top, width, height} = one.getBoundingClientRect();"
            "return [left, top, width, height]; })()"
        )
        return left, top, width, height

    def type(self, text: str) -> None:
        """Type where the cursor is."""
        self.call("Input.insertText", text=text)

    def picture(self, path: Path) -> None:
        """Save what is seen."""
        shot = self.call("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(shot["data"]))

    def close(self) -> None:
        """End the browser."""
        os.close(self._out)  # at which it ends
        while os.read(self._in, 1 << 20):
            pass
        os.close(self._in)
        os.waitpid(self._process, 0)

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._held:
            ready, _, _ = select.select([self._in], [], [], PATIENCE_S)
            assert ready, "the browser does not answer"
            piece = os.read(self._in, 1 << 20)
            assert piece, "the browser ended"
            self._held += piece
        line, _, self._held = self._held.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        return message

    def _note(self, event: dict[str, Any]) -> None:
        method, said = event.get("method"), event.get("params", {})
        if method == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(said["exceptionDetails"]))
        elif method == "Log.entryAdded" and said["entry"]["level"] in ("error", "warning"):
            self.complaints.append(said["entry"]["text"])
        elif method == "Page.loadEventFired":
            self._loaded = True
        elif method == "Network.requestWillBeSent":
            self.requests.append(said["request"]["url"])


def choose(browser: Browser, listing: str, name: str) -> None:
    """Choose the first row of a list that has a name in it."""
    rows = f"[...document.querySelectorAll('#{listing} button')]"
    row = f"{rows}.find((row) => row.textContent.includes('{name}'))"
    browser.wait(row)
    browser.run(f"{row}.click()")
    browser.wait(f"!{row}.ariaBusy && {row}.ariaPressed === 'true'")


def wait_until_shown(browser: Browser, name: str) -> None:
    """Wait until a part of the page is shown, by its id."""
    browser.wait(f"!document.getElementById('{name}').hidden")


def _begun(words: list[str]) -> tuple[int, int, int]:
    """Start a browser that reads from its descriptor 3 and writes to 4; return it and our ends of both."""
    to_browser, ours_out = os.pipe()
    ours_in, from_browser = os.pipe()
    nowhere = os.open(os.devnull, os.O_RDWR)
    ends = [fcntl.fcntl(each, fcntl.F_DUPFD_CLOEXEC, 10) for each in (to_browser, from_browser, nowhere)]
    places = zip((ends[2], ends[2], ends[2], ends[0], ends[1]), range(5), strict=True)
    actions = [(os.POSIX_SPAWN_DUP2, end, place) for end, place in places]
    process = os.posix_spawn(words[0], words, os.environ, file_actions=actions)
    for each in (to_browser, from_browser, nowhere, *ends):
        os.close(each)
    return process, ours_out, ours_in

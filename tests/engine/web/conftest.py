"""The pages, really served, and recordings to pick."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import soundfile

from engine.web.server import Serving
from tests.engine.barking import barking
from tests.engine.web.browser import NONE_FOUND, Browser, found
from tests.engine.web.client import Client

RATE_HZ = 44_100


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, data_dir: Path) -> Path:
    """Return a folder with a recording in which a dog barks from second 3 to 4, and one of 24 bits below."""
    samples = barking(data_dir, RATE_HZ)
    root = tmp_path_factory.mktemp("served")
    (root / "below").mkdir()
    soundfile.write(root / "talk.wav", samples, RATE_HZ, subtype="PCM_16")
    soundfile.write(root / "below" / "take.flac", samples[: 5 * RATE_HZ, :1], RATE_HZ, subtype="PCM_24")
    return root


@pytest.fixture
def serve() -> Iterator[Callable[..., Client]]:
    """Serve on a free port until the test is over, and see that nothing is left."""
    begun: list[tuple[Serving, threading.Thread]] = []

    def begin(root: Path | None, most_bytes: int | None = None) -> Client:
        serving = Serving(root, 0, most_bytes)
        thread = threading.Thread(target=serving.run, name="pages")
        thread.start()
        begun.append((serving, thread))
        return Client(serving)

    yield begin
    for serving, thread in begun:
        serving.stop()
        thread.join(30)
        assert not thread.is_alive()
        assert not serving.session.own.exists()


@pytest.fixture
def pages(serve: Callable[..., Client], folder: Path) -> Client:
    """Return a client of pages that serve the folder."""
    return serve(folder)


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    """Return a page of a Chromium; the test is skipped where there is none."""
    program = found()
    if program is None:
        pytest.skip(NONE_FOUND)
    opened = Browser(program, tmp_path / "profile")
    yield opened
    opened.close()

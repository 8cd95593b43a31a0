"""Cancelling: how long each thread of `offcut prepare` works between two looks for a cancel."""

from __future__ import annotations

import argparse
from pathlib import Path
from threading import get_ident
from time import thread_time

import numpy as np
import pytest
import soundfile

from engine.cli.prepare import add_arguments, run
from engine.core.errors import Cancelled
from engine.core.progress import ReportingProgress
from tests.engine.features.takes.playing import RATE_HZ, Sound, joined, passage

LONGEST_S = 1.0


class _Looks:
    """The flag of a cancel: notes when the work looks for it; it is set from a number of looks on."""

    def __init__(self, set_at: int | None = None) -> None:
        self._at_s: dict[int, list[float]] = {get_ident(): [thread_time()]}
        self.count, self._set_at = 0, set_at

    def note(self) -> None:
        """Note the time of the thread that looks."""
        self._at_s.setdefault(get_ident(), []).append(thread_time())

    def is_set(self) -> bool:
        self.note()
        self.count += 1
        return self._set_at is not None and self.count > self._set_at

    def longest_s(self) -> float:
        """Return the longest time between two looks of one thread."""
        return max(float(np.diff(one).max(initial=0.0)) for one in self._at_s.values())


def _prepare(folder: Path, name: str, sound: Sound, looks: _Looks) -> None:
    soundfile.write(folder / f"{name}.wav", sound, RATE_HZ, "PCM_16")
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    words = [str(folder / f"{name}.wav"), "--out", str(folder / f"{name}.offcut")]
    assert list(run(parser.parse_args(words), ReportingProgress(cancelled=looks)))
    looks.note()


@pytest.fixture
def warm(tmp_path: Path) -> Path:
    """Load the networks by a first recording; return a folder."""
    _prepare(tmp_path, "warm", passage(3, 3.0), _Looks())
    return tmp_path


def test_a_cancel_is_heeded_within_a_second(warm: Path) -> None:
    song = passage(1, 30.0)
    looks = _Looks()
    _prepare(warm, "evening", joined(song, passage(2, 32.0), song)[0], looks)
    assert looks.longest_s() < LONGEST_S


@pytest.mark.parametrize("share", [0.1, 0.5, 0.8])
def test_work_that_is_cancelled_goes_on_from_there(warm: Path, share: float) -> None:
    looks = _Looks()
    _prepare(warm, "short", passage(1, 20.0), looks)
    count = round(share * looks.count)
    with pytest.raises(Cancelled):
        _prepare(warm, "again", passage(1, 20.0), _Looks(count))
    _prepare(warm, "again", passage(1, 20.0), _Looks())

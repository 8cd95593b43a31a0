"""Kinds of days, by their sound; inputs that are neither; and the edit that changes the kind."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.core.errors import UsageError
from engine.document.document import Document
from engine.document.edits.analyses import known_day
from engine.document.edits.markers import add_all
from engine.features.day.choices import change_kind
from engine.features.day.day import Day, DayKind
from engine.features.day.finder import take_regions
from engine.features.day.finding.find import find_day
from engine.features.day.stored import day_of
from tests.engine.features.day.made import made_day
from tests.engine.features.takes.playing import RATE_HZ, Sound, passage, quiet
from tests.engine.spoken import spoken

_KIT = Path(__file__).parents[4] / "data" / "multimic" / "kit_muldjord"
_KIT_HZ = 44_100


def _drums(length_s: float) -> Sound:
    """Return kick and snare by turns at 120 BPM and a second of ringing, of an overhead at `_KIT_HZ`."""
    shots = [
        soundfile.read(_KIT / f"{one}_OHL.flac", dtype="float32")[0] for one in ("KdrumR_09", "Snare_13")
    ]
    out = np.zeros(round((length_s + 1.0) * _KIT_HZ), np.float32)
    for number, at in enumerate(range(0, round(length_s * _KIT_HZ), _KIT_HZ // 2)):
        shot = shots[number % 2][: len(out) - at]
        out[at : at + len(shot)] += shot
    return out


def _day(*parts: Sound, rate_hz: int = RATE_HZ) -> Day:
    return find_day(parts, rate_hz)


def test_talk_with_a_jingle_is_an_interview() -> None:
    talk = [part for seed in range(4) for part in (spoken(12.0, seed), quiet(2.5, seed))]
    day = _day(passage(1, 8.0), *talk)
    assert day.kind is DayKind.INTERVIEW
    assert sum(stop_s - start_s for start_s, stop_s in day.talk) > 40.0


def test_talk_between_songs_is_of_a_rehearsal() -> None:
    assert _day(passage(1, 25.0), spoken(15.0, 1), passage(2, 25.0)).kind is DayKind.REHEARSAL


def test_drums_alone_are_a_drum_session() -> None:
    assert _day(_drums(15.0), quiet(8.0), _drums(20.0), rate_hz=_KIT_HZ).kind is DayKind.DRUMS


@pytest.mark.parametrize(
    "sound",
    [
        np.zeros(0, np.float32),
        np.zeros(20 * RATE_HZ, np.float32),
        quiet(20.0),
        0.3 * np.random.default_rng(1).standard_normal(20 * RATE_HZ).astype(np.float32),
        passage(1, 1.0)[: 2 * RATE_HZ],
        0.3 * np.sin(2 * np.pi * 110.0 / RATE_HZ * np.arange(40 * RATE_HZ)).astype(np.float32),
    ],
    ids=["nothing", "silence", "room", "noise", "one second", "a drone"],
)
def test_sounds_without_evidence_are_a_rehearsal(sound: Sound) -> None:
    day = _day(sound)
    assert day.kind is DayKind.REHEARSAL
    assert day.talk == ()


def test_another_kind_takes_the_names_of_takes_away_and_is_undone(tmp_path: Path) -> None:
    with Document.open(made_day(tmp_path)) as document:
        before = known_day(document.state, document.analysis("day"))
        assert before is not None
        regions = take_regions(document.state, day_of(before, document.state.rate_hz))
        document.apply(add_all(document.state, regions, "Named 4 regions"))
        document.apply(*change_kind(document.state, before, DayKind.INTERVIEW))
        after = known_day(document.state, document.analysis("day"))
        assert after is not None
        assert (after.kind, document.state.markers) == ("interview", {})
        assert day_of(after, document.state.rate_hz).songs == ()
        with pytest.raises(UsageError):
            change_kind(document.state, after, DayKind.INTERVIEW)
        document.undo()
        assert len(document.state.markers) == 4
        undone = known_day(document.state, document.analysis("day"))
        assert undone is not None
        assert undone.kind == before.kind

"""Days of recording, jams that break off, and interviews: what is planted is where it is said to be."""

from __future__ import annotations

import os
import stat
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.core.errors import UsageError
from engine.features.taste.anomaly.planting import active_rms
from engine.features.taste.anomaly.practice_kinds import FALSE_STARTS
from engine.lab.evaluation.materials import speech
from engine.lab.evaluation.materials.breaks import BREAKS, with_rests
from engine.lab.evaluation.materials.case import PAUSE
from engine.lab.evaluation.materials.idle import SHARES, STRETCHES, recorded_day
from engine.lab.evaluation.materials.interview import interview_case
from engine.lab.simulated.recordings import HEARD_RATE_HZ, Excerpt


@pytest.fixture
def speaker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program in the place of espeak-ng, which not every machine has: it hums."""
    program = tmp_path / "espeak-ng"
    program.write_text('#!/bin/sh\ncat "$0.wav"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    time_s = np.arange(44_100) / 22_050
    hum = 0.5 * np.sin(2 * np.pi * 120 * time_s) * (0.6 + 0.4 * np.sin(2 * np.pi * 4 * time_s))
    soundfile.write(tmp_path / "espeak-ng.wav", hum, 22_050)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    speech.say.cache_clear()


def music(seconds: float, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (0.1 * rng.standard_normal(round(seconds * HEARD_RATE_HZ))).astype(np.float32)


def clips() -> dict[str, list[np.ndarray]]:
    return {name: [music(0.5, seed) for seed in range(3)] for name in ("small", "speech", "notes")}


@pytest.mark.parametrize("share", SHARES)
def test_a_day_of_recording_holds_its_share_of_idleness_and_all_of_the_music(share: float) -> None:
    takes = [music(60.0, 2), music(60.0, 3)]
    day = recorded_day("band", takes, share, clips(), np.random.default_rng(4))
    idle = sum(fault.stop_samples - fault.start_samples for fault in day.faults)
    assert idle / len(day.audio) == pytest.approx(share, abs=0.02)
    assert all(a.stop_samples <= b.start_samples for a, b in pairwise(day.faults))
    assert {fault.kind for fault in day.faults} <= set(STRETCHES)
    played = day.without_faults().audio
    assert len(played) == pytest.approx(min(120.0, (1.0 - share) * 480.0) * HEARD_RATE_HZ, abs=2)
    whole = np.concatenate(takes)[: len(played)]
    assert np.corrcoef(played, whole)[0, 1] > 0.99  # but for short fades


@pytest.mark.parametrize("kind", STRETCHES)
def test_what_is_heard_while_nobody_plays_is_softer_than_the_music(kind: str) -> None:
    rng = np.random.default_rng(5)
    for _ in range(5):
        made = STRETCHES[kind](10 * HEARD_RATE_HZ, 0.1, clips(), rng)
        assert made.shape == (10 * HEARD_RATE_HZ,)
        assert np.isfinite(made).all()
        assert np.sqrt(np.square(made).mean()) < 0.1


def test_rests_fades_and_soft_passages_belong_to_what_was_meant() -> None:
    take = Excerpt("take", music(60.0), HEARD_RATE_HZ)
    meant = with_rests(take, np.random.default_rng(6))
    longer_s = (len(meant.audio) - len(take.audio)) / HEARD_RATE_HZ
    assert 1.2 <= longer_s <= 4.0
    assert np.abs(meant.audio[-100:]).max() < 1e-3
    assert set(BREAKS) == {"false_start", *FALSE_STARTS}
    np.testing.assert_array_equal(take.audio, music(60.0))


@pytest.mark.usefixtures("speaker")
def test_an_interview_is_edited_and_raw_and_no_pause_in_what_was_kept_is_long(data_dir: Path) -> None:
    voices = (speech.Voice("a", 40, 160), speech.Voice("b", 70, 160))
    case = interview_case(data_dir, voices, 0)
    assert sum(len(one.audio) for one in case.kept) / HEARD_RATE_HZ >= 239.0
    raw, sound = case.tested
    kinds = {fault.kind for fault in raw.faults}
    assert kinds == {PAUSE, "noise", "restart"}
    assert not sound.faults
    for fault in raw.faults:
        heard = raw.audio[fault.start_samples : fault.stop_samples]
        if fault.kind == PAUSE:
            assert len(heard) >= 3.2 * HEARD_RATE_HZ
            level = np.sqrt(np.square(heard[HEARD_RATE_HZ // 2 : -HEARD_RATE_HZ // 2]).mean())
            assert level < 0.05 * active_rms(raw.audio[:, None], HEARD_RATE_HZ)


def test_without_espeak_one_sentence_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    speech.say.cache_clear()
    with pytest.raises(UsageError, match="espeak-ng is missing"):
        speech.say(speech.Voice("en", 50, 150), "hello")

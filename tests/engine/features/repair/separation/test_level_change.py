"""By how much a separation lowered a sound: measured on the result, and said alike everywhere."""

from __future__ import annotations

import tracemalloc
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.features.repair.separation.in_file import level_change
from engine.features.repair.separation.separate import Asked, Recording, separate
from engine.features.repair.separation.separator import Mask, Mode, Prompt, Stretch, prompts_of
from engine.features.repair.separation.settings import Energy, LevelChange, combined, mute_offer

RATE_HZ = 16_000
WINDOW = (5 * RATE_HZ, 7 * RATE_HZ)


@dataclass(frozen=True, slots=True)
class Above:
    """Means a share of everything above 2 kHz."""

    share: float
    name: str = "above"

    def masks(self, stretch: Stretch, prompts: Sequence[Prompt]) -> tuple[Mask, ...]:
        frames = 1 + len(stretch.samples) // 256
        shares = np.tile(np.array([0.0, 0.0, self.share, self.share], np.float32), (frames, 1))
        return (Mask(shares, 0.0, 0.016, np.array([100.0, 1900.0, 2100.0, 8000.0])),) * len(prompts)


def tones(low: float, high: float, around: float) -> NDArray[np.float32]:
    """Return twelve seconds of a low and a high tone in the window, and noise around it."""
    time_s = np.arange(12 * RATE_HZ) / RATE_HZ
    samples = around * np.random.default_rng(3).standard_normal(len(time_s))
    inside = slice(*WINDOW)
    for level, hz in ((low, 400.0), (high, 4000.0)):
        samples[inside] += level * np.sin(2 * np.pi * hz * time_s[inside])
    return samples[:, None].astype(np.float32)


def changed(samples: NDArray[np.float32], share: float, mode: Mode = Mode.REMOVE) -> LevelChange:
    recording = Recording(lambda start, stop: samples[start:stop], len(samples), RATE_HZ)
    asked = Asked(prompts_of(["dog"]), mode, fade_ms=0.0)
    after = np.concatenate([one.samples for one in separate(recording, (WINDOW,), asked, Above(share))])
    return level_change(
        recording,
        lambda start, stop: after[start - WINDOW[0] : stop - WINDOW[0]],
        (WINDOW,),
        WINDOW,
        asked,
        Above(share),
    )


@pytest.mark.parametrize(("share", "lowered_db"), [(0.9, 19.0), (0.5, 6.0), (0.2, 1.9)])
def test_only_the_sound_asked_for_is_measured(share: float, lowered_db: float) -> None:
    """A low tone that stays does not count, however loud it is."""
    for low in (0.0, 0.01, 0.5):
        change = changed(tones(low, 0.1, 1e-4), share)
        assert change.lowered_db == pytest.approx(lowered_db, abs=1.5)
        assert change.is_audible is (low < 0.5)


def test_a_sound_that_stays_loud_is_still_audible() -> None:
    change = changed(tones(0.0, 0.3, 1e-4), 0.65)
    assert 8.0 < change.lowered_db < 10.0
    assert change.words == "Dog lowered by 9 dB; still audible"
    assert change.peak_dbfs[0] == pytest.approx(20 * np.log10(0.3), abs=0.1)
    assert change.rms_dbfs[0] - change.rms_dbfs[1] == pytest.approx(change.lowered_db, abs=0.5)


def test_where_all_else_goes_it_is_all_else_that_is_measured() -> None:
    change = changed(tones(0.2, 0.1, 1e-4), 1.0, Mode.KEEP)
    assert change.words.startswith("Dog isolated; everything else lowered by ")
    assert change.lowered_db > 15.0


def test_mute_is_offered_where_nothing_else_sounds() -> None:
    assert changed(tones(0.0, 0.3, 1e-4), 0.65).only_room_tone
    assert mute_offer(changed(tones(0.0, 0.3, 1e-4), 0.65))
    for samples in (tones(0.0, 0.3, 0.02), tones(0.5, 0.1, 1e-4)):
        assert not changed(samples, 0.65).only_room_tone, "surroundings are loud, or most of it stays"


def test_memory_does_not_grow_with_the_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tone, half of which goes, in a recording that is made as it is read; in short pieces, to be quick."""
    monkeypatch.setattr("engine.features.repair.separation.separate._PIECE_S", 2.0)
    monkeypatch.setattr("engine.features.repair.separation.in_file._FRAMES_AT_ONCE", 40)
    tone = np.sin(2.0 * np.arange(RATE_HZ), dtype=np.float32)[:, None]

    def read(start: int, stop: int) -> NDArray[np.float32]:
        return tone[np.arange(start, stop) % RATE_HZ]

    def half(start: int, stop: int) -> NDArray[np.float32]:
        return read(start, stop) / 2

    asked, peaks = Asked(prompts_of(["dog"]), fade_ms=0.0), []
    for seconds in (5, 5, 40):  # what is made once belongs to neither
        windows = ((0, seconds * RATE_HZ),)
        recording = Recording(read, windows[0][1], RATE_HZ)
        tracemalloc.start()
        try:
            change = level_change(recording, half, windows, windows[0], asked, Above(1.0))
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
        assert change.lowered_db == pytest.approx(6.0, abs=0.1)
    assert peaks[2] < 1.2 * peaks[1]


def test_a_doubtful_sound_says_how_likely_it_is() -> None:
    sure = changed(tones(0.0, 0.3, 1e-4), 0.65)
    doubtful = replace(sure, probability=0.41)
    assert not doubtful.is_sure
    assert "41 %" in doubtful.words
    assert doubtful.fields()["probability"] == 0.41


def test_several_windows_add_up_by_energy() -> None:
    one = LevelChange("dog", False, Energy(1.0, 0.1), Energy(2.0, 1.0), (0.5, 0.2), 100)
    two = LevelChange("dog", False, Energy(1.0, 1.0), Energy(2.0, 2.0), (0.1, 0.3), 100)
    both = combined([one, two])
    assert both.lowered_db == pytest.approx(10 * np.log10(2.0 / 1.1))
    assert both.peak == (0.5, 0.3)
    assert replace(one, target=Energy(1.0, 1.2)).words == "Dog not lowered"
    assert replace(one, target=Energy(0.0, 0.0), window=Energy(0.0, 0.0)).lowered_db == 0.0, "of silence"

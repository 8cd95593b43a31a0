"""The hits of a drum performance, found over all of its microphones."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import lfilter

from engine.core.errors import Cancelled
from engine.core.progress import ReportingProgress
from engine.document.analysis import ORNAMENTS, Hits, Ornament, Role
from engine.features.timing.hits.find import HeldMicrophones, find_hits
from tests.engine.features.timing.hits.kit import RATE_HZ, ROLES, groove, rendered

SURE = 0.5


@pytest.fixture(scope="module")
def heard() -> HeldMicrophones:
    return rendered(groove(), 13.5)


@pytest.fixture(scope="module")
def found(heard: HeldMicrophones) -> Hits:
    return find_hits(heard, ROLES)


def sure_onsets(hits: Hits, track: int) -> NDArray[np.float64]:
    onsets: NDArray[np.float64] = hits.onsets_samples[(hits.confidences >= SURE) & (hits.tracks == track)]
    return onsets


@pytest.mark.parametrize("drum", [0, 1, 2])
def test_each_hit_is_found_at_its_own_microphone_and_no_bleed_is(found: Hits, drum: int) -> None:
    played = groove()
    own = played.times_samples[played.drums == drum]
    onsets = sure_onsets(found, drum)
    assert len(onsets) == len(own)
    error_ms = np.abs(onsets - own) / RATE_HZ * 1000.0
    assert np.median(error_ms) <= 0.3
    assert error_ms.max() <= 1.0


def test_what_overheads_hear_of_drums_with_microphones_is_no_hit(found: Hits) -> None:
    assert len(sure_onsets(found, 3)) + len(sure_onsets(found, 4)) <= 2  # of some ninety


def test_overheads_arrive_later_and_keep_it(found: Hits) -> None:
    assert list(found.delays_samples[:3]) == [0.0, 0.0, 0.0]
    # The hat alone is 110 and 150 samples away, and it plays most.
    assert np.all(np.abs(found.delays_samples[3:] - [110, 150]) <= 16)


def test_drums_hit_at_once_are_rows_of_one_stroke(found: Hits) -> None:
    sure = found.confidences >= SURE
    voices = [
        set(found.tracks[sure & (found.strokes == number)]) for number in np.unique(found.strokes[sure])
    ]
    assert sum(one == {0, 2} for one in voices) == 9
    assert sum(one == {1, 2} for one in voices) == 12
    assert np.all(np.diff(found.strokes) >= 0)
    assert np.all(np.diff(found.onsets_samples) >= 0)


def test_rows_are_in_the_order_of_time_and_of_strokes(found: Hits) -> None:
    assert np.all(np.diff(found.onsets_samples) >= 0.0)
    assert found.strokes[0] == 0
    assert set(np.diff(found.strokes)) <= {0, 1}


def test_wires_that_rattle_below_a_snare_are_no_hits(heard: HeldMicrophones, found: Hits) -> None:
    """Below a snare each hit rises thrice, 10 ms from each other; above it once."""
    below = sum(
        np.roll(heard.samples["Snare"], shift) * level for shift, level in ((6, 0.3), (447, 0.8), (888, 0.8))
    )
    microphones = {"Bottom": np.asarray(below, np.float32), **heard.samples}
    both = find_hits(HeldMicrophones(microphones, RATE_HZ), {"Bottom": Role.SNARE, **ROLES})
    assert len(sure_onsets(both, 0)) == 0
    assert len(sure_onsets(both, 2)) == len(sure_onsets(found, 1))


def test_a_recording_that_begins_with_a_hit_has_it(heard: HeldMicrophones, found: Hits) -> None:
    first = int(found.onsets_samples[found.confidences >= SURE][0])
    cut = {name: sound[first:] for name, sound in heard.samples.items()}
    hits = find_hits(HeldMicrophones(cut, RATE_HZ), ROLES)
    assert hits.onsets_samples[hits.confidences >= SURE][0] <= 0.002 * RATE_HZ


def test_ghosts_are_ghosts(found: Hits) -> None:
    played = groove()
    soft = played.times_samples[(played.drums == 1) & (played.velocities < 0.3)]
    ghosts = found.onsets_samples[found.ornaments == ORNAMENTS.index(Ornament.GHOST)]
    assert len(ghosts) == len(soft)
    assert np.all(np.abs(ghosts - soft) < 0.005 * RATE_HZ)


def test_peaks_of_the_microphones_alone_find_bleed(heard: HeldMicrophones, found: Hits) -> None:
    """Each microphone by itself, as a detector would that knows of no other: what this is better than."""
    wrong = 0
    for track, name in enumerate(list(ROLES)[:3]):
        hops = (
            np.abs(heard.samples[name][: len(heard.samples[name]) // 441 * 441]).reshape(-1, 441).max(axis=1)
        )
        rises = hops[1:] > 3.0 * np.maximum(hops[:-1], 0.02 * hops.max())
        wrong += int(np.sum(rises)) - len(sure_onsets(found, track))
    assert wrong > 10


def test_notes_that_nobody_said_are_drums_are_no_hits(heard: HeldMicrophones) -> None:
    """Soft hammers on strings: notes of six partials that rise within 3 ms, over hum and noise."""
    rng = np.random.default_rng(2)
    times_s = np.arange(RATE_HZ) / RATE_HZ
    sound = rng.standard_normal(9 * RATE_HZ) * 2e-3
    for number in range(32):
        note_hz = 110.0 * 2.0 ** (rng.integers(0, 36) / 12.0)
        partials = sum(
            np.sin(2 * np.pi * note_hz * one * times_s) * np.exp(-times_s * one) / one**2
            for one in range(1, 7)
        )
        knock = 0.03 * rng.standard_normal(RATE_HZ) * np.exp(-times_s / 0.004)
        at = round(number * 0.25 * RATE_HZ)
        sound[at : at + RATE_HZ] += 0.2 * (1.0 - np.exp(-times_s / 0.003)) * partials + 0.3 * knock
    piano = find_hits(HeldMicrophones({"Audio 1": sound.astype(np.float32)}, RATE_HZ))
    assert piano.roles == (Role.OTHER,)
    assert not len(piano.onsets_samples)
    drums = np.sum(list(heard.samples.values()), axis=0, dtype=np.float32)
    assert len(find_hits(HeldMicrophones({"Audio 1": drums}, RATE_HZ)).onsets_samples) > 20


def test_it_does_not_matter_which_microphone_is_how_loud(heard: HeldMicrophones, found: Hits) -> None:
    gains = dict(zip(ROLES, (0.03, 1.4, 0.2, 2.0, 0.5), strict=True))
    louder = HeldMicrophones(
        {name: one * np.float32(gains[name]) for name, one in heard.samples.items()}, RATE_HZ
    )
    again = find_hits(louder, ROLES)
    for track in range(3):
        onsets = sure_onsets(again, track)
        assert len(onsets) == len(sure_onsets(found, track))
        assert np.abs(onsets - sure_onsets(found, track)).max() <= 0.001 * RATE_HZ


def test_microphones_of_other_lengths_and_what_is_no_number(heard: HeldMicrophones) -> None:
    cut = dict(heard.samples)
    cut["Snare"] = cut["Snare"][: 6 * RATE_HZ]
    cut["Hat"] = cut["Hat"].copy()
    cut["Hat"][1000:1010] = np.nan
    cut["OH R"] = cut["OH R"][:0]
    hits = find_hits(HeldMicrophones(cut, RATE_HZ), ROLES)
    assert len(sure_onsets(hits, 0)) == 12
    assert sure_onsets(hits, 1).max() < 6 * RATE_HZ
    assert np.isfinite(hits.onsets_samples).all()
    assert np.isfinite(hits.confidences).all()


def test_one_microphone_alone_has_all_hits(heard: HeldMicrophones) -> None:
    alone = HeldMicrophones({"take 1": heard.samples["OH L"]}, RATE_HZ)
    hits = find_hits(alone)
    assert hits.roles == (Role.OTHER,)
    sure = sure_onsets(hits, 0)
    # Nearly every eighth has a hat or a drum, and most stand out.
    near = [np.abs(sure - time).min() < 0.01 * RATE_HZ for time in groove().times_samples]
    assert np.mean(near) > 0.8


@pytest.mark.parametrize("kind", ["silence", "constant", "noise", "hum"])
def test_what_holds_no_drums_holds_next_to_no_hits(kind: str) -> None:
    rng = np.random.default_rng(3)
    length = 6 * RATE_HZ
    at_s = np.arange(length) / RATE_HZ
    sounds = {
        "silence": np.zeros((5, length)),
        "constant": np.full((5, length), 0.4),
        "noise": rng.standard_normal((5, length)) * 0.1,
        "hum": 0.3 * np.sin(2 * np.pi * 50 * at_s) * np.ones((5, 1)),
    }[kind].astype(np.float32)
    hits = find_hits(HeldMicrophones(dict(zip(ROLES, sounds, strict=True)), RATE_HZ), ROLES)
    sure = hits.onsets_samples[hits.confidences >= SURE]
    assert len(sure) <= (3 if kind == "hum" else 0)  # a tone that sets in is a rise


@pytest.mark.parametrize("how", ["clipped", "very quiet", "upside down"])
def test_drums_that_were_recorded_badly(heard: HeldMicrophones, how: str) -> None:
    gain, constant = {"clipped": (4.0, 0.0), "very quiet": (1e-3, 0.0), "upside down": (-1.0, 0.1)}[how]
    samples = {
        name: np.clip(one[: 7 * RATE_HZ] * gain + constant, -1.0, 1.0).astype(np.float32)
        for name, one in heard.samples.items()
    }
    hits = find_hits(HeldMicrophones(samples, RATE_HZ), ROLES)
    played = groove()
    for drum in range(3):
        own = played.times_samples[(played.drums == drum) & (played.times_samples < 6.9 * RATE_HZ)]
        onsets = sure_onsets(hits, drum)
        nearest = np.array([np.abs(onsets - time).min() for time in own])
        assert np.mean(nearest < 0.002 * RATE_HZ) > 0.9
        # Where a kick is cut off at full scale, the snare in its microphone is nearly as loud.
        assert len(onsets) <= (2.0 if how == "clipped" else 1.15) * len(own)


@pytest.mark.parametrize("rate_hz", [8_000, 48_000, 192_000])
def test_every_rate_has_the_same_hits(heard: HeldMicrophones, rate_hz: int) -> None:
    import soxr

    samples = {
        name: soxr.resample(one[: 4 * RATE_HZ], RATE_HZ, rate_hz).astype(np.float32)
        for name, one in heard.samples.items()
    }
    hits = find_hits(HeldMicrophones(samples, rate_hz), ROLES)
    played = groove()
    own = played.times_samples[(played.drums == 0) & (played.times_samples < 3.9 * RATE_HZ)] / RATE_HZ
    onsets = sure_onsets(hits, 0) / rate_hz
    assert len(onsets) == len(own)
    assert np.abs(onsets - own).max() < 0.002


def test_nothing_has_no_hits() -> None:
    assert not len(find_hits(HeldMicrophones({}, RATE_HZ)).onsets_samples)
    assert not len(find_hits(HeldMicrophones({"Kick": np.zeros(0, np.float32)}, RATE_HZ)).onsets_samples)
    assert not len(find_hits(HeldMicrophones({"Kick": np.ones(900, np.float32)}, 4_000)).onsets_samples)


def test_it_can_be_stopped(heard: HeldMicrophones) -> None:
    class Stopped:
        def is_set(self) -> bool:
            return True

    with pytest.raises(Cancelled):
        find_hits(heard, ROLES, ReportingProgress(cancelled=Stopped()))


def _bursts(at_s: NDArray[np.float64], rng: np.random.Generator) -> HeldMicrophones:
    """Return bursts of noise of one kind, each a little different, in a room."""
    sound = rng.standard_normal(round((at_s[-1] + 1.0) * RATE_HZ)) * 1e-4
    times_s = np.arange(round(0.25 * RATE_HZ)) / RATE_HZ
    for one_s in at_s:
        pole = rng.uniform(0.6, 0.9)
        noise = lfilter([1.0 - pole], [1.0, -pole], rng.standard_normal(len(times_s)))
        burst = noise * np.exp(-times_s / rng.uniform(0.01, 0.03)) + 0.02 * noise * np.exp(-times_s / 0.1)
        at = round(one_s * RATE_HZ)
        sound[at : at + len(burst)] += rng.uniform(0.1, 0.3) * burst
    return HeldMicrophones({"Audio 1": sound.astype(np.float32)}, RATE_HZ)


@pytest.mark.parametrize("gap_s", [0.12, 0.55])
def test_steps_and_typing_that_nobody_said_are_drums_are_no_hits(gap_s: float) -> None:
    """A sound that is each time a little different, at no pulse."""
    rng = np.random.default_rng(3)
    at_s = np.cumsum(gap_s * rng.uniform(0.5, 1.7, 40))
    microphones = _bursts(at_s, rng)
    assert not len(find_hits(microphones).onsets_samples)
    assert len(find_hits(microphones, {"Audio 1": Role.SNARE}).onsets_samples) > 20

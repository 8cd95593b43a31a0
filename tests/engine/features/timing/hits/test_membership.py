"""Which tracks are microphones of one kit: what they picked up decides, names only suggest."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.document.analysis import StrokePickup
from engine.document.state import DocumentState
from engine.features.timing.hits.find import HeldMicrophones
from engine.features.timing.hits.membership import (
    holds_drums,
    kit_roles,
    largest_kit,
    left_behind,
    microphones_words,
    recorded_with,
    unnamed_kit,
)
from engine.features.timing.hits.stroke_pickup import MOST_TRACKS, measure_pickup
from tests.engine.features.timing.hits.kit_and_bass import BASS, MICROPHONES, UNNAMED, recorded
from tests.sources import no_source, one_source_track

Sounds = Mapping[str, NDArray[np.float32]]


@pytest.fixture(scope="module")
def band(data_dir: Path) -> tuple[Sounds, int]:
    return recorded(data_dir)


@pytest.fixture(scope="module")
def pickup(band: tuple[Sounds, int]) -> StrokePickup:
    return measure_pickup(HeldMicrophones(*band))


def _pickup(shares: list[list[float]]) -> StrokePickup:
    return StrokePickup(tuple("abcdefgh"[: len(shares)]), np.array(shares, np.float32), "test")


def _state(*names: str) -> DocumentState:
    return DocumentState(
        48_000,
        tracks=tuple(one_source_track(name, no_source(name), name, at) for at, name in enumerate(names)),
    )


def test_all_microphones_are_found_without_names_and_the_bass_stays_out(pickup: StrokePickup) -> None:
    assert set(largest_kit(pickup)) == set(MICROPHONES)
    assert BASS not in recorded_with(pickup, MICROPHONES)


def test_microphones_without_a_drum_in_their_name_join_those_with_one(pickup: StrokePickup) -> None:
    roles = kit_roles({name: name for name in pickup.track_ids}, pickup)
    assert roles == {"Kick": "kick", "Snare": "snare", "OH": "overhead", **dict.fromkeys(UNNAMED, "drums")}


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (("Room L", "Room R", "Desk mix"), "2 room microphones, 1 mix"),
        (("Kick", "Snare", "OH", "Room"), "3 microphones, 1 room microphone"),
        (("Mic 1", "Mic 2"), "2 microphones"),
        (("MixL", "MixR"), "2 mixes"),
        ((), "0 microphones"),
    ],
)
def test_rooms_and_mixes_are_counted_as_such(names: tuple[str, ...], words: str) -> None:
    tracks = tuple(one_source_track(f"t{at}", no_source(f"s{at}"), name, at) for at, name in enumerate(names))
    state = DocumentState(tracks=tracks)
    assert microphones_words(state, [track.id for track in tracks]) == words


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("Room L", "Room R", "Desk mix"), False),
        (("host", "guest", "cam"), False),
        (("host", "Kick", "cam"), True),
    ],
)
def test_tracks_are_drums_where_a_name_shows_it(names: tuple[str, ...], expected: bool) -> None:
    assert holds_drums(_state(*names), names) is expected


def test_what_stays_behind_is_named(pickup: StrokePickup) -> None:
    state = _state(*pickup.track_ids)
    assert left_behind(state, pickup, ("Kick", "Snare", "OH")) == UNNAMED
    assert left_behind(state, pickup, MICROPHONES) == ()
    assert left_behind(state, pickup, (BASS,)) == ()
    assert left_behind(state, None, ("Kick",)) == ()


def test_a_late_or_inverted_microphone_is_one_of_the_kit_and_noise_is_not(band: tuple[Sounds, int]) -> None:
    sounds, rate_hz = band
    late = np.roll(sounds["Retro ribbon"], round(0.012 * rate_hz))
    noise = np.random.default_rng(3).standard_normal(len(late)).astype(np.float32)
    heard = {"Kick": sounds["Kick"], "OH": sounds["OH"], "late": late, "inverted": -sounds["Snare"]}
    others = {"noise": 0.1 * noise, "silent": np.zeros_like(late)}
    found = measure_pickup(HeldMicrophones({**heard, **others}, rate_hz))
    assert set(largest_kit(found)) == set(heard)


def test_crosstalk_that_nobody_hears_is_no_evidence(band: tuple[Sounds, int]) -> None:
    sounds, rate_hz = band
    leaking = sounds[BASS] + 1e-4 * sounds["OH"]
    found = measure_pickup(HeldMicrophones({**sounds, BASS: leaking}, rate_hz))
    assert BASS not in recorded_with(found, MICROPHONES)


def test_a_rough_mix_does_not_pull_in_what_it_is_made_of() -> None:
    # Kick, overhead, a mix of all, and a bass that only the mix holds.
    found = _pickup([[1, 0.9, 0.9, 0], [0.9, 1, 0.9, 0], [0.9, 0.9, 1, 0.9], [0, 0, 0.5, 1]])
    assert set(largest_kit(found)) == {"a", "b", "c"}
    assert set(recorded_with(found, ("a", "b"))) == {"c"}


def test_a_gated_microphone_counts_as_the_others_pick_up_its_strokes() -> None:
    found = _pickup([[1, 0.2, 0.1], [0.9, 1, 0.9], [0.8, 0.9, 1]])
    assert set(recorded_with(found, ("b", "c"))) == {"a"}


def test_sampled_stems_without_bleed_are_a_kit_by_their_names() -> None:
    names = {"a": "Kick", "b": "Snare", "c": "Hat", "d": "Loop"}
    alone = _pickup(np.eye(4).tolist())
    assert kit_roles(names, alone) == {"a": "kick", "b": "snare", "c": "hat"}
    assert largest_kit(alone) == ()


def test_sampled_drums_and_a_synthesizer_on_the_same_grid_show_no_bleed() -> None:
    rng, rate_hz = np.random.default_rng(4), 44_100
    steps = {"kick": (0, 6, 8), "hat": range(0, 16, 2), "bass": (0, 6, 8)}
    sounds = {}
    for name, places in steps.items():
        sound = rng.standard_normal(4_000) * np.exp(-np.arange(4_000) / 800)
        sounds[name] = np.zeros(20 * rate_hz, np.float32)
        for start in (round((bar * 16 + place) * 5_512.5) for bar in range(9) for place in places):
            sounds[name][start : start + 4_000] += (0.5 * sound).astype(np.float32)
    assert largest_kit(measure_pickup(HeldMicrophones(sounds, rate_hz))) == ()


def test_another_instrument_in_the_room_is_reported_and_does_not_join() -> None:
    found = _pickup(np.full((4, 4), 0.9).tolist())
    names = {"a": "Kick", "b": "Snare", "c": "OH", "d": "Gtr amp"}
    assert "d" not in kit_roles(names, found)
    assert set(recorded_with(found, ("a", "b", "c"))) == {"d"}


def test_without_evidence_all_but_other_instruments_are_drums() -> None:
    assert unnamed_kit(_state("beat", "Bass DI", "Vox"), None) == ("beat",)
    assert unnamed_kit(_state("Audio 1", "Audio 2"), None) == ("Audio 1", "Audio 2")
    assert unnamed_kit(_state("Bass DI"), None) == ()


@pytest.mark.parametrize("length", [0, 1, 500, 20_000])
def test_recordings_that_are_too_short_show_nothing(length: int) -> None:
    rng = np.random.default_rng(length)
    short = {name: rng.standard_normal(length).astype(np.float32) for name in "ab"}
    assert not largest_kit(measure_pickup(HeldMicrophones(short, 44_100)))


def test_more_tracks_than_a_kit_has_are_not_compared() -> None:
    many = {str(one): np.ones(10, np.float32) for one in range(MOST_TRACKS + 1)}
    assert not measure_pickup(HeldMicrophones(many, 44_100)).shares.any()

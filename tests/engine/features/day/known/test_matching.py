"""Songs are recognised at another tempo, in another key, from another recorder, and from a part of them."""

from __future__ import annotations

import numpy as np
import pytest

from engine.core.errors import UsageError
from engine.features.day.known.fingerprints import Fingerprint
from engine.features.day.known.matching import KnownSongs, Recognition, Song, agreed, likeliest
from engine.features.day.known.passages import Sought, passages
from tests.engine.features.day.known.songs_played import fingerprint, played, through_a_phone
from tests.engine.features.takes.playing import joined, passage, quiet


@pytest.fixture(scope="module")
def known() -> KnownSongs:
    return KnownSongs.of(Song(f"id{seed}", f"Song {seed}", (played(seed),)) for seed in range(1, 6))


def _recognised(query: Fingerprint, known: KnownSongs) -> Recognition | None:
    found = likeliest(query, known)
    return None if found is None else agreed([found])


@pytest.mark.parametrize(
    ("semitones", "speed"), [(0, 1.0), (3, 1.0), (-5, 1.0), (6, 1.0), (0, 1.12), (0, 0.87), (-2, 1.1)]
)
def test_a_song_is_recognised_in_other_keys_and_at_other_tempos(
    known: KnownSongs, semitones: int, speed: float
) -> None:
    found = _recognised(played(2, semitones, speed), known)
    assert found is not None
    assert (found.song, found.name, found.semitones, found.reference) == ("id2", "Song 2", semitones, 0)
    assert found.speed == pytest.approx(speed, abs=0.02)
    assert found.stop_s - found.start_s > 0.8 * 40.0 / speed


def test_a_song_is_recognised_from_another_recorder(known: KnownSongs) -> None:
    found = _recognised(fingerprint(through_a_phone(passage(3, 40.0))), known)
    assert found is not None
    assert found.song == "id3"


def test_a_song_is_recognised_when_it_breaks_off_after_20_s(known: KnownSongs) -> None:
    sound = passage(4, 40.0, semitones=1, speed=1.05)
    found = _recognised(fingerprint(sound[: 20 * 16_000]), known)
    assert found is not None
    assert (found.song, found.semitones) == ("id4", 1)
    assert found.from_s < 2.0
    assert found.to_s == pytest.approx(21.0, abs=2.0)


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_another_song_is_unknown(known: KnownSongs, seed: int) -> None:
    assert _recognised(played(seed), known) is None
    found = likeliest(played(seed), known)
    assert found is None or found.probability < 0.1


def test_silence_noise_and_short_playing_are_unknown(known: KnownSongs) -> None:
    assert _recognised(fingerprint(np.zeros(30 * 16_000, np.float32)), known) is None
    assert _recognised(fingerprint(quiet(30.0)), known) is None
    assert _recognised(fingerprint(passage(2, 8.0)), known) is None
    assert _recognised(Fingerprint(np.zeros((0, 24), np.int8)), known) is None
    assert _recognised(played(2), KnownSongs.of([])) is None


def test_takes_of_a_song_are_found_in_a_long_recording() -> None:
    parts = (
        passage(7, 30.0),
        passage(2, 40.0, semitones=2, speed=1.08),
        passage(8, 30.0),
        passage(2, 40.0)[: 25 * 16_000],
        passage(2, 40.0, speed=0.9),
    )
    sound, spans = joined(*parts)
    found = passages(Sought.of(Song("id2", "Song 2", (played(2),))), fingerprint(sound))
    assert [one.semitones for one in found] == [2, 0, 0]
    assert [one.speed for one in found] == pytest.approx([1.08, 1.0, 0.9], abs=0.02)
    for one, (start_s, stop_s) in zip(found, (spans[1], spans[3], spans[4]), strict=True):
        assert one.start_s == pytest.approx(start_s, abs=1.0)
        assert one.stop_s == pytest.approx(stop_s, abs=2.0)


def test_a_song_that_is_too_short_cannot_be_sought() -> None:
    with pytest.raises(UsageError, match="Blink"):
        Sought.of(Song("id", "Blink", (fingerprint(passage(1, 6.0)),)))


def _likely(*found: tuple[str, float]) -> list[Recognition]:
    return [Recognition(name, name, odds, 0, 1.0, 0.0, 60.0, 0, 0.0, 60.0) for name, odds in found]


@pytest.mark.parametrize(
    ("found", "name"),
    [
        ((), None),
        ((("Harbour", 0.9),), "Harbour"),
        ((("Harbour", 0.7),), None),
        ((("Harbour", 0.2), ("Harbour", 0.9)), "Harbour"),
        ((("Tide", 0.6), ("Harbour", 0.9)), "Harbour"),
        ((("Tide", 0.9), ("Harbour", 0.9)), None),
        ((("Harbour", 0.6), ("Harbour", 0.6), ("Tide", 0.4)), "Harbour"),
        ((("Harbour", 0.6), ("Tide", 0.6)), None),
        ((("Harbour", 0.4), ("Harbour", 0.4)), None),
    ],
)
def test_takes_of_a_song_agree_on_its_name(found: tuple[tuple[str, float], ...], name: str | None) -> None:
    assert (None if (one := agreed(_likely(*found))) is None else one.name) == name

"""Playing whose notes the edits lack: new songs, not other takes of the songs of the edits."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from safetensors.torch import load, save

from engine.analysis.signal.loudness import level_of
from engine.core.errors import Cancelled, TasteError
from engine.core.progress import SILENT, ReportingProgress
from engine.features.takes.features import frames_of
from engine.features.taste.anomaly.found_faults import habits_and_music
from engine.features.taste.anomaly.known_music import (
    MOST_S,
    PER_S,
    KnownMusic,
    UnfamiliarMusic,
    known_music,
    stored_outline,
    unfamiliar_music,
)
from engine.features.taste.anomaly.score import Scores, score_blocks
from engine.features.taste.anomaly.taste import Taste, load_taste, save_taste
from tests.engine.features.takes.playing import RATE_HZ, Sound, joined, passage, quiet
from tests.engine.features.taste.anomaly.test_taste_file import about_of

SONGS = (1, 2)
"""Songs of 40 s of the edits; others are new."""
NOTHING = KnownMusic(np.zeros((0, 22), np.int8))


@pytest.fixture(scope="module")
def known() -> KnownMusic:
    made = known_music(stored_outline(frames_of([passage(song, 40.0)], RATE_HZ)) for song in SONGS)
    assert made is not None
    return made


def found(audio: Sound, known: KnownMusic) -> tuple[UnfamiliarMusic, ...]:
    heard = audio + quiet(len(audio) / RATE_HZ + 1.0, 8)[: len(audio)]
    return unfamiliar_music(frames_of([heard], RATE_HZ), known)


@pytest.mark.parametrize(
    "audio",
    [
        passage(1, 40.0),
        passage(1, 40.0, speed=1.06),
        passage(2, 40.0, speed=0.95),
        passage(1, 40.0, semitones=-1),
        passage(2, 40.0)[10 * RATE_HZ : 32 * RATE_HZ],
        np.concatenate([passage(1, 24.0), passage(1, 40.0)]),
        joined(passage(2, 40.0), passage(1, 40.0))[0],
    ],
    ids=["take", "faster", "slower", "lower", "part", "begun again", "two"],
)
def test_other_takes_of_known_songs_are_familiar(audio: Sound, known: KnownMusic) -> None:
    assert found(audio, known) == ()


def test_each_new_song_is_one_passage(known: KnownMusic) -> None:
    audio, spans = joined(passage(1, 40.0), passage(5, 40.0), passage(6, 30.0), passage(2, 40.0))
    first, second = found(audio, known)
    assert (first.start_s, first.stop_s) == pytest.approx(spans[1], abs=1.0)
    assert (second.start_s, second.stop_s) == pytest.approx(spans[2], abs=1.0)
    assert first.song != second.song


def test_takes_of_the_same_new_song_have_one_number(known: KnownMusic) -> None:
    audio, _ = joined(passage(5, 40.0), passage(6, 40.0), passage(5, 30.0, speed=1.05), passage(7, 30.0))
    assert [one.song for one in found(audio, known)] == [0, 1, 0, 3]


def test_new_music_that_follows_a_known_song_without_a_pause_is_found(known: KnownMusic) -> None:
    (one,) = found(np.concatenate([passage(1, 40.0), passage(5, 50.0)]), known)
    assert (one.start_s, one.stop_s) == pytest.approx((40.0, 90.0), abs=2.0)


@pytest.mark.parametrize("length_s", [0.0, 3.0, 14.0])
def test_less_is_no_song(length_s: float, known: KnownMusic) -> None:
    assert found(passage(5, length_s), known) == ()


def test_without_edits_nothing_is_unfamiliar() -> None:
    assert found(passage(5, 40.0), NOTHING) == ()


def test_more_edits_than_can_be_aligned_are_not_stored() -> None:
    most = np.zeros((round(MOST_S * PER_S), 22), np.int8)
    kept = known_music([most])
    assert kept is not None
    assert kept.outlines.shape == most.shape
    assert known_music([most, most[:1]]) is None


def test_the_search_can_be_stopped(known: KnownMusic) -> None:
    class Stop:
        def is_set(self) -> bool:
            return True

    with pytest.raises(Cancelled):
        unfamiliar_music(frames_of([passage(5, 40.0)], RATE_HZ), known, ReportingProgress(None, Stop()))


def test_a_taste_knows_what_its_edits_play(taste: Taste, tmp_path: Path) -> None:
    for song in SONGS:
        soundfile.write(tmp_path / f"{song}.wav", passage(song, 40.0), RATE_HZ, subtype="FLOAT")
    _, music = habits_and_music([tmp_path / "1.wav", tmp_path / "2.wav"], SILENT)
    save_taste(tmp_path / "songs.taste", replace(taste, music=music), overwrite=False)
    learned = load_taste(tmp_path / "songs.taste")
    assert music is not None
    assert learned.music is not None
    np.testing.assert_array_equal(learned.music.outlines, music.outlines)
    assert learned.music.outlines.shape == (200, 22)
    assert found(passage(2, 40.0), learned.music) == ()


@pytest.mark.parametrize("wrong", [torch.zeros(5, 22), torch.zeros(5, 21, dtype=torch.int8)])
def test_music_of_another_kind_is_refused(wrong: torch.Tensor, taste_path: Path, tmp_path: Path) -> None:
    content = taste_path.read_bytes()
    tensors = load(content) | {"music.outlines": wrong}
    facts = {"offcut-taste": json.dumps(about_of(content))}
    (tmp_path / "wrong.taste").write_bytes(save(tensors, metadata=facts))
    with pytest.raises(TasteError, match="is damaged"):
        load_taste(tmp_path / "wrong.taste")


def test_scores_say_where_it_is_and_are_as_before(taste: Taste, known: KnownMusic) -> None:
    audio, spans = joined(passage(1, 40.0), passage(5, 40.0))

    def scored(music: KnownMusic | None) -> Scores:
        one = replace(taste, music=music)
        return score_blocks(one, [audio], RATE_HZ, len(audio), SILENT, level_db=level_of([audio]))

    scores, plain = scored(known), scored(None)
    curve = scores.curve(RATE_HZ, "taste")
    np.testing.assert_allclose(curve.unfamiliar_samples / RATE_HZ, spans[1:], atol=1.0)
    assert (curve.unfamiliar_songs.tolist(), curve.knows_music) == ([0], True)
    np.testing.assert_array_equal(scores.scores, plain.scores)
    unknown = plain.curve(RATE_HZ, "taste")
    assert (len(unknown.unfamiliar_samples), unknown.knows_music) == (0, False)

"""Speakers of words by their voices: groups of vectors, and real speech of one and of two voices."""

from __future__ import annotations

from pathlib import Path
from threading import Event

import numpy as np
import pytest
import soundfile
import soxr
from numpy.typing import NDArray

from engine.core.errors import Cancelled
from engine.core.progress import ReportingProgress
from engine.document.analysis import Transcript
from engine.features.words.voices import MOST_SPEAKERS, voices_of, with_speakers_by_voice
from tests.engine.features.words.test_speakers import transcript

RATE_HZ = 16_000
WORD = 8_000


def vectors(spoken: list[int], spread: float = 0.3) -> NDArray[np.float64]:
    """Return vectors of 256 values around one middle for each voice, of slowly changing speech."""
    random = np.random.default_rng(5)
    middles = random.normal(0.0, 1.0, (max(spoken) + 1, 256)) * 0.1
    changing = random.normal(0.0, 0.1, (len(spoken) + 3, 256))
    around = sum(changing[place : place + len(spoken)] for place in range(4))
    return np.asarray(middles[spoken] + spread * around)


def turns(*lengths: int) -> list[int]:
    """Return the voice of each vector for turns of these lengths of two voices."""
    return [number % 2 for number, length in enumerate(lengths) for _ in range(length)]


def test_vectors_of_two_voices_are_two_groups() -> None:
    spoken = turns(30, 20, 40, 15, 10, 25)
    found = voices_of(vectors(spoken)).argmin(axis=1)
    assert len(set(found.tolist())) == 2
    same = np.mean(found == np.array(spoken))
    assert max(same, 1.0 - same) > 0.97


def test_vectors_of_one_voice_are_one_group() -> None:
    assert voices_of(vectors([0] * 200)).shape == (200, 1)


@pytest.mark.parametrize("count", [1, 2, 10])
def test_few_vectors_and_equal_ones_are_one_group(count: int) -> None:
    assert voices_of(vectors([0] * count)).shape == (count, 1)
    assert voices_of(np.ones((count * 20, 256))).shape == (count * 20, 1)


def test_there_are_no_more_speakers_than_names() -> None:
    spoken = [voice for voice in range(12) for _ in range(60)]
    assert voices_of(vectors(spoken)).shape[1] <= MOST_SPEAKERS


def spoken(data_dir: Path, places: list[int], seconds: float) -> tuple[NDArray[np.float32], Transcript]:
    """Return turns of sentences, some a fourth lower, in mono, and their words by construction."""
    files = sorted((data_dir / "speech" / "commands").glob("*.flac"))
    made = list[NDArray[np.float32]]()
    for place in places:
        samples, _ = soundfile.read(files[0], dtype="float32")
        lower = soxr.resample(samples, RATE_HZ, RATE_HZ * (1.33 if place else 1.0))
        loud = lower[np.abs(lower) > 0.0]
        turn = np.resize(loud, round(seconds * RATE_HZ) // WORD * WORD)
        made.append(np.asarray(turn / np.sqrt(np.mean(turn**2)) * 0.05, np.float32))
    sound = np.concatenate(made)
    starts = np.arange(0, len(sound) - WORD + 1, WORD)
    return sound[:, None], transcript(np.column_stack([starts, starts + WORD]))


def test_two_voices_of_a_mix_are_two_speakers_in_order_of_their_first_words(data_dir: Path) -> None:
    sound, words = spoken(data_dir, [1, 0, 1, 0], 12.0)
    found = with_speakers_by_voice(words, lambda start, stop: sound[start:stop], RATE_HZ)
    assert found.names == ("Speaker 1", "Speaker 2")
    expected = np.repeat([0, 1, 0, 1], len(words) // 4)
    assert found.speakers[0] == 0
    assert np.mean(found.speakers == expected) > 0.9


def test_one_voice_is_one_speaker(data_dir: Path) -> None:
    sound, words = spoken(data_dir, [0, 0, 0], 12.0)
    found = with_speakers_by_voice(words, lambda start, stop: sound[start:stop], RATE_HZ)
    assert (found.names, set(found.speakers.tolist())) == (("Speaker 1",), {0})


def test_a_transcript_without_words_has_no_speakers() -> None:
    words = transcript(np.zeros((0, 2), np.int64))
    assert with_speakers_by_voice(words, lambda *_: np.zeros((0, 1), np.float32), RATE_HZ).names == ()


def test_comparing_voices_can_be_cancelled(data_dir: Path) -> None:
    sound, words = spoken(data_dir, [0], 12.0)
    asked = Event()
    asked.set()
    with pytest.raises(Cancelled):
        with_speakers_by_voice(
            words, lambda start, stop: sound[start:stop], RATE_HZ, ReportingProgress(None, asked)
        )

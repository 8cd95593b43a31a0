"""Speakers of words on tracks: gains, bleed, tracks that are alike, and a document of two recordings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from threading import Event

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from engine.core.errors import Cancelled
from engine.core.progress import ReportingProgress
from engine.document.analysis import Transcript
from engine.document.state import DocumentState
from engine.document.tracks import Source, Track
from engine.features.words.speakers import with_speakers_of_tracks
from tests.sources import one_source_track, source_of

RATE_HZ = 16_000
WORD, PAUSE = 6_400, 1_600
Sound = NDArray[np.float64]


def turns(*speakers: int) -> list[int]:
    """Return the speaker of each word, for turns of ten words."""
    return [one for one in speakers for _ in range(10)]


def voices(spoken: list[int], count: int, seed: int = 1) -> tuple[Sound, NDArray[np.int64]]:
    """Return the sound of each voice in noise bursts as words, shape (count, n), and the spans of these."""
    random = np.random.default_rng(seed)
    starts = PAUSE + np.arange(len(spoken)) * (WORD + PAUSE)
    made = np.zeros((count, PAUSE + len(spoken) * (WORD + PAUSE)))
    for start, speaker in zip(starts, spoken, strict=True):
        made[speaker, start : start + WORD] = random.normal(0.0, 0.05 * random.uniform(0.5, 2.0), WORD)
    return made, np.column_stack([starts, starts + WORD])


def with_bleed(sound: Sound, gains_db: tuple[float, ...], bleed_db: float = -15.0) -> Sound:
    """Return microphones of different gains that pick up all voices, and noise."""
    shares = np.full((len(sound), len(sound)), 10.0 ** (bleed_db / 20.0))
    np.fill_diagonal(shares, 1.0)
    noise = np.random.default_rng(7).normal(0.0, 0.001, sound.shape)
    return np.asarray(10.0 ** (np.array(gains_db)[:, None] / 20.0) * (shares @ sound + noise))


def transcript(spans: NDArray[np.int64]) -> Transcript:
    count = len(spans)
    return Transcript(["word"] * count, spans, np.ones(count, np.float32), np.full(count, -1, np.int16))


def document(
    folder: Path, tracks: Mapping[str, Sound], muted: str = ""
) -> tuple[DocumentState, dict[str, Path]]:
    """Return a document of a recording for each track, and where these are."""
    sources, placed, media = dict[str, Source](), list[Track](), dict[str, Path]()
    for number, (name, sound) in enumerate(tracks.items()):
        key, path = f"s{number}", folder / f"{number}.wav"
        soundfile.write(path, sound, RATE_HZ, subtype="FLOAT")
        sources[key], media[key] = replace(source_of(path), id=key), path
        placed.append(one_source_track(f"t{number}", sources[key], name, number, mute=name == muted))
    return DocumentState(rate_hz=RATE_HZ, sources=sources, tracks=tuple(placed)), media


def spoken_names(found: Transcript) -> list[str]:
    return [found.names[one] if one >= 0 else "" for one in found.speakers.tolist()]


@pytest.mark.parametrize("gains_db", [(0.0, 0.0), (0.0, -18.0), (20.0, 0.0)])
@pytest.mark.parametrize("spoken", [turns(0, 1, 0, 1), turns(0, 0, 0, 0, 0, 0, 1, 0, 0, 0)])
def test_the_speaker_is_the_track_of_the_voice(
    tmp_path: Path, gains_db: tuple[float, float], spoken: list[int]
) -> None:
    sound, spans = voices(spoken, 2)
    names = ("Host", "Guest")
    state, media = document(tmp_path, dict(zip(names, with_bleed(sound, gains_db), strict=True)))
    assert spoken_names(with_speakers_of_tracks(transcript(spans), state, media)) == [
        names[one] for one in spoken
    ]


def test_a_soft_voice_on_its_track_is_not_taken_for_the_bleed_of_a_loud_one(tmp_path: Path) -> None:
    spoken = turns(0, 1, 0, 1)
    sound, spans = voices(spoken, 2)
    sound[0] *= 6.0
    state, media = document(tmp_path, dict(zip("AB", with_bleed(sound, (0.0, 0.0)), strict=True)))
    assert spoken_names(with_speakers_of_tracks(transcript(spans), state, media)) == [
        "AB"[one] for one in spoken
    ]


def test_a_track_without_a_voice_of_its_own_is_not_a_speaker(tmp_path: Path) -> None:
    spoken = turns(0, 1, 2, 0, 2, 1)
    sound, spans = voices(spoken, 4)
    sound = with_bleed(sound, (0.0, -6.0, 6.0, 10.0))
    music = np.random.default_rng(3).normal(0.0, 0.1, sound.shape[1])
    tracks = {"A": sound[0], "B": sound[1], "Room": sound[3], "Music": music, "C": sound[2]}
    state, media = document(tmp_path, tracks)
    found = with_speakers_of_tracks(transcript(spans), state, media)
    assert tuple(found.names) == ("A", "B", "C")
    assert spoken_names(found) == ["ABC"[one] for one in spoken]


def test_two_microphones_of_one_scene_are_not_speakers(tmp_path: Path) -> None:
    sound, spans = voices(turns(0, 1, 0, 1), 2)
    state, media = document(tmp_path, dict(zip("LR", with_bleed(sound, (0.0, -9.0), -1.0), strict=True)))
    found = with_speakers_of_tracks(transcript(spans), state, media)
    assert (set(found.speakers.tolist()), tuple(found.names)) == ({-1}, ())


def test_a_muted_track_is_not_a_speaker(tmp_path: Path) -> None:
    sound, spans = voices(turns(0, 1, 0, 1), 2)
    tracks = dict(zip(("Host", "Guest"), with_bleed(sound, (0.0, 0.0)), strict=True))
    state, media = document(tmp_path, tracks, muted="Guest")
    assert set(with_speakers_of_tracks(transcript(spans), state, media).speakers.tolist()) == {-1}


def test_silent_tracks_and_no_words_have_no_speakers(tmp_path: Path) -> None:
    _, spans = voices(turns(0, 1), 2)
    state, media = document(tmp_path, {"A": np.zeros(RATE_HZ), "B": np.zeros(RATE_HZ)})
    for words in (spans, spans[:0], spans[:1]):
        assert not with_speakers_of_tracks(transcript(words), state, media).names


def test_a_single_word_within_a_sentence_has_the_speaker_around_it(tmp_path: Path) -> None:
    sound, spans = voices(turns(0, 1, 0), 2)
    sound = with_bleed(sound, (0.0, 0.0))
    start, stop = spans[5]
    sound[1, start:stop] = sound[0, start:stop] * 1.4
    state, media = document(tmp_path, {"A": sound[0], "B": sound[1]})
    assert spoken_names(with_speakers_of_tracks(transcript(spans), state, media))[:10] == ["A"] * 10


def test_speakers_can_be_cancelled(tmp_path: Path) -> None:
    sound, spans = voices(turns(0, 1), 2)
    state, media = document(tmp_path, {"A": sound[0], "B": sound[1]})
    asked = Event()
    asked.set()
    with pytest.raises(Cancelled):
        with_speakers_of_tracks(transcript(spans), state, media, ReportingProgress(lambda *_: None, asked))

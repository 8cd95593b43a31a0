"""Speakers at one loudness and without crosstalk: tracks of one speaker each, and a mix with a transcript."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from engine.cli.main import main
from engine.core.progress import SILENT
from engine.document.analysis import WORDS, Analysis, Transcript
from engine.document.document import Document
from engine.document.edits.analyses import tracks_key
from engine.document.edits.proposals import decide
from engine.document.proposals import Verdict
from engine.features.registry import find_edits, request_of
from engine.features.voices.crosstalk import lowered_spans
from engine.features.voices.level import dips_of
from engine.features.voices.speaking import Speaker
from engine.recordings.media import locate_all
from engine.review.finders import Found
from engine.sound.edl.build import in_place
from engine.sound.edl.loudness import measure
from engine.sound.edl.render import Renderer
from tests.engine.spoken import RATE_HZ, spoken

TURN, REST = 4 * RATE_HZ, RATE_HZ
Sound = NDArray[np.float32]
Spans = list[tuple[int, int]]


def turns(speaker: int) -> Spans:
    """Return the turns of one of two speakers."""
    starts = [REST + number * (TURN + REST) for number in range(speaker, 8, 2)]
    return [(start, start + TURN) for start in starts]


def voice(speaker: int) -> Sound:
    made = np.zeros(REST + 8 * (TURN + REST), np.float32)
    for number, (start, stop) in enumerate(turns(speaker)):
        made[start:stop] = 0.3 * spoken(TURN / RATE_HZ, 10 * speaker + number + 1)
    return made


@pytest.fixture(scope="module")
def microphones() -> list[Sound]:
    """Two microphones, the second one 12 dB lower, that pick up both voices and noise."""
    voices, made = [voice(0), voice(1)], []
    for own, gain in ((0, 1.0), (1, 0.25)):
        noise = np.random.default_rng(own).normal(0.0, 3e-4, len(voices[0]))
        leakage = np.roll(voices[1 - own], 80) * np.float32(10.0 ** (-15.0 / 20.0))
        made.append(np.asarray(gain * (voices[own] + leakage + noise), np.float32))
    return made


def opened(folder: Path, tracks: dict[str, Sound]) -> Document:
    """Return a document with a track for each recording."""
    for name, sound in tracks.items():
        soundfile.write(folder / f"{name}.wav", sound, RATE_HZ, "FLOAT")
    project = folder / "talk.offcut"
    assert main(["new", str(project), *(str(folder / f"{name}.wav") for name in tracks)]) == 0
    return Document.open(project)


def accepted(document: Document, name: str, known: dict[str, Analysis | None] | None = None) -> Found:
    """Return the result of a finder, accepted in the document."""
    media = locate_all(document.state, document.path.parent)
    made = find_edits(request_of(name, document.state, media, known or {}), SILENT)
    for edit, analyses, audio in made.edits(document.state):
        document.apply(edit, analyses, audio)
    ids = [one.id for one in made.found.proposals]
    document.apply(decide(document.state, ids, Verdict.ACCEPTED))
    return made.found


def played(document: Document, *rows: int) -> Sound:
    """Return the sound of some tracks on the timeline."""
    state = replace(document.state, tracks=tuple(document.state.tracks[row] for row in rows))
    with Renderer(state, in_place(state), locate_all(state, document.path.parent)) as renderer:
        return renderer.read(0, state.length_samples)


def lufs(sound: Sound, spans: Spans) -> float:
    return measure([sound[start:stop] for start, stop in spans], rate_hz=RATE_HZ).integrated_lufs


def test_other_microphones_are_lowered_and_own_speech_is_as_recorded(
    tmp_path: Path, microphones: list[Sound]
) -> None:
    with opened(tmp_path, {"Anna": microphones[0], "Ben": microphones[1]}) as document:
        found = accepted(document, "crosstalk")
        assert [one.tracks for one in found.proposals] == [(one.id,) for one in document.state.tracks]
        for own in (0, 1):
            result = played(document, own)[:, 0]
            for start, stop in turns(own):
                np.testing.assert_array_equal(result[start:stop], microphones[own][start:stop])
            leakage = np.concatenate([np.arange(*span) for span in turns(1 - own)])
            before, after = microphones[own][leakage], result[leakage]
            is_lowered = np.abs(after - before * 10.0 ** (-0.6)) <= 1e-6 * np.abs(before)
            assert is_lowered.mean() > 0.6


def test_tracks_without_a_speaker_each_have_no_crosstalk(tmp_path: Path, microphones: list[Sound]) -> None:
    room = microphones[0] + microphones[1]
    with opened(tmp_path, {"Left": room, "Right": 0.5 * room}) as document:
        found = accepted(document, "crosstalk")
    assert not found.proposals
    assert "one speaker each" in found.summary


def test_noise_above_speech_does_not_hide_the_speakers_of_tracks(
    tmp_path: Path, microphones: list[Sound]
) -> None:
    rng, tracks = np.random.default_rng(9), dict[str, Sound]()
    for name, sound in zip(("Anna", "Ben"), microphones, strict=True):
        spectrum = np.fft.rfft(rng.normal(0.0, 1.0, len(sound)))
        spectrum[: round(len(spectrum) * 5_000.0 / (RATE_HZ / 2))] = 0.0
        hiss = np.fft.irfft(spectrum, len(sound))
        tracks[name] = np.asarray(sound + 0.1 * sound.std() / hiss.std() * hiss, np.float32)
    with opened(tmp_path, tracks) as document:
        found = accepted(document, "crosstalk")
    assert len({one.tracks for one in found.proposals}) == 2


def test_speakers_of_tracks_get_one_loudness(tmp_path: Path, microphones: list[Sound]) -> None:
    with opened(tmp_path, {"Anna": microphones[0], "Ben": microphones[1]}) as document:
        found = accepted(document, "level-voices")
        result = played(document, 0, 1)
    assert len(found.proposals) == 2
    assert measure([result], rate_hz=RATE_HZ).true_peak_dbtp <= -1.0
    for speaker in (0, 1):
        assert lufs(result, turns(speaker)) == pytest.approx(-16.0, abs=0.5)


def test_speakers_of_a_mix_get_one_loudness_by_their_words(tmp_path: Path, microphones: list[Sound]) -> None:
    spans = sorted((*span, speaker) for speaker in (0, 1) for span in turns(speaker))
    table, count = np.array(spans), len(spans)
    words = Transcript(
        ["word"] * count,
        table[:, :2].astype(np.int64),
        np.ones(count, np.float32),
        table[:, 2].astype(np.int16),
        names=("Anna", "Ben"),
    )
    with opened(tmp_path, {"Room": microphones[0] + microphones[1]}) as document:
        words = replace(words, of_sound=tracks_key(document.state))
        found = accepted(document, "level-voices", {WORDS: words})
        result = played(document, 0)
        assert [one.reason.split()[0] for one in found.proposals] == ["Anna", "Ben"]
    assert measure([result], rate_hz=RATE_HZ).true_peak_dbtp <= -1.0
    for speaker in (0, 1):
        assert lufs(result, turns(speaker)) == pytest.approx(-16.0, abs=0.5)


def test_silence_has_no_speakers(tmp_path: Path) -> None:
    with opened(tmp_path, {"Silence": np.zeros(5 * RATE_HZ, np.float32)}) as document:
        assert not accepted(document, "level-voices").proposals
        assert not accepted(document, "crosstalk").proposals


def test_a_second_speaker_ends_the_lowering() -> None:
    def speaker(name: str, *spans: tuple[int, int]) -> Speaker:
        table = np.array(spans, np.int64)
        return Speaker(name, (name,), table, table)

    anna, ben = speaker("anna", (0, 300), (500, 600)), speaker("ben", (100, 520), (1_000, 1_400))
    assert lowered_spans(anna, [ben], 100).tolist() == [[300, 500], [1_000, 1_400]]
    assert lowered_spans(ben, [anna], 100).tolist() == [[0, 100], [520, 600]]


def test_a_peak_is_lowered_with_the_sound_around_it() -> None:
    room_db = np.array([3.0, 3.0, 3.0, 3.0, -2.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0])
    assert dips_of(room_db, 20, 1_000) == [(40, 0.0), (60, -2.0), (120, -2.0), (180, 0.0)]
    assert dips_of(np.maximum(room_db, 0.0), 20, 1_000) == []

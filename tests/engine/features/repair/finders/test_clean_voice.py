"""Clean up a voice: one repair a track with speech over noise, others named and left."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.cli.main import main
from engine.core.progress import SILENT
from engine.document.document import Document
from engine.document.kinds.spectra import SPECTRA_DB
from engine.features.registry import request_of
from engine.features.repair.finders import clean_voice
from engine.features.repair.finders.clean_voice import CLEAN_VOICE, CleanVoiceSettings
from engine.lab.evaluation.separation.measures import si_sdr_db
from engine.recordings.media import locate_all

RATE_HZ = 16_000
SENTENCE = Path("speech", "commands", "08b22cb8-01d7-449a-923d-1597720742f0.flac")
PAUSE = slice(0, RATE_HZ)


@pytest.fixture
def parts(data_dir: Path) -> tuple[np.ndarray, np.ndarray]:
    """A sentence after a second of rest, and rain 10 dB below it."""
    spoken, rate_hz = soundfile.read(data_dir / SENTENCE, dtype="float32")
    assert rate_hz == RATE_HZ
    spoken *= np.float32(0.3 / np.abs(spoken).max())
    rain, _ = soundfile.read(data_dir / "esc50" / "audio" / "5-181766-A-10.flac", dtype="float32")
    spoken[np.abs(spoken) < 0.003] = 0.0  # the noise of the microphone in its rests
    voice = np.concatenate([np.zeros(RATE_HZ, np.float32), spoken])
    noise = np.resize(rain, len(voice))
    noise *= np.float32(np.sqrt(np.mean(spoken**2) / np.mean(noise**2) / 10.0))
    return voice, noise


@pytest.fixture
def project(tmp_path: Path, parts: tuple[np.ndarray, np.ndarray]) -> Path:
    """A document of a voice over rain, the voice alone, and rain alone."""
    voice, noise = parts
    paths = []
    for name, samples in (("noisy", voice + noise), ("clean", voice), ("rain", noise)):
        paths.append(str(tmp_path / f"{name}.wav"))
        soundfile.write(paths[-1], samples, RATE_HZ, "FLOAT")
    assert main(["new", str(tmp_path / "talk.offcut"), *paths]) == 0
    return tmp_path / "talk.offcut"


def test_a_track_with_speech_over_noise_is_cleaned_and_others_are_named(
    project: Path, parts: tuple[np.ndarray, np.ndarray], capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert main(["propose", str(project), "clean-voice", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert len(made["found"]) == 1
    assert made["left"] == {"without speech": ["rain"], "without noise": ["clean"]}
    voice, noise = parts
    with Document.open(project) as document:
        (proposal,) = document.state.proposals.values()
        assert (proposal.start_samples, proposal.stop_samples) == (0, len(voice))
        request = request_of("clean-voice", document.state, locate_all(document.state, project.parent), {})
    (audio,) = CLEAN_VOICE.find(request, SILENT).audio
    result = audio.samples[:, 0]
    assert si_sdr_db(result, voice) > si_sdr_db(voice + noise, voice) + 3.0
    before_db, after_db = np.array(proposal.payload[SPECTRA_DB])
    assert len(before_db) == 42, "up to 7 kHz"
    assert 2.0 < np.max(before_db - after_db) < 12.1
    assert np.all(after_db < before_db + 0.5)
    lowered_db = 10.0 * np.log10(np.mean(noise[PAUSE] ** 2) / np.mean(result[PAUSE] ** 2))
    assert 8.0 < lowered_db <= 12.1


@pytest.mark.parametrize("snr_db", [10.0, 20.0, 30.0])
def test_a_nearly_clean_voice_is_never_worse_than_as_recorded(
    tmp_path: Path, parts: tuple[np.ndarray, np.ndarray], snr_db: float
) -> None:
    voice, noise = parts
    recorded = voice + noise * np.float32(10.0 ** ((10.0 - snr_db) / 20.0))
    soundfile.write(tmp_path / "talk.wav", recorded, RATE_HZ, "FLOAT")
    assert main(["new", str(tmp_path / "talk.offcut"), str(tmp_path / "talk.wav")]) == 0
    with Document.open(tmp_path / "talk.offcut") as document:
        request = request_of("clean-voice", document.state, locate_all(document.state, tmp_path), {})
    (audio,) = CLEAN_VOICE.find(request, SILENT).audio
    assert si_sdr_db(audio.samples[:, 0], voice) > si_sdr_db(recorded, voice)


def test_the_amount_has_limits() -> None:
    assert CleanVoiceSettings().lower_by_db == 12.0
    with pytest.raises(ValueError, match="lower_by_db"):
        CleanVoiceSettings(lower_by_db=0.0)


def test_a_document_of_silence_has_nothing_to_clean(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "silent.wav", np.zeros(2 * RATE_HZ, np.float32), RATE_HZ)
    assert main(["new", str(tmp_path / "silent.offcut"), str(tmp_path / "silent.wav")]) == 0
    with Document.open(tmp_path / "silent.offcut") as document:
        request = request_of("clean-voice", document.state, locate_all(document.state, tmp_path), {})
    found = CLEAN_VOICE.find(request, SILENT)
    assert not found.proposals
    assert found.figures["left"]["without speech"] == ["silent"]


def test_a_long_track_is_divided_into_parts_that_can_be_stored(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clean_voice, "MOST_AUDIO_SAMPLES", 2 * RATE_HZ)
    with Document.open(project) as document:
        media = locate_all(document.state, project.parent)
        noisy = document.state.tracks[0].id
        request = request_of("clean-voice", document.state, media, {}, {"lower_by_db": 6.0}, (noisy,))
    found = CLEAN_VOICE.find(request, SILENT)
    spans = [(one.start_samples, one.stop_samples) for one in found.proposals]
    assert len(spans) == 4
    assert all(stop == start for (_, stop), (start, _) in pairwise(spans))
    assert all(one.tracks == (noisy,) for one in found.proposals)
    assert [len(one.samples) for one in found.audio] == [stop - start for start, stop in spans]


def test_a_voice_is_compared_with_the_places_that_are_lowered() -> None:
    before = np.array([1.0, 1.0, 100.0])
    noisy = np.stack([before, np.array([0.1, 0.1, 99.0])], axis=1)
    assert clean_voice._above_db(noisy, 10.0) == pytest.approx(19.96, abs=0.01)
    everywhere = np.stack([before, 0.1 * before], axis=1)
    assert clean_voice._above_db(everywhere, 10.0) == -np.inf
    assert clean_voice._above_db(np.stack([before, before], axis=1), 10.0) > 200.0

"""Loudness and true peak beside ffmpeg's ebur128 and the recommendation's own numbers."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.sound.edl.loudness import _high_pass, _shelf, k_response, measure
from tests.mostly_long import mostly_long


def by_ffmpeg(path: Path) -> tuple[float, float]:
    """Return integrated loudness and true peak, both with the one decimal that ffmpeg prints."""
    command = [
        "ffmpeg",
        "-nostats",
        "-i",
        str(path),
        "-filter_complex",
        "ebur128=peak=true",
        "-f",
        "null",
        "-",
    ]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    summary = text[text.rindex("Summary:") :]
    loudness, peak = (re.search(rf"{name}:\s+(-?[\d.]+)", summary) for name in ("I", "Peak"))
    return float(loudness[1]), float(peak[1])


def programme(rate_hz: int, channels: int) -> np.ndarray:
    """Noise whose level changes every half second, silence included, over a loud tone between samples."""
    rng = np.random.default_rng(rate_hz + channels)
    levels = np.repeat(rng.uniform(0, 1, 24) ** 3 * (rng.uniform(0, 1, 24) > 0.2), rate_hz // 2)
    noise = 0.1 * rng.standard_normal((len(levels), channels))
    tone = 0.3 * np.sin(np.pi / 2 * np.arange(len(levels)) + np.pi / 4)
    return levels[:, np.newaxis] * (noise + tone[:, np.newaxis])


@mostly_long("rate_hz", [16_000, 44_100, 48_000, 96_000], keep=(44_100,))
@pytest.mark.parametrize("channels", [1, 2])
def test_ffmpeg_measures_the_same(tmp_path: Path, rate_hz: int, channels: int) -> None:
    samples = programme(rate_hz, channels)
    path = tmp_path / "a.wav"
    soundfile.write(path, samples, rate_hz, subtype="FLOAT")
    found = measure(np.split(samples, [1, 3000, 3001, 150_000]), rate_hz=rate_hz)
    loudness, peak = by_ffmpeg(path)
    assert found.integrated_lufs == pytest.approx(loudness, abs=0.1)
    assert found.true_peak_dbtp == pytest.approx(
        peak, abs=0.6
    )  # another interpolator: the standard allows 0.6


@pytest.mark.long
def test_ffmpeg_measures_the_same_of_music(data_dir: Path, tmp_path: Path) -> None:
    samples, rate_hz = soundfile.read(
        data_dir / "music" / "gm3_boom_Ripper.mp3", frames=60 * 44_100, dtype="float32"
    )
    soundfile.write(tmp_path / "a.wav", samples, rate_hz, subtype="FLOAT")
    found = measure(np.array_split(samples, 40), rate_hz=rate_hz)
    loudness, peak = by_ffmpeg(tmp_path / "a.wav")
    assert found.integrated_lufs == pytest.approx(loudness, abs=0.1)
    assert found.true_peak_dbtp == pytest.approx(peak, abs=0.3)


def test_blocks_change_nothing() -> None:
    samples = programme(8000, 2)
    whole = measure([samples], rate_hz=8000)
    pieces = measure(np.array_split(samples, 333), rate_hz=8000)
    assert pieces.integrated_lufs == pytest.approx(whole.integrated_lufs, abs=1e-9)
    assert pieces.true_peak_dbtp == pytest.approx(whole.true_peak_dbtp, abs=1e-9)


def test_a_full_scale_tone_of_997_hz_is_minus_3_lufs() -> None:
    tone = np.sin(2 * np.pi * 997 * np.arange(10 * 48_000) / 48_000)[:, np.newaxis]
    assert measure([tone], rate_hz=48_000).integrated_lufs == pytest.approx(-3.01, abs=0.01)


def test_gates_leave_out_what_is_quiet() -> None:
    # EBU Tech 3341, case 4, at a third of its length: one channel reads 3 LU below the two of the original.
    levels_db = np.repeat([-72.0, -36.0, -23.0, -36.0, -72.0], np.array([3, 3, 20, 3, 3]) * 16_000)
    tone = np.sin(2 * np.pi * 997 * np.arange(len(levels_db)) / 16_000) * 10.0 ** (levels_db / 20)
    found = measure([tone[:, np.newaxis]], rate_hz=16_000)
    assert found.integrated_lufs == pytest.approx(-26.0, abs=0.1)


@pytest.mark.parametrize("frames", [0, 1, 19_199])
def test_too_short_and_silent_have_no_loudness(frames: int) -> None:
    assert measure([np.ones((frames, 1))], rate_hz=48_000).integrated_lufs == -np.inf
    silence = measure([np.zeros((96_000, 2))], rate_hz=48_000)
    assert (silence.integrated_lufs, silence.true_peak_dbtp) == (-np.inf, -np.inf)


def test_the_filters_are_those_of_the_recommendation() -> None:
    assert _shelf(48_000)[0] == pytest.approx(
        (1.53512485958697, -2.69169618940638, 1.19839281085285), abs=1e-12
    )
    assert _shelf(48_000)[1] == pytest.approx((-1.69065929318241, 0.73248077421585), abs=1e-12)
    assert _high_pass(48_000)[1] == pytest.approx((-1.99004745483398, 0.99007225036621), abs=1e-12)


@pytest.mark.parametrize("rate_hz", [4000, 48_000, 384_000])
def test_the_response_has_died_away_where_it_is_cut_off(rate_hz: int) -> None:
    assert np.abs(k_response(rate_hz)[-10:]).max() < 1e-15

"""Fades of the result equal a plain twin, and touch nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.document.state import Marker
from engine.exchange.export import ExportOptions, ExportRequest, export
from engine.exchange.export.levels import faded
from tests.engine.sound.edl.recordings import RATE_HZ, recording


def twin(samples: np.ndarray, rising: int, falling: int) -> np.ndarray:
    """Fade the plain way, a sample at a time."""
    out = samples.astype(np.float64)
    rising, falling = min(rising, len(out)), min(falling, len(out))
    for n in range(rising):
        out[n] *= 0.5 - 0.5 * np.cos(np.pi * (n + 0.5) / rising)
    for n in range(falling):
        out[len(out) - 1 - n] *= 0.5 - 0.5 * np.cos(np.pi * (n + 0.5) / falling)
    return out


@pytest.mark.parametrize("frames", [1, 2, 7, 1_000])
@pytest.mark.parametrize("fades", [(0, 0), (1, 1), (5, 0), (0, 5), (300, 400), (700, 800), (5_000, 5_000)])
@pytest.mark.parametrize("cuts", [(), (1,), (1, 2, 500), (299, 300, 301, 600)])
def test_fades_equal_their_twin_in_any_blocks(
    frames: int, fades: tuple[int, int], cuts: tuple[int, ...]
) -> None:
    samples = np.random.default_rng(1).uniform(-1, 1, (frames, 2))
    blocks = np.split(samples, [cut for cut in cuts if cut < frames])
    got = np.concatenate(list(faded(blocks, frames, *fades)))
    np.testing.assert_allclose(got, twin(samples, *fades), rtol=1e-12, atol=1e-15)
    untouched = slice(min(fades[0], frames), max(0, frames - fades[1]))
    np.testing.assert_array_equal(got[untouched], samples[untouched])


def test_blocks_keep_their_kind() -> None:
    samples = np.ones((10, 1), np.float32)
    (block,) = faded([samples], 10, 5, 5)
    assert block.dtype == np.float32
    (block,) = faded([samples], 10, 0, 0)
    assert block is samples


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT"])
def test_a_file_fades_in_and_out(tmp_path: Path, subtype: str) -> None:
    samples = np.random.default_rng(2).uniform(-0.5, 0.5, (200_000, 2))
    recorded = recording(tmp_path, [samples], subtype=subtype)
    sent = soundfile.read(recorded.media["s0"])[0]
    options = ExportOptions(fade_in_s=0.5, fade_out_s=12.0)
    done = export(ExportRequest(recorded.state, recorded.media, tmp_path / "out.wav", options=options))
    heard = soundfile.read(done.path)[0]
    step = {"PCM_16": 2.0**-16, "PCM_24": 2.0**-24, "FLOAT": 2.0**-25}[subtype]
    np.testing.assert_allclose(heard, twin(sent, RATE_HZ // 2, 12 * RATE_HZ), atol=1.01 * step)
    inside = slice(RATE_HZ // 2, 200_000 - 12 * RATE_HZ)
    np.testing.assert_array_equal(heard[inside], sent[inside])


def test_each_region_fades_by_itself(tmp_path: Path) -> None:
    recorded = recording(tmp_path, [np.full((40_000, 1), 0.5)])
    markers = {"a": Marker("a", 0, 16_000, "A"), "b": Marker("b", 16_000, 40_000, "B")}
    state = replace(recorded.state, markers=markers)
    options = ExportOptions(regions=True, fade_in_s=0.25, fade_out_s=0.5)
    done = export(ExportRequest(state, recorded.media, tmp_path / "out.wav", options=options))
    for part, frames in zip(done.parts, (16_000, 24_000), strict=True):
        expected = twin(np.full((frames, 1), 0.5), 2_000, 4_000)
        np.testing.assert_allclose(soundfile.read(part.path, always_2d=True)[0], expected, atol=1e-7)

"""Mixtures that are drawn independently of training."""

import ast
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.lab.evaluation.separation import unseen_mixtures, unseen_sources
from engine.lab.evaluation.separation.unseen_sources import Part

RATE_HZ = 16_000


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return a folder with a few clips, voices, places and pieces of music, all of noise and tones."""
    rng = np.random.default_rng(1)
    (tmp_path / "esc50" / "audio").mkdir(parents=True)
    rows, free = ["filename,fold,category,src_file"], ["filename,free"]
    for number, name in enumerate(("dog", "rain", "siren", "wind", "hen", "crickets") * 4):
        samples = 0.1 * rng.standard_normal(5 * RATE_HZ)
        if name in ("dog", "siren", "hen"):
            samples *= np.repeat(np.array([0, 1, 0, 1, 0]), RATE_HZ)
        soundfile.write(tmp_path / "esc50" / "audio" / f"{number}.flac", samples, RATE_HZ)
        rows.append(f"{number}.flac,5,{name},{number}")
        free.append(f"{number}.flac,{int(number % 5 > 0)}")
    (tmp_path / "esc50" / "esc50.csv").write_text("\n".join(rows))
    (tmp_path / "esc50" / "licences.csv").write_text("\n".join(free))
    for place in ("speech/commands", "ambience", "music", "loops"):
        (tmp_path / place).mkdir(parents=True)
    for number in range(24):
        voice = tmp_path / "speech" / "commands" / f"{number}.flac"
        soundfile.write(voice, 0.1 * rng.standard_normal(3 * RATE_HZ), RATE_HZ)
    for place in ("ambience/birds", "ambience/wind", "music/gm3_a", "music/gm3_b", "music/c", "music/d"):
        path = tmp_path / f"{place}.flac"
        soundfile.write(path, 0.1 * rng.standard_normal((8 * RATE_HZ, 2)), RATE_HZ)
    return tmp_path


def test_parts_share_no_recording_and_what_is_fitted_is_free(data: Path) -> None:
    """Neither clips nor backgrounds."""
    fitted, reported = (unseen_sources.clips(data, part) for part in (Part.FITTED, Part.REPORTED))
    assert fitted
    assert reported
    assert not {clip.origin for clip in fitted} & {clip.origin for clip in reported}
    assert all(clip.is_free for clip in fitted)
    for kind in unseen_sources.Background:
        one, two = (unseen_sources.beds(data, part, kind) for part in (Part.FITTED, Part.REPORTED))
        assert not {path for bed in one for path in bed.paths} & {path for bed in two for path in bed.paths}


def test_a_background_goes_on_around_the_window_and_the_level_is_that_within(data: Path) -> None:
    """The same mixtures for the same seed; a sound stays inside its window."""
    drawn = list(unseen_mixtures.unseen_mixtures(data, Part.REPORTED, 10, 4))
    again = list(unseen_mixtures.unseen_mixtures(data, Part.REPORTED, 10, 4))
    assert len({mixture.kind for mixture in drawn}) >= 4
    for mixture, same in zip(drawn, again, strict=True):
        np.testing.assert_array_equal(mixture.whole, same.whole)
        start, stop = mixture.window_samples
        assert not np.any(mixture.meant[:start])
        assert not np.any(mixture.meant[stop:])
        assert np.any(mixture.rest[:start])
        assert np.any(mixture.rest[stop:])
        inside = slice(start, stop)
        level_db = 10 * np.log10(np.mean(mixture.meant[inside] ** 2) / np.mean(mixture.rest[inside] ** 2))
        assert level_db == pytest.approx(mixture.level_db, abs=0.01)
        assert mixture.absent not in (mixture.name, *mixture.others)


def test_a_clip_that_was_looped_is_no_background(data: Path) -> None:
    """A method that copies would look like one that separates."""
    rng = np.random.default_rng(2)
    part = 0.1 * rng.standard_normal(2 * RATE_HZ)
    looped = data / "looped.flac"
    soundfile.write(looped, np.concatenate([part, part, part[:RATE_HZ]]), RATE_HZ)
    assert not unseen_sources.goes_on(looped)
    plain = data / "plain.flac"
    shutil.copy(data / "esc50" / "audio" / "1.flac", plain)
    assert unseen_sources.goes_on(plain)


@pytest.mark.parametrize("module", [unseen_mixtures, unseen_sources])
def test_no_code_is_shared_with_training(module: object) -> None:
    """Nothing of the engine is imported but these modules."""
    tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))  # type: ignore[attr-defined]
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
    own = {name for name in imported if name.startswith("engine")}
    assert own <= {"engine.lab.evaluation.separation.unseen_sources"}

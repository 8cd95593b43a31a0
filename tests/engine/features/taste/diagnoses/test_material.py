"""What is said of recordings before anything is learned from them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from engine.core.progress import SILENT
from engine.features.taste.anomaly.recipes.recipe import Examples
from engine.features.taste.diagnoses.findings import Action, Finding
from engine.features.taste.diagnoses.material import CLIPPED_SHARE, check_material

DEMO = Path("resources/demo")
RATE_HZ = 44_100


@pytest.fixture(scope="module")
def song() -> NDArray[np.float32]:
    """A minute and a half of a raw recording, shape (frames,)."""
    audio, rate_hz = soundfile.read(
        DEMO / "raw" / "Band.ogg", frames=90 * RATE_HZ, dtype="float32", always_2d=True
    )
    assert rate_hz == RATE_HZ
    return np.asarray(audio.mean(axis=1))


def written(path: Path, audio: NDArray[np.float32]) -> Path:
    soundfile.write(path, audio, RATE_HZ)
    return path


def found(*edited: Path, raw: tuple[Path, ...] = ()) -> dict[str, Finding]:
    return {finding.name: finding for finding in check_material(Examples(edited, raw), SILENT)}


def test_what_is_sound_is_left_alone(tmp_path: Path, song: NDArray[np.float32]) -> None:
    rag, _ = soundfile.read(DEMO / "edited" / "2-ragtime.ogg", dtype="float32", always_2d=True)
    long = written(
        tmp_path / "long.wav", np.concatenate([np.tile(rag.mean(axis=1), 3), song])[: 200 * RATE_HZ]
    )
    assert found(long) == {}


def test_little_audio_is_told(tmp_path: Path, song: NDArray[np.float32]) -> None:
    finding = found(written(tmp_path / "short.wav", song[: 42 * RATE_HZ]))["little-audio"]
    assert finding.sentence.startswith("0:42 of edits is little")
    assert finding.remedies[0].action is Action.ADD_RECORDINGS


def test_the_same_recording_twice_is_told_though_it_was_encoded_again(
    tmp_path: Path, song: NDArray[np.float32]
) -> None:
    one = written(tmp_path / "one.wav", song[: 40 * RATE_HZ])
    other = written(tmp_path / "other.ogg", 0.5 * song[round(0.3 * RATE_HZ) : 40 * RATE_HZ])
    finding = found(one, other)["duplicate"]
    assert "one.wav and other.ogg are the same recording" in finding.sentence


def test_clipping_is_told_and_a_touch_of_full_scale_is_not(tmp_path: Path, song: NDArray[np.float32]) -> None:
    loud = np.clip(4.0 * song / np.abs(song).max(), -1.0, 1.0)
    assert "clipped" in found(written(tmp_path / "loud.wav", loud))["clipping"].sentence
    touching = song / np.abs(song).max()
    assert "clipping" not in found(written(tmp_path / "touching.wav", touching))


def test_clipped_samples_are_counted_as_a_plain_loop_counts_them(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    audio = np.where(rng.random((4000, 2)) < 0.4, 1.0, 0.2)  # in one block, so that runs are whole
    clipped = 0
    for channel in audio.T:
        run = 0
        for value in [*channel, 0.0]:
            if value >= 0.999:
                run += 1
            else:
                clipped += run * (run >= 3)
                run = 0
    path = tmp_path / "bits.wav"
    soundfile.write(path, audio, RATE_HZ, "FLOAT")
    share = clipped / audio.size
    assert share > CLIPPED_SHARE
    assert f"({100 * share:.2f} % of its samples)" in found(path)["clipping"].sentence


def test_a_quiet_recording_among_others_is_told(tmp_path: Path, song: NDArray[np.float32]) -> None:
    third = len(song) // 3
    paths = [written(tmp_path / f"{k}.wav", song[k * third : (k + 1) * third]) for k in range(2)]
    quiet = written(tmp_path / "quiet.wav", 0.1 * song[2 * third :])
    finding = found(*paths, quiet)["levels"]
    assert finding.sentence.startswith("quiet.wav is ")
    assert "dB quieter than the others" in finding.sentence


def test_edited_audio_that_is_not_from_the_raw_is_told(tmp_path: Path, song: NDArray[np.float32]) -> None:
    raw = written(tmp_path / "raw.wav", song)
    edit = written(
        tmp_path / "edit.wav", np.concatenate([song[5 * RATE_HZ :][: 20 * RATE_HZ], song[-900_000:]])
    )
    assert "not-from-raw" not in found(edit, raw=(raw,))
    stranger = DEMO / "edited" / "2-ragtime.ogg"
    assert (
        "Little of 2-ragtime.ogg is in the raw recordings"
        in found(edit, stranger, raw=(raw,))["not-from-raw"].sentence
    )


def test_raw_audio_that_was_mastered_otherwise_is_told(tmp_path: Path, song: NDArray[np.float32]) -> None:
    from scipy.signal import butter, sosfilt

    dull = sosfilt(butter(2, 1500, fs=RATE_HZ, output="sos"), song)
    raw = written(tmp_path / "raw.wav", dull)
    edit = written(tmp_path / "edit.wav", song[: 40 * RATE_HZ])
    finding = found(edit, raw=(raw,))["other-sound"]
    assert " dB less from " in finding.sentence

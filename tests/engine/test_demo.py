"""The demo that is shipped: its size, its truth, its credits, and that its taste finds what was planted."""

from __future__ import annotations

import csv
import importlib
import sys
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import soundfile
import soxr
from scipy.signal import fftconvolve

from engine.features.placement.plan import propose_places
from engine.features.taste.anomaly.taste import load_taste
from engine.recordings.stated.file_head import read_heads
from engine.sound.reader import SourceReader, probe

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "resources" / "demo"
RAW = sorted((DEMO / "raw").iterdir())
EDITED = sorted((DEMO / "edited").iterdir())
DAY = sorted((DEMO / "day").iterdir())
WALL_S = 0.009
MOST_BYTES = 15_000_000
COMPARED_HZ = 8_000


@pytest.fixture(scope="module")
def scripts() -> Iterator[tuple[ModuleType, ModuleType]]:
    """The scripts that make and measure the demo; their folder is no package."""
    sys.path.insert(0, str(ROOT / "packaging"))
    try:
        yield importlib.import_module("make_demo"), importlib.import_module("measure_demo")
    finally:
        sys.path.remove(str(ROOT / "packaging"))


@pytest.fixture
def make_demo(scripts: tuple[ModuleType, ModuleType]) -> ModuleType:
    return scripts[0]


@pytest.fixture
def measure_demo(scripts: tuple[ModuleType, ModuleType]) -> ModuleType:
    return scripts[1]


@pytest.fixture(scope="module")
def faults() -> list[tuple[str, float, float]]:
    with (DEMO / "truth.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return [(row["kind"], float(row["start_s"]), float(row["stop_s"])) for row in rows]


def length_s(path: Path) -> float:
    return soundfile.info(str(path)).duration


def at_low_rate(path: Path) -> np.ndarray:
    with SourceReader(path) as reader:
        audio = reader.read(0, reader.frames).mean(axis=1)
        return soxr.resample(audio, reader.rate_hz, COMPARED_HZ)


def likeness(second: np.ndarray, audio: np.ndarray) -> float:
    """Return the largest correlation coefficient of a second with any second of a recording."""
    energy = np.concatenate([[0.0], np.cumsum(np.square(audio, dtype=np.float64))])
    energies = (energy[len(second) :] - energy[: -len(second)]) * np.square(second).sum()
    return float(np.max(np.abs(fftconvolve(audio, second[::-1], "valid")) / np.sqrt(energies + 1e-6)))


def test_it_is_small_enough_to_be_in_the_repository():
    assert sum(path.stat().st_size for path in DEMO.rglob("*") if path.is_file()) <= MOST_BYTES


@pytest.mark.parametrize("path", [*RAW, *EDITED, *DAY], ids=lambda path: path.name)
def test_each_recording_opens_whole_and_sounds(path):
    info = probe(path)
    assert info.warning == ""
    assert info.rate_hz == 44_100


@pytest.mark.long
def test_the_raw_tracks_line_up_and_last_several_minutes():
    assert [path.name for path in RAW] == ["Band.ogg", "Room.ogg"]
    assert [soundfile.info(str(path)).channels for path in RAW] == [2, 1]
    assert len({soundfile.info(str(path)).frames for path in RAW}) == 1
    assert 240 <= length_s(RAW[0]) <= 300
    band, room = (at_low_rate(path)[: 60 * COMPARED_HZ] for path in RAW)
    lag = int(np.argmax(fftconvolve(room, band[::-1]))) - (len(band) - 1)
    assert 0.005 <= lag / COMPARED_HZ <= 0.015  # the way to the far wall


@pytest.mark.long
def test_the_mix_does_not_clip():
    band, room = (soundfile.read(path, dtype="float32", always_2d=True)[0] for path in RAW)
    assert np.abs(band + room).max() <= 1.0


def test_files_of_the_day_are_placed_by_their_sound(make_demo):
    places = propose_places(read_heads(DAY))
    starts = {one.path.name: one.start_samples for one in places.files}
    wanted_s = {
        "ZOOM0001.ogg": 0.0,
        "ZOOM0002.ogg": make_demo.DAY_STOPS_S[0],
        "Phone.ogg": make_demo.PHONE_S[0],
        "Camera.ogg": make_demo.CAMERA_S[0] - WALL_S,
    }
    assert not places.uncertain
    assert len(places.tracks) == 3
    for name, start_s in wanted_s.items():
        assert abs(starts[name] - start_s * places.rate_hz) <= 2, name


def test_the_edited_examples_are_enough_to_learn_from():
    assert 110 <= sum(map(length_s, EDITED)) <= 300


def test_credits_name_every_file_and_clip(make_demo):
    credit = (DEMO / "CREDITS.md").read_text("utf-8")
    shipped = {path.relative_to(DEMO).as_posix() for path in DEMO.rglob("*") if path.is_file()}
    clips = {name for names in make_demo.CLIPS.values() for name in names}
    assert not {name for name in shipped | clips if name not in credit}


def test_only_what_may_be_shipped_is_in_it(make_demo, data_dir):
    with (data_dir / "esc50" / "esc50.csv").open(encoding="utf-8", newline="") as stream:
        free = {
            row["filename"].removesuffix(".flac") for row in csv.DictReader(stream) if row["esc10"] == "True"
        }
    assert {name for names in make_demo.CLIPS.values() for name in names} <= free
    may = ("gm3_", "Karissa_Hobbs", "Kevin_MacLeod", "Hungarian_Dance")
    for path in map(Path, make_demo.PIECES.values()):
        assert path.parts[0] == "loops" or path.name.startswith(may)


def test_faults_lie_inside_the_raw_recording_with_music_between_them(faults):
    spans = np.array([(start, stop) for _, start, stop in faults])
    kept = np.diff(np.concatenate([[0.0], spans.ravel(), [length_s(RAW[0])]]))[::2]
    lengths = np.diff(spans)[:, 0]
    assert kept.min() >= 8.0  # shorter kept pieces are never proposed
    assert 5.0 <= lengths.min() <= lengths.max() <= 20.0
    assert 0.35 <= lengths.sum() / length_s(RAW[0]) <= 0.55
    assert {kind for kind, _, _ in faults} >= {"talk", "noise", "detune", "dropout", "false_start"}


def test_the_readme_gives_every_fault_with_its_time(faults):
    readme = (DEMO / "README.md").read_text("utf-8")
    for kind, start, stop in faults:
        row = f"| {kind} | {start // 60:.0f}:{start % 60:04.1f} | {stop // 60:.0f}:{stop % 60:04.1f} |"
        assert row in readme


def test_no_stretch_of_a_piece_is_used_twice(make_demo):
    parts = [*make_demo.RAW, *(part for parts in make_demo.EDITED.values() for part in parts)]
    for one, other in combinations(parts, 2):
        apart = one.stop_s <= other.start_s or other.stop_s <= one.start_s
        assert one.piece != other.piece or apart


@pytest.mark.long
def test_no_second_of_the_edited_examples_is_heard_in_the_raw_recording():
    raw = at_low_rate(RAW[0])
    own = raw[100 * COMPARED_HZ : 101 * COMPARED_HZ]
    assert likeness(own, raw) > 0.99
    for path in EDITED:
        edited = at_low_rate(path)
        for at in range(3 * COMPARED_HZ, len(edited) - COMPARED_HZ, 9 * COMPARED_HZ):
            assert likeness(edited[at : at + COMPARED_HZ], raw) < 0.9


@pytest.mark.long
def test_making_it_again_gives_the_same(make_demo, data_dir, tmp_path):
    assert make_demo.main([str(data_dir), str(tmp_path)]) == 0
    assert (tmp_path / "truth.csv").read_text("utf-8") == (DEMO / "truth.csv").read_text("utf-8")
    for path in (*RAW, *EDITED, *DAY):
        again, _ = soundfile.read(tmp_path / path.relative_to(DEMO), dtype="float32")
        shipped, _ = soundfile.read(path, dtype="float32")
        assert again.shape == shipped.shape
        # Another libsndfile or processor may round otherwise before the codec does.
        assert np.sqrt(np.mean(np.square(again - shipped))) <= 1e-3 * np.sqrt(np.mean(np.square(shipped)))


@pytest.mark.long
def test_cutting_the_faults_gives_the_performance_back(make_demo, data_dir):
    pieces = {name: make_demo.read_piece(data_dir / path) for name, path in make_demo.PIECES.items()}
    planted = make_demo.plant_faults(pieces, make_demo.read_clips(data_dir / "esc50" / "audio"))
    kept = np.ones(len(planted.audio), bool)
    for fault in planted.faults:
        kept[fault.start_samples : fault.stop_samples] = False
    np.testing.assert_array_equal(planted.audio[kept], make_demo.performed(pieces, make_demo.RAW))


def test_writing_ogg_twice_gives_the_same_bytes(make_demo, tmp_path, rng):
    audio = rng.uniform(-0.5, 0.5, (70_000, 2)).astype(np.float32)
    for name in ("one.ogg", "other.ogg"):
        make_demo.write_ogg(tmp_path / name, audio, 0.5)
    one = (tmp_path / "one.ogg").read_bytes()
    assert one == (tmp_path / "other.ogg").read_bytes()
    assert make_demo.with_serial(make_demo.with_serial(one, 7), make_demo.OGG_SERIAL) == one
    assert soundfile.info(str(tmp_path / "one.ogg")).frames == 70_000


def test_the_taste_was_learned_from_the_edited_examples():
    card = load_taste(DEMO / "demo.taste").card
    assert all(path.name in card for path in EDITED)
    assert not any(path.name in card for path in RAW)


def test_the_taste_finds_what_was_planted(measure_demo):
    found = {(row["metric"], row["about"]): row for row in measure_demo.rows(DEMO, DEMO / "demo.taste")}
    for metric, floor in (("auc", 0.83), ("average_precision", 0.85), ("time_iou", 0.58)):
        row = found[metric, "all"]
        assert row["value"] >= floor
        assert row["value"] > max(row["baseline"].values())

"""A package adds one thing of every sort: each is named by `offcut doctor`, used, and missed without loss."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.engine.core.extensions.conftest import ROOT, environment, run

RATE_HZ = 22_050
EVERY = {
    ("offcut.kinds", "tighten"),
    ("offcut.finders", "long-pauses"),
    ("offcut.analyses", "levels"),
    ("offcut.features", "pauses"),
    ("offcut.decoders", "sox-dat"),
    ("offcut.export_formats", ".tsv"),
    ("offcut.import_formats", ".spans"),
    ("offcut.recipes", "loudness"),
    ("offcut.embeddings", "mel-means"),
    ("offcut.separators", "hum"),
}


@pytest.fixture
def jam(tmp_path: Path) -> Path:
    """Noise for 4 s, silence for 5 s, noise for 4 s, silence for 2 s, noise for 1 s."""
    rng = np.random.default_rng(7)
    parts = [rng.uniform(-0.3, 0.3, 4 * RATE_HZ), np.zeros(5 * RATE_HZ), rng.uniform(-0.3, 0.3, 4 * RATE_HZ)]
    parts += [np.zeros(2 * RATE_HZ), rng.uniform(-0.3, 0.3, RATE_HZ)]
    soundfile.write(tmp_path / "jam.wav", np.concatenate(parts), RATE_HZ, "PCM_16")
    return tmp_path / "jam.wav"


def test_doctor_names_each_with_its_package_and_version(packages: Path) -> None:
    told = run(["doctor", "--json"], packages=packages)
    rows = told.json(0)["extensions"]
    assert {(row["group"], row["name"]) for row in rows} == EVERY
    assert {(row["package"], row["version"], row["trouble"]) for row in rows} == {
        ("offcut-example", "0.1", "")
    }


@pytest.mark.long
def test_doctor_says_each_in_words(packages: Path) -> None:
    told = run(["doctor"], packages=packages)
    for words in (
        "kind tighten",
        "finder long-pauses",
        "decoder sox-dat",
        "recipe loudness",
        "embedding mel-means",
        "separator hum",
    ):
        assert f"{words}, of offcut-example 0.1" in told.texts[0]


def test_it_is_proposed_decided_heard_and_exported(packages: Path, jam: Path) -> None:
    project, folder = jam.with_suffix(".offcut"), jam.parent
    made = run(
        ["new", project, jam],
        ["propose", project, "long-pauses", "--json"],
        ["decide", project, "accept", "--all"],
        ["propose", project, "long-pauses", "--longer-than-s", "2.5", "--json"],
        ["export", project, "--out", folder / "table.tsv", folder / "with.wav"],
        ["propose", project, "nobody"],
        ["propose", project, "long-pauses", "--longer-than-s", "900"],
        packages=packages,
    )
    assert made.statuses == (0, 0, 0, 0, 0, 2, 2)
    (one,) = made.json(1)["found"]
    assert (one["kind"], one["start_s"], one["stop_s"]) == ("tighten", pytest.approx(4.0), pytest.approx(9.0))
    assert made.json(3)["proposals"] == 1, "what was accepted stays, and the same is not proposed twice"
    assert "'nobody': use cuts, dead-air" in made.errors
    assert "or long-pauses" in made.errors
    assert "--longer-than-s cannot be 900: give 1.5 to 60." in made.errors
    with (folder / "table.tsv").open() as stream:
        (row,) = csv.DictReader(stream, delimiter="\t")
    assert (row["kind"], row["maker"]) == ("tighten", "added:long-pauses")
    # Five seconds become one; neighbours overlap by the crossfade of 20 ms.
    assert soundfile.info(folder / "with.wav").duration == pytest.approx(12.0, abs=0.03)


def test_help_lists_its_finder_and_the_options(packages: Path, jam: Path) -> None:
    asked = run(["propose", "--help"], ["propose", jam, "long-pauses", "--help"], packages=packages)
    assert asked.statuses == (0, 0)
    assert "long-pauses" in asked.texts[0]
    assert "Shortens long silence to one second." in asked.texts[0]
    assert "--longer-than-s S" in asked.texts[1]
    assert "these stay (3.0 by default)" in asked.texts[1]


def test_a_file_is_read_with_its_decoder_and_refused_without(packages: Path, tmp_path: Path) -> None:
    audio = np.random.default_rng(7).uniform(-0.3, 0.3, (5_000, 2)).astype(np.float32)
    path, project = tmp_path / "noise.dat", tmp_path / "noise.offcut"
    rows = [f"{number / 8_000:.8f} {left!r} {right!r}" for number, (left, right) in enumerate(audio.tolist())]
    path.write_text("\n".join(["; Sample Rate 8000", "; Channels 2", *rows, ""]))
    made = run(["new", project, path], ["export", project, "--out", tmp_path / "a.wav"], packages=packages)
    assert made.statuses == (0, 0), made.errors
    np.testing.assert_array_equal(soundfile.read(tmp_path / "a.wav", dtype="float32")[0], audio)
    assert run(["new", tmp_path / "b.offcut", path]).statuses == (1,)


def test_a_document_opens_without_the_package_and_loses_nothing(packages: Path, jam: Path) -> None:
    project, folder = jam.with_suffix(".offcut"), jam.parent
    run(
        ["new", project, jam],
        ["propose", project, "long-pauses"],
        ["decide", project, "accept", "--all"],
        ["export", project, "--out", folder / "with.wav"],
        packages=packages,
    )
    without = run(
        ["proposals", project],
        ["export", project, "--out", folder / "without.wav"],
        ["export", project, "--out", folder / "edits.json", folder / "labels.txt"],
        ["decide", project, "reset", "--all"],
        ["decide", project, "accept", "--all"],
        ["export", project, "--out", folder / "table.tsv"],
    )
    assert without.statuses == (0, 0, 0, 0, 0, 1)
    assert "tighten (not available) · added:long-pauses" in without.texts[0]
    assert "1 accepted edit left out: The kind 'tighten' is not available here" in without.texts[1]
    assert soundfile.info(folder / "without.wav").duration == pytest.approx(16.0)
    assert json.loads((folder / "edits.json").read_text())["edits"] == []
    assert "names no format that Offcut writes" in without.errors
    assert run(["export", project, "--out", folder / "again.wav"], packages=packages).statuses == (0,)
    samples = [soundfile.read(folder / name, dtype="int16")[0] for name in ("with.wav", "again.wav")]
    np.testing.assert_array_equal(*samples)


def test_a_taste_of_its_recipe_is_learned_and_needs_it(packages: Path, jam: Path) -> None:
    folder = jam.parent
    rng = np.random.default_rng(3)
    quiet = rng.normal(0.0, 0.02, 20 * RATE_HZ)
    soundfile.write(folder / "kept.wav", quiet, RATE_HZ, "PCM_16")
    loud = np.concatenate([quiet[: 15 * RATE_HZ], 12.0 * quiet[: 5 * RATE_HZ]])
    soundfile.write(folder / "loud.wav", loud, RATE_HZ, "PCM_16")
    (folder / "loudness.yaml").write_text("recipe: loudness\n")
    taste = folder / "t.taste"
    learn = ["learn", folder / "kept.wav", "--config", folder / "loudness.yaml", "--out", taste]
    learned = run(
        learn,
        ["score", taste, folder / "loud.wav", "--json"],
        ["embeddings", "prepare", folder / "loud.wav", "--embedding", "mel-means", "--json"],
        packages=packages,
    )
    assert learned.statuses == (0, 0, 0), learned.errors
    (scored,) = learned.json(1)["files"]
    times_s, scores = np.array(scored["times_s"]), np.array(scored["scores"])
    assert scores[times_s > 17].min() > scores[times_s < 13].max()
    (prepared,) = learned.json(2)["files"]
    assert prepared["size"] == 64
    without = run(["score", taste, folder / "loud.wav"])
    assert without.statuses == (1,)
    assert "its recipe 'loudness' is not installed: install the package" in without.errors


@pytest.mark.long
def test_what_is_not_here_is_no_recipe_and_no_separator(jam: Path) -> None:
    config = jam.with_name("loudness.yaml")
    config.write_text("recipe: loudness\n")
    words = ["--text", "hum", "--window", 3, 9, "--separator", "hum", "--out", jam.with_name("clean.wav")]
    done = run(
        ["learn", jam, "--config", config, "--out", jam.with_name("t.taste")], ["separate", jam, *words]
    )
    assert done.statuses == (2, 2)
    assert "recipe cannot be 'loudness'" in done.errors


def test_its_separator_takes_hum_out(packages: Path, tmp_path: Path) -> None:
    at_s = np.arange(12 * 16_000) / 16_000
    rng = np.random.default_rng(5)
    hum = sum(0.05 * np.sin(2 * np.pi * 50.0 * n * at_s) for n in (1, 2, 3))
    bursts = rng.normal(0.0, 0.1, len(at_s)) * (at_s % 1.0 < 0.3)
    soundfile.write(tmp_path / "hum.wav", hum + bursts, 16_000, "FLOAT")
    out = tmp_path / "clean.wav"
    verb = [
        "separate",
        tmp_path / "hum.wav",
        "--text",
        "hum",
        "--window",
        3,
        9,
        "--separator",
        "hum",
        "--out",
        out,
    ]
    assert run(verb, packages=packages).statuses == (0,)
    heard, _ = soundfile.read(out)
    between = (at_s > 4) & (at_s < 8) & (at_s % 1.0 > 0.45) & (at_s % 1.0 < 0.9)
    assert np.sqrt(np.mean(heard[between] ** 2)) < 0.35 * np.sqrt(np.mean(hum[between] ** 2))
    inside = (at_s > 4) & (at_s < 8) & (at_s % 1.0 < 0.3)
    assert np.corrcoef(heard[inside], bursts[inside])[0, 1] > 0.95


INSIDE = """
import sys
from pathlib import Path
from offcut_example.sox_dat import SOX_DAT
from engine.sound.decoders import registry
registry._ROWS = (registry.LIBSNDFILE, SOX_DAT, *registry._ROWS[1:])
stream = registry.open_stream(Path(sys.argv[1]))
print(stream.rate_hz, stream.channels, stream.frames)
"""


def test_a_decoder_of_offcut_is_asked_for_files_with_its_suffix(tmp_path: Path) -> None:
    path = tmp_path / "noise.dat"
    path.write_text("; Sample Rate 8000\n; Channels 2\n0.0 0.1 0.2\n0.1 0.2 0.3\n")
    made = subprocess.run(
        [sys.executable, "-c", INSIDE, str(path)],
        cwd=ROOT,
        env=environment(ROOT / "docs" / "extending"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.stdout.split() == ["8000", "2", "2"], made.stderr

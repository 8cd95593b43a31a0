"""Every verb on real audio, the way a script calls it."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.cli.main import VERBS, main

TINY = "hidden_dims: [4, 8]\nlatent_dim: 8\nepochs: 2\nsegments_per_epoch: 16\n"


@pytest.fixture(scope="module")
def song(data_dir: Path) -> np.ndarray:
    samples, rate_hz = soundfile.read(
        data_dir / "music" / "gm3_boom_Ripper.mp3", dtype="int16", frames=60 * 44_100
    )
    assert rate_hz == 44_100
    return samples


@pytest.fixture
def folder(tmp_path: Path, song: np.ndarray) -> Path:
    half = len(song) // 2
    soundfile.write(tmp_path / "edited.flac", song[:half], 44_100, subtype="PCM_16")
    raw = np.concatenate([song[half:], song[half : half + 44_100 * 12][::-1], song[half:]])
    soundfile.write(tmp_path / "raw.flac", raw, 44_100, subtype="PCM_16")
    (tmp_path / "tiny.yaml").write_text(TINY)
    return tmp_path


class Offcut:
    """Calls verbs and reads their JSON."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *argv: object) -> dict[str, object]:
        status = main([*map(str, argv), "--json"])
        out, err = self._capsys.readouterr()
        assert status == 0, err
        return json.loads(out)

    def refusal(self, *argv: object) -> tuple[int, str]:
        status = main([*map(str, argv)])
        out, err = self._capsys.readouterr()
        assert out == ""
        assert err.count("\n") == 1, err
        return status, err


@pytest.fixture
def offcut(capsys: pytest.CaptureFixture[str]) -> Offcut:
    return Offcut(capsys)


def test_the_whole_way_from_recording_to_edit(folder: Path, offcut: Offcut) -> None:
    project, taste = folder / "jam.offcut", folder / "band.taste"
    made = offcut("new", project, folder / "raw.flac")
    assert made["rate_hz"] == 44_100
    assert made["length_s"] == pytest.approx(72.0)

    learned = offcut("learn", folder / "edited.flac", "--config", folder / "tiny.yaml", "--out", taste)
    assert learned["epochs"] == 2

    scored = offcut("score", taste, folder / "raw.flac", "--csv", folder / "scores.csv")["files"][0]
    assert len(scored["times_s"]) == len(scored["scores"])
    assert np.all(np.diff(scored["times_s"]) == pytest.approx(scored["hop_s"]))
    with (folder / "scores.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert [float(row["score"]) for row in rows] == pytest.approx(scored["scores"])

    proposed = offcut("propose", project, "cuts", "--taste", taste, "--keep", 0.5)
    assert proposed["kept_share"] == pytest.approx(0.5, abs=0.02)

    half_minutes = 0.5 * proposed["kept_s"] / proposed["kept_share"] / 60.0
    again = offcut("propose", project, "cuts", "--taste", taste, "--keep-minutes", half_minutes)
    assert again.pop("told") == proposed.pop("told") == []
    assert again.pop("found") == proposed.pop("found")
    assert again.pop("finder") == proposed.pop("finder") == "cuts"
    assert again == pytest.approx(proposed)

    listed = offcut("proposals", project)["proposals"]
    assert {(one["maker"] != "you", tuple(one["tracks"])) for one in listed} == {(True, ())}
    assert all("crossfade_ms" in one["payload"] for one in listed)
    assert len(listed) == proposed["proposals"] > 0
    assert {entry["state"] for entry in listed} == {"undecided"}
    assert all(entry["reason"].endswith(".") and entry["stop_s"] > entry["start_s"] for entry in listed)

    decided = offcut("decide", project, "accept", "--all")
    assert decided["decided"] == len(listed)
    wav, edits = folder / "mix.wav", folder / "mix.json"
    offcut("export", project, "--out", wav, edits, folder / "mix.txt", folder / "mix.rpp")
    info = soundfile.info(wav)
    assert (info.samplerate, info.subtype) == (44_100, "PCM_16")
    assert info.duration == pytest.approx(proposed["kept_s"], abs=0.001)
    assert json.loads(edits.read_text())["version"] == 2


def test_decisions_by_id_score_and_nudge(folder: Path, offcut: Offcut) -> None:
    project, taste = folder / "jam.offcut", folder / "band.taste"
    offcut("new", project, folder / "raw.flac")
    offcut("learn", folder / "edited.flac", "--config", folder / "tiny.yaml", "--out", taste)
    offcut("propose", project, "cuts", "--taste", taste, "--percentile", 60, "--minimum-kept-s", 2)
    first = offcut("proposals", project)["proposals"][0]
    offcut("decide", project, "accept", first["id"], "--nudge-start-ms", 25, "--nudge-stop-ms", -10)
    nudged, *rest = offcut("proposals", project)["proposals"]
    assert nudged["state"] == "accepted"
    assert (first["chance"], nudged["chance"]) == (None, None)
    assert all(0.0 < other["chance"] < 1.0 for other in rest)
    assert nudged["start_s"] == pytest.approx(first["start_s"] + 0.025, abs=1e-4)
    assert nudged["stop_s"] == pytest.approx(first["stop_s"] - 0.010, abs=1e-4)
    offcut("decide", project, "reset", "--all")
    above = offcut("decide", project, "reject", "--above", 0.0)
    assert above["state"] == "rejected"
    states = {entry["state"] for entry in offcut("proposals", project)["proposals"]}
    assert states == {"rejected"}


@pytest.mark.long
def test_the_same_seed_gives_the_same_scores(folder: Path, offcut: Offcut) -> None:
    found = []
    for name in ("one", "two"):
        taste = folder / f"{name}.taste"
        offcut("learn", folder / "edited.flac", "--config", folder / "tiny.yaml", "--seed", 7, "--out", taste)
        found.append(offcut("score", taste, folder / "raw.flac")["files"][0]["scores"])
    assert found[0] == found[1]


def test_beats_of_a_loop_with_a_known_tempo(data_dir: Path, offcut: Offcut) -> None:
    found = offcut("beats", data_dir / "loops" / "EDM-HSE" / "120bpm_hse_drm_id_001_0093.ogg")
    assert found["tempo_bpm"] == pytest.approx(120.0, rel=0.01)
    assert np.diff(found["beats_s"]).mean() == pytest.approx(0.5, abs=0.005)
    assert set(found["downbeats_s"]) <= set(found["beats_s"])


def test_doctor_names_what_is_there(offcut: Offcut) -> None:
    facts = offcut("doctor")
    assert facts["packages"]["numpy"] == np.__version__
    assert isinstance(facts["missing"], list)


@pytest.mark.parametrize(
    ("argv", "status", "sentence"),
    [
        (["new", "{f}/a.offcut", "{f}/gone.wav"], 1, "gone.wav"),
        (["new", "{f}/a.offcut", "{f}/tiny.yaml"], 1, "tiny.yaml"),
        (["score", "{f}/raw.flac", "{f}/raw.flac"], 1, "raw.flac"),
        (["proposals", "{f}/raw.flac"], 1, "is not an Offcut document"),
        (["decide", "{f}/jam.offcut", "accept"], 2, "Name proposals"),
        (["decide", "{f}/jam.offcut", "accept", "cut-zz"], 2, "no proposal 'cut-zz'"),
        (["export", "{f}/jam.offcut", "--out", "{f}/mix.xyz"], 1, "mix.xyz"),
        (["export", "{f}/jam.offcut", "--out", "{f}/edited.flac"], 1, "edited.flac"),
        (["learn", "{f}/edited.flac", "--config", "{f}/gone.yaml", "--out", "{f}/t.taste"], 2, "gone.yaml"),
        (["learn", "{f}/gone.flac", "--out", "{f}/t.taste"], 1, "gone.flac"),
        (["beats", "{f}/tiny.yaml"], 1, "tiny.yaml"),
        (["evaluate", "timing", "--data", "{f}"], 2, "one of: beats"),
        (["evaluate", "kept", "beats", "--data", "{f}"], 2, "one of: beats"),
        (["evaluate", "timing", "beats", "--data", "{f}"], 1, "holds neither"),
        (["evaluate", "anomaly", "--data", "{f}", "--config", "{f}/gone.yaml"], 2, "gone.yaml"),
    ],
)
def test_wrong_use_is_one_sentence(
    folder: Path, offcut: Offcut, argv: Sequence[str], status: int, sentence: str
) -> None:
    offcut("new", folder / "jam.offcut", folder / "raw.flac")
    before = sorted(path.name for path in folder.iterdir())
    found, said = offcut.refusal(*(word.format(f=folder) for word in argv))
    assert (found, sentence in said) == (status, True), said
    assert sorted(path.name for path in folder.iterdir()) == before


def test_every_verb_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    for verb in VERBS:
        with pytest.raises(SystemExit) as ended:
            main([verb, "--help"])
        assert ended.value.code == 0
        assert f"offcut {verb}" in capsys.readouterr().out


def test_a_table_that_exists_is_told_before_anything_is_scored(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "scores.csv"
    table.write_text("mine")
    words = ["score", str(tmp_path / "none.taste"), str(tmp_path / "none.wav"), "--csv", str(table)]
    assert main(words) == 1
    assert "scores.csv already exists" in capsys.readouterr().err
    assert table.read_text() == "mine"

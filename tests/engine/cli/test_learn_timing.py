"""``offcut learn-timing``: from pairs of files to a groove, what is refused, and the groove applied."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.cli.main import main
from engine.core.errors import SourceError
from engine.features.timing.alignment.groove_file import read_groove
from tests.engine.cli.drum_take import BPM, RATE_HZ, DrumTake, drum_take

COUNT = 48
STRENGTH, SNARE_MS, NEAR_MS = 0.6, 12.0, 5.0
GRID = ("--bpm", BPM, "--start-s", 0.5, "--division", "1/4")


def _played(seed: int = 1) -> np.ndarray:
    """Draw how late hits are: a kick and a snare by turns."""
    return np.random.default_rng(seed).uniform(-25.0, 25.0, COUNT)


def _edited(late_ms: np.ndarray) -> np.ndarray:
    goals = np.where(np.arange(len(late_ms)) % 2, SNARE_MS, 0.0)
    away = goals - late_ms
    return late_ms + np.where(np.abs(away) <= NEAR_MS, 0.0, STRENGTH * away)


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> DrumTake:
    return drum_take(tmp_path_factory.mktemp("raw"), _played())


@pytest.fixture(scope="module")
def edited(tmp_path_factory: pytest.TempPathFactory) -> DrumTake:
    return drum_take(tmp_path_factory.mktemp("edited"), _edited(_played()))


@pytest.fixture(scope="module")
def groove(raw: DrumTake, edited: DrumTake, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("groove") / "mine.groove"
    folders = [take.paths[0].parent for take in (raw, edited)]
    assert main([*_words(*folders), "--out", str(out)]) == 0
    return out


def _words(raw: Path, edited: Path) -> list[str]:
    return ["learn-timing", "--raw", str(raw), "--edited", str(edited), *map(str, GRID)]


def _refusal(capsys: pytest.CaptureFixture[str], *words: object, status: int) -> str:
    assert main([str(word) for word in words]) == status
    printed = capsys.readouterr()
    assert printed.err.startswith("offcut learn-timing: ")
    assert printed.err.count("\n") == 1
    return printed.err


def test_a_pair_shows_strength_lateness_and_what_stays(groove: Path) -> None:
    learned = read_groove(groove)
    assert learned.strength is not None
    assert learned.strength.value == pytest.approx(STRENGTH, abs=0.02)
    assert learned.least_ms is not None
    assert learned.least_ms.value == pytest.approx(NEAR_MS, abs=1.5)
    assert learned.drums["snare"].late_ms == pytest.approx(SNARE_MS, abs=0.5)
    assert [one for one in learned.lines.late_beats if one is not None] == pytest.approx([0.0] * 4, abs=0.002)
    assert (learned.division, learned.beats_in_bar, learned.pairs[0].found) == ("1/4", 4, COUNT)
    assert {"most_ms", "fix_flams"} <= set(learned.unknown)


def test_its_settings_are_those_that_the_pair_shows(groove: Path) -> None:
    settings = read_groove(groove).settings
    assert settings["division"] == "1/4"
    assert not {"most_ms", "fix_flams"} & set(settings)


def test_another_take_is_moved_as_the_editor_would(
    groove: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    late_ms = _played(2)
    take = drum_take(tmp_path / "other", late_ms)
    words = ("align", *take.paths, "--bpm", BPM, "--start-s", 0.5, "--groove", groove)
    wanted_ms = _edited(late_ms) - late_ms
    at_limit = np.abs(np.abs(wanted_ms / STRENGTH) - NEAR_MS) < 1.5

    def moved_ms(*more: object) -> np.ndarray:
        assert main([*map(str, (*words, *more)), "--json"]) == 0
        hits = json.loads(capsys.readouterr().out)["hits"]
        assert len(hits) == COUNT
        return np.array([1000.0 * hit["shift_s"] for hit in hits])

    assert moved_ms()[~at_limit] == pytest.approx(wanted_ms[~at_limit], abs=1.0)
    whole = moved_ms("--strength", 1)
    moves = np.abs(wanted_ms) > 0
    assert whole[moves & ~at_limit] == pytest.approx(wanted_ms[moves & ~at_limit] / STRENGTH, abs=1.0)


def test_an_edited_file_may_start_elsewhere(
    raw: DrumTake, edited: DrumTake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    later = []
    for path in edited.paths:
        sound = soundfile.read(path)[0]
        later.append(tmp_path / path.name)
        soundfile.write(later[-1], np.concatenate([np.zeros(2 * RATE_HZ), sound]), RATE_HZ, "PCM_24")
    words = [
        *("learn-timing", "--raw", *raw.paths, "--edited", *later, "--out", tmp_path / "a.groove", "--json"),
        *("--bpm", BPM, "--start-s", 2.5, "--division", "1/4"),
    ]
    assert main([str(word) for word in words]) == 0
    learned: Mapping[str, Mapping[str, float]] = json.loads(capsys.readouterr().out)
    assert learned["strength"]["value"] == pytest.approx(STRENGTH, abs=0.05)
    assert learned["drums"]["snare"]["late_ms"] == pytest.approx(SNARE_MS, abs=1.0)


def test_the_same_file_has_nothing_to_learn(
    raw: DrumTake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = raw.paths[0].parent
    said = _refusal(capsys, *_words(folder, folder), "--out", tmp_path / "a.groove", status=1)
    assert "nothing to learn" in said
    assert not list(tmp_path.iterdir())


def test_few_hits_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    few = _played()[:12]
    folders = [
        drum_take(tmp_path / name, late).paths[0].parent for name, late in (("r", few), ("e", 0 * few))
    ]
    said = _refusal(capsys, *_words(*folders), "--out", tmp_path / "a.groove", status=1)
    assert "Only 12 hits" in said


def test_another_recording_is_refused(
    raw: DrumTake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "noise"
    other.mkdir()
    rng = np.random.default_rng(3)
    for path in raw.paths:
        bursts = rng.normal(0.0, 0.2, 24 * RATE_HZ) * (np.arange(24 * RATE_HZ) % 20_011 < 2_000)
        soundfile.write(other / path.name, bursts, RATE_HZ)
    assert main([*_words(raw.paths[0].parent, other), "--out", str(tmp_path / "a.groove")]) != 0
    assert not (tmp_path / "a.groove").exists()
    assert capsys.readouterr().err.count("\n") == 1


def test_silence_is_refused(raw: DrumTake, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "silence.wav"
    soundfile.write(path, np.zeros(10 * RATE_HZ), RATE_HZ)
    said = _refusal(capsys, *_words(path, raw.paths[0]), "--out", tmp_path / "a.groove", status=1)
    assert "silence.wav" in said


@pytest.mark.parametrize(
    ("more", "status"),
    [
        (("--out", "a.json"), 2),
        (("--out", "a.groove", "--division", "1/7"), 2),
        (("--out", "a.groove", "--raw", "again.wav"), 2),
    ],
)
def test_wrong_words_are_refused(
    raw: DrumTake,
    edited: DrumTake,
    more: tuple[str, ...],
    status: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    _refusal(capsys, *_words(raw.paths[0].parent, edited.paths[0].parent)[:-2], *more, status=status)


def test_files_without_a_partner_are_refused(
    raw: DrumTake, edited: DrumTake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = (
        "learn-timing",
        "--raw",
        *raw.paths,
        "--edited",
        *edited.paths[:2],
        "--out",
        tmp_path / "a.groove",
    )
    assert "4 recordings and 2 edited files" in _refusal(capsys, *words, status=2)


def _with(values: dict[str, object], **changes: object) -> str:
    return json.dumps({**values, **changes})


def test_a_damaged_groove_is_refused(groove: Path, tmp_path: Path) -> None:
    good = json.loads(groove.read_text())
    damaged = (
        "",
        "[]",
        "{}",
        "[" * 100_000,
        groove.read_text()[:-20],
        _with(good, version=2),
        _with(good, tempo_bpm="fast"),
        _with(good, own="field"),
        _with(good, division="1/7"),
        _with(good, beats_in_bar=3),
        _with(good, drums={"gong": {"hits": 8, "late_ms": 1.0}}),
        _with(good, strength={"value": 1.5, "hits": 9}),
        _with(good, lines={"late_beats": [None] * 4, "hits": [0] * 4}),
    )
    for number, text in enumerate(damaged):
        path = tmp_path / f"{number}.groove"
        path.write_text(text)
        with pytest.raises(SourceError, match=f"{number}.groove"):
            read_groove(path)

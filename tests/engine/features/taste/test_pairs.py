"""The user's cuts, found in raw recordings and their edits, decide what is proposed inside songs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from engine.analysis.beats.listen import listen
from engine.cli.main import main
from engine.core.progress import SILENT
from engine.document.proposals import QUESTION
from engine.document.settings import CutSettings, ThresholdMode
from engine.features.taste.anomaly.cut_habits import CutHabits
from engine.features.taste.anomaly.learn import LearnRequest, learn
from engine.features.taste.anomaly.recipes.config import load_config
from engine.features.taste.anomaly.score import score_file
from engine.features.taste.anomaly.taste import load_taste
from engine.features.taste.cuts.propose import propose_cuts
from engine.features.taste.learn import cuts_of_pairs

RATE_HZ = 22_050
SONG_S, SOFT_S, IDLE_S = 24.0, (9.0, 14.0), 8.0
BEAT_S, SONGS = 0.5, 3
SOFTER = 0.15
TINY = """
recipe: slicer-ae
hidden_dims: [8, 16]
latent_dim: 8
epochs: 4
segments_per_epoch: 96
mel: {rate_hz: 22050, n_mels: 32}
"""
Sound = NDArray[np.float32]
Span = tuple[float, float]


def song(seed: int) -> Sound:
    """Drums and chords; no two bars are alike."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(round(SONG_S * RATE_HZ)) / RATE_HZ
    roots_hz = 110.0 * 2.0 ** (rng.integers(0, 12, 64) / 12.0)
    root_hz = roots_hz[(time_s // (2 * BEAT_S)).astype(int)]
    sound = sum(0.05 * np.sin(2 * np.pi * root_hz * ratio * time_s) for ratio in (1.0, 1.5, 2.0, 2.5))
    for beat in range(round(SONG_S / BEAT_S)):
        for place, level, fall_s in ((0.0, 0.5 if beat % 2 else 0.8, 0.06), (0.5, 0.2, 0.02)):
            at = round((beat + place) * BEAT_S * RATE_HZ)
            stroke = rng.standard_normal(2000) * np.exp(-np.arange(2000) / (fall_s * RATE_HZ))
            sound[at : at + 2000] += level * 0.3 * stroke[: len(sound) - at]
    return np.asarray(sound, np.float32)


def rehearsal(seed: int, songs: int = SONGS) -> tuple[Sound, list[Span], list[Span]]:
    """Quiet and songs by turns, a passage of each too soft; also return where both are, in seconds."""
    rng, parts, idle, soft, at_s = np.random.default_rng(seed), [], [], [], 0.0
    for number in range(songs):
        parts.append(0.002 * rng.standard_normal(round(IDLE_S * RATE_HZ)))
        idle.append((at_s, at_s + IDLE_S))
        at_s += IDLE_S
        played = song(100 * seed + number)
        first, last = (round(edge_s * RATE_HZ) for edge_s in SOFT_S)
        played[first:last] *= SOFTER
        parts.append(played)
        soft.append((at_s + SOFT_S[0], at_s + SOFT_S[1]))
        at_s += SONG_S
    return np.concatenate(parts).astype(np.float32), idle, soft


def without(sound: Sound, spans: Sequence[Span]) -> Sound:
    kept = np.ones(len(sound), bool)
    for start_s, stop_s in spans:
        kept[round(start_s * RATE_HZ) : round(stop_s * RATE_HZ)] = False
    return sound[kept]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two rehearsals, each with an edit without its idle time and one without its soft passages, too."""
    folder = tmp_path_factory.mktemp("pairs")
    for number in (1, 2):
        sound, idle, soft = rehearsal(number)
        for name, cut in (("raw", []), ("between", idle), ("all", [*idle, *soft])):
            soundfile.write(folder / f"{name} {number}.wav", without(sound, cut), RATE_HZ, "FLOAT")
    return folder


@pytest.fixture(scope="module")
def habits(folder: Path) -> dict[str, CutHabits]:
    """By the name of the edits."""
    raws = [folder / f"raw {number}.wav" for number in (1, 2)]
    return {
        edit: cuts_of_pairs(raws, [folder / f"{edit} {number}.wav" for number in (1, 2)], SILENT)
        for edit in ("between", "all")
    }


def test_who_cuts_between_songs_makes_no_cut_inside_one(habits: dict[str, CutHabits]) -> None:
    cuts = habits["between"]
    assert cuts.lengths_s == pytest.approx([IDLE_S] * 6, abs=0.2)
    assert (cuts.inside_songs, cuts.kept_inside_songs, cuts.recordings) == (0, 0, 2)
    for one in cuts.of_recordings.values():
        assert one.recorded_s == pytest.approx(SONGS * (SONG_S + IDLE_S), abs=0.01)
    assert cuts.keeps_songs


def test_who_cuts_passages_out_of_songs_makes_cuts_inside_them(habits: dict[str, CutHabits]) -> None:
    cuts = habits["all"]
    assert len(cuts.lengths_s) == 4 * SONGS
    assert cuts.inside_songs == 2 * SONGS
    assert not cuts.keeps_songs


def test_files_made_of_other_recordings_show_no_cuts(folder: Path, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "other.wav", song(77), RATE_HZ, "FLOAT")
    soundfile.write(tmp_path / "short.wav", song(77)[:1000], RATE_HZ, "FLOAT")
    others = [tmp_path / "other.wav", tmp_path / "short.wav"]
    assert cuts_of_pairs([folder / "raw 1.wav"], others, SILENT) is None


def test_songs_that_were_bounced_one_by_one_are_one_edit(folder: Path, tmp_path: Path) -> None:
    sound, _ = soundfile.read(folder / "raw 1.wav", dtype="float32")
    bounced = []
    for number in range(SONGS):
        start_s = number * (IDLE_S + SONG_S) + IDLE_S
        bounced.append(tmp_path / f"song {number}.wav")
        played = sound[round(start_s * RATE_HZ) : round((start_s + SONG_S) * RATE_HZ)]
        soundfile.write(bounced[-1], played, RATE_HZ, "FLOAT")
    found = cuts_of_pairs([folder / "raw 1.wav"], bounced, SILENT)
    assert found is not None
    assert found.lengths_s == pytest.approx([IDLE_S] * SONGS, abs=0.2)
    assert (found.recordings, found.keeps_songs) == (1, False)


def test_the_verb_learns_them_from_raw_recordings(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, out = tmp_path / "tiny.yaml", tmp_path / "band.taste"
    config.write_text(TINY)
    words = ["learn", folder / "between 1.wav", "--raw", folder / "raw 1.wav", "--config", config]
    assert main([*map(str, words), "--out", str(out), "--json"]) == 0
    cuts = load_taste(out).habits.cuts
    assert cuts is not None
    assert cuts.lengths_s == pytest.approx([IDLE_S] * SONGS, abs=0.2)
    assert json.loads(capsys.readouterr().out)["cuts"] == cuts.sentence


def test_no_cut_is_proposed_inside_a_song_if_the_user_makes_none(
    folder: Path, habits: dict[str, CutHabits], tmp_path: Path
) -> None:
    (tmp_path / "tiny.yaml").write_text(TINY)
    edited = tuple(folder / f"all {number}.wav" for number in (1, 2))
    out = tmp_path / "band.taste"
    request = LearnRequest(edited, load_config(tmp_path / "tiny.yaml"), 0, out, cuts=habits["between"])
    learn(request, SILENT)
    taste = load_taste(out)
    assert taste.habits.cuts == habits["between"]
    sound, idle, soft = rehearsal(1)
    heard = listen([sound], RATE_HZ, len(sound))
    scores = score_file(taste, folder / "raw 1.wav", SILENT)

    def proposed(cuts: CutHabits | None, mode: ThresholdMode = "automatic") -> list[Span]:
        plan = propose_cuts(
            replace(scores, cuts=cuts).curve(RATE_HZ, "tiny"),
            heard.listening,
            heard.grid,
            length_samples=len(sound),
            rate_hz=RATE_HZ,
            settings=CutSettings(threshold_mode=mode, score=scores.limit),
        )
        cuts = [one for one in plan.proposals if QUESTION not in one.payload]
        return [(one.start_samples / RATE_HZ, one.stop_samples / RATE_HZ) for one in cuts]

    assert scores.cuts == habits["between"]
    both = sorted([*idle, *soft])
    assert np.array(proposed(None)) == pytest.approx(np.array(both), abs=2.0)
    assert np.array(proposed(habits["between"])) == pytest.approx(np.array(idle), abs=2.0)
    assert proposed(habits["all"]) == proposed(None)
    assert proposed(habits["between"], "score") == proposed(None, "score")

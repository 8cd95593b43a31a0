"""Made songs have the form they are made of, a perfect answer scores 1, and ours exceeds the baselines."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from engine.core.errors import UsageError
from engine.core.progress import SILENT
from engine.lab.evaluation.structure.measures import scored
from engine.lab.evaluation.structure.scores import FORMS, made_score
from engine.lab.evaluation.structure.songs import annotated_sections, loop_songs
from engine.lab.evaluation.structure.structure import evaluate
from engine.lab.training.beats.soundfont import has_fluid_r3

TRUTH = ((0.5, 10.0, "A"), (10.0, 20.0, "B"), (20.0, 31.0, "A"))


@pytest.mark.parametrize("half", [0, 1])
def test_a_score_has_the_sections_of_its_form(half: int) -> None:
    for seed, form in enumerate(FORMS):
        score = made_score(seed, half)
        assert "".join(label for *_, label in score.sections) == form
        assert all(one[1] == other[0] for one, other in pairwise(score.sections))
        assert max(note.start_s for note in score.notes) < score.length_s


def test_halves_share_no_instrument() -> None:
    programs: list[set[tuple[int, int]]] = [set(), set()]
    for half, seen in enumerate(programs):
        for seed in range(20):
            seen |= set(made_score(seed, half).programs.items())
    assert {channel for channel, _ in programs[0] & programs[1]} == {9}


def test_a_perfect_answer_scores_one_and_a_late_one_less() -> None:
    best = scored(TRUTH, [(start, stop, label.lower()) for start, stop, label in TRUTH])
    assert (best.near, best.wide, best.labels) == (1.0, 1.0, 1.0)
    late = scored(TRUTH, [(0.0, 11.0, "x"), (11.0, 21.0, "y"), (21.0, 40.0, "x")])
    assert (late.near, late.wide) == (0.0, 1.0)
    assert late.labels < 1.0


@pytest.mark.parametrize("found", [(), ((12.5, 20.0, "B"),), ((40.0, 50.0, "A"),)])
def test_answers_with_gaps_and_without_sections_are_scored(
    found: tuple[tuple[float, float, str], ...],
) -> None:
    assert 0.0 <= scored(TRUTH, found).wide < 1.0


def test_annotated_sections_adjoin() -> None:
    for part in (0, 1):
        for sections in annotated_sections(part).values():
            assert all(start < stop for start, stop, _ in sections)
            assert all(one[1] == other[0] for one, other in pairwise(sections))


def test_a_folder_without_loops_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        next(loop_songs(tmp_path, 1, 1))


@pytest.mark.long
@pytest.mark.skipif(not has_fluid_r3(), reason="fluidsynth or its sound font is not installed")
def test_a_short_run_reports_each_row(data_dir: Path) -> None:
    lines = list(evaluate(data_dir, progress=SILENT, short=True))
    rows = [line for line in lines if "row" in line]
    means = {(one["material"], one["row"], one["figure"]): float(str(one["mean"])) for one in rows}
    assert means["made songs", "ours", "f_2_s"] > means["made songs", "librosa Laplacian", "f_2_s"]
    assert means["made songs", "ours", "pairwise_f"] > means["made songs", "equal, one label", "pairwise_f"]
    assert means["annotated songs, settings chosen", "ours", "f_2_s"] > 0.5
    assert means["no music", "ours", "with_sections"] == 0.0

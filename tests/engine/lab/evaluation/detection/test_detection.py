"""Precision and recall of sounds by name in clips and interviews."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.core.errors import SourceError
from engine.lab.evaluation.detection.counted import Counted
from engine.lab.evaluation.detection.detection import evaluate
from engine.lab.evaluation.detection.interviews import CHOSEN, MEANT, REPORTED, interviews, sources
from engine.lab.evaluation.separation.recordings import Occurrence, Relation
from engine.lab.evaluation.separation.unseen_sources import RATE_HZ


def test_detections_are_counted_by_interview_and_pooled() -> None:
    asked = [
        (Occurrence("dog", 10.0, 11.0, Relation.ANOTHER, 5.0), True),
        (Occurrence("dog", 20.0, 21.0, Relation.ANOTHER, 5.0), False),
    ]
    counted = Counted()
    counted.add([(9.8, 11.2, 0.9), (15.0, 16.0, 0.8)], asked)
    counted.add([(9.8, 11.2, 0.9), (20.0, 21.0, 0.9)], asked)
    counted.add([], [])
    assert (counted.precision, counted.recall) == (0.75, 0.75)
    assert counted.pooled == (0.75, 0.75)
    assert counted.over_speech == {True: [True, True], False: [False, True]}


def test_interviews_are_repeatable_and_hold_what_they_name(data_dir: Path) -> None:
    made_of = sources(data_dir, CHOSEN)
    (one,), (again,) = (list(interviews(made_of, 1, 3, (40.0, 45.0))) for _ in range(2))
    np.testing.assert_array_equal(one.samples, again.samples)
    assert one.occurrences == again.occurrences
    assert any(one.of(prompt) for prompt in MEANT)
    starts_s = [each.start_s for each in one.occurrences]
    assert starts_s == sorted(starts_s)
    for each in one.occurrences:
        span = slice(round(each.start_s * RATE_HZ), round(each.stop_s * RATE_HZ))
        assert each.stop_s <= one.length_s
        assert np.abs(one.samples[span]).max() > 0.0
    for name, parts in made_of.parts.items():
        others = sources(data_dir, REPORTED).parts.get(name, ())
        assert not any(np.array_equal(part, other) for part in parts for other in others)


@pytest.mark.long
def test_a_short_evaluation_yields_all_lines(data_dir: Path) -> None:
    lines = {str(line["metric"]): line for line in evaluate(data_dir, short=True)}
    named = lines["detection: mean average precision by name"]
    assert float(named["value"]) > 2.0 * float(named["baseline"])
    for prompt in (*MEANT, "all prompts"):
        for what in ("precision", "recall"):
            line = lines[f"interviews, {prompt}: {what}"]
            assert all(0.0 <= float(line[key]) <= 1.0 for key in ("value", "baseline", "chance", "pooled"))


def test_a_folder_without_voices_is_named(tmp_path: Path, data_dir: Path) -> None:
    (tmp_path / "esc50").symlink_to(data_dir / "esc50")
    with pytest.raises(SourceError, match="no speech"):
        sources(tmp_path, CHOSEN)

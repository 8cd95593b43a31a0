"""Rehearsals of known structure: bulk acceptance cuts no first or last bar of a reference take."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.core.progress import SILENT
from engine.lab.evaluation.arranging.structured import structured
from engine.lab.evaluation.arranging.structured_rows import evaluate_structured
from engine.lab.evaluation.arranging.structured_sounds import RATE_HZ, material_in


def test_a_rehearsal_is_as_its_parts_say(data_dir: Path) -> None:
    material = material_in(data_dir)
    made, again = (structured(material, 101, longest_s=20.0) for _ in range(2))
    np.testing.assert_array_equal(made.audio, again.audio)
    assert made.of("take")
    starts = [part.start_s for part in made.parts]
    assert starts == sorted(starts)
    assert made.parts[-1].stop_s <= len(made.audio) / RATE_HZ


def test_no_first_or_last_bar_of_a_reference_is_cut(data_dir: Path) -> None:
    lines = list(evaluate_structured(data_dir, progress=SILENT, count=2, longest_s=24.0))
    found = {(line["metric"], line["row"]): line["value"] for line in lines}
    assert found["reference_first_bars_cut", "accepted in bulk"] == 0
    assert found["reference_last_bars_cut", "accepted in bulk"] == 0
    assert found["cut_time_outside_references", "strong evidence"] == 1.0

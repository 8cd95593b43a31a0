"""What is said of a taste, from what was measured of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.analysis.learning.loop import Epoch
from engine.document.settings import CutSettings
from engine.features.taste.diagnoses.findings import Action, Severity, Symptoms, Tilt, judge
from engine.features.taste.diagnoses.material import still_learning

SOUND = Symptoms(
    usual_score=0.55,
    highest_score=0.98,
    odd_share=0.3,
    noise_score=0.99,
    kept_share=0.0,
    tilt=Tilt(2.0, 1000.0, 2000.0),
    blind_share=0.4,
    is_still_learning=False,
)
HIGH = Tilt(-23.0, 5200.0, 8000.0)


@pytest.mark.parametrize(
    ("symptoms", "cuts", "cut_share", "names"),
    [
        (SOUND, CutSettings(), 0.5, []),
        (replace(SOUND, odd_share=0.95, tilt=HIGH), CutSettings(), 0.6, ["other-sound"]),
        (replace(SOUND, tilt=HIGH), CutSettings(), 0.6, ["other-sound"]),
        (replace(SOUND, odd_share=0.95), CutSettings(), 0.6, ["poor-unlike"]),
        (replace(SOUND, odd_share=0.95, tilt=None), CutSettings(), 0.6, ["poor-unlike"]),
        (replace(SOUND, blind_share=0.95), CutSettings(), 0.6, ["too-small"]),
        (
            replace(SOUND, odd_share=0.95, blind_share=1.4, is_still_learning=True),
            CutSettings(),
            0.6,
            ["under-trained"],
        ),
        (replace(SOUND, blind_share=None, is_still_learning=True), CutSettings(), 0.6, ["under-trained"]),
        (SOUND, CutSettings("percentile", percentile=5.0), 0.97, ["everything-cut-threshold"]),
        (SOUND, CutSettings("score", score=0.4), 0.97, ["everything-cut-threshold"]),
        (SOUND, CutSettings("keep", keep=0.05), 0.97, ["everything-cut-threshold"]),
        (SOUND, CutSettings("score"), 0.97, ["everything-cut-pieces"]),
        (
            replace(SOUND, odd_share=0.97),
            CutSettings("score"),
            0.97,
            ["poor-unlike", "everything-cut-style"],
        ),
        (SOUND, CutSettings(), 0.97, ["everything-cut-pieces"]),
        (replace(SOUND, odd_share=0.97), CutSettings(), 0.97, ["poor-unlike", "everything-cut-style"]),
        (SOUND, CutSettings(), 0.0, ["nothing-cut"]),
        (replace(SOUND, highest_score=0.7), CutSettings(), 0.0, ["nothing-cut"]),
        (SOUND, CutSettings("percentile", percentile=99.0), 0.0, ["nothing-cut-threshold"]),
        (SOUND, CutSettings("score", score=0.99), 0.0, ["nothing-cut-threshold"]),
        (SOUND, CutSettings("keep", keep=1.0), 0.0, ["nothing-cut-threshold"]),
        (SOUND, CutSettings("score", score=0.9), 0.0, ["nothing-cut"]),
        (replace(SOUND, noise_score=0.52), CutSettings("score"), 0.0, ["passes-noise"]),
        (replace(SOUND, noise_score=0.52), CutSettings(), 0.5, ["passes-noise"]),
        (replace(SOUND, kept_share=0.95), CutSettings("score"), 0.0, ["already-kept"]),
    ],
)
def test_each_failure_is_told_apart(
    symptoms: Symptoms, cuts: CutSettings, cut_share: float, names: list[str]
) -> None:
    found = judge(symptoms, cuts, cut_share)
    assert [finding.name for finding in found] == names
    for finding in found:
        assert 1 <= len(finding.remedies) <= 2
        assert finding.sentence.endswith(".")


def test_a_threshold_is_told_with_what_it_is() -> None:
    (finding,) = judge(SOUND, CutSettings("score", score=0.4), 0.97)
    assert finding.sentence == (
        "97 % of the recording would be cut: the threshold is 0.40, and 0.50 is typical of the training data."
    )
    assert finding.severity is Severity.WRONG
    assert [remedy.action for remedy in finding.remedies] == [Action.FIND_THRESHOLD, Action.KEEP_HALF]


@pytest.mark.parametrize("score", [0.0, 0.99])
def test_a_threshold_that_was_found_is_never_blamed(score: float) -> None:
    """What the settings hold of other ways to set it is not in force."""
    cuts = CutSettings(score=score, percentile=100.0 * score, keep=1.0 - 0.99 * score)
    odd = replace(SOUND, odd_share=0.97)
    found = {cut_share: judge(odd, cuts, cut_share)[-1] for cut_share in (0.0, 0.97)}
    mistake = "sounds as wrong as a mistake in your edits would."
    assert found[0.0].sentence == f"Nothing would be cut: hardly any of it {mistake}"
    assert found[0.97].sentence == f"97 % of the recording would be cut: nearly all of it {mistake}"
    for finding in found.values():
        assert Action.FIND_THRESHOLD not in [remedy.action for remedy in finding.remedies]


@pytest.mark.parametrize(
    ("losses", "expected"),
    [
        ([0.7, 0.6], True),
        ([1.0, 0.8, 0.6, 0.5, 0.3], True),
        ([1.0, 0.5, 0.4, 0.4, 0.4, 0.39, 0.39, 0.4, 0.41, 0.39], False),
        ([1.0] * 10, False),
    ],
)
def test_a_falling_loss_is_seen(losses: list[float], expected: bool) -> None:
    history = [Epoch(number, loss, loss) for number, loss in enumerate(losses, start=1)]
    assert still_learning(history) is expected

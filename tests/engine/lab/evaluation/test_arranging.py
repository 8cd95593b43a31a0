"""Plain rows do what they say, made editors do what their rules say, and the figures come out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.analysis.learning.loop import seeded
from engine.core.progress import SILENT
from engine.features.arrangement.network import ArrangingNetwork
from engine.features.arrangement.step_features import PLACES, places_of
from engine.features.arrangement.steps import plays, spans_of
from engine.lab.evaluation.arranging import plain
from engine.lab.evaluation.arranging.arrange import FIGURES, Trial, measured
from engine.lab.evaluation.arranging.compared import compared
from engine.lab.training.arranging.editors import MadeEditor, Part, TakeChoice
from engine.lab.training.arranging.rehearsals import ATTEMPT, PAUSE, TAKE, TALK, Piece, Rehearsal, end_to_end
from tests.engine.features.arrangement import made
from tests.engine.features.arrangement.test_learning import quiet_is_cut

PAIRS = tuple(quiet_is_cut(seed) for seed in (1, 2, 3))
WANTED = quiet_is_cut(50)


def rehearsal() -> Rehearsal:
    pieces = (
        Piece(0, 10, ATTEMPT),
        Piece(10, 14, PAUSE),
        Piece(14, 44, TAKE, 0),
        Piece(44, 50, TALK),
        Piece(50, 80, TAKE, 0),
        Piece(80, 88, PAUSE),
    )
    heard = made.heard(np.random.default_rng(0), [(88, True)])
    return Rehearsal("made", heard, pieces, (-20.0, -60.0, -18.0, -30.0, -22.0, -60.0))


def test_rehearsals_end_to_end_are_one_recording() -> None:
    one = rehearsal()
    linked = replace(one.heard, earlier=np.where(np.arange(88) >= 50, np.arange(88) - 36, -1))
    linked.features[:, PLACES] = np.stack(places_of(88), axis=1)
    one = replace(one, heard=linked)
    alone = end_to_end([one])
    np.testing.assert_allclose(alone.heard.features, linked.features, atol=1e-6)
    assert alone.pieces == one.pieces
    twice = end_to_end([one, one])
    assert len(twice.heard) == 176
    np.testing.assert_array_equal(
        np.diff(twice.heard.steps.edges_samples), np.tile(np.diff(linked.steps.edges_samples), 2)
    )
    np.testing.assert_array_equal(twice.heard.earlier[:88], linked.earlier)
    assert twice.heard.earlier[88 + 50] == 88 + 14
    assert (twice.heard.earlier[88:138] == -1).all()
    np.testing.assert_allclose(twice.heard.features[:, PLACES], np.stack(places_of(176), axis=1), atol=1e-6)
    editor = MadeEditor(kept=TakeChoice.LAST, pause_steps=2)
    assert spans_of(editor.order(twice, np.random.default_rng(0))) == [(50, 82), (138, 170)]


def test_made_editors_do_what_their_rules_say() -> None:
    rng, one = np.random.default_rng(0), rehearsal()
    orders = {
        name: spans_of(MadeEditor(**rules).order(one, rng))  # type: ignore[arg-type]
        for name, rules in {
            "last": {"kept": TakeChoice.LAST, "pause_steps": 2},
            "loudest": {"kept": TakeChoice.LOUDEST, "pause_steps": 0},
            "all": {"drops_attempts": False, "drops_talk": False},
            "ends": {
                "kept": TakeChoice.FIRST,
                "longest_beats": 8,
                "shortened_to": Part.MIDDLE_OUT,
                "pause_steps": 0,
            },
            "looped": {"kept": TakeChoice.FIRST, "loop_beats": 4, "loop_times": 3, "pause_steps": 0},
        }.items()
    }
    assert orders == {
        "last": [(50, 82)],
        "loudest": [(14, 44)],
        "all": [(0, 88)],
        "ends": [(14, 18), (40, 44)],
        "looped": [(14, 18), (14, 18), (14, 44)],
    }


def test_plain_rows_keep_as_much_as_the_editor() -> None:
    share = plain.kept_share(PAIRS)
    for order in (plain.energy(WANTED.heard, PAIRS), plain.score_and_cut(WANTED.heard, PAIRS)):
        kept = float((plays(order, len(WANTED.heard)) > 0).mean())
        assert abs(kept - share) < 0.15
    assert len(plain.copied(WANTED.heard)) == len(WANTED.heard)
    again = [plain.random_pieces(WANTED.heard, PAIRS, np.random.default_rng(3)).tolist() for _ in range(2)]
    assert again[0] == again[1]


def test_the_semi_markov_row_finds_what_lines_can_tell() -> None:
    found = plain.SemiMarkov.learned(PAIRS).order(WANTED.heard)
    assert compared(found, WANTED.order, WANTED.heard.steps).cuts_f_beat > 0.9


def test_every_row_has_every_figure() -> None:
    with seeded(0):
        network = ArrangingNetwork().eval()
    lines = list(measured([Trial("seen kinds", PAIRS[:1], (WANTED,))], network, SILENT))
    rows = {str(line["row"]) for line in lines}
    assert {"copy-all", "random", "energy", "score-and-cut", "semi-Markov", "ours, no pairs"} <= rows
    assert {str(line["metric"]) for line in lines} >= {*FIGURES, "jump_targets"}
    assert all(np.isfinite(float(str(line["value"]))) for line in lines)

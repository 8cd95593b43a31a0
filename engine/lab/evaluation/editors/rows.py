"""``offcut evaluate editors``: hidden editors of jams, and the ways to edit other jams as they do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from engine.core.progress import SILENT, Progress
from engine.features.arrangement.choices.search import Example, floor_of, made_by
from engine.features.arrangement.choices.units import PHRASE as PHRASE_UNIT
from engine.features.arrangement.choices.units import units_of
from engine.features.arrangement.decode import Bounds
from engine.features.arrangement.editor import Editor, arrangements, learn_editor, shipped_network
from engine.features.arrangement.methods import BY_NETWORK
from engine.features.arrangement.network import Pair
from engine.features.arrangement.rules.learned import rules_of
from engine.features.arrangement.rules.outline import outlines_of
from engine.features.arrangement.rules.search import orders_by
from engine.features.arrangement.step_features import StepFeatures
from engine.features.arrangement.steps import Order, order_of_spans, spans_of
from engine.lab.evaluation.arranging.forms.plain import of_nearest
from engine.lab.evaluation.editors.analysed import GENERATORS, AnalysedJam, analysed
from engine.lab.evaluation.editors.hidden import HiddenEditor, hidden_editors
from engine.lab.evaluation.editors.jams import PHRASE
from engine.lab.evaluation.editors.scored import Scored, Span, scored

Line = dict[str, object]
Find = Callable[[AnalysedJam], Sequence[Span]]

TESTED = 2
"""Unseen jams of each seed."""
_COLUMNS = ("cuts_f", "jumps_f", "order", "share")


def evaluate(
    data_dir: Path, made: Path | None, *, seeds: int, pairs: int = 5, progress: Progress = SILENT
) -> Iterator[Line]:
    """Yield the figures of hidden editors, a line each.

    Jams to learn from and unseen ones have no recording, kit or font in common. The edits of the pairs are
    known, not matched.

    Parameters
    ----------
    data_dir : holds music/, loops/, mdbdrums/ and speech/
    made : folder of analysed jams; None to make them again
    seeds : draws of jams and of the numbers of editors
    pairs : from which each editor is learned

    Raises
    ------
    Cancelled : the user asked for it
    """
    figures: dict[tuple[str, str, str], list[Scored]] = {}
    for number, (generator, seed) in enumerate((one, two) for one in GENERATORS for two in range(seeds)):
        progress.check_cancelled()
        progress.report(number / (seeds * len(GENERATORS)), "Editing as hidden editors do")
        learned = [analysed(data_dir, made, generator, 0, 10 * seed + at) for at in range(pairs)]
        tested = [analysed(data_dir, made, generator, 1, TESTED * seed + at) for at in range(TESTED)]
        for at, editor in enumerate(hidden_editors(seed)):
            for row, find in rows_of([pair_of(one, editor) for one in learned], seed).items():
                for jam in tested:
                    found = scored(
                        find(jam), editor.edit(jam.jam), length_s=jam.jam.length_s, tolerance_s=jam.beat_s
                    )
                    figures.setdefault((generator, f"editor {at + 1}", row), []).append(found)
                    figures.setdefault((generator, "all", row), []).append(found)
    for (generator, about, row), values in figures.items():
        yield from _lines(f"{generator} jams, {about}", row, values)


def pair_of(one: AnalysedJam, editor: HiddenEditor) -> Pair:
    """Return an analysed jam and a hidden editor's order of it."""
    rate_hz = one.jam.rate_hz
    spans = [(round(start_s * rate_hz), round(stop_s * rate_hz)) for start_s, stop_s in editor.edit(one.jam)]
    return Pair(one.jam.name, one.heard, order_of_spans(spans, one.heard.steps))


def rows_of(pairs: Sequence[Pair], seed: int) -> Mapping[str, Find]:
    """Return the ways to edit a jam as these pairs were edited, by name."""
    network = shipped_network()
    editor = learn_editor(pairs, "", network, seed=seed)
    plain = replace(editor, method=BY_NETWORK)
    floor = floor_of([Example(units_of(pair.heard), pair.order) for pair in pairs])
    rules = rules_of(pairs, seed)

    def by_orders(make: Callable[[StepFeatures], Order]) -> Find:
        return lambda one: _seconds(make(one.heard), one.heard)

    def arranged(by: Editor) -> Callable[[StepFeatures], Order]:
        return lambda heard: arrangements(network, heard, Bounds.none(len(heard)), editor=by)[0].order

    def by_rules(heard: StepFeatures) -> Order:
        return orders_by(rules, outlines_of(heard))[0].order if rules else _all(heard)

    return {
        "copy": lambda one: ((0.0, one.jam.length_s),),
        "true music": lambda one: [(p.start_s, p.stop_s) for p in one.jam.passages if p.kind == PHRASE],
        "energy": by_orders(_loud),
        "rubbish dropped": by_orders(lambda heard: made_by(floor, units_of(heard))),
        "nearest edit": by_orders(lambda heard: of_nearest(heard, pairs)),
        "rules": by_orders(by_rules),
        "network, by examples": by_orders(arranged(plain)),
        "Offcut": by_orders(arranged(editor)),
    }


def _all(heard: StepFeatures) -> Order:
    return np.arange(len(heard))


def _loud(heard: StepFeatures) -> Order:
    """Play the steps that are no more than 10 dB softer than half of the phrases."""
    levels = [one.level_db for one in units_of(heard) if one.kind == PHRASE_UNIT]
    least = float(np.median(levels)) - 10.0 if levels else -np.inf
    loud = np.flatnonzero(heard.powers_db > least)
    return loud if len(loud) else _all(heard)


def _seconds(order: Order, heard: StepFeatures) -> list[Span]:
    edges_s = heard.steps.edges_s
    return [(float(edges_s[first]), float(edges_s[last])) for first, last in spans_of(order)]


def _lines(about: str, row: str, figures: Sequence[Scored]) -> Iterator[Line]:
    """Yield mean, median and worst decile of each figure."""
    for column in _COLUMNS:
        values = [value for one in figures if (value := getattr(one, column)) is not None]
        if values:
            told = {
                "": np.mean(values),
                "_median": np.median(values),
                "_worst_decile": np.quantile(values, 0.1),
            }
            for name, value in told.items():
                yield {
                    "metric": f"{column}{name}",
                    "about": about,
                    "row": row,
                    "value": round(float(value), 4),
                    "n": len(values),
                }

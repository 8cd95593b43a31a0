"""``offcut evaluate arrange``: hidden editors of six families, against rows that know no rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean

import numpy as np

from engine.analysis.beats.listen import listen
from engine.core.progress import SILENT, Progress
from engine.features.arrangement.decode import Bounds
from engine.features.arrangement.editor import adapter_of, arrangements, learn_editor, shipped_network
from engine.features.arrangement.methods import BY_NETWORK
from engine.features.arrangement.network import Pair
from engine.features.arrangement.step_features import StepFeatures, hear
from engine.features.arrangement.steps import Order
from engine.lab.evaluation.arranging import plain
from engine.lab.evaluation.arranging.compared import compared
from engine.lab.evaluation.arranging.forms.figures import jump_f, order_tau, reorders
from engine.lab.evaluation.arranging.forms.hidden import FAMILIES, HiddenEditor
from engine.lab.evaluation.arranging.forms.plain import of_nearest, without_rubbish
from engine.lab.evaluation.arranging.forms.raws import Part, raw
from engine.lab.evaluation.arranging.forms.songs import RATE_HZ
from engine.lab.training.beats.soundfont import has_fluid_r3
from engine.sound.decoders.libsndfile import LIBSNDFILE

Line = dict[str, object]

ABOUT = "hidden editors"
RECORDINGS, SEEDS = 12, 5
_FIRST, _DRAWS = 40, 4801
"""Recordings from this number on, and these draws of editors: settings were chosen on others."""
_PAIRS, _FOUND = 3, 3
_LEAST_STEPS = 4


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """An analysed raw recording of known form."""

    parts: tuple[Part, ...]
    heard: StepFeatures

    def edited_by(self, editor: HiddenEditor) -> Pair:
        """Return the edit that an editor makes of it."""
        return Pair(editor.family, self.heard, editor.order(self.parts, self.heard.steps))


@dataclass(frozen=True, slots=True)
class _Figures:
    """Agreement with a right edit; `tau` is None where that reorders nothing."""

    cuts_f: float
    jumps_f: float
    tau: float | None


def evaluate_forms(
    data_dir: Path, *, progress: Progress = SILENT, recordings: int = RECORDINGS, seeds: int = SEEDS
) -> Iterator[Line]:
    """Yield the figures of hidden editors, a line each; none without a sound font, fluidsynth or speech.

    Parameters
    ----------
    data_dir : holds speech/
    recordings : of each kind; the first half is for pairs, the other half is to be edited
    seeds : draws of each family of editors, and of the search for rules
    """
    files = sorted(p for p in (data_dir / "speech").rglob("*") if p.suffix.lower() in LIBSNDFILE.suffixes)
    if not (has_fluid_r3() and len(files) > 1):
        return
    made: dict[tuple[str, int], Heard] = {}
    figures: dict[tuple[str, str], list[_Figures]] = {}
    for seed in range(seeds):
        for number, family in enumerate(FAMILIES):
            progress.check_cancelled()
            progress.report((seed + number / len(FAMILIES)) / seeds, "Editing as hidden editors do")
            rng = np.random.default_rng([number, seed, _DRAWS])
            editor = family(rng)
            learned, wanted = (
                [_heard(made, editor.kind, int(at), files[1::2]) for at in rng.permutation(half)[:count]]
                for half, count in (
                    (_FIRST + np.arange(recordings // 2), _PAIRS),
                    (_FIRST + np.arange(recordings // 2, recordings), _FOUND),
                )
            )
            pairs = [one.edited_by(editor) for one in learned]
            for row, find in _rows(pairs, seed).items():
                for one in wanted:
                    right = one.edited_by(editor).order
                    found = _figures(find(one.heard), right, one.heard)
                    figures.setdefault((editor.family, row), []).append(found)
                    figures.setdefault((ABOUT, row), []).append(found)
    for (about, row), values in figures.items():
        yield from _lines(about, row, values)


def _heard(made: dict[tuple[str, int], Heard], kind: str, number: int, speech: Sequence[Path]) -> Heard:
    """Return a recording, analysed once."""
    if (kind, number) not in made:
        one = raw(kind, number, speech)
        grid = listen([one.audio], RATE_HZ, len(one.audio)).grid
        made[kind, number] = Heard(one.parts, hear([one.audio], RATE_HZ, len(one.audio), grid))
    return made[kind, number]


def _rows(pairs: Sequence[Pair], seed: int) -> Mapping[str, Callable[[StepFeatures], Order]]:
    """Return the ways to edit a recording as these pairs were edited, by name."""
    network = shipped_network()
    editor = learn_editor(pairs, "", network, seed=seed)
    by_network = replace(editor, adapter=adapter_of(pairs, network, seed=seed), method=BY_NETWORK)

    def ours(heard: StepFeatures, *, is_chosen: bool = True) -> Order:
        bounds = replace(Bounds.none(len(heard)), least_steps=_LEAST_STEPS)
        chosen = editor if is_chosen else by_network
        return arrangements(network, heard, bounds, editor=chosen)[0].order

    return {
        "copy-all": plain.copied,
        "rubbish removed": without_rubbish,
        "nearest neighbour": lambda heard: of_nearest(heard, pairs),
        "semi-Markov": plain.SemiMarkov.learned(pairs).order,
        "ours, by the network alone": lambda heard: ours(heard, is_chosen=False),
        "ours": ours,
    }


def _figures(found: Order, right: Order, heard: StepFeatures) -> _Figures:
    tau = order_tau(found, right, len(heard)) if reorders(right) else None
    return _Figures(compared(found, right, heard.steps).cuts_f_beat, jump_f(found, right), tau)


def _lines(about: str, row: str, figures: Sequence[_Figures]) -> Iterator[Line]:
    """Yield mean, median and worst decile of each figure."""
    columns = {
        "cuts_f_beat": [one.cuts_f for one in figures],
        "jumps_f": [one.jumps_f for one in figures],
        "order_tau": [one.tau for one in figures if one.tau is not None],
    }
    for name, values in columns.items():
        if values:
            yield _line(name, about, row, fmean(values), len(values))
            yield _line(f"{name}_median", about, row, float(np.median(values)), len(values))
            yield _line(f"{name}_worst_decile", about, row, float(np.quantile(values, 0.1)), len(values))


def _line(metric: str, about: str, row: str, value: float, n: int) -> Line:
    return {"metric": metric, "about": about, "row": row, "value": value, "n": n}

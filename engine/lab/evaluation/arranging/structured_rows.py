"""``offcut evaluate arrange``: rehearsals of known structure, arranged and accepted in bulk."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median

import numpy as np
import soundfile
from numpy.typing import NDArray

from engine.core.progress import SILENT, Progress
from engine.core.timebase import runs
from engine.document.document import Document
from engine.document.edits.proposals import set_analyses
from engine.document.grid_readings import grid_in_force
from engine.document.kinds.order import CUT
from engine.document.proposals import Evidence, Proposal
from engine.document.state import DocumentState
from engine.features.arrangement.editor import shipped_network
from engine.features.arrangement.finder.arrange import arranged
from engine.features.arrangement.finder.requests import ArrangeRequest, ProposedArrangement
from engine.features.arrangement.step_features import StepFeatures, hear
from engine.features.arrangement.steps import Order, order_of
from engine.features.takes.finders.take_proposals import propose_takes
from engine.lab.evaluation.arranging.compared import compared
from engine.lab.evaluation.arranging.jumps import jumps_right, next_kept
from engine.lab.evaluation.arranging.structured import LONGEST_SONG_S, Part, Structured, structured
from engine.lab.evaluation.arranging.structured_sounds import RATE_HZ, material_in
from engine.recordings.analyses import AnalysisRequest
from engine.recordings.import_audio import ImportRequest, import_audio, import_edit
from engine.recordings.listen import listen_to_document, mono_blocks

Line = dict[str, object]
Flags = NDArray[np.bool_]

ABOUT = "rehearsals of known structure"
REHEARSALS = 12
BAR_S = 2.0
_WHOLE = 0.95
_COUNT_IN_S = 0.7
"""The last click of a count-in ends up to a beat before the take, and beats last up to 0.65 s."""
_RIGHT_S = 0.25
_LONG_S = 20.0


@dataclass(frozen=True, slots=True, eq=False)
class Analysed:
    """A rehearsal of known structure, analysed as a document is."""

    rehearsal: Structured
    state: DocumentState
    heard: StepFeatures
    made: ProposedArrangement

    def without(self, cuts: Sequence[Proposal]) -> Flags:
        """Return the steps that remain after some cuts, shape (n,)."""
        flags = np.ones(len(self.heard), bool)
        for cut in cuts:
            first, last = self.heard.steps.within(cut.start_samples, cut.stop_samples)
            flags[first:last] = False
        return flags

    def cuts(self, *, strong_only: bool) -> list[Proposal]:
        """Return the proposed cuts, all of them or those that bulk acceptance accepts."""
        return [
            one
            for one in self.made.proposals
            if one.kind == CUT.name and not (strong_only and one.evidence is Evidence.WEAK)
        ]


def evaluate_structured(
    data_dir: Path,
    *,
    progress: Progress,
    count: int = REHEARSALS,
    part: int = 1,
    longest_s: float = LONGEST_SONG_S,
) -> Iterator[Line]:
    """Yield the figures of rehearsals of known structure, a line each.

    Parameters
    ----------
    count : of rehearsals
    part : 1 for recordings that the arranger was not trained on
    longest_s : no song is longer

    Raises
    ------
    UsageError : the folder has too few songs
    """
    material = material_in(data_dir, part)
    found = []
    for number in range(count):
        progress.check_cancelled()
        progress.report(number / count, "Arranging rehearsals of known structure")
        found.append(analysed(structured(material, 100 * part + number, longest_s)))
    yield from _of_references(found)
    yield from _of_reasons(found)
    yield from _of_orders(found)


def analysed(rehearsal: Structured) -> Analysed:
    """Import a rehearsal into a document, analyse it, and propose an arrangement."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rehearsal.wav"
        soundfile.write(path, rehearsal.audio, RATE_HZ, subtype="PCM_16")
        imported = import_audio(ImportRequest((path,)), SILENT)
        with Document.create(Path(folder) / "rehearsal.offcut") as document:
            document.apply(import_edit(document.state, imported))
            media = dict.fromkeys(document.state.sources, path)
            found = listen_to_document(AnalysisRequest(document.state, media), SILENT)
            document.apply(
                set_analyses(document.state, found.ids, "Analysed"),
                {found.ids[kind]: one for kind, one in found.analyses.items()},
            )
            state, grid = document.state, grid_in_force(document.state, document.analysis("beats"))
            assert grid is not None
            blocks = mono_blocks(state, media)
            heard = hear(blocks, state.rate_hz, state.length_samples, grid)
            return Analysed(rehearsal, state, heard, arranged(ArrangeRequest(state, {}, grid), heard))


def _of_references(found: Sequence[Analysed]) -> Iterator[Line]:
    """Yield how often the first or last bar of a reference take is cut once all is accepted in bulk.

    The reference take of a song is its complete take with the largest remaining share.
    """
    for row, strong_only in (("accepted in bulk", True), ("all proposals", False)):
        first, last, songs, takes = 0, 0, 0, 0
        for one in found:
            kept = one.without(one.cuts(strong_only=strong_only))
            for take in _references(one, kept):
                songs += 1
                first += _share(one, kept, (take.start_s, take.start_s + BAR_S)) < _WHOLE
                last += _share(one, kept, (take.stop_s - BAR_S, take.stop_s)) < _WHOLE
                takes += _share(one, kept, (take.start_s, take.stop_s)) < _WHOLE
        yield _line("reference_first_bars_cut", row, first, songs)
        yield _line("reference_last_bars_cut", row, last, songs)
        yield _line("references_shortened", row, takes, songs)


def _of_reasons(found: Sequence[Analysed]) -> Iterator[Line]:
    """Yield how many proposals have weak evidence, and how much of the cuts is right by evidence."""
    made = [proposal for one in found for proposal in one.made.proposals]
    weak = sum(proposal.evidence is Evidence.WEAK for proposal in made)
    yield _line("weak_evidence_share", "all proposals", weak / max(1, len(made)), len(made))
    for evidence in Evidence:
        right = total = 0.0
        for one in found:
            wanted = one.without([])
            for take in _references(one, one.without(one.cuts(strong_only=True))):
                wanted[slice(*_steps(one, (take.start_s, take.stop_s)))] = False
            for cut in one.cuts(strong_only=False):
                if cut.evidence is evidence:
                    span = slice(*one.heard.steps.within(cut.start_samples, cut.stop_samples))
                    lengths_s = one.heard.steps.lengths_s[span]
                    total += float(lengths_s.sum())
                    right += float(lengths_s[wanted[span]].sum())
        if total:
            yield _line("cut_time_outside_references", f"{evidence} evidence", right / total, round(total))


def _of_orders(found: Sequence[Analysed]) -> Iterator[Line]:
    """Yield the F of cuts and the jump targets of arrangements and of plain rows."""
    rows: Mapping[str, Callable[[Analysed], Flags]] = {
        "copy-all": lambda one: one.without([]),
        "performances of 20 s or more": _long_performances,
        "energy": _loud,
        "takes and false starts alone": lambda one: one.without(
            propose_takes(one.state, one.heard.takes).proposals
        ),
        "ours, all proposals": lambda one: one.without(one.cuts(strong_only=False)),
        "ours, accepted in bulk": lambda one: one.without(one.cuts(strong_only=True)),
    }
    for row, keep in rows.items():
        figures, right, jumps = [], 0, 0
        for one in found:
            kept = keep(one)
            order, wanted = order_of(runs(kept).tolist()), _wanted(one, kept)
            figures.append(compared(order, wanted, one.heard.steps))
            some, many = next_kept(one.heard, wanted, order)
            right, jumps = right + some, jumps + many
        for name in ("iou", "cuts_f_beat", "cuts_f_half_second", "length_error"):
            values = [float(getattr(each, name)) for each in figures]
            yield _line(name, row, fmean(values), len(values))
        values = [_f_in_pauses(one, keep(one)) for one in found]
        yield _line("cuts_f_in_pauses", row, fmean(values), len(values))
        yield _line("cuts_f_in_pauses_median", row, median(values), len(values))
        yield _line("cuts_f_in_pauses_worst_decile", row, float(np.quantile(values, 0.1)), len(values))
        yield _line("jump_targets", row, right / max(1, jumps), jumps)
    right = jumps = 0
    for one in found:
        wanted = _wanted(one, one.without(one.cuts(strong_only=False)))
        some, many = jumps_right(shipped_network(), one.heard, wanted, (), None)
        right, jumps = right + some, jumps + many
    yield _line("jump_targets", "ours, the network alone", right / max(1, jumps), jumps)


def _references(one: Analysed, kept: Flags) -> list[Part]:
    """Return for each song the complete take with the largest played share, the last one of equals."""
    takes = one.rehearsal.of("take")
    songs = dict.fromkeys(take.song for take in takes)
    return [
        max(
            (take for take in takes if take.song == song),
            key=lambda take: (round(_share(one, kept, (take.start_s, take.stop_s)), 2), take.start_s),
        )
        for song in songs
    ]


def _wanted(one: Analysed, kept: Flags) -> Order:
    """Return the order that plays the reference takes only; a count-in is played if `kept` plays it."""
    flags = np.zeros(len(one.heard), bool)
    for take in _references(one, kept):
        first, last = _steps(one, (take.start_s, take.stop_s))
        for part in one.rehearsal.of("count-in"):
            if abs(part.stop_s - take.start_s) < _COUNT_IN_S:
                counted = _steps(one, (part.start_s, part.stop_s))
                first = counted[0] if kept[slice(*counted)].mean() > 0.5 else first
        flags[first:last] = True
    return order_of(runs(flags).tolist())


def _f_in_pauses(one: Analysed, kept: Flags) -> float:
    """Return the F of the borders of played spans; any place in the pause next to a reference is right.

    A border may be up to `_RIGHT_S` inside of the take, and as far away from it as nothing sounds.
    """
    windows = []
    parts = one.rehearsal.parts
    for take in _references(one, kept):
        ends = [part.stop_s for part in parts if part.kind != "count-in" and part.stop_s <= take.start_s]
        begins = [part.start_s for part in parts if part.start_s >= take.stop_s]
        end_s = float(one.heard.steps.edges_s[-1])
        windows.append((max(ends, default=0.0), take.start_s + _RIGHT_S))
        windows.append((take.stop_s - _RIGHT_S, min(begins, default=end_s)))
    edges = one.heard.steps.edges_s
    found = [float(edges[edge]) for span in runs(kept).tolist() for edge in span]
    matched = 0
    for low, high in windows:
        within = [place for place in found if low - _RIGHT_S <= place <= high + _RIGHT_S]
        if within:
            matched += 1
            found.remove(within[0])
    return 2.0 * matched / (len(found) + matched + len(windows))


def _long_performances(one: Analysed) -> Flags:
    flags = np.zeros(len(one.heard), bool)
    for start_s, stop_s in one.heard.takes.played_s:
        if stop_s - start_s >= _LONG_S:
            flags[slice(*_steps(one, (start_s, stop_s)))] = True
    return flags


def _loud(one: Analysed) -> Flags:
    """Return the loudest steps, of the length that is right."""
    wanted_s = sum(take.stop_s - take.start_s for take in _references(one, one.without([])))
    by_level = np.argsort(-one.heard.levels_db, kind="stable")
    flags = np.zeros(len(one.heard), bool)
    flags[by_level[np.cumsum(one.heard.steps.lengths_s[by_level]) <= wanted_s]] = True
    return flags


def _steps(one: Analysed, span_s: tuple[float, float]) -> tuple[int, int]:
    return one.heard.steps.nearest_edge(span_s[0]), one.heard.steps.nearest_edge(span_s[1])


def _share(one: Analysed, kept: Flags, span_s: tuple[float, float]) -> float:
    """Return how much of a span is played, 0 to 1."""
    edges = one.heard.steps.edges_s
    played = np.minimum(edges[1:], span_s[1]) - np.maximum(edges[:-1], span_s[0])
    return float(np.maximum(played, 0.0)[kept].sum()) / max(1e-9, span_s[1] - span_s[0])


def _line(metric: str, row: str, value: float, n: int) -> Line:
    return {"metric": metric, "about": ABOUT, "row": row, "value": value, "n": n}

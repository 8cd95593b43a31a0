"""Learn an editor from raw recordings and what was made of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from engine.arranging.editor import Editor, learn_editor, shipped_network
from engine.arranging.heard import Heard, hear
from engine.arranging.learning import Pair
from engine.arranging.orders import length_s, order_heard
from engine.audio.reader import SourceReader
from engine.beats.listen import listen
from engine.errors import UsageError
from engine.features.mono import mono_of
from engine.jobs.matched.match import MatchRequest, match_edited
from engine.matching.matched import Matched
from engine.progress import Progress
from engine.safe_write import shown
from engine.timebase import convert_samples, samples_to_s
from engine.wording import percent

_LEAST_SHARE = 0.5
_LEAST_S = 5.0


@dataclass(frozen=True, slots=True)
class LearnEditsRequest:
    """What to learn from.

    Attributes
    ----------
    edited : files made of the raw recordings, one or more
    name : of the editor
    """

    raws: tuple[Path, ...]
    edited: tuple[Path, ...]
    name: str = "editor"
    seed: int = 0


@dataclass(frozen=True, slots=True)
class LearnedPair:
    """What was found of one edited file and one recording in it.

    Attributes
    ----------
    matched_share : of what sounds in the edited file, 0 to 1
    residual_db : what is left of the edited file without the recording, None where that was not measured
    """

    raw: Path
    edited: Path
    matched_share: float
    residual_db: float | None
    kept_s: float
    raw_s: float


@dataclass(frozen=True, slots=True, eq=False)
class LearnedEditor:
    """An editor and what it was learned from."""

    editor: Editor
    pairs: tuple[LearnedPair, ...]


def learn_edits(request: LearnEditsRequest, progress: Progress) -> LearnedEditor:
    """Match every edited file with the recordings, and adapt the network to what was done.

    Raises
    ------
    UsageError : a file is made of none of the recordings, or they are too short
    SourceError : a file cannot be read
    Cancelled : the user asked for it
    """
    network = shipped_network()
    pairs, told = edits_of(request, progress.part(0.0, 0.6))
    editor = learn_editor(pairs, request.name, network, progress.part(0.6, 1.0), seed=request.seed)
    return LearnedEditor(editor, told)


def edits_of(
    request: LearnEditsRequest, progress: Progress
) -> tuple[tuple[Pair, ...], tuple[LearnedPair, ...]]:
    """Return what was done with each recording, as the network takes it and as it is told.

    Raises
    ------
    UsageError : a file is made of none of the recordings, or they are too short
    SourceError : a file cannot be read
    Cancelled : the user asked for it
    """
    if not request.raws or not request.edited:
        raise UsageError("There is nothing to learn from: name raw recordings and what was made of them.")
    matched = []
    for number, edited in enumerate(request.edited):
        part = progress.part(0.6 * number / len(request.edited), 0.6 * (number + 1) / len(request.edited))
        matched.append(match_edited(MatchRequest(request.raws, edited), part))
        _require(matched[-1])
    used = sorted({one.raw for each in matched for one in each.segments})
    heard = {
        raw: _heard(
            request.raws[raw],
            progress.part(0.6 + 0.4 * number / len(used), 0.6 + 0.4 * (number + 1) / len(used)),
        )
        for number, raw in enumerate(used)
    }
    pairs, told = [], []
    for one in matched:
        for raw in sorted({segment.raw for segment in one.segments}):
            pair = _pair(one, raw, heard[raw])
            pairs.append(pair)
            told.append(_told(one, raw, pair))
    return tuple(pairs), tuple(told)


def _require(matched: Matched) -> None:
    if matched.segments and matched.matched_share >= _LEAST_SHARE:
        return
    names = " or ".join(shown(path) for path in matched.raws)
    raise UsageError(
        f"Of {shown(matched.edited)} only {percent(matched.matched_share)} comes from {names}: "
        "name the recordings it was made of."
    )


def _heard(path: Path, progress: Progress) -> Heard:
    """Listen to a recording: its beats, then the rest."""
    with SourceReader(path) as reader:
        if reader.frames < _LEAST_S * reader.rate_hz:
            raise UsageError(
                f"{shown(path)} lasts {samples_to_s(reader.frames, reader.rate_hz):.1f} s: "
                f"it takes {_LEAST_S:g} s to learn from."
            )
        rate_hz, frames = reader.rate_hz, reader.frames
        grid = listen(mono_of(reader, rate_hz), rate_hz, frames, progress.part(0.0, 0.7)).grid
    with SourceReader(path) as reader:
        return hear(mono_of(reader, rate_hz), rate_hz, frames, grid, None, progress.part(0.7, 1.0))


def _pair(matched: Matched, raw: int, heard: Heard) -> Pair:
    rate_hz = heard.steps.rate_hz
    spans = [
        (
            convert_samples(one.raw_start_samples, matched.rate_hz, rate_hz),
            convert_samples(one.raw_stop_samples, matched.rate_hz, rate_hz),
        )
        for one in matched.segments
        if one.raw == raw
    ]
    return Pair(matched.edited.name, heard, order_heard(spans, heard.steps))


def _told(matched: Matched, raw: int, pair: Pair) -> LearnedPair:
    left = [one.residual_db for one in matched.segments if one.raw == raw and one.residual_db is not None]
    steps = pair.heard.steps
    return LearnedPair(
        matched.raws[raw],
        matched.edited,
        matched.matched_share,
        median(left) if left else None,
        length_s(pair.order, steps),
        float(steps.lengths_s.sum()),
    )


def told_lines(pairs: Sequence[LearnedPair]) -> list[str]:
    """Say of each pair what was found."""
    lines = []
    for one in pairs:
        left = "" if one.residual_db is None else f", {one.residual_db:.0f} dB left"
        lines.append(
            f"{shown(one.edited.name)}: {percent(one.matched_share)} of it is found in {shown(one.raw.name)}"
            f"{left}; {one.kept_s:.0f} s are made of {one.raw_s:.0f} s"
        )
    return lines

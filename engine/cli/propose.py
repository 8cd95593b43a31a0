"""``offcut propose PROJECT FINDER``: have a finder propose edits in a document.

``offcut arrange PROJECT [--editor E.editor]``: the finder arrangement under a name of its own.

``offcut match (RAW... | PROJECT) EDITED``: recover the edit list behind an edited file.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from engine.cli.arguments import finite, proposal_row, span_s, whole_from_0
from engine.cli.documents import analysing, media_of, opened, tracks_named
from engine.cli.output import Verb, VerbOutput, own_output
from engine.core.errors import UsageError
from engine.core.files.safe_write import shown
from engine.core.progress import Progress
from engine.core.timebase import format_time, samples_to_s
from engine.core.wording import level_text, listed, percent, quoted
from engine.document.document import Document
from engine.document.grid_readings import grid_in_force
from engine.document.proposals import Proposal
from engine.document.state import DocumentState
from engine.features.registry import FINDERS, FoundEdits, find_edits, request_of, require_finder
from engine.review.finders import Field, Finder, FinderRequest, SettingError, fields_of

if TYPE_CHECKING:
    from engine.features.match.matched import Matched, Segment


class _FinderOptions(argparse.Action):
    """Reads the name of a finder and the options of this finder.

    A subparser for each finder would import the packages that add finders for every call.
    """

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, *_: object
    ) -> None:
        """Set the name, the settings and the common options that are given."""
        name, *words = values
        with own_output():  # a package may print when it is imported
            finder = require_finder(name)
        parsed, unknown = finder_parser(name, finder, parser).parse_known_args(words)
        if unknown:
            raise UsageError(_unknown_option(name, finder, unknown[0].partition("=")[0]))
        given = vars(parsed)
        namespace.finder, namespace.tracks = name, given.pop("tracks", [])
        namespace.json = given.pop("json", False) or namespace.json
        namespace.settings = given

    def _get_subactions(self) -> list[argparse.Action]:
        """Return the finders as argparse lists sub-commands in its help."""
        return [
            argparse.Action([], name, metavar=name, help=finder.about.replace("%", "%%"))
            for name, finder in FINDERS.items()
        ]


def add_propose_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    parser.add_argument("project", type=Path, metavar="PROJECT")
    about = "one of these; 'offcut propose PROJECT FINDER --help' lists its options"
    finder = parser.add_argument(
        "finder", nargs=argparse.PARSER, metavar="FINDER", action=_FinderOptions, help=about
    )
    finder.required = False


def finder_parser(name: str, finder: Finder, verb: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """Return the parser of the options of a finder; options that are not given have no value.

    Parameters
    ----------
    verb : the parser of ``offcut propose``
    """
    prog = f"{verb.prog} PROJECT {name}"
    parser = type(verb)(prog=prog, description=finder.about, argument_default=argparse.SUPPRESS)
    for field in fields_of(finder.settings):
        _add_flag(parser, field)
    parser.add_argument("--tracks", nargs="+", metavar="NAME", help="names of tracks; all by default")
    parser.add_argument("--json", action="store_true", help="print JSON on standard output")
    return parser


def _add_flag(parser: argparse.ArgumentParser, field: Field) -> None:
    unit = field.unit.upper() if field.unit.isalpha() else "X"
    metavar = "|".join(field.choices) or {str: "TEXT", bool: "yes|no"}.get(field.type, unit)
    usual = ("yes" if field.default else "no") if field.type is bool else field.default
    default = "" if field.default in (None, "") or field.is_required else f" ({usual} by default)"
    read: Any = finite if field.type in (int, float) else str
    about = f"{field.about}{default}".replace("%", "%%")
    parser.add_argument(_flag(field.name), dest=field.name, type=read, metavar=metavar, help=about)


def _flag(setting: str) -> str:
    return f"--{setting.replace('_', '-')}"


def _unknown_option(name: str, finder: Finder, option: str) -> str:
    """Return the message for an option that a finder does not have."""
    others = [other for other, one in FINDERS.own.items() if option in map(_flag, one.settings.model_fields)]
    known = [*map(_flag, finder.settings.model_fields), "--tracks", "--json"]
    remedy = f"it belongs to {listed(others)}" if others else f"its options are {listed(known)}"
    return f"{name} has no option {quoted(option)}: {remedy}."


def run_propose(options: argparse.Namespace, progress: Progress) -> Iterator[VerbOutput]:
    """Have a finder find edits, and put them into the document."""
    if options.finder is None:
        raise UsageError(f"No finder is named: add {listed(tuple(FINDERS), 'or')} after the document.")
    with opened(options.project) as document:
        tracks = tracks_named(document.state, options.tracks)
        found = propose_in(document, options.finder, options.settings, progress, tracks)
        state = document.state
    rows = [_row(one, state) for one in found.found.proposals if one.id in state.proposals]
    figures = {"proposals": len(state.proposals), "finder": options.finder, **found.found.figures}
    yield VerbOutput({**figures, "found": rows}, found.report)


PROPOSE = Verb(add_propose_arguments, run_propose)


def request_in(
    document: Document, name: str, settings: Mapping[str, object], tracks: tuple[str, ...] = ()
) -> FinderRequest:
    """Return the request for a finder of a document; see `engine.features.registry.request_of`."""
    known = {kind: document.analysis(kind) for kind in tuple(document.state.analyses)}
    known["beats"] = grid_in_force(document.state, known.get("beats"))
    try:
        return request_of(name, document.state, media_of(document), known, settings, tracks)
    except SettingError as error:
        raise UsageError(error.sentence(_flag)) from error


def propose_in(
    document: Document,
    name: str,
    settings: Mapping[str, object],
    progress: Progress,
    tracks: tuple[str, ...] = (),
) -> FoundEdits:
    """Have a finder find edits, and put them into a document.

    Raises
    ------
    UsageError : see `engine.features.registry.request_of`
    DocumentError : see `analysing`
    """
    request = request_in(document, name, settings, tracks)
    finder = require_finder(name)
    with analysing(document, *{*finder.reads, *finder.needs}):
        found = find_edits(request, progress)
    for edit, analyses, audio in found.edits(document.state):
        document.apply(edit, analyses, audio)
    return found


def _row(one: Proposal, state: DocumentState) -> dict[str, object]:
    names = {track.id: track.name for track in state.tracks}
    return {
        **proposal_row(one, state.rate_hz, "kind", "score", "payload", "reason"),
        "evidence": one.evidence.value,
        "tracks": [names[key] for key in one.tracks],
        "alternatives": [
            {"label": other.label, **span_s(other, state.rate_hz), "payload": other.payload}
            for other in one.alternatives
        ],
    }


def add_arrange_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    parser.add_argument("project", type=Path, metavar="PROJECT")
    parser.add_argument("--editor", type=Path, metavar="E.editor", help="a learned editor; see learn-edits")
    parser.add_argument(
        "--like",
        type=Path,
        nargs=2,
        metavar=("RAW", "EDITED"),
        help="an edit of another recording as the example",
    )
    parser.add_argument("--minutes", type=finite, metavar="M", help="length of the result")
    parser.add_argument(
        "--seed",
        type=whole_from_0,
        default=0,
        metavar="N",
        help="0: the most probable arrangement; any other number: a random one",
    )


def run_arrange(options: argparse.Namespace, progress: Progress) -> Iterator[VerbOutput]:
    """Have the finder arrangement propose edits."""
    settings = {"minutes": options.minutes, "seed": options.seed}
    settings |= {"editor": str(options.editor)} if options.editor is not None else {}
    if options.like is not None:
        settings |= zip(("like_raw", "like_edited"), map(str, options.like), strict=True)
    with opened(options.project) as document:
        found = propose_in(document, "arrangement", settings, progress)
        state = document.state
    rows = [
        {
            **proposal_row(one, state.rate_hz, "kind", "score", "payload", "reason"),
            "alternatives": [other.label for other in one.alternatives],
            "evidence": str(one.evidence),
        }
        for one in found.found.proposals
        if one.id in state.proposals
    ]
    yield VerbOutput({**found.found.figures, "arrangement": rows}, found.report)


ARRANGE = Verb(add_arrange_arguments, run_arrange)


def add_match_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    parser.add_argument(
        "audio",
        type=Path,
        nargs="+",
        metavar="AUDIO",
        help="the raw recordings or a document, then the edited file",
    )


def run_match(options: argparse.Namespace, progress: Progress) -> Iterator[VerbOutput]:
    """Print the edit list; of a document, make it the document's."""
    *raws, edited = options.audio
    if not raws:
        raise UsageError("Only one file is named: name the raw recordings and, last, the edited file.")
    if raws[0].suffix == ".offcut":
        yield _into_document(raws, edited, progress)
        return
    from engine.features.match.match import match
    from engine.features.match.matched import figures_of

    matched = match(raws, edited, progress)
    yield VerbOutput(figures_of(matched), "\n".join(_table(matched)))


MATCH = Verb(add_match_arguments, run_match)


def _into_document(projects: Sequence[Path], edited: Path, progress: Progress) -> VerbOutput:
    """Have the finder match make the edit that of a document."""
    if len(projects) > 1:
        raise UsageError("An edit goes into one document: name one, and then the edited file.")
    with opened(projects[0]) as document:
        found = propose_in(document, "match", {"edited": str(edited)}, progress)
    figures = {**found.found.figures, "proposals": len(found.found.proposals)}
    for key in ("segments", "left_out"):
        rows = cast(list[dict[str, object]], figures[key])
        figures[key] = [{**row, "raw": str(projects[0])} for row in rows]
    return VerbOutput(figures, found.sentence)


def _table(matched: Matched) -> Iterator[str]:
    rate_hz = matched.rate_hz
    if matched.segments:
        times = f"{'edited':>12}  {'from':>12}  {'to':>12}"
        yield f"{times}  {'gain':>9}  {'crossfade':>22}  {'left':>9}  recording"
    for one in matched.segments:
        spans = (one.edited_start_samples, one.raw_start_samples, one.raw_stop_samples)
        times = "  ".join(f"{format_time(samples_to_s(at, rate_hz)):>12}" for at in spans)
        fade = "hard cut"
        if one.crossfade_shape is not None:
            fade = f"{1000 * samples_to_s(one.crossfade_samples, rate_hz):.1f} ms {one.crossfade_shape.value}"
        left = "" if one.residual_db is None else level_text(one.residual_db)
        left = f"{percent(one.similarity)} alike" if one.similarity is not None else left
        notes = _notes(one)
        yield f"{times}  {one.gain_db:+6.2f} dB  {fade:>22}  {left:>9}  {shown(matched.raws[one.raw])}{notes}"
    for span in matched.unmatched:
        yield f"{_span_text(span, rate_hz)} of the edited file comes from none of the recordings."
    for span in matched.covered:
        yield f"{_span_text(span, rate_hz)} of the edited file has something else over the recording."
    yield matched.verdict


def _span_text(span: tuple[int, int], rate_hz: int) -> str:
    return " to ".join(format_time(samples_to_s(at, rate_hz)) for at in span)


def _notes(segment: Segment) -> str:
    notes = [f"gain ridden over {len(segment.gain_ride)} points"] if segment.gain_ride else []
    if segment.speed != 1.0:
        notes.append(f"speed {segment.speed:.5f}")
    if segment.pitch_semitones:
        notes.append(f"{segment.pitch_semitones:+.2f} semitones")
    if segment.eq_db:
        notes.append(", ".join(f"{point.at_hz:,} Hz {point.gain_db:+.1f} dB" for point in segment.eq_db))
    if segment.delay_samples:
        notes.append(f"{segment.delay_samples:+.2f} samples late")
    return f" ({', '.join(notes)})" if notes else ""

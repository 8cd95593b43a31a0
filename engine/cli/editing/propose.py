"""``offcut propose PROJECT FINDER``: have a finder propose edits in a document."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from engine.cli.documents import analysing, media_of, opened, tracks_named
from engine.cli.numbers import finite, proposal_row, span_s
from engine.cli.output import Verb, VerbOutput
from engine.cli.streams import own_output
from engine.core.errors import UsageError
from engine.core.progress import Progress
from engine.core.wording import listed, quoted
from engine.document.document import Document
from engine.document.grid.recounted import grid_in_force
from engine.document.proposals import Proposal
from engine.document.state import DocumentState
from engine.features.registry import FINDERS, FoundEdits, find_edits, request_of, require_finder
from engine.review.finders.finder import Finder, FinderRequest
from engine.review.finders.settings import Field, SettingError, fields_of


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
        asked, unknown = finder_parser(name, finder, parser).parse_known_args(words)
        if unknown:
            raise UsageError(_unknown_option(name, finder, unknown[0].partition("=")[0]))
        given = vars(asked)
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

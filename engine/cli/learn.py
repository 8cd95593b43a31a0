"""``offcut learn EDITED... --out T.taste``: learn a taste from edited recordings.

``offcut learn --improve T.taste --from PROJECT... --out NEW.taste`` retrains one with decisions.

``offcut learn-edits --raw RAW... --edited EDITED... --out E.editor``: learn an editing style.

``offcut learn-timing --raw RAW... --edited EDITED... --out T.groove``: learn how drums are put in time.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import ExitStack, redirect_stderr
from dataclasses import asdict, replace
from io import StringIO
from pathlib import Path

from engine.cli.arguments import add_grid_flags, check_grid, wanted_grid, whole, whole_from_0
from engine.cli.output import Verb, VerbOutput
from engine.core.errors import UsageError
from engine.core.files.safe_write import shown
from engine.core.progress import SILENT, Progress

_PAIRS = {
    "raw": "a file for each microphone, or their folder; can be repeated for more performances",
    "edited": "the edited files, with equal names or in the same order",
}


def add_learn_timing_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    for name, about in _PAIRS.items():
        parser.add_argument(
            f"--{name}",
            type=Path,
            nargs="+",
            action="append",
            required=True,
            metavar=name.upper(),
            help=about,
        )
    parser.add_argument("--out", type=Path, required=True, metavar="T.groove", help="the new groove")
    add_grid_flags(parser, is_required=False)
    parser.add_argument("--division", metavar="1/16", help="1/4, 1/8, 1/16, 1/32, 1/8t or 1/16t; else found")
    parser.add_argument("--force", action="store_true", help="replace an existing groove")


def run_learn_timing(options: argparse.Namespace, progress: Progress) -> Iterator[VerbOutput]:
    """Compare, learn, and write the groove."""
    from engine.features.timing.alignment.groove_file import SUFFIX, is_learned
    from engine.features.timing.alignment.lines import read_division
    from engine.features.timing.finders.timing.learn_timing import (
        LearnTimingRequest,
        learn_timing_file,
        paired,
    )

    check_grid(options)
    if not is_learned(str(options.out)):
        raise UsageError(f"{shown(options.out)} is not the name of a groove file: use the suffix {SUFFIX}.")
    if len(options.raw) != len(options.edited):
        raise UsageError("Give --raw and --edited as often: once for each performance.")
    pairs = tuple(paired(raw, edited) for raw, edited in zip(options.raw, options.edited, strict=True))
    division = None if options.division is None else read_division(options.division)
    request = LearnTimingRequest(pairs, wanted_grid(options), division)
    learned = learn_timing_file(request, options.out, options.force, progress)
    lines = [
        f"{shown(', '.join(pair.raw))}: {pair.found:,} of {pair.hits:,} hits found in the edited file."
        for pair in learned.pairs
    ]
    yield VerbOutput(
        {
            "groove": str(options.out),
            **learned.model_dump(exclude={"format", "version"}),
            "unknown": learned.unknown,
        },
        "\n".join([*lines, f"Learned into {shown(options.out)}", *learned.words()]),
    )


LEARN_TIMING = Verb(add_learn_timing_arguments, run_learn_timing)


_SUFFIX = ".editor"


def add_learn_edits_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    parser.add_argument("--raw", type=Path, nargs="+", required=True, metavar="RAW", help="recordings")
    parser.add_argument(
        "--edited", type=Path, nargs="+", required=True, metavar="EDITED", help="their edited files"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="E.editor", help="the new editor")
    parser.add_argument("--seed", type=whole_from_0, default=0, metavar="N", help="default 0")
    parser.add_argument("--force", action="store_true", help="replace an existing editor")


def run_learn_edits(options: argparse.Namespace, progress: Progress) -> Iterator[VerbOutput]:
    """Match, learn, and write the editor."""
    if options.out.suffix.lower() != _SUFFIX:
        raise UsageError(f"{shown(options.out)} is not the name of an editor file: use the suffix {_SUFFIX}.")
    from engine.features.arrangement.editor_files import learn_editor_file
    from engine.features.arrangement.finder.requests import LearnEditsRequest, RawAndEdited, pair_lines

    pairs = tuple(RawAndEdited(tuple(options.raw), edited) for edited in options.edited)
    request = LearnEditsRequest(pairs, options.out.stem, options.seed)
    written = learn_editor_file(request, options.out, options.force, progress)
    yield VerbOutput(
        {
            "editor": str(options.out),
            "pairs": [
                {**asdict(one), "raw": str(one.raw), "edited": str(one.edited)} for one in written.pairs
            ],
            "habits": {**written.habits.facts(), "words": list(written.habits.words())},
        },
        "\n".join(
            [*pair_lines(written.pairs), f"Learned into {shown(options.out)}", *written.habits.words()]
        ),
    )


LEARN_EDITS = Verb(add_learn_edits_arguments, run_learn_edits)


_PAIRS_SHARE = 0.3


def add_learn_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    parser.add_argument("edited", type=Path, nargs="*", metavar="EDITED", help="your edited recordings")
    parser.add_argument(
        "--raw", type=Path, nargs="+", default=[], metavar="RAW", help="the same before you edited them"
    )
    parser.add_argument(
        "--improve", type=Path, metavar="T.taste", help="a taste to train again with your decisions"
    )
    parser.add_argument(
        "--from",
        type=Path,
        nargs="+",
        default=[],
        dest="projects",
        metavar="PROJECT",
        help="documents whose decisions improve it",
    )
    parser.add_argument("--config", type=Path, metavar="F.yaml", help="a recipe other than the default")
    parser.add_argument("--seed", type=whole_from_0, default=0, metavar="N", help="default 0")
    parser.add_argument("--out", type=Path, required=True, metavar="T.taste", help="the new taste")
    parser.add_argument("--force", action="store_true", help="write over an existing taste")
    across = parser.add_argument_group("over several devices or machines (extra offcut[distributed])")
    across.add_argument("--devices", type=whole, default=1, metavar="N", help="devices of this machine")
    across.add_argument("--nodes", type=whole, default=1, metavar="N", help="machines; run the verb on each")
    across.add_argument("--node-rank", type=whole_from_0, default=0, metavar="K", help="its rank, from 0")
    across.add_argument("--main-address", default="", metavar="HOST:PORT", help="of the first machine")


def run_learn(options: argparse.Namespace, progress: Progress) -> Iterator[VerbOutput]:
    """Learn and write the taste."""
    if (options.improve is None) != (not options.projects) or bool(options.edited) == bool(options.projects):
        raise UsageError("Name edited recordings, or --improve T.taste --from PROJECT.")
    if (options.devices, options.nodes) == (1, 1):
        yield from _improve(options, progress) if options.improve else _learn(options, progress)
    elif options.improve:
        raise UsageError("--improve learns on one device: leave out --devices and --nodes.")
    else:
        yield from _learn_across(options, progress)


LEARN = Verb(add_learn_arguments, run_learn)


def _learn_across(options: argparse.Namespace, progress: Progress) -> Iterator[VerbOutput]:
    """Learn with several processes; the first one writes and prints."""
    from engine.analysis.learning.loop import Machines, training_across

    machines = Machines(options.devices, options.nodes, options.node_rank, options.main_address)
    silenced = ExitStack()
    with training_across(machines) as is_first, silenced:
        if not is_first:
            silenced.enter_context(redirect_stderr(StringIO()))
        answers = list(_learn(options, progress if is_first else SILENT))
    if is_first:
        yield from answers


def _learn(options: argparse.Namespace, progress: Progress) -> Iterator[VerbOutput]:
    from engine.features.taste.anomaly.recipes.config import default_config, load_config

    config = load_config(options.config) if options.config else default_config()

    from engine.features.taste.anomaly.learn import LearnRequest, check_files, learn
    from engine.features.taste.anomaly.recipes.recipe import Examples
    from engine.features.taste.diagnoses.material import check_material

    request = LearnRequest(
        edited=tuple(options.edited),
        config=config,
        seed=options.seed,
        out=options.out,
        overwrite=options.force,
        raw=tuple(options.raw),
        reads=(options.config,) if options.config else (),
    )
    check_files(request)
    found = check_material(Examples(request.edited, request.raw), progress.part(0.0, 0.05))
    for finding in found:
        print(f"offcut learn: {finding.severity}: {shown(finding.sentence)}", file=sys.stderr)
    learning = progress.part(0.05, 1.0)
    if request.raw:
        from engine.features.taste.learn import cuts_of_pairs

        cuts = cuts_of_pairs(request.raw, request.edited, learning.part(0.0, _PAIRS_SHARE))
        request, learning = replace(request, cuts=cuts), learning.part(_PAIRS_SHARE, 1.0)
    learned = learn(request, learning)
    yield VerbOutput(
        {
            "taste": str(learned.path),
            "epochs": learned.epochs,
            "loss": learned.best_loss,
            "expected": learned.expected,
            "cuts": request.cuts.sentence if request.cuts else "",
            "findings": [asdict(finding) for finding in found],
        },
        f"{learned.path}: learned in {learned.epochs} epochs, loss {learned.best_loss:.4f}"
        + _lines(learned.expected, request.cuts.sentence if request.cuts else ""),
    )


def _lines(*sentences: str) -> str:
    return "".join(f"\n{sentence}" for sentence in sentences if sentence)


def _improve(options: argparse.Namespace, progress: Progress) -> Iterator[VerbOutput]:
    """Retrain a taste with the decisions of some documents."""
    from engine.cli.documents import media_of, opened
    from engine.document.analysis import Listening
    from engine.document.grid_readings import grid_in_force
    from engine.features.taste.learn import DecidedDocument, ImproveRequest, improve, new_folder

    if options.raw or options.config or options.seed:
        raise UsageError("--improve keeps the recipe of the taste: leave out --raw, --config and --seed.")
    documents = []
    for project in options.projects:
        with opened(project, to_read=True) as document:
            state, listening = document.state, document.analysis("listening")
            documents.append(
                DecidedDocument(
                    project.stem,
                    state,
                    media_of(document),
                    grid_in_force(state, document.analysis("beats")),
                    listening if isinstance(listening, Listening) else None,
                )
            )
    folders = tuple(dict.fromkeys(project.absolute().parent for project in options.projects))
    request = ImproveRequest(
        options.improve, tuple(documents), options.out, new_folder(options.out), folders, options.force
    )
    improved = improve(request, progress)
    for sentence in improved.missing:
        print(f"offcut learn: warning: {shown(sentence)}", file=sys.stderr)
    yield VerbOutput(
        {
            "taste": str(improved.path),
            "epochs": improved.epochs,
            "kept_s": round(improved.kept_s, 3),
            "cut_s": round(improved.cut_s, 3),
            "missing": list(improved.missing),
            "expected": improved.expected,
            "cuts": improved.cuts,
        },
        f"{improved.path}: learned in {improved.epochs} epochs, {improved.kept_s:.0f} s kept and "
        f"{improved.cut_s:.0f} s cut, in addition to its training data"
        + _lines(improved.expected, improved.cuts),
    )

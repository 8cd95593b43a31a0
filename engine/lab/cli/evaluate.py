"""``offcut evaluate (anomaly|kept|beats|timing (...)|separation|...)``: how well a part works."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping
from math import isfinite
from pathlib import Path
from types import MappingProxyType

from engine.cli.arguments import whole
from engine.cli.output import VerbOutput
from engine.core.errors import UsageError
from engine.core.progress import Progress

PARTS = (
    *("anomaly", "kept", "beats", "timing", "separation", "speech", "detection", "voices", "match", "takes"),
    *("arrange", "places", "shuffled", "structure", "comping", "taste", "editors", "days", "words"),
)
_SEEDS, _PAIRS = 5, 5

Lines = Iterator[Mapping[str, object]]


def _timing_beats(options: argparse.Namespace, progress: Progress) -> Lines:
    from engine.lab.evaluation.timing.beats import evaluate

    return evaluate(options.data, short=options.short, progress=progress)


def _timing_hits(options: argparse.Namespace, progress: Progress) -> Lines:
    from engine.lab.evaluation.timing.hits import evaluate

    return evaluate(options.data, seeds=options.seeds, short=options.short, progress=progress)


def _timing_alignment(options: argparse.Namespace, progress: Progress) -> Lines:
    from engine.lab.evaluation.timing.alignment import evaluate

    if "trained" in _names(options.rows):
        raise UsageError("Networks are measured by 'offcut evaluate timing networks --weights DIR'.")
    return evaluate(options.data, seeds=options.seeds, short=options.short, progress=progress)


def _timing_networks(options: argparse.Namespace, progress: Progress) -> Lines:
    from engine.lab.evaluation.timing.networks import evaluate

    if options.weights is None:
        raise UsageError("No networks are named: give their folder with --weights.")
    return evaluate(
        options.data, options.weights, seeds=options.seeds, short=options.short, progress=progress
    )


def _timing_rendering(options: argparse.Namespace, progress: Progress) -> Lines:
    from engine.lab.evaluation.timing.rendering import evaluate

    return evaluate(options.data, seeds=options.seeds, short=options.short, progress=progress)


def _timing_programmed(options: argparse.Namespace, progress: Progress) -> Lines:
    from engine.lab.evaluation.timing.programmed import evaluate

    return evaluate(options.data, short=options.short, progress=progress)


def _timing_membership(options: argparse.Namespace, progress: Progress) -> Lines:
    from engine.lab.evaluation.timing.membership import evaluate

    return evaluate(options.data, short=options.short, progress=progress)


def _timing_kits(options: argparse.Namespace, progress: Progress) -> Lines:
    from engine.lab.evaluation.timing.kits import evaluate

    return evaluate(options.data, seeds=options.seeds, short=options.short, progress=progress)


def _timing_notes(options: argparse.Namespace, progress: Progress) -> Lines:
    from engine.lab.evaluation.timing.notes import evaluate

    return evaluate(options.data, seeds=options.seeds, short=options.short, progress=progress)


def _timing_learned(options: argparse.Namespace, progress: Progress) -> Lines:
    from engine.lab.evaluation.timing.learned.learned import evaluate

    return evaluate(options.data, seeds=options.seeds, short=options.short, progress=progress)


def _places(options: argparse.Namespace, progress: Progress) -> Lines:
    from engine.lab.evaluation.placing.placing import evaluate

    return evaluate(options.data, short=options.short, progress=progress)


def _shuffled(options: argparse.Namespace, progress: Progress) -> Lines:
    from engine.lab.evaluation.shuffled.shuffled import evaluate

    return evaluate(options.data, short=options.short, progress=progress)


def _comping(options: argparse.Namespace, progress: Progress) -> Lines:
    from engine.lab.evaluation.comping.comping import evaluate

    return evaluate(options.data, seeds=options.seeds, short=options.short, progress=progress)


def _taste(options: argparse.Namespace, progress: Progress) -> Lines:
    from engine.lab.evaluation.apart.apart import Asked, evaluate

    asked = Asked(
        materials=_names(options.materials),
        groups=options.groups,
        seeds=options.seeds,
        made=options.made,
        results=options.results,
        is_short=options.short,
    )
    return evaluate(options.data, asked, progress)


def _editors(options: argparse.Namespace, progress: Progress) -> Lines:
    from engine.lab.evaluation.editors.rows import evaluate

    seeds = 1 if options.short else options.seeds
    return evaluate(options.data, options.made, seeds=seeds, pairs=options.pairs, progress=progress)


def _days(options: argparse.Namespace, progress: Progress) -> Lines:
    from engine.lab.evaluation.days.evaluate import Asked, evaluate

    sets = _names(options.materials)
    if not set(sets) <= {"development"}:
        raise UsageError("There are only the materials 'development' of days: leave --materials out.")
    asked = Asked(
        days=options.groups,
        is_development=bool(sets),
        made=options.made,
        results=options.results,
        is_short=options.short,
    )
    return evaluate(options.data, asked, progress)


def _words(options: argparse.Namespace, progress: Progress) -> Lines:
    from engine.lab.evaluation.words.words import evaluate

    return evaluate(options.data, options.model, short=options.short, progress=progress)


def _structure(options: argparse.Namespace, progress: Progress) -> Lines:
    from engine.lab.evaluation.structure.structure import evaluate

    return evaluate(options.data, short=options.short, progress=progress)


_TIMING: Mapping[str, Callable[[argparse.Namespace, Progress], Lines]] = MappingProxyType(
    {
        "beats": _timing_beats,
        "hits": _timing_hits,
        "alignment": _timing_alignment,
        "networks": _timing_networks,
        "rendering": _timing_rendering,
        "programmed": _timing_programmed,
        "membership": _timing_membership,
        "kits": _timing_kits,
        "notes": _timing_notes,
        "learned": _timing_learned,
    }
)
"""Measurements of timing: a name and the generator of its lines."""
_MATERIAL_ALONE: Mapping[str, Callable[[argparse.Namespace, Progress], Lines]] = MappingProxyType(
    {
        "places": _places,
        "shuffled": _shuffled,
        "structure": _structure,
        "comping": _comping,
        "taste": _taste,
        "editors": _editors,
        "days": _days,
        "words": _words,
    }
)
"""Parts that are measured on a folder of recordings by one function."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("of", nargs="?", choices=tuple(_TIMING), help="of timing: the subject")
    parser.add_argument("--data", type=Path, metavar="DIR", help="the folder of recordings")
    parser.add_argument("--short", action="store_true", help="one seed and little material")
    parser.add_argument(
        "--unseen", action="store_true", help="of separation: only mixtures drawn independently of training"
    )
    parser.add_argument(
        "--separator",
        action="append",
        default=[],
        metavar="NAME",
        help="of separation: one more row, by name or file of weights; can be repeated",
    )
    parser.add_argument(
        "--weights", type=Path, metavar="DIR", help="of timing networks: the folder of trained networks"
    )
    parser.add_argument(
        "--model",
        type=Path,
        metavar="FOLDER",
        help="of words: a model of faster-whisper; default the installed one",
    )
    anomaly = parser.add_argument_group("anomaly")
    anomaly.add_argument("--config", type=Path, metavar="F.yaml", help="a recipe other than the default")
    anomaly.add_argument(
        "--rows", metavar="A,B", default="", help="rows of the comparison; default 'default'"
    )
    anomaly.add_argument(
        "--materials",
        metavar="A,B",
        default="",
        help="of anomaly: band, loops, field, halves …; of taste: bands, further bands, interviews, places; "
        "of days: development",
    )
    anomaly.add_argument("--seeds", type=whole, default=_SEEDS, metavar="N", help=f"default {_SEEDS}")
    anomaly.add_argument(
        "--results", type=Path, metavar="F.jsonl", help="stores finished trials, and resumes from them"
    )
    taste = parser.add_argument_group("taste")
    taste.add_argument(
        "--groups", type=whole, metavar="N", help="bands, interviews and places, or days; default all"
    )
    taste.add_argument(
        "--made", type=Path, metavar="DIR", help="stores made recordings, and reuses existing ones"
    )
    editors = parser.add_argument_group("editors")
    editors.add_argument("--pairs", type=whole, default=_PAIRS, metavar="N", help=f"default {_PAIRS}")
    anomaly.add_argument(
        "--table", action="store_true", help="print the results of --results in Markdown, without a run"
    )


def run(options: argparse.Namespace, progress: Progress) -> Iterator[VerbOutput]:
    """Print a metric a line as it is measured."""
    if options.table:
        yield _table(options)
        return
    if (options.part == "timing") != (options.of is not None):
        raise UsageError(f"'timing', and nothing else, is followed by one of: {', '.join(_TIMING)}.")
    if options.data is None:
        raise UsageError("No recordings are named: give their folder with --data.")
    for line in _lines(options, progress):
        yield VerbOutput(line, "  ".join(f"{name} {_text(value)}" for name, value in line.items()))


def _table(options: argparse.Namespace) -> VerbOutput:
    if options.results is None:
        raise UsageError("There is nothing to make a table of: name finished trials with --results.")
    if options.part == "timing":
        from engine.lab.evaluation.timing.table import table_of as timing_table_of

        table = timing_table_of(options.results)
    else:
        from engine.lab.evaluation.compare import table_of

        table = table_of(options.results)
    return VerbOutput({"table": table}, table)


def _lines(options: argparse.Namespace, progress: Progress) -> Lines:
    if options.part == "anomaly":
        from engine.features.taste.anomaly.recipes.config import load_config

        config = None if options.config is None else load_config(options.config)

        from engine.lab.evaluation.compare import Comparison, evaluate

        asked = Comparison(
            rows=_names(options.rows),
            materials=_names(options.materials),
            seeds=options.seeds,
            config=config,
            results=options.results,
            short=options.short,
        )
        return evaluate(options.data, asked, progress)
    if options.part == "kept":
        from engine.lab.evaluation.kept import evaluate as evaluate_kept

        return evaluate_kept(options.data, short=options.short, progress=progress)
    if options.part == "separation":
        from engine.lab.evaluation.separation.separation import evaluate as evaluate_separation

        return evaluate_separation(
            options.data,
            options.separator,
            short=options.short,
            is_unseen_only=options.unseen,
            progress=progress,
        )
    if options.part == "speech":
        from engine.lab.evaluation.speech.separated import evaluate as evaluate_speech

        return evaluate_speech(options.data, short=options.short, progress=progress)
    if options.part == "detection":
        from engine.lab.evaluation.detection.detection import evaluate as evaluate_detection

        return evaluate_detection(options.data, short=options.short, progress=progress)
    if options.part == "match":
        from engine.lab.evaluation.matching.match import evaluate as evaluate_match

        return evaluate_match(options.data, short=options.short, progress=progress)
    if options.part == "takes":
        from engine.lab.evaluation.takes.takes import evaluate as evaluate_takes

        return evaluate_takes(options.data, short=options.short, progress=progress)
    if options.part in _MATERIAL_ALONE:
        return _MATERIAL_ALONE[options.part](options, progress)
    if options.part == "voices":
        from engine.lab.evaluation.voices.voices import evaluate as evaluate_voices

        return evaluate_voices(options.data, short=options.short, progress=progress)
    if options.part == "arrange":
        from engine.lab.evaluation.arranging.arrange import evaluate as evaluate_arrange

        return evaluate_arrange(options.data, seeds=options.seeds, short=options.short, progress=progress)
    # 'beats' alone is the name that scripts know from before there was more of timing to measure.
    return _TIMING[options.of or options.part](options, progress)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}" if isfinite(value) else "none"
    return str(value)

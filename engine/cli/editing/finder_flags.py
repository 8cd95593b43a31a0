"""Flags of ``offcut propose``: settings of all finders, and the flags that are aliases of finders."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from engine.cli.numbers import finite
from engine.errors import UsageError
from engine.finders.registry import FINDERS
from engine.finders.settings import Field, fields_of
from engine.wording import listed

_FLAGS = ("takes", "talk", "recorders", "tempo")
"""Finders that have a flag of their own name."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A finder that the command line asks for.

    Attributes
    ----------
    key : the key of its proposals in JSON
    settings : those that were given
    """

    name: str
    key: str
    settings: dict[str, object]


def add_finder_flags(parser: argparse.ArgumentParser) -> None:
    """Declare the finder, its aliases and the settings of all finders."""
    names = ", ".join(FINDERS.own)
    parser.add_argument("finder", nargs="?", metavar="FINDER", help=f"{names}, or one of a package")
    by = parser.add_mutually_exclusive_group()
    by.add_argument("--sound", metavar="WORDS", help="the finder repair, for these words")
    by.add_argument("--like", type=finite, nargs=2, metavar=("A", "B"), help="the finder like-this, A to B s")
    by.add_argument("--pauses", action="store_true", help="the finder dead-air, or pauses with its settings")
    for name in _FLAGS:
        by.add_argument(f"--{name}", action="store_true", help=f"the finder {name}")
    by.add_argument("--maker", metavar="FINDER", help="a finder by its name")
    for finders, field in _settings():
        _add(parser, field, finders)
    parser.add_argument(
        "--set", nargs=2, action="append", default=[], metavar=("NAME", "X"), help="a setting of any finder"
    )
    parser.add_argument("--cut", action="store_true", help="with like-this: --does cut")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--automatic", action="store_true", help="with cuts: --threshold-mode automatic")
    how.add_argument("--threshold-percentile", type=finite, metavar="P", help="with cuts: --percentile")
    how.add_argument("--threshold-score", type=finite, metavar="S", help="with cuts: --score")
    parser.add_argument("--no-snap", action="store_true", help="with cuts: --snap no")


def _settings() -> Iterator[tuple[str, Field]]:
    """Yield the settings of all finders once, each with the finders that have it."""
    found: dict[str, tuple[list[str], Field]] = {}
    for name, finder in FINDERS.own.items():
        for field in fields_of(finder.settings):
            found.setdefault(field.name, ([], field))[0].append(name)
    for names, field in found.values():
        yield ", ".join(names), field


def _add(parser: argparse.ArgumentParser, field: Field, finders: str) -> None:
    unit = field.unit.upper() if field.unit.isalpha() else "X"
    metavar = "|".join(field.choices) or {str: "TEXT", bool: "yes|no"}.get(field.type, unit)
    default = "" if field.default in (None, "") or field.is_required else f" ({field.default} by default)"
    read: Any = finite if field.type in (int, float) else str
    about = f"with {finders}: {field.about}{default}".replace("%", "%%")
    parser.add_argument(flag(field.name), type=read, metavar=metavar, help=about)


def flag(setting: str) -> str:
    """Return the flag of a setting: its own, or ``--set NAME`` of a finder of another package."""
    is_own = any(field.name == setting for _, field in _settings())
    return f"--{setting.replace('_', '-')}" if is_own else f"--set {setting}"


def asked_for(options: argparse.Namespace) -> Asked:
    """Return the finder and the settings that were given.

    Raises
    ------
    UsageError : no finder is named, or more than one
    """
    settings = dict(_given(options))
    if options.cut and "start_s" not in settings:
        raise UsageError("--cut belongs to --like A B: give the span of the example.")
    asked = [(name, name) for name in _FLAGS if getattr(options, name)]
    asked += [] if options.maker is None else [(options.maker, "made")]
    asked += [] if options.sound is None else [("repair", "found")]
    asked += [] if options.like is None else [("like-this", "found")]
    asked += [("pauses" if settings else "dead-air", "pauses")] if options.pauses else []
    asked += [] if options.finder is None else [(options.finder, "found")]
    if not asked and options.taste:
        asked = [("cuts", "found")]
    if len(asked) == 1:
        return Asked(*asked[0], settings)
    if not asked and settings:
        raise UsageError(f"{flag(next(iter(settings)))} is a setting of a finder: name the finder.")
    if not asked:
        raise UsageError(f"No finder is named: add {listed(tuple(FINDERS.own), 'or')} after the document.")
    raise UsageError(f"{listed([name for name, _ in asked])} are named: name one finder at a time.")


def _given(options: argparse.Namespace) -> Iterator[tuple[str, object]]:
    """Yield the settings that were given, by name."""
    for _, field in _settings():
        if (value := getattr(options, field.name)) is not None:
            yield field.name, value
    if options.sound is not None:
        yield "words", options.sound
    if options.like is not None:
        yield from zip(("start_s", "stop_s"), options.like, strict=True)
    aliases = {
        "does": "cut" if options.cut else None,
        "threshold_mode": "automatic" if options.automatic else None,
        "percentile": options.threshold_percentile,
        "score": options.threshold_score,
        "snap": False if options.no_snap else None,
    }
    yield from ((name, value) for name, value in aliases.items() if value is not None)
    yield from ((name.replace("-", "_"), text) for name, text in options.set)

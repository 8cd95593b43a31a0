"""Write the page of the command line: ``python packaging/cli_page.py [OUT.md]``.

Usage and options come from the parsers of the verbs. The page does not depend on the terminal, the machine or
installed packages: of the finders it lists those of Offcut alone.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from engine.cli.main import LABORATORY, SECTIONS, VERBS, verb_named
from engine.cli.propose import finder_parser
from engine.features.registry import FINDERS
from engine.review.finders import fields_of

PAGE = Path(__file__).resolve().parents[1] / "docs" / "cli.md"
MOST_SHOWN = 4
"""The highest number of values that a usage line shows for an argument."""

NOTES = {
    LABORATORY: "These verbs are part of the laboratory. They run from the source, with the packages "
    "of `pip install 'offcut[lab]'`; the [bundle](bundle.md#left-out) does not include them.",
}

PREFACE = """\
# Command line

Every step of Offcut works without a window and gives the same bytes. `packaging/cli_page.py` writes this page
from the program; `offcut VERB --help` prints the same options.

- `offcut` opens the window, `offcut PROJECT.offcut` opens a document, `offcut --demo` opens the demo, and
  `offcut A.wav B.wav` imports recordings. From the source, the program is `.venv/bin/offcut`.
- Every verb takes `--json` and then prints JSON on standard output ([fields](../engine/cli/verbs.md)).
  Progress and warnings go to standard error.
- Exit status: 0 done, 1 failed, 2 wrong use, 130 stopped by `Ctrl C`, 141 output closed by its reader.
- Names of options end in their unit: `-s` seconds, `-ms` milliseconds, `-db` decibels, `-hz` hertz. Times are
  positions in the recording unless the description names the result.
- An existing file is replaced only with `--force`. Recordings do not change.
- `OFFCUT_CACHE` and `OFFCUT_THREADS` set the cache folder and the number of threads.

In usage lines, `[X]` is optional, `X...` takes one or more, and `A|B` takes one of the two. The
[guide](guide.md) has examples for each task.
"""


def page() -> str:
    """Return the page as Markdown."""
    parts = [PREFACE, _table()]
    for title, verbs in _sections():
        parts += [f"## {title}\n", f"{NOTES[title]}\n" if title in NOTES else ""]
        parts += [_section(verb) for verb in verbs]
    return "\n".join(part for part in parts if part)


def _sections() -> list[tuple[str, Mapping[str, tuple[str, str]]]]:
    """Return the sections, the laboratory last."""
    return sorted(SECTIONS.items(), key=lambda section: section[0] == LABORATORY)


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def _table() -> str:
    rows = [
        f"| [{verb}](#offcut-{verb}) | {summary}{' (laboratory)' * (title == LABORATORY)} |"
        for title, verbs in _sections()
        for verb, (_, summary) in verbs.items()
    ]
    return "\n".join(["| verb | description |", "|---|---|", *rows, ""])


def _section(verb: str) -> str:
    parser = argparse.ArgumentParser(prog=f"offcut {verb}")
    verb_named(verb).add_arguments(parser)
    parts = [f"### offcut {verb}\n", f"{_capital(VERBS[verb])}.", "", *_described(f"offcut {verb}", parser)]
    further = list(_subcommands(verb, parser))
    if further:
        names = ", ".join(f"[{name}](#{verb}-{name})" for name, *_ in further)
        parts += [f"`{parser._actions[-1].metavar}` is one of {names}.", ""]
    for name, text, sub, usage in further:
        parts += [
            f"#### {verb} {name}\n",
            f"{_capital(text.rstrip('.'))}.",
            "",
            *_described(usage, sub),
        ]
    return "\n".join(parts)


def _subcommands(
    verb: str, parser: argparse.ArgumentParser
) -> Iterator[tuple[str, str, argparse.ArgumentParser, str]]:
    """Yield name, description, parser and first words of the usage of each sub-command."""
    if verb == "propose":
        for name, finder in FINDERS.own.items():
            sub = finder_parser(name, finder, parser)
            required = {field.name for field in fields_of(finder.settings) if field.is_required}
            for action in sub._actions:
                action.required = action.dest in required
            yield name, finder.about, sub, f"offcut propose PROJECT {name}"
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for row in action._choices_actions:
                yield row.dest, row.help or "", action.choices[row.dest], f"offcut {verb} {row.dest}"


def _described(program: str, parser: argparse.ArgumentParser) -> list[str]:
    """Return the usage and the list of arguments of a parser, as lines."""
    lines = ["```", " ".join([program, *_usage(parser)]), "```", ""]
    own, options, *named = parser._action_groups
    groups = [("", [*own._group_actions, *options._group_actions])]
    groups += [(_capital(f"{group.title}:"), group._group_actions) for group in named]
    for title, actions in groups:
        items = [line for action in actions if _is_shown(action) for line in _item(action)]
        if items:
            lines += [*([title, ""] if title else []), *items, ""]
    return lines


def _is_shown(action: argparse.Action) -> bool:
    return action.help != argparse.SUPPRESS and action.dest not in ("help", "json")


def _usage(parser: argparse.ArgumentParser) -> Iterator[str]:
    shown = [action for action in parser._actions if _is_shown(action)]
    choices = [group._group_actions for group in parser._mutually_exclusive_groups if group.required]
    for action in shown:
        if not action.option_strings:
            yield _value(action)
    for group in choices:
        yield f"({' | '.join(_option(action) for action in group)})"
    options = [
        action for action in shown if action.option_strings and all(action not in group for group in choices)
    ]
    yield from (_option(action) for action in options if action.required)
    if not all(action.required for action in options):
        yield "[OPTIONS]"


def _item(action: argparse.Action) -> Iterator[str]:
    """Yield the line of an argument; a positional one without a description has none."""
    text = (action.help or "") % vars(action)
    if action.nargs == argparse.PARSER:
        return
    if not action.option_strings and action.choices and _name(action) == action.dest.upper():
        values = f"one of {', '.join(f'`{one}`' for one in action.choices)}"
        text = f"{text}: {values}" if text else values
    if action.option_strings or text:
        names = [*action.option_strings[:-1], _option(action)] if action.option_strings else [_name(action)]
        yield f"- {', '.join(f'`{name}`' for name in names)}{f': {text}' if text else ''}"


def _option(action: argparse.Action) -> str:
    return f"{action.option_strings[-1]} {_value(action)}".rstrip()


def _name(action: argparse.Action) -> str:
    if action.metavar:
        return str(action.metavar)
    values = list(map(str, action.choices or ()))
    is_short = action.option_strings or len(values) <= MOST_SHOWN
    return "|".join(values) if values and is_short else action.dest.upper()


def _value(action: argparse.Action) -> str:
    """Return the value of an argument as usage lines show it, empty for a switch."""
    if isinstance(action.metavar, tuple):
        return " ".join(action.metavar)
    name, nargs = _name(action), action.nargs
    if "|" in name and (not action.option_strings or nargs == "+"):
        name = f"({name})"
    forms = {0: "", "?": f"[{name}]", "*": f"[{name}...]", "+": f"{name}..."}
    return forms.get(nargs, name) if nargs != 2 else f"{name} {name}"


if __name__ == "__main__":
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else PAGE
    out.write_text(page(), "utf-8", newline="\n")

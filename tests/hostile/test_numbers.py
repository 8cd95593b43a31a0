"""Numbers of flags: every numeric flag of every verb with values that no recording has."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.cli.arguments import LARGEST, finite, whole, whole_from_0
from engine.cli.edit import _OPTIONS, _PAYLOADS, CLIP_EDITS, CLOCK, FADE_ENDS, REPAIR
from engine.cli.main import VERBS, main, verb_named
from engine.cli.propose import finder_parser
from engine.features.registry import FINDERS
from tests.hostile.bad_files import good

IMPOSSIBLE = ("nan", "inf", "-inf", "1e308", "-1e308", f"{LARGEST}1", "1" + "0" * 5_000, "", "1,5", "0x10")
EXTREME = (str(LARGEST), str(-LARGEST), "1e-320", "-0", "0", "-1")


KINDS = {
    kind: [option for option, kinds in _OPTIONS.items() if kind in kinds]
    for kind in (*_PAYLOADS, REPAIR, FADE_ENDS, CLOCK, *CLIP_EDITS)
}
"""The kinds of edit with their own options."""


def parsers() -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Yield every verb with its parser; verbs of a verb as well."""
    for name in VERBS:
        parser = argparse.ArgumentParser(prog=name)
        verb_named(name).add_arguments(parser)
        yield name, parser
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                yield from ((f"{name} {own}", below) for own, below in action.choices.items())
        if name == "propose":
            yield from ((f"propose {one}", finder_parser(one, FINDERS[one], parser)) for one in FINDERS.own)


def numbers_of(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    return [one for one in parser._actions if one.type in (finite, whole, whole_from_0)]


def test_every_number_is_read_in_one_place() -> None:
    found = {name: len(numbers_of(parser)) for name, parser in parsers()}
    assert sum(found.values()) > 80
    for name, parser in parsers():
        assert not [one.dest for one in parser._actions if one.type in (int, float)], name


@pytest.mark.parametrize("text", IMPOSSIBLE)
def test_a_number_that_cannot_be_is_refused_by_every_flag(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, parser in parsers():
        for flag in numbers_of(parser):
            with pytest.raises(SystemExit) as ended:
                _read(parser, flag, text)
            assert ended.value.code == 2, (name, flag.dest)
            assert len(capsys.readouterr().err.splitlines()[-1]) < 250


@pytest.mark.parametrize("read", [finite, whole])
def test_a_minus_sign_before_a_zero_means_nothing(read: type) -> None:
    assert str(read("-0")) in ("0", "0.0")


def _read(parser: argparse.ArgumentParser, flag: argparse.Action, text: str) -> None:
    read = flag.type
    assert callable(read)
    try:
        read(text)
    except argparse.ArgumentTypeError as error:
        parser.error(str(error))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("numbers")
    path = folder / "jam.offcut"
    takes = [str(good(folder / f"{name}.wav", 3.0, seed=seed)) for seed, name in enumerate("ab")]
    assert main(["new", str(path), *takes]) == 0
    assert main(["edit", str(path), "cut", "--start-s", "1", "--stop-s", "2"]) == 0
    return path


def calls(project: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield calls of verbs with one place for a number, ``{}``, in each."""
    path, wave, out = str(project), str(project.with_name("a.wav")), str(project.with_name("out.wav"))
    span = ["--start-s=0.5", "--stop-s=1"]
    for kind, flags in KINDS.items():
        usual = {"tracks": ["--tracks", "a"], "clips": ["--clips", "a.wav"], "time": ["--time", "10:00:00"]}
        usual |= {"text": ["--text", "dog"], "to_s": ["--to-s=2"], "by_s": ["--by-s=0.1"], "db": ["--db=-3"]}
        usual |= {"at_s": ["--at-s=1"]}
        for number in ("start_s", "stop_s", *flags):
            if number in ("clips", "ripple", "time", "date", "fill", "text", "mode"):
                continue
            words = [word for one in flags if one != number for word in usual.get(one, [])]
            edges = [word for word in span if not word.startswith(f"--{number.replace('_', '-')}=")]
            values = ["{}", "2000"] if number == "band_hz" else ["{}"]
            asked = [f"--{number.replace('_', '-')}", *values] if len(values) > 1 else []
            asked = asked or [f"--{number.replace('_', '-')}={{}}"]
            yield "edit", [path, kind, *words, *edges, *asked]
            yield "edit", [path, kind, *words, *asked, "--tracks", "a"]
    for flag in ("above", "nudge-start-ms", "nudge-stop-ms"):
        yield "decide", [path, "reject", *([] if flag == "above" else ["--all"]), f"--{flag}={{}}"]
    for flag in ("start-s", "stop-s", "fade-in-s", "fade-out-s", "gain-db", "loudness", "rate-hz"):
        other = {"start-s": ["--stop-s=1"], "stop-s": ["--start-s=0"]}.get(flag, [])
        yield "export", [path, "--out", out, "--force", *other, f"--{flag}={{}}"]
    yield "export", [path, "--out", out, "--force", "--range", "0", "{}"]
    for flag in ("swing", "strength", "sensitivity", "pad-ms", "start-s", "beats-in-bar"):
        yield "align", [path, "--bpm=120", f"--{flag}={{}}"]
    yield "align", [path, "--bpm={}"]
    for flag in ("minutes", "seed"):
        yield "arrange", [path, f"--{flag}={{}}"]
    yield "propose", [path, "like-this", "--start-s=0", "--stop-s={}"]
    yield "detect", [wave, "--window", "0", "{}"]
    yield "separate", [wave, "--text", "dog", "--out", out, "--force", "--window", "0", "{}"]
    for flag in ("fade-ms", "strength-db"):
        yield (
            "separate",
            [wave, "--text", "dog", "--out", out, "--force", "--window", "9", "10", f"--{flag}={{}}"],
        )


@pytest.mark.parametrize("text", EXTREME)
def test_a_number_that_no_recording_has_is_a_sentence(
    project: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = project.read_bytes()
    for verb, words in calls(project):
        asked = [verb, *(word.replace("{}", text) for word in words)]
        try:
            status = main(asked)
        except SystemExit as ended:
            status = int(ended.code or 0)
        except Exception as error:  # each fault names its call
            raise AssertionError(asked) from error
        said = capsys.readouterr().err
        assert status in (0, 1, 2), asked
        assert status == 0 or len(said.splitlines()) == 1, (asked, said)
        project.write_bytes(before)

"""The command line and everything that can go wrong around it: one line, and nothing made or changed."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

import pytest

from engine.cli.main import READER_GONE, VERBS, main
from engine.document.document import Document
from engine.document.file import transaction
from tests.hostile.bad_files import REFUSED, WARNED, good
from tests.hostile.verbs import ROOT

TINY = "hidden_dims: [4, 8]\nlatent_dim: 8\nepochs: 1\nsegments_per_epoch: 8\n"


class Verb:
    """Runs verbs as a shell would and keeps what they said."""

    def __init__(self, capsys: pytest.CaptureFixture[str], folder: Path) -> None:
        self._capsys = capsys
        self._folder = folder
        self.out = ""

    def __call__(self, *words: object) -> int:
        try:
            status = main([str(word) for word in words])
        except SystemExit as ended:
            status = int(ended.code or 0)
        self.out, self.err = self._capsys.readouterr()
        return status

    def refusal(self, *words: object) -> str:
        """Expect a refusal: one line, nothing on standard output, no file made, changed or removed."""
        before = self._files()
        status = self(*words)
        assert status in (1, 2), self.err
        assert self.out == ""
        assert self.err.count("\n") == 1, self.err
        assert self.err.endswith(".\n")
        assert self.err.startswith(f"offcut {words[0]}: ")
        assert self._files() == before
        return self.err

    def _files(self) -> dict[Path, bytes | None]:
        found = sorted(self._folder.rglob("*"))
        return {path: path.read_bytes() if path.is_file() else None for path in found}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / 'it\'s a "jam" 🎸'
    made.mkdir()
    return made


@pytest.fixture
def verb(capsys: pytest.CaptureFixture[str], folder: Path) -> Verb:
    return Verb(capsys, folder)


@pytest.fixture
def recipe(folder: Path) -> Path:
    path = folder / "tiny.yaml"
    path.write_text(TINY)
    return path


@pytest.fixture
def project(verb: Verb, folder: Path) -> Path:
    path = folder / "jam.offcut"
    assert verb("new", path, good(folder / "jam.wav")) == 0
    return path


@pytest.fixture
def taste(verb: Verb, folder: Path, recipe: Path) -> Path:
    path = folder / "ours.taste"
    edited = good(folder / "edited.wav", 12.0, seed=3)
    assert verb("learn", edited, "--config", recipe, "--out", path) == 0
    return path


@pytest.fixture
def proposed(verb: Verb, project: Path, taste: Path) -> Path:
    assert verb("propose", project, "cuts", "--taste", taste, "--keep", 0.5, "--minimum-kept-s", 0.2) == 0
    return project


# Recordings.


@pytest.mark.parametrize("case", REFUSED)
def test_every_verb_that_reads_a_recording_refuses_a_bad_one(
    verb: Verb, folder: Path, taste: Path, recipe: Path, case: str
) -> None:
    make, words = REFUSED[case]
    path = make(folder / "take.wav")
    calls: dict[str, tuple[object, ...]] = {
        "new": (folder / "new.offcut", path),
        "beats": (path,),
        "takes": (path,),
        "score": (taste, path, "--csv", folder / "scores.csv"),
        "learn": (path, "--config", recipe, "--out", folder / "new.taste"),
    }
    for name, arguments in calls.items():
        said = verb.refusal(name, *arguments)
        assert str(path) in said
        if (name, case) == ("score", "folder"):
            assert "holds no audio files" in said  # a folder with some is scored
        else:
            assert words in said


READING = {
    "proposals": ("NAMED.offcut",),
    "arrange": ("jam.offcut", "--editor", "NAMED.editor"),
    "arrange like": ("jam.offcut", "--like", "jam.wav", "NAMED.wav"),
    "score": ("NAMED.taste", "jam.wav"),
    "propose": ("jam.offcut", "cuts", "--taste", "NAMED.taste"),
    "learn": ("jam.wav", "--config", "NAMED.yaml", "--out", "new.taste"),
    "learn-edits": ("--raw", "jam.wav", "--edited", "NAMED.wav", "--out", "new.editor"),
    "learn-timing": ("--raw", "jam.wav", "--edited", "NAMED.wav", "--out", "new.groove"),
    "align groove": ("jam.wav", "--bpm", "120", "--groove", "NAMED.groove"),
    "experiment": ("run", "NAMED.yaml"),
    "align": ("jam.wav", "--beats", "NAMED.json"),
    "match": ("jam.wav", "NAMED.wav"),
    "separate": ("NAMED.wav", "--text", "dog", "--window", "0", "1", "--out", "new.wav"),
    "detect": ("NAMED.wav",),
}


@pytest.mark.skipif(os.name != "posix", reason="there are no such files")
@pytest.mark.parametrize("name", READING)
def test_no_verb_waits_for_a_pipe_or_reads_a_folder(
    verb: Verb, project: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.parent)
    (pointed,) = (Path(word) for word in READING[name] if "NAMED" in word)
    os.mkfifo(pointed.with_stem("pipe"))
    pointed.with_stem("folder").mkdir()
    for stem in ("pipe", "folder"):
        said = verb.refusal(name.split()[0], *(word.replace("NAMED", stem) for word in READING[name]))
        assert pointed.with_stem(stem).name in said


@pytest.mark.parametrize("case", WARNED)
def test_what_can_be_saved_is_imported_and_told(verb: Verb, folder: Path, case: str) -> None:
    make, words = WARNED[case]
    assert verb("new", folder / "new.offcut", make(folder / "take.wav")) == 0
    assert words in verb.out
    assert verb.err == ""


def test_one_bad_file_among_good_ones_is_named_and_the_others_come_in(verb: Verb, folder: Path) -> None:
    bad = REFUSED["not audio"][0](folder / "notes.wav")
    paths = (good(folder / "a.wav"), bad, good(folder / "b.wav", seed=2))
    assert verb("new", folder / "new.offcut", *paths) == 0
    assert "notes.wav is not audio" in verb.out
    with Document.open(folder / "new.offcut") as document:
        assert [track.name for track in document.state.tracks] == ["a", "b"]


def test_nothing_but_bad_files_makes_no_document(verb: Verb, folder: Path) -> None:
    bad = [REFUSED["not audio"][0](folder / name) for name in ("notes.wav", "more notes.wav")]
    assert "notes.wav is not audio" in verb.refusal("new", folder / "new.offcut", *bad)


def test_sixty_four_channels_go_the_whole_way(verb: Verb, folder: Path) -> None:
    path = folder / "desk.offcut"
    assert verb("new", path, good(folder / "desk.wav", 1.0, 64)) == 0
    assert verb("export", path, "--out", folder / "out.wav") == 0
    assert verb("beats", folder / "desk.wav") == 0
    assert "64 channels" in verb.refusal("export", path, "--out", folder / "out.flac")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_a_name_that_is_no_text(verb: Verb, folder: Path) -> None:
    path = good(folder / "cafe.wav").rename(folder / os.fsdecode(b"caf\xe9.wav"))
    said = verb.refusal("new", folder / "new.offcut", path)
    assert "has a name that is not valid text: rename" in said
    assert verb("beats", path) == 0
    assert "caf\ufffd.wav" in verb.out
    assert verb("new", folder / os.fsdecode(b"caf\xe9.offcut"), good(folder / "good.wav")) == 0


def test_learning_from_what_teaches_nothing(verb: Verb, folder: Path, recipe: Path) -> None:
    silent, short = WARNED["silent"][0](folder / "silent.wav"), good(folder / "short.wav")
    out = ("--config", recipe, "--out", folder / "new.taste")
    assert "silent.wav is silent" in verb.refusal("learn", silent, *out)
    assert "too short to learn from" in verb.refusal("learn", short, *out)


# Recordings and tastes that are gone.


def remove(path: Path) -> None:
    path.unlink()


def shorten(path: Path) -> None:
    os.truncate(path, 1_000)


def replace(path: Path) -> None:
    good(path, 5.0, seed=9)


@pytest.mark.parametrize("harm", [remove, shorten, replace])
def test_a_recording_that_is_not_what_was_imported(
    verb: Verb, project: Path, taste: Path, harm: Callable[[Path], None]
) -> None:
    recording = project.with_suffix(".wav")
    harm(recording)
    for suffix in (".wav", ".flac", ".rpp"):
        assert "jam.wav" in verb.refusal("export", project, "--out", project.with_name(f"mix{suffix}"))
    assert "jam.wav" in verb.refusal("propose", project, "cuts", "--taste", taste)


@pytest.mark.parametrize("harm", [remove, shorten, lambda path: path.write_text("no taste")])
def test_a_taste_that_is_none(verb: Verb, project: Path, taste: Path, harm: Callable[[Path], None]) -> None:
    harm(taste)
    assert "ours.taste" in verb.refusal("propose", project, "cuts", "--taste", taste)
    assert "ours.taste" in verb.refusal("score", taste, project.with_suffix(".wav"))


# Documents.


@pytest.mark.parametrize("content", [b"", b"RIFF....WAVE", b"SQLite format 3\x00", b"hello\n" * 100, None])
def test_what_is_no_document(verb: Verb, folder: Path, taste: Path, content: bytes | None) -> None:
    path = folder / "other.offcut"
    if content is not None:
        path.write_bytes(content)
    for words in (
        ("proposals", path),
        ("decide", path, "accept", "--all"),
        ("export", path, "--out", folder / "mix.wav"),
        ("propose", path, "cuts", "--taste", taste),
    ):
        assert "other.offcut is not" in verb.refusal(*words)


def test_nothing_is_replaced_unasked(verb: Verb, proposed: Path, taste: Path, recipe: Path) -> None:
    folder = proposed.parent
    (folder / "mix.wav").write_text("precious")
    edited = folder / "edited.wav"
    assert "exists already" in verb.refusal("new", proposed, edited)
    assert "already exists" in verb.refusal("export", proposed, "--out", folder / "mix.wav")
    assert "ours.taste" in verb.refusal("learn", edited, "--config", recipe, "--out", taste)
    assert "mix.wav" in verb.refusal("score", taste, edited, "--csv", folder / "mix.wav")
    said = verb.refusal("export", proposed, "--out", folder / "jam.wav", "--force")
    assert "never written over" in said


@pytest.mark.parametrize("name", ["x" * 300 + ".wav", "none/mix.wav", "jam.wav/mix.wav", "mix.xyz", ".wav"])
def test_an_export_that_cannot_be_named(verb: Verb, project: Path, name: str) -> None:
    verb.refusal("export", project, "--out", project.parent / name)


@pytest.mark.parametrize("name", ["x" * 300 + ".offcut", "none/new.offcut", "jam.wav/new.offcut"])
def test_a_document_that_cannot_be_named(verb: Verb, project: Path, name: str) -> None:
    verb.refusal("new", project.parent / name, project.with_suffix(".wav"))


def test_a_document_that_another_program_holds(
    verb: Verb, proposed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transaction, "_PATIENCE_S", 0.1)
    with closing(sqlite3.connect(proposed, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        before = proposed.read_bytes()
        assert verb("decide", proposed, "accept", "--all") == 1
        assert "could not be written" in verb.err
        other.execute("ROLLBACK")
        assert proposed.read_bytes() == before


# Values.


@pytest.mark.parametrize(
    "words",
    [
        ("decide", "{p}", "accept", "--all", "--nudge-start-ms", "nan"),
        ("decide", "{p}", "accept", "--all", "--nudge-stop-ms", "inf"),
        ("decide", "{p}", "accept", "--all", "--nudge-start-ms", "1e9"),
        ("decide", "{p}", "accept", "--above", "nan"),
        ("decide", "{p}", "accept", "--all", "--above", "0.5"),
        ("decide", "{p}", "accept", "no-such-id"),
        ("decide", "{p}", "perhaps", "--all"),
        ("propose", "{p}", "cuts", "--taste", "{t}", "--keep", "0"),
        ("propose", "{p}", "cuts", "--taste", "{t}", "--keep", "nan"),
        ("propose", "{p}", "cuts", "--taste", "{t}", "--keep-minutes", "0"),
        ("propose", "{p}", "cuts", "--taste", "{t}", "--keep-minutes", "600"),
        ("propose", "{p}", "cuts", "--taste", "{t}", "--keep-minutes", "nan"),
        ("propose", "{p}", "cuts", "--taste", "{t}", "--keep-minutes", "1", "--threshold-mode", "automatic"),
        ("propose", "{p}", "cuts", "--taste", "{t}", "--keep", "half"),
        ("propose", "{p}", "cuts", "--taste", "{t}", "--percentile", "101"),
        ("propose", "{p}", "cuts", "--taste", "{t}", "--minimum-kept-s", "inf"),
        ("propose", "{p}"),
        ("export", "{p}"),
        ("beats",),
    ],
)
def test_values_that_cannot_be(verb: Verb, proposed: Path, taste: Path, words: tuple[str, ...]) -> None:
    verb.refusal(*(word.format(p=proposed, t=taste) for word in words))


def test_a_nudge_that_one_of_several_cannot_take_moves_none(verb: Verb, proposed: Path) -> None:
    from engine.document.document import Document
    from engine.document.edits.proposals import replace_proposals
    from engine.document.proposals import Proposal

    with Document.open(proposed) as document:
        spans = {"long": (1_000, 9_000), "short": (12_000, 12_400)}
        cuts = [Proposal(name, "cut", *span, 0.9, "Odd.", "test") for name, span in spans.items()]
        document.apply(replace_proposals(document.state, cuts, {}, "Proposed"))
    said = verb.refusal("decide", proposed, "accept", "long", "short", "--nudge-start-ms", 100)
    assert "right edge must stay after the left edge" in said
    assert verb("decide", proposed, "accept", "long", "long", "--nudge-start-ms", 100) == 0
    with Document.open(proposed) as document:
        assert document.state.span("long") == (1_800, 9_000)


# Offcut's own folders.


@pytest.fixture
def no_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Have a file lie where the caches and the data of Offcut would go."""
    in_the_way = tmp_path / "in the way"
    in_the_way.write_text("")
    for name in ("CACHE", "DATA", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(in_the_way))
    return in_the_way


def test_without_a_cache_folder_importing_says_why(verb: Verb, folder: Path, no_folders: Path) -> None:
    said = verb.refusal("new", folder / "new.offcut", good(folder / "take.wav"))
    assert str(no_folders) in said
    assert "make the place writable" in said


def test_without_a_data_folder_the_document_opens_all_the_same(
    verb: Verb, proposed: Path, no_folders: Path
) -> None:
    assert no_folders.is_file()
    assert verb("proposals", proposed) == 0
    assert verb("decide", proposed, "accept", "--all") == 0
    proposed.write_bytes(proposed.read_bytes()[:5_000])
    assert "take a backup or another copy" in verb.refusal("proposals", proposed)


def test_wrong_use_of_every_verb_is_one_line(verb: Verb) -> None:
    for name in VERBS:
        assert f"see 'offcut {name} --help'" in verb.refusal(name, "--no-such-option")


@pytest.mark.parametrize("words", [("proposals",), ("proposals", "--json")])
def test_an_answer_that_nobody_reads_ends_quietly(proposed: Path, words: tuple[str, ...]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as output:
        said = _written_to(output, *words, proposed, status=READER_GONE)
    assert said == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no disk that is always full")
def test_an_answer_that_cannot_be_written_is_told(proposed: Path) -> None:
    with Path("/dev/full").open("wb") as output:
        said = _written_to(output, "proposals", proposed, status=1)
    assert said == "offcut proposals: Standard output cannot be written to: no space left on device.\n"


def _written_to(output: BinaryIO, *words: object, status: int) -> str:
    command = [sys.executable, "-m", "desktop.launch", *map(str, words)]
    done = subprocess.run(command, cwd=ROOT, stdout=output, stderr=subprocess.PIPE, check=False)
    assert done.returncode == status, done.stderr
    return done.stderr.decode()

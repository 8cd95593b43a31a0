"""Recordings embedded ahead of time: kept whole, found again, made again where anything changed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from engine.analysis.embeddings.preparation import (
    Hearing,
    NotPrepared,
    Prepared,
    embedded,
    entry_path,
    load_vectors,
    prepare,
    prepare_all,
)
from engine.analysis.embeddings.registry import Embedder, default_embedder
from engine.analysis.signal.loudness import level_of
from engine.analysis.signal.streams import mono_blocks
from engine.cli.main import main
from engine.sound.reader import content_hash

ROOT = Path(__file__).resolve().parents[4]
RATE_HZ = 16_000
HEARING = Hearing(window_s=1.0, hop_s=0.5, rate_hz=RATE_HZ)


@dataclass
class Counted:
    """The default embedding, counting the windows it is asked for."""

    inner: Embedder
    windows: int = 0

    @property
    def name(self) -> str:
        return self.inner.name

    @property
    def rate_hz(self) -> int:
        return self.inner.rate_hz

    @property
    def size(self) -> int:
        return self.inner.size

    def embed(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        self.windows += len(windows)
        return self.inner.embed(windows)


@pytest.fixture
def counted() -> Counted:
    return Counted(default_embedder())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "kept"
    made.mkdir()
    return made


@pytest.fixture
def recordings(tmp_path: Path, rng: np.random.Generator) -> list[Path]:
    paths = [tmp_path / f"{number}.wav" for number in range(3)]
    for number, path in enumerate(paths):
        soundfile.write(path, 0.1 * rng.standard_normal((3 + number) * RATE_HZ), RATE_HZ)
    return paths


def test_vectors_are_those_of_the_windows_and_are_made_once(
    recordings: list[Path], counted: Counted, folder: Path
) -> None:
    made = prepare(recordings[0], counted, HEARING, folder)
    blocks = list(mono_blocks(recordings[0], RATE_HZ))
    wanted = np.concatenate(list(embedded(blocks, level_of(blocks), HEARING, default_embedder())))
    np.testing.assert_array_equal(made.vectors, wanted)
    assert made.vectors.shape == (5, counted.size)
    assert not made.was_kept
    moved = recordings[0].rename(recordings[0].with_name("moved.wav"))
    again = prepare(moved, counted, HEARING, folder)
    assert again.was_kept
    assert counted.windows == 5
    np.testing.assert_array_equal(again.vectors, wanted)


def test_other_settings_content_or_embedding_are_made_anew(
    recordings: list[Path], counted: Counted, folder: Path
) -> None:
    prepare(recordings[0], counted, HEARING, folder)
    assert not prepare(recordings[0], counted, Hearing(1.0, 0.25, RATE_HZ), folder).was_kept
    samples, _ = soundfile.read(recordings[0])
    soundfile.write(recordings[0], samples[::-1], RATE_HZ)
    assert not prepare(recordings[0], counted, HEARING, folder).was_kept
    assert len(list(folder.iterdir())) == 3


@pytest.mark.parametrize("damage", ["cut", "turned", "emptied", "other"])
def test_a_damaged_entry_is_made_again(
    recordings: list[Path], counted: Counted, folder: Path, damage: str
) -> None:
    wanted = np.array(prepare(recordings[0], counted, HEARING, folder).vectors)
    (entry,) = folder.iterdir()
    content = bytearray(entry.read_bytes())
    if damage == "cut":
        content = content[:-4]
    elif damage == "turned":
        content[len(content) // 2] ^= 1
    else:
        content = bytearray() if damage == "emptied" else bytearray(b"x" * len(content))
    entry.write_bytes(content)
    assert load_vectors(entry, counted.size) is None
    again = prepare(recordings[0], counted, HEARING, folder)
    assert not again.was_kept
    np.testing.assert_array_equal(again.vectors, wanted)


def test_what_cannot_be_read_does_not_stop_the_rest(
    recordings: list[Path], counted: Counted, folder: Path
) -> None:
    recordings[1].write_text("no audio")
    found = list(prepare_all(recordings, counted, HEARING, folder))
    assert [type(one) for one in found] == [Prepared, NotPrepared, Prepared]
    assert len(list(folder.iterdir())) == 2


_KILLED = """
import os, signal, sys
from pathlib import Path
from engine.analysis.embeddings import preparation
from engine.analysis.embeddings.preparation import Hearing
from engine.analysis.embeddings.registry import default_embedder
from engine.analysis.embeddings.sound_statistics import SoundStatistics

asked = 0
embed = SoundStatistics.embed

def embed_until_killed(self, windows):
    global asked
    asked += 1
    if asked == 2:  # in the middle of the second recording
        os.kill(os.getpid(), signal.SIGKILL)
    return embed(self, windows)

SoundStatistics.embed = embed_until_killed
folder, *paths = map(Path, sys.argv[1:])
list(preparation.prepare_all(paths, default_embedder(), Hearing(1.0, 0.5, 16_000), folder))
"""


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_after_a_kill_it_goes_on_where_it_was(recordings: list[Path], counted: Counted, folder: Path) -> None:
    command = [sys.executable, "-c", _KILLED, str(folder), *map(str, recordings)]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == -signal.SIGKILL
    first = entry_path(folder, content_hash(recordings[0]), counted, HEARING)
    assert load_vectors(first, counted.size) is not None
    found = list(prepare_all(recordings, counted, HEARING, folder))
    assert [one.was_kept for one in found if isinstance(one, Prepared)] == [True, False, False]
    assert not [path for path in folder.iterdir() if path.suffix != ".embeddings"], "the killed one's rest"


def test_the_verb_prepares_a_folder_and_tells_what_was_there(
    recordings: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["embeddings", "prepare", str(tmp_path), "--window-s", "2", "--hop-s", "1", "--json"]
    for was_kept in (False, True):
        assert main(words) == 0
        files = json.loads(capsys.readouterr().out)["files"]
        assert [(entry["path"], entry["windows"]) for entry in files] == [
            (str(path), number + 2) for number, path in enumerate(recordings)
        ]
        assert {entry["was_kept"] for entry in files} == {was_kept}
    recordings[1].write_text("no audio")
    assert main(words) == 1
    said = capsys.readouterr().err.splitlines()
    assert "1.wav is not audio" in said[0]
    assert said[1:] == ["offcut embeddings: 1 file could not be embedded; see above."]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["prepare", ".", "--window-s", "0.5"], "A window cannot last 0.5 s"),
        (["prepare", ".", "--hop-s", "11"], "Windows cannot be 11 s apart"),
        (["prepare", ".", "--embedding", "vggish"], "There is no embedding 'vggish'"),
        (["prepare", ".", "--cache", "nowhere"], "There is no folder nowhere"),
        (["add", "."], "holds no CLAP checkpoint"),
        (["download"], "No download"),
    ],
)
def test_wrong_use_is_one_sentence(
    words: list[str],
    sentence: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["embeddings", *words]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert sentence in err

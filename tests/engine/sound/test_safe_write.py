"""A file is written whole or not at all, and never over another one by accident."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.core.errors import Cancelled, ExportError
from engine.core.files.safe_write import replacing
from tests.permissions import let_others_through


def test_the_file_appears_only_when_it_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "mix.wav"
    with replacing(target) as part:
        part.write_bytes(b"new")
        assert part.parent == tmp_path
        assert not target.exists()
    assert target.read_bytes() == b"new"
    assert [file.name for file in tmp_path.iterdir()] == ["mix.wav"]


def test_others_may_read_it_as_the_user_has_set(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(b"")
    with replacing(tmp_path / "mix.wav"):
        pass
    assert (tmp_path / "mix.wav").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_an_existing_file_is_left_alone(tmp_path: Path) -> None:
    target = tmp_path / "mix.wav"
    target.write_bytes(b"old")
    with pytest.raises(ExportError, match=r"mix\.wav already exists"), replacing(target):
        pytest.fail("the body must not run")
    with replacing(target, overwrite=True) as part:
        part.write_bytes(b"new")
    assert target.read_bytes() == b"new"


@pytest.mark.parametrize("links", [True, False])
def test_a_file_that_appears_meanwhile_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    if not links:

        def refuse(*_: object) -> None:
            raise OSError(errno.EPERM, "no hard links on this disk")

        monkeypatch.setattr(os, "link", refuse)
    target = tmp_path / "mix.wav"
    with pytest.raises(ExportError, match="already exists"), replacing(target) as part:  # noqa: PT012
        part.write_bytes(b"mine")
        target.write_bytes(b"theirs")
    assert target.read_bytes() == b"theirs"
    assert len(list(tmp_path.iterdir())) == 1
    with replacing(tmp_path / "other.wav") as part:
        part.write_bytes(b"mine")
    assert (tmp_path / "other.wav").read_bytes() == b"mine"


@pytest.mark.parametrize("failure", [Cancelled, ValueError, KeyboardInterrupt])
def test_a_failure_leaves_what_was_there(tmp_path: Path, failure: type[BaseException]) -> None:
    target = tmp_path / "mix.wav"
    target.write_bytes(b"old")
    with pytest.raises(failure), replacing(target, overwrite=True) as part:  # noqa: PT012
        part.write_bytes(b"half")
        raise failure
    assert target.read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    ("number", "words"),
    [(errno.ENOSPC, "disk is full"), (errno.EDQUOT, "disk is full"), (errno.EIO, "error")],
)
def test_a_disk_that_fails_is_told_in_a_sentence(tmp_path: Path, number: int, words: str) -> None:
    with pytest.raises(ExportError, match=rf"mix\.wav.*{words}"), replacing(tmp_path / "mix.wav"):
        raise OSError(number, os.strerror(number))
    assert not list(tmp_path.iterdir())


def test_a_failure_to_read_something_else_is_not_blamed_on_the_target(tmp_path: Path) -> None:
    gone = tmp_path / "other" / "gone.json"
    words = r"mix\.wav was not written: .*gone\.json"
    with pytest.raises(ExportError, match=words), replacing(tmp_path / "mix.wav"):
        gone.read_bytes()


def test_a_missing_folder_and_a_folder_as_target(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="there is no folder"), replacing(tmp_path / "gone" / "mix.wav"):
        pass
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ExportError, match="there is no folder"), replacing(tmp_path / "file" / "mix.wav"):
        pass
    with pytest.raises(ExportError, match="is a folder"), replacing(tmp_path, overwrite=True):
        pass
    with pytest.raises(ExportError, match="too long a name"), replacing(tmp_path / ("m" * 300)):
        pass


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse some of these names")
def test_names_that_are_long_or_no_text(tmp_path: Path) -> None:
    for name in (b"m" * 255, b'a "quoted" \xf0\x9f\xa5\x81.wav', b"latin \xe9.wav"):
        target = tmp_path / os.fsdecode(name)
        with replacing(target) as part:
            part.write_bytes(b"new")
        assert target.read_bytes() == b"new"


def test_a_symbolic_link_is_replaced_and_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "real.wav").write_bytes(b"old")
    (tmp_path / "link.wav").symlink_to(tmp_path / "real.wav")
    with replacing(tmp_path / "link.wav", overwrite=True) as part:
        part.write_bytes(b"new")
    assert not (tmp_path / "link.wav").is_symlink()
    assert (tmp_path / "link.wav").read_bytes() == b"new"
    assert (tmp_path / "real.wav").read_bytes() == b"old"


READ_ONLY_FOLDER = """
import os, sys
from pathlib import Path
from engine.core.errors import ExportError
from engine.core.files.safe_write import replacing
if os.geteuid() == 0:
    os.seteuid(65534)
try:
    with replacing(Path(sys.argv[1])):
        pass
except ExportError as error:
    print(error)
"""


@pytest.mark.skipif(os.name != "posix", reason="folders have no such permission elsewhere")
def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o555)
    let_others_through(folder.parent)
    done = subprocess.run(
        [sys.executable, "-c", READ_ONLY_FOLDER, folder / "mix.wav"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "read-only for you" in done.stdout
    assert not list(folder.iterdir())

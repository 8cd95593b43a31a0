"""Releases: from a tag that fits, with the changes of that version and checksums that hold."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

import build
import pytest
import release

from tests.bundle.conftest import ROOT

LOG = """# Changelog

## Unreleased

- Later.

## 0.2.0 (2026-12-01)

- **Better.** It is.

## 0.1.0

- First.
"""


def test_the_changes_are_those_of_the_version() -> None:
    assert release.changes(LOG, "0.2.0") == "# Offcut 0.2.0 (2026-12-01)\n\n- **Better.** It is.\n"
    assert release.changes(LOG, "0.1.0") == "# Offcut 0.1.0\n\n- First.\n"
    with pytest.raises(release.ReleaseError, match=r"no part '## 0\.3\.0'"):
        release.changes(LOG, "0.3.0")


def test_the_tag_and_the_version_agree(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "0.2.0"\n')
    assert release.version_of("v0.2.0", tmp_path) == "0.2.0"
    with pytest.raises(release.ReleaseError, match=r"pyproject\.toml says 0\.2\.0"):
        release.version_of("v0.3.0", tmp_path)


def test_a_tag_that_is_not_there_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert release.main(["v99.0.0", "--out", str(tmp_path)]) == 1
    assert "no tag 'v99.0.0'" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_checksums_hold(tmp_path: Path) -> None:
    texts = {"a.tar.xz": b"packed", "name with spaces.deb": b"\0" * (3 << 20)}
    for name, text in texts.items():
        (tmp_path / name).write_bytes(text)
    listed = release.checksums(tmp_path).read_text().splitlines()
    assert listed == [f"{hashlib.sha256(text).hexdigest()}  {name}" for name, text in sorted(texts.items())]
    assert release.checksums(tmp_path).read_text().splitlines() == listed, "it is not in its own list"
    if shutil.which("sha256sum"):
        subprocess.run(["sha256sum", "--check", "--quiet", release.CHECKSUMS], cwd=tmp_path, check=True)


def test_all_that_belongs_to_a_release_is_gathered(tmp_path: Path) -> None:
    dist, out = tmp_path / "dist", tmp_path / "out"
    (dist / "offcut").mkdir(parents=True)
    (dist / "offcut" / "offcut").write_text("program")
    for name in ("offcut.cdx.json", "report.md", "offcut_0.2.0_amd64.deb"):
        (dist / name).write_text(name)
    out.mkdir()
    release.gather(dist, out, "0.2.0", "# Offcut 0.2.0\n")
    names = {path.name for path in out.iterdir()}
    assert {"CHANGES.md", "offcut_0.2.0_amd64.deb"} < names
    assert len(names) == 5


def test_a_build_is_named_by_its_commit(tmp_path: Path) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    without = build.identity(tmp_path)
    assert (without["commit"], without["date"]) == ("no commit", "1980-01-01")
    day = "2026-11-22T10:00:00+0000"
    for words in (
        ["init", "--quiet"],
        ["add", "."],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "-m", "one"],
    ):
        environment = {
            "GIT_COMMITTER_DATE": day,
            "GIT_AUTHOR_DATE": day,
            "PATH": "/usr/bin:/bin",
            "HOME": str(tmp_path),
        }
        subprocess.run(["git", *words], cwd=tmp_path, check=True, env=environment)
    told = build.identity(tmp_path)
    assert (told["date"], told["time"], len(told["commit"])) == ("2026-11-22", "2026-11-22T10:00:00Z", 10)
    with (tmp_path / "pyproject.toml").open("a") as file:
        file.write("\n")
    assert build.identity(tmp_path)["commit"] == told["commit"] + "+"

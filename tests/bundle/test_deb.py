"""The package of Debian: what lies where, and what it says it needs."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import clean_root
import deb
import pytest

from tests.bundle.conftest import ROOT


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A bundle in small."""
    made = tmp_path / "offcut"
    (made / "_internal").mkdir(parents=True)
    (made / "share").mkdir()
    (made / "offcut").write_text("#!/bin/sh\n")
    (made / "offcut").chmod(0o755)
    (made / "LICENSE").write_text("MIT\n")
    (made / "_internal" / "build.json").write_text(json.dumps({"version": "1.2.3"}))
    for path in (ROOT / "packaging" / "bundle" / "linux").iterdir():
        shutil.copy(path, made / "share")
    for name in ("offcut.svg", "offcut.png"):
        (made / "share" / name).touch()
    return made


def test_menu_icon_and_kind_of_file_lie_where_desktops_look(folder: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    deb.lay_out(folder, root)
    assert (root / "usr/bin/offcut").readlink() == Path("/opt/offcut/offcut")
    for place in (
        "opt/offcut/_internal/build.json",
        "usr/share/applications/offcut.desktop",
        "usr/share/mime/packages/offcut.xml",
        "usr/share/icons/hicolor/scalable/apps/offcut.svg",
        "usr/share/doc/offcut/copyright",
    ):
        assert (root / place).is_file(), place
    assert (folder / "share" / "offcut.desktop").is_file(), "the bundle stays whole"


def test_what_it_needs_is_what_the_clean_root_has() -> None:
    text = deb.control_text("1.2.3", "amd64", 4096)
    fields = dict(line.split(": ", 1) for line in text.splitlines() if not line.startswith(" "))
    assert (fields["Version"], fields["Installed-Size"]) == ("1.2.3", "4")
    packages = {"libxcb.so.1": "libxcb1", "libasound.so.2": "libasound2", "libstdc++.so.6": "libstdc++6"}
    packages |= {"libgcc_s.so.1": "libgcc-s1", "libz.so.1": "zlib1g"}
    packages |= {"libEGL.so.1": "libegl1", "libGL.so.1": "libgl1"}
    of_libc = {name for name in clean_root.LIBRARIES if name not in packages}
    assert all(package in fields["Depends"] for package in packages.values())
    assert of_libc == {
        *("libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1"),
        *("libutil.so.1", "libresolv.so.2", "libnss_files.so.2"),
    }
    assert "libc6 (>= 2." in fields["Depends"]


@pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="dpkg-deb is not installed")
def test_a_package_is_one_that_debian_reads(folder: Path, tmp_path: Path) -> None:
    package = deb.make(folder, tmp_path / "root", tmp_path)
    told = subprocess.check_output(["dpkg-deb", "--field", package, "Package", "Version"], text=True)
    assert told == "Package: offcut\nVersion: 1.2.3\n"
    listed = subprocess.check_output(["dpkg-deb", "--contents", package], text=True)
    assert "root/root" in listed
    assert "./usr/bin/offcut -> /opt/offcut/offcut" in listed
    assert not (tmp_path / "root").exists()

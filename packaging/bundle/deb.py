"""Make a package of Debian of the bundle: dist/offcut_VERSION_ARCHITECTURE.deb.

It lies in /opt/offcut, with `offcut` in the path, an entry in the menu, and the kind of file `.offcut`.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import contents
import report

OPT = Path("opt", "offcut")
# What the bundle leaves to the system: see `contents.DROPPED` and what PyInstaller leaves out itself.
NEEDED = (
    "libc6 (>= {libc})",
    "libstdc++6",
    "libgcc-s1",
    "zlib1g",
    "libxcb1",
    "libegl1",
    "libgl1",
    "libasound2 | libasound2t64",
)
WANTED = ("shared-mime-info", "desktop-file-utils", "hicolor-icon-theme")


def main() -> int:
    """Make it of what was built last; return the exit status."""
    folder = contents.PROJECT / "dist" / contents.NAME
    if not (folder / contents.NAME).is_file() or shutil.which("dpkg-deb") is None:
        print("A package needs the bundle in dist (build it first) and Debian's dpkg-deb.", file=sys.stderr)
        return 1
    print(f"Made {make(folder, contents.PROJECT / 'build' / 'deb', folder.parent)}")
    return 0


def make(folder: Path, root: Path, into: Path) -> Path:
    """Lay a bundle out as Debian has it and pack it; return the package."""
    version = json.loads((folder / "_internal" / "build.json").read_text("utf-8"))["version"]
    architecture = subprocess.check_output(["dpkg", "--print-architecture"], text=True).strip()
    shutil.rmtree(root, ignore_errors=True)
    lay_out(folder, root)
    control = root / "DEBIAN" / "control"
    control.parent.mkdir(mode=0o755)
    control.write_text(control_text(version, architecture, report.size(folder)), "utf-8")
    package = into / f"offcut_{version}_{architecture}.deb"
    # What is large is code that hardly shrinks further: a level more takes minutes and saves little.
    pack = ["dpkg-deb", "--root-owner-group", "-Zxz", "-z2", "--build", str(root), str(package)]
    subprocess.run(pack, check=True, stdout=subprocess.DEVNULL)
    shutil.rmtree(root)
    return package


def lay_out(folder: Path, root: Path) -> None:
    """Lay the files of a package into an empty folder."""
    shutil.copytree(folder, root / OPT, symlinks=True)
    share = root / OPT / "share"
    places = {
        "offcut.desktop": "usr/share/applications/offcut.desktop",
        "offcut.xml": "usr/share/mime/packages/offcut.xml",
        "offcut.svg": "usr/share/icons/hicolor/scalable/apps/offcut.svg",
        "offcut.png": "usr/share/icons/hicolor/256x256/apps/offcut.png",
    }
    for name, place in places.items():
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.move(share / name, root / place)
    share.rmdir()
    documents = root / "usr/share/doc/offcut"
    documents.mkdir(parents=True)
    shutil.copyfile(folder / "LICENSE", documents / "copyright")
    program = root / "usr/bin/offcut"
    program.parent.mkdir(parents=True)
    program.symlink_to(Path("/", OPT, contents.NAME))


def control_text(version: str, architecture: str, size_bytes: int) -> str:
    """Return what a package says of itself."""
    libc = ".".join(str(part) for part in _libc())
    needed = ", ".join(NEEDED).format(libc=libc)
    return f"""Package: offcut
Version: {version}
Architecture: {architecture}
Maintainer: Offcut <offcut@localhost>
Installed-Size: {size_bytes // 1024}
Depends: {needed}
Recommends: {", ".join(WANTED)}
Section: sound
Priority: optional
Description: editor for long multitrack recordings
 Learns what you keep from edits you made before, listens to the raw
 recording, and puts every edit it would make into one queue.
"""


def _libc() -> tuple[int, int]:
    """Return the version of the C library of this machine, which what is built here needs at the most."""
    import platform

    first, second, *_ = platform.libc_ver()[1].split(".")
    return int(first), int(second)


if __name__ == "__main__":
    sys.exit(main())

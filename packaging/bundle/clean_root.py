"""Run the bundle in a root folder that holds nothing but the bundle and what every desktop has.

There is no Python, no network, no package of ours; the bundle cannot be written to, the user is nobody in
particular, and the name of their home has spaces and letters beyond ASCII. Needs root on Linux.

    python3 packaging/bundle/clean_root.py dist/offcut ROOT -- VERB...
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

HOME = "/home/Zoë Müller 音楽"
USER = 1000
PROGRAM = "/opt/offcut/offcut"

# Taken from the machine this runs on, with what they need in turn; nothing else of it is in the root.
LIBRARIES = (
    "libc.so.6",
    "libm.so.6",
    "libdl.so.2",
    "libpthread.so.0",
    "librt.so.1",
    "libutil.so.1",
    "libresolv.so.2",
    "libstdc++.so.6",
    "libgcc_s.so.1",
    "libz.so.1",
    "libxcb.so.1",
    "libEGL.so.1",
    "libGL.so.1",
    "libasound.so.2",
    "libnss_files.so.2",
)
"""What the bundle leaves to the system: C, C++, zlib (for its starter), graphics driver and ALSA."""

DATA = ("/usr/share/alsa", "/usr/share/X11/xkb", "/usr/lib/locale/C.utf8")
"""What those libraries read, without which no desktop shows a window, takes a key or plays a sound."""

_SETUP = """
set -e
mount --make-rprivate /
mount --bind "$BUNDLE" "$ROOT/opt/offcut"
mount -o remount,bind,ro "$ROOT/opt/offcut"
mount -t proc proc "$ROOT/proc"
mount --rbind /dev "$ROOT/dev"
mount --bind "$SCREENS" "$ROOT/tmp/.X11-unix"
chroot="$(command -v chroot)"
exec env -i HOME="$HOME_IN_ROOT" DISPLAY="$DISPLAY" PATH=/nowhere LANG=C.UTF-8 QT_QPA_PLATFORM=xcb \
    "$chroot" --userspec=USER:USER "$ROOT" "$@"
""".replace("USER", str(USER))


def make(root: Path) -> None:
    """Lay an empty folder out as a root: the libraries, a home, and places to mount on."""
    for name in ("proc", "dev", "opt/offcut", "tmp/.X11-unix", "etc", HOME.strip("/")):
        (root / name).mkdir(parents=True)
    (root / "tmp").chmod(0o1777)
    os.chown(root / HOME.strip("/"), USER, USER)
    (root / "etc" / "passwd").write_text(f"zoe:x:{USER}:{USER}::{HOME}:/nowhere\n", "utf-8")
    for path in libraries():
        target = root / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(Path(path).resolve(), target)
        target.chmod(0o755)
    for name in DATA:
        if Path(name).is_dir():
            shutil.copytree(name, root / name.lstrip("/"))
    (root / "etc" / "fonts").mkdir()
    (root / "etc" / "fonts" / "fonts.conf").write_text("<fontconfig></fontconfig>\n")


def libraries() -> list[str]:
    """Return the files of `LIBRARIES` and of what they need, the loader included."""
    listing = subprocess.run(["ldconfig", "-p"], capture_output=True, text=True, check=True).stdout
    wide = "x86-64" if os.uname().machine == "x86_64" else "AArch64"
    found = {}
    for line in listing.splitlines()[1:]:
        name, _, path = line.strip().partition(" => ")
        if wide in name:
            found.setdefault(name.split()[0], path)
    paths = {found[name] for name in LIBRARIES if name in found}
    for path in sorted(paths):
        needed = subprocess.run(["ldd", path], capture_output=True, text=True, check=False).stdout
        paths |= set(re.findall(r"(/\S+) \(0x", needed))
    return sorted(paths)


def command(words: list[str]) -> list[str]:
    """Return what runs a program of the root, in namespaces of its own; start it with `environment`."""
    return [
        "unshare",
        "--mount",
        "--net",
        "--ipc",
        "--pid",
        "--fork",
        "--kill-child",
        "sh",
        "-c",
        _SETUP,
        "sh",
        *words,
    ]


def environment(bundle: Path, root: Path, display: str = "") -> dict[str, str]:
    """Return the environment that `command` is started with."""
    Path("/tmp/.X11-unix").mkdir(mode=0o1777, exist_ok=True)
    told = {
        "BUNDLE": str(bundle),
        "ROOT": str(root),
        "DISPLAY": display,
        "SCREENS": "/tmp/.X11-unix",
        "HOME_IN_ROOT": HOME,
    }
    return {**os.environ, **told}


def home(root: Path) -> Path:
    """Return where the home of the root lies outside of it."""
    return root / HOME.strip("/")


def may() -> bool:
    """Tell whether namespaces can be made here."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0 or shutil.which("unshare") is None:
        return False
    return (
        subprocess.run(["unshare", "--mount", "--net", "true"], capture_output=True, check=False).returncode
        == 0
    )


def main() -> int:
    """Run a verb in a root that is made where there is none; return its exit status."""
    bundle, root, _, *words = sys.argv[1:]
    if not Path(root).exists():
        make(Path(root))
    return subprocess.run(
        command([PROGRAM, *words]), env=environment(Path(bundle).resolve(), Path(root).resolve()), check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main())

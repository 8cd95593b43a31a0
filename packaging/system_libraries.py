"""See to the system libraries that Qt's window and PortAudio need on Linux.

Whether they are there is tried by really loading them. Where something is missing, root gets it installed on
Debian and Ubuntu, and everybody else is told the one command to run.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib.util
import os
import shutil
import subprocess
import sys

from setup_errors import SetupError

# Qt's own message blames libxcb-cursor0 whatever is missing; the lists are complete for a bare machine.
PACKAGES = {
    "apt-get": {
        "window": (
            "libegl1 libgl1 libxkbcommon-x11-0 libdbus-1-3 libfontconfig1 libxcb-cursor0 libxcb-icccm4 "
            "libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 libxcb-shape0 libxcb-xinerama0 "
            "libxcb-xkb1"
        ),
        "sound": "libportaudio2",
        "display": "xvfb",
        "readers": "ffmpeg",
    },
    "dnf": {
        "window": (
            "mesa-libEGL mesa-libGL libxkbcommon-x11 dbus-libs fontconfig xcb-util-cursor xcb-util-wm "
            "xcb-util-image xcb-util-keysyms xcb-util-renderutil"
        ),
        "sound": "portaudio",
        "display": "xorg-x11-server-Xvfb",
        "readers": "ffmpeg-free",
    },
    "pacman": {
        "window": (
            "libglvnd libxkbcommon-x11 dbus fontconfig xcb-util-cursor xcb-util-wm xcb-util-image "
            "xcb-util-keysyms xcb-util-renderutil"
        ),
        "sound": "portaudio",
        "display": "xorg-server-xvfb",
        "readers": "ffmpeg",
    },
}
BROWSERS = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
INSTALL = {
    "apt-get": "apt-get install -y --no-install-recommends",
    "dnf": "dnf install -y",
    "pacman": "pacman -S --needed",
}


def provide(qt_plugin, testing):
    """See that the window, the sound and (for tests) a display without a screen and ffmpeg can be had.

    Without PortAudio the window still opens, silent; everything else missing ends here with a SetupError.
    """
    if not sys.platform.startswith("linux"):
        return
    if testing:
        provide_browser()
    lacking = missing(qt_plugin, testing)
    if lacking and may_install():
        install(lacking)
        lacking = missing(qt_plugin, testing)
    if not lacking:
        return
    names = ", ".join(name for found in lacking.values() for name in found)
    sentence = f"This machine lacks {names}; {advice(lacking)}"
    if testing or set(lacking) != {"sound"}:
        raise SetupError(sentence + " Then run the same command again.")
    print(sentence + " Until then Offcut plays no sound.", flush=True)


def missing(qt_plugin, testing):
    """Return what cannot be loaded, by need: {"window": ["libxcb-icccm.so.4"], "sound": [...]}."""
    found = {}
    if shutil.which("ldd"):
        listing = subprocess.run(["ldd", str(qt_plugin)], capture_output=True, text=True).stdout
        absent = libraries_not_found(listing)
        if absent:
            found["window"] = absent
    try:
        ctypes.CDLL("libportaudio.so.2")
    except OSError:
        found["sound"] = ["libportaudio.so.2"]
    if testing and not os.environ.get("DISPLAY") and shutil.which("Xvfb") is None:
        found["display"] = ["Xvfb"]
    if testing and not all(shutil.which(name) for name in ("ffmpeg", "ffprobe")):
        found["readers"] = ["ffmpeg"]
    return found


def provide_browser():
    """Install a Chromium for the tests of the pages; where that fails, these tests are skipped."""
    if may_install() and not any(shutil.which(name) for name in BROWSERS):
        with contextlib.suppress(SetupError):
            apt(f"{INSTALL['apt-get']} {BROWSERS[0]}")


def libraries_not_found(listing):
    """Return the names that a listing of `ldd` could not resolve."""
    return sorted({line.split()[0] for line in listing.splitlines() if line.endswith("not found")})


def package_tool():
    """Return the package tool of this distribution, or None where its package names are not known here."""
    return next((tool for tool in PACKAGES if shutil.which(tool)), None)


def may_install():
    """Tell whether packages can be installed without asking: root on Debian or Ubuntu."""
    return package_tool() == "apt-get" and os.geteuid() == 0


def advice(needs):
    """Return half a sentence that says how to install what `needs` names."""
    tool = package_tool()
    if tool is None:
        debian = " ".join(PACKAGES["apt-get"][need] for need in needs)
        return f"install what your distribution calls these packages of Debian: {debian}."
    return f"install it with: {'' if os.geteuid() == 0 else 'sudo '}{install_command(tool, needs)}."


def install_command(tool, needs):
    """Return the one command that installs what `needs` names."""
    return " ".join([INSTALL[tool], *(PACKAGES[tool][need] for need in needs)])


def install(needs):
    """Install with apt, as root."""
    apt(install_command("apt-get", needs))


def apt(command):
    """Run an apt-get command after bringing its list of packages up to date."""
    print(f"  {command}", flush=True)
    quiet = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    # The update may fail while what is wanted is at hand all the same: only the installation counts.
    for line in ("apt-get update", command):
        outcome = subprocess.run(line.split(), capture_output=True, text=True, env=quiet)
    if outcome.returncode:
        raise SetupError(
            f"apt-get could not install the packages; run '{command}' by hand and see why.", outcome.stderr
        )


def provide_venv():
    """See that this Python can make virtual environments: Debian keeps that in a package of its own."""
    if importlib.util.find_spec("ensurepip") is not None:
        return
    package = "python{}.{}-venv".format(*sys.version_info[:2])
    command = f"{INSTALL['apt-get']} {package}"
    if package_tool() != "apt-get":
        raise SetupError("This Python comes without ensurepip; install your distribution's package of it.")
    if os.geteuid() != 0:
        raise SetupError(
            f"This Python cannot make virtual environments; run: sudo {command}. "
            "Then run the same command again."
        )
    apt(command)

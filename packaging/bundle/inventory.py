"""Who made what is in a bundle: each file is given to the package it comes from.

A file comes from a distribution of Python, from Python itself, from a package of the system, or is ours.
"""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass, field
from importlib.metadata import Distribution, distributions
from pathlib import Path

PYTHON, DISTRIBUTION, SYSTEM = "python", "distribution", "system"
OURS = "offcut"
_CLASSIFIER = "License :: OSI Approved :: "
_LICENCE_NAMES = re.compile(r"(?i)licen[cs]e|copying|notice|authors")
# Whose metadata says nothing that a program can read, or not all: as their pages say it.
_KNOWN = {
    "pyinstaller": "GPL-2.0-or-later WITH Bootloader-exception",
    "pyinstaller-hooks-contrib": "Apache-2.0",
    "libc6": "LGPL-2.1-or-later",
    "libfontconfig1": "HPND-sell-variant",
    "libgcrypt20": "LGPL-2.1-or-later",
    "libgssapi-krb5-2": "MIT",
    "libk5crypto3": "MIT",
    "libkrb5-3": "MIT",
    "libkrb5support0": "MIT",
    "libportaudio2": "MIT",
    "libselinux1": "LicenseRef-public-domain",
}
_OF_X = ("libx11", "libxau", "libxcb", "libxdmcp", "libxext", "libxkb", "libxrender")


@dataclass
class Component:
    """One package in the bundle.

    Attributes
    ----------
    kind : DISTRIBUTION, PYTHON or SYSTEM (a package of Debian)
    licence : as its maker says it, "" where nothing says it
    texts : files with the words of the licence
    places : where its files lie in the bundle
    """

    name: str
    version: str
    kind: str
    licence: str = ""
    home: str = ""
    texts: list[Path] = field(default_factory=list)
    places: list[str] = field(default_factory=list)


def components(files: list[tuple[str, str]], project: Path) -> list[Component]:
    """Return the components of a bundle, by name.

    Parameters
    ----------
    files : (place in the bundle, file it is taken from)

    Raises
    ------
    LookupError : nobody is known to have made a file
    """
    owners = _owners({path for _, source in files for path in (Path(source), Path(source).resolve())})
    found: dict[tuple[str, str], Component] = {}
    unknown = []
    for place, source in files:
        path = Path(source).resolve()
        made = owners.get(Path(source)) or owners.get(path) or _of_python(path)
        if made is None and path.is_relative_to(project):
            continue  # ours; asked after the distributions, which may lie in an environment of the project
        made = made or _of_system(path)
        if made is None:
            unknown.append(f"{place} ({path})")
            continue
        kept = found.setdefault((made.kind, made.name), made)
        kept.places.append(place)
    if unknown:
        raise LookupError("Nobody is known to have made " + ", ".join(unknown[:5]))
    return sorted(found.values(), key=lambda one: (one.kind, one.name.lower()))


def _owners(wanted: set[Path]) -> dict[Path, Component]:
    """Return the distributions of those of these files that have one; Offcut's own files are ours."""
    owners: dict[Path, Component] = {}
    for distribution in distributions():
        if distribution.metadata["Name"] == OURS:
            continue
        root = Path(str(distribution.locate_file("")))
        own = wanted.intersection(root / file for file in distribution.files or ())
        if own:
            owners |= dict.fromkeys(own, component_of(distribution))
    return owners


def component_of(distribution: Distribution) -> Component:
    """Return a component for a distribution of Python, with the licence its metadata tell."""
    about = distribution.metadata
    texts = [
        Path(str(distribution.locate_file(file)))
        for file in distribution.files or ()
        if ".dist-info" in str(file) and _LICENCE_NAMES.search(file.name)
    ]
    return Component(
        about["Name"], about["Version"], DISTRIBUTION, licence_of(distribution), _home(distribution), texts
    )


def licence_of(distribution: Distribution) -> str:
    """Return the licence that metadata tell: the expression, else the field, else the classifiers."""
    about = distribution.metadata
    told = _KNOWN.get(about["Name"].lower()) or about.get("License-Expression") or ""
    if not told:
        classifiers = [line for line in about.get_all("Classifier") or () if line.startswith(_CLASSIFIER)]
        told = " AND ".join(line.removeprefix(_CLASSIFIER) for line in classifiers)
    if not told:
        told = (about.get("License") or "").strip().split("\n")[0]
    return told


def _home(distribution: Distribution) -> str:
    about = distribution.metadata
    urls = [line.partition(",")[2].strip() for line in about.get_all("Project-URL") or ()]
    return about.get("Home-page") or (urls[0] if urls else "")


def _of_python(path: Path) -> Component | None:
    if not path.is_relative_to(Path(sys.base_prefix).resolve()):
        return None
    version = ".".join(str(part) for part in sys.version_info[:3])
    library = Path(sys.base_prefix, "lib", f"python{sys.version_info[0]}.{sys.version_info[1]}")
    texts = [
        file for file in (library / "LICENSE.txt", Path(sys.base_prefix, "LICENSE.txt")) if file.is_file()
    ]
    return Component("Python", version, PYTHON, "PSF-2.0", "https://www.python.org", texts)


def _of_system(path: Path) -> Component | None:
    """Return the package of Debian that installed a file, where this is one."""
    # The package may know the file by the name it had before /lib became a link to /usr/lib.
    names = [str(path), str(path).removeprefix("/usr")]
    for name in names:
        asked = subprocess.run(["dpkg", "-S", name], capture_output=True, text=True, check=False)
        if asked.returncode == 0:
            package = asked.stdout.split(": ")[0].split(",")[0].partition(":")[0]
            return _debian(package)
    return None


def _debian(package: str) -> Component:
    asked = ["dpkg-query", "-W", "-f", "${Version}\t${Homepage}\n", package]
    lines = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.splitlines()
    version, _, home = lines[0].partition("\t")
    text = Path("/usr/share/doc", package, "copyright")
    texts = [text] if text.is_file() else []
    licence = _KNOWN.get(package) or (_debian_licence(text) if texts else "")
    if not licence and package.startswith(_OF_X):
        licence = "MIT"
    return Component(package, version, SYSTEM, licence, home, texts)


def _debian_licence(text: Path) -> str:
    """Return the names of the licences in a copyright file of Debian, "" where it is not in their form."""
    named = re.findall(r"(?m)^License: *(\S.*)$", text.read_text("utf-8", "replace"))
    return ", ".join(dict.fromkeys(name.strip() for name in named))

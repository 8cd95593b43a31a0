"""The page that says who made what is inside and under which licence, and the same as a CycloneDX list."""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path
from urllib.parse import quote

import carried
from inventory import DISTRIBUTION, PYTHON, SYSTEM, Component

PAGE, SBOM, TEXTS = "THIRD_PARTY.md", "offcut.cdx.json", "licences"
_TITLES = {
    DISTRIBUTION: "Packages of Python",
    PYTHON: "Python itself, with its standard library",
    SYSTEM: "Libraries of the system that built it",
}
# Licences named in one, with the file of Debian that has their words.
_COMMON = Path("/usr/share/common-licenses")
_COMMON_TEXTS = ("LGPL-3", "GPL-3", "LGPL-2.1", "LGPL-2", "GPL-2", "Apache-2.0")


def page(found: list[Component], places: list[str], version: str) -> str:
    """Return the page in Markdown."""
    lines = [
        f"# What is inside Offcut {version}, and under which licence",
        "",
        "Made by the build from what it collected. Offcut itself is under the MIT licence (LICENSE). The",
        f"words of each licence are in the folder `{TEXTS}`. Libraries under the LGPL (Qt, PySide6 and",
        "others) are files of their own and may be replaced by others of the same interface; libsoxr",
        "lies in the module of soxr, which may be built anew with another one from its published source.",
    ]
    for kind, title in _TITLES.items():
        rows = [[one.name, one.version, one.licence, one.home] for one in found if one.kind == kind]
        lines += _table(title, ("name", "version", "licence", "home"), rows) if rows else []
    inside = [[one.name, one.licence, one.note, one.home] for one in carried.carried_by(places)]
    lines += _table("What those carry inside", ("name", "licence", "where", "home"), inside)
    ours = [[name, version, licence, f"`{told}`"] for name, version, licence, told in carried.OURS]
    lines += _table(
        "Typefaces, icons, weights and recordings", ("name", "version", "licence", "said in"), ours
    )
    return "\n".join(lines) + "\n"


def _table(title: str, head: tuple[str, ...], rows: list[list[str]]) -> list[str]:
    cells = [head, ["---"] * len(head), *rows]
    return ["", f"## {title}", "", *("| " + " | ".join(row).replace("\n", " ") + " |" for row in cells)]


def sbom(found: list[Component], places: list[str], version: str, when: str) -> dict[str, object]:
    """Return the list of components as CycloneDX 1.6, ready to be written as JSON.

    Parameters
    ----------
    when : the time of what was built, as 2026-11-22T10:00:00Z: the same commit gives the same list
    """
    inside = [
        {"name": one.name, "licence": one.licence, "version": "", "home": one.home, "kind": "carried"}
        for one in carried.carried_by(places)
    ]
    ours = [
        {"name": name, "licence": licence, "version": version, "home": "", "kind": "data"}
        for name, version, licence, _ in carried.OURS
    ]
    plain = [
        {"name": one.name, "licence": one.licence, "version": one.version, "home": one.home, "kind": one.kind}
        for one in found
    ]
    listed = [_component(one) for one in [*plain, *inside, *ours]]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'offcut {version} {when}')}",
        "version": 1,
        "metadata": {
            "timestamp": when,
            "component": {
                "type": "application",
                "bom-ref": "offcut",
                "name": "offcut",
                "version": version,
                "licenses": [{"license": {"id": "MIT"}}],
            },
        },
        "components": listed,
        "dependencies": [{"ref": "offcut", "dependsOn": [one["bom-ref"] for one in listed]}],
    }


def _component(one: dict[str, str]) -> dict[str, object]:
    name, kind = one["name"], one["kind"]
    made: dict[str, object] = {
        "type": "data" if kind == "data" else "library",
        "bom-ref": f"{kind}:{name}",
        "name": name,
    }
    if one["version"]:
        made["version"] = one["version"]
    if one["licence"]:
        made["licenses"] = [{"license": {"name": one["licence"]}}]
    if kind in (DISTRIBUTION, SYSTEM):
        where = f"pypi/{name.lower()}" if kind == DISTRIBUTION else f"deb/debian/{name}"
        made["purl"] = f"pkg:{where}@{quote(one['version'])}"
    if one["home"].startswith("http"):
        made["externalReferences"] = [{"type": "website", "url": one["home"]}]
    return made


def copy_texts(found: list[Component], folder: Path) -> None:
    """Copy the words of every licence into a folder, one folder a component."""
    for one in found:
        for text in one.texts:
            into = folder / one.name
            into.mkdir(parents=True, exist_ok=True)
            target = into / text.name
            if not target.exists():
                shutil.copyfile(text, target)
    for name in _COMMON_TEXTS:
        if (_COMMON / name).is_file():
            shutil.copyfile(_COMMON / name, folder / f"{name}.txt")

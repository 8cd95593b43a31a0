"""Entry points of installed packages, and those that this process leaves out, without imports."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from engine.core.wording import listed, quoted

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

_Named = tuple["Extension", "EntryPoint | None"]

_PREFIX = "offcut."
_LEFT_OUT: dict[Extension, str] = {}


@dataclass(frozen=True, slots=True)
class Group:
    """A group of entry points.

    Attributes
    ----------
    noun : word for one extension
    registry : its registry, as "module:name"
    is_light : whether its registry needs no torch, so that the window can read it
    """

    noun: str
    registry: str
    is_light: bool


GROUPS: Mapping[str, Group] = MappingProxyType(
    {
        "offcut.kinds": Group("kind", "engine.document.kinds:KINDS", True),
        "offcut.finders": Group("finder", "engine.features.registry:FINDERS", True),
        "offcut.analyses": Group("analysis", "engine.recordings.analyses:ANALYSES", True),
        "offcut.features": Group("feature", "desktop.commands.packages:FEATURES", True),
        "offcut.decoders": Group("decoder", "engine.sound.decoders.registry:DECODERS", True),
        "offcut.export_formats": Group("export format", "engine.exchange.export.formats:FORMATS", True),
        "offcut.import_formats": Group("import format", "engine.exchange.imports.formats:IMPORTS", True),
        "offcut.recipes": Group("recipe", "engine.features.taste.anomaly.recipes.registry:RECIPES", False),
        "offcut.embeddings": Group("embedding", "engine.analysis.embeddings.registry:EMBEDDINGS", False),
        "offcut.separators": Group(
            "separator", "engine.features.repair.separation.registry:SEPARATORS", False
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Extension:
    """One entry point of a package.

    Attributes
    ----------
    name : its name in the registry
    value : its object, as "module:name"
    """

    group: str
    name: str
    package: str
    version: str
    value: str

    @property
    def words(self) -> str:
        """Its name in messages, such as "The kind 'tighten' of offcut-example 0.1"."""
        noun = GROUPS[self.group].noun if self.group in GROUPS else "extension"
        return f"The {noun} {quoted(self.name)} of {self.package} {self.version}".rstrip()

    @property
    def package_words(self) -> str:
        """Name of its package in messages, such as "The package offcut-example 0.1"."""
        return f"The package {self.package} {self.version}".rstrip()


@dataclass(frozen=True, slots=True)
class Standing:
    """State of an extension: `trouble` is the reason if it was left out, else empty."""

    extension: Extension
    trouble: str = ""


def all_named(*, only_light: bool = False) -> tuple[Extension, ...]:
    """Return every extension of a group of Offcut's, in the order of the groups; nothing of it is imported.

    Parameters
    ----------
    only_light : leave out the groups that need torch
    """
    return tuple(
        extension
        for name, group in GROUPS.items()
        if group.is_light or not only_light
        for extension, entry in named_by_packages()
        if extension.group == name and entry is not None
    )


def take_in(extension: Extension) -> None:
    """Let this process import an extension that was left out."""
    _LEFT_OUT.pop(extension, None)


def left_out(extension: Extension) -> str:
    """Return why this process does not import an extension; empty where it does."""
    return _LEFT_OUT.get(extension, "")


def leave_out(extension: Extension, trouble: str) -> None:
    """Exclude an extension from this process, for a reason."""
    _LEFT_OUT[extension] = trouble


def standing_of(extension: Extension, trouble: str) -> Standing:
    """Return the state of an extension with a problem, or without one."""
    return Standing(extension, f"{extension.words} is left out: {trouble}." if trouble else "")


def stray_standing() -> tuple[Standing, ...]:
    """Return the state of extensions outside all groups."""
    known, found = listed(tuple(GROUPS), "or"), []
    for one, _ in named_by_packages():
        if not one.group:
            found.append(
                Standing(one, f"What {one.package} adds is left out: its {one.name} cannot be read.")
            )
        elif one.group not in GROUPS:
            trouble = f"there is no group {quoted(one.group)}, use {known}"
            found.append(standing_of(one, trouble))
    return tuple(found)


def any_named() -> bool:
    """Return whether an installed package has extensions, without imports."""
    return bool(_named())


@cache
def named_by_packages() -> tuple[_Named, ...]:
    """Return the entry points of installed packages, in the order of their names."""
    return tuple(pair for named in _named().values() for pair in named)


@cache
def _named() -> Mapping[str, tuple[_Named, ...]]:
    """Return the entry points of each package, by its name; of duplicates the first on the path."""
    folders = tuple(_naming_folders())
    if not folders:
        return {}
    from importlib.metadata import Distribution

    found: dict[str, tuple[_Named, ...]] = {}
    for folder, name in folders:
        in_name, _, version = name.rpartition(".")[0].partition("-")
        try:
            package = Distribution.at(os.path.join(folder, name))  # noqa: PTH118 - a path as `sys.path` has it
            facts, entries = package.metadata, package.entry_points
        except Exception:  # whatever is wrong with the package
            found.setdefault(in_name.lower(), ((Extension("", name, in_name, version, ""), None),))
            continue
        called, version = str(facts["Name"] or in_name), str(facts["Version"] or version)
        key = called.lower().replace("_", "-").replace(".", "-")
        pairs = [
            (Extension(one.group, one.name, called, version, one.value), one)
            for one in entries
            if one.group.startswith(_PREFIX)
        ]
        found.setdefault(key, tuple(pairs))
    return {key: found[key] for key in sorted(found)}


def _naming_folders() -> Iterator[tuple[str, str]]:
    """Yield where the metadata of packages are that name a group of ours: the folder, and a name in it.

    `importlib.metadata.entry_points` takes some 27 ms with its import, this 1 ms: there is rarely any.
    """
    for place in dict.fromkeys(sys.path):
        try:
            names = sorted(os.listdir(place or "."))  # noqa: PTH208 - pathlib takes six times as long
        except OSError:  # a zip file, or nothing
            continue
        for name in names:
            if name.endswith((".dist-info", ".egg-info")):
                try:
                    with open(f"{place or '.'}/{name}/entry_points.txt", "rb") as stream:  # noqa: PTH123
                        text = stream.read()
                except OSError:
                    continue
                if f"[{_PREFIX}".encode() in text:
                    yield place or ".", name

"""What other packages add to Offcut, named by them as entry points (`docs/extending.md`).

A registry is an `Extended` mapping: Offcut's own first, and what packages add only once a name is asked for
that is none of its own, or all are. What cannot be used is left out with a sentence, and all else works.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from threading import RLock
from traceback import walk_tb
from types import MappingProxyType
from typing import TYPE_CHECKING, Generic, TypeVar

from engine.errors import UsageError
from engine.wording import listed, one_line, quoted

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

T = TypeVar("T")
_Named = tuple["Extension", "EntryPoint | None"]

_PREFIX = "offcut."
_LONGEST_REASON = 200


@dataclass(frozen=True, slots=True)
class Group:
    """A group of entry points.

    Attributes
    ----------
    noun : what one of them is called
    registry : where they are gathered, as "module:name"
    is_light : whether its registry needs no torch, so that the window can read it
    """

    noun: str
    registry: str
    is_light: bool


GROUPS: Mapping[str, Group] = MappingProxyType(
    {
        "offcut.kinds": Group("kind", "engine.document.kinds:KINDS", True),
        "offcut.makers": Group("maker", "engine.jobs.makers:MAKERS", True),
        "offcut.export_formats": Group("export format", "engine.edl.export.formats:FORMATS", True),
        "offcut.recipes": Group("recipe", "engine.anomaly.recipes.registry:RECIPES", False),
        "offcut.embeddings": Group("embedding", "engine.embeddings.registry:EMBEDDINGS", False),
        "offcut.separators": Group("separator", "engine.separation.registry:SEPARATORS", False),
    }
)


class UnusableError(Exception):
    """What a package adds is not what its group holds; the text says so after "it"."""


@dataclass(frozen=True, slots=True)
class Extension:
    """One thing that a package adds.

    Attributes
    ----------
    name : what it is registered under
    value : where it is, as "module:name"
    """

    group: str
    name: str
    package: str
    version: str
    value: str

    @property
    def words(self) -> str:
        """What sentences call it, such as "The kind 'tighten' of offcut-example 0.1"."""
        noun = GROUPS[self.group].noun if self.group in GROUPS else "extension"
        return f"The {noun} {quoted(self.name)} of {self.package} {self.version}".rstrip()

    @property
    def package_words(self) -> str:
        """What sentences call its package, such as "The package offcut-example 0.1"."""
        return f"The package {self.package} {self.version}".rstrip()


@dataclass(frozen=True, slots=True)
class Standing:
    """How an extension stands: `trouble` is a sentence that says why it was left out, or empty."""

    extension: Extension
    trouble: str = ""


class Extended(Mapping[str, T], Generic[T]):
    """A registry: what Offcut has itself, then what packages add to a group.

    Parameters
    ----------
    taken : returns what is kept of a loaded object; raises `UnusableError` where it cannot be used
    """

    def __init__(self, group: str, own: Mapping[str, T], taken: Callable[[Extension, object], T]) -> None:
        self._group, self._own, self._taken = group, dict(own), taken
        self._added: Mapping[str, T] | None = None
        self._standing: tuple[Standing, ...] = ()
        self._lock = RLock()

    def __getitem__(self, name: str) -> T:
        if name in self._own:
            return self._own[name]
        return self.added[name]

    def __contains__(self, name: object) -> bool:
        return name in self._own or name in self.added

    def __iter__(self) -> Iterator[str]:
        yield from self._own
        yield from self.added

    def __len__(self) -> int:
        return len(self._own) + len(self.added)

    @property
    def own(self) -> Mapping[str, T]:
        """What Offcut has itself; asking loads nothing."""
        return MappingProxyType(self._own)

    @property
    def added(self) -> Mapping[str, T]:
        """What packages add and can be used."""
        with self._lock:
            if self._added is None:
                self._added = {}  # an extension that asks for others while it loads finds none yet
                self._added, self._standing = self._loaded()
            return self._added

    @property
    def standing(self) -> tuple[Standing, ...]:
        """How each extension of the group stands."""
        with self._lock:
            self.added  # noqa: B018 - loads them
            return self._standing

    def _loaded(self) -> tuple[Mapping[str, T], tuple[Standing, ...]]:
        found: dict[str, T] = {}
        standing = []
        for extension, entry in _found():
            if extension.group != self._group or entry is None:
                continue
            trouble = ""
            if extension.name in self._own:
                trouble = "Offcut has one of that name itself"
            elif extension.name in found:
                trouble = "another package adds one of that name"
            else:
                try:
                    found[extension.name] = self._taken(extension, entry.load())
                except UnusableError as error:
                    trouble = f"it {error}"
                except (Exception, SystemExit) as error:  # whatever another's module does, the rest goes on
                    trouble = f"it raises {said_of(error)}"
            standing.append(
                Standing(extension, f"{extension.words} is left out: {trouble}." if trouble else "")
            )
        return MappingProxyType(found), tuple(standing)


def said_of(error: BaseException) -> str:
    """Return an error of another package in a few words."""
    text = one_line(str(error)).rstrip(".")[:_LONGEST_REASON]
    return f"{type(error).__name__} ({text})" if text else type(error).__name__


def require_type(made: object, kind: type[T]) -> T:
    """Return an object that is of a type.

    Raises
    ------
    UnusableError : it is of another
    """
    if not isinstance(made, kind):
        raise UnusableError(f"is of the type {type(made).__name__}, not {kind.__name__}")
    return made


def require_factory(extension: Extension, made: object, kind: type[T]) -> Callable[[], T]:
    """Return what makes objects of a protocol; each that it makes is looked at.

    Raises
    ------
    UnusableError : it cannot be called
    """
    if not callable(made):
        raise UnusableError(f"is of the type {type(made).__name__}, which cannot be called")

    def make() -> T:
        one = made()
        if not isinstance(one, kind):
            raise UsageError(f"{extension.words} makes a {type(one).__name__}, which is no {kind.__name__}.")
        return one

    return make


def blamed(error: BaseException) -> str:
    """Return the sentence that names the package in whose code an error was raised; empty for none."""
    packages = {each.value.partition(":")[0].partition(".")[0]: each for each, _ in _found()}
    for frame, line in reversed(list(walk_tb(error.__traceback__))) if packages else ():
        module = str(frame.f_globals.get("__name__", ""))
        if (each := packages.get(module.partition(".")[0])) is not None:
            return f"{each.package_words} failed in {module}, line {line}: {said_of(error)}."
    return ""


def standing_of_all(*, only_light: bool = False) -> tuple[Standing, ...]:
    """Return how every extension stands; registries are read of which packages add something.

    Parameters
    ----------
    only_light : leave out the groups that need torch
    """
    found = {extension.group for extension, _ in _found()}
    standing: list[Standing] = []
    for name, group in GROUPS.items():
        if name in found and (group.is_light or not only_light):
            module, _, attribute = group.registry.partition(":")
            standing += getattr(import_module(module), attribute).standing
    for extension, _ in _found():
        if extension.group not in GROUPS:
            standing.append(Standing(extension, _stray(extension)))
    return tuple(standing)


def _stray(extension: Extension) -> str:
    """Say what is wrong with what belongs to no group."""
    if not extension.group:
        return f"What {extension.package} adds is left out: its {extension.name} cannot be read."
    known = listed(tuple(GROUPS), "or")
    return f"{extension.words} is left out: there is no group {quoted(extension.group)}, use {known}."


def any_named() -> bool:
    """Tell whether a package that is installed adds anything; nothing of it is imported."""
    return bool(_named())


@cache
def _found() -> tuple[_Named, ...]:
    """Return what installed packages name, in the order of their names."""
    return tuple(pair for named in _named().values() for pair in named)


@cache
def _named() -> Mapping[str, tuple[_Named, ...]]:
    """Return what each package names, by its name; of several of one name the first on the path."""
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

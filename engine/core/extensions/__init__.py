"""Registries of Offcut's own objects and those of other packages (`docs/extending.md`).

A registry is an `Extended` mapping: Offcut's own objects first; packages are imported only for a foreign name
or for all names. Unusable extensions are left out with a message, and all others work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from threading import RLock
from traceback import walk_tb
from types import MappingProxyType
from typing import TYPE_CHECKING, Generic, TypeVar

from engine.core.errors import UsageError
from engine.core.extensions.names import (
    GROUPS,
    Extension,
    Standing,
    all_named,
    left_out,
    named_by_packages,
    standing_of,
    stray_standing,
)
from engine.core.memory import shortage_message
from engine.core.wording import one_line

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

T = TypeVar("T")

_LONGEST_REASON = 200
_is_trying = True


class UnusableError(Exception):
    """An extension does not fit its group; the message continues after "it"."""


class Extended(Mapping[str, T], Generic[T]):
    """A registry: Offcut's own objects, then those that packages add to a group.

    Parameters
    ----------
    taken : converts a loaded object to an entry; raises `UnusableError` if it is unusable
    further : imports objects of Offcut's own that are not in `own`; called once such a name is asked for
    """

    def __init__(
        self,
        group: str,
        own: Mapping[str, T],
        taken: Callable[[Extension, object], T],
        further: Callable[[], Mapping[str, T]] = dict,
    ) -> None:
        self._group, self._own, self._taken, self._further = group, own, taken, further
        self._every: Mapping[str, T] | None = None
        self._added: Mapping[str, T] | None = None
        self._standing: tuple[Standing, ...] = ()
        self._lock = RLock()

    def __getitem__(self, name: str) -> T:
        if name in self._own:
            return self._own[name]
        return self.own[name] if name in self.own else self.added[name]

    def __contains__(self, name: object) -> bool:
        return name in self._own or name in self.own or name in self.added

    def __iter__(self) -> Iterator[str]:
        yield from self.own
        yield from self.added

    def __len__(self) -> int:
        return len(self.own) + len(self.added)

    @property
    def own(self) -> Mapping[str, T]:
        """Offcut's own objects; no extension is imported."""
        if self._every is None:  # two threads that ask at once import the same objects
            self._every = MappingProxyType({**self._own, **self._further()})
        return self._every

    @property
    def added(self) -> Mapping[str, T]:
        """The usable objects of packages."""
        with self._lock:
            if self._added is None:
                self._added = {}  # an extension that asks for others while it loads finds none yet
                self._added, self._standing = self._loaded()
            return self._added

    @property
    def standing(self) -> tuple[Standing, ...]:
        """State of each extension of the group."""
        with self._lock:
            self.added  # noqa: B018 - loads them
            return self._standing

    def _loaded(self) -> tuple[Mapping[str, T], tuple[Standing, ...]]:
        found: dict[str, T] = {}
        standing = []
        mine = [pair for pair in named_by_packages() if pair[0].group == self._group]
        foreign = [one for one, entry in mine if entry is not None and one.name not in self.own]
        if foreign and _is_trying:
            from engine.core.extensions.probe import leave_out_hanging  # only where a package adds something

            leave_out_hanging(foreign)
        for extension, entry in mine:
            if entry is None:
                continue
            made: tuple[T, ...] = ()
            trouble = "another package adds one of that name"
            if extension.name not in found:
                made, trouble = self.tried(extension, entry)
            if made:
                (found[extension.name],) = made
            standing.append(standing_of(extension, trouble))
        return MappingProxyType(found), tuple(standing)

    def tried(self, extension: Extension, entry: EntryPoint) -> tuple[tuple[T, ...], str]:
        """Load one extension; return it where it can be used, and else why not."""
        if extension.name in self.own:
            return (), "Offcut has one of that name itself"
        if trouble := left_out(extension):
            return (), trouble
        try:
            return (self._taken(extension, entry.load()),), ""
        except UnusableError as error:
            return (), f"it {error}"
        except (Exception, SystemExit) as error:  # whatever another's module does, the rest goes on
            return (), f"it raises {error_text(error)}"


def error_text(error: BaseException) -> str:
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
    """Return a factory of objects of a protocol that checks each object.

    Raises
    ------
    UnusableError : it is not callable
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
    packages = {each.value.partition(":")[0].partition(".")[0]: each for each, _ in named_by_packages()}
    for frame, line in reversed(list(walk_tb(error.__traceback__))) if packages else ():
        module = str(frame.f_globals.get("__name__", ""))
        if (each := packages.get(module.partition(".")[0])) is not None:
            return f"{each.package_words} failed in {module}, line {line}: {error_text(error)}."
    return ""


def unexpected_message(error: BaseException) -> str:
    """Return the sentence for too little memory or a package that failed; empty for a fault of Offcut's."""
    return shortage_message(error) or blamed(error)


def standing_of_all(*, only_light: bool = False) -> tuple[Standing, ...]:
    """Import every extension into this process and return the state of each.

    Parameters
    ----------
    only_light : leave out the groups that need torch
    """
    groups = dict.fromkeys(extension.group for extension in all_named(only_light=only_light))
    loaded = [standing for group in groups for standing in _registry(group).standing]
    return (*loaded, *stray_standing())


def _registry(group: str) -> Extended[object]:
    module, _, attribute = GROUPS[group].registry.partition(":")
    registry: Extended[object] = getattr(import_module(module), attribute)
    return registry


def trouble_of(extension: Extension) -> str:
    """Import an extension and return why it cannot be used, empty where it can."""
    entry = next(entry for one, entry in named_by_packages() if one == extension and entry is not None)
    return _registry(extension.group).tried(extension, entry)[1]


def import_untried() -> None:
    """Have this process import extensions itself without trying them in another one first."""
    global _is_trying
    _is_trying = False

"""Batch creation of thousands of similar components in an AAF file: one by pyaaf2, copies written in batches.

pyaaf2 looks up every property by name through the whole dictionary of classes, and every entry of the
compound file by its path from the root, which takes ten times as long as the work itself. Here pyaaf2
creates and checks the first component of each type. Copies get their numbers, and entries are added directly
to the open folder, in the library's order: the bytes of the file are the same.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from copy import copy
from functools import lru_cache
from typing import Any

from aaf2 import components, misc, properties
from aaf2.cfb import CompoundFileBinary, DirEntry, Stream

_NUMBER = struct.Struct("<q")  # how AAF stores lengths and positions
_HEAD = struct.Struct("<BBH")
_ENTRY = struct.Struct("<HHH")
_COUNTS = struct.Struct("<III")
_KEYS = struct.Struct("<HB")
_PAIR = struct.Struct("<II")
_NAMED = struct.Struct("<HB")
_KINDS, _NOWHERE = {"storage": 1, "stream": 2}, b"\xff" * 4
_BYTE_ORDER = 0x4C
_ONE, _VECTOR, _SET = (
    properties.StrongRefProperty,
    properties.StrongRefVectorProperty,
    properties.StrongRefSetProperty,
)
_HOLDING = (_ONE, _VECTOR, _SET)
_LAID = (
    components.Filler,
    components.OperationGroup,
    components.SourceClip,
    components.Transition,
    misc.ConstantValue,
    misc.ControlPoint,
    misc.VaryingValue,
)


class Pattern:
    """A component, complete and not yet laid anywhere, from which others are made.

    Parameters
    ----------
    made : as pyaaf2 made it, with all that is in it; it is checked, and never laid itself
    numbers : objects in it, each with the name of a property that differs between copies
    """

    def __init__(self, made: Any, *numbers: tuple[Any, str]) -> None:
        objects = list(_with_held(made))
        for one in objects:
            one.validate()
        self._made = made
        self._places = [
            (next(place for place, each in enumerate(objects) if each is one), one[name].pid)
            for one, name in numbers
        ]

    def copy(self, *numbers: int) -> Any:
        """Return a copy with other numbers, in the order in which they were named."""
        copied = _copied(self._made)
        objects = list(_with_held(copied))
        for (place, pid), number in zip(self._places, numbers, strict=True):
            held = objects[place].property_entries
            held[pid] = copy(held[pid])
            held[pid].data = _NUMBER.pack(number)
        return copied


def _held(one: Any) -> Iterator[tuple[str, Any]]:
    """Yield the objects that a property holds, each with the name of its entry in the folder."""
    if isinstance(one, _ONE):
        yield one.ref, one.object
    elif isinstance(one, _VECTOR):
        for number, _ in enumerate(one.references):
            yield one.index_ref_name(number), one.objects[number]
    elif isinstance(one, _SET):
        for key in one.references:
            yield one.index_ref_name(key), one.objects[key]


def _with_held(component: Any) -> Iterator[Any]:
    """Yield an object and all objects in it."""
    yield component
    for one in component.property_entries.values():
        for _, within in _held(one):
            yield from _with_held(within)


def _copied(component: Any) -> Any:
    """Return a copy of an object and of all in it, which shares the properties that hold no object."""
    kind: Any = type(component)
    copied = kind.__new__(kind)
    copied.root = component.root
    for pid, one in component.property_entries.items():
        if not isinstance(one, _HOLDING):
            copied.property_entries[pid] = one
            continue
        own = copied.property_entries[pid] = copy(one)
        own.parent = copied
        if isinstance(one, _ONE):
            own.objectref = _copied(one.object)
        else:
            own.references = one.references.copy()
            own.objects = {key: _copied(within) for key, within in one.objects.items()}
    return copied


def lay(sequence: Any, laid: Sequence[Any]) -> Iterator[int]:
    """Insert unattached components into an empty sequence that is part of the file.

    Yields
    ------
    done : how many are laid, after each of them
    """
    held = sequence["Components"]
    held.value = []
    folder, entries = sequence.dir, []
    assert folder.child_id is None, "only an empty folder can be filled in one go"
    for number, component in enumerate(laid):
        held.references.append(held.next_free_key)
        held.next_free_key += 1
        held.objects[number] = component
        entry = _new_entry(folder.storage, held.index_ref_name(number), "storage")
        entry.parent = folder
        entries.append(entry)
        _attach(component, entry)
        yield number + 1
    _plant(folder, entries)
    held.add_pid_entry()
    held.mark_modified()


def write_laid(component: Any) -> bool:
    """Write an attached component; False, without writing, for any other object."""
    if not isinstance(component, _LAID):
        return False
    held = component.property_entries.values()
    file = component.dir.storage
    stream = Stream(file, _added(component.dir, "properties", "stream"), "rw")
    head = _HEAD.pack(_BYTE_ORDER, properties.PROPERTY_VERSION, len(held))
    entries = b"".join(_ENTRY.pack(one.pid, one.format, len(one.data)) for one in held)
    stream.write(head + entries + b"".join(one.data for one in held))
    for one in held:
        if isinstance(one, _VECTOR | _SET):
            index = _added(component.dir, f"{one.index_name} index", "stream")
            Stream(file, index, "rw").write(_index(one))
    return True


def _index(one: Any) -> bytes:
    """Return how AAF lists the objects that a property holds."""
    counts = _COUNTS.pack(len(one.references), one.next_free_key, one.last_free_key)
    if isinstance(one, _VECTOR):
        return counts + struct.pack(f"<{len(one.references)}I", *one.references)
    keys = b"".join(_PAIR.pack(local, 1) + key.bytes_le for key, local in one.references.items())
    return counts + _KEYS.pack(one.key_pid, one.key_size) + keys


def _attach(component: Any, entry: DirEntry) -> None:
    component.dir = entry
    entry.class_id = component.class_id
    component.root.manager.add_modified(component)
    for one in component.property_entries.values():
        for name, within in _held(one):
            if isinstance(one, _ONE):
                one.object = within  # weak from here on: the file holds what was modified
            _attach(within, _added(entry, name, "storage"))


def _added(folder: DirEntry, name: str, kind: str) -> DirEntry:
    """Add an entry that is known not to be there."""
    entry = _new_entry(folder.storage, name, kind)
    only = folder.child()
    is_alone = only is not None and only.left_id is None and only.right_id is None
    if not is_alone or folder.dir_id in folder.storage.children_cache:
        folder.add_child(entry)
        return entry
    # half of all entries are the second of their folder, which is no tree to balance yet
    entry.parent, entry.red = folder, True
    only[0 if entry < only else 1] = entry
    return entry


def _new_entry(file: CompoundFileBinary, name: str, kind: str) -> DirEntry:
    entry = DirEntry(file, file.next_free_dir_id(), bytearray(_blank(name, kind)))
    entry._name = name
    entry.mark_modified()
    file.dir_cache[entry.dir_id] = entry
    return entry


@lru_cache(maxsize=256)
def _blank(name: str, kind: str) -> bytes:
    """Return the data of an entry that leads nowhere yet: most have one of a few names."""
    encoded, blank = name.encode("utf-16-le"), bytearray(128)
    blank[: len(encoded)] = encoded
    blank[64:67] = _NAMED.pack(min(len(encoded) + 2, 64), _KINDS[kind])
    blank[68:80], blank[116:120] = _NOWHERE * 3, _NOWHERE  # its neighbours, its children; its content
    return bytes(blank)


def _plant(folder: DirEntry, entries: Sequence[DirEntry]) -> None:
    """Make entries in ascending order the search tree of an empty folder."""
    if not entries:
        return
    root, left, right, red = ascending_tree(len(entries))
    for number, entry in enumerate(entries):
        entry.left_id = entries[left[number]].dir_id if left[number] >= 0 else None
        entry.right_id = entries[right[number]].dir_id if right[number] >= 0 else None
        entry.red = red[number]
    folder.child_id = entries[root].dir_id
    listed = folder.storage.children_cache
    if folder.dir_id in listed:
        del listed[folder.dir_id]


def ascending_tree(count: int) -> tuple[int, list[int], list[int], list[bool]]:
    """Return the red-black tree that pyaaf2 grows from `count` names in ascending order.

    It inserts from the top down (Julienne Walker, "Red Black Trees", eternallyconfuzzled.com), recolouring
    and rotating on the way. A name that is the last of all only ever follows the right edge.

    Returns
    -------
    root, left, right, red : the number of the root, those of the children of each (-1 for none), its colour
    """
    left, right, red = [-1] * (count + 1), [-1] * (count + 1), [False] * count + [True]
    head, root = count, 0
    for entry in range(1, count):
        red[entry] = True
        right[head] = root
        # Three, two and one above the node; none at first, which is where the head stands in the list.
        above = grand = parent = -1
        great, node = head, root
        while True:
            if node < 0:
                node = right[parent] = entry
            elif left[node] >= 0 and right[node] >= 0 and red[left[node]] and red[right[node]]:
                red[node], red[left[node]], red[right[node]] = True, False, False
            if parent >= 0 and red[node] and red[parent]:
                right[great] = parent
                right[grand], left[parent] = left[parent], grand
                red[grand], red[parent] = True, False
                grand, great = great, above
            if node == entry:
                break
            above, great, grand, parent, node = great, grand, parent, node, right[node]
        root = right[head]
        red[root] = False
    return root, left[:count], right[:count], red[:count]

"""Thousands of like components in an AAF file: made once with pyaaf2, then copied and written in batches.

pyaaf2 looks every property up by its name through the whole dictionary of classes, and every entry of the
compound file by its path from the root, which takes ten times as long as the work itself. Here the first of
each kind is made and checked as the library does it. Copies get their numbers, and entries are added to the
folder that is at hand, in the order in which the library would add them: the bytes of the file are the same.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import Any

from aaf2 import components, properties
from aaf2.cfb import CompoundFileBinary, DirEntry

_NUMBER = struct.Struct("<q")  # how AAF stores lengths and positions
_HEAD = struct.Struct("<BBH")
_ENTRY = struct.Struct("<HHH")
_BYTE_ORDER = 0x4C
_VECTOR = properties.StrongRefVectorProperty
_LAID = (components.Filler, components.OperationGroup, components.SourceClip, components.Transition)


class Pattern:
    """A component, complete and not yet laid anywhere, from which others are made.

    Parameters
    ----------
    made : as pyaaf2 made it; it is checked, and never laid itself
    numbers : names of the properties that differ between copies
    """

    def __init__(self, made: Any, *numbers: str) -> None:
        made.validate()
        self._made = made
        self._pids = [made[name].pid for name in numbers]

    def copy(self, *numbers: int) -> Any:
        """Return a copy with other numbers, in the order of their names."""
        copied = self._made.copy()
        set_numbers(copied, self._pids, numbers)
        return copied


class TransitionPattern(Pattern):
    """A transition, and the operation in it, which is as long."""

    def __init__(self, made: Any) -> None:
        super().__init__(made, "Length", "CutPoint")
        group = made["OperationGroup"]
        group.value.validate()
        self._group_pid, self._length_pid = group.pid, group.value["Length"].pid

    def copy(self, *numbers: int) -> Any:
        """Return a copy of another length, cut at another point."""
        copied = super().copy(*numbers)
        set_numbers(copied.property_entries[self._group_pid].object, [self._length_pid], numbers[:1])
        return copied


def set_numbers(component: Any, pids: Sequence[int], numbers: Sequence[int]) -> None:
    """Give properties that a component has other numbers."""
    for pid, number in zip(pids, numbers, strict=True):
        component.property_entries[pid].data = _NUMBER.pack(number)


def lay(sequence: Any, laid: Sequence[Any]) -> Iterator[int]:
    """Lay components that are nowhere yet into a sequence that is part of the file and holds none.

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
    """Write a laid component out; False, and nothing written, where it is something else."""
    held = component.property_entries.values()
    if not isinstance(component, _LAID) or any(isinstance(one, _VECTOR) for one in held):
        return False
    stream = component.dir.storage.open(_added(component.dir, "properties", "stream"), "rw")
    head = _HEAD.pack(_BYTE_ORDER, properties.PROPERTY_VERSION, len(held))
    entries = b"".join(_ENTRY.pack(one.pid, one.format, len(one.data)) for one in held)
    stream.write(head + entries + b"".join(one.data for one in held))
    return True


def _attach(component: Any, entry: DirEntry) -> None:
    component.dir = entry
    entry.class_id = component.class_id
    component.root.manager.add_modified(component)
    for one in component.property_entries.values():
        if isinstance(one, properties.StrongRefProperty):
            within = one.object
            one.object = within  # weak from here on: the file holds what was modified
            _attach(within, _added(entry, one.ref, "storage"))


def _added(folder: DirEntry, name: str, kind: str) -> DirEntry:
    """Add an entry that is known not to be there."""
    entry = _new_entry(folder.storage, name, kind)
    folder.add_child(entry)
    return entry


def _new_entry(file: CompoundFileBinary, name: str, kind: str) -> DirEntry:
    entry = DirEntry(file, file.next_free_dir_id())
    entry.name, entry.type, entry.class_id = name, kind, None
    file.dir_cache[entry.dir_id] = entry
    return entry


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
    """Return the red-black tree that pyaaf2 grows when so many names come in ascending order.

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

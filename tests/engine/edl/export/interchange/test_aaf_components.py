"""Components laid in batches beside pyaaf2 laying them one by one: the same file, in less time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import aaf2
import pytest
from aaf2.auid import AUID
from aaf2.mobid import MobID

from engine.edl.export import ExportRequest, export
from engine.edl.export.interchange.aaf_components import (
    Pattern,
    TransitionPattern,
    ascending_tree,
    lay,
    write_laid,
)
from tests.engine.edl.recordings import timeline_state, with_cuts
from tests.timing import fastest_cpu_s


def test_the_tree_is_the_one_that_the_library_grows() -> None:
    file = aaf2.open()
    folder = file.cfb.makedir("/folder")
    entries: list[Any] = []
    for count in range(1, 200):
        entries.append(folder.makedir(f"item-{count:04x}"))
        numbers = {entry.dir_id: number for number, entry in enumerate(entries)} | {None: -1}
        root, left, right, red = ascending_tree(count)
        assert numbers[folder.child_id] == root
        assert [numbers[entry.left_id] for entry in entries] == left
        assert [numbers[entry.right_id] for entry in entries] == right
        assert [entry.red for entry in entries] == red


def composed(lay_all: Callable[[Any, Any, Any, int], None], count: int) -> dict[str, bytes]:
    """Write a sequence of clips, silences and transitions; return its streams by their paths."""
    file = aaf2.open()
    definition = file.create.OperationDef(AUID("0c3bea41-fc05-11d2-8a29-0050040ef7d2"), "Dissolve")
    definition.media_kind = "sound"
    definition["NumberInputs"].value = 2
    file.dictionary.register_def(definition)
    master = file.create.MasterMob("take")
    master.mob_id = MobID(
        "urn:smpte:umid:060a2b34.01010105.01010f10.13000000.00000000.00000000.00000000.00000001"
    )
    file.content.mobs.append(master)
    master.create_timeline_slot(48_000, 1).segment = file.create.Filler("sound", 10**6)
    composition = file.create.CompositionMob("cut")
    file.content.mobs.append(composition)
    sequence = composition.create_sound_slot(48_000).segment
    lay_all(file, definition, sequence, count)
    file.write_reference_properties()
    for changed in list(file.manager.modified.values()):
        if lay_all is plainly or not write_laid(changed):
            changed.write_properties()
    file.cfb.write_modified_dir_entries()
    top = sequence.dir.path()
    written = {}
    for root, _, streams in file.cfb.walk(sequence.dir):
        for stream in streams:
            written[stream.path().removeprefix(top)] = bytes(stream.open().read())
        written[root.path().removeprefix(top) + "/"] = bytes(root.data[66:68]) + bytes(root.data[80:96])
    return written


def plainly(file: Any, definition: Any, sequence: Any, count: int) -> None:
    (master,) = file.content.mastermobs()
    components = []
    for number in range(count):
        components.append(file.create.Filler("sound", 7 + number))
        components.append(master.create_source_clip(1, 3 * number, 100 + number, "sound"))
        group = file.create.OperationGroup(definition, 20 + number, "sound")
        transition = file.create.Transition("sound", 20 + number)
        transition["OperationGroup"].value = group
        transition.cutpoint = number
        components.append(transition)
    sequence.components.value = components


def in_batches(file: Any, definition: Any, sequence: Any, count: int) -> None:
    (master,) = file.content.mastermobs()
    filler = Pattern(file.create.Filler("sound", 1), "Length")
    clip = Pattern(master.create_source_clip(1, 0, 1, "sound"), "StartTime", "Length")
    made = file.create.Transition("sound", 1)
    made["OperationGroup"].value = file.create.OperationGroup(definition, 1, "sound")
    made.cutpoint = 0
    transition = TransitionPattern(made)
    components = []
    for number in range(count):
        components.append(filler.copy(7 + number))
        components.append(clip.copy(3 * number, 100 + number))
        components.append(transition.copy(20 + number, number))
    assert list(lay(sequence, components)) == list(range(1, 3 * count + 1))


@pytest.mark.parametrize("count", [0, 1, 2, 40])
def test_what_is_written_is_what_the_library_writes(count: int) -> None:
    assert composed(in_batches, count) == composed(plainly, count)


def test_a_component_that_lacks_something_is_no_pattern() -> None:
    file = aaf2.open()
    transition = file.create.Transition("sound", 1)
    with pytest.raises(aaf2.exceptions.AAFPropertyError, match="missing"):
        Pattern(transition, "Length")


@pytest.mark.alone
def test_many_cuts_take_a_fraction_of_what_the_library_takes(tmp_path: Path) -> None:
    def cut(count: int) -> float:
        state = with_cuts(
            timeline_state(200 * count + 1_000), *((200 * k, 200 * k + 100) for k in range(1, count))
        )
        return fastest_cpu_s(lambda: export(ExportRequest(state, {}, tmp_path / f"{count}.aaf")), 1)

    cut(10)
    few_s, many_s = cut(1_000), cut(4_000)
    assert many_s < 6 * few_s  # linear: 4, less what any file takes
    alone_s = fastest_cpu_s(lambda: composed(plainly, 1_000))
    assert fastest_cpu_s(lambda: composed(in_batches, 1_000)) < 0.6 * alone_s
    with aaf2.open(str(tmp_path / "4000.aaf"), "r") as file:
        assert len(list(file.content.toplevel())) == 1

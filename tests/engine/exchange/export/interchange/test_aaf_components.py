"""Components laid in batches beside pyaaf2 laying them one by one: the same file, in less time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import aaf2
import pytest
from aaf2.mobid import MobID

from engine.exchange.export import ExportRequest, export
from engine.exchange.export.interchange.aaf import Effects
from engine.exchange.export.interchange.aaf_components import Pattern, ascending_tree, lay, write_laid
from engine.sound.edl.crossfade import Curve
from tests.counting import calls_of
from tests.engine.sound.edl.recordings import timeline_state, with_cuts
from tests.mostly_long import mostly_long
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


def composed(lay_all: Callable[[Any, Effects, Any, int], None], count: int) -> dict[str, bytes]:
    """Write a sequence of everything that is laid; return its streams by their paths."""
    file = aaf2.open()
    master = file.create.MasterMob("take")
    master.mob_id = MobID(
        "urn:smpte:umid:060a2b34.01010105.01010f10.13000000.00000000.00000000.00000000.00000001"
    )
    file.content.mobs.append(master)
    for channel in (1, 2):
        master.create_timeline_slot(48_000, channel).segment = file.create.Filler("sound", 10**6)
    composition = file.create.CompositionMob("cut")
    file.content.mobs.append(composition)
    sequence = composition.create_sound_slot(48_000).segment
    lay_all(file, Effects(file), sequence, count)
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


def clip(file: Any, channel: int, number: int) -> Any:
    (master,) = file.content.mastermobs()
    return master.create_source_clip(channel, 3 * number, 100 + number, "sound")


def transition(file: Any, effects: Effects, number: int) -> Any:
    group = effects.dissolve(20 + number, Curve.EQUAL_POWER)
    made = file.create.Transition("sound", 20 + number)
    made["OperationGroup"].value = group
    made.cutpoint = number
    return made


def plainly(file: Any, effects: Effects, sequence: Any, count: int) -> None:
    components = []
    for number in range(count):
        components.append(file.create.Filler("sound", 7 + number))
        components.append(clip(file, 1, number))
        components.append(transition(file, effects, number))
        both = [clip(file, channel, number) for channel in (1, 2)]
        components.append(effects.combined(both, 100 + number))
    sequence.components.value = components


def in_batches(file: Any, effects: Effects, sequence: Any, count: int) -> None:
    silence, one, made = file.create.Filler("sound", 1), clip(file, 1, 0), transition(file, effects, 0)
    left, right = both = [clip(file, channel, 0) for channel in (1, 2)]
    group = effects.combined(both, 1)
    filler = Pattern(silence, (silence, "Length"))
    mono = Pattern(one, (one, "StartTime"), (one, "Length"))
    dissolve = made["OperationGroup"].value
    faded = Pattern(made, (made, "Length"), (dissolve, "Length"), (made, "CutPoint"))
    numbers = ((each, name) for each in (left, right) for name in ("StartTime", "Length"))
    stereo = Pattern(group, *numbers, (group, "Length"))
    components = []
    for number in range(count):
        components.append(filler.copy(7 + number))
        components.append(mono.copy(3 * number, 100 + number))
        components.append(faded.copy(20 + number, 20 + number, number))
        components.append(stereo.copy(*[3 * number, 100 + number] * 2, 100 + number))
    assert list(lay(sequence, components)) == list(range(1, 4 * count + 1))


@mostly_long("count", [0, 1, 2, 40], keep=(0, 2))
def test_what_is_written_is_what_the_library_writes(count: int) -> None:
    assert composed(in_batches, count) == composed(plainly, count)


def test_a_component_that_lacks_something_is_no_pattern() -> None:
    file = aaf2.open()
    transition = file.create.Transition("sound", 1)
    with pytest.raises(aaf2.exceptions.AAFPropertyError, match="missing"):
        Pattern(transition, (transition, "Length"))


def exports_cuts(count: int, path: Path) -> Callable[[], object]:
    cuts = ((200 * k, 200 * k + 100) for k in range(1, count))
    state = with_cuts(timeline_state(200 * count + 1_000), *cuts)
    return lambda: export(ExportRequest(state, {}, path))


def test_a_cut_costs_few_calls(tmp_path: Path) -> None:
    exports_cuts(10, tmp_path / "warm.aaf")()
    few, many = (calls_of(exports_cuts(count, tmp_path / f"{count}.aaf")) for count in (20, 60))
    assert many - few < 3_500 * 40


@pytest.mark.alone
def test_many_cuts_take_a_fraction_of_what_the_library_takes(tmp_path: Path) -> None:
    def cut(count: int) -> float:
        return fastest_cpu_s(exports_cuts(count, tmp_path / f"{count}.aaf"), 1)

    cut(10)
    few_s, many_s = cut(1_000), cut(4_000)
    assert many_s < 6 * few_s  # linear: 4, less what any file takes
    alone_s = fastest_cpu_s(lambda: composed(plainly, 1_000))
    assert fastest_cpu_s(lambda: composed(in_batches, 1_000)) < 0.6 * alone_s
    with aaf2.open(str(tmp_path / "4000.aaf"), "r") as file:
        assert len(list(file.content.toplevel())) == 1

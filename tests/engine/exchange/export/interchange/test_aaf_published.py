"""The objects of an AAF export beside those of files built as Pro Tools and Premiere write them.

Trees are compared whole: classes, effects by their ids, parameters, control points, kinds and rates of slots,
times in seconds, and the chain of mobs from each clip to its origin. Deliberate differences are listed, each
with its reason, and have to be found in the published tree: one that is no longer there fails as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import aaf2
import numpy as np
import pytest

from engine.exchange.export import ExportRequest, export
from engine.exchange.imports import read_edits
from engine.exchange.imports.described import ImportedTrack
from tests.engine.exchange.export.interchange.aaf_published import POWER, premiere, pro_tools
from tests.engine.sound.edl.recordings import Recording, recording, with_cuts

RATE_HZ = 48_000
UNITS = 200  # an edit rate at which all of Premiere's lengths here are whole; a film has 24 to 60
CUTS = (0, 24_000), (72_000, 96_000), (144_000, 192_000)


@dataclass(frozen=True)
class Node:
    """An object, as far as it is compared, and what is in it."""

    text: str
    within: tuple[Node, ...] = ()

    def __str__(self) -> str:
        return "\n".join(self._lines(0))

    def _lines(self, depth: int) -> Iterator[str]:
        yield "  " * depth + self.text
        for one in self.within:
            yield from one._lines(depth + 1)


def tree(path: Path) -> Node:
    """Return the composition of a file."""
    with aaf2.open(str(path), "r") as file:
        (composition,) = file.content.toplevel()
        slots = tuple(_slot(one, file) for one in composition.slots)
        return Node(f"CompositionMob {composition.usage}", slots)


def _slot(slot: Any, file: Any) -> Node:
    format_ = [
        f" {one.name}={one.value}"
        for one in (slot["TimelineMobAttributeList"].value if "TimelineMobAttributeList" in slot else ())
    ]
    kind = type(slot).__name__
    text = f"{kind} {slot.media_kind} {slot.edit_rate}{''.join(format_)}"
    return Node(text, (_component(slot.segment, Fraction(slot.edit_rate), file),))


def _component(one: Any, rate: Fraction, file: Any) -> Node:
    kind, length = type(one).__name__, f"{Fraction(one.length) / rate} s"
    if kind == "SourceClip":
        return Node(f"{kind} {length} from {Fraction(one.start) / rate} s", tuple(_chain(one)))
    if kind == "Sequence":
        return Node(f"{kind} {length}", tuple(_component(each, rate, file) for each in one.components))
    if kind == "Transition":
        within = _component(one["OperationGroup"].value, rate, file)
        return Node(f"{kind} {length} cut at {Fraction(one.cutpoint) / rate} s", (within,))
    if kind == "OperationGroup":
        operation = one.operation
        parameters = one.parameters.value if "Parameters" in one else ()
        inputs = one.segments.value if "InputSegments" in one else ()
        within = (*map(_parameter, parameters), *(_component(each, rate, file) for each in inputs))
        return Node(f"{kind} {operation.auid} of {operation['NumberInputs'].value} {length}", within)
    if kind == "Timecode":
        return Node(f"{kind} {one.fps} from {one.start} drop {one['Drop'].value} {length}")
    return Node(f"{kind} {length}")


def _parameter(one: Any) -> Node:
    if type(one).__name__ == "ConstantValue":
        value = bytes(one.value) if isinstance(one.value, list | bytearray) else _exact(one.value)
        return Node(f"ConstantValue {one.auid} = {value}")
    points = [f"{_exact(each['Value'].value)} at {_exact(each['Time'].value)}" for each in one.pointlist]
    return Node(f"VaryingValue {one.auid} by {one.interpolation.auid}: {', '.join(points)}")


def _exact(value: Any) -> Fraction:
    return Fraction(value.numerator, value.denominator)  # those of AAF are not in lowest terms


def _chain(clip: Any) -> Iterator[Node]:
    """Yield the mobs behind a clip: the whole of each slot on the way."""
    while (mob := clip.mob) is not None:
        slot = mob.slot_at(clip.slot_id)
        descriptor = getattr(mob, "descriptor", None)
        kinds = [type(mob).__name__, str(slot.media_kind)]
        if descriptor is not None:
            kinds.append(type(descriptor).__name__)
            located = descriptor["Locator"].value if "Locator" in descriptor else ()
            kinds += [str(one.classdef.class_name) for one in located]
        kinds += [f"timecode {one.segment.fps}" for one in mob.slots if one.media_kind == "Timecode"]
        yield Node(f"{' '.join(kinds)} {Fraction(slot.segment.length) / Fraction(slot.edit_rate)} s")
        clip = slot.segment


@dataclass(frozen=True)
class Difference:
    """What Offcut means to write otherwise.

    Attributes
    ----------
    pattern : of the texts of the nodes that differ
    change : makes Offcut's nodes of such a node
    """

    reason: str
    pattern: str
    change: Callable[[Node], tuple[Node, ...]]

    def applied(self, whole: Node) -> Node:
        """Return a tree in which it is written as Offcut does."""
        (changed,) = self._changed(whole)
        assert changed != whole, f"no longer differs: {self.reason}"
        return changed

    def _changed(self, node: Node) -> tuple[Node, ...]:
        within = tuple(each for one in node.within for each in self._changed(one))
        node = replace(node, within=within)
        return self.change(node) if re.search(self.pattern, node.text) else (node,)


def dropped(_node: Node) -> tuple[Node, ...]:
    return ()


def unwrapped(node: Node) -> tuple[Node, ...]:
    """Return the input of an effect alone."""
    return node.within[-1:]


def named(pattern: str, text: str) -> Callable[[Node], tuple[Node, ...]]:
    return lambda node: (replace(node, text=re.sub(pattern, text, node.text)),)


def timecode_first(node: Node) -> tuple[Node, ...]:
    return (replace(node, within=(node.within[-1], *node.within[:-1])),)


TIMECODE_FIRST = Difference(
    "The timecode is the first slot, as in Media Composer and Resolve.", "^CompositionMob", timecode_first
)
PREMIERE = (
    Difference("There is no picture.", "^TimelineMobSlot Picture", dropped),
    TIMECODE_FIRST,
    Difference("Slots count samples, not frames.", "Sound 200", named("Sound 200", "Sound 48000")),
    Difference("A mono track has no format, as in Pro Tools.", "=1$", named(" _TRACK_FORMAT=1", "")),
    Difference(
        "Clips have no gain: that of a track, if any, is around its sequence, as in the edit protocol.",
        "^OperationGroup 9d2ea894",
        unwrapped,
    ),
    Difference(
        "The level goes from 0 to 1, the default of the edit protocol; Premiere writes 0 twice, and readers "
        "leave the points aside.",
        "^VaryingValue e4962320",
        named("0 at 1$", "1 at 1"),
    ),
    Difference(
        "Files lead to a tape, as in Pro Tools and Resolve: it holds their time of day.",
        "ImportDescriptor",
        named("ImportDescriptor", "TapeDescriptor"),
    ),
)
PRO_TOOLS = (
    TIMECODE_FIRST,
    Difference(
        "The parameters of the combiner are those of a plug-in of Avid's. Premiere and Resolve write none.",
        "^ConstantValue (c0038672|93994bd6)",
        dropped,
    ),
)


@pytest.fixture
def jam(tmp_path: Path) -> Recording:
    """Noise, which is faded over with equal power, and a stereo tone, with equal gain as it goes on."""
    noise = 0.1 * np.random.default_rng(5).standard_normal((4 * RATE_HZ, 1))
    tone = 0.1 * np.sin(np.arange(4 * RATE_HZ) * (2 * np.pi / 480))[:, np.newaxis]
    return recording(
        tmp_path,
        [noise, np.hstack([tone, tone])],
        rate_hz=RATE_HZ,
        subtype="PCM_24",
        names=("voice.wav", "room.wav"),
    )


def exported(jam: Recording, out: Path, pan: float, crossfade_ms: float) -> Path:
    state = with_cuts(jam.state, *CUTS, crossfade_ms=crossfade_ms)
    first, second = state.tracks
    state = replace(state, tracks=(replace(first, pan=pan), second))
    export(ExportRequest(state, jam.media, out))
    return out


def compared(published: Path, out: Path, differences: tuple[Difference, ...]) -> None:
    expected = tree(published)
    for one in differences:
        expected = one.applied(expected)
    assert str(tree(out)).splitlines() == str(expected).splitlines()


def clips_of(path: Path) -> list[ImportedTrack]:
    return [replace(one, name="") for one in read_edits(path, RATE_HZ).tracks]


@pytest.mark.long
def test_an_export_is_built_as_premiere_builds_it(jam: Recording, tmp_path: Path) -> None:
    out = exported(jam, tmp_path / "out.aaf", -0.5, 40.0)
    premiere(tmp_path / "pr.aaf", [(jam.media["s0"], 1), (jam.media["s1"], 2)], UNITS, (True, False))
    compared(tmp_path / "pr.aaf", out, PREMIERE)
    assert str(POWER) in str(tree(out))


def test_an_export_is_built_as_pro_tools_builds_it(jam: Recording, tmp_path: Path) -> None:
    out = exported(jam, tmp_path / "out.aaf", 0.0, 0.0)
    pro_tools(tmp_path / "pt.aaf", [[jam.media["s0"]], [jam.media["s1"]] * 2], RATE_HZ)
    compared(tmp_path / "pt.aaf", out, PRO_TOOLS)


def test_files_built_so_are_read_as_what_offcut_writes(jam: Recording, tmp_path: Path) -> None:
    faded = exported(jam, tmp_path / "faded.aaf", 0.0, 40.0)
    premiere(tmp_path / "pr.aaf", [(jam.media["s0"], 1), (jam.media["s1"], 2)], UNITS, (True, False))
    assert clips_of(tmp_path / "pr.aaf") == clips_of(faded)
    hard = exported(jam, tmp_path / "hard.aaf", 0.0, 0.0)
    pro_tools(tmp_path / "pt.aaf", [[jam.media["s0"]], [jam.media["s1"]] * 2], RATE_HZ)
    assert clips_of(tmp_path / "pt.aaf") == clips_of(hard)


def test_a_stereo_slot_of_two_files_is_a_track_for_each(jam: Recording, tmp_path: Path) -> None:
    left, right = jam.media["s0"], jam.media["s1"]
    pro_tools(tmp_path / "pt.aaf", [[left, right]], RATE_HZ)
    tracks = read_edits(tmp_path / "pt.aaf", RATE_HZ).tracks
    assert [{clip.medium.name for clip in one.clips} for one in tracks] == [{left.name}, {right.name}]
    assert [[clip.at_s for clip in one.clips] for one in tracks] == [[0, 1], [0, 1]]

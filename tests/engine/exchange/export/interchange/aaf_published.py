"""AAF files as Pro Tools and Premiere write them, built with pyaaf2 after published files of these programs.

The files are those with which LibAAF is tested (github.com/agfline/LibAAF, test/aaf, at d8fb51c). Pro Tools
23.12: `PT_WAV_External`, `PT_Fades`, `PT_Multichannel_stereo_multi_source`. Premiere 23.5: `PR_Fades`,
`PR_Audio_Pan-noBTM`, `PR_Audio_Levels-noBTM`. Their objects were looked at, nothing of them is copied. Media
Composer (`MC_Fades`) and Resolve (`DR_Stereo_Clip_Positioning`) write stereo slots and fades alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aaf2
from aaf2.auid import AUID
from aaf2.rational import AAFRational

COMBINER = AUID("6b46dd7a-132d-4856-ab21-8b751d8462ec")
DISSOLVE = AUID("0c3bea41-fc05-11d2-8a29-0050040ef7d2")
GAIN = AUID("9d2ea894-0968-11d3-8a38-0050040ef7d2")
PAN = AUID("9d2ea893-0968-11d3-8a38-0050040ef7d2")
LEVEL = AUID("e4962320-2267-11d3-8a4c-0050040ef7d2")
AMPLITUDE = AUID("e4962321-2267-11d3-8a4c-0050040ef7d2")
PAN_VALUE = AUID("e4962322-2267-11d3-8a4c-0050040ef7d2")
BYTE_ORDER = AUID("c0038672-a8cf-11d3-a05b-006094eb75cb")
EFFECT_ID = AUID("93994bd6-a81d-11d3-a05b-006094eb75cb")
LINEAR = AUID("5b6c85a4-0ede-11d3-80a9-006008143e6f")
POWER = AUID("c09153f7-bd18-4e5a-ad09-cbdd654fa001")
LITTLE_ENDIAN = 0x4949
DAY_S = 86_400


class Published:
    """One file in the making; lengths are in units of its edit rate."""

    def __init__(self, path: Path, rate: int) -> None:
        self.file: Any = aaf2.open(str(path), "w")
        self.rate = rate
        self._defined: dict[AUID, Any] = {}

    def define(self, kind: str, auid: AUID, name: str, *more: Any) -> Any:
        """Return a definition of the file's dictionary."""
        if auid not in self._defined:
            self._defined[auid] = getattr(self.file.create, kind)(auid, name, *more)
            self.file.dictionary.register_def(self._defined[auid])
        return self._defined[auid]

    def parameter(self, auid: AUID, name: str, typed: str = "Rational") -> Any:
        return self.define("ParameterDef", auid, name, "", self.file.dictionary.lookup_typedef(typed))

    def mob(self, kind: str, name: str) -> Any:
        made = getattr(self.file.create, kind)(name)
        self.file.content.mobs.append(made)
        return made

    def group(self, auid: AUID, name: str, length: int, inputs: Sequence[Any], *parameters: Any) -> Any:
        definition = self.define("OperationDef", auid, name)
        definition.media_kind = "sound"
        definition["NumberInputs"].value = 2 if auid == DISSOLVE else 1
        made = self.file.create.OperationGroup(definition, length, "sound")
        made.parameters.extend(parameters)
        if inputs:
            made.segments.extend(inputs)
        return made

    def constant(self, parameter: Any, value: Any) -> Any:
        return self.file.create.ConstantValue(parameter, value)

    def transition(self, length: int, cut: int, interpolation: tuple[AUID, str]) -> Any:
        """Return a transition of Premiere: both control points of its level are 0."""
        level = self.parameter(LEVEL, "Level")
        between = self.define("InterpolationDef", *interpolation)
        varying = self.file.create.VaryingValue(level, between)
        for time in (0, 1):
            varying.add_keyframe(AAFRational(100_000 * time, 100_000), AAFRational(0, 10**9))
        group = self.group(DISSOLVE, "Mono Audio Dissolve", length, (), varying)
        made = self.file.create.Transition("sound", length)
        made["OperationGroup"].value = group
        made.cutpoint = cut
        return made

    def filler(self, length: int) -> Any:
        return self.file.create.Filler("sound", length)

    def slot(self, mob: Any, name: str, segment: Any, **attributes: int) -> Any:
        made = mob.create_timeline_slot(self.rate)
        made.segment, made.name = segment, name
        listed = [
            self.file.create.TaggedValue(key, value, self.file.dictionary.lookup_typedef("aafInt32"))
            for key, value in attributes.items()
        ]
        if listed:
            made["TimelineMobAttributeList"].extend(listed)
        return made

    def sequence(self, components: Sequence[Any]) -> Any:
        made = self.file.create.Sequence(media_kind="sound")
        made.components.extend(components)
        overlaps = [one.length for one in components if isinstance(one, aaf2.components.Transition)]
        made.length = sum(one.length for one in components) - 2 * sum(overlaps)
        return made

    def timecode(self, mob: Any, frames: int, length: int) -> None:
        slot = mob.create_timeline_slot(frames)
        slot.segment = self.file.create.Timecode(frames, drop=False)
        slot.segment.start, slot.segment.length = 0, length
        slot.name = "Timecode"

    def file_mob(self, path: Path, origin: Any, channels: int, length: int) -> Any:
        """Return the mob of a WAV file, described by its head, with its address."""
        made = self.mob("SourceMob", path.name)
        made.descriptor = self.file.create.WAVEDescriptor()
        made.descriptor["Summary"].value = bytearray(path.read_bytes()[:44])
        made.descriptor["ContainerFormat"].value = self.file.dictionary.lookup_containerdef("AAF")
        made.descriptor["SampleRate"].value = self.rate
        made.descriptor["Length"].value = length
        locator = self.file.create.NetworkLocator()
        locator["URLString"].value = path.as_uri()
        made.descriptor["Locator"].append(locator)
        for channel in range(1, channels + 1):
            self.slot(made, "", origin.create_source_clip(channel, 0, length, "sound"))
        return made

    def master(self, mob: Any, channels: int, length: int) -> Any:
        made = self.mob("MasterMob", mob.name)
        for channel in range(1, channels + 1):
            self.slot(made, "", mob.create_source_clip(channel, 0, length, "sound"))
        return made

    def origin(self, name: str, descriptor: str, channels: int, frames: int) -> Any:
        """Return the mob of a tape or an import, with its timecode."""
        made = self.mob("SourceMob", name)
        made.descriptor = getattr(self.file.create, descriptor)()
        for channel in range(1, channels + 1):
            made.create_empty_slot(self.rate, "sound", channel).segment.length = DAY_S * self.rate
        self.timecode(made, frames, DAY_S * frames)
        return made


def premiere(path: Path, files: Sequence[tuple[Path, int]], rate: int, curves: Sequence[bool]) -> None:
    """Write two clips a track that fade in, cross over and fade out; a mono track has a pan of 0.25.

    Parameters
    ----------
    files : each with its channels
    curves : whether the crossfade of a track has constant power; fades at the ends always do
    """
    made = Published(path, rate)
    masters = []
    for one, channels in files:
        origin = made.origin(f"Import{one.name}", "ImportDescriptor", channels, 25)
        masters.append(made.master(made.file_mob(one, origin, channels, 4 * rate), channels, 4 * rate))
    composition = made.mob("CompositionMob", "Premiere")
    composition.usage = "Usage_TopLevel"
    length = 2 * rate
    scope = made.file.create.NestedScope("picture")
    inside = made.file.create.Sequence(media_kind="picture")
    inside.components.append(made.file.create.Filler("picture", length))
    scope.length = inside.length = length
    scope["Slots"].append(inside)
    made.slot(composition, "", scope)
    unity = AAFRational(100_000_000, 100_000_000)
    for number, (master, (_, channels)) in enumerate(zip(masters, files, strict=True), 1):

        def clip(start: int, length: int, master: Any = master, channels: int = channels) -> Any:
            inputs = [
                master.create_source_clip(one, start, length, "sound") for one in range(1, channels + 1)
            ]
            if channels == 2:
                inputs = [made.group(COMBINER, "Audio Channel Combiner", length, inputs)]
            amplitude = made.constant(made.parameter(AMPLITUDE, "Amplitude multiplier"), unity)
            return made.group(GAIN, "Mono Audio Gain", length, inputs, amplitude)

        power, linear = (POWER, "PowerInterp"), (LINEAR, "LinearInterp")
        segment = made.sequence(
            [
                made.filler(1),
                made.transition(1, 0, power),
                clip(100, 204),
                made.transition(8, 4, power if curves[number - 1] else linear),
                clip(396, 204),
                made.transition(1, 1, power),
                made.filler(1),
            ]
        )
        if channels == 1:
            pan = made.constant(made.parameter(PAN_VALUE, "Pan value"), AAFRational(1, 4))
            segment = made.group(PAN, "Mono Audio Pan", segment.length, [segment], pan)
        made.slot(composition, f"Audio {number}", segment, _TRACK_FORMAT=channels)
    made.timecode(composition, 25, 2 * 25)
    made.file.close()


def pro_tools(path: Path, files: Sequence[Sequence[Path]], rate: int) -> None:
    """Write two clips a track that abut; each channel is a file of its own.

    Parameters
    ----------
    files : those of each track
    """
    made = Published(path, rate)
    tape = made.origin("Pro Tools: session.ptx", "TapeDescriptor", 1, 25)
    masters = [
        [made.master(made.file_mob(one, tape, 1, 4 * rate), 1, 4 * rate) for one in track] for track in files
    ]
    composition = made.mob("CompositionMob", "Pro Tools")
    composition.usage = "Usage_TopLevel"
    for number, track in enumerate(masters, 1):

        def clip(start: int, length: int, track: Sequence[Any] = track) -> Any:
            inputs = [one.create_source_clip(1, start, length, "sound") for one in track]
            if len(inputs) == 1:
                return inputs[0]
            ordered = made.parameter(BYTE_ORDER, "AvidParameterByteOrder", "aafInt16")
            order = made.constant(ordered, LITTLE_ENDIAN)
            named = made.parameter(EFFECT_ID, "AvidEffectID", "AvidBagOfBits")
            effect = made.constant(named, bytearray(b"EFF2_AUDIO_CHANNEL_COMBINER\0"))
            return made.group(COMBINER, "Audio Channel Combiner", length, inputs, order, effect)

        segment = made.sequence([clip(rate // 2, rate), clip(2 * rate, rate)])
        told = {"_TRACK_FORMAT": len(track)} if len(track) > 1 else {}
        made.slot(composition, f"Audio {number}", segment, **told)
    made.timecode(composition, 25, 2 * 25)
    made.file.close()

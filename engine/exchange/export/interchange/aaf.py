"""An Advanced Authoring Format file that links to the sources: cuts and crossfades for Pro Tools and others.

The edit rate is the document's sample rate, so positions are exact. Each clip leads through a master mob and
a file mob to the file; a WAV is described by its own header. The composition begins with a timecode: Pro
Tools needs both. A stereo track is one slot with an Audio Channel Combiner; with a balance it is two panned
slots. A transition is a crossfade between clips, or a fade between silence and a clip. Ids are derived from
the content, and dates are fixed: the same edit gives the same bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from hashlib import blake2b
from math import ceil, floor
from pathlib import Path
from typing import Any

import aaf2
from aaf2.auid import AUID
from aaf2.mobid import MobID
from aaf2.rational import AAFRational

from engine.core.files.safe_write import replacing
from engine.core.files.xml_text import xml_text
from engine.core.progress import Progress
from engine.document.tracks import Source, Track, audible
from engine.exchange.export.interchange.aaf_components import Pattern, lay, write_laid
from engine.exchange.export.placing.clips import ResultClip, clips_of, crossfades
from engine.exchange.export.placing.marks import known_curves
from engine.exchange.export.placing.timecode import drops_frames, source_begin_s, source_path
from engine.exchange.export.request import Exported, ExportRequest, written_project
from engine.sound.edl.crossfade import Curve
from engine.sound.edl.edit_list import EditList
from engine.sound.edl.tracks.patches import GainCurve, Point, lone_gains
from engine.sound.edl.tracks.voice import sides
from engine.sound.writer import bits_of, export_format

SOUND = "sound"
_FINEST = 1_000_000  # denominators: a rational of AAF has 32 bits, and a gain goes to 1,000
_MOST = 2**31 - 1
_DISSOLVE = AUID("0c3bea41-fc05-11d2-8a29-0050040ef7d2"), "Mono Audio Dissolve", 2
_GAIN = AUID("9d2ea894-0968-11d3-8a38-0050040ef7d2"), "Mono Audio Gain", 1
_PAN = AUID("9d2ea893-0968-11d3-8a38-0050040ef7d2"), "Mono Audio Pan", 1
_COMBINER = AUID("6b46dd7a-132d-4856-ab21-8b751d8462ec"), "Audio Channel Combiner", 1
_LEVEL = AUID("e4962320-2267-11d3-8a4c-0050040ef7d2"), "Level"
_AMPLITUDE = AUID("e4962321-2267-11d3-8a4c-0050040ef7d2"), "Amplitude"
_PAN_POSITION = AUID("e4962322-2267-11d3-8a4c-0050040ef7d2"), "Pan"
_LINEAR = AUID("5b6c85a4-0ede-11d3-80a9-006008143e6f"), "LinearInterp"
_POWER = AUID("c09153f7-bd18-4e5a-ad09-cbdd654fa001"), "PowerInterp"
_INTERPOLATIONS = {Curve.EQUAL_GAIN: _LINEAR, Curve.EQUAL_POWER: _POWER}
_RISING = (Fraction(0), 0.0), (Fraction(1), 1.0)
_STEREO = 2
_BOTH = (1, 2)
_PANS = {1: -1.0, 2: 1.0}
_TRACK_FORMAT = "_TRACK_FORMAT"
_DATE = datetime(2000, 1, 1)
_DAY_S = 86_400
_MOST_BYTES = 2**32 - 1
_TABLES, _FREE, _END_OF_CHAIN = slice(68, 72), b"\xff\xff\xff\xff", b"\xfe\xff\xff\xff"
_WAVE = ("WAV", "WAVEX", "RF64")
_FORMAT_TAGS = {"PCM_U8": 1, "PCM_16": 1, "PCM_24": 1, "PCM_32": 1, "FLOAT": 3, "DOUBLE": 3}


def write(request: ExportRequest, progress: Progress) -> Exported:
    """Write the composition; the sources are named, not opened."""
    progress.check_cancelled()
    content = _Writer(request, progress).content()
    with replacing(request.out, overwrite=request.overwrite) as part:
        part.write_bytes(content)
    progress.report(1.0, "Writing the composition")
    return written_project(request, len(audible(request.state.tracks)))


class _Writer:
    """Builds one file in memory: a library that fails half-way through a full disk leaves nothing behind."""

    def __init__(self, request: ExportRequest, progress: Progress) -> None:
        self._request = request
        self._progress = progress
        self._edit_list: EditList = request.edit_list
        self._file = aaf2.open()
        self._masters: dict[str, Any] = {}

    def content(self) -> bytes:
        """Return the bytes of the file."""
        state = self._request.state
        self._fix_identification()
        for source in self._request.sources.values():
            self._masters[source.id] = self._master(source)
        composition = self._mob(self._file.create.CompositionMob, self._request.title, "composition")
        composition.usage = "Usage_TopLevel"
        length_s = Fraction(self._edit_list.length_samples, max(1, self._edit_list.rate_hz))
        self._add_timecode(composition, length_s)
        tracks, played = Tracks(self._request, self._file, self._masters), audible(state.tracks)
        for number, track in enumerate(played):
            tracks.add(composition, track, self._progress.part(0.0, 0.6).step(number, len(played)))
        self._save()
        return _compound(self._file.f.getvalue(), self._file.cfb.sector_size)

    def _save(self) -> None:
        """Write every object out, as the library does when it closes a file, but so that it can be cancelled.

        Closing the file would discard the objects in memory.
        """
        self._file.write_reference_properties()
        manager = self._file.manager
        for number, changed in enumerate(manager.modified.values()):
            self._progress.check_cancelled()
            if not write_laid(changed):
                changed.write_properties()
            self._progress.report(0.6 + 0.4 * number / len(manager.modified), "Writing the composition")
        manager.modified.clear()
        manager.remove_temp()
        self._file.cfb.close()

    def _fix_identification(self) -> None:
        header = self._file.header
        header["LastModified"].value = _DATE
        for identification in header["IdentificationList"].value:
            identification["ProductName"].value = "Offcut"
            identification["CompanyName"].value = "Offcut"
            identification["Date"].value = _DATE
            identification["GenerationAUID"].value = _auid("generation", self._request.title)

    def _mob(self, make: Any, name: str, *key: str) -> Any:
        """Return a mob with an id derived from its content."""
        mob = make(xml_text(name))
        identity = MobID.new()
        identity.material = _auid(*key, name)
        mob.mob_id = identity
        mob["CreationTime"].value = mob["LastModified"].value = _DATE
        self._file.content.mobs.append(mob)
        return mob

    def _master(self, source: Source) -> Any:
        """Return the master mob of a source, with one slot a channel that leads to its file."""
        path = source_path(source, self._request.named_media)
        file_mob = self._mob(self._file.create.SourceMob, path.name, "file", source.id)
        file_mob.descriptor = self._descriptor(source, path.as_uri())
        tape = self._tape(source, path)
        begin = floor(source_begin_s(source, self._request.named_media) * source.rate_hz + Fraction(1, 2))
        master = self._mob(self._file.create.MasterMob, path.name, "master", source.id)
        for channel in range(1, source.channels + 1):
            in_file = file_mob.create_timeline_slot(source.rate_hz, channel)
            in_file.segment = tape.create_source_clip(channel, begin, source.frames, SOUND)
            in_file["PhysicalTrackNumber"].value = channel
            slot = master.create_timeline_slot(source.rate_hz, channel)
            slot.segment = file_mob.create_source_clip(channel, 0, source.frames, SOUND)
            slot["PhysicalTrackNumber"].value = channel
        return master

    def _tape(self, source: Source, path: Path) -> Any:
        """Return the mob of the original tape: one day of each channel, with timecode from midnight."""
        tape = self._mob(self._file.create.SourceMob, path.stem, "tape", source.id)
        tape.descriptor = self._file.create.TapeDescriptor()
        for channel in range(1, source.channels + 1):
            slot = tape.create_empty_slot(source.rate_hz, SOUND, channel)
            slot.segment.length = _DAY_S * source.rate_hz
            slot["PhysicalTrackNumber"].value = channel
        is_dropping = drops_frames(source, self._request.named_media, self._request.frame_rate.exact)
        self._add_timecode(tape, Fraction(_DAY_S), is_dropping=is_dropping)
        return tape

    def _descriptor(self, source: Source, url: str) -> Any:
        if source.container in _WAVE and source.subtype in _FORMAT_TAGS:
            descriptor = self._file.create.WAVEDescriptor()
            descriptor["Summary"].value = bytearray(_wave_head(source))
            descriptor["ContainerFormat"].value = self._file.dictionary.lookup_containerdef("AAF")
            values = {"SampleRate": source.rate_hz, "Length": source.frames}
        else:
            descriptor = self._file.create.PCMDescriptor()
            values = _pcm_values(source)
        for name, value in values.items():
            descriptor[name].value = value
        locator = self._file.create.NetworkLocator()
        locator["URLString"].value = url
        descriptor["Locator"].append(locator)
        return descriptor

    def _add_timecode(self, mob: Any, length_s: Fraction, *, is_dropping: bool = False) -> None:
        """Count from nothing, at the frame rate of the export."""
        rate = self._request.frame_rate
        exact = rate.exact
        slot = mob.create_timeline_slot(AAFRational(exact.numerator, exact.denominator))
        timecode = self._file.create.Timecode(rate.nominal, drop=is_dropping)
        timecode.start = 0
        timecode.length = max(1, ceil(length_s * exact))
        slot.segment = timecode
        slot.name = "Timecode"


def _compound(content: bytes, sector_bytes: int) -> bytes:
    """Return a compound file that strict readers accept, such as LibAAF in Ardour.

    pyaaf2 leaves the last sector short and, without a table of tables, marks its sector as free.
    """
    whole = bytearray(content + bytes(-len(content) % sector_bytes))
    if whole[_TABLES] == _FREE:
        whole[_TABLES] = _END_OF_CHAIN
    return bytes(whole)


def _pcm_values(source: Source) -> dict[str, int]:
    bits = bits_of(export_format([source.subtype], ".wav"))
    block = source.channels * bits // 8
    return {
        "SampleRate": source.rate_hz,
        "AudioSamplingRate": source.rate_hz,
        "Channels": source.channels,
        "QuantizationBits": bits,
        "BlockAlign": block,
        "AverageBPS": block * source.rate_hz,
        "Length": source.frames,
    }


def _wave_head(source: Source) -> bytes:
    """Return the beginning of a WAV file of this format, up to its samples: so AAF describes one.

    LibAAF, with which Ardour reads, looks for the samples behind the format, and crashes where the head ends.
    """
    bits, block = bits_of(source.subtype), source.channels * bits_of(source.subtype) // 8
    length = source.frames * block
    size, length = min(_MOST_BYTES, 36 + length), min(_MOST_BYTES, length)
    format_chunk = struct.pack(
        "<HHIIHH",
        _FORMAT_TAGS[source.subtype],
        source.channels,
        source.rate_hz,
        source.rate_hz * block,
        block,
        bits,
    )
    head = struct.pack("<4sI4s4sI", b"RIFF", size, b"WAVE", b"fmt ", len(format_chunk))
    return head + format_chunk + struct.pack("<4sI", b"data", length)


def _auid(*key: str) -> AUID:
    """Return an id that is the same for the same key."""
    digest = blake2b("\0".join(key).encode("utf-8", "replace"), digest_size=16).digest()
    return AUID(bytes_le=digest)


class Tracks:
    """Adds tracks to the composition of one file.

    Parameters
    ----------
    masters : the master mob of each medium, by its id
    """

    def __init__(self, request: ExportRequest, file: Any, masters: Mapping[str, Any]) -> None:
        self._request, self._file, self._masters = request, file, masters
        self._effects = Effects(file)
        self._patterns: dict[object, Pattern] = {}

    def add(self, composition: Any, track: Track, progress: Progress) -> None:
        """Add the slots of a track."""
        placed = placed_clips(clips_of(self._request, track))
        is_faded = any(one.fade_in_samples or one.fade_out_samples for one in placed)
        curves = known_curves(self._request, track, progress) if is_faded else ()
        length = placed[-1].result_stop_samples if placed else 0
        patches = self._request.edit_list.patches.get(track.id)
        gains = GainCurve(lone_gains(patches), self._request.state.rate_hz)
        for channels in self._channels_of(track):
            sequence = self._add_slot(composition, track, channels, length)
            played = self._components(track, placed, channels, curves, gains)
            for _ in lay(sequence, list(played)):
                progress.check_cancelled()

    def _channels_of(self, track: Track) -> Iterator[tuple[int, ...]]:
        """Yield the channels of each slot."""
        count = self._request.state.channels(track)
        if count == _STEREO and not track.pan:
            yield _BOTH
        else:
            yield from ((channel,) for channel in range(1, count + 1))

    def _add_slot(self, composition: Any, track: Track, channels: tuple[int, ...], length: int) -> Any:
        """Add a slot, and return the sequence in it, which is still empty."""
        sequence = self._file.create.Sequence(media_kind=SOUND)
        sequence.length = length
        slot = composition.create_timeline_slot(self._request.edit_list.rate_hz)
        slot.segment = self._with_effects(sequence, track, channels, length)
        slot.name = xml_text(track.name)
        slot["PhysicalTrackNumber"].value = len(composition.slots) - 1  # the first one is the timecode
        if channels == _BOTH:
            whole = self._file.dictionary.lookup_typedef("aafInt32")
            tagged = self._file.create.TaggedValue(_TRACK_FORMAT, _STEREO, whole)
            slot["TimelineMobAttributeList"].append(tagged)
        return sequence

    def _with_effects(self, sequence: Any, track: Track, channels: tuple[int, ...], length: int) -> Any:
        """Return a sequence with the gain and pan of its track.

        Where the channels of a stereo track have slots of their own, its balance is in their gains.
        """
        count = self._request.state.channels(track)
        factor, pan = 10.0 ** (track.gain_db / 20.0), 0.0
        if count == _STEREO and channels != _BOTH:
            factor *= sides(track.pan)[channels[0] - 1]
            pan = _PANS[channels[0]]
        elif count == 1:
            pan = track.pan
        segment = sequence if factor == 1.0 else self._effects.gain(sequence, length, factor)
        return self._effects.pan(segment, length, pan) if pan else segment

    def _components(
        self,
        track: Track,
        placed: Sequence[Placed],
        channels: tuple[int, ...],
        curves: Sequence[Curve],
        gains: GainCurve,
    ) -> Iterator[Any]:
        fading = 0
        for one in placed:
            silence = fading + one.gap_samples + (0 if one.is_crossed_before else one.fade_in_samples)
            if silence:
                yield self._filler(silence)
            if one.fade_in_samples:
                cut = one.before_samples if one.is_crossed_before else 0
                yield self._transition(one.fade_in_samples, cut, curves[one.clip.segment])
            is_recorded = one.clip.source_id in track.source_ids  # else the gain is in the file
            points = gains.points(*_span(one)) if is_recorded else ()
            yield self._louder(self._clip(one, channels), one.length_samples, points)
            fading = 0 if one.is_crossed_after else one.fade_out_samples
            if fading:
                yield self._transition(fading, fading, curves[one.clip.segment + 1])
        if fading:
            yield self._filler(fading)

    def _louder(self, clip: Any, length: int, points: Sequence[Point]) -> Any:
        """Return a clip with the gain that it has from point to point of the document's timeline."""
        factors = {factor for _, factor in points}
        if factors <= {1.0}:
            return clip
        if len(factors) == 1:
            return self._effects.gain(clip, length, factors.pop())
        start = points[0][0]
        times = [(Fraction(at - start) / length, factor) for at, factor in points]
        return self._effects.varying_gain(clip, length, times)

    def _clip(self, one: Placed, channels: tuple[int, ...]) -> Any:
        """Return a clip, lengthened by the transitions at its ends, as AAF counts them."""
        start, length = one.clip.start_samples - one.before_samples, one.length_samples
        key = (one.clip.source_id, channels)
        if key not in self._patterns:
            self._patterns[key] = self._clip_pattern(*key)
        return self._patterns[key].copy(*[start, length] * len(channels), *[length] * (len(channels) - 1))

    def _clip_pattern(self, source_id: str, channels: tuple[int, ...]) -> Pattern:
        master = self._masters[source_id]
        made = [master.create_source_clip(channel, 0, 1, SOUND) for channel in channels]
        numbers = [(clip, name) for clip in made for name in ("StartTime", "Length")]
        if len(made) == 1:
            return Pattern(made[0], *numbers)
        group = self._effects.combined(made, 1)
        return Pattern(group, *numbers, (group, "Length"))

    def _filler(self, length: int) -> Any:
        if None not in self._patterns:
            made = self._file.create.Filler(SOUND, length)
            self._patterns[None] = Pattern(made, (made, "Length"))
        return self._patterns[None].copy(length)

    def _transition(self, length: int, cut: int, curve: Curve) -> Any:
        if curve not in self._patterns:
            group = self._effects.dissolve(length, curve)
            made = self._file.create.Transition(SOUND, length)
            made["OperationGroup"].value = group
            made.cutpoint = cut
            numbers = (made, "Length"), (group, "Length"), (made, "CutPoint")
            self._patterns[curve] = Pattern(made, *numbers)
        return self._patterns[curve].copy(length, length, cut)


@dataclass(frozen=True, slots=True)
class Placed:
    """A clip with its fades as transitions need them: next to silence or another clip.

    Attributes
    ----------
    gap_samples : silence before it
    before_samples, after_samples : how much farther it reaches than the clip itself
    fade_in_samples, fade_out_samples : of the crossfade or the fade at either end
    is_crossed_before, is_crossed_after : whether that is a crossfade
    """

    clip: ResultClip
    gap_samples: int
    before_samples: int
    after_samples: int
    fade_in_samples: int
    fade_out_samples: int
    is_crossed_before: bool
    is_crossed_after: bool

    @property
    def length_samples(self) -> int:
        """With all that the fades need."""
        return self.before_samples + self.clip.length_samples + self.after_samples

    @property
    def result_stop_samples(self) -> int:
        """End in the result."""
        return self.clip.result_stop_samples + self.after_samples


def _span(one: Placed) -> tuple[int, int]:
    """Return the span of the document's timeline that a clip plays, including its fades."""
    start = one.clip.document_start_samples - one.before_samples
    return start, start + one.length_samples


def placed_clips(found: Sequence[ResultClip]) -> list[Placed]:
    """Return clips with their fades.

    A fade that reaches into the clip before begins where that ends; two in one clip meet.
    """
    crossed = crossfades(tuple(found))
    placed: list[Placed] = []
    for number, clip in enumerate(found):
        is_before, is_after = number in crossed, number + 1 in crossed
        free = clip.result_start_samples - (placed[-1].result_stop_samples if placed else 0)
        before = crossed[number][0] if is_before else min(clip.before_samples, free)
        after = clip.after_samples
        if is_after:
            after = crossed[number + 1][1]
        elif number + 1 < len(found):
            after = min(after, found[number + 1].result_start_samples - clip.result_stop_samples)
        whole = before + clip.length_samples + after
        fade_in = sum(crossed[number]) if is_before else 0
        fade_out = sum(crossed[number + 1]) if is_after else 0
        if not is_before:
            fade_in = max(0, min(clip.fade_in_samples - clip.before_samples + before, whole - fade_out))
        if not is_after:
            fade_out = max(0, min(clip.fade_out_samples - clip.after_samples + after, whole - fade_in))
        gap = 0 if is_before else free - before
        placed.append(Placed(clip, gap, before, after, fade_in, fade_out, is_before, is_after))
    return placed


class Effects:
    """Makes effects for one file."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._definitions: dict[AUID, Any] = {}

    def dissolve(self, length: int, curve: Curve) -> Any:
        """Return the group of a crossfade, or of a fade from or to silence."""
        group = self._group(_DISSOLVE, length, _LEVEL)
        group.parameters.append(self._varying(_LEVEL, _INTERPOLATIONS[curve], _RISING))
        return group

    def combined(self, inputs: Sequence[Any], length: int) -> Any:
        """Return a group that plays one input a channel."""
        group = self._group(_COMBINER, length)
        group.segments.extend(inputs)
        return group

    def gain(self, segment: Any, length: int, factor: float) -> Any:
        """Return a group that plays a segment with a gain, linear."""
        return self._constant(_GAIN, _AMPLITUDE, segment, length, factor)

    def varying_gain(self, segment: Any, length: int, points: Sequence[tuple[Fraction, float]]) -> Any:
        """Return a group that plays a segment with a gain that is linear between points."""
        group = self._group(_GAIN, length, _AMPLITUDE)
        group.parameters.append(self._varying(_AMPLITUDE, _LINEAR, points))
        group.segments.append(segment)
        return group

    def pan(self, segment: Any, length: int, pan: float) -> Any:
        """Return a group that plays a segment at a place from -1, left, to 1, right."""
        return self._constant(_PAN, _PAN_POSITION, segment, length, (pan + 1.0) / 2.0)

    def _constant(
        self,
        operation: tuple[AUID, str, int],
        parameter: tuple[AUID, str],
        segment: Any,
        length: int,
        value: float,
    ) -> Any:
        group, defined = self._group(operation, length, parameter), self._parameter(*parameter)
        constant = self._file.create.ConstantValue(defined, _rational(value))
        group.parameters.append(constant)
        group.segments.append(segment)
        return group

    def _varying(
        self,
        parameter: tuple[AUID, str],
        interpolation: tuple[AUID, str],
        points: Sequence[tuple[Fraction, float]],
    ) -> Any:
        defined, between = self._parameter(*parameter), self._defined("InterpolationDef", *interpolation)
        varying = self._file.create.VaryingValue(defined, between)
        for time, value in points:
            fitting = time.limit_denominator(_MOST)
            varying.add_keyframe(AAFRational(fitting.numerator, fitting.denominator), _rational(value))
        return varying

    def _group(self, operation: tuple[AUID, str, int], length: int, *parameters: tuple[AUID, str]) -> Any:
        auid, name, inputs = operation
        if auid not in self._definitions:
            definition = self._defined("OperationDef", auid, name)
            definition.media_kind = SOUND
            definition["NumberInputs"].value = inputs
            definition["IsTimeWarp"].value = False
            definition["Bypass"].value = 1
            definition["OperationCategory"].value = "OperationCategory_Effect"
            for parameter in parameters:
                definition.parameters.append(self._parameter(*parameter))
        return self._file.create.OperationGroup(self._definitions[auid], length, SOUND)

    def _parameter(self, auid: AUID, name: str) -> Any:
        rational = self._file.dictionary.lookup_typedef("Rational")
        return self._defined("ParameterDef", auid, name, "", rational)

    def _defined(self, kind: str, auid: AUID, name: str, *more: Any) -> Any:
        if auid not in self._definitions:
            self._definitions[auid] = getattr(self._file.create, kind)(auid, name, *more)
            self._file.dictionary.register_def(self._definitions[auid])
        return self._definitions[auid]


def _rational(value: float) -> AAFRational:
    exact = Fraction(value).limit_denominator(_FINEST)
    return AAFRational(exact.numerator, exact.denominator)

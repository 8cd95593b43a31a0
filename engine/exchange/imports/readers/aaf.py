"""AAF: the sequences of a composition, followed through the mobs to the files that they link to.

A slot with an Audio Channel Combiner plays one input a channel. They lead to one file, or, as Pro Tools
writes it, to a file each: then the slot counts as a track for each file. The library trusts the sizes in a
file, so it runs in a process of its own with a limit of memory.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from itertools import pairwise
from math import log10
from typing import Any

from aaf2.auid import AUID
from aaf2.file import AAFFile
from aaf2.properties import StrongRefSetProperty, StrongRefVectorProperty, WeakRefArrayProperty

from engine.core.errors import Cancelled, EditsError
from engine.core.own_process import ProcessDiedError, run_in_own_process
from engine.core.progress import Progress
from engine.core.wording import counted, listed, quoted
from engine.exchange.imports.described import (
    NOTHING,
    ImportedClip,
    ImportedEdits,
    ImportedTrack,
    Medium,
    NotUnderstood,
    crossfaded,
    left_out_sentences,
)
from engine.exchange.imports.formats import EditsFile
from engine.exchange.imports.values import name_of, number_of, path_of, rate_of, within

_Points = tuple[tuple[Fraction, float], ...]
_DEEPEST = 20
_MOST_COMPONENTS = 2_000_000
_FRAMES_BELOW = 1_000
_GAINS = (
    AUID("e4962321-2267-11d3-8a4c-0050040ef7d2"),  # Amplitude
    AUID("47c00f7d-fb55-11d3-9ff7-0004ac969f50"),  # that of the curve of a clip in Media Composer
)
_LINEAR = AUID("5b6c85a4-0ede-11d3-80a9-006008143e6f")
_COMBINER = AUID("6b46dd7a-132d-4856-ab21-8b751d8462ec")
_CURVE = "volume curve"
_OTHER_SPEED = "clip at another speed"
_COPY = ".mxf"
_DAY_S = 86_400
_MOST_NAMED = 3
_QUIETEST = 1e-6
_INDEX_ENTRY_BYTES = 4
TOO_LARGE = "it is damaged, or needs more memory than such a file may"
_LEAST_BYTES = 192 * 2**20
_MOST_BYTES = 4 * 2**30
_FOR_EACH_BYTE = 16
"""Memory for a byte of the file: the objects of long compositions take up to 10."""


def read(file: EditsFile, progress: Progress) -> ImportedEdits:
    """Read the sound of a composition (see `engine.exchange.imports.readers.aaf`).

    Raises
    ------
    EditsError : it is not an AAF file, is damaged, or holds no composition with sound
    Cancelled : the user asked for it
    """
    size_bytes = file.require_readable()
    most_bytes = min(_LEAST_BYTES + _FOR_EACH_BYTE * size_bytes, _MOST_BYTES)
    try:
        return run_in_own_process(read_composition, (file,), progress, memory_bytes=most_bytes)
    except ProcessDiedError as error:
        raise file.refused(TOO_LARGE) from error


def read_composition(file: EditsFile, progress: Progress) -> ImportedEdits:
    """Read the sound of the composition that holds all others, a track for each slot.

    Raises
    ------
    EditsError : it is not an AAF file, is damaged, or holds no composition with sound
    """
    logging.disable()  # the library warns about sectors of files that it reads well
    _check_counts()
    opened: Any = AAFFile.__new__(AAFFile)  # so that its file is closed where it fails half-way
    try:
        with redirect_stdout(None):
            opened.__init__(str(file.path), "r")
            return _Reading(file, opened, progress).described()
    except (Cancelled, EditsError):
        raise
    except MemoryError as error:  # the library sets aside as much as a file claims to hold
        raise file.refused(TOO_LARGE) from error
    except _UnusableError as error:
        raise file.refused(str(error)) from error
    except Exception as error:  # the library believes what a file says, and fails as it happens to
        raise file.refused("it is not an AAF file, or is damaged") from error
    finally:
        logging.disable(logging.NOTSET)
        if (stream := getattr(opened, "f", None)) is not None:
            stream.close()


@cache
def _check_counts() -> None:
    """Have the library compare the count of an index with the size of its stream.

    It makes a format of that many entries first, which takes gigabytes.
    """
    for kind in (StrongRefVectorProperty, StrongRefSetProperty, WeakRefArrayProperty):
        kind.read_index = _counted(kind.read_index)


def _counted(read_index: Callable[[Any], None]) -> Callable[[Any], None]:
    def read(held: Any) -> None:
        entry = held.parent.dir.get(f"{held.index_name} index")
        if entry is not None:
            stream = entry.open("r")
            if int.from_bytes(stream.read(4), "little") > entry.byte_size // _INDEX_ENTRY_BYTES:
                raise _UnusableError("an index in it claims more entries than it has room for")
        read_index(held)

    return read


class _UnusableError(ValueError):
    """The file is readable, but not usable."""


@dataclass(frozen=True, slots=True)
class _Found:
    """Target of a clip: a medium, a position in it, and a gain.

    Attributes
    ----------
    gains : a gain that varies on top of that, times from 0 to 1 over the clip
    is_audible : False for a muted clip
    played_s : how much of the medium it plays at another speed; None at its own
    is_embedded : whether the file holds the sound, instead of an address
    """

    medium: Medium
    start_s: Fraction
    gain_db: float = 0.0
    gains: _Points = ()
    is_audible: bool = True
    played_s: Fraction | None = None
    is_embedded: bool = False


class _Reading:
    """Reads one composition, and counts the parts it leaves out."""

    def __init__(self, file: EditsFile, opened: Any, progress: Progress) -> None:
        self._file, self._opened, self._progress = file, opened, progress
        self._left_out: Counter[str] = Counter()
        self._rounding_s = NOTHING
        self._embedded: set[str] = set()
        self._other_speeds: list[NotUnderstood] = []
        self._components = 0

    def described(self) -> ImportedEdits:
        """Return the edits of the composition."""
        compositions = list(self._opened.content.compositionmobs())
        whole = [one for one in compositions if str(one.usage or "").endswith("TopLevel")]
        if not compositions:
            raise _UnusableError("it holds no composition")
        composition = (whole or compositions)[0]
        if len(whole) > 1:
            self._left_out["other composition"] += len(whole) - 1
        tracks: list[ImportedTrack] = []
        for slot in composition.slots:
            if str(slot.media_kind or "").lower() in ("sound", "legacysound"):
                tracks += self._tracks(slot)
            elif str(slot.media_kind or "").lower() in ("picture", "legacypicture"):
                self._left_out["track of video"] += 1
        if not (self._other_speeds or any(track.clips for track in tracks)):
            raise _UnusableError("it holds no sound that is linked to a file")
        return ImportedEdits(
            self._file.name,
            self._file.form.name,
            tuple(tracks),
            rounding_s=self._rounding_s,
            varies_gain=True,
            left_out=left_out_sentences(self._left_out),
            not_understood=tuple(self._other_speeds),
            premises=tuple(self._about_embedded()),
        )

    def _about_embedded(self) -> Iterator[str]:
        if self._embedded:
            named = listed([quoted(name) for name in sorted(self._embedded)[:_MOST_NAMED]])
            inside = f"{counted(len(self._embedded), 'recording')} inside {self._file.name} ({named})"
            yield (
                f"{inside}: Offcut plays recordings of those names in the document. If it has none, export "
                "the edits again with linked media."
            )

    def _tracks(self, slot: Any) -> Iterator[ImportedTrack]:
        """Yield the tracks of a slot: one, and another for each further file of its clips."""
        rate = rate_of(float(slot.edit_rate))
        if rate < _FRAMES_BELOW:
            self._rounding_s = max(self._rounding_s, 1 / rate)
        tracks: dict[int, list[ImportedClip]] = {0: []}
        gain_db, components = self._track(slot.segment, 0)
        here = 0
        for number, one in enumerate(components):
            length = _whole(one, "Length")
            if _kind(one) == "Transition":
                here -= length
                continue
            if _kind(one) != "Filler":
                reach = _transition(components, number - 1), _transition(components, number + 1)
                name = str(slot.name or "")
                for place, clip in enumerate(self._clips(one, Fraction(here) / rate, rate, reach, name)):
                    tracks.setdefault(place, []).append(clip)
            here += length
        for clips in tracks.values():
            yield ImportedTrack(str(slot.name or ""), crossfaded(clips), gain_db)

    def _track(self, segment: Any, depth: int) -> tuple[float, list[Any]]:
        """Return the gain of a track, and the components in sequence inside its effects."""
        self._count(depth)
        kind = _kind(segment)
        if kind == "Sequence":
            components = []
            for one in segment.components:
                self._count(depth)
                components.append(one)
            return 0.0, components
        inputs = list(segment.segments) if kind == "OperationGroup" else []
        if len(inputs) == 1 and not _is_warp(segment, inputs[0]):
            gain_db, components = self._track(inputs[0], depth + 1)
            own_db, gains = self._gain(segment)
            if gains:
                self._left_out[_CURVE] += 1
            return gain_db + own_db, components
        if kind == "NestedScope":
            return self._track(list(segment["Slots"].value)[-1], depth + 1)
        return 0.0, [segment]

    def _count(self, depth: int) -> None:
        """Limit the depth and the number of components."""
        self._progress.check_cancelled()
        self._components += 1
        if depth > _DEEPEST or self._components > _MOST_COMPONENTS:
            raise _UnusableError("its parts are nested too deeply or too many")

    def _clips(
        self, component: Any, at: Fraction, rate: Fraction, reach: tuple[int, int], track: str
    ) -> Iterator[ImportedClip]:
        """Yield a clip for each file that a component leads to; those at another speed are noted."""
        length = Fraction(_whole(component, "Length")) / rate
        found = {one.medium: one for one in self._leads(component, rate, 0)}
        if not found:
            self._left_out["clip without a file"] += 1
        if length <= 0 or at < 0:
            return
        fade_in, fade_out = (Fraction(one) / rate for one in reach)
        for one in found.values():
            if one.played_s is not None:
                stop_s = within(one.start_s + one.played_s)
                part = (track, one.medium, within(one.start_s), stop_s)
                self._other_speeds.append(NotUnderstood(_OTHER_SPEED, at, within(at + length), *part))
                continue
            yield ImportedClip(
                one.medium,
                within(one.start_s),
                within(length),
                within(at),
                fade_in,
                fade_out,
                one.gain_db,
                one.is_audible,
                gains=tuple((time * within(length), factor) for time, factor in one.gains),
            )

    def _leads(self, component: Any, rate: Fraction, depth: int) -> Iterator[_Found]:
        """Yield where each channel of a component leads."""
        self._count(depth)
        if _kind(component) == "OperationGroup" and component.segments:
            (gain_db, gains), inputs = self._gain(component), list(component.segments)
            operation = component.operation
            is_combiner = operation is not None and operation.auid == _COMBINER
            if _is_warp(component, inputs[0]):
                yield from self._at_other_speed(inputs[0], rate, depth)
                return
            for one in inputs if is_combiner else inputs[:1]:
                for found in self._leads(one, rate, depth + 1):
                    if found.gains and gains:
                        self._left_out[_CURVE] += 1
                    yield replace(found, gain_db=found.gain_db + gain_db, gains=gains or found.gains)
        elif (single := self._followed(component, rate, depth)) is not None:
            yield single

    def _at_other_speed(self, segment: Any, rate: Fraction, depth: int) -> Iterator[_Found]:
        """Yield where the input of a change of speed leads; it counts in edit units of its medium."""
        for one in _source_clips(segment):
            slot = None if one.mob is None or _kind(one.mob) == "SourceMob" else one.mob.slot_at(one.slot_id)
            rate = rate if slot is None else rate_of(float(slot.edit_rate))
        played_s = Fraction(_whole(segment, "Length")) / rate
        for found in self._leads(segment, rate, depth + 1):
            yield replace(found, played_s=played_s, gains=())

    def _followed(self, component: Any, rate: Fraction, depth: int) -> _Found | None:
        """Return where a component leads, through effects, choices and mobs."""
        self._count(depth)
        kind = _kind(component)
        if kind == "SourceClip":
            return self._through_mob(component, rate, depth)
        if kind == "OperationGroup":
            return next(self._leads(component, rate, depth), None)
        if kind == "Selector":
            chosen = self._followed(component["Selected"].value, rate, depth + 1)
            if chosen is None and "Alternates" in component:  # how Media Composer mutes a clip
                others = (self._followed(one, rate, depth + 1) for one in component["Alternates"].value)
                muted = next(filter(None, others), None)
                chosen = None if muted is None else replace(muted, is_audible=False)
            return chosen
        if kind == "EssenceGroup":
            return self._followed(next(iter(component["Choices"].value)), rate, depth + 1)
        if kind == "Sequence":
            held = [one for one in component.components if _kind(one) != "Filler"]
            return self._followed(held[0], rate, depth + 1) if len(held) == 1 else None
        return None

    def _through_mob(self, clip: Any, rate: Fraction, depth: int) -> _Found | None:
        """Return where a source clip leads: to a file, or on to another mob."""
        start = Fraction(_whole(clip, "StartTime")) / rate
        mob = clip.mob
        if mob is None:
            return None
        if _kind(mob) == "SourceMob":
            return self._in_file(mob, clip.slot_id, start)
        slot = mob.slot_at(clip.slot_id)
        own_rate = rate_of(float(slot.edit_rate))
        found = self._followed(slot.segment, own_rate, depth + 1)
        if found is None:
            return None
        if found.gains:  # over all of the medium, of which the clip plays a part
            self._left_out[_CURVE] += 1
        medium, name = found.medium, str(mob.name or "")
        if not medium.name:
            medium = replace(medium, name=name)
        elif name not in ("", medium.name, *medium.names):
            medium = replace(medium, names=(*medium.names, name))
        if found.is_embedded:
            self._embedded.add(medium.name)
        return replace(found, medium=medium, start_s=found.start_s + start, gains=())

    def _in_file(self, mob: Any, slot_id: int, start: Fraction) -> _Found:
        """Return the file of a file mob, and a position in it.

        Sound that is embedded, or copied to MXF, can name the file that it was imported from. The slot states
        the length: a descriptor may count frames.
        """
        path, origin = _path_of(mob), ""
        slot = next((one for one in mob.slots if one.slot_id == slot_id), None)
        length_s, offset = _length_s(mob, slot), NOTHING
        if slot is not None and (not path or path.lower().endswith(_COPY)):
            origin, offset = _imported_from(slot)
        if offset:
            length_s = None  # of the copy: a part of the file that it was imported from
        if offset or not path:
            medium = Medium("", origin, length_s, names=(name_of(origin),) if origin else ())
        else:
            medium = Medium(name_of(path), path, length_s, names=(name_of(origin),) if origin else ())
        return _Found(medium, start + offset, is_embedded=not path)

    def _gain(self, group: Any) -> tuple[float, _Points]:
        """Return the level in dB that an effect sets, and the gain that varies; 0 and nothing for none."""
        gain_db, gains = 0.0, _Points()
        for one in group.parameters if "Parameters" in group else ():
            if one.auid not in _GAINS:
                continue
            if _kind(one) == "VaryingValue":
                points = tuple(
                    (number_of(float(each["Time"].value)), float(number_of(float(each.value))))
                    for each in one["PointList"].value
                )
            else:
                points = ((Fraction(0), float(number_of(float(one.value)))),)
            levels = {level for _, level in points}
            if len(levels) == 1:
                gain_db += 20.0 * log10(max(levels.pop(), _QUIETEST))
            elif levels and not gains and _is_linear(one) and _is_curve(points):
                gains = points
            elif levels:
                self._left_out[_CURVE] += 1
        return gain_db, gains


def _is_linear(varying: Any) -> bool:
    return "Interpolation" in varying and varying.interpolation.auid == _LINEAR


def _is_curve(points: _Points) -> bool:
    """Return whether points ascend in time from 0 to 1, with non-negative levels."""
    times = [time for time, _ in points]
    is_rising = all(one < after for one, after in pairwise(times))
    return is_rising and times[0] >= 0 and times[-1] <= 1 and min(level for _, level in points) >= 0


def _is_warp(group: Any, given: Any) -> bool:
    """Return whether an effect plays its input at another speed."""
    operation = group.operation
    if operation is not None and "IsTimeWarp" in operation and operation["IsTimeWarp"].value:
        return True
    lengths = _whole(group, "Length"), _whole(given, "Length")
    return _kind(given) != "OperationGroup" and min(lengths) > 0 and abs(lengths[0] - lengths[1]) > 1


def _source_clips(segment: Any) -> list[Any]:
    """Return the source clips of a segment, which is one or a sequence of them."""
    parts = segment.components if _kind(segment) == "Sequence" else [segment]
    return [one for one in parts if _kind(one) == "SourceClip"]


def _path_of(mob: Any) -> str:
    found = list(mob.descriptor["Locator"].value) if "Locator" in mob.descriptor else []
    return next((path_of(str(one["URLString"].value or "")) for one in found if "URLString" in one), "")


def _length_s(mob: Any, slot: Any) -> Fraction | None:
    """Return the length of a file; None if the mob does not state it, or states that of a tape."""
    descriptor = mob.descriptor
    found = None
    if slot is not None and "EditRate" in slot and (length := _whole(slot.segment, "Length")) > 0:
        found = length / rate_of(float(slot.edit_rate))
    elif "SampleRate" in descriptor and (length := _whole(descriptor, "Length")) > 0:
        found = length / rate_of(float(descriptor["SampleRate"].value))
    return found if found is not None and found < _DAY_S else None


def _imported_from(slot: Any) -> tuple[str, Fraction]:
    """Return the path of the file that a slot was imported from, and where in it it begins; "" if unknown."""
    rate = rate_of(float(slot.edit_rate))
    for one in _source_clips(slot.segment):
        mob = one.mob
        path = "" if mob is None or _kind(mob) != "SourceMob" else _path_of(mob)
        own = next((each for each in mob.slots if each.slot_id == one.slot_id), None) if path else None
        if own is None:
            continue
        start, stop = _whole(one, "StartTime"), _whole(one, "StartTime") + _whole(slot.segment, "Length")
        if stop / rate <= _whole(own.segment, "Length") / rate_of(float(own.edit_rate)):
            return path, start / rate
    return "", NOTHING


def _transition(components: Sequence[Any], number: int) -> int:
    """Return the length of the transition at an index, 0 for other components."""
    is_one = 0 <= number < len(components) and _kind(components[number]) == "Transition"
    return _whole(components[number], "Length") if is_one else 0


def _kind(component: Any) -> str:
    return type(component).__name__


def _whole(component: Any, name: str) -> int:
    value = component[name].value if name in component else None
    if value is None:
        return 0
    if type(value) is not int:
        raise _UnusableError(f"a {name} in it is not a whole number")
    return value

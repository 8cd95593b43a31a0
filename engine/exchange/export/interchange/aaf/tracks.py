"""The tracks of an AAF composition: sequences of clips with their fades, in the gain and pan of the track.

A stereo track is one slot, in which an Audio Channel Combiner holds both channels of each clip. With a
balance it is two slots of one channel each, panned to their sides: no known file shows how to balance a
stereo slot. Any other track has a slot for each channel.

A transition between two clips is a crossfade; one between silence and a clip is a fade.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from engine.core.files.xml_text import xml_text
from engine.core.progress import Progress
from engine.document.tracks.track import Track
from engine.exchange.export.interchange.aaf.components import Pattern, lay
from engine.exchange.export.interchange.aaf.effects import SOUND, Effects
from engine.exchange.export.interchange.curves import known_curves
from engine.exchange.export.placing.clips import ResultClip, clips_of, crossfades
from engine.exchange.export.request import ExportRequest
from engine.sound.edl.crossfade import Curve
from engine.sound.edl.tracks.gains import GainCurve, Point, lone_gains
from engine.sound.edl.tracks.voice import sides

_STEREO = 2
_BOTH = (1, 2)
_PANS = {1: -1.0, 2: 1.0}
_TRACK_FORMAT = "_TRACK_FORMAT"


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
            told = self._file.create.TaggedValue(_TRACK_FORMAT, _STEREO, whole)
            slot["TimelineMobAttributeList"].append(told)
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

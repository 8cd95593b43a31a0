"""Gains that vary, as gain edits of the tracks that have them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log10

from engine.document.kinds.operations import Gain
from engine.document.kinds.sounding import GAIN_DB, LOUDEST_DB, QUIETEST_DB, ramp_payload
from engine.document.state import DocumentState
from engine.edl.accepting import accepted_effect
from engine.edl.imports.described import left_out_sentences
from engine.edl.imports.document_clips import DocumentClips
from engine.edl.imports.gain_curves import Curve, Trapezoid, trapezoids
from engine.edl.imports.proposals.wanted import WantedOnTracks
from engine.edl.tracks.patches import ramps_samples

_QUIETEST = 1e-6
_NEAR_DB = 0.02


@dataclass(frozen=True, slots=True)
class WantedGains:
    """Gain edits after the import.

    Attributes
    ----------
    replaced : ids of accepted proposals in whose place the edits come
    stays : ids of the other accepted ones
    left_out : a sentence each
    """

    edits: tuple[WantedOnTracks, ...] = ()
    replaced: frozenset[str] = frozenset()
    stays: frozenset[str] = frozenset()
    left_out: tuple[str, ...] = ()


def wanted_gains(clips: DocumentClips, state: DocumentState) -> WantedGains:
    """Return gain edits for the curves that the document does not have.

    A curve that no gain edits make is left out, and those of its track stay.
    """
    own = {
        key: effect
        for key, proposal in state.proposals.items()
        if (effect := _gains(accepted_effect(proposal, state.decisions.get(key))))
    }
    edits: list[WantedOnTracks] = []
    replaced: dict[str, set[str]] = {}
    left_out: Counter[str] = Counter()
    for track_id, curves in clips.curves.items():
        chosen, touched = _chosen(curves, track_id, own)
        heard = [(one.start_samples, one.stop_samples) for one in clips.by_track.get(track_id, ())]
        found = trapezoids(chosen, heard)
        if found is None:
            left_out["volume curve"] += sum(one.is_changed for one in chosen)
            continue
        fresh = list(found)
        for key in touched:
            same = [_same(one, found, state.rate_hz) for one in own[key]]
            if all(one is not None for one in same):
                fresh = [one for one in fresh if one not in same]
            else:
                replaced.setdefault(key, set()).add(track_id)
        edits += [_edit(one, track_id, state.rate_hz) for one in fresh]
    for key, changed in replaced.items():
        edits += _for_others(own[key], changed, state)
    stays = frozenset(own) - frozenset(replaced)
    return WantedGains(tuple(edits), frozenset(replaced), stays, left_out_sentences(left_out))


def _gains(effect: Sequence[object]) -> tuple[Gain, ...]:
    return tuple(one for one in effect if isinstance(one, Gain))


def _chosen(
    curves: Sequence[Curve], track_id: str, own: Mapping[str, Sequence[Gain]]
) -> tuple[list[Curve], set[str]]:
    """Return the changed curves and all that share a gain edit with them, and those edits."""
    chosen, touched = {one for one in curves if one.is_changed}, set[str]()
    while True:
        reached = {
            key
            for key, effect in own.items()
            for gain in effect
            if not gain.tracks or track_id in gain.tracks
            if any(_overlap(gain, one) for one in chosen)
        }
        if reached == touched:
            return list(chosen), touched
        touched = reached
        chosen |= {one for one in curves for key in touched for gain in own[key] if _overlap(gain, one)}


def _overlap(gain: Gain, curve: Curve) -> bool:
    return gain.start_samples < curve.stop_samples and curve.start_samples < gain.stop_samples


def _same(gain: Gain, found: Sequence[Trapezoid], rate_hz: int) -> Trapezoid | None:
    """Return the imported gain that an existing gain edit already makes."""
    wanted = gain.start_samples, gain.stop_samples, ramps_samples(gain, rate_hz)
    for one in found:
        is_there = (one.start_samples, one.stop_samples, one.ramps_samples) == wanted
        if is_there and abs(_decibels(one) - gain.gain_db) < _NEAR_DB:
            return one
    return None


def _decibels(one: Trapezoid) -> float:
    gain_db = 20.0 * log10(max(one.factor, _QUIETEST))
    return round(min(max(gain_db, QUIETEST_DB), LOUDEST_DB), 2)


def _edit(one: Trapezoid, track_id: str, rate_hz: int) -> WantedOnTracks:
    start_ms, stop_ms = (1000 * ramp / rate_hz for ramp in one.ramps_samples)
    payload = {GAIN_DB: _decibels(one), **ramp_payload((start_ms, stop_ms))}
    return WantedOnTracks("gain", one.start_samples, one.stop_samples, payload, (track_id,))


def _for_others(
    effect: Sequence[Gain], changed: Collection[str], state: DocumentState
) -> Iterator[WantedOnTracks]:
    """Yield an edit that was replaced on some tracks, for the others that it was about."""
    for one in effect:
        tracks = one.tracks or tuple(track.id for track in state.tracks)
        others = tuple(key for key in tracks if key not in changed)
        if others:
            payload = {GAIN_DB: one.gain_db, **ramp_payload(one.ramps_ms)}
            yield WantedOnTracks("gain", one.start_samples, one.stop_samples, payload, others)

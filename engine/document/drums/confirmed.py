"""Hits confirmed by the user, which persist when hits are detected again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from engine.document.drums.hits import Hits

SAME_HIT_S = 0.010
"""A hit found again is the one that was confirmed on its microphone within this time."""
_SAME_STROKE_S = 0.010


def taken(hits: Hits, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Hits:
    """Return some rows of hits, with strokes renumbered."""
    _, strokes = np.unique(hits.strokes[rows], return_inverse=True)
    return replace(
        hits,
        onsets_samples=hits.onsets_samples[rows],
        tracks=hits.tracks[rows],
        strengths_db=hits.strengths_db[rows],
        strokes=strokes.astype(np.int32),
        ornaments=hits.ornaments[rows],
        confidences=hits.confidences[rows],
        unsure_samples=hits.unsure_samples[rows],
    )


def sure_enough(hits: Hits, sensitivity: float) -> Hits:
    """Return the hits with a confidence of at least 1 - `sensitivity`; see `confirmed`.

    Parameters
    ----------
    sensitivity : 0 to 1; at 1 all detected hits count, at 0 only those the user confirmed
    """
    return taken(hits, hits.confidences >= 1.0 - sensitivity)


def confirmed(found: Hits, promoted: Hits | None, rate_hz: int) -> Hits:
    """Return detected hits merged with those the user confirmed, which get full confidence.

    A confirmed hit that was not detected again is restored; hits of missing microphones wait for them.
    """
    if promoted is None or not len(promoted.onsets_samples):
        return found
    places = {track: place for place, track in enumerate(found.track_ids)}
    own = np.array([places.get(track, -1) for track in promoted.track_ids], np.int64)
    tracks = own[promoted.tracks]
    confidences = found.confidences.copy()
    lost = []
    for row, (track, onset) in enumerate(zip(tracks, promoted.onsets_samples, strict=True)):
        if track < 0:
            continue
        away = np.where(found.tracks == track, np.abs(found.onsets_samples - onset), np.inf)
        nearest = int(np.argmin(away)) if len(away) else -1
        if nearest >= 0 and away[nearest] <= SAME_HIT_S * rate_hz:
            confidences[nearest] = 1.0
        else:
            lost.append(row)
    sure = replace(found, confidences=confidences)
    return _with_rows(sure, promoted, np.array(lost, np.int64), tracks, rate_hz) if lost else sure


def with_microphones_of(hits: Hits, others: Hits) -> Hits:
    """Return hits with the microphones of others added to their own."""
    more = [place for place, track in enumerate(others.track_ids) if track not in hits.track_ids]
    return replace(
        hits,
        track_ids=(*hits.track_ids, *(others.track_ids[place] for place in more)),
        roles=(*hits.roles, *(others.roles[place] for place in more)),
        delays_samples=np.concatenate([hits.delays_samples, others.delays_samples[more]]),
        role_confidences=np.concatenate([hits.role_confidences, others.role_confidences[more]]),
    )


def _with_rows(
    found: Hits, promoted: Hits, lost: NDArray[np.int64], tracks: NDArray[np.int64], rate_hz: int
) -> Hits:
    onsets = np.concatenate([found.onsets_samples, promoted.onsets_samples[lost]])
    order = np.argsort(onsets, kind="stable")
    strokes = np.concatenate([found.strokes, np.full(len(lost), -1)])[order]
    onsets = onsets[order]
    return replace(
        found,
        onsets_samples=onsets,
        tracks=np.concatenate([found.tracks, tracks[lost].astype(np.int16)])[order],
        strengths_db=np.concatenate([found.strengths_db, promoted.strengths_db[lost]])[order],
        strokes=_renumbered(onsets, strokes, rate_hz),
        ornaments=np.concatenate([found.ornaments, promoted.ornaments[lost]])[order],
        confidences=np.concatenate([found.confidences, np.ones(len(lost), np.float32)])[order],
        unsure_samples=np.concatenate([found.unsure_samples, promoted.unsure_samples[lost]])[order],
    )


def _renumbered(onsets: NDArray[np.float64], strokes: NDArray[np.int64], rate_hz: int) -> NDArray[np.int32]:
    """Number strokes from 0; a hit without one, -1, joins the previous one if it is close."""
    begins = np.ones(len(onsets), bool)
    begins[1:] = np.where(
        (strokes[1:] < 0) | (strokes[:-1] < 0),
        np.diff(onsets) > _SAME_STROKE_S * rate_hz,
        strokes[1:] != strokes[:-1],
    )
    numbered: NDArray[np.int32] = (np.cumsum(begins) - 1).astype(np.int32)
    return numbered

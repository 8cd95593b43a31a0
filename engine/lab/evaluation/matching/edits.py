"""Simulated edits of real recordings: cuts, loops, reorderings, crossfades, gains, inserts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.features.match.crossfades import fade
from engine.features.match.matched import Shape

Samples = NDArray[np.float32]

FOREIGN = -1
_LEAST_S, _MOST_S = 0.8, 9.0
_LEAST_FADE_S, _MOST_FADE_S = 0.005, 0.5
_MOST_OF_PIECE = 0.4


@dataclass(frozen=True, slots=True)
class Piece:
    """A span of a raw recording in an edit; positions in samples.

    Attributes
    ----------
    raw : which recording, `FOREIGN` for none of them
    length_samples : of the audible span, crossfades on both sides included
    crossfade_samples : with the piece before
    """

    raw: int
    raw_start_samples: int
    edited_start_samples: int
    length_samples: int
    gain_db: float
    crossfade_samples: int
    shape: Shape

    @property
    def edited_stop_samples(self) -> int:
        """Return where it ends in the edited file."""
        return self.edited_start_samples + self.length_samples


@dataclass(frozen=True, slots=True, eq=False)
class EditedPair:
    """Raw recordings, an edit of them and its list.

    Attributes
    ----------
    raws : each of shape (n, channels)
    edited : shape (n, channels)
    """

    name: str
    rate_hz: int
    raws: tuple[Samples, ...]
    edited: Samples
    pieces: tuple[Piece, ...]


def edit(
    name: str,
    raws: tuple[Samples, ...],
    foreign: Samples,
    rate_hz: int,
    *,
    length_s: float,
    rng: np.random.Generator,
) -> EditedPair:
    """Draw an edit of about `length_s` and render it."""
    spans = _drawn(raws, foreign, rate_hz, length_s, rng)
    pieces: list[Piece] = []
    at = 0
    for raw, start, length in spans:
        fade_samples = 0
        if pieces and rng.random() < 0.55:
            wanted = rate_hz * np.exp(rng.uniform(np.log(_LEAST_FADE_S), np.log(_MOST_FADE_S)))
            fade_samples = int(min(wanted, _MOST_OF_PIECE * min(length, pieces[-1].length_samples)))
        gain_db = float(np.round(rng.uniform(-9.0, 5.0), 2)) if rng.random() < 0.6 else 0.0
        shape = list(Shape)[int(rng.integers(len(Shape)))]
        piece = Piece(raw, start, at - fade_samples, length, gain_db, fade_samples, shape)
        pieces.append(piece)
        at = piece.edited_stop_samples
    return EditedPair(name, rate_hz, raws, rendered(pieces, raws, foreign), tuple(pieces))


def _drawn(
    raws: tuple[Samples, ...],
    foreign: Samples,
    rate_hz: int,
    length_s: float,
    rng: np.random.Generator,
) -> list[tuple[int, int, int]]:
    """Draw (raw, start, length) of pieces: mostly onwards, sometimes back or anywhere, some looped."""
    spans: list[tuple[int, int, int]] = []
    total, raw, at = 0, 0, 0
    while total < length_s * rate_hz:
        length = int(rate_hz * np.exp(rng.uniform(np.log(_LEAST_S), np.log(_MOST_S))))
        kind = rng.random()
        if kind < 0.12 and spans:
            start = int(rng.integers(max(1, len(foreign) - length)))
            spans.append((FOREIGN, start, min(length, len(foreign) - start)))
            total += spans[-1][2]
            continue
        raw = int(rng.integers(len(raws))) if kind < 0.3 else raw
        audio = raws[raw]
        if kind < 0.6 or at + length > len(audio):
            at = int(rng.integers(max(1, len(audio) - length)))
        else:
            at = min(at + int(rng.exponential(3.0) * rate_hz) + rate_hz // 10, max(0, len(audio) - length))
        length = min(length, len(audio) - at)
        times = int(rng.integers(2, 5)) if kind > 0.9 and length < 4 * rate_hz else 1
        spans.extend([(raw, at, length)] * times)
        total += times * length
        at += length
    return spans


def rendered(pieces: list[Piece], raws: tuple[Samples, ...], foreign: Samples) -> Samples:
    """Render pieces, one after the other, with their crossfades."""
    total = pieces[-1].edited_stop_samples
    mixed = np.zeros((total, raws[0].shape[1]))
    for number, piece in enumerate(pieces):
        source = foreign if piece.raw == FOREIGN else raws[piece.raw]
        stop = piece.raw_start_samples + piece.length_samples
        sound = source[piece.raw_start_samples : stop] * 10.0 ** (piece.gain_db / 20.0)
        at = np.arange(piece.edited_start_samples, piece.edited_stop_samples, dtype=np.float64)
        if piece.crossfade_samples:
            rise = fade(piece.shape, piece.edited_start_samples, piece.crossfade_samples, at)[1]
            sound = sound * rise[:, None]
        after = pieces[number + 1] if number + 1 < len(pieces) else None
        if after is not None and after.crossfade_samples:
            fall = fade(after.shape, after.edited_start_samples, after.crossfade_samples, at)[0]
            sound = sound * fall[:, None]
        mixed[piece.edited_start_samples : piece.edited_stop_samples] += sound
    return mixed.astype(np.float32)

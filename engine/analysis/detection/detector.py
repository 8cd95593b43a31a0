"""Name the sounds in a segment, and find named sounds in a recording."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from engine.analysis.detection.network import FRAMES_EACH, STEP_SAMPLES, SoundNetwork
from engine.analysis.detection.spectra import MEL, Spectra, levels_of
from engine.analysis.detection.speech_network import SpeechNetwork
from engine.analysis.detection.speech_shares import FAST_STEP_FRAMES, speech_shares
from engine.analysis.learning.shipped import with_weights
from engine.analysis.learning.torch_threads import few_threads
from engine.analysis.words.text import SIZE

WEIGHTS = Path(__file__).resolve().parents[3] / "resources" / "models" / "sounds.safetensors"
STEP_S = STEP_SAMPLES / MEL.rate_hz
"""From one vector to the next: 0.256 s."""
CONTEXT_S = 2.0
"""Context before and after a span."""
LEVEL_BANDS = 32
_PARTS = 4
"""The highest of a step is that of its parts of 64 ms."""
_PIECE_STEPS = 120
_MARGIN_STEPS = 8
"""Overlap of pieces of a long recording: the receptive field of the network."""


@dataclass(frozen=True, slots=True, eq=False)
class SoundFeatures:
    """Network features of a recording.

    Attributes
    ----------
    vectors : float32, shape (steps, SIZE), one for each `STEP_S`
    telling : weight of each of them in pooling, shape (steps,)
    levels : mean and highest of each of `LEVEL_BANDS` bands in each step, shape (steps, 2 * LEVEL_BANDS)
    """

    vectors: NDArray[np.float32]
    telling: NDArray[np.float32]
    levels: NDArray[np.float32]

    def within(self, from_s: float, count_samples: int) -> SoundFeatures:
        """Return the features of a number of samples from a time on; one step at least."""
        first = round(from_s / STEP_S)
        steps = slice(first, first + max(1, round(count_samples / STEP_SAMPLES)))
        return SoundFeatures(self.vectors[steps], self.telling[steps], self.levels[steps])


@dataclass(frozen=True, slots=True, eq=False)
class Detector:
    """Embeds sounds in the space of words."""

    network: SoundNetwork

    def heard(self, blocks: Iterable[NDArray[np.float32]]) -> SoundFeatures:
        """Analyse a stream of any length, mono, at the rate of `engine.analysis.detection.spectra.MEL`.

        Pieces overlap by the network's receptive field, so that the features hardly depend on their edges.
        """
        with few_threads():
            return joined(self.pieces(blocks))

    def pieces(
        self, blocks: Iterable[NDArray[np.float32]], speech: SpeechNetwork | None = None
    ) -> Iterator[SoundFeatures]:
        """Yield the features of a stream piece by piece; see `heard`.

        Parameters
        ----------
        speech : removes the detected speech before the analysis
        """
        for piece, first, count in _pieces(blocks):
            yield self._of_piece(piece, slice(first, first + count), speech)

    @torch.inference_mode()
    def _of_piece(
        self, piece: NDArray[np.float32], steps: slice, speech: SpeechNetwork | None
    ) -> SoundFeatures:
        spectra = Spectra()
        power = spectra.power(spectra.spectrum(torch.tensor(piece)[None]))
        if speech is not None:
            power = power * (1.0 - speech_shares(speech, power[0], FAST_STEP_FRAMES)) ** 2
        levels = levels_of(power)
        vectors, telling = self.network(levels)
        coarse = _coarse(levels[0], steps.start, steps.stop - steps.start)
        return SoundFeatures(vectors[0, steps].numpy(), telling[0, steps].numpy(), coarse)

    def vector(
        self, samples: NDArray[np.float32], span: tuple[int, int] | None = None
    ) -> NDArray[np.float32]:
        """Return the embedding of a span, of length 1, shape (SIZE,); zeros for digital silence.

        Its context is `CONTEXT_S` of the given samples, padded with silence: the network was trained on
        segments of 4 s, and misclassifies short ones.

        Parameters
        ----------
        samples : mono, shape (frames,), the span and its context
        span : [start, stop) of the samples; all by default
        """
        start, stop = (0, len(samples)) if span is None else span
        if not np.any(samples[start:stop]):
            return np.zeros(SIZE, np.float32)
        reach = round(CONTEXT_S * MEL.rate_hz)
        first, last = max(0, start - reach), min(len(samples), stop + reach)
        before, after = reach - (start - first), reach - (last - stop)
        heard = self.heard([np.pad(samples[first:last], (before, after))]).within(CONTEXT_S, stop - start)
        return pooled(heard.vectors, heard.telling)

    @torch.inference_mode()
    def odds(self, vectors: NDArray[np.float32], words: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return log odds of words for each vector, shape (n, prompts)."""
        found: NDArray[np.float32] = self.network.logits(torch.tensor(vectors), torch.tensor(words)).numpy()
        return found


@cache
def detector(weights: Path = WEIGHTS) -> Detector:
    """Return the detector that comes with Offcut.

    Raises
    ------
    OffcutError : its weights are missing or damaged
    """
    return Detector(with_weights(SoundNetwork(), weights, "sounds"))


def joined(pieces: Iterable[SoundFeatures]) -> SoundFeatures:
    """Return the pieces of a stream as one."""
    every = list(pieces)
    if not every:
        return SoundFeatures(*(np.zeros(shape, np.float32) for shape in ((0, SIZE), 0, (0, 2 * LEVEL_BANDS))))
    return SoundFeatures(
        np.concatenate([one.vectors for one in every]),
        np.concatenate([one.telling for one in every]),
        np.concatenate([one.levels for one in every]),
    )


def pooled(vectors: NDArray[np.float32], telling: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return one vector of length 1 for a segment; see `SoundNetwork.pooled`."""
    if not len(vectors):
        return np.zeros(SIZE, np.float32)
    shares = np.exp(telling - telling.max())
    mean = (vectors * (shares / shares.sum())[:, None]).sum(axis=0)
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-9), np.float32)


def _coarse(levels: torch.Tensor, first: int, count: int) -> NDArray[np.float32]:
    """Return the levels of some steps, shape (count, 2 * LEVEL_BANDS), of levels, shape (frames, bands)."""
    frames = levels[first * FRAMES_EACH : (first + count) * FRAMES_EACH]
    missing = count * FRAMES_EACH - len(frames)
    frames = torch.cat([frames, frames[-1:].expand(missing, -1)])
    parts = frames.reshape(count, _PARTS, FRAMES_EACH // _PARTS, LEVEL_BANDS, -1).mean(dim=(2, 4))
    return torch.cat([parts.mean(dim=1), parts.amax(dim=1)], dim=1).numpy()


def _pieces(
    blocks: Iterable[NDArray[np.float32]],
) -> Iterator[tuple[NDArray[np.float32], int, int]]:
    """Yield pieces of a stream with their context, the first step that counts, and the number of steps."""
    held = np.zeros(0, np.float32)
    step, margin = _PIECE_STEPS * STEP_SAMPLES, _MARGIN_STEPS * STEP_SAMPLES
    before = 0
    for block in blocks:
        held = np.concatenate([held, block])
        while len(held) >= before + step + margin:
            yield held[: before + step + margin], before // STEP_SAMPLES, _PIECE_STEPS
            held = held[before + step - margin :]
            before = margin
    left = len(held) - before
    if left > 0:
        yield held, before // STEP_SAMPLES, -(-left // STEP_SAMPLES)

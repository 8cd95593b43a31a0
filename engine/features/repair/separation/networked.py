"""The separator that comes with Offcut: a network over the window, its surroundings and the prompt."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from engine.analysis.detection.detector import Detector
from engine.analysis.detection.network import SoundNetwork
from engine.analysis.detection.spectra import MEL, Spectra, band_centres_hz
from engine.analysis.learning.shipped import with_weights
from engine.analysis.learning.torch_threads import few_threads
from engine.core.progress import check_heeded
from engine.features.repair.separation.mask import Mask
from engine.features.repair.separation.network import VIEW_FRAMES, NetworkInput, SeparationNetwork, listened
from engine.features.repair.separation.prompts import example_prompt
from engine.features.repair.separation.separator import Prompt, Stretch
from engine.features.repair.separation.views import around, surrounds

WEIGHTS = (
    Path(__file__).resolve().parents[4] / "resources" / "models" / "separation" / "separation.safetensors"
)
HOP_S = MEL.hop_samples / MEL.rate_hz
_DETECTOR_FILE = "sounds.safetensors"
_ROUNDING_S = 0.001
_STEP_FRAMES = VIEW_FRAMES // 2
_ONE_VIEW_FRAMES = VIEW_FRAMES * 3 // 4


@dataclass(frozen=True, slots=True, eq=False)
class NetworkSeparator:
    """See `Separator`."""

    network: SeparationNetwork
    ears: SoundNetwork
    name: str = "offcut-separation-2"

    @torch.inference_mode()
    def masks(self, stretch: Stretch, prompts: Sequence[Prompt]) -> tuple[Mask, ...]:
        """Return a mask for each prompt."""
        with few_threads():
            spectra = Spectra()
            power = spectra.power(spectra.spectrum(torch.tensor(stretch.samples)[None]))[0]
            inside = inside_frames(stretch.windows_s, len(power))
            told, flag = around(power, inside), surrounds(power, inside)

            def answer(first: int) -> torch.Tensor:
                answered: torch.Tensor = self.network(self._heard(power, inside, first, told, flag, prompts))[
                    0
                ]
                return torch.sigmoid(answered)

            shares = shares_by_views(inside, (len(prompts), MEL.n_mels), answer)
        centres = band_centres_hz()
        return tuple(Mask(each.numpy(), 0.0, HOP_S, centres) for each in shares)

    def _heard(
        self,
        power: torch.Tensor,
        inside: torch.Tensor,
        first: int,
        told: torch.Tensor,
        flag: bool,
        prompts: Sequence[Prompt],
    ) -> NetworkInput:
        view = view_of(power, first)
        vectors = torch.tensor(np.stack([prompt.vector for prompt in prompts]))
        return NetworkInput(
            view[None],
            view_of(inside.float(), first)[None],
            told[None],
            torch.tensor([float(flag)]),
            vectors,
            torch.tensor([float(prompt.example) for prompt in prompts]),
            *listened(self.ears, view[None], vectors),
        )


@cache
def network_separator(weights: Path = WEIGHTS) -> NetworkSeparator:
    """Return the separator that comes with Offcut, or one of other weights.

    The embedding network that it was trained with is stored next to it: another one has other features.

    Raises
    ------
    OffcutError : weights of either are missing or damaged
    """
    ears = with_weights(SoundNetwork(), weights.with_name(_DETECTOR_FILE), "sounds")
    return NetworkSeparator(with_weights(SeparationNetwork(), weights, "named sounds"), ears)


def like_span(samples: NDArray[np.float32], span: tuple[int, int], told: str) -> Prompt:
    """Return a prompt for sounds like a span, embedded by the separator that comes with Offcut.

    Parameters
    ----------
    samples : mono, at the rate of `engine.analysis.detection.spectra.MEL`, the span and its context
    span : [start, stop) of the samples

    Raises
    ------
    UsageError : nothing sounds in it
    OffcutError : its weights are missing or damaged
    """
    return example_prompt(Detector(network_separator().ears).vector(samples, span), told)


def shares_by_views(
    inside: torch.Tensor, shape: tuple[int, int], answer: Callable[[int], torch.Tensor]
) -> torch.Tensor:
    """Return shares of all frames, shape (prompts, frames, bands): 0 outside the views of all windows.

    Views overlap by half and are faded over each other, so that a window of any length has no seam.

    Parameters
    ----------
    inside : whether each frame is within a window, bool, shape (frames,)
    shape : prompts and bands
    answer : shares of the view that begins at a frame, shape (prompts, VIEW_FRAMES, bands)
    """
    shares = torch.zeros(shape[0], len(inside), shape[1])
    weights = torch.zeros(len(inside))
    curve = torch.hann_window(VIEW_FRAMES + 2, periodic=False)[1:-1]
    for first in views(inside):
        check_heeded()
        answered = answer(first)
        here = slice(max(0, first), min(len(inside), first + VIEW_FRAMES))
        cut = slice(here.start - first, here.stop - first)
        shares[:, here] += answered[:, cut] * curve[cut, None]
        weights[here] += curve[cut]
    return shares / weights.clamp(min=1e-6)[:, None]


def view_of(values: torch.Tensor, first: int) -> torch.Tensor:
    """Return a view of values of frames, shape (VIEW_FRAMES, ...), zeros beyond either end."""
    view = torch.zeros(VIEW_FRAMES, *values.shape[1:])
    here = slice(max(0, first), min(len(values), first + VIEW_FRAMES))
    view[here.start - first : here.stop - first] = values[here]
    return view


def inside_frames(windows_s: Sequence[tuple[float, float]], frames: int) -> torch.Tensor:
    """Return whether each frame is within a window, bool, shape (frames,)."""
    places_s = torch.arange(frames) * HOP_S
    inside = torch.zeros(frames, dtype=torch.bool)
    for start_s, stop_s in windows_s:
        inside |= (places_s >= start_s) & (places_s <= stop_s)
    return inside


def whole_windows_s(stretch: Stretch) -> tuple[tuple[float, float], ...]:
    """Return the windows of a segment without those that reach beyond it."""
    length_s = len(stretch.samples) / MEL.rate_hz + _ROUNDING_S
    return tuple(each for each in stretch.windows_s if each[0] >= -_ROUNDING_S and each[1] <= length_s)


def views(inside: torch.Tensor) -> list[int]:
    """Return the first frames of views that cover every window; several overlap by half."""
    places = np.flatnonzero(inside.numpy())
    if not len(places):
        return []
    firsts: list[int] = []
    for run in _gathered(_runs(places)):
        length = run[1] - run[0]
        count = 1 if length <= _ONE_VIEW_FRAMES else 1 + math.ceil(length / _STEP_FRAMES)
        begin = (run[0] + run[1]) / 2 - ((count - 1) * _STEP_FRAMES + VIEW_FRAMES) / 2
        firsts += [round(begin) + number * _STEP_FRAMES for number in range(count)]
    return firsts


def _gathered(runs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return runs as spans of views: those that one view has room for are seen together."""
    spans: list[tuple[int, int]] = []
    for start, stop in runs:
        if spans and stop - spans[-1][0] <= _ONE_VIEW_FRAMES:
            spans[-1] = (spans[-1][0], stop)
        else:
            spans.append((start, stop))
    return spans


def _runs(places: NDArray[np.int64]) -> list[tuple[int, int]]:
    breaks = np.flatnonzero(np.diff(places) > 1)
    starts = np.concatenate([places[:1], places[breaks + 1]])
    stops = np.concatenate([places[breaks], places[-1:]]) + 1
    return [(int(start), int(stop)) for start, stop in zip(starts, stops, strict=True)]

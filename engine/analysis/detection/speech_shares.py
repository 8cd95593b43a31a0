"""Which share of each moment and band of a recording is speech."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import torch
from torch import Tensor

from engine.analysis.detection.speech_network import SpeechNetwork
from engine.analysis.learning.shipped import with_weights
from engine.core.progress import check_heeded

WEIGHTS = Path(__file__).resolve().parents[3] / "resources" / "models" / "speech.safetensors"
_VIEW_FRAMES = 192
"""Frames that are analysed at once, 3.1 s: the network was trained on 2.5 s and is worse on long inputs."""
FAST_STEP_FRAMES = _VIEW_FRAMES * 5 // 6
"""Steps between views where shares are not played."""
_AT_ONCE = 16
"""Views of a batch: recurrent units take little longer for many views than for one."""


@cache
def speech_network(weights: Path = WEIGHTS) -> SpeechNetwork:
    """Return the network of speech that comes with Offcut, or one with other weights.

    Raises
    ------
    OffcutError : the weights are missing or damaged
    """
    network = with_weights(SpeechNetwork(), weights, "speech")
    network.fold()
    return network


@torch.inference_mode()
def speech_shares(network: SpeechNetwork, power: Tensor, step_frames: int = _VIEW_FRAMES // 2) -> Tensor:
    """Return the shares of the amplitude that are speech, 0 to 1, of the shape of `power`.

    Views overlap and are crossfaded.

    Parameters
    ----------
    power : mel power, shape (frames, bands)
    step_frames : from one view to the next; half a view is best, more is faster
    """
    shares, weights = torch.zeros_like(power), torch.zeros(len(power), 1)
    frames = min(_VIEW_FRAMES, len(power))
    curve = torch.hann_window(_VIEW_FRAMES + 2, periodic=False)[1:-1, None][:frames]
    starts = _views(len(power), step_frames)
    for number in range(0, len(starts), _AT_ONCE):
        check_heeded()
        some = starts[number : number + _AT_ONCE]
        found = network(torch.stack([power[first : first + frames] for first in some]))[0]
        for first, logits in zip(some, found, strict=True):
            here = slice(first, first + frames)
            shares[here] += torch.sigmoid(logits) * curve
            weights[here] += curve
    return shares / weights


def _views(frames: int, step_frames: int) -> list[int]:
    """Return the first frames of views that cover all frames."""
    last = max(0, frames - _VIEW_FRAMES)
    return [*range(0, last, step_frames), last]

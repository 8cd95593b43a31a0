"""Three networks that assign strokes to lines: convolutions, a transformer, and a pointer network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from engine.features.timing.alignment.strokes import VOICES
from engine.lab.training.timing.inputs import CHOICES, LINES, View
from engine.lab.training.timing.patches import BANDS, FRAMES, GROUPS

BEFORE, NOWHERE = LINES, LINES + 1
"""The previous stroke is on a line before all near this one, or on none yet."""
PREVIOUS = LINES + 2
_DILATIONS = tuple(2**step for step in range(10))


@dataclass(frozen=True, slots=True)
class Batch:
    """Parts of performances, padded to the longest.

    Attributes
    ----------
    features : float32, shape (batch, strokes, columns of the view)
    keys : float32, shape (batch, strokes, LINES, key columns of the view)
    there : bool, shape (batch, strokes), which strokes are not padding
    previous : int64, shape (batch, strokes), the line of the stroke before among those near this one, below
        PREVIOUS; only a pointer network reads it
    patches : float16, shape (batch, strokes, GROUPS, FRAMES, BANDS), see `patches_of`; None without audio
    """

    features: Tensor
    keys: Tensor
    there: Tensor
    previous: Tensor
    patches: Tensor | None = None


class _Block(nn.Module):
    """A residual dilated convolution over neighbours."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.spread = nn.Conv1d(width, width, 5, padding=2 * dilation, dilation=dilation)
        self.mix = nn.Conv1d(width, width, 1)
        self.dropout = nn.Dropout(0.1)

    def forward(self, values: Tensor) -> Tensor:
        spread = self.spread(self.norm(values).transpose(1, 2))
        return cast(Tensor, values + self.dropout(self.mix(torch.relu(spread)).transpose(1, 2)))


class Convolutions(nn.Module):
    """Dilations from 1 to 512 in both directions (Bai, Kolter, Koltun 2018; Steinmetz and Reiss 2022).

    Takes (batch, length, width) and a mask (batch, length), and returns the shape of the first.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([_Block(width, dilation) for dilation in _DILATIONS])

    def forward(self, values: Tensor, there: Tensor) -> Tensor:
        keep = there[:, :, None].to(values.dtype)
        for block in self.blocks:
            values = block(values * keep)
        return values


class Transformer(nn.Module):
    """Four layers of self-attention (Vaswani and others 2017) that know no order but that of the inputs."""

    def __init__(self, width: int) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(
            width, 4, 2 * width, dropout=0.1, batch_first=True, norm_first=True
        )
        self.layers = nn.TransformerEncoder(layer, 4, enable_nested_tensor=False)
        for one in self.layers.layers:
            one.self_attn.dropout = 0.0  # it would take half of the time on a processor

    def forward(self, values: Tensor, there: Tensor) -> Tensor:
        return cast(Tensor, self.layers(values, src_key_padding_mask=~there))


class Recurrent(nn.Module):
    """Two layers of gated recurrent units in both directions: the encoder of the pointer network."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.GRU(width, width // 2, 2, batch_first=True, bidirectional=True, dropout=0.1)

    def forward(self, values: Tensor, there: Tensor) -> Tensor:
        found, _ = self.layers(values * there[:, :, None].to(values.dtype))
        return cast(Tensor, values + found)


ENCODERS = {"tcn": Convolutions, "transformer": Transformer, "pointer": Recurrent}


class _Listener(nn.Sequential):
    """Two layers over the patch of one stroke; takes (n, GROUPS, FRAMES, BANDS)."""

    def __init__(self, width: int) -> None:
        super().__init__(
            nn.Flatten(),
            nn.Linear(GROUPS * FRAMES * BANDS, width),
            nn.ReLU(),
            nn.Dropout(0.1),
            nn.Linear(width, width),
        )


class Placer(nn.Module):
    """A network over the strokes of a performance.

    Parameters
    ----------
    kind : a name of `ENCODERS`
    """

    def __init__(self, kind: str, view: View, width: int = 64) -> None:
        super().__init__()
        self.enter = nn.Linear(len(view.columns), width)
        self.listen = _Listener(width) if view.has_audio else None
        self.encoder = ENCODERS[kind](width)
        self.mix = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, width), nn.ReLU())
        self.faults = nn.Linear(width, len(VOICES))
        self.choose = nn.Linear(width, CHOICES) if kind != "pointer" else None
        self.pointer = _Pointer(width, view.key_columns) if kind == "pointer" else None

    def encode(self, batch: Batch) -> Tensor:
        """Return values of each stroke in its context, shape (batch, strokes, width)."""
        values = self.enter(batch.features)
        if self.listen is not None and batch.patches is not None:
            played = torch.zeros_like(values)
            played[batch.there] = self.listen(batch.patches[batch.there].float())
            values = values + played
        return cast(Tensor, self.mix(self.encoder(values, batch.there)))

    def forward(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return scores of the choices, and of each voice being at fault within its stroke.

        Returns
        -------
        choices : shape (batch, strokes, CHOICES)
        faults : shape (batch, strokes, len(VOICES))
        """
        values = self.encode(batch)
        if self.pointer is not None:
            choices, _ = self.pointer(values, batch.keys, batch.previous, None)
        else:
            assert self.choose is not None
            choices = self.choose(values)
        return choices, self.faults(values)


class _Pointer(nn.Module):
    """A decoder that points at one of the lines near each stroke (Vinyals, Fortunato, Jaitly 2015)."""

    def __init__(self, width: int, keys: int) -> None:
        super().__init__()
        self.taken = nn.Embedding(PREVIOUS, width)
        self.step = nn.GRU(width, width, batch_first=True)
        self.key = nn.Linear(keys, width)
        self.query = nn.Linear(width, width)
        self.score = nn.Linear(width, 1)
        self.none = nn.Linear(width, 1)

    def forward(
        self, values: Tensor, keys: Tensor, previous: Tensor, state: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """Return the scores of the choices after given earlier ones, and the state after the last stroke."""
        told, state = self.step(values + self.taken(previous), state)
        met = torch.tanh(self.key(keys) + self.query(told)[:, :, None])
        scores = torch.cat([self.score(met)[..., 0], self.none(told)], dim=2)
        assert state is not None
        return scores, state

"""A network that predicts an editor's continuation of every step: the next one, a jump, or the end.

An encoder reads the recording: dilated convolutions see the neighbourhood, each step sees its repetitions in
other takes, and a few tokens attend to all of it and are attended to (induced set attention, J. Lee and
others, "Set Transformer", ICML 2019), so that time and memory grow with the length and not with its square.
An editor's earlier edits go through the same encoder, with marks of the steps played: steps attend to the
steps of these examples (raw and edited against each other), and their pooled states modulate every layer
(FiLM, E. Perez and others, AAAI 2018). A decoder points from a step that is left, and its number of earlier
plays, to the step that comes next (O. Vinyals and others, "Pointer networks", NeurIPS 2015), with attention
to all steps.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.features.arrangement.step_features import COLUMNS

WIDTH = 64
PASSES = 4
"""So often a step is played before it counts no more."""
LABELS = 4 + PASSES
"""Of an example: how often a step is played (none, once, ...), whether it is left and arrived at, and how."""
LINES = 4
_HEADS = 4
_TOKENS = 8
_DILATIONS = (1, 3, 9)
_BUCKETS = 28


@dataclass(frozen=True, slots=True, eq=False)
class StepTensors:
    """One recording as tensors: features (n, COLUMNS), earlier and later (n,)."""

    features: Tensor
    earlier: Tensor
    later: Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A recording conditioned on an editor.

    Attributes
    ----------
    states : shape (n, WIDTH)
    keeps, leaves, follows, arrives : shape (n,), adapted to this editor: change of the log odds that each
        step is played, left, not continued to, and arrived at
    """

    states: Tensor
    keeps: Tensor
    leaves: Tensor
    follows: Tensor
    arrives: Tensor

    def __len__(self) -> int:
        return len(self.states)


class Attention(nn.Module):
    """Attention with several heads from one set of states to another, shapes (q, d) and (k, d)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.query, self.keys = nn.Linear(width, width), nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)

    def forward(self, asking: Tensor, asked: Tensor) -> Tensor:
        """Return the attended value of each query state, shape (q, d)."""
        width = asking.shape[-1]
        query = self.query(asking).view(len(asking), _HEADS, -1).transpose(0, 1)
        keys, values = (
            part.view(len(asked), _HEADS, -1).transpose(0, 1)
            for part in self.keys(asked).split(width, dim=-1)
        )
        found = functional.scaled_dot_product_attention(query, keys, values)
        out: Tensor = self.out(found.transpose(0, 1).reshape(len(asking), width))
        return out


class Block(nn.Module):
    """One layer of the encoder: neighbours, repetitions, the whole recording, and the editor."""

    def __init__(self, width: int, dilation: int, *, has_editor: bool) -> None:
        super().__init__()
        self.norm, self.norm_near = nn.LayerNorm(width), nn.LayerNorm(width)
        self.near = nn.Conv1d(width, width, 5, padding=2 * dilation, dilation=dilation)
        self.again = nn.Linear(2 * width, width)
        self.tokens = nn.Parameter(torch.randn(_TOKENS, width) * 0.5)
        self.gather, self.spread = Attention(width), Attention(width)
        self.wide = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))
        self.from_examples = Attention(width) if has_editor else None
        self.norm_examples = nn.LayerNorm(width) if has_editor else None

    def forward(
        self,
        states: Tensor,
        heard: StepTensors,
        colour: Tensor | None = None,
        examples: Tensor | None = None,
    ) -> Tensor:
        """Return states, shape (n, d).

        Parameters
        ----------
        colour : of the editor, shape (2 d,): scale and shift
        examples : states of examples, shape (k, d)
        """
        inner = self.norm(states)
        if colour is not None:
            scale, shift = colour.chunk(2)
            inner = inner * (1.0 + scale) + shift
        near = functional.gelu(self.near(inner.T[None])[0].T)
        pair = torch.cat([_looked_up(inner, heard.earlier), _looked_up(inner, heard.later)], dim=1)
        tokens = self.gather(self.tokens, inner)
        states = states + near + self.again(pair) + self.spread(inner, tokens)
        if self.from_examples is not None and self.norm_examples is not None and examples is not None:
            states = states + self.from_examples(self.norm_examples(states), examples)
        out: Tensor = states + self.wide(self.norm_near(states))
        return out


def _looked_up(states: Tensor, places: Tensor) -> Tensor:
    """Return the state at each place, zeros for missing ones."""
    found = states[places.clamp(min=0)]
    return found * (places >= 0)[:, None].to(found.dtype)


class ArrangingNetwork(nn.Module):
    """Encodes a recording and an editor's examples, and predicts the editor's continuation of each step."""

    def __init__(self, width: int = WIDTH, dropout: float = 0.0) -> None:
        super().__init__()
        self.front = nn.Linear(COLUMNS, width)
        self.drop = nn.Dropout(dropout)
        self.hearing = nn.ModuleList(Block(width, step, has_editor=False) for step in _DILATIONS)
        self.labels = nn.Linear(LABELS, width)
        self.reading = Block(width, 1, has_editor=False)
        self.reader = nn.Parameter(torch.randn(1, width) * 0.5)
        self.pooled = Attention(width)
        self.nobody = nn.Parameter(torch.randn(1, width) * 0.5)
        self.colours = nn.ModuleList(nn.Linear(width, 2 * width) for _ in _DILATIONS)
        self.editing = nn.ModuleList(Block(width, step, has_editor=True) for step in _DILATIONS)
        self.final = nn.LayerNorm(width)
        self.keep = nn.Linear(width, 1)
        self.passes = nn.Embedding(PASSES, width)
        self.leaving = nn.Sequential(nn.Linear(3 * width, width), nn.GELU(), nn.Linear(width, 1))
        self.begin = nn.Parameter(torch.zeros(1, width))
        self.end = nn.Parameter(torch.randn(1, width) * 0.2)
        self.looking = Attention(width)
        self.asking, self.asked = nn.Linear(2 * width, width), nn.Linear(2 * width, width)
        self.distance = nn.Embedding(_BUCKETS, 1)
        nn.init.zeros_(self.distance.weight)

    def hear(self, heard: StepTensors) -> Tensor:
        """Return the encoded recording, independent of the editor, shape (n, width)."""
        states = self.front(self.drop(heard.features))
        for block in self.hearing:
            states = block(states, heard)
        heard_states: Tensor = states
        return heard_states

    def read(self, states: Tensor, heard: StepTensors, labels: Tensor) -> Tensor:
        """Return the states of an example; `labels` are those of `label_rows`, shape (n, LABELS)."""
        out: Tensor = self.reading(states + self.labels(labels), heard)
        return out

    def edit(
        self, states: Tensor, heard: StepTensors, examples: Sequence[Tensor], adapter: Adapter | None = None
    ) -> Seen:
        """Return a recording as an editor sees it."""
        read = torch.cat([self.nobody, *examples])
        taste = self.pooled(self.reader, read)[0]
        if adapter is not None:
            taste = taste + adapter.taste
        for number, (block, colour) in enumerate(zip(self.editing, self.colours, strict=True)):
            shade = colour(taste)
            if adapter is not None:
                shade = shade + adapter.shades[number]
            states = block(states, heard, shade, read)
        states = self.final(states)
        lines = states.new_zeros(len(states), LINES)
        if adapter is not None:
            lines = adapter.lines(torch.cat([states, heard.features], dim=1))
        return Seen(states, *lines.T)

    def keep_logits(self, seen: Seen) -> Tensor:
        """Return how likely each step is played at all, shape (n,)."""
        out: Tensor = self.keep(seen.states)[:, 0] + seen.keeps
        return out

    def leave_logits(self, seen: Seen, rows: Tensor, passes: Tensor) -> Tensor:
        """Return how likely a step is not followed by the next, where it was played `passes` times."""
        after = torch.cat([seen.states[1:], self.end])[rows]
        asked = torch.cat([seen.states[rows], after, self._passed(passes)], dim=1)
        adapted = seen.leaves + functional.pad(seen.follows[1:], (0, 1))
        out: Tensor = self.leaving(asked)[:, 0] + adapted[rows]
        return out

    def target_logits(self, seen: Seen, rows: Tensor, passes: Tensor) -> Tensor:
        """Return where it goes on from steps that are left, shape (rows, n + 1); the last column is the end.

        Parameters
        ----------
        rows : the steps, -1 for the beginning
        """
        states = seen.states
        from_ = torch.cat([states, self.begin])[rows]
        query = from_ + self._passed(passes)
        query = torch.cat([query, self.looking(query, states)], dim=1)
        before = torch.cat([self.begin, states[:-1]])
        keys = self.asked(torch.cat([states, before], dim=1))
        keys = torch.cat([keys, self.end])
        scores: Tensor = self.asking(query) @ keys.T / math.sqrt(keys.shape[1])
        places = torch.arange(len(states), device=rows.device)
        near = self.distance(_buckets(places[None, :] - rows[:, None]))[..., 0] + seen.arrives
        scores = scores + functional.pad(near, (0, 1))
        # The next step is not a jump.
        is_next = functional.pad(places[None, :] == rows[:, None] + 1, (0, 1)) & (rows >= 0)[:, None]
        return scores.masked_fill(is_next, -1e4)

    def _passed(self, passes: Tensor) -> Tensor:
        out: Tensor = self.passes(passes.clamp(0, PASSES - 1))
        return out


def _buckets(distance: Tensor) -> Tensor:
    """Return to which of `_BUCKETS` a distance belongs: by its sign and its logarithm."""
    half = _BUCKETS // 2
    size = (torch.log2(distance.abs().float() + 1.0)).long().clamp(max=half - 1)
    return torch.where(distance > 0, half + size, size)


class Adapter(nn.Module):
    """Weights adapted to one editor with the network frozen: taste, modulation of every layer, and lines.

    The lines add the preferences of this editor alone to the network's output for each step.
    """

    def __init__(self, width: int = WIDTH) -> None:
        super().__init__()
        self.taste = nn.Parameter(torch.zeros(width))
        self.shades = nn.Parameter(torch.zeros(len(_DILATIONS), 2 * width))
        self.lines = nn.Linear(width + COLUMNS, LINES)
        nn.init.zeros_(self.lines.weight)
        nn.init.zeros_(self.lines.bias)

"""A network that predicts an editor's continuation of every step: the next one, a jump, or the end.

Encoder: dilated convolutions, the repetitions of each step in other takes, and a few tokens that attend to
all steps (induced set attention, J. Lee and others, "Set Transformer", ICML 2019), so that time and memory
grow linearly. The editor's earlier edits pass the same encoder: steps attend to them, and their pooled
states modulate every layer (FiLM, E. Perez and others, AAAI 2018). Decoder: a pointer from a step that is
left, and its number of plays, to the next step (O. Vinyals and others, "Pointer networks", NeurIPS 2015).
Targets: jumps, their targets, played steps.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from engine.features.arrangement.step_features import COLUMNS, StepFeatures
from engine.features.arrangement.steps import Order, plays

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
        self, states: Tensor, heard: StepTensors, colour: Tensor | None = None, examples: Tensor | None = None
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


_MOST_EXAMPLE_STEPS = 400


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """A recording and an editor's order of it."""

    name: str
    heard: StepFeatures
    order: Order


def tensors_of(heard: StepFeatures) -> StepTensors:
    """Return a recording as the network takes it."""
    return StepTensors(
        torch.from_numpy(heard.features),
        torch.from_numpy(heard.earlier.astype(np.int64)),
        torch.from_numpy(heard.later.astype(np.int64)),
    )


def passes_of(order: Order) -> NDArray[np.int64]:
    """Return how often each step that is played was played before, shape (t,)."""
    by_step = np.argsort(order, kind="stable")
    ordered = order[by_step]
    starts = np.concatenate([[0], np.flatnonzero(np.diff(ordered)) + 1]) if len(order) else np.zeros(0, int)
    counts = np.diff(np.concatenate([starts, [len(order)]]))
    out = np.empty(len(order), np.int64)
    out[by_step] = np.arange(len(order)) - np.repeat(starts, counts)
    return out


def label_rows(order: Order, n: int) -> Tensor:
    """Return the use of each of n steps in an edit, shape (n, plays)."""
    rows = np.zeros((n, LABELS), np.float32)
    counts = np.minimum(plays(order, n), PASSES)
    rows[np.arange(n), np.minimum(counts, PASSES - 1)] = 1.0
    jumps = np.flatnonzero(np.diff(order) != 1)
    left, reached = order[jumps], order[jumps + 1]
    rows[left, PASSES] = 1.0
    rows[reached, PASSES + 1] = 1.0
    is_back = reached <= left
    rows[left[is_back], PASSES + 2] = 1.0
    rows[reached[is_back], PASSES + 3] = 1.0
    if len(order):
        rows[order[0], PASSES + 1] = 1.0
        rows[order[-1], PASSES] = 1.0
    return torch.from_numpy(rows)


def example_states(network: ArrangingNetwork, states: Tensor, heard: StepTensors, order: Order) -> Tensor:
    """Return the states of an example, limited to its most informative steps.

    Parameters
    ----------
    states : the encoded recording
    """
    labels = label_rows(order, len(states))
    read = network.read(states, heard, labels)
    return read[_telling(labels)]


def _telling(labels: Tensor) -> Tensor:
    """Return the steps that are near where something changes, and others evenly, ascending."""
    n = len(labels)
    if n <= _MOST_EXAMPLE_STEPS:
        return torch.arange(n)
    is_seam = labels[:, PASSES:].amax(dim=1)
    near = functional.max_pool1d(is_seam[None, None], 5, stride=1, padding=2)[0, 0]
    score = near + torch.arange(n) % 8 / 16.0 - torch.arange(n) / (1e3 * n)
    return torch.topk(score, _MOST_EXAMPLE_STEPS).indices.sort().values


@dataclass(frozen=True, slots=True, eq=False)
class Wanted:
    """Training targets: every step played, whether the edit leaves it, and the next one."""

    rows: Tensor
    passes: Tensor
    leaves: Tensor
    jump_rows: Tensor
    jump_passes: Tensor
    targets: Tensor
    keeps: Tensor

    @classmethod
    def of(cls, order: Order, n: int) -> Wanted:
        """Return the targets of an order of n steps."""
        passes = passes_of(order)
        following = np.concatenate([order[1:], [n]])
        leaves = following != order + 1
        # The end of the recording goes nowhere: nothing is left there.
        counts = (order < n - 1) | (following != n)
        is_jump = leaves & counts
        rows = np.concatenate([[-1], order[is_jump]])
        jump_passes = np.concatenate([[0], passes[is_jump]])
        targets = np.concatenate([order[:1] if len(order) else [n], following[is_jump]])
        return cls(
            torch.from_numpy(order[counts]),
            torch.from_numpy(passes[counts]),
            torch.from_numpy(leaves[counts].astype(np.float32)),
            torch.from_numpy(rows.astype(np.int64)),
            torch.from_numpy(jump_passes.astype(np.int64)),
            torch.from_numpy(targets.astype(np.int64)),
            torch.from_numpy((plays(order, n) > 0).astype(np.float32)),
        )


def edit_loss(network: ArrangingNetwork, seen: Seen, wanted: Wanted) -> Tensor:
    """Return how far the network is from an edit: of leaving, of where to, and of keeping."""
    keep = functional.binary_cross_entropy_with_logits(network.keep_logits(seen), wanted.keeps)
    where = functional.cross_entropy(
        network.target_logits(seen, wanted.jump_rows, wanted.jump_passes), wanted.targets
    )
    leave = torch.zeros(())
    if len(wanted.rows):
        logits = network.leave_logits(seen, wanted.rows, wanted.passes)
        each = functional.binary_cross_entropy_with_logits(logits, wanted.leaves, reduction="sum")
        # By jumps: a long recording has more steps that ask nothing.
        leave = each / (4.0 + wanted.leaves.sum())
    return keep + where + leave


@dataclass(frozen=True, slots=True, eq=False)
class Read:
    """A recording and its edit, encoded independently of the editor.

    Attributes
    ----------
    states : the encoded recording, shape (n, width)
    example : its encoding as an example, shape (k, width)
    """

    heard: StepTensors
    states: Tensor
    example: Tensor
    wanted: Wanted

    @classmethod
    def of(cls, network: ArrangingNetwork, heard: StepTensors, order: Order) -> Read:
        """Encode the recording and the example."""
        states = network.hear(heard)
        example = example_states(network, states, heard, order)
        return cls(heard, states, example, Wanted.of(order, len(states)))


def group_loss(
    network: ArrangingNetwork,
    read: Sequence[Read],
    examples: Sequence[Sequence[int]],
    adapter: Adapter | None = None,
) -> Tensor:
    """Return the mean loss over recordings edited by one editor, each given some of the others as examples.

    Parameters
    ----------
    examples : for each recording the numbers of those it is given
    """
    losses = []
    for one, given in zip(read, examples, strict=True):
        seen = network.edit(one.states, one.heard, [read[other].example for other in given], adapter)
        losses.append(edit_loss(network, seen, one.wanted))
    return torch.stack(losses).mean()

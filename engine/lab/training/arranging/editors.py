"""Rule-based editors: passages to remove, takes to keep, passages to shorten and to loop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from engine.features.arrangement.steps import Order, Span, order_of
from engine.lab.training.arranging.rehearsals import ATTEMPT, NOODLE, PAUSE, TAKE, TALK, Piece, Rehearsal


class TakeChoice(StrEnum):
    """Takes of a passage that an editor keeps."""

    ALL = "all takes"
    FIRST = "the first take"
    LAST = "the last take"
    ANY = "any one take"
    LOUDEST = "the loudest take"
    NONE = "no take"


class Part(StrEnum):
    """Remaining part of long takes, or position of a loop."""

    START = "start"
    MIDDLE_OUT = "start and end"
    END = "end"


@dataclass(frozen=True, slots=True)
class MadeEditor:
    """An editor: rules of taste and their parameters.

    Attributes
    ----------
    pause_steps : remaining length of pauses, in half seconds; None leaves all pauses
    longest_beats : longer takes are shortened; 0 for never
    loop_beats : length at the start or end of each take that plays `loop_times`; 0 for no loop
    """

    kept: TakeChoice = TakeChoice.ALL
    drops_attempts: bool = True
    drops_noodles: bool = False
    drops_talk: bool = True
    pause_steps: int | None = None
    longest_beats: int = 0
    shortened_to: Part = Part.START
    loop_beats: int = 0
    loop_times: int = 1
    loop_at: Part = Part.START

    def order(self, rehearsal: Rehearsal, rng: np.random.Generator) -> Order:
        """Return the order this editor plays of a rehearsal; all of it where nothing would be left."""
        spans: list[Span] = []
        is_after_kept = False
        for number, piece in enumerate(rehearsal.pieces):
            if piece.sort == PAUSE:
                if self.pause_steps is None:
                    spans.append((piece.first, piece.last))
                elif is_after_kept:
                    spans.append((piece.first, min(piece.last, piece.first + self.pause_steps)))
                continue
            if piece.sort == TALK:
                spans += [] if self.drops_talk else [(piece.first, piece.last)]
                continue
            is_after_kept = self._keeps(rehearsal, number, rng)
            if is_after_kept:
                spans += self._laid(piece)
        order = order_of(spans)
        return order if len(order) else np.arange(len(rehearsal.heard))

    def _keeps(self, rehearsal: Rehearsal, number: int, rng: np.random.Generator) -> bool:
        piece = rehearsal.pieces[number]
        if piece.sort == ATTEMPT:
            return not self.drops_attempts
        if piece.sort == NOODLE:
            return not self.drops_noodles
        if self.kept in (TakeChoice.ALL, TakeChoice.NONE):
            return self.kept is TakeChoice.ALL
        takes = [
            at for at, one in enumerate(rehearsal.pieces) if one.sort == TAKE and one.passage == piece.passage
        ]
        if self.kept is TakeChoice.LOUDEST:
            return number == max(takes, key=lambda at: rehearsal.levels_db[at])
        if self.kept is TakeChoice.ANY:
            # The same for all takes of a passage, whichever asks.
            drawn = np.random.default_rng([piece.passage, rehearsal.pieces[takes[0]].first, self._draw(rng)])
            return number == takes[int(drawn.integers(len(takes)))]
        return number == (takes[0] if self.kept is TakeChoice.FIRST else takes[-1])

    def _draw(self, rng: np.random.Generator) -> int:
        return int(rng.bit_generator.state["state"]["state"]) % 1000

    def _laid(self, piece: Piece) -> list[Span]:
        """Return the played spans of the retained takes."""
        if piece.sort != TAKE:
            return [(piece.first, piece.last)]
        spans = [(piece.first, piece.last)]
        longest = self.longest_beats
        if longest and piece.last - piece.first > longest + 4:
            half = longest // 2
            spans = {
                Part.START: [(piece.first, piece.first + longest)],
                Part.END: [(piece.last - longest, piece.last)],
                Part.MIDDLE_OUT: [(piece.first, piece.first + half), (piece.last - half, piece.last)],
            }[self.shortened_to]
        if not self.loop_beats or piece.last - piece.first < 2 * self.loop_beats:
            return spans
        if self.loop_at is Part.START:
            first, last = spans[0]
            return [(first, first + self.loop_beats)] * (self.loop_times - 1) + [(first, last), *spans[1:]]
        first, last = spans[-1]
        return [*spans, *[(last - self.loop_beats, last)] * (self.loop_times - 1)]


def seen_editor(rng: np.random.Generator) -> MadeEditor:
    """Draw an editor of the kinds the network is trained on."""
    pause = rng.choice(4)
    is_shortening, is_looping = rng.random() < 0.3, rng.random() < 0.3
    return MadeEditor(
        kept=TakeChoice(
            rng.choice(
                [TakeChoice.ALL, TakeChoice.FIRST, TakeChoice.LAST, TakeChoice.LAST, TakeChoice.ANY],
                p=[0.3, 0.25, 0.2, 0.2, 0.05],
            )
        ),
        drops_attempts=bool(rng.random() < 0.8),
        drops_noodles=bool(rng.random() < 0.5),
        drops_talk=bool(rng.random() < 0.75),
        pause_steps=None if pause == 0 else int(rng.choice([0, 1, 2, 4])),
        longest_beats=int(rng.choice([16, 24, 32])) if is_shortening else 0,
        shortened_to=Part(rng.choice([Part.START, Part.MIDDLE_OUT])),
        loop_beats=int(rng.choice([4, 8, 16])) if is_looping else 0,
        loop_times=int(rng.choice([2, 3, 4])),
    )


UNSEEN: Sequence[tuple[str, MadeEditor]] = (
    (
        "the loudest take",
        MadeEditor(kept=TakeChoice.LOUDEST, drops_noodles=True, pause_steps=1),
    ),
    (
        "the end of what is long",
        MadeEditor(
            kept=TakeChoice.ALL, drops_noodles=True, pause_steps=0, longest_beats=16, shortened_to=Part.END
        ),
    ),
    (
        "ends looped",
        MadeEditor(
            kept=TakeChoice.LAST,
            drops_noodles=True,
            pause_steps=2,
            loop_beats=8,
            loop_times=3,
            loop_at=Part.END,
        ),
    ),
    (
        "outtakes",
        MadeEditor(
            kept=TakeChoice.NONE, drops_attempts=False, drops_noodles=False, drops_talk=False, pause_steps=0
        ),
    ),
)
"""Editors of kinds outside the training data, each with its new property."""

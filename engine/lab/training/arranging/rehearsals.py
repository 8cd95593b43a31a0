"""Analysed rehearsals with labelled segments, made from recordings and cached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from engine.analysis.beats.listen import listen
from engine.analysis.found_takes import FoundTakes
from engine.features.arrangement.step_features import PLACES, StepFeatures, hear, places_of
from engine.features.arrangement.steps import Steps
from engine.lab.simulated.recordings import HEARD_RATE_HZ, Clips
from engine.lab.simulated.rehearsals.changes import AGAIN, KEY, PLAYERS, TEMPO
from engine.lab.simulated.rehearsals.passages import DRUMS, LOOPS, MUSIC, Pool
from engine.lab.simulated.rehearsals.sessions import Plan, Session, session

TAKE, ATTEMPT, NOODLE, TALK, PAUSE = "take", "attempt", "noodle", "talk", "pause"


@dataclass(frozen=True, slots=True)
class Piece:
    """A segment [first, last) of steps and its label.

    Attributes
    ----------
    passage : which it is a take of; below 0 of all else
    """

    first: int
    last: int
    sort: str
    passage: int = -1


@dataclass(frozen=True, slots=True, eq=False)
class Rehearsal:
    """The features of a recording, and its labelled segments in order.

    Attributes
    ----------
    levels_db : how loud each piece is
    """

    name: str
    heard: StepFeatures
    pieces: tuple[Piece, ...]
    levels_db: tuple[float, ...]


_SORTS: Sequence[tuple[str, ...]] = ((MUSIC,), (MUSIC, DRUMS), (LOOPS,), (DRUMS,), (MUSIC, LOOPS))
_CHANGES = (AGAIN, AGAIN, AGAIN, PLAYERS, TEMPO, KEY)


def made(pool: Pool, clips: Clips, seed: int, *, is_long: bool = False) -> tuple[Session, Rehearsal]:
    """Return a rehearsal made of recordings, three to five minutes or, `is_long`, some ten."""
    rng = np.random.default_rng([seed, 76])
    sorts = _SORTS[int(rng.integers(len(_SORTS)))]
    plan = Plan(
        passages=3 if is_long else int(rng.integers(1, 4)),
        takes=(2, 4) if is_long else (1, 3),
        attempts=float(rng.choice([0.3, 0.6])),
        noodles=float(rng.choice([0.0, 0.3])),
        longest_s=60.0 if is_long else float(rng.uniform(18.0, 45.0)),
    )
    changes = [_CHANGES[int(rng.integers(len(_CHANGES)))]]
    one = session(f"rehearsal {seed}", pool, sorts, changes, clips, seed, plan)
    return one, rehearsal_of(one)


def rehearsal_of(one: Session) -> Rehearsal:
    """Return the features of a session."""
    grid = listen([one.audio], HEARD_RATE_HZ, len(one.audio)).grid
    heard = hear([one.audio], HEARD_RATE_HZ, len(one.audio), grid)
    pieces = tuple(_pieces(one, heard))
    levels = tuple(_level_db(one, heard, piece) for piece in pieces)
    return Rehearsal(one.name, heard, pieces, levels)


def end_to_end(rehearsals: Sequence[Rehearsal]) -> Rehearsal:
    """Return rehearsals as one recording, one after another; each passage is played in one of them alone."""
    heard = [one.heard for one in rehearsals]
    edges, pieces = np.zeros(1, np.int64), list[Piece]()
    firsts, steps, passages = [], 0, 0
    for one in rehearsals:
        firsts.append(steps)
        edges = np.concatenate([edges, edges[-1] + one.heard.steps.edges_samples[1:]])
        pieces += [
            Piece(
                piece.first + steps,
                piece.last + steps,
                piece.sort,
                piece.passage + passages if piece.passage >= 0 else -1,
            )
            for piece in one.pieces
        ]
        steps += len(one.heard)
        passages += 1 + max((piece.passage for piece in one.pieces), default=-1)
    features = np.concatenate([one.features for one in heard])
    features[:, PLACES] = np.clip(np.stack(places_of(steps), axis=1), -3.0, 3.0)
    earlier, later = (
        np.concatenate(
            [np.where(own >= 0, own + first, -1) for own, first in zip(links, firsts, strict=True)]
        )
        for links in ([one.earlier for one in heard], [one.later for one in heard])
    )
    bars = np.concatenate([one.steps.bar_positions for one in heard])
    whole = Steps(edges, bars, heard[0].steps.rate_hz)
    levels = tuple(level for one in rehearsals for level in one.levels_db)
    together = StepFeatures(whole, features, earlier, later, FoundTakes())
    return Rehearsal(", ".join(one.name for one in rehearsals), together, tuple(pieces), levels)


def _pieces(one: Session, heard: StepFeatures) -> list[Piece]:
    rows = [
        (
            played.start_s,
            played.stop_s,
            ATTEMPT if played.ending else TAKE if played.passage >= 0 else NOODLE,
            played.passage,
        )
        for played in one.performed
    ]
    rows += [(gap.start_s, gap.stop_s, TALK if gap.is_talk else PAUSE, -1) for gap in one.waited]
    edges = [
        (heard.steps.nearest_edge(start), heard.steps.nearest_edge(stop), sort, passage)
        for start, stop, sort, passage in sorted(rows)
    ]
    return [Piece(first, last, sort, passage) for first, last, sort, passage in edges if last > first]


def _level_db(one: Session, heard: StepFeatures, piece: Piece) -> float:
    start, stop = heard.steps.edges_samples[[piece.first, piece.last]].tolist()
    sound = one.audio[start:stop].astype(np.float64)
    return float(10.0 * np.log10(np.mean(np.square(sound)) + 1e-12))


def kept(
    folder: Path,
    seeds: Sequence[int],
    pool: Pool,
    clips: Clips,
    *,
    is_long: bool = False,
    is_varied: bool = False,
) -> list[Rehearsal]:
    """Return rehearsals, made once and then read from a folder.

    Parameters
    ----------
    is_varied : each of recordings at another speed and through another equaliser
    """
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for seed in seeds:
        path = folder / f"{'long' if is_long else 'short'}-{seed}.npz"
        if not path.exists():
            played = replace(pool, varied_by=seed) if is_varied else pool
            _write(path, made(played, clips, seed, is_long=is_long)[1])
        found.append(_read(path))
    return found


def _write(path: Path, one: Rehearsal) -> None:
    heard = one.heard
    np.savez_compressed(
        path,
        name=one.name,
        edges=heard.steps.edges_samples,
        bars=heard.steps.bar_positions,
        rate_hz=heard.steps.rate_hz,
        features=heard.features.astype(np.float16),
        earlier=heard.earlier,
        later=heard.later,
        pieces=np.array([(piece.first, piece.last, piece.passage) for piece in one.pieces]),
        sorts=np.array([piece.sort for piece in one.pieces]),
        levels=np.array(one.levels_db),
    )


def _read(path: Path) -> Rehearsal:
    with np.load(path, allow_pickle=False) as rows:
        steps = Steps(rows["edges"], rows["bars"], int(rows["rate_hz"]))
        heard = StepFeatures(
            steps, rows["features"].astype(np.float32), rows["earlier"], rows["later"], FoundTakes()
        )
        pieces = tuple(
            Piece(int(first), int(last), str(sort), int(passage))
            for (first, last, passage), sort in zip(rows["pieces"], rows["sorts"], strict=True)
        )
        return Rehearsal(str(rows["name"]), heard, pieces, tuple(rows["levels"].tolist()))

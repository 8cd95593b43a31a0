"""``offcut evaluate takes``: detection of repeated passages, against plain chroma self-similarity."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from engine.analysis.found_takes import LIKELY
from engine.core.progress import Progress
from engine.features.takes.features import FRAMES_PER_S, frames_of
from engine.features.takes.find import find_takes, takes_in
from engine.features.takes.playing import performances
from engine.lab.evaluation.takes import scores
from engine.lab.evaluation.takes.nothing_again import nothing_again
from engine.lab.evaluation.takes.plain import chroma_pairs, short_stretches
from engine.lab.evaluation.takes.tuning import TuningCounts, players, tuning_only, with_tuning
from engine.lab.simulated.recordings import HEARD_RATE_HZ, Clips, drawn_clips
from engine.lab.simulated.rehearsals.changes import AGAIN, ALL, KEY, PLAYERS, TEMPO, Change
from engine.lab.simulated.rehearsals.passages import DRUMS, LOOPS, MUSIC, Pool, pools_in
from engine.lab.simulated.rehearsals.sessions import ENDINGS, Session, session

Line = dict[str, object]

SESSIONS: Mapping[str, tuple[tuple[str, ...], tuple[Change, ...]]] = {
    "again": ((MUSIC,), (AGAIN,)),
    "tempo": ((MUSIC,), (TEMPO,)),
    "key": ((MUSIC,), (KEY,)),
    "players": ((MUSIC,), (PLAYERS,)),
    "all of it": ((MUSIC,), (ALL,)),
    "drums": ((DRUMS,), (AGAIN, TEMPO)),
    "loops": ((LOOPS,), (AGAIN, TEMPO)),
    "mixed": ((MUSIC, DRUMS), (AGAIN, TEMPO, KEY, PLAYERS)),
}
"""Material of passages, and the differences between takes."""
_SEEDS = 3
_CHROMA_LEAST = 0.93
"""Of the plain row: from 0.9 to 0.98 its F was 0.23 to 0.26 on recordings that settings were chosen on."""
_WITHIN_S = 0.5
_HOUR_S = 3600
_TUNING_S = 300.0


@dataclass(slots=True)
class _Tally:
    """Counts of one kind of session."""

    ours: list[scores.PairScores] = field(default_factory=list)
    plain: list[scores.PairScores] = field(default_factory=list)
    off_s: list[float] = field(default_factory=list)
    ends_off_s: list[float] = field(default_factory=list)
    attempts: list[tuple[str, bool, float, float]] = field(default_factory=list)
    moments: list[tuple[bool, float, float]] = field(default_factory=list)

    def add(self, one: Session) -> None:
        """Find takes in a session and count."""
        frames = frames_of([one.audio], HEARD_RATE_HZ)
        found = takes_in(frames)
        self.ours.append(scores.score_pairs(one, scores.pairs_of(found.groups)))
        self.plain.append(scores.score_pairs(one, chroma_pairs(one.audio, _CHROMA_LEAST)))
        borders, ends = scores.borders_off(one, found.groups)
        self.off_s += borders
        self.ends_off_s += ends
        told = scores.told_of(found.false_starts)
        short = short_stretches(performances(frames.levels_db) / FRAMES_PER_S)
        of, said = scores.attempt_scores(one, told)
        plain = scores.attempt_scores(one, short)[1]
        endings = [played.ending for played in one.performed]
        self.attempts += zip(endings, of, said, plain, strict=True)
        of, said = scores.moment_scores(one, told)
        self.moments += zip(of, said, scores.moment_scores(one, short)[1], strict=True)

    def merge(self, other: _Tally) -> None:
        """Add the counts of another."""
        self.ours += other.ours
        self.plain += other.plain
        self.off_s += other.off_s
        self.ends_off_s += other.ends_off_s
        self.attempts += other.attempts
        self.moments += other.moments


def evaluate(data_dir: Path, *, progress: Progress, short: bool = False) -> Iterator[Line]:
    """Yield figures of recordings that no setting was chosen on, a line each.

    Parameters
    ----------
    data_dir : holds `music/`, `loops/`, `mdbdrums/` and `esc50/`
    short : one session of three kinds, and two minutes in the place of an hour

    Raises
    ------
    UsageError : the folder does not hold them
    """
    _, pool = pools_in(data_dir)
    clips = drawn_clips(data_dir, np.random.default_rng(1), HEARD_RATE_HZ)[1]
    names = list(SESSIONS)[:: 3 if short else 1]
    total = _Tally()
    for number, name in enumerate(names):
        tally = _of_kind(name, pool, clips, 1 if short else _SEEDS, progress.step(number, len(names) + 2))
        yield from _lines(name, tally)
        total.merge(tally)
    yield from _lines("all", total)
    yield from _by_ending(total)
    yield from _with_tuning(data_dir, pool, clips, names, 1 if short else _SEEDS, progress)
    yield from _false_alarms(data_dir, pool, progress)
    yield from _speed(pool, 120 if short else _HOUR_S)


def _of_kind(name: str, pool: Pool, clips: Clips, seeds: int, progress: Progress) -> _Tally:
    sorts, changes = SESSIONS[name]
    tally = _Tally()
    for seed in range(seeds):
        progress.check_cancelled()
        progress.report(seed / seeds, f"Finding takes: {name}")
        tally.add(session(name, pool, sorts, changes, clips, seed))
    return tally


def _lines(about: str, tally: _Tally) -> Iterator[Line]:
    ours, plain = _f_measure(tally.ours), _f_measure(tally.plain)
    pairs = sum(one.found + one.missed for one in tally.ours)
    yield _line("takes_f", about, ours["f"], {"chroma": plain["f"]}, pairs)
    yield _line("takes_precision", about, ours["precision"], {"chroma": plain["precision"]}, pairs)
    yield _line("takes_recall", about, ours["recall"], {"chroma": plain["recall"]}, pairs)
    for metric, found in (("borders", tally.off_s), ("ends_of_attempts", tally.ends_off_s)):
        if found:
            off = np.array(found)
            yield _line(f"{metric}_within_0.5_s", about, float(np.mean(off <= _WITHIN_S)), {}, len(off))
            yield _line(f"{metric}_median_s", about, float(np.median(off)), {}, len(off))
    attempted = [(of, ours, plain) for _, of, ours, plain in tally.attempts]
    for metric, rows in (("attempts", attempted), ("moments", tally.moments)):
        of = [row[0] for row in rows]
        if any(of) and not all(of):
            value, baseline = (scores.auc_of(of, [row[at] for row in rows]) for at in (1, 2))
            yield _line(
                f"false_starts_auc_of_{metric}", about, value, {"short": baseline, "chance": 0.5}, sum(of)
            )
    told = [is_one for _, is_one, likely, _ in tally.attempts if likely >= LIKELY]
    attempts = sum(row[1] for row in tally.attempts)
    if attempts and told:
        yield _line("false_starts_precision", about, float(np.mean(told)), {}, len(told))
        yield _line("false_starts_recall", about, sum(told) / attempts, {}, attempts)


def _by_ending(tally: _Tally) -> Iterator[Line]:
    """Yield the AUC of each kind of broken-off attempt against all other performances."""
    for ending in ENDINGS:
        rows = [row[1:] for row in tally.attempts if row[0] in (ending, "")]
        of = [row[0] for row in rows]
        if any(of):
            value, baseline = (scores.auc_of(of, [row[at] for row in rows]) for at in (1, 2))
            yield _line(
                "false_starts_auc_of_attempts", ending, value, {"short": baseline, "chance": 0.5}, sum(of)
            )


def _with_tuning(
    data_dir: Path, pool: Pool, clips: Clips, names: Sequence[str], seeds: int, progress: Progress
) -> Iterator[Line]:
    """Yield how much tuning is listed as a take or false start, in rehearsals and where players only tune."""
    counts, takes = TuningCounts(), _Tally()
    for name in names:
        for seed in range(seeds):
            progress.check_cancelled()
            rng = np.random.default_rng([seed, len(name), 8])
            plain = session(name, pool, *SESSIONS[name], clips, seed)
            one, spans = with_tuning(plain, players(data_dir, rng), seed)
            found = takes_in(frames_of([one.audio], HEARD_RATE_HZ))
            counts.add(found, spans)
            takes.ours.append(scores.score_pairs(one, scores.pairs_of(found.groups)))
    yield from counts.lines("rehearsals with tuning")
    ours = _f_measure(takes.ours)
    pairs = sum(one.found + one.missed for one in takes.ours)
    for name in ("precision", "recall"):
        yield _line(f"takes_{name}", "rehearsals with tuning", ours[name], {}, pairs)
    alone = TuningCounts()
    for seed in range(2 * seeds):
        rng = np.random.default_rng([seed, 1, 11])
        audio = tuning_only(players(data_dir, rng), _TUNING_S, rng)
        alone.add(takes_in(frames_of([audio], HEARD_RATE_HZ)), [(0.0, len(audio) / HEARD_RATE_HZ)])
    yield from alone.lines("tuning alone")


def _f_measure(counts: Sequence[scores.PairScores]) -> dict[str, float]:
    found, missed, wrong = (
        sum(getattr(one, name) for one in counts) for name in ("found", "missed", "wrong")
    )
    return {
        "f": 2 * found / max(1, 2 * found + missed + wrong),
        "precision": found / max(1, found + wrong),
        "recall": found / max(1, found + missed),
    }


def _false_alarms(data_dir: Path, pool: Pool, progress: Progress) -> Iterator[Line]:
    alarms: dict[str, list[tuple[float, ...]]] = {}
    for about, audio in nothing_again(data_dir, pool, 0):
        progress.check_cancelled()
        found = takes_in(frames_of([audio], HEARD_RATE_HZ))
        told, alike = len(found.likely_false_starts()), len(chroma_pairs(audio, _CHROMA_LEAST))
        alarms.setdefault(about, []).append((len(found.groups), told, alike, len(audio) / HEARD_RATE_HZ))
    for about, rows in alarms.items():
        groups, starts, plain, lasts_s = (float(sum(row[at] for row in rows)) for at in range(4))
        minutes = round(lasts_s / 60.0)
        yield _line("groups_where_nothing_is_again", about, groups, {"chroma pairs": plain}, minutes)
        yield _line("false_starts_where_nothing_is_again", about, starts, {}, minutes)


def _speed(pool: Pool, lasts_s: int) -> Iterator[Line]:
    """Yield how long it takes to find takes in music of some length, one piece after the other."""
    pieces = [pool.drawn(MUSIC, number) for number in range(len(pool.paths[MUSIC]))]
    gap = np.zeros(2 * HEARD_RATE_HZ, np.float32)
    rehearsal = np.concatenate([part for piece in pieces for part in (piece, gap)])
    audio = np.resize(rehearsal, lasts_s * HEARD_RATE_HZ)
    began, busy = time.perf_counter(), time.process_time()
    find_takes([audio], HEARD_RATE_HZ, len(audio))
    about = f"{lasts_s // 60} minutes"
    yield _line("seconds", about, time.perf_counter() - began, {}, 1)
    yield _line("seconds_of_one_core", about, time.process_time() - busy, {}, 1)


def _line(metric: str, about: str, value: float, baseline: Mapping[str, float], n: int) -> Line:
    return {"metric": metric, "about": about, "value": value, "baseline": dict(baseline), "n": n}

"""``offcut evaluate match``: how much of the edit behind a file is found again.

Edits are drawn and rendered from real music (`engine.lab.evaluation.matching.edits`) with known truth.
The settings of the search were chosen on `CHOSEN_ON`; the reported figures come from the other recordings.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np

from engine.core.errors import UsageError
from engine.core.files.safe_write import shown
from engine.core.progress import SILENT, Progress
from engine.features.match.match import match_sounds
from engine.features.match.sound import Samples, sound_of
from engine.lab.evaluation.matching.chroma_path import chroma_matched
from engine.lab.evaluation.matching.edits import EditedPair, edit
from engine.lab.evaluation.matching.foreign import evaluate_foreign
from engine.lab.evaluation.matching.scoring import Found, scored, share
from engine.lab.evaluation.matching.stutters import evaluate_stutters
from engine.lab.evaluation.matching.versions import VERSIONS
from engine.lab.evaluation.matching.warped import evaluate_warped
from engine.lab.simulated.recordings import sound_files, whole

Line = dict[str, str | float | int]

CHOSEN_ON = ("Ripper", "Jonathan", "Hungarian", "GoGetTheBag")
_EDITS, _LENGTH_S = 5, 30.0
_SHORT_LENGTH_S = 15.0
_WITHIN_S = 0.001
_BASELINE_WITHIN_S = 0.1
_LEAST_S = 30.0
_LEAST_LEVEL = 1e-6
_REPEATED_LOOPS = 8


@dataclass(frozen=True, slots=True)
class Tried:
    """One pair, in one version, and its result."""

    name: str
    version: str
    found: Found
    plain: Found | None
    took_s: float


def evaluate(data_dir: Path, *, short: bool = False, progress: Progress = SILENT) -> Iterator[Line]:
    """Yield one line a metric: metric, value, baseline (chroma and dynamic time warping), n.

    Parameters
    ----------
    data_dir : holds `music`, `loops`, `mdbdrums` and `speech`; missing ones of the last three are left out
    short : one edit of two recordings, and no baseline

    Raises
    ------
    UsageError : the recordings are missing
    Cancelled : the user asked for it
    """
    paths = [path for path in sound_files(data_dir / "music") if not _is_chosen_on(path)]
    if len(paths) < 2:
        raise UsageError(f"{shown(data_dir / 'music')} holds too little music: two recordings are needed.")
    pairs = _pairs(
        paths[:2] if short else paths, 1 if short else _EDITS, _SHORT_LENGTH_S if short else _LENGTH_S
    )
    yield from lines_of(tried(pairs, with_plain=not short, progress=progress))
    if not short and (data_dir / "loops").is_dir():
        folders = sorted(path for path in (data_dir / "loops").iterdir() if path.is_dir())
        every = [path for folder in folders for path in sound_files(folder)]
        yield from _of_loops(every[:: max(1, len(every) // _REPEATED_LOOPS)], progress)
    yield from evaluate_stutters([_stereo(path) for path in (paths[:1] if short else paths)], progress)
    yield from evaluate_foreign(data_dir, short=short, progress=progress)
    yield from evaluate_warped(data_dir, short=short, progress=progress)


def _is_chosen_on(path: Path) -> bool:
    return any(name in path.name for name in CHOSEN_ON)


def _pairs(paths: Sequence[Path], edits: int, length_s: float) -> Iterator[EditedPair]:
    for number, path in enumerate(paths):
        audio, rate_hz = _stereo(path)
        foreign, foreign_hz = _stereo(paths[(number + 1) % len(paths)])
        second, second_hz = _stereo(paths[(number + 2) % len(paths)])
        for seed in range(edits):
            rng = np.random.default_rng(1000 * seed + number)
            has_two = seed == edits - 1 and second_hz == rate_hz and len(paths) > 2
            raws = (audio, second) if has_two else (audio,)
            if foreign_hz == rate_hz:
                inserted = foreign * np.float32(_level(audio) / max(_level(foreign), _LEAST_LEVEL))
                yield edit(f"{path.stem} {seed}", raws, inserted, rate_hz, length_s=length_s, rng=rng)


def _level(samples: Samples) -> float:
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))


def _stereo(path: Path) -> tuple[Samples, int]:
    audio, rate_hz = whole(path)
    return np.ascontiguousarray(np.broadcast_to(audio, (len(audio), max(2, audio.shape[1])))), rate_hz


def tried(
    pairs: Iterator[EditedPair],
    *,
    with_plain: bool,
    progress: Progress = SILENT,
    versions: Sequence[str] = tuple(VERSIONS),
) -> Iterator[Tried]:
    """Yield every pair in every version."""
    for number, pair in enumerate(pairs):
        raws = tuple(sound_of(Path(f"raw {k}"), raw, pair.rate_hz) for k, raw in enumerate(pair.raws))
        plain = None
        for version in versions:
            progress.check_cancelled()
            progress.report(0.0, f"{pair.name}, {version}")
            samples = VERSIONS[version](pair.edited, pair.rate_hz, np.random.default_rng(number))
            edited = sound_of(Path(pair.name), samples, pair.rate_hz)
            started_s = perf_counter()
            found = match_sounds(raws, edited)
            took_s = perf_counter() - started_s
            within = 1.0 if version == "clean" else _WITHIN_S * pair.rate_hz
            if with_plain and plain is None:
                plain = scored(pair, chroma_matched(raws, edited), _BASELINE_WITHIN_S * pair.rate_hz)
            yield Tried(pair.name, version, scored(pair, found, within), plain, took_s)


def lines_of(results: Iterator[Tried]) -> Iterator[Line]:
    """Yield the worst pairs as they come, then the figures of each version."""
    every = list(results)
    for version in dict.fromkeys(one.version for one in every):
        of_it = [one for one in every if one.version == version]
        found = [one.found for one in of_it]
        plain = [one.plain for one in of_it if one.plain is not None]
        n = len(found)
        right = share(found, lambda one: one.right, lambda one: one.moments)
        worst = min(of_it, key=lambda one: one.found.right / max(1, one.found.moments))
        yield {
            "metric": f"{version}: edited time put to the right raw place",
            "value": right,
            "baseline": share(plain, lambda one: one.right, lambda one: one.moments),
            "worst": worst.found.right / max(1, worst.found.moments),
            "worst_pair": worst.name,
            "n": n,
        }
        yield from _figures(version, found, n)
        seconds = float(np.sum([one.took_s for one in of_it]))
        yield {"metric": f"{version}: seconds a pair", "value": seconds / n, "n": n}


def _figures(version: str, found: Sequence[Found], n: int) -> Iterator[Line]:
    shares = {
        "said to be foreign and is not": share(found, lambda one: one.false, lambda one: one.moments),
        "foreign found": share(found, lambda one: one.foreign_found, lambda one: one.foreign),
        "hard cuts within one sample": share(found, lambda one: one.cuts_right, lambda one: one.cuts),
        "crossfades within 2 ms at both ends": share(
            found, lambda one: one.fades_right, lambda one: one.fades
        ),
        "shapes right of those": share(found, lambda one: one.shapes_right, lambda one: one.fades_right),
    }
    for name, value in shares.items():
        yield {"metric": f"{version}: {name}", "value": value, "n": n}
    residuals = np.array([value for one in found for value in one.residuals_db] or [np.nan])
    through = np.array([value for one in found for value in one.filtered_db] or [np.nan])
    yield {
        "metric": f"{version}: residual of a segment, dB",
        "value": float(np.median(residuals)),
        "at_90_percent": float(np.percentile(residuals, 90)),
        "filtered": float(np.median(through)),
        "at_most_minus_80": float(np.mean(residuals <= -80.0)),
        "n": len(residuals),
    }


def _of_loops(paths: Sequence[Path], progress: Progress) -> Iterator[Line]:
    """Yield how much is put to a valid place where a recording is one loop over and over."""

    def pairs() -> Iterator[EditedPair]:
        for number, path in enumerate(paths):
            audio, rate_hz = _stereo(path)
            times = int(np.ceil(_LEAST_S * rate_hz / max(1, len(audio)))) + 1
            raw = np.tile(audio, (times, 1))
            foreign = np.ascontiguousarray(_stereo(paths[(number + 1) % len(paths)])[0])
            rng = np.random.default_rng(number)
            yield edit(path.stem, (raw,), foreign, rate_hz, length_s=_LENGTH_S, rng=rng)

    results = list(tried(pairs(), with_plain=False, progress=progress, versions=("clean", "coded")))
    for version in ("clean", "coded"):
        found = [one.found for one in results if one.version == version]
        yield {
            "metric": f"loops, repeated, {version}: put to a valid place",
            "value": share(found, lambda one: one.right, lambda one: one.moments),
            "foreign_found": share(found, lambda one: one.foreign_found, lambda one: one.foreign),
            "false": share(found, lambda one: one.false, lambda one: one.moments),
            "n": len(found),
        }

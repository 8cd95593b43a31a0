"""The rows of the comparison: every recipe, network and ablation, with chance and loudness as references."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from types import MappingProxyType

from engine.features.taste.anomaly.planting import KINDS
from engine.features.taste.anomaly.practice_kinds import FALSE_STARTS
from engine.features.taste.anomaly.recipes.config import default_config
from engine.features.taste.anomaly.recipes.recipe_config import OwnFaultsConfig, RecipeConfig
from engine.lab.evaluation.recipe_code import recipe_code
from engine.lab.recipes.bank.settings import MemoryBankConfig
from engine.lab.recipes.classifier.settings import ClassifierConfig
from engine.lab.recipes.dual.settings import DualConfig
from engine.lab.recipes.embedding_bank.settings import EmbeddingBankConfig
from engine.lab.recipes.slicer.settings import SlicerConfig
from engine.lab.recipes.svdd.settings import DeepSvddConfig


@dataclass(frozen=True, slots=True)
class ComparisonRow:
    """One row of the comparison.

    Attributes
    ----------
    config : the recipe and its settings; None without training
    about : the difference, for the table
    hears_raw : whether it gets raw recordings in addition to edited ones
    left_out : the kind of fault left out of the training
    """

    name: str
    about: str
    config: RecipeConfig | None
    hears_raw: bool = False
    left_out: str = ""

    @property
    def digest(self) -> str:
        """Fingerprint of settings and code of the recipe, 8 hexadecimal digits; the key of results."""
        digest = blake2b(digest_size=4)
        if self.config is not None:
            digest.update(json.dumps(self.config.model_dump(mode="json"), sort_keys=True).encode())
            digest.update(recipe_code(self.config))
        return digest.hexdigest()


CHANCE = ComparisonRow("chance", "random numbers", None)
ENERGY = ComparisonRow("energy", "how far the loudness is from what was kept", None)
TRUTH = ComparisonRow("truth", "the truth for a score: what figures could be at most", None)
DEFAULT = "default"
BASELINES = (TRUTH, CHANCE, ENERGY)

_MINUTES = 60.0

_OPTION_EPOCHS = 20
"""A fifth of the default: at that, nine options on fifteen cases take an hour instead of five."""


def _slicer(**options: object) -> SlicerConfig:
    return SlicerConfig.model_validate({"epochs": _OPTION_EPOCHS, **options})


ROWS: tuple[ComparisonRow, ...] = (
    ComparisonRow(DEFAULT, "what Offcut learns unless told otherwise", default_config()),
    ComparisonRow("own-faults (one network)", "instead of two", OwnFaultsConfig(members=1)),
    ComparisonRow(
        "own-faults (faults alone)",
        "without comparing with what was kept and with the rest",
        OwnFaultsConfig(nearest_weight=0.0, residual_weight=0.0, rest_weight=0.0, rhythm_weight=0.0),
    ),
    ComparisonRow(
        "own-faults (without rhythm)",
        "without comparing rhythms with the rest",
        OwnFaultsConfig(rhythm_weight=0.0),
    ),
    ComparisonRow(
        "own-faults (rhythm alone)",
        "beside the faults only rhythms",
        OwnFaultsConfig(nearest_weight=0.0, residual_weight=0.0, rest_weight=0.0),
    ),
    *(
        ComparisonRow(
            f"own-faults without {kind}",
            "never practised on this kind",
            OwnFaultsConfig(leave_out=(kind,)),
            left_out=kind,
        )
        for kind in (*KINDS, *FALSE_STARTS)
    ),
    ComparisonRow(
        "own-faults without any of them",
        "practised on none of the kinds it is measured with",
        OwnFaultsConfig(leave_out=KINDS),
    ),
    ComparisonRow("slicer-ae", "the autoencoder of Audio Slicer", SlicerConfig()),
    ComparisonRow("slicer-ae (short)", "the same for as long as its options below", _slicer()),
    ComparisonRow(
        "slicer-ae+contrast",
        "segments that follow each other drawn together",
        _slicer(contrast="neighbours"),
    ),
    ComparisonRow(
        "slicer-ae+contrast-raw",
        "edited segments drawn together, away from raw ones",
        _slicer(contrast="edited"),
        hears_raw=True,
    ),
    ComparisonRow("slicer-ae+critic", "a critic of rebuilt raw", _slicer(critic_weight=0.1), hears_raw=True),
    ComparisonRow(
        "slicer-ae+scales", "a beat, a bar and four bars at once", _slicer(scales_beats=(1, 4, 16))
    ),
    ComparisonRow("slicer-ae+beats", "segments of two beats that begin on beats", _slicer(alignment="beats")),
    ComparisonRow(
        "slicer-ae+scales+beats",
        "a beat, a bar and four bars that begin on beats",
        _slicer(alignment="beats", scales_beats=(1, 4, 16)),
    ),
    ComparisonRow("slicer-ae+transformer", "a transformer for encoder", _slicer(encoder="transformer")),
    ComparisonRow("slicer-ae+perceptual", "the error of modulations too", _slicer(perceptual_weight=4.0)),
    ComparisonRow(
        "dual-ae", "decoders of edited and raw, Audio Slicer's first failure", DualConfig(), hears_raw=True
    ),
    ComparisonRow("memory-bank", "windows against a memory of kept ones, three measures", MemoryBankConfig()),
    ComparisonRow(
        "memory-bank (nearest)", "its distance to the nearest alone", MemoryBankConfig(measures=("nearest",))
    ),
    ComparisonRow(
        "memory-bank (residual)",
        "what principal components leave, alone",
        MemoryBankConfig(measures=("residual",)),
    ),
    ComparisonRow(
        "memory-bank (reconstruction)",
        "the error of the encoder's decoder alone",
        MemoryBankConfig(measures=("reconstruction",)),
    ),
    ComparisonRow(
        "memory-bank (statistics)",
        "means and deviations of mel bands instead of an encoder",
        MemoryBankConfig(view="statistics", measures=("nearest", "residual")),
    ),
    ComparisonRow(
        "embedding-bank", "embeddings of windows against those of kept ones", EmbeddingBankConfig()
    ),
    ComparisonRow("deep-svdd AE", "Music Anomalizer's autoencoder", DeepSvddConfig(network="AE")),
    ComparisonRow("deep-svdd AEwRES", "the same with residual blocks", DeepSvddConfig(network="AEwRES")),
    ComparisonRow(
        "deep-svdd tuned",
        "the same with settings searched on other takes than those tested",
        DeepSvddConfig(
            network="AEwRES",
            learning_rate=7e-4,
            weight_decay=3e-4,
            dropout=0.47,
            batch_size=16,
            window_s=3.0,
            epochs=150,
        ),
    ),
    ComparisonRow("deep-svdd Baseline", "the same without normalisation", DeepSvddConfig(network="Baseline")),
    ComparisonRow(
        "edited-vs-raw",
        "a classifier of both, Audio Slicer's second failure",
        ClassifierConfig(),
        hears_raw=True,
    ),
)

BY_NAME: Mapping[str, ComparisonRow] = MappingProxyType({row.name: row for row in (*BASELINES, *ROWS)})


def shortened(row: ComparisonRow) -> ComparisonRow:
    """Return a row that learns little, to see that it works."""
    if row.config is None:
        return row
    less: dict[str, object] = {"epochs": min(row.config.epochs, 3)}
    if isinstance(row.config, OwnFaultsConfig):
        less |= {"practice_s": 4 * _MINUTES, "members": 1}
    return ComparisonRow(
        f"{row.name} (short)", row.about, row.config.model_copy(update=less), row.hears_raw, row.left_out
    )

"""How the recipe "deep-svdd" learns; light, so that a dialog can show it without torch."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from engine.analysis.signal.bands import MelSettings
from engine.features.taste.anomaly.recipes.recipe_config import EmbeddingConfig

NetworkName = Literal["AE", "AEwRES", "Baseline"]


class DeepSvddConfig(EmbeddingConfig):
    """The recipe. The defaults are Music Anomalizer's, published with github.com/dadmaan/music-anomalizer.

    Attributes
    ----------
    network : "AE" is an autoencoder with batch normalisation and dropout; "AEwRES" adds the encoder
        layers' outputs to the decoder's layers of the same width; "Baseline" is plain, with neither of the
        two
    hidden_dims : numbers after each layer of the encoder; the last is how many a moment comes down to
    dropout : share of numbers left out at each layer while learning; not in "Baseline"
    objective : "one-class" draws everything to the centre; "soft-boundary" only points outside of a
        sphere that a share of `nu` may stay outside of
    epochs : maximum for the autoencoder, and again for the objective
    patience : epochs without a better validation loss before either stops
    """

    recipe: Literal["deep-svdd"] = "deep-svdd"
    network: NetworkName = "AEwRES"
    hidden_dims: tuple[Annotated[int, Field(ge=1, le=4096)], ...] = Field(
        default=(512, 256, 128, 64, 32), min_length=1, max_length=10
    )
    activation: Literal["ELU", "ReLU", "LeakyReLU"] = "ELU"
    dropout: float = Field(default=0.2, ge=0.0, lt=1.0)
    objective: Literal["one-class", "soft-boundary"] = "one-class"
    nu: float = Field(default=0.1, gt=0.0, lt=1.0)
    epochs: int = Field(default=1000, ge=1, le=100_000)
    patience: int = Field(default=10, ge=1)
    batch_size: int = Field(default=32, ge=2, le=4096)
    learning_rate: float = Field(default=1e-5, gt=0.0, le=1.0)
    weight_decay: float = Field(default=1e-5, ge=0.0, le=1.0)
    mel: MelSettings = MelSettings(rate_hz=32_000)

"""Settings of an experiment, read from YAML without importing torch, for quick error reports."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from engine.core.errors import UsageError
from engine.core.files.safe_write import shown
from engine.core.wording import quoted
from engine.features.taste.anomaly.recipes.config import sentence_of
from engine.lab.experiments.inheritance import Values, load_inheriting
from engine.lab.recipes.svdd.settings import DeepSvddConfig, NetworkName

_NAMES = get_args(NetworkName)


class Range(BaseModel):
    """Where to look for a number.

    Attributes
    ----------
    log : whether each factor is as likely as each other, rather than each step
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    low: float
    high: float
    log: bool = False

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if self.low >= self.high:
            raise ValueError(f"low is {self.low:g}, which is not below high, {self.high:g}")
        if self.log and self.low <= 0:
            raise ValueError(f"low is {self.low:g}: with log it must be above 0")
        return self


class Choices(BaseModel):
    """Which values to try."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    choices: tuple[Any, ...] = Field(min_length=1)


class Experiment(BaseModel):
    """Several networks over one folder.

    Attributes
    ----------
    audio : the folder of recordings to learn from, with all folders in it
    settings : of all networks, see `DeepSvddConfig`
    networks : differences of each; a name of the recipe selects that network
    tune : search space
    wandb : whether to report to Weights & Biases
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    audio: Path | None = None
    seed: int = Field(default=0, ge=0)
    settings: dict[str, Any] = {}
    networks: dict[str, dict[str, Any]] = Field(min_length=1)
    tune: dict[str, Range | Choices] = {}
    wandb: bool = False

    @model_validator(mode="after")
    def _names_are_folders(self) -> Self:
        for name in self.networks:
            if not name.replace("-", "").replace("_", "").isalnum():
                raise ValueError(f"a network is called {quoted(name)}: use letters, digits, '-' and '_'")
        return self

    def config(self, network: str, overrides: Mapping[str, object] | None = None) -> DeepSvddConfig:
        """Return all settings of one network.

        Parameters
        ----------
        network : one of `networks`, or a network of the recipe
        overrides : settings with precedence over the file

        Raises
        ------
        UsageError : a network or setting is unknown, or a value is invalid
        """
        if network not in self.networks and network not in _NAMES:
            known = " or ".join(dict.fromkeys((*self.networks, *_NAMES)))
            raise UsageError(f"There is no network {quoted(network)}: choose {known}.")
        own = {"network": network} if network in _NAMES else {}
        values = {**self.settings, **own, **self.networks.get(network, {}), **(overrides or {})}
        if "network" not in values:
            raise UsageError(f"Network {network}: say which it is, such as 'network: {_NAMES[0]}'.")
        try:
            return DeepSvddConfig.model_validate(values)
        except ValidationError as error:
            raise UsageError(f"Network {network}: {sentence_of(error)}") from error


def load_experiment(path: Path) -> Experiment:
    """Read an experiment with all it inherits, and see that every network and every value to try can be.

    Raises
    ------
    UsageError : a file cannot be read, or holds a setting that does not exist or cannot be so
    """
    values = load_inheriting(path, _meant)
    try:
        experiment = Experiment.model_validate(values)
    except ValidationError as error:
        raise UsageError(f"{shown(path)}: {_told(error, values)}") from error
    try:
        for network in experiment.networks:
            experiment.config(network)
            for name, space in experiment.tune.items():
                for value in _extremes(space):
                    experiment.config(network, {name: value})
    except UsageError as error:
        raise UsageError(f"{shown(path)}: {error}") from error
    return experiment


def _meant(values: Values, path: Path) -> Values:
    """Name `audio` as seen from its file, and let networks without settings of their own be listed."""
    out = dict(values)
    if isinstance(audio := out.get("audio"), str):
        out["audio"] = str(path.parent / audio)
    networks = out.get("networks")
    if isinstance(networks, list):
        out["networks"] = {str(name): {} for name in networks}
    elif isinstance(networks, dict):
        out["networks"] = {str(name): own or {} for name, own in networks.items()}
    return out


def _told(error: ValidationError, values: Values) -> str:
    first = error.errors()[0]
    if first["loc"] == ("networks",) and not values.get("networks"):
        return f"it names no networks: add for example 'networks: [{', '.join(_NAMES)}]'."
    if first["loc"][:1] == ("tune",) and len(first["loc"]) > 1:
        name = first["loc"][1]
        reason = first["msg"].removeprefix("Value error, ") if first["type"] == "value_error" else ""
        return f"tune.{name}: {reason or 'give low and high, or choices'}."
    return sentence_of(error)


def _extremes(space: Range | Choices) -> tuple[object, ...]:
    return space.choices if isinstance(space, Choices) else (space.low, space.high)

"""Files of a training in the folder of a run: its taste, and a history with its settings."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path

from engine.analysis.learning.loop import Epoch
from engine.core.errors import OffcutError
from engine.core.files.regular_file import read_beginning
from engine.core.files.safe_write import replacing, shown
from engine.core.files.text import parse_json
from engine.core.wording import reason_of
from engine.lab.recipes.svdd.settings import DeepSvddConfig

VERSION = 1
"""Of how networks are trained: raise it when the same settings come to something else."""

TASTE, HISTORY = "best.taste", "history.json"
_MOST_BYTES = 1 << 25  # 100,000 epochs, twice, have less


@dataclass(frozen=True, slots=True)
class Trained:
    """Result of a network.

    Attributes
    ----------
    folder : holds the taste with the weights of the best epoch, and the history
    epochs : how many were trained towards the centre
    best_epoch : the one with the least loss on the recordings set aside
    validation : that loss; not to be compared between networks
    planted_auc : detection of faults in validation data, see `engine.lab.experiments.planted`
    """

    network: str
    folder: Path
    epochs: int
    best_epoch: int
    validation: float
    planted_auc: float

    @property
    def taste(self) -> Path:
        """Where its taste is."""
        return self.folder / TASTE


def fingerprint(config: DeepSvddConfig, seed: int, data_digest: str) -> str:
    """Return the fingerprint of the inputs of a training, 32 hexadecimal digits."""
    said = json.dumps([VERSION, config.model_dump(mode="json"), seed, data_digest], sort_keys=True)
    return blake2b(said.encode(), digest_size=16).hexdigest()


def write_history(
    trained: Trained,
    print_: str,
    config: DeepSvddConfig,
    pretraining: Sequence[Epoch],
    objective: Sequence[Epoch],
) -> None:
    """Write a history, last of all: where there is one, the training was finished.

    Raises
    ------
    ExportError : it cannot be written
    """
    said = {
        "fingerprint": print_,
        "network": trained.network,
        "settings": config.model_dump(mode="json"),
        "best_epoch": trained.best_epoch,
        "validation": trained.validation,
        "planted_auc": trained.planted_auc,
        "pretraining": [asdict(epoch) for epoch in pretraining],
        "objective": [asdict(epoch) for epoch in objective],
    }
    write_json(trained.folder / HISTORY, said)


def finished(network: str, folder: Path, print_: str) -> Trained | None:
    """Return the result of an equal earlier run of a network, or None."""
    try:
        said = parse_json(read_beginning(folder / HISTORY, _MOST_BYTES))
        if said["fingerprint"] != print_ or not (folder / TASTE).is_file():
            return None
        return Trained(
            network,
            folder,
            len(said["objective"]),
            int(said["best_epoch"]),
            float(said["validation"]),
            float(said["planted_auc"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None  # not finished, or not readable any more: it is trained again


def write_json(path: Path, said: Mapping[str, object]) -> None:
    """Write JSON atomically, replacing an existing file.

    Raises
    ------
    ExportError : it cannot be written
    """
    with replacing(path, overwrite=True) as part:
        part.write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")


def make_folder(folder: Path) -> Path:
    """Return a folder, made where it is missing.

    Raises
    ------
    OffcutError : it cannot be made
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OffcutError(
            f"The folder {shown(folder)} cannot be made: {reason_of(error)}: choose another with --out."
        ) from error
    return folder

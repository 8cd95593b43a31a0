"""The recordings of an experiment, embedded once for all networks with the same input."""

from __future__ import annotations

import json
from hashlib import blake2b
from pathlib import Path
from typing import NoReturn

from engine.core.errors import UsageError
from engine.core.files.safe_write import shown
from engine.core.progress import Progress
from engine.core.wording import reason_of
from engine.features.taste.anomaly.recipes.embedded import Embedded, hear_embedded
from engine.lab.experiments.planted import PlantedWindows, planted_windows
from engine.lab.recipes.svdd.settings import DeepSvddConfig
from engine.sound.decoders.registry import audio_files
from engine.sound.reader import content_hash

_HEARING_SHARE = 0.7
_HEARING = ("embedding", "window_s", "hop_s", "mel", "validation_share")
"""The settings that determine the embeddings."""

Prepared = tuple[Embedded, PlantedWindows]


def recordings_in(folder: Path) -> tuple[Path, ...]:
    """Return the audio files in a folder and the folders in it, in order.

    Raises
    ------
    UsageError : the folder is missing, cannot be listed completely, or has no audio
    """
    if not folder.is_dir():
        raise UsageError(f"There is no folder {shown(folder)}: choose the one of your recordings.")
    found = tuple(audio_files(folder, _refuse))
    if not found:
        raise UsageError(f"{shown(folder)} holds no audio file: choose the folder of your recordings.")
    return found


def _refuse(error: OSError) -> NoReturn:
    """Refuse folders that cannot be listed, because missing recordings would go unnoticed."""
    reason = reason_of(error)
    raise UsageError(f"{shown(error.filename)} cannot be listed: {reason}.") from error


class PreparedRecordings:
    """The recordings in a folder, embedded when they are first asked for.

    Attributes
    ----------
    paths : of the recordings, in order
    digest : changes with any of the recordings or their names
    """

    def __init__(self, folder: Path, seed: int) -> None:
        self.paths = recordings_in(folder)
        said = [(path.relative_to(folder).as_posix(), content_hash(path)) for path in self.paths]
        self.digest = blake2b(json.dumps(said).encode(), digest_size=16).hexdigest()
        self._seed = seed
        self._prepared: dict[str, Prepared] = {}

    def prepared(self, config: DeepSvddConfig, progress: Progress) -> Prepared:
        """Return the input of a network: the recordings, and the validation ones with injected faults.

        Raises
        ------
        TasteError : they are too few, too short or silent
        SourceError : one cannot be read
        """
        key = config.model_dump_json(include=set(_HEARING))
        if key not in self._prepared:
            heard = hear_embedded(self.paths, config, progress.part(0.0, _HEARING_SHARE))
            planted = planted_windows(heard, config, self._seed, progress.part(_HEARING_SHARE, 1.0))
            self._prepared[key] = (heard, planted)
        return self._prepared[key]

"""HTSAT-CLAP: the audio encoder of a network of audio and text (extra `offcut[clap]`).

Y. Wu et al., "Large-scale contrastive language-audio pretraining with feature fusion and keyword-to-caption
augmentation", ICASSP 2023; its audio encoder is HTSAT (K. Chen et al., ICASSP 2022). A checkpoint is a folder
in the form of the transformers library, with weights as safetensors; nothing is fetched here.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError

from engine.core.errors import UsageError
from engine.core.files.safe_write import shown
from engine.core.processes.own_program import how_to_add
from engine.core.processes.shortage import raise_shortage
from engine.sound.reader import content_hash

if TYPE_CHECKING:
    from transformers import ClapAudioModelWithProjection, ClapFeatureExtractor

CHECKPOINT_FILES = ("config.json", "preprocessor_config.json", "model.safetensors")
_DIGITS = 12
_UNREADABLE = (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError)


@dataclass(frozen=True, slots=True, eq=False)
class Clap:
    """A checkpoint, ready to embed.

    Attributes
    ----------
    name : "clap" and a digest of the weights
    """

    name: str
    model: ClapAudioModelWithProjection
    extractor: ClapFeatureExtractor

    @property
    def rate_hz(self) -> int:
        """The rate of the samples it takes."""
        return int(self.extractor.sampling_rate)

    @property
    def size(self) -> int:
        """How many numbers a vector has."""
        return int(self.model.config.projection_dim)

    def embed(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return vectors, shape (n, size); see `Embedder.embed`.

        The input is at most ten seconds. Longer windows are cut into equal parts, each part's vector is
        brought to length 1, and their mean is taken.
        """
        if not len(windows):
            return np.zeros((0, self.size), np.float32)
        count = -(-windows.shape[1] // int(self.extractor.nb_max_samples))
        parts = [self._embed_parts(part) for part in np.array_split(windows, count, axis=1)]
        return np.asarray(np.mean(parts, axis=0), np.float32)

    def _embed_parts(self, parts: NDArray[np.float32]) -> NDArray[np.float32]:
        heard = self.extractor(list(parts), sampling_rate=self.rate_hz, return_tensors="pt")
        # Of a batch in which nothing is too long, the extractor says so of one part at random: right for
        # training, and in the way of the same sound giving the same vector.
        heard["is_longer"] = torch.zeros_like(heard["is_longer"])
        with torch.inference_mode():
            vectors = self.model(**heard).audio_embeds
        found: NDArray[np.float32] = torch.nn.functional.normalize(vectors, dim=1).numpy()
        return found


def load_clap(folder: Path) -> Clap:
    """Load a checkpoint from a folder.

    Raises
    ------
    UsageError : the extra is not installed, or the folder holds no checkpoint of CLAP
    """
    missing = [name for name in CHECKPOINT_FILES if not (folder / name).is_file()]
    if missing:
        raise UsageError(
            f"{shown(folder)} holds no CLAP checkpoint, {missing[0]} is missing: choose a folder with "
            f"{', '.join(CHECKPOINT_FILES)}."
        )
    model = load_half("ClapAudioModelWithProjection", folder)
    try:
        extractor = _transformers().ClapFeatureExtractor.from_pretrained(folder, local_files_only=True)
    except _UNREADABLE as error:
        raise_shortage(error)
        raise damaged(folder) from error
    digest = content_hash(folder / "model.safetensors")[:_DIGITS]
    return Clap(f"clap-{digest}", model, extractor)


def load_half(name: str, folder: Path) -> Any:
    """Return one encoder of a checkpoint, in evaluation mode, by its name in the transformers library.

    Raises
    ------
    UsageError : the extra is not installed, or the checkpoint does not hold this half
    """
    library = _transformers()
    try:
        model, said = getattr(library, name).from_pretrained(
            folder, local_files_only=True, use_safetensors=True, output_loading_info=True
        )
    except _UNREADABLE as error:
        raise_shortage(error)
        raise damaged(folder) from error
    if said["missing_keys"] or said["mismatched_keys"]:  # they would be filled up with random numbers
        raise damaged(folder)
    return model.eval()


def damaged(folder: Path) -> UsageError:
    """Return the message about a checkpoint that cannot be loaded."""
    return UsageError(
        f"{shown(folder)} holds a checkpoint that is damaged or not of CLAP: take a copy of one that is."
    )


def _transformers() -> Any:
    try:
        transformers: Any = import_module("transformers")
    except ImportError as error:
        raise UsageError(f"The embedding 'clap' needs more packages: {how_to_add('clap')}.") from error
    transformers.logging.set_verbosity_error()  # the other half of a checkpoint is left out on purpose
    transformers.logging.disable_progress_bar()
    return transformers

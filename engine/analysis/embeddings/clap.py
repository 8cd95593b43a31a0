"""HTSAT-CLAP: the audio and text encoders of a network of sound and words (extra `offcut[clap]`).

Y. Wu et al., "Large-scale contrastive language-audio pretraining with feature fusion and keyword-to-caption
augmentation", ICASSP 2023; its audio encoder is HTSAT (K. Chen et al., ICASSP 2022). A checkpoint is a folder
in the form of the transformers library, with weights as safetensors; nothing is fetched here. The text half
needs one file more, the tokenizer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from engine.core.build import how_to_add
from engine.core.errors import UsageError
from engine.core.files.safe_write import shown
from engine.core.memory import raise_shortage
from engine.sound.reader import content_hash

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import ClapAudioModelWithProjection, ClapFeatureExtractor, ClapTextModelWithProjection

CHECKPOINT_FILES = ("config.json", "preprocessor_config.json", "model.safetensors")
TOKENIZER = "tokenizer.json"
_PROMPT = "This is a sound of {}."
"""The prompt of its authors for the sounds of ESC-50."""
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
        vectors = []
        for part in np.array_split(windows, count, axis=1):
            given = self.extractor(list(part), sampling_rate=self.rate_hz, return_tensors="pt")
            # Of a batch in which nothing is too long, the extractor marks one part at random: right for
            # training, but the same sound has to give the same vector.
            given["is_longer"] = torch.zeros_like(given["is_longer"])
            with torch.inference_mode():
                embedded = self.model(**given).audio_embeds
            vectors.append(torch.nn.functional.normalize(embedded, dim=1).numpy())
        return np.asarray(np.mean(vectors, axis=0), np.float32)


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
        model, report = getattr(library, name).from_pretrained(
            folder, local_files_only=True, use_safetensors=True, output_loading_info=True
        )
    except _UNREADABLE as error:
        raise_shortage(error)
        raise damaged(folder) from error
    if report["missing_keys"] or report["mismatched_keys"]:  # they would be filled up with random numbers
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


@dataclass(frozen=True, slots=True, eq=False)
class ClapText:
    """The text half of a checkpoint, ready to encode.

    Attributes
    ----------
    scale : factor from cosines to logits
    """

    model: ClapTextModelWithProjection
    tokenizer: Tokenizer
    scale: float

    def encode(self, names: Sequence[str]) -> NDArray[np.float32]:
        """Return vectors of length 1 of some sounds by name, shape (n, size).

        One after another without padding, so that the vector of a name does not depend on the others.
        """
        vectors = []
        for name in names:
            ids = torch.tensor([self.tokenizer.encode(_PROMPT.format(name)).ids])
            with torch.inference_mode():
                vectors.append(self.model(input_ids=ids).text_embeds)
        return np.asarray(torch.nn.functional.normalize(torch.cat(vectors), dim=1).numpy(), np.float32)


def has_clap_text(folder: Path) -> bool:
    """Return whether a folder holds the text encoder of a checkpoint, and its libraries are installed."""
    return find_spec("transformers") is not None and (folder / TOKENIZER).is_file()


def load_clap_text(folder: Path) -> ClapText:
    """Load the text half of a checkpoint.

    Raises
    ------
    UsageError : the extra is not installed, or the folder holds no text half
    """
    from tokenizers import Tokenizer

    model = load_half("ClapTextModelWithProjection", folder)
    try:
        with safe_open(folder / "model.safetensors", "pt") as stored:
            scale = float(stored.get_tensor("logit_scale_a").exp())
        tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
    except Exception as error:  # tokenizers raises no other
        raise_shortage(error)
        raise damaged(folder) from error
    tokenizer.no_padding()
    return ClapText(model, tokenizer, scale)

"""The text encoder of CLAP, in the space of its audio encoder (extra `offcut[clap]`).

It comes with the audio half (`engine.analysis.embeddings.clap`) in the same checkpoint, and needs one file
more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import safe_open

from engine.analysis.embeddings.clap import damaged, load_half
from engine.core.processes.shortage import raise_shortage

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import ClapTextModelWithProjection

TOKENIZER = "tokenizer.json"
_SAID = "This is a sound of {}."
"""The prompt of its authors for the sounds of ESC-50."""
_LOGIT_SCALE = "logit_scale_a"


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
            ids = torch.tensor([self.tokenizer.encode(_SAID.format(name)).ids])
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
            scale = float(stored.get_tensor(_LOGIT_SCALE).exp())
        tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
    except Exception as error:  # tokenizers raises no other
        raise_shortage(error)
        raise damaged(folder) from error
    tokenizer.no_padding()
    return ClapText(model, tokenizer, scale)

"""A text encoder that needs no download: a vector for each piece of a word, summed over a prompt.

Distilled from sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0); its strengths and limits are listed in
`resources/words/text-static.md`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from engine.analysis.words.vocabulary import FOLDER, NOTHING_NAMED
from engine.core.errors import OffcutError, UsageError
from engine.core.processes.shortage import raise_shortage
from engine.core.wording import quoted

SIZE = 256
"""How many numbers a vector of words has."""
LONGEST_PROMPT = 200
"""Characters of a prompt that can be meant as the name of a sound."""


@dataclass(frozen=True, slots=True, eq=False)
class TextEncoder:
    """Vectors of word pieces.

    Attributes
    ----------
    pieces : int8, shape (pieces, SIZE)
    weights : float32, shape (pieces,); scale and weight of each
    """

    tokenizer: Tokenizer
    pieces: NDArray[np.int8]
    weights: NDArray[np.float32]

    def encode(self, prompt: str) -> NDArray[np.float32]:
        """Return the vector of a prompt, of length 1, shape (SIZE,).

        Raises
        ------
        UsageError : it is empty, too long, or has no piece that is known
        """
        words = " ".join(prompt.split())
        if not words:
            raise UsageError(NOTHING_NAMED)
        if len(words) > LONGEST_PROMPT:
            raise UsageError(
                f"The name of the sound is {len(words):,} characters long: use at most {LONGEST_PROMPT}."
            )
        ids = self.tokenizer.encode(words, add_special_tokens=False).ids
        vector = np.asarray(self.weights[ids] @ self.pieces[ids].astype(np.float32), np.float32)
        length = float(np.linalg.norm(vector))
        if not length > 0.0:
            raise UsageError(f"{quoted(words)} holds no word that is known: name the sound in English words.")
        return vector / np.float32(length)

    def is_whole(self, word: str) -> bool:
        """Return whether the table holds a word whole, so that its vector is its own."""
        return self.tokenizer.token_to_id(word) is not None


@cache
def text_encoder() -> TextEncoder:
    """Return the encoder that comes with Offcut.

    Raises
    ------
    OffcutError : its files are missing or damaged
    """
    try:
        stored = load_file(FOLDER / "text-static.safetensors")
        tokenizer = Tokenizer.from_file(str(FOLDER / "tokenizer.json"))
        # As stored it fills every prompt up to 128 pieces, whose sum would drown the words.
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return TextEncoder(tokenizer, stored["pieces"], stored["scale"] * stored["weight"])
    except Exception as error:  # tokenizers raises no other
        raise_shortage(error)
        raise OffcutError(
            f"The text encoder in '{FOLDER}' is missing or damaged: install Offcut again."
        ) from error

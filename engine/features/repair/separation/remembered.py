"""A separator that caches its answers.

Another strength, another fade, or the other of keep and remove need the same masks: only their use differs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b

import numpy as np

from engine.features.repair.separation.mask import Mask
from engine.features.repair.separation.mask_memory import MaskMemory
from engine.features.repair.separation.outcomes.outcome import Outcome, outcomes_of
from engine.features.repair.separation.separator import Prompt, Separator, Stretch

MOST_BYTES = 80 << 20
"""Masks of 32 minutes at the resolution of the network, of 8 minutes at that of the spectrum."""


@dataclass(frozen=True, slots=True, eq=False)
class RememberingSeparator:
    """See `Separator`; missing answers are computed by another one."""

    asks: Separator
    memory: MaskMemory

    @property
    def name(self) -> str:
        """The name of the wrapped separator."""
        return self.asks.name

    def masks(self, stretch: Stretch, prompts: Sequence[Prompt]) -> tuple[Mask, ...]:
        """Return a mask for each prompt."""
        return tuple(outcome.mask for outcome in self.outcomes(stretch, prompts))

    def outcomes(self, stretch: Stretch, prompts: Sequence[Prompt]) -> tuple[Outcome, ...]:
        """Return an outcome for each prompt."""
        heard = blake2b(np.ascontiguousarray(stretch.samples).data, digest_size=16)
        heard.update(repr(stretch.windows_s).encode())
        keys = [(self.name, heard.digest(), _meaning(prompt)) for prompt in prompts]
        masks = self.memory.masks
        with self.memory.lock:
            known = {key: masks[key] for key in keys if key in masks}
        new = [number for number, key in enumerate(keys) if key not in known]
        if new:
            answered = outcomes_of(stretch, [prompts[number] for number in new], self.asks)
            known.update({keys[number]: outcome for number, outcome in zip(new, answered, strict=True)})
        with self.memory.lock:
            for key in keys:
                masks[key] = known[key]
                masks.move_to_end(key)
            held = sum(outcome.mask.shares.nbytes for outcome in masks.values())
            while held > MOST_BYTES:  # the one that was not asked for longest goes first
                _key, outcome = masks.popitem(last=False)
                held -= outcome.mask.shares.nbytes
        return tuple(known[key] for key in keys)


def _meaning(prompt: Prompt) -> bytes:
    return bytes([prompt.example]) + np.asarray(prompt.vector, np.float32).tobytes()


@cache
def remembering(separator: Separator) -> RememberingSeparator:
    """Return a separator with its latest masks, which the check of a prompt and the separation both need."""
    return RememberingSeparator(separator, MaskMemory())

"""The default separator: each prompt is answered by the network that knows its sound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.analysis.words.negation import without_not
from engine.analysis.words.understanding import means_speech
from engine.features.repair.separation.mask import Mask
from engine.features.repair.separation.outcomes.blend import BlendSeparator, blend_separator
from engine.features.repair.separation.outcomes.outcome import Outcome, outcomes_of
from engine.features.repair.separation.separator import Prompt, Stretch
from engine.features.repair.separation.speech import SpeechSeparator, speech_separator


@dataclass(frozen=True, slots=True, eq=False)
class ByPromptSeparator:
    """See `Separator` and `engine.features.repair.separation.outcomes.outcome.Judging`."""

    speech: SpeechSeparator
    others: BlendSeparator
    name: str = "offcut-blend-5"

    def masks(self, stretch: Stretch, prompts: Sequence[Prompt]) -> tuple[Mask, ...]:
        """Return a mask for each prompt."""
        return tuple(outcome.mask for outcome in self.outcomes(stretch, prompts))

    def outcomes(self, stretch: Stretch, prompts: Sequence[Prompt]) -> tuple[Outcome, ...]:
        """Return an outcome for each prompt."""
        spoken = [prompt for prompt in prompts if is_speech(prompt)]
        others = [prompt for prompt in prompts if not is_speech(prompt)]
        found = {
            id(prompt): outcome
            for asked, separator in ((spoken, self.speech), (others, self.others))
            for prompt, outcome in zip(
                asked, outcomes_of(stretch, asked, separator) if asked else (), strict=True
            )
        }
        return tuple(found[id(prompt)] for prompt in prompts)


def is_speech(prompt: Prompt) -> bool:
    """Return whether the words of a prompt mean speech, or that speech stays."""
    return not prompt.example and bool(np.any(prompt.vector)) and means_speech(without_not(prompt.text))


def default_separator() -> ByPromptSeparator:
    """Return the separator that is used unless another one is named.

    Raises
    ------
    OffcutError : weights are missing or damaged
    """
    return ByPromptSeparator(speech_separator(), blend_separator())

"""Synthetic speech for evaluation, made by espeak-ng: no free set of conversations was available."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO

import numpy as np
import soundfile

from engine.core.errors import UsageError
from engine.features.taste.anomaly.planting import Samples, edges
from engine.lab.simulated.recordings import HEARD_RATE_HZ, converted

_SUBJECTS = (
    "the old harbour", "my first record", "our neighbour", "the studio", "that winter", "the second guitar",
    "the orchestra", "a good microphone", "the audience", "my sister", "the whole street", "this song",
    "the river", "a tired drummer", "the morning train", "every summer", "the small theatre", "my uncle",
)  # fmt: skip
_VERBS = (
    "changed completely", "was louder than anybody expected", "reminded me of something I had lost",
    "took three years to finish", "came back when nobody was looking", "sounded better in the kitchen",
    "made us laugh for a week", "stood empty until the spring", "kept the lights on all night",
    "taught me how to listen", "fell apart in the second half", "began with a simple mistake",
)  # fmt: skip
_ENDS = (
    "and that is all I remember.", "because we had no money for more.", "although it rained every day.",
    "which I still find hard to explain.", "so we moved to the other side of town.", "at least for a while.",
    "before the tape ran out.", "and then somebody opened the window.", "as far as I can tell.",
    "when the others had gone home.", "and nobody wrote it down.", "in spite of everything.",
)  # fmt: skip
_QUESTIONS = (
    "How did it begin?", "What happened after that?", "Were you afraid at the time?", "Who was with you?",
    "And what did it sound like?", "Would you do it again?", "When did you notice?", "Do you work so now?",
)  # fmt: skip
_TRIM = 0.01


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice of espeak-ng: its name, its pitch (0 to 99) and how many words a minute it speaks."""

    name: str
    pitch: int
    words_a_minute: int


def sentence(rng: np.random.Generator) -> str:
    """Return a sentence of some ten words."""
    return " ".join(str(rng.choice(parts)) for parts in (_SUBJECTS, _VERBS, _ENDS))


def question(rng: np.random.Generator) -> str:
    """Return a short question."""
    return str(rng.choice(_QUESTIONS))


def spoken(voice: Voice, rng: np.random.Generator) -> Samples:
    """Return a spoken sentence, mono at the rate of the evaluation, shape (n,)."""
    return say(voice, sentence(rng))


@lru_cache(maxsize=1024)
def say(voice: Voice, text: str) -> Samples:
    """Return a text as espeak-ng speaks it, shape (n,), without the silence around it; do not write to it.

    Raises
    ------
    UsageError : espeak-ng is not installed
    """
    program = shutil.which("espeak-ng")
    if program is None:
        raise UsageError("espeak-ng is missing, which makes the speech of this evaluation: install it first.")
    command = [program, "-v", voice.name, "-p", str(voice.pitch), "-s", str(voice.words_a_minute), "--stdout"]
    made = subprocess.run([*command, text], capture_output=True, check=True).stdout
    audio, rate_hz = soundfile.read(BytesIO(made), dtype="float32")
    heard = converted(audio, rate_hz, HEARD_RATE_HZ)
    sounding = np.flatnonzero(np.abs(heard) > _TRIM * np.abs(heard).max())
    trimmed = heard[sounding[0] : sounding[-1] + 1]
    return trimmed * edges(len(trimmed), HEARD_RATE_HZ)

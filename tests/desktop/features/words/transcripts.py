"""Transcripts that are made, not recognised: words at known times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from engine.document.analysis import Transcript
from engine.document.document import Document
from engine.document.edits.analyses import set_transcript, tracks_key

RATE_HZ = 8_000
WORD_S, GAP_S, PAUSE_S = 0.3, 0.1, 2.5
SAID = (
    ("Anna", "Well, um, you know, the whole thing began in March."),
    ("Anna", "Nobody knew. You know?"),
    ("Ben", "And then, um, they left."),
)
"""The paragraphs of `talk`: a pause, then another speaker."""


def transcript_of(
    said: Sequence[tuple[str, str]], rate_hz: int = RATE_HZ, *, split: str | None = None
) -> Transcript:
    """Return a transcript of paragraphs, each a speaker and a text, with a long pause between two."""
    texts, spans, speakers, names = list[str](), list[tuple[float, float]](), list[int](), list[str]()
    at_s = 0.5
    for name, text in said:
        if name and name not in names:
            names.append(name)
        for word in text.split(split):
            texts.append(word)
            spans.append((at_s, at_s + WORD_S))
            speakers.append(names.index(name) if name else -1)
            at_s += WORD_S + GAP_S
        at_s += PAUSE_S
    return Transcript(
        texts,
        np.rint(np.array(spans).reshape(-1, 2) * rate_hz).astype(np.int64),
        np.ones(len(texts), np.float32),
        np.array(speakers, np.int16),
        names=names,
        language="en",
    )


def put_into(path: Path, transcript: Transcript) -> None:
    """Store a transcript in a document."""
    with Document.open(path) as document:
        known = replace(transcript, of_sound=tracks_key(document.state))
        document.apply(*set_transcript(document.state, known, "Transcribed"))

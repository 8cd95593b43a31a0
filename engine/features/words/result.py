"""The words of the result: those that play, in the order in which they play."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.document.analysis import Transcript
from engine.sound.edl.edit_list import EditList


def in_result(transcript: Transcript, edit_list: EditList) -> Transcript:
    """Return the words whose middle plays, with their spans in samples of the result.

    A repeated word comes as often as it plays. Hesitations are left out.
    """
    spans = transcript.spans_samples
    middles = spans.sum(axis=1) // 2
    order = np.argsort(middles, kind="stable")
    places, results = edit_list.played(middles[order])
    words = order[places]
    starts = results - (middles[words] - spans[words, 0])
    moved = np.clip(
        np.column_stack([starts, starts + np.diff(spans[words])[:, 0]]), 0, edit_list.length_samples
    )
    playing = np.argsort(moved[:, 0], kind="stable")
    words = words[playing]
    return replace(
        transcript,
        texts=[transcript.texts[word] for word in words.tolist()],
        spans_samples=moved[playing],
        probabilities=transcript.probabilities[words],
        speakers=transcript.speakers[words],
        hesitations_samples=np.zeros((0, 2), np.int64),
        hesitation_scores=np.zeros(0, np.float32),
    )

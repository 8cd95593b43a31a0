"""Corrections of a transcript by hand: other words, and other names of speakers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import UsageError
from engine.document.analysis import BY_HAND, Transcript
from engine.document.edits.markers import LONGEST_NAME

Spans = NDArray[np.int64]


def corrected(transcript: Transcript, first: int, stop: int, text: str) -> Transcript:
    """Return a transcript with other words in place of some.

    Words that stay have their times. The others share the time of those they replace, by their letters.

    Parameters
    ----------
    first, stop : the words to replace, [first, stop)
    text : the words in their place

    Raises
    ------
    UsageError : the text has no word
    """
    texts, old = text.split(), list(transcript.texts[first:stop])
    if not texts:
        raise UsageError("A correction needs a word. To leave out the sound, cut the words instead.")
    before, after = _shared(old, texts)
    left, right = first + before, stop - after
    fresh = texts[before : len(texts) - after]
    spans = _shared_out(transcript.spans_samples[left:right], fresh)
    count, sure = len(fresh), transcript.probabilities.copy()
    sure[first:stop] = 1.0  # all of them were read
    speakers = np.repeat(transcript.speakers[left : left + 1], count)
    every = np.concatenate([transcript.spans_samples[:left], spans, transcript.spans_samples[right:]])
    order = np.argsort(every[:, 0], kind="stable")  # another speaker may begin meanwhile
    names = [*transcript.texts[:left], *fresh, *transcript.texts[right:]]
    return replace(
        transcript,
        texts=[names[place] for place in order.tolist()],
        spans_samples=every[order],
        probabilities=np.concatenate([sure[:left], np.ones(count, np.float32), sure[right:]])[order],
        speakers=np.concatenate([transcript.speakers[:left], speakers, transcript.speakers[right:]])[order],
        maker=BY_HAND,
    )


def _shared(old: list[str], new: list[str]) -> tuple[int, int]:
    """Return how many words stay at the beginning and at the end; new words replace at least one."""
    most = min(len(old), len(new))
    before = next((place for place in range(most) if old[place] != new[place]), most)
    most -= before
    after = next((place for place in range(most) if old[-1 - place] != new[-1 - place]), most)
    if before + after == len(old) and len(new) > len(old):
        return (before - 1, after) if before else (before, after - 1)
    return before, after


def _shared_out(spans: Spans, texts: list[str]) -> Spans:
    """Return a span for each word, in proportion to its letters; as many words as before have their own."""
    if len(spans) == len(texts):
        return spans
    if not texts:
        return spans[:0]
    letters = np.concatenate([[0], np.cumsum([len(text) for text in texts])])
    start, stop = spans[:, 0].min(), spans[:, 1].max()
    edges = start + np.rint((stop - start) * letters / letters[-1]).astype(np.int64)
    return np.stack([edges[:-1], edges[1:]], axis=1)


def renamed(transcript: Transcript, speaker: int, name: str) -> Transcript:
    """Return a transcript in which a speaker has another name; one with the name of another is the same.

    Parameters
    ----------
    speaker : place in the names; -1 for all words of unknown speakers

    Raises
    ------
    UsageError : the name is empty, too long or unchanged
    """
    name = " ".join(name.split())
    if not 0 < len(name) <= LONGEST_NAME:
        raise UsageError(f"A name has 1 to {LONGEST_NAME} characters: give another name.")
    names = list(transcript.names)
    if speaker >= 0 and names[speaker] == name:
        raise UsageError(f"The speaker is {name} already.")
    if name in names:
        to = names.index(name)
    elif speaker < 0:
        to = len(names)
        names.append(name)
    else:
        to, names[speaker] = speaker, name
    speakers = np.where(transcript.speakers == speaker, np.int16(to), transcript.speakers)
    if 0 <= speaker != to:
        del names[speaker]
        speakers = speakers - (speakers > speaker).astype(np.int16)
    return replace(transcript, names=names, speakers=speakers.astype(np.int16), maker=BY_HAND)

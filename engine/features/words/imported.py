"""Words of subtitles that another program wrote."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from engine.core.errors import SourceError, UsageError
from engine.core.files.safe_write import shown
from engine.core.files.text import decoded
from engine.core.wording import reason_of
from engine.document.analysis import Transcript
from engine.document.edits.analyses import tracks_key
from engine.document.state import DocumentState
from engine.exchange.captions import read_captions
from engine.features.words.captions import spread


def words_of_subtitles(path: Path, length_samples: int, rate_hz: int) -> Transcript:
    """Return the words of an SRT or VTT file; each has a part of its caption by its letters.

    Captions after the end of the recording are refused: the file belongs to another recording.

    Raises
    ------
    SourceError : the file cannot be read
    UsageError : it has no captions, or belongs to a longer recording
    """
    try:
        captions = list(read_captions(decoded(path.read_bytes())))
    except OSError as error:
        raise SourceError(f"{shown(path)} cannot be read: {reason_of(error)}.") from error
    except ValueError as error:
        raise UsageError(f"{shown(path)} is not a file of subtitles: {error}.") from error
    words = sorted(spread(captions), key=lambda one: one.start_s)
    if not words:
        raise UsageError(f"{shown(path)} has no subtitles: choose an SRT or VTT file.")
    spans = np.rint(np.array([(one.start_s, one.stop_s) for one in words]) * rate_hz).astype(np.int64)
    if spans[:, 0].max() >= length_samples:
        last = max(words, key=lambda one: one.start_s)
        raise UsageError(
            f"{shown(path)} has {last.text!r} at {last.start_s:.1f} s, after the end of the recording at "
            f"{length_samples / rate_hz:.1f} s: choose the subtitles of this recording."
        )
    return Transcript(
        texts=[one.text for one in words],
        spans_samples=np.minimum(spans, length_samples),
        probabilities=np.ones(len(words), np.float32),
        speakers=np.full(len(words), -1, np.int16),
        maker=f"subtitles {path.suffix.lower()}",
    )


def words_for_document(path: Path, state: DocumentState) -> Transcript:
    """Return the words of subtitles for a document; see `words_of_subtitles`."""
    return replace(words_of_subtitles(path, state.length_samples, state.rate_hz), of_sound=tracks_key(state))

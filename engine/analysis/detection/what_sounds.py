"""Detect the sounds of a recording: the fifty named ones, and speech, singing and music."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from engine.analysis.detection.detector import Detector, SoundFeatures
from engine.analysis.detection.named_events import NAMED_BY, NamedEvent, named_events
from engine.analysis.detection.versions import analysed_versions
from engine.analysis.detection.voice_frames import MISSING, VoiceStream, is_installed
from engine.analysis.detection.voices import CRIES, PLAYED, SPOKEN, SUNG, VoiceSpan, voice_spans
from engine.core.timebase import s_to_samples, samples_to_s
from engine.document.analysis import DetectedSounds

_log = logging.getLogger(__name__)
GROUPS: Mapping[str, str] = MappingProxyType({"glass breaking": "clatter or glass breaking"})
"""Names of groups: to the network, plates and cutlery are as much like broken glass as glass is.

None of its fifty names is of clatter, and no threshold separates the two.
"""
VOICES = (SPOKEN, SUNG, PLAYED)
WITHOUT_VOICES = f"{NAMED_BY}, no voices"
"""Maker of results without the networks of voices, if these are not installed."""


def analysed(
    hearing: Detector, blocks: Iterable[NDArray[np.float32]]
) -> tuple[tuple[SoundFeatures, ...], tuple[VoiceSpan, ...]]:
    """Analyse a stream and its voices once; see `analysed_versions`.

    Raises
    ------
    OffcutError : the networks of voices are not installed or cannot be loaded
    """
    stream = VoiceStream()
    versions = analysed_versions(hearing, stream.through(blocks))
    return versions, voice_spans(stream.frames)


def sounds_in(
    hearing: Detector, blocks: Iterable[NDArray[np.float32]], rate_hz: int, length_samples: int
) -> DetectedSounds:
    """Return the sounds as documents store them; without voices if their networks are not installed.

    Speech is left out if a named cry covers more than half of it.

    Parameters
    ----------
    blocks : see `analysed`
    rate_hz, length_samples : of the recording
    """
    if is_installed():
        versions, voices = analysed(hearing, blocks)
        maker = NAMED_BY
    else:
        _log.warning(MISSING)
        versions, voices, maker = analysed_versions(hearing, blocks), (), WITHOUT_VOICES
    named = named_events(hearing, versions, rate_hz, length_samples)
    found = [*named]
    for one in voices:
        start = s_to_samples(one.start_s, rate_hz)
        stop = min(s_to_samples(one.stop_s, rate_hz), length_samples)
        event = NamedEvent(start, stop, one.name, one.likelihood)
        if start < stop and not (one.name == SPOKEN and _is_cry(event, named)):
            found.append(event)
    found.sort(key=lambda one: (one.start_samples, one.stop_samples, one.word))
    spans = [(one.start_samples, one.stop_samples) for one in found]
    return DetectedSounds(
        np.array(spans, np.int64).reshape(-1, 2),
        tuple(GROUPS.get(one.word, one.word) for one in found),
        np.array([one.likelihood for one in found], np.float32),
        maker,
    )


def _is_cry(speech: NamedEvent, named: Iterable[NamedEvent]) -> bool:
    """Report whether more than half of speech is a cry that has a name."""
    shared = sum(
        max(0, min(one.stop_samples, speech.stop_samples) - max(one.start_samples, speech.start_samples))
        for one in named
        if one.word in CRIES
    )
    return shared > (speech.stop_samples - speech.start_samples) / 2


def voices_of(sounds: DetectedSounds, rate_hz: int) -> tuple[VoiceSpan, ...]:
    """Return the spans of speech, singing and music among stored sounds, ascending by their starts."""
    rows = zip(sounds.spans_samples.tolist(), sounds.words, sounds.likelihoods.tolist(), strict=True)
    return tuple(
        VoiceSpan(samples_to_s(start, rate_hz), samples_to_s(stop, rate_hz), word, likelihood)
        for (start, stop), word, likelihood in rows
        if word in VOICES
    )

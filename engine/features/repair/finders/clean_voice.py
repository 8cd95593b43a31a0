"""Clean up a voice: noise of whole tracks lowered by a chosen amount, one repair a track.

Speech with its room is lowered only where that takes less of it than of the noise, so that a nearly clean
track is cleaned in its pauses alone. A track without speech, or with little noise under it, is left as it is.
Tracks are separated in pieces of a minute; a temporary file has the result until
the document stores it with the proposal. A result beyond the size of stored audio is divided.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from tempfile import TemporaryFile
from typing import TYPE_CHECKING
from weakref import finalize

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from engine.core.errors import UsageError
from engine.core.progress import Progress, heeding
from engine.core.wording import counted, listed, quoted
from engine.document.edits.by_hand import repair
from engine.document.file.stored_audio import StoredAudio, stored
from engine.document.kinds.spectra import SPECTRA_DB
from engine.document.limits import MOST_AUDIO_SAMPLES
from engine.document.proposals import Proposal
from engine.document.tracks import Track
from engine.features.repair.finders.spectra import Energies, band_energies, spectra_db
from engine.features.repair.separation.settings import LEAST_PROBABILITY
from engine.recordings.track_audio import RepairedTracks, used_keys
from engine.review.finders import Finder, FinderRequest, FinderSettings, Found

if TYPE_CHECKING:
    from engine.features.repair.separation.separate import Recording, Samples
    from engine.features.repair.separation.separator import Prompt

LEAST_DB, MOST_DB = 1.0, 60.0
_SPEECH = "speech"
_CLEAN_DB = 40.0
"""Speech this far above everything else needs no cleaning."""
_NEARLY_CLEAN_DB = 25.0
"""Speech this far above the noise stays nearly as recorded: see `separation.sparing`."""
_NEARLY_DB = 1.0
"""A place that is lowered by the chosen amount less this holds noise alone."""
_PRESENCE = 0.05
"""Share of the progress until the presence of speech is known."""
_PIECE_S = 60.0
"""Pieces overlap by 2 s and are analysed with 4 s around them: longer ones take less time and more memory."""
_PRESENT_S = 12.0
"""Pieces in which speech is looked for."""
_FULL_SCALE = np.float32(2**23)


class CleanVoiceSettings(FinderSettings):
    """The amount by which everything but speech is lowered."""

    lower_by_db: float = Field(
        12.0,
        ge=LEAST_DB,
        le=MOST_DB,
        title="Lower noise by",
        description="lower everything but speech by up to this many dB",
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Cleaned:
    """A part of a track after cleaning.

    Attributes
    ----------
    span : [start, stop) of the timeline
    powers : of each 20 ms before and after, shape (frames, 2)
    spectra_db : levels in bands before and after, see `spectra`
    """

    span: tuple[int, int]
    samples: Samples
    powers: NDArray[np.float64]
    spectra_db: list[list[float]]


def _find(request: FinderRequest, progress: Progress) -> Found:
    """Propose a repair of each track that has speech over noise."""
    assert isinstance(request.settings, CleanVoiceSettings)
    state, lower_by_db = request.state, request.settings.lower_by_db
    tracks = [one for one in state.tracks if one.clips and (not request.tracks or one.id in request.tracks)]
    if not tracks:
        raise UsageError("No track sounds: add a recording to one.")
    proposals, audio = list[Proposal](), list[StoredAudio]()
    left: dict[str, list[str]] = {"without speech": [], "without noise": []}
    with RepairedTracks(state, request.media) as opened:
        for number, track in enumerate(tracks):
            voice = opened.voice(track)
            step = progress.step(number, len(tracks))
            parts = list(_cleaned(request, track, voice.channels, opened, step))
            powers = [part.powers for part in parts]
            above_db = _above_db(np.concatenate(powers), lower_by_db) if parts else -np.inf
            if above_db == -np.inf:
                left["without speech"].append(track.name)
                continue
            if above_db >= _CLEAN_DB:
                left["without noise"].append(track.name)
                continue
            reason = _reason(lower_by_db, above_db)
            for part in parts:
                sound = stored(part.samples, state.rate_hz)
                _, proposal = repair(
                    state,
                    sound,
                    part.span,
                    (track.id,),
                    at_samples=part.span[0],
                    maker=request.maker,
                    reason=reason,
                    crossfade_ms=0.0,
                    over=used_keys(state, track.id, part.span),
                )
                audio.append(sound)
                proposals.append(replace(proposal, payload={**proposal.payload, SPECTRA_DB: part.spectra_db}))
    return Found(tuple(proposals), _summary(len(tracks), left), audio=tuple(audio), figures={"left": left})


def _above_db(powers: NDArray[np.float64], lower_by_db: float) -> float:
    """Return the level of the speech above the noise in dB.

    The noise is the recording where all of it was lowered; without such a place, all that was taken away.

    Parameters
    ----------
    powers : of each 20 ms before and after, shape (frames, 2)
    """
    before, after = powers.T
    is_noise = after <= before * 10.0 ** (-(lower_by_db - _NEARLY_DB) / 10.0)
    if is_noise.all():
        return -np.inf
    noise = before[is_noise].mean() if is_noise.any() else (before - after).clip(min=0.0).mean()
    return float(10.0 * np.log10(max(after[~is_noise].mean(), 1e-30) / max(noise, 1e-30)))


def _reason(lower_by_db: float, above_db: float) -> str:
    reason = f"Noise lowered by up to {lower_by_db:g} dB; speech is {above_db:.0f} dB above it"
    is_nearly_clean = above_db >= _NEARLY_CLEAN_DB
    return f"{reason} and stays nearly as recorded." if is_nearly_clean else f"{reason}."


def _summary(tracks: int, left: dict[str, list[str]]) -> str:
    names = [
        f"{listed([quoted(name) for name in found], 'and')} {why}" for why, found in left.items() if found
    ]
    cleaned = tracks - sum(map(len, left.values()))
    others = f"; left as recorded: {', '.join(names)}" if names else ""
    return f"Cleaned {counted(cleaned, 'track')}{others}."


def _cleaned(
    request: FinderRequest, track: Track, channels: int, opened: RepairedTracks, progress: Progress
) -> Iterator[_Cleaned]:
    """Yield the parts of a track after cleaning; none if it has no speech."""
    from engine.features.repair.separation.checks import understood_prompts
    from engine.features.repair.separation.paint import MaskMemory
    from engine.features.repair.separation.separate import (
        Asked,
        Recording,
        RememberingSeparator,
        separate,
    )
    from engine.features.repair.separation.separator import Mode
    from engine.features.repair.separation.sparing import SparingSeparator
    from engine.features.repair.separation.speech import pooled_speech_separator

    assert isinstance(request.settings, CleanVoiceSettings)
    state, prompts = request.state, understood_prompts([_SPEECH])
    recording = Recording(opened.voice(track).read, state.length_samples, state.rate_hz)
    whole = min(one.start_samples for one in track.clips), max(one.stop_samples for one in track.clips)
    if not _has_speech(recording, whole, prompts, progress.part(0.0, _PRESENCE)):
        return
    count = -(-(whole[1] - whole[0]) * channels // MOST_AUDIO_SAMPLES)
    edges = np.linspace(*whole, count + 1).astype(np.int64).tolist()
    asked = Asked(prompts, Mode.KEEP, 0.0, -request.settings.lower_by_db, (), False)
    separator = RememberingSeparator(SparingSeparator(pooled_speech_separator()), MaskMemory())
    for number in range(count):
        step = progress.part(_PRESENCE, 1.0).step(number, count)
        span = edges[number], edges[number + 1]
        samples, powers, energies = _on_disk(span[1] - span[0], channels), [], list[Energies]()
        for piece in separate(recording, (span,), asked, separator, step, _PIECE_S):
            at = piece.start_samples
            before = recording.read(at, at + len(piece.samples))
            samples[at - span[0] : at - span[0] + len(before)] = _in_24_bits(piece.samples)
            powers.append(np.stack([_powers(one, state.rate_hz) for one in (before, piece.samples)], axis=1))
            energies.append(band_energies(before, piece.samples, state.rate_hz))
        samples.setflags(write=False)
        yield _Cleaned(span, samples, np.concatenate(powers), spectra_db(energies, len(samples)))


def _has_speech(
    recording: Recording, whole: tuple[int, int], prompts: Sequence[Prompt], progress: Progress
) -> bool:
    """Return whether speech is likely in a piece of a track; the first such piece decides."""
    from engine.features.repair.separation.checks import probabilities
    from engine.features.repair.separation.separate import heard_around, piece_spans

    spans = piece_spans(whole, recording.rate_hz, _PRESENT_S)
    pieces = (heard_around(recording, (span,), span)[0] for span in spans)
    found = heeding(progress, (probabilities(one, prompts) for one in pieces if np.any(one.samples)))
    return any(one[0] >= LEAST_PROBABILITY for one in found)


def _on_disk(frames: int, channels: int) -> Samples:
    """Return samples in a temporary file, so that memory does not grow with the length of a track.

    The file is open as long as the samples: Windows removes it when it is closed.
    """
    file = TemporaryFile()  # noqa: SIM115 - closed with the samples
    samples = np.memmap(file, np.float32, "w+", shape=(frames, channels))
    finalize(samples, file.close)
    return samples


def _in_24_bits(samples: Samples) -> Samples:
    """Return samples rounded to 24 bits, which a document stores in half the space; 0.0 in place of -0.0."""
    return np.asarray(np.rint(samples * _FULL_SCALE) / _FULL_SCALE + np.float32(0.0), np.float32)


def _powers(samples: Samples, rate_hz: int) -> NDArray[np.float64]:
    """Return the mean power of each 20 ms, shape (frames,); the last one is up to 30 ms long."""
    starts = np.arange(0, max(1, len(samples) - rate_hz // 100), max(1, rate_hz // 50))
    energies = np.add.reduceat(np.square(samples, dtype=np.float64).mean(axis=1), starts)
    return np.asarray(energies / np.diff(starts, append=len(samples)), np.float64)


CLEAN_VOICE = Finder(
    "Clean up a voice",
    "Lowers noise of whole tracks with speech.",
    _find,
    CleanVoiceSettings,
)

"""Generated documents with clips, and a plain renderer of them: whole arrays, one clip after the other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from engine.document.state import DocumentState
from engine.document.tracks import Clip, Source, Track

RATE_HZ = 8_000


@dataclass(frozen=True)
class ClipDocument:
    """A document, its files, and the samples of each."""

    state: DocumentState
    media: dict[str, Path]
    samples: dict[str, np.ndarray]


def clip_document(folder: Path, seed: int, *, plain: bool = False) -> ClipDocument:
    """Make a document of one to four tracks with one to eight clips, which may overlap.

    Parameters
    ----------
    plain : without gains, fades and overlaps, and with one number of channels a track
    """
    random = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    sources, media, samples = {}, {}, {}
    for number in range(random.integers(1, 6)):
        key, channels = f"s{number}", int(random.integers(1, 3))
        frames = int(random.integers(50, 5_000))
        samples[key] = random.standard_normal((frames, channels)).astype(np.float32) * np.float32(0.1)
        media[key] = folder / f"{key}.wav"
        soundfile.write(media[key], samples[key], RATE_HZ, subtype="FLOAT")
        sources[key] = Source(key, str(media[key]), "", RATE_HZ, channels, frames, "WAV", "FLOAT")
    tracks = tuple(_track(random, place, sources, plain=plain) for place in range(random.integers(1, 5)))
    return ClipDocument(DocumentState(RATE_HZ, sources, tracks), media, samples)


def _track(random: np.random.Generator, place: int, sources: dict[str, Source], *, plain: bool) -> Track:
    clips: list[Clip] = []
    own = list(sources.values())
    if plain:
        first = own[random.integers(len(own))]
        own = [one for one in own if one.channels == first.channels]
    for number in range(random.integers(1, 9)):
        source = own[random.integers(len(own))]
        offset = int(random.integers(0, source.frames))
        length = int(random.integers(1, source.frames - offset + 1))
        after = clips[-1].stop_samples if clips else 0
        gap = int(random.choice([0, 0, random.integers(0, 2_000)]))
        start = after + gap if plain else int(random.integers(0, 9_000))
        values = {} if plain else _sound(random, length)
        clips.append(Clip(f"c{place}-{number}", source.id, start, offset, length, **values))
    gain_db = float(random.choice([0.0, -6.0]))
    return Track(f"t{place}", f"Track {place}", place, gain_db=gain_db, clips=tuple(clips))


def _sound(random: np.random.Generator, length: int) -> dict[str, float | int]:
    fade_in = int(random.choice([0, random.integers(0, length // 2 + 1)]))
    fade_out = int(random.choice([0, random.integers(0, length // 2 + 1)]))
    gain_db = float(random.choice([0.0, 0.0, random.uniform(-20, 6)]))
    return {"gain_db": gain_db, "fade_in_samples": fade_in, "fade_out_samples": fade_out}


def plain_track(document: ClipDocument, track: Track) -> np.ndarray:
    """Return the samples of a track from the start of the timeline, shape (frames, channels)."""
    state = document.state
    channels = max(state.sources[clip.source_id].channels for clip in track.clips)
    end = max(clip.start_samples + clip.length_samples for clip in track.clips)
    whole = np.zeros((end, channels), np.float32)
    for clip in track.clips:
        heard = document.samples[clip.source_id][clip.offset_samples :][: clip.length_samples]
        heard = heard * np.float32(10.0 ** (clip.gain_db / 20.0)) if clip.gain_db else heard
        power = np.ones(clip.length_samples)
        at = np.arange(clip.length_samples) + 0.5
        if clip.fade_in_samples:
            power = np.minimum(power, at / clip.fade_in_samples)
        if clip.fade_out_samples:
            power = np.minimum(power, (clip.length_samples - at) / clip.fade_out_samples)
        here = whole[clip.start_samples : clip.start_samples + clip.length_samples]
        faded = power < 1.0
        under = np.sqrt(1.0 - power).astype(np.float32)[:, None]
        over = np.sqrt(power).astype(np.float32)[:, None]
        laid = np.zeros_like(here)
        laid[:, : heard.shape[1] if heard.shape[1] > 1 else channels] = heard
        here[faded] = here[faded] * under[faded] + laid[faded] * over[faded]
        here[~faded] = laid[~faded]
    return whole


def plain_mix(document: ClipDocument) -> np.ndarray:
    """Return the mix of a document, shape (frames, channels)."""
    tracks = [(track, plain_track(document, track)) for track in document.state.tracks]
    frames = max(len(sound) for _, sound in tracks)
    channels = max(sound.shape[1] for _, sound in tracks)
    mix = np.zeros((frames, channels), np.float32)
    for track, sound in tracks:
        gain = float(10.0 ** (track.gain_db / 20.0))
        laid = sound if gain == 1.0 else sound * np.float32(gain)
        mix[: len(sound), : channels if sound.shape[1] == 1 else sound.shape[1]] += laid
    return mix

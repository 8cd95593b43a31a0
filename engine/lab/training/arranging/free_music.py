"""Source recordings of rehearsals, under licences that allow the weights to ship.

Bands and drummers are rendered by rule, as in `engine.lab.training.beats`. In addition there are free
recordings of the half that settings are chosen on, and real voices.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import soundfile

from engine.analysis.beats.activations import RATE_HZ
from engine.analysis.detection.spectra import MEL
from engine.lab.simulated.recordings import HEARD_RATE_HZ, Clips, clips_in, converted
from engine.lab.simulated.rehearsals.passages import DRUMS, LOOPS, MUSIC, Pool, pools_in
from engine.lab.training.beats.groove import LEARNED, grooves
from engine.lab.training.beats.pieces import Piece, performance, piece
from engine.lab.training.detection.recordings import FREE_MUSIC, free_recordings, read_mono
from engine.lab.training.detection.sounds import LEARNED_FOLDS, free_clips

BANDS, DRUMMERS = 120, 40
"""Numbers of rendered pieces, 45 s each."""
_MOST_VOICES = 60
_FEWEST_BEATS = 16


def free_pool(data_dir: Path, rendered: Path, *, bands: int = BANDS, drummers: int = DRUMMERS) -> Pool:
    """Return recordings to learn from; rendered ones are made once.

    Parameters
    ----------
    data_dir : holds `music`, `loops`, `mdbdrums` and `multimic/midi`
    rendered : folder of the rendered ones, 1 MB each

    Raises
    ------
    UsageError : the folder does not hold them
    FileNotFoundError : fluidsynth is not installed
    """
    played = grooves(data_dir / "multimic" / "midi", LEARNED)
    rendered.mkdir(parents=True, exist_ok=True)
    band = partial(piece, played=played, validation=False)
    drummer = partial(performance, played=played)
    music = [_rendered(rendered / f"band-{seed}.flac", seed, band) for seed in range(bands)]
    drums = [_rendered(rendered / f"drummer-{seed}.flac", seed, drummer) for seed in range(drummers)]
    chosen, _ = pools_in(data_dir)
    recorded = [files for files in chosen.paths[MUSIC] if files[0].name.startswith(FREE_MUSIC)]
    return Pool(
        {
            MUSIC: (*((path,) for path in music if path is not None), *recorded),
            DRUMS: tuple((path,) for path in drums if path is not None),
            LOOPS: chosen.paths[LOOPS],
        }
    )


def _rendered(path: Path, seed: int, make: Callable[[int], Piece]) -> Path | None:
    """Return the file of a piece; None where it has too few beats to be a passage."""
    if not path.exists():
        made = make(seed)
        mix = made.drums + made.music
        if len(made.beats_s) < _FEWEST_BEATS or not mix.any():
            return None
        unfinished = path.with_suffix(".part.flac")
        soundfile.write(unfinished, mix / np.abs(mix).max(), RATE_HZ)
        unfinished.replace(path)
    return path


def free_faults(data_dir: Path) -> Clips:
    """Read voices and noises that sound between takes: free clips of ESC-50 and real sentences.

    Parameters
    ----------
    data_dir : holds `esc50` and `speech`

    Raises
    ------
    UsageError : it does not hold them
    """
    free = free_clips(data_dir / "esc50", LEARNED_FOLDS)
    clips = clips_in(data_dir, free)
    sentences = free_recordings(data_dir).speech[:_MOST_VOICES]
    clips["talk"] += [converted(read_mono(path), MEL.rate_hz, HEARD_RATE_HZ) for path in sentences]
    return clips

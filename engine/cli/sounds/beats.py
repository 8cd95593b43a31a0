"""``offcut beats AUDIO``: the pulse of a recording."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from engine.cli.output import Verb, VerbOutput
from engine.core.progress import Progress
from engine.core.timebase import samples_to_s_array
from engine.core.wording import counted


def add_beats_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    parser.add_argument("audio", type=Path, metavar="AUDIO")


def run_beats(options: argparse.Namespace, progress: Progress) -> Iterator[VerbOutput]:
    """Find tempo, beats and downbeats."""
    from engine.analysis.beats.listen import listen
    from engine.analysis.signal.mono import mono_of
    from engine.sound.reader import SourceReader

    with SourceReader(options.audio) as reader:
        blocks = mono_of(reader, reader.rate_hz)
        grid = listen(blocks, reader.rate_hz, reader.frames, progress).grid
        beats_s = samples_to_s_array(grid.beats_samples, reader.rate_hz)
        downbeats_s = samples_to_s_array(grid.downbeats_samples, reader.rate_hz)
    yield VerbOutput(
        {
            "tempo_bpm": grid.tempo_bpm,
            "beats_s": beats_s.tolist(),
            "downbeats_s": downbeats_s.tolist(),
            "free_s": samples_to_s_array(grid.free_samples, reader.rate_hz).tolist(),
            "confidence": grid.confidence,
        },
        f"{options.audio}: {grid.tempo_bpm:.1f} BPM, {counted(len(beats_s), 'beat')}, "
        f"confidence {grid.confidence:.2f}"
        if len(beats_s)
        else f"{options.audio}: no steady pulse was found",
    )


BEATS = Verb(add_beats_arguments, run_beats)

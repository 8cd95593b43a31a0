"""``offcut new PROJECT.offcut AUDIO...``: import into a new document."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from engine.cli.output import VerbOutput
from engine.document.document import Document
from engine.hits.membership import left_behind, left_behind_sentence
from engine.progress import Progress
from engine.recordings.import_audio import ImportRequest, import_edit
from engine.recordings.stored_pickup import store_pickup
from engine.timebase import format_time, samples_to_s
from engine.wording import counted, listed


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    parser.add_argument("project", type=Path, metavar="PROJECT.offcut")
    parser.add_argument("audio", type=Path, nargs="+", metavar="AUDIO", help="one file a track")


def run(options: argparse.Namespace, progress: Progress) -> Iterator[VerbOutput]:
    """Import first, so that a file that cannot be read leaves no empty document behind."""
    from engine.recordings.kit import import_with_kit

    imported = import_with_kit(ImportRequest(tuple(options.audio)), progress)
    with Document.create(options.project) as document:
        document.apply(import_edit(document.state, imported))
        if imported.pickup is not None:
            document.apply(*store_pickup(document.state, imported.pickup))
        state = document.state
    kit = [track for track in state.tracks if track.group]
    outside = left_behind(state, imported.pickup, [track.id for track in kit])
    length_s = samples_to_s(state.length_samples, state.rate_hz)
    tracks = counted(len(state.tracks), "track")
    lines = [f"{options.project}: {tracks}, {format_time(length_s)} at {state.rate_hz} Hz"]
    lines += [f"Drum kit: {listed([track.name for track in kit])}"] if kit else []
    lines += [left_behind_sentence(outside)] if outside else []
    yield VerbOutput(
        {
            "project": str(options.project),
            "rate_hz": state.rate_hz,
            "length_s": length_s,
            "tracks": [
                {"name": track.name, "source": state.sources[track.clips[0].source_id].path}
                for track in state.tracks
            ],
            "kit": [track.name for track in kit],
            "left_behind": list(outside),
            "warnings": list(imported.warnings),
        },
        "\n".join([*lines, *imported.warnings]),
    )

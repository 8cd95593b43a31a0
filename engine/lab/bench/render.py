"""Rendering and export, against a plain copy of the retained spans with soundfile."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import soundfile
from numpy.typing import NDArray

from engine.core.progress import SILENT, Progress
from engine.document.document import Document
from engine.document.edits.proposals import decide, replace_proposals
from engine.document.proposals import Proposal, Verdict, proposal_id
from engine.document.state import DocumentState
from engine.exchange.export import ExportOptions, ExportRequest, export
from engine.exchange.export.request import Depth
from engine.lab.bench.measured import Measured, side_by_side
from engine.lab.bench.sound import write
from engine.recordings.import_audio import ImportRequest, import_audio, import_edit
from engine.sound.edl.build import build
from engine.sound.edl.render import Renderer

LENGTH_S = 600
CUTS = 20
ROUNDS = 3
FORMATS = (
    ("wav_16_bit", "wav", Depth.BITS_16, "PCM_16"),
    ("wav_24_bit", "wav", Depth.BITS_24, "PCM_24"),
    ("wav_float", "wav", Depth.FLOAT_32, "FLOAT"),
    ("flac_24_bit", "flac", Depth.BITS_24, "PCM_24"),
)
_BLOCK_FRAMES = 1 << 16


def measure(progress: Progress) -> Iterator[Measured]:
    """Measure 10 minutes of stereo at 48 kHz with 20 cuts, recorded as 32-bit float.

    Shorter samples are dithered, and WAV files carry bext, iXML and a cue point for each cut; the peer does
    neither.
    """
    with TemporaryDirectory() as place:
        folder = Path(place)
        source = write(folder / "jam.wav", LENGTH_S, subtype="FLOAT")
        state, media = _cut_document(folder, source)
        progress.report(0.3, "Rendering")
        kept_s = build(state).length_samples / state.rate_hz
        ours_s, peer_s = side_by_side(
            partial(_render, state, media), partial(_concatenate, state, source), ROUNDS
        )
        yield Measured("render_times_real_time", kept_s / ours_s, kept_s / peer_s, ROUNDS)
        for number, (name, suffix, depth, subtype) in enumerate(FORMATS):
            progress.report(0.4 + 0.6 * number / len(FORMATS), f"Exporting {name}")
            out = folder / f"out.{suffix}"
            options = ExportOptions(depth=depth)
            request = ExportRequest(state, media, out, True, "bench", options=options)
            ours_s, peer_s = side_by_side(
                partial(export, request, SILENT), partial(_copy, state, source, out, subtype), ROUNDS
            )
            yield Measured(f"export_{name}_times_real_time", kept_s / ours_s, kept_s / peer_s, ROUNDS)


def _cut_document(folder: Path, source: Path) -> tuple[DocumentState, dict[str, Path]]:
    imported = import_audio(ImportRequest((source,)), SILENT)
    with Document.create(folder / "bench.offcut") as document:
        document.apply(import_edit(document.state, imported))
        step = document.state.length_samples // CUTS
        cuts = [_cut(number * step + step // 3, number * step + step // 2) for number in range(CUTS)]
        document.apply(replace_proposals(document.state, cuts, {}, "Proposed"))
        document.apply(decide(document.state, [cut.id for cut in cuts], Verdict.ACCEPTED))
        return document.state, dict(imported.media.paths)


def _cut(start: int, stop: int) -> Proposal:
    name = proposal_id("cut", start, stop, "bench")
    return Proposal(name, "cut", start, stop, 0.9, "Bench.", "bench", payload={"crossfade_ms": 20.0})


def _render(state: DocumentState, media: dict[str, Path]) -> None:
    with Renderer(state, build(state), media) as renderer:
        for _ in renderer.blocks(_BLOCK_FRAMES):
            pass


def _concatenate(state: DocumentState, source: Path) -> NDArray[np.float32]:
    """Read the retained spans and concatenate them with hard cuts."""
    edit_list = build(state)
    spans = zip(edit_list.kept_starts_samples, edit_list.kept_stops_samples, strict=True)
    with soundfile.SoundFile(source) as file:
        pieces = []
        for start, stop in spans:
            file.seek(int(start))
            pieces.append(file.read(int(stop - start), dtype="float32"))
    return np.concatenate(pieces)


def _copy(state: DocumentState, source: Path, out: Path, subtype: str) -> None:
    soundfile.write(out, _concatenate(state, source), state.rate_hz, subtype=subtype)

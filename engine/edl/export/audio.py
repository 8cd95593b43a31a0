"""The result as a WAV or FLAC file at the rate, channels and bit depth of the sources."""

from __future__ import annotations

from engine.audio.writer import block_dtype, container_for, export_format, write_audio
from engine.edl.build import build
from engine.edl.export.request import Exported, ExportRequest, accepted_cuts
from engine.edl.render import Renderer
from engine.errors import ExportError
from engine.progress import Progress
from engine.safe_write import shown
from engine.timebase import format_time, samples_to_s

BLOCK_FRAMES = 65_536

_WORDS = {"FLOAT": "32-bit float", "DOUBLE": "64-bit float"}


def write(request: ExportRequest, progress: Progress) -> Exported:
    """Render the document into an audio file.

    Raises
    ------
    ExportError : nothing remains to be heard, or the format cannot hold it
    """
    if not request.state.tracks:
        raise ExportError(
            f"{shown(request.out)} would be empty because nothing is imported: import audio first."
        )
    edit_list = build(request.state)
    if not edit_list.length_samples:
        raise ExportError(
            f"{shown(request.out)} would be empty because everything is cut: reject a cut first."
        )
    tracks = request.state.tracks
    subtype = export_format(
        (request.state.sources[track.source_id].subtype for track in tracks), request.out.suffix
    )
    with Renderer(request.state, edit_list, request.media, block_dtype(subtype), progress) as renderer:
        written = write_audio(
            request.out,
            renderer.blocks(BLOCK_FRAMES),
            rate_hz=renderer.rate_hz,
            channels=renderer.channels,
            container=container_for(request.out.suffix),
            subtype=subtype,
            overwrite=request.overwrite,
            progress=progress,
            total_frames=renderer.length_samples,
        )
        channels = renderer.channels
    length_s = samples_to_s(written.frames, edit_list.rate_hz)
    sentence = (
        f"Exported {format_time(length_s, 1)} to {shown(request.out.name)}: {edit_list.rate_hz} Hz, "
        f"{_channel_words(channels)}, {_depth_words(subtype)}."
    )
    if written.clipped_samples:
        sentence += (
            f" {written.clipped_samples} samples were too loud and were clipped; lower the gain of a track."
        )
    figures = {
        "length_s": length_s,
        "source_length_s": samples_to_s(edit_list.source_length_samples, edit_list.rate_hz),
        "cuts": float(len(accepted_cuts(request.state))),
        "peak": written.peak,
        "clipped_samples": float(written.clipped_samples),
    }
    return Exported(written.path, sentence, figures)


def _channel_words(channels: int) -> str:
    return {1: "mono", 2: "stereo"}.get(channels, f"{channels} channels")


def _depth_words(subtype: str) -> str:
    return _WORDS.get(subtype) or f"{subtype.removeprefix('PCM_').lstrip('SU')} bit"

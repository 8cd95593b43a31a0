"""Time that the parts of an export take, so that progress runs evenly over them."""

from __future__ import annotations

from collections.abc import Collection

from engine.document.tracks import audible
from engine.exchange.export.audio_files.audio_plan import planned_audio, planned_sound
from engine.exchange.export.formats import AUDIO_SUFFIXES, FORMATS
from engine.exchange.export.placing.media_files import Collected, TrackFile
from engine.exchange.export.placing.stretches import Consolidated
from engine.exchange.export.request import ExportRequest

_LEAST_S = 0.01
_SAMPLES_A_S = 20_000_000  # rendered and written, of one track
_CODED_SAMPLES_A_S = 2_000_000  # coded, measured with MP3, of all channels together
_COPIED_BYTES_A_S = 400_000_000


def export_cost_s(request: ExportRequest) -> float:
    """Estimate the duration of a whole export in seconds, companion files included."""
    copied, consolidated = (one for one in request.collected if not one.is_there), request.consolidated
    beside_s = copy_cost_s(tuple(copied)) + consolidate_cost_s((*consolidated.values(), *request.track_files))
    return beside_s + write_cost_s(request)


def write_cost_s(request: ExportRequest) -> float:
    """Estimate the duration of writing the file itself."""
    suffix = request.out.suffix.lower()
    if suffix in AUDIO_SUFFIXES:
        measured_s = measure_cost_s(request)
        coded_frames = sum(file.frames for file in planned_audio(request) if file.coding is not None)
        return _LEAST_S + measured_s + render_cost_s(request) + coded_frames / _CODED_SAMPLES_A_S
    return _LEAST_S + clip_count(request) * FORMATS[suffix].clip_s


def measure_cost_s(request: ExportRequest) -> float:
    """Estimate the duration of measuring the loudness; 0 if not requested."""
    return 0.0 if request.options.loudness_lufs is None else render_cost_s(request)


def render_cost_s(request: ExportRequest) -> float:
    """Estimate the duration of rendering the result once."""
    return planned_sound(request).frames * len(audible(request.state.tracks)) / _SAMPLES_A_S


def copy_cost_s(copies: Collection[Collected]) -> float:
    """Estimate the duration of copying these recordings."""
    return sum(one.size_bytes for one in copies) / _COPIED_BYTES_A_S


def consolidate_cost_s(files: Collection[Consolidated | TrackFile]) -> float:
    """Estimate the duration of writing the edited sound of tracks, or further tracks of videos."""
    return sum(one.source.frames for one in files) / _SAMPLES_A_S


def clip_count(request: ExportRequest) -> int:
    """Return the approximate number of clips on the channels of all tracks."""
    state = request.state
    channels = sum(len(track.clips) * state.channels(track) for track in state.tracks)
    joints = sum(2 * len(one.stretches) * one.source.channels for one in request.consolidated.values())
    return channels * max(1, len(request.edit_list.starts_samples)) + joints

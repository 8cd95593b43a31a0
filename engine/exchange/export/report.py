"""Reports of written audio: one line per file, with its origin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log10
from pathlib import Path

import numpy as np

from engine.core.files.safe_write import shown
from engine.core.progress import Progress
from engine.core.timebase import format_time, samples_to_s
from engine.core.wording import counted, listed
from engine.document.tracks.track import audible
from engine.exchange.export.audio_files.audio_plan import PlannedAudio, depth_words, source_depth
from engine.exchange.export.audio_files.gain import Normalised
from engine.exchange.export.request import Exported, ExportRequest, accepted_edits, edit_figures
from engine.sound.edl.levels.true_peak import decibels
from engine.sound.edl.tracks.voice import media_path
from engine.sound.headers.encoder_delay import encoder_delay_samples
from engine.sound.pictures.peak_cache import load_peaks
from engine.sound.reader import SourceReader
from engine.sound.writer import WrittenAudio

_MOST_TOLD = 3
_BLOCK_FRAMES = 1 << 18


@dataclass(frozen=True, slots=True)
class Before:
    """Input of an export.

    Attributes
    ----------
    peak : the largest absolute sample of the audible recordings, 1.0 at full scale
    length_s : of the recording, before cuts
    words : length, rate, depth and peak in words
    """

    peak: float
    length_s: float
    words: str


@dataclass(frozen=True, slots=True)
class Written:
    """A written file, and notes for its report."""

    exported: Exported
    notes: tuple[str, ...]

    @property
    def told(self) -> Exported:
        """The file with its notes."""
        one = self.exported
        return Exported(one.path, " ".join((one.sentence, *self.notes)), one.figures)


def look_before(request: ExportRequest, progress: Progress) -> Before:
    """Measure the audible recordings; their peaks are cached since the import, or computed now.

    Raises
    ------
    SourceError : a recording is missing or cannot be read
    """
    state = request.state
    tracks = {source_id: track for track in audible(state.tracks) for source_id in track.source_ids}
    peak = 0.0
    for number, (source_id, track) in enumerate(tracks.items()):
        path = media_path(state, track, source_id, request.media)
        content_hash, share = state.sources[source_id].content_hash, progress.step(number, len(tracks))
        peak = max(peak, _kept_peak(content_hash, state.rate_hz, path, share))
    length_s = samples_to_s(state.length_samples, state.rate_hz)
    rates = sorted({state.sources[key].rate_hz for track in state.tracks for key in track.source_ids})
    words = (
        f"{format_time(length_s, 1)}, {listed([f'{rate} Hz' for rate in rates])}, {source_depth(state)}, "
        f"{peak_words(peak)}"
    )
    return Before(peak, length_s, words)


def _kept_peak(content_hash: str, rate_hz: int, path: Path, progress: Progress) -> float:
    kept = load_peaks(content_hash, rate_hz) if content_hash else None
    if kept is not None:
        return float(np.abs(kept.levels[-1][:2]).max(initial=0.0))
    peak = 0.0
    with SourceReader(path) as reader:
        for number, block in enumerate(reader.blocks(_BLOCK_FRAMES)):
            progress.check_cancelled()
            peak = max(peak, float(np.abs(block).max(initial=0.0)))
            progress.report(
                min(1.0, (number + 1) * _BLOCK_FRAMES / reader.frames), "Measuring the recordings"
            )
    return peak


def peak_words(peak: float) -> str:
    """Return a peak in words: "peak −3.1 dBFS"."""
    if peak <= 0.0:
        return "silent"
    text = f"{20 * log10(peak):.1f}"
    return f"peak {'0.0' if text == '-0.0' else text.replace('-', '−')} dBFS"


def report(
    request: ExportRequest,
    file: PlannedAudio,
    written: WrittenAudio,
    gain: Normalised | None,
    before: Before,
    left_out: Sequence[str],
) -> Written:
    """Return the report of one file."""
    length_s = samples_to_s(written.frames, file.rate_hz)
    is_clipped = written.clipped_samples > 0
    peak = min(written.peak, 1.0) if is_clipped else written.peak
    line = (
        f"Exported {format_time(length_s, 1)} to {shown(written.path.name)}: {_rate_words(file)}, "
        f"{_channel_words(file.channels)}, {_depth_words(file, length_s)}, {peak_words(peak)}; "
        f"before: {before.words}."
    )
    notes = []
    if request.options.gain_db and gain is None:
        notes.append(f"It is {_louder_words(request.options.gain_db)} than the document.")
    if is_clipped:
        notes.append(_clipped_words(written))
    figures = {
        "length_s": length_s,
        "source_length_s": before.length_s,
        **edit_figures(accepted_edits(request.state)),
        "peak": written.peak,
        "source_peak": before.peak,
        "rate_hz": float(file.rate_hz),
        "clipped_samples": float(written.clipped_samples),
    }
    if file.coding is not None:
        delay_samples = encoder_delay_samples(file.path, file.rate_hz)
        figures["encoder_delay_samples"] = float(delay_samples)
        if delay_samples:
            notes.append(
                f"The coder put {counted(delay_samples, 'sample')} in front; the file states this, "
                "and players skip them."
            )
    if gain is not None:
        notes.append(gain.sentence)
        figures |= gain.figures
    return Written(Exported(written.path, line, figures), (*notes, *left_out))


def report_together(request: ExportRequest, written: Sequence[Written], unheard: str) -> Exported:
    """Report several files at once: each of a few, or their count.

    Parameters
    ----------
    unheard : regions without a file, "" if all have one
    """
    parts = [one.told for one in written]
    if unheard:
        last = parts[-1]
        parts[-1] = Exported(last.path, f"{last.sentence} {unheard}", last.figures)
    figures = dict(parts[0].figures)
    if request.options.regions:
        figures["length_s"] = sum(part.figures["length_s"] for part in parts)
        figures["peak"] = max(part.figures["peak"] for part in parts)
    figures["clipped_samples"] = sum(part.figures["clipped_samples"] for part in parts)
    if len(parts) <= _MOST_TOLD:
        return Exported(request.out, " ".join(part.sentence for part in parts), figures, tuple(parts))
    lengths_s = sum(part.figures["length_s"] for part in parts)
    sentence = (
        f"Exported {counted(len(parts), 'file')}, {format_time(lengths_s, 1)} in all, "
        f"{shown(parts[0].path.name)} to {shown(parts[-1].path.name)}."
    )
    notes = dict.fromkeys(note for one in written for note in one.notes)
    said = " ".join([sentence, *notes, *filter(None, (unheard,))])
    return Exported(request.out, said, figures, tuple(parts))


def _louder_words(gain_db: float) -> str:
    return f"{abs(gain_db):.1f} dB {'louder' if gain_db > 0 else 'quieter'}"


def _clipped_words(written: WrittenAudio) -> str:
    over = f", up to {decibels(written.peak):.1f} dB over full scale," if written.peak > 1.0 else ""
    were = "was" if written.clipped_samples == 1 else "were"
    clipped = counted(written.clipped_samples, "sample")
    return f"{clipped} {were} too loud{over} and {were} clipped; export it lower."


def _rate_words(file: PlannedAudio) -> str:
    own_hz = file.state.rate_hz
    return f"{file.rate_hz} Hz" + (f" converted from {own_hz} Hz" if file.rate_hz != own_hz else "")


def _depth_words(file: PlannedAudio, length_s: float) -> str:
    """Return the bit depth of the samples or, for a coded file, its bit rate."""
    if file.coding is None:
        return depth_words(file.subtype)
    kbit_s = file.path.stat().st_size * 8 / 1_000 / length_s
    return f"{file.coding.codec.name} at {kbit_s:.0f} kbit/s"


def _channel_words(channels: int) -> str:
    return {1: "mono", 2: "stereo"}.get(channels, f"{channels} channels")

"""Separate a sound in a file: checked, written and measured, in the same order on every surface.

The recording is written with its windows changed, and all else sample for sample. The level by which the
sound was lowered is measured on the result. A span of the recording can be the prompt.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from engine.analysis.detection.detector import CONTEXT_S as DETECTOR_CONTEXT_S
from engine.analysis.detection.spectra import MEL
from engine.analysis.sound_names.vocabulary import without_not
from engine.core.files.safe_write import check_target
from engine.core.progress import SILENT, Progress
from engine.core.timebase import convert_samples, s_to_samples
from engine.core.wording import listed
from engine.features.repair.separation.checks import credible_windows, require_present
from engine.features.repair.separation.network import like_span
from engine.features.repair.separation.paint import MaskMemory, PaintedMask
from engine.features.repair.separation.registry import separator_named
from engine.features.repair.separation.separate import (
    Asked,
    Read,
    Recording,
    RememberingSeparator,
    Samples,
    Separated,
    mask_of,
    piece_spans,
    separate,
)
from engine.features.repair.separation.separator import CONTEXT_S, Mode, Prompt, Separator, transform_at
from engine.features.repair.separation.settings import DEFAULT, Energy, LevelChange, combined
from engine.features.repair.separation.windows import joined
from engine.sound.codecs import Container
from engine.sound.reader import SourceReader
from engine.sound.writer import WrittenAudio, block_dtype, container_for, export_format, write_audio


def example_in_file(reader: SourceReader, start_s: float, stop_s: float) -> Prompt:
    """Return a prompt for the sound from one time to another.

    Raises
    ------
    UsageError : the span is empty, silent, or beyond the recording
    SourceError : the recording cannot be read there
    """
    spans = [(s_to_samples(start_s, reader.rate_hz), s_to_samples(stop_s, reader.rate_hz))]
    ((start, stop),) = joined(spans, reader.frames, reader.rate_hz)
    around = s_to_samples(DETECTOR_CONTEXT_S, reader.rate_hz)
    first = max(0, start - around)
    mono = reader.read(first, min(reader.frames, stop + around)).mean(axis=1, dtype=np.float32)
    heard = np.asarray(soxr.resample(mono, reader.rate_hz, MEL.rate_hz), np.float32)
    span = (
        convert_samples(start - first, reader.rate_hz, MEL.rate_hz),
        convert_samples(stop - first, reader.rate_hz, MEL.rate_hz),
    )
    return like_span(heard, span, f"like {start_s:g}-{stop_s:g} s")


ROOM_TONE_DBFS, ROOM_TONE_QUIETER_DB = -45.0, 20.0
"""Surroundings are room tone below the first, and if the window is louder than they are by the second."""
_MOST_OF_WINDOW = 0.5
_FRAME_S = 0.05
_FRAMES_AT_ONCE = 600
_LOUD_FRAMES = 0.95
_TINY = 1e-20


def level_change(
    recording: Recording,
    result: Read,
    windows: Sequence[tuple[int, int]],
    window: tuple[int, int],
    wanted: Asked,
    separator: Separator,
) -> LevelChange:
    """Measure the levels inside one window before and after.

    Each cell of the spectrum counts as the sound asked for by its share in the mask, in the recording as in
    the result.

    Parameters
    ----------
    windows : as `engine.features.repair.separation.windows.joined` returns them
    window : one of them
    result : reads the recording after the separation, inside the window
    separator : asked again for the masks; one that remembers them answers at once
    """
    found = []
    for span in piece_spans(window, recording.rate_hz):
        found.append(_piece_change(recording, result(*span), windows, span, wanted, separator))
    change = combined(found)
    is_alone = change.target.before >= _MOST_OF_WINDOW * change.window.before
    return replace(change, only_room_tone=is_alone and _only_room_tone(recording, window))


def _piece_change(
    recording: Recording,
    after: Samples,
    windows: Sequence[tuple[int, int]],
    span: tuple[int, int],
    wanted: Asked,
    separator: Separator,
) -> LevelChange:
    rate_hz = recording.rate_hz
    before = recording.read(*span)
    mask, first = mask_of(recording, windows, span, wanted.prompts, separator)
    painted = PaintedMask(mask.from_later((span[0] - first) / rate_hz), wanted.paint, span[0], rate_hz)
    powers, times_s, hz = _powers((before, after), rate_hz)
    shares = painted.at(times_s, hz)
    lowered = shares if wanted.mode is Mode.REMOVE else 1.0 - shares
    energies = [float(np.sum(np.square(each, dtype=np.float64))) for each in (before, after)]
    scale = energies[0] / max(float(powers[0].sum()), _TINY)
    target = [scale * float((lowered * power).sum()) for power in powers]
    peak = [float(np.abs(each).max(initial=0.0)) for each in (before, after)]
    return LevelChange(
        named(wanted.prompts, is_painted=bool(wanted.paint)),
        wanted.mode is Mode.KEEP,
        Energy(target[0], target[1]),
        Energy(energies[0], energies[1]),
        (peak[0], peak[1]),
        before.size,
    )


def named(prompts: Sequence[Prompt], *, is_painted: bool) -> str:
    """Return the target of prompts as sentences name it: "dog and hum", "everything but rain"."""
    meant = listed([prompt.text for prompt in prompts if not prompt.stays])
    stays = listed([without_not(prompt.text) for prompt in prompts if prompt.stays])
    if not prompts:
        return "the painted mask"
    words = (f"{meant}, not {stays}" if stays else meant) if meant else f"everything but {stays}"
    return f"{words} as painted" if is_painted else words


def _powers(
    signals: Sequence[Samples], rate_hz: int
) -> tuple[list[NDArray[np.float64]], NDArray[np.float64], NDArray[np.float64]]:
    """Return the power spectrum of each signal, shape (frames, bins), its times in s and its bins in Hz."""
    transform = transform_at(rate_hz)
    length = max(len(signals[0]), transform.m_num)
    powers = []
    for each in signals:
        padded = np.zeros((length, each.shape[1]))
        padded[: len(each)] = each
        powers.append(np.square(np.abs(transform.stft(padded.T))).sum(axis=0).T)
    return powers, np.asarray(transform.t(length)), np.asarray(transform.f)


def _only_room_tone(recording: Recording, window: tuple[int, int]) -> bool:
    """Return whether the surroundings of a window are quiet, compared with full scale and with the window."""
    reach = s_to_samples(CONTEXT_S, recording.rate_hz)
    around = (
        (max(0, window[0] - reach), window[0]),
        (window[1], min(recording.length_samples, window[1] + reach)),
    )
    outside = np.concatenate([_frame_levels_db(recording, each) for each in around])
    inside = _frame_levels_db(recording, window)
    if not len(outside) or not len(inside):
        return False
    loud = float(np.quantile(outside, _LOUD_FRAMES))
    return loud <= min(ROOM_TONE_DBFS, float(inside.max()) - ROOM_TONE_QUIETER_DB)


def _frame_levels_db(recording: Recording, span: tuple[int, int]) -> NDArray[np.float64]:
    """Return the RMS level of each frame of a span, all channels together, in dBFS."""
    frame = s_to_samples(_FRAME_S, recording.rate_hz)
    count = (span[1] - span[0]) // frame
    levels = [np.zeros(0)]
    for first in range(0, count, _FRAMES_AT_ONCE):  # a window may be as long as the recording
        start = span[0] + first * frame
        stop = start + min(_FRAMES_AT_ONCE, count - first) * frame
        frames = recording.read(start, stop).astype(np.float64).reshape((stop - start) // frame, -1)
        levels.append(10.0 * np.log10(np.square(frames).mean(axis=1) + _TINY))
    return np.concatenate(levels)


_BLOCK_FRAMES = 1 << 18


def check_separated(path: Path, reader: SourceReader, *, overwrite: bool) -> Container:
    """Return the container of the file to write, before minutes of work.

    Raises
    ------
    ExportError : the format is not known, or the file is in the way or the recording itself
    """
    container = container_for(path.suffix)
    check_target(path, overwrite=overwrite, reads=[reader.path])
    return container


def write_separated(
    path: Path,
    reader: SourceReader,
    windows: Sequence[tuple[int, int]],
    wanted: Asked,
    separator: Separator,
    progress: Progress = SILENT,
    *,
    overwrite: bool = False,
) -> WrittenAudio:
    """Separate, and write the recording at its own rate, with its channels and its subtype.

    Parameters
    ----------
    windows : as `engine.features.repair.separation.checks.credible_windows` returns them

    Raises
    ------
    ExportError : see `engine.sound.writer.write_audio`
    """
    container = check_separated(path, reader, overwrite=overwrite)
    subtype = export_format([reader.subtype], path.suffix)
    recording = Recording(reader.read, reader.frames, reader.rate_hz)
    found = separate(recording, windows, wanted, separator, progress.part(0.0, 0.9))
    return write_audio(
        path,
        _blocks(reader, found, np.dtype(block_dtype(subtype))),
        rate_hz=reader.rate_hz,
        channels=reader.channels,
        container=container,
        subtype=subtype,
        total_frames=reader.frames,
        overwrite=overwrite,
        reads=[reader.path],
    )


def level_change_in_file(
    reader: SourceReader,
    written: Path,
    windows: Sequence[tuple[int, int]],
    wanted: Asked,
    separator: Separator,
) -> LevelChange:
    """Measure the levels inside all windows before and after, in a file as `write_separated` wrote it.

    Raises
    ------
    SourceError : one of the files cannot be read
    """
    recording = Recording(reader.read, reader.frames, reader.rate_hz)
    with SourceReader(written) as result:
        return combined(
            level_change(recording, result.read, windows, window, wanted, separator) for window in windows
        )


def _blocks(
    reader: SourceReader, changed: Iterator[Separated], dtype: np.dtype[np.floating]
) -> Iterator[NDArray[np.floating]]:
    """Yield the recording as it was, with the pieces that are changed in their places."""
    at = 0
    for piece in changed:
        yield from _unchanged(reader, at, piece.start_samples, dtype)
        yield piece.samples.astype(dtype)
        at = piece.start_samples + len(piece.samples)
    yield from _unchanged(reader, at, reader.frames, dtype)


def _unchanged(
    reader: SourceReader, start: int, stop: int, dtype: np.dtype[np.floating]
) -> Iterator[NDArray[np.floating]]:
    for first in range(start, stop, _BLOCK_FRAMES):
        yield reader.read(first, min(stop, first + _BLOCK_FRAMES), dtype)


@dataclass(frozen=True, slots=True)
class SeparatedFile:
    """Result of a written separation.

    Attributes
    ----------
    windows_samples : [start, stop) of the windows that were separated
    refused : how many windows were left as they were, since the result may be worse
    separator : its name
    """

    windows_samples: tuple[tuple[int, int], ...]
    refused: int
    clipped_samples: int
    separator: str
    change: LevelChange


def separate_in_file(
    path: Path,
    reader: SourceReader,
    windows: Sequence[tuple[int, int]],
    wanted: Asked,
    separator: str = DEFAULT,
    progress: Progress = SILENT,
    *,
    overwrite: bool = False,
) -> SeparatedFile:
    """Write a recording with a sound isolated or removed inside windows.

    Parameters
    ----------
    windows : as `engine.features.repair.separation.windows.joined` returns them
    separator : name, see `engine.features.repair.separation.registry.separator_named`

    Raises
    ------
    UsageError : the separator does not exist
    SoundNotFoundError, NotCredibleError : see `engine.features.repair.separation.checks`
    ExportError : see `engine.features.repair.separation.in_file`
    """
    separating = RememberingSeparator(separator_named(separator), MaskMemory())
    check_separated(path, reader, overwrite=overwrite)
    recording = Recording(reader.read, reader.frames, reader.rate_hz)
    probability = require_present((recording,), windows, wanted.prompts, separator, progress)
    credible = credible_windows(recording, windows, wanted, separating)
    written = write_separated(path, reader, credible, wanted, separating, progress, overwrite=overwrite)
    change = level_change_in_file(reader, path, credible, wanted, separating)
    return SeparatedFile(
        credible,
        len(windows) - len(credible),
        written.clipped_samples,
        separating.name,
        replace(change, probability=probability),
    )

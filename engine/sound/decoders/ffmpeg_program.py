"""The decoder for formats beyond libsndfile without PyAV: the programs ffmpeg and ffprobe.

They read one local file, and are limited (`engine.sound.decoders.limited_process`).
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Generator, Iterator
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.sound.decoders.decoder import Decoder, Tracks, track_words
from engine.sound.decoders.ffmpeg_codecs import (
    AUDIO_CODECS,
    length_of_packets,
    subtype_of,
    unread_tracks,
    usual_track,
)
from engine.sound.decoders.forward import SUFFIXES, ForwardStream, damaged, unread_codec
from engine.sound.decoders.limited_process import LimitedProcess
from engine.sound.decoders.signature import Signature

_BLOCK_FRAMES = 1 << 16
_SAMPLE_BYTES = 4
_NEVER_S = Fraction(1 << 62)
_PIECE_BYTES = 1 << 16
_REQUEST = ["-show_streams", "-show_format", "-show_packets", "-read_intervals", "%+#1", "-of", "json"]
_PACKET_SAMPLES = {"alac": 4_096, "mp3": 1_152, "ac3": 1_536, "eac3": 1_536}
_INPUT = ("-hide_banner", "-protocol_whitelist", "file")


def _probed(path: Path, signature: Signature, request: list[str]) -> bytes:
    """Return the output of ffprobe; raise `SourceError` if it cannot read the file, or does not answer."""
    command = ["ffprobe", "-v", "error", *_INPUT, "-f", signature.demuxer, *request, f"file:{path}"]
    process, answer = LimitedProcess(command), bytearray()
    try:
        while piece := process.read(_PIECE_BYTES):
            answer += piece
        if process.wait() == 0:
            return bytes(answer)
    finally:
        process.end()
    raise damaged(path, signature)


class ProgramDecoding:
    """See `engine.sound.decoders.forward.Decoding`."""

    lost = 0
    first_lost_samples = 0
    changed_samples = -1

    def __init__(self, path: Path, signature: Signature, track: int) -> None:
        answer = json.loads(_probed(path, signature, _REQUEST))
        found = answer.get("streams", [])
        streams = [each for each in found if each.get("codec_type") == "audio"]
        codecs = [str(each.get("codec_name", "")) for each in streams]
        track = usual_track(codecs, track)
        self._path, self._signature, self._track = path, signature, track
        titles = [str(each.get("tags", {}).get("title", "")) for each in streams]
        title = titles[track - 1] if track <= len(titles) else ""
        self.tracks = Tracks(path, tuple(map(_words, streams)), track, unread_tracks(codecs), title)
        self.tracks.require(signature.name)
        chosen = streams[track - 1]
        self.codec = str(chosen.get("codec_name", ""))
        if self.codec not in AUDIO_CODECS:
            raise unread_codec(path, self.codec, signature)
        self.rate_hz, self.channels = _whole(chosen, "sample_rate"), _whole(chosen, "channels")
        self.packet_samples = _PACKET_SAMPLES.get(self.codec, 1_024)
        unit = _fraction(chosen.get("time_base", "0"))
        duration = _whole(chosen, "duration_ts")
        whole = _fraction(answer.get("format", {}).get("duration", "0"))
        self.claimed_s = duration * unit if duration else whole or None
        self.counts_samples = bool(duration) and unit == Fraction(1, max(1, self.rate_hz))
        packets = answer.get("packets", [])
        first: dict[str, Any] = next((one for one in packets if one.get("codec_type") == "audio"), {})
        delay = -_whole(first, "pts") if first.get("stream_index") == chosen.get("index") else 0
        pictures = [_start_s(each) for each in found if each.get("codec_type") == "video"]
        self.lag_s = max(Fraction(0), max(Fraction(0), _start_s(chosen)) - min(pictures, default=_NEVER_S))
        self.delay_samples = max(0, round(delay * unit * self.rate_hz))
        depth = _whole(chosen, "bits_per_raw_sample") or _whole(chosen, "bits_per_sample")
        low_bits = np.array([1 if depth == 32 else 0])
        self.subtype = subtype_of(self.codec, str(chosen.get("sample_fmt", "")), low_bits)
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the pass
        self._process: LimitedProcess | None = None
        self._blocks = self._make()

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        """See `Decoding.blocks`."""
        return self._blocks

    def _make(self) -> Generator[NDArray[np.float32]]:
        command = ["ffmpeg", "-v", "error", "-nostdin", *_INPUT, "-threads", "1"]
        command += [
            "-f",
            self._signature.demuxer,
            "-i",
            f"file:{self._path}",
            "-map",
            f"0:a:{self._track - 1}",
        ]
        command += ["-vn", "-sn", "-dn", "-c:a", "pcm_f32le", "-f", "f32le", "-"]
        self._process = LimitedProcess(command, errors=self._errors)
        frame_bytes = _SAMPLE_BYTES * self.channels
        held = b""
        while piece := self._process.read(_BLOCK_FRAMES * frame_bytes):
            held += piece
            whole = len(held) // frame_bytes * frame_bytes
            if whole:
                yield np.frombuffer(held[:whole], "<f4").reshape(-1, self.channels).astype(np.float32)
                held = held[whole:]
        self._process.wait()

    def length_by_packets(self) -> int:
        """See `Decoding.length_by_packets`."""
        request = ["-select_streams", f"a:{self._track - 1}"]
        request += ["-show_entries", "packet=pts,duration:stream=time_base", "-of", "csv"]
        times: list[tuple[int | None, int | None]] = []
        unit = Fraction(0)
        for line in _probed(self._path, self._signature, request).decode("ascii", "replace").splitlines():
            kind, *values = line.split(",")
            if kind == "stream" and values:
                unit = _fraction(values[0])
            elif kind == "packet" and len(values) >= 2:
                start, duration = (int(one) if one.lstrip("-").isdigit() else None for one in values[:2])
                times.append((start, duration))
        return length_of_packets(times, unit, self.rate_hz, self.packet_samples)

    def count(self) -> int:
        """See `Decoding.count`."""
        return sum(len(block) for block in self._blocks)

    @property
    def is_incomplete(self) -> bool:
        """Whether the program reported errors, or ended with one, so far."""
        ended = None if self._process is None else self._process.status
        return bool(ended) or self._errors.seek(0, os.SEEK_END) > 0

    def close(self) -> None:
        """End the program."""
        self._blocks.close()
        if self._process is not None:
            self._process.end()
        self._errors.close()


def _start_s(stream: dict[str, Any]) -> Fraction:
    return _whole(stream, "start_pts") * _fraction(stream.get("time_base", "0"))


def _words(stream: dict[str, Any]) -> str:
    tags = stream.get("tags", {})
    title, language = str(tags.get("title", "")), str(tags.get("language", ""))
    return track_words(title, language, str(stream.get("codec_name", "")), _whole(stream, "channels"))


def _whole(answer: dict[str, Any], name: str) -> int:
    with suppress(ValueError, TypeError):
        return int(answer.get(name, 0))
    return 0


def _fraction(text: str) -> Fraction:
    with suppress(ValueError, ZeroDivisionError):
        return Fraction(text)
    return Fraction(0)


def _missing() -> str:
    return "" if shutil.which("ffmpeg") and shutil.which("ffprobe") else "ffmpeg and ffprobe"


FFMPEG_PROGRAM = Decoder(
    "ffmpeg", SUFFIXES, lambda path, track: ForwardStream(path, track, ProgramDecoding), _missing
)

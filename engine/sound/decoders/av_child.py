"""The child process in which PyAV decodes: a hostile file may crash FFmpeg's libraries, but not the editor.

It reads orders from stdin and answers on stdout, one file after another, and ends with the process that
started it. An order is a line: JSON for a file; then "length", "block", "count" or "end". An answer is its
two lengths in bytes, JSON, and the samples of a block (float32, interleaved). After the last one about a file
("is_last") the child waits for the next file.
"""

from __future__ import annotations

import json
import signal
import struct
import sys
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from engine.sound.decoders.av_pass import Opened, Pass, RefusedError

_LENGTHS = struct.Struct("<II")
_NO_SAMPLES = np.zeros((0, 0), np.float32)


class _Answers:
    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def give(self, words: dict[str, Any], block: NDArray[np.float32] = _NO_SAMPLES) -> None:
        """Send an answer."""
        said = json.dumps(words).encode()
        self._stream.write(_LENGTHS.pack(len(said), block.nbytes) + said)
        self._stream.write(block.data.cast("B") if block.size else b"")
        self._stream.flush()


def _serve(orders: BinaryIO, answers: _Answers) -> None:
    """Process orders until the input ends."""
    while line := orders.readline():
        asked = json.loads(line)
        try:
            _pass(orders, answers, **asked)
        except RefusedError as error:
            answers.give({**error.about, "is_last": True})
        except MemoryError:
            answers.give({"refused": "memory"})
        except OSError as error:
            answers.give({"refused": "file", "reason": [error.errno, error.strerror], "is_last": True})


def _pass(orders: BinaryIO, answers: _Answers, path: str, demuxer: str, track: int) -> None:
    """Begin a pass and give its blocks as they are asked for."""
    opened = Opened(path, demuxer, track)
    try:
        opened.choose()
        running = Pass(opened)
        blocks = running.blocks()
        first = next(blocks, None)
        if first is None:
            raise RefusedError("damaged")
        claimed_s, lag_s = opened.claimed_s, opened.lag_s
        answers.give(
            {
                "tracks": opened.tracks,
                "track": opened.track,
                "lag_s": [lag_s.numerator, lag_s.denominator],
                "codec": opened.codec,
                "subtype": running.subtype,
                "rate_hz": running.rate_hz,
                "channels": running.channels,
                "delay_samples": running.delay_samples,
                "claimed_s": [claimed_s.numerator, claimed_s.denominator],
                "counts_samples": opened.counts(running.rate_hz),
                "state": running.state(),
            }
        )
        _give_blocks(orders, answers, running, _followed(first, blocks))
    finally:
        opened.close()


def _followed(
    first: NDArray[np.float32], others: Iterator[NDArray[np.float32]]
) -> Iterator[NDArray[np.float32]]:
    yield first
    yield from others


def _give_blocks(
    orders: BinaryIO, answers: _Answers, running: Pass, blocks: Iterator[NDArray[np.float32]]
) -> None:
    order = b""
    for block in blocks:
        if order != b"count\n":
            order = orders.readline()
        if order == b"length\n":
            answers.give({"frames": running.length_by_packets()})
            order = orders.readline()
        if order not in (b"block\n", b"count\n"):
            break
        sent = block if order == b"block\n" else _NO_SAMPLES
        answers.give({"frames": len(block), "state": running.state()}, sent)
    else:
        answers.give({"state": running.state()})
    while order not in (b"end\n", b""):
        order = orders.readline()
    answers.give({"is_last": True})


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in a terminal reaches both; the parent answers it
    _serve(sys.stdin.buffer, _Answers(sys.stdout.buffer))

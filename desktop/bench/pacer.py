"""Receives the audio from ALSA for `desktop.bench.device` in real time.

Started with the rate in hertz, the bytes of a frame, a folder, and "keep" or "drop".
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import ExitStack
from pathlib import Path

CAPTURED, PACER_PID = "captured.raw", "pacer.pid"
_BLOCK_FRAMES = 480
_LATE_S = 0.2
"""Maximum delay before the clock restarts, without catching up."""


def main(rate_hz: float, frame_bytes: int, folder: Path, *, keep: bool) -> None:
    """Take blocks from standard input no faster than they sound."""
    with ExitStack() as open_files:
        out = open_files.enter_context((folder / CAPTURED).open("ab")) if keep else None
        began_s, done = 0.0, 0
        while block := sys.stdin.buffer.read(_BLOCK_FRAMES * frame_bytes):
            if not began_s:  # who only looks whether it can be opened plays nothing
                began_s = time.perf_counter()
                half = folder / f"{PACER_PID}.part"
                half.write_text(str(os.getpid()))
                half.replace(folder / PACER_PID)
            if out:
                out.write(block)
            done += len(block) // frame_bytes
            ahead_s = began_s + done / rate_hz - time.perf_counter()
            if ahead_s > 0:
                time.sleep(ahead_s)
            elif ahead_s < -_LATE_S:
                began_s -= ahead_s


if __name__ == "__main__":
    main(float(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), keep=sys.argv[4] == "keep")

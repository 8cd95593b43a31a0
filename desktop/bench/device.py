"""A sound device without hardware: ALSA hands what is played to a program that takes it in real time.

What arrives is bit for bit what was played. Its pipe takes about 8,192 frames (0.17 s at 48 kHz) at once when
it starts, so what is heard is known to a quarter of a second.
"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

PACER = """
import os, sys, time
rate, frame, folder = float(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
open(os.path.join(folder, "pacer.pid"), "w").write(str(os.getpid()))
out = open(os.path.join(folder, "captured.raw"), "ab") if sys.argv[4] == "keep" else None
start, done = None, 0
while block := sys.stdin.buffer.read(480 * frame):
    start = start or time.perf_counter()
    if out:
        out.write(block)
    done += len(block) // frame
    ahead = start + done / rate - time.perf_counter()
    if ahead > 0:
        time.sleep(ahead)
    elif ahead < -0.2:
        start -= ahead
"""
CONFIGURATION = """
</usr/share/alsa/alsa.conf>
pcm.!default {{ type plug slave {{ pcm "cap" format FLOAT_LE channels 2 rate {rate} }} }}
pcm.cap {{ type file slave.pcm "nul" file "|exec {command}" format "raw" }}
pcm.nul {{ type null }}
"""
CAPTURED, PACER_PID = "captured.raw", "pacer.pid"


def paced_device(folder: Path, rate_hz: int, *, keep: bool) -> Path:
    """Write the files of such a device of two float channels into a folder; return ALSA's configuration.

    Parameters
    ----------
    keep : have what arrives written to `CAPTURED` in the folder
    """
    pacer = folder / "pacer.py"
    pacer.write_text(PACER)
    words = [sys.executable, str(pacer), str(rate_hz), "8", str(folder), "keep" if keep else "drop"]
    configuration = folder / "asound.conf"
    configuration.write_text(CONFIGURATION.format(rate=rate_hz, command=shlex.join(words)))
    return configuration

"""A sound device without hardware: ALSA hands what is played to a program that takes it in real time.

What arrives is bit for bit what was played. Its pipe takes about 8,192 frames (0.17 s at 48 kHz) at once when
it starts, so what is heard is known to a quarter of a second.
"""

from __future__ import annotations

import shlex
from pathlib import Path

from desktop.bench.pacer import CAPTURED, PACER_PID
from engine.own_program import module_command, module_environment

__all__ = ["CAPTURED", "PACER_PID", "paced_device"]

CONFIGURATION = """
</usr/share/alsa/alsa.conf>
pcm.!default {{ type plug slave {{ pcm "cap" format FLOAT_LE channels 2 rate {rate} }} }}
pcm.cap {{ type file slave.pcm "nul" file "|exec {command}" format "raw" }}
pcm.nul {{ type null }}
"""


def paced_device(folder: Path, rate_hz: int, *, keep: bool) -> Path:
    """Write the files of such a device of two float channels into a folder; return ALSA's configuration.

    Parameters
    ----------
    keep : have what arrives written to `CAPTURED` in the folder
    """
    started = ["env", f"PYTHONPATH={module_environment().get('PYTHONPATH', '')}"]
    kept = "keep" if keep else "drop"
    words = [*started, *module_command("desktop.bench.pacer", str(rate_hz), "8", str(folder), kept)]
    configuration = folder / "asound.conf"
    configuration.write_text(CONFIGURATION.format(rate=rate_hz, command=shlex.join(words)))
    return configuration

"""A sound device without hardware: ALSA passes the audio to a program that consumes it in real time.

The audio arrives bit for bit. Its pipe accepts about 8,192 frames (0.17 s at 48 kHz) at once when it starts,
so the playback position is accurate to a quarter of a second.
"""

from __future__ import annotations

import shlex
from pathlib import Path

from engine.core.processes.own_program import module_command, module_environment

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
    keep : write the received audio to `desktop.bench.pacer.CAPTURED` in the folder
    """
    started = ["env", f"PYTHONPATH={module_environment().get('PYTHONPATH', '')}"]
    kept = "keep" if keep else "drop"
    words = [*started, *module_command("desktop.bench.pacer", str(rate_hz), "8", str(folder), kept)]
    configuration = folder / "asound.conf"
    configuration.write_text(CONFIGURATION.format(rate=rate_hz, command=shlex.join(words)))
    return configuration

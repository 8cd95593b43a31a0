"""Folders of a measured program: below one folder, separate from the user's.

A sound device without hardware: ALSA passes the audio to a program that consumes it in real time.

The audio arrives bit for bit. Its pipe accepts about 8,192 frames (0.17 s at 48 kHz) at once when it starts,
so the playback position is accurate to a quarter of a second.

Receives the audio from ALSA for `desktop.bench.surroundings` in real time.

Started with the rate in hertz, the bytes of a frame, a folder, and "keep" or "drop".

Resources of this program: its own memory, threads, open files, child processes.
"""

from __future__ import annotations

import os
import shlex
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from engine.core.build import module_command, module_environment

_OURS = Path("/proc/self")


@dataclass(frozen=True, slots=True)
class Held:
    """Resources in use at a moment.

    Attributes
    ----------
    memory_mb : its own, without mapped files
    handles : open files, pipes and sockets
    processes : that it started and that still run, and those that they started
    temporary_files : in its own folder for them
    """

    memory_mb: float
    threads: int
    handles: int
    processes: int
    temporary_files: int


def held_now(temporary: Path) -> Held:
    """Return the resources of this program; read from Linux's ``/proc``.

    Raises
    ------
    OSError : there is no ``/proc``
    """
    status = (_OURS / "status").read_text()
    return Held(
        int(status.split("RssAnon:")[1].split()[0]) / 1024,
        len(list((_OURS / "task").iterdir())),
        len(list((_OURS / "fd").iterdir())),
        _started_by(os.getpid()),
        sum(len(files) for _, _, files in os.walk(temporary)),
    )


def _started_by(process: int) -> int:
    """Count the programs that descend from one."""
    parents = {}
    for place in Path("/proc").glob("[0-9]*"):
        try:
            # The name, in brackets, may hold spaces and brackets itself.
            parents[int(place.name)] = int((place / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:  # it ended meanwhile
            continue
    found: set[int] = set()
    new = {process}
    while new:
        new = {one for one, parent in parents.items() if parent in new} - found
        found |= new
    return len(found)


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
    keep : write the received audio to `desktop.bench.surroundings.CAPTURED` in the folder
    """
    started = ["env", f"PYTHONPATH={module_environment().get('PYTHONPATH', '')}"]
    kept = "keep" if keep else "drop"
    words = [*started, *module_command("desktop.bench.surroundings", str(rate_hz), "8", str(folder), kept)]
    configuration = folder / "asound.conf"
    configuration.write_text(CONFIGURATION.format(rate=rate_hz, command=shlex.join(words)))
    return configuration


def own_folders(folder: Path) -> dict[str, str]:
    """Return the part of an environment that has a program keep all it keeps below a folder."""
    names = ("CACHE", "CONFIG", "DATA", "STATE")
    return {f"XDG_{name}_HOME": str(folder / name.lower()) for name in names}


def live_in(folder: Path, rate_hz: int) -> None:
    """Keep all that this program keeps below a folder, and play on a paced device: before PortAudio loads."""
    os.environ.update(own_folders(folder))
    os.environ["ALSA_CONFIG_PATH"] = str(paced_device(folder, rate_hz, keep=False))


if __name__ == "__main__":
    main(float(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), keep=sys.argv[4] == "keep")

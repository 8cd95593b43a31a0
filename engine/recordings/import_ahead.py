"""Probe recordings in a separate process while their window is being built.

Its results are those of an import in the cache, so that the import finds them there. Nothing depends on it:
the import meets any error itself, and reports it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress

from engine.core.build import module_command, module_environment
from engine.core.progress import Progress, ReportingProgress

LOOK_S = 0.005
GRACE_S = 0.15
"""Time for the process to end by itself, before it is killed."""

_STEPS = 1_000
_begun: subprocess.Popen[bytes] | None = None


def begin(paths: Sequence[str]) -> None:
    """Begin to look at recordings; `finish` waits for it."""
    global _begun
    with suppress(OSError):
        _begun = subprocess.Popen(
            module_command("engine.recordings.import_ahead", *paths),
            env=module_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )


def finish(progress: Progress) -> None:
    """Wait for the work that was started, if any.

    Raises
    ------
    Cancelled : asked for through `progress`; the process has ended
    """
    global _begun
    process, _begun = _begun, None
    if process is None:
        return
    assert process.stdout is not None, "it reports through a pipe"
    try:
        os.set_blocking(process.stdout.fileno(), False)
        while process.poll() is None:
            progress.check_cancelled()
            steps = (process.stdout.read() or b"").split()
            if steps:
                progress.report(int(steps[-1]) / _STEPS, "Drawing waveforms")
            time.sleep(LOOK_S)
    finally:
        process.stdout.close()  # it ends with its next report, and leaves nothing half written
        try:
            process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def main(paths: Sequence[str]) -> None:
    """Import recordings into the cache alone, if their common sample rate is clear."""
    from pathlib import Path

    from engine.core.errors import OffcutError
    from engine.recordings.import_audio import ImportRequest, import_audio, rates_of

    reported = -1

    def report(fraction: float, _text: str, _figures: dict[str, float]) -> None:
        nonlocal reported
        step = int(fraction * _STEPS)
        if step != reported:
            reported = step
            print(step, flush=True)

    recordings = tuple(Path(path) for path in paths)
    if len(rates_of(recordings)) == 1:
        with suppress(OffcutError):
            import_audio(ImportRequest(recordings), ReportingProgress(report))


if __name__ == "__main__":
    main(sys.argv[1:])

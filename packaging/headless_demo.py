"""Edit the demo on the command line: learn from its edited examples, propose, decide, export.

Started by `bootstrap.py run --headless` with the project's own Python. Every step is a verb of `offcut` that
the user could type, and is printed as such.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import soundfile

from engine.core.files.places import data_folder
from engine.core.timebase import format_time

DEMO = Path(__file__).resolve().parent.parent / "resources" / "demo"
AUDIO_SUFFIXES = {".wav", ".flac", ".ogg", ".mp3", ".aiff"}
KEEP = 0.53


class VerbFailedError(Exception):
    """A verb of the command line did not succeed; it has said why itself."""


def main() -> int:
    """Take the demo through all verbs; return the exit status."""
    started_s = time.monotonic()
    try:
        raw, edited = audio_files(DEMO / "raw"), audio_files(DEMO / "edited")
        folder = Path(tempfile.mkdtemp(prefix="demo-", dir=data_folder()))
        result = edit(raw, edited, folder)
        numbers = summary(raw, result, folder / "demo.offcut")
    except VerbFailedError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    print(f"\nDone in {time.monotonic() - started_s:.0f} s. {numbers}")
    print(f"Exported: {result}")
    return 0


def edit(raw: list[Path], edited: list[Path], folder: Path) -> Path:
    """Edit the raw recordings as the edited ones teach; return the exported file."""
    project, taste, result = folder / "demo.offcut", folder / "demo.taste", folder / "demo.wav"
    offcut("new", project, *raw)
    offcut("learn", *edited, "--seed", 0, "--out", taste)
    offcut("propose", project, "cuts", "--taste", taste, "--keep", KEEP)
    offcut("decide", project, "accept", "--all")
    offcut("export", project, "--out", result)
    return result


def summary(raw: list[Path], result: Path, project: Path) -> str:
    """Return the numbers of the edit as one line."""
    raw_s = max(soundfile.info(str(path)).duration for path in raw)
    result_s = soundfile.info(str(result)).duration
    proposals = json.loads(offcut("proposals", project, "--json"))["proposals"]
    cuts = sum(found["kind"] == "cut" and found["state"] == "accepted" for found in proposals)
    return (
        f"Raw {format_time(raw_s, 1)}, result {format_time(result_s, 1)} "
        f"({100 * result_s / raw_s:.0f} % kept), {cuts} cuts"
    )


def offcut(*arguments: object) -> str:
    """Run one verb, printing the command; its progress stays visible. Return what it prints."""
    words = [str(argument) for argument in arguments]
    print(f"$ offcut {shlex.join(words)}", flush=True)
    started_s = time.monotonic()
    command = [sys.executable, "-c", "import sys; from desktop.launch import main; sys.exit(main())", *words]
    outcome = subprocess.run(command, stdout=subprocess.PIPE, encoding="utf-8", check=False)
    if outcome.returncode:
        raise VerbFailedError(
            f"'offcut {words[0]}' failed with status {outcome.returncode}; its words are above."
        )
    print(f"  {time.monotonic() - started_s:.1f} s", flush=True)
    return outcome.stdout


def audio_files(folder: Path) -> list[Path]:
    """Return the recordings of one folder of the demo, by name."""
    found = sorted(path for path in folder.glob("*") if path.suffix.lower() in AUDIO_SUFFIXES)
    if not found:
        raise VerbFailedError(f"{folder} holds no recordings; take the folder as it is in the repository.")
    return found


if __name__ == "__main__":
    sys.exit(main())

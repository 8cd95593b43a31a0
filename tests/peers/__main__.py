"""``python -m tests.peers OUT [--data FOLDER] [--seconds N]``: open exports in the programs they are for.

Writes three documents, exports them to every format and opens them in Kdenlive and Audacity, on a display of
their own. Saves a picture of each in OUT: somebody has to look at them. What is not installed is left out,
with a sentence. Tests do not run this.

Kdenlive up to 24.12 reads OpenTimelineIO by the program `otioconvert` with the package otio-kdenlive-adapter;
later versions read it by File, OpenTimelineIO Import, and Ardour 8 AAF by its dialog of sessions: by hand.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.peers.display import NEEDED, Display, display, missing
from tests.peers.documents import PROJECT, build, examples, export_all

_AUDACITY = """PrefsVersion=1.1.1r1
[GUI]
ShowSplashScreen=0
[Directories]
TempDir={home}
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Write what is opened, and open it; return 1 where nothing can be shown."""
    parser = argparse.ArgumentParser(prog="python -m tests.peers", description=__doc__)
    parser.add_argument("out", type=Path, help="a new folder")
    parser.add_argument("--data", type=Path, default=PROJECT / "tests" / "data")
    parser.add_argument("--seconds", type=float, default=30.0, help="how long a program takes to open a file")
    options = parser.parse_args(arguments)
    out = options.out.absolute()
    out.mkdir(parents=True)
    for example in examples(options.data, out):
        export_all(build(example, out), example.frame_rate, out / example.name)
    if absent := missing(NEEDED):
        print(f"No program was opened: install {', '.join(absent)}.")
        return 1
    for folder in sorted(one for one in out.iterdir() if one.is_dir()):
        for name, needed, show in (
            ("Kdenlive", ("kdenlive", "otioconvert"), _kdenlive),
            ("Audacity", ("audacity",), _audacity),
        ):
            if absent := missing(needed):
                print(f"{name} was not opened: install {', '.join(absent)}.")
                continue
            with display(out / f"home-{name}-{folder.name}") as shown:
                show(shown, folder, options.seconds)
                shown.picture(out / f"{name}-{folder.name}.png")
                print(out / f"{name}-{folder.name}.png")
    return 0


def _kdenlive(shown: Display, folder: Path, seconds: float) -> None:
    project = folder / f"{folder.name}.kdenlive"
    timeline = folder / f"{folder.name}.otio"
    subprocess.run(["otioconvert", "-i", timeline, "-o", project], check=True, capture_output=True)
    shown.start("dbus-run-session", "kdenlive", project)
    time.sleep(seconds)
    shown.keys("key", "Return")  # says at its first start what is not installed
    time.sleep(seconds)


def _audacity(shown: Display, folder: Path, seconds: float) -> None:
    settings = shown.home / ".config" / "audacity"
    settings.mkdir(parents=True)
    (settings / "audacity.cfg").write_text(_AUDACITY.format(home=shown.home), encoding="utf-8")
    sounds = [folder / f"{folder.name}{suffix}" for suffix in (".wav", ".mp3")]
    shown.start("dbus-run-session", "audacity", *sounds)
    time.sleep(seconds)
    shown.keys("key", "Return")  # its welcome


if __name__ == "__main__":
    sys.exit(main())

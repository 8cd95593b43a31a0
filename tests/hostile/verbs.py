"""Verbs as a shell runs them: a process of their own, whose standard output is read byte for byte."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parents[2]


def run_verb(*words: object, status: int = 0) -> subprocess.CompletedProcess[bytes]:
    """Run ``offcut WORDS`` and expect an exit status."""
    done = subprocess.run(
        [sys.executable, "-m", "desktop.launch", *(os.fsencode(str(word)) for word in words)],
        cwd=ROOT,
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == status, done.stderr
    assert b"Traceback" not in done.stderr
    return done


def strictly_read(printed: bytes) -> dict[str, object]:
    """Read one JSON object as a strict reader does: UTF-8, no NaN, no lone surrogates, nothing else."""

    def refuse(name: str) -> NoReturn:
        raise ValueError(name)

    found = json.loads(printed.decode("utf-8"), parse_constant=refuse)
    json.dumps(found, ensure_ascii=False).encode("utf-8")
    return found

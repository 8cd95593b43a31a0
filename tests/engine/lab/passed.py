"""The state of the laboratory in which all its tests passed: they run again only after a change of it."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
WATCHED = ("engine/lab", "tests/engine/lab", "resources/models")
RECORD = Path(__file__).with_name("passed.txt")


def fingerprint() -> str:
    """Return a digest of the laboratory's code and tests and of the weights that it trains."""
    digest = hashlib.sha256()
    found = (path for folder in WATCHED for path in (ROOT / folder).rglob("*") if path != RECORD)
    for path in sorted(found):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(path.relative_to(ROOT).as_posix().encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


@lru_cache(1)
def is_unchanged() -> bool:
    """Report whether the tests passed on the laboratory as it is."""
    return RECORD.exists() and RECORD.read_text("utf-8").strip() == fingerprint()

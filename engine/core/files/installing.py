"""Install files of others in a folder: from the network after confirmation by the user, or from a folder."""

from __future__ import annotations

import hashlib
import os
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory

from engine.core.errors import OffcutError
from engine.core.files.safe_write import shown
from engine.core.progress import Progress
from engine.core.wording import reason_of

HUB = "https://huggingface.co"
HUB_VARIABLE = "HF_ENDPOINT"
"""Names the environment variable that puts another hub in its place, as the hub's own programs read it."""
_CHUNK_BYTES = 1 << 20
_PATIENCE_S = 30


def hub() -> str:
    """Return the address of the hub of published models."""
    return os.environ.get(HUB_VARIABLE, HUB).rstrip("/")


@contextmanager
def replacing_folder(target: Path) -> Iterator[Path]:
    """Yield a folder to fill; when the body succeeds it takes the place of the target.

    Raises
    ------
    OffcutError : it cannot be written; the folder that was there stays
    """
    try:
        with TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as name:
            new, old = Path(name, "new"), Path(name, "old")
            new.mkdir()
            yield new
            if target.exists():
                target.rename(old)
            new.rename(target)
    except OSError as error:
        raise OffcutError(f"{shown(target)} was not installed: {reason_of(error)}.") from error


def fetch(url: str, target: Path, progress: Progress, *, remedy: str, sha256: str = "") -> None:
    """Download a file. Call it only after confirmation by the user.

    Parameters
    ----------
    remedy : ends the message of a failed download
    sha256 : checksum in hex digits; without one, the length alone is checked

    Raises
    ------
    OffcutError : it cannot be downloaded, is incomplete, or is another file
    Cancelled : the user asked for it
    """
    digest, name = hashlib.sha256(), url.rpartition("/")[2]
    try:
        with urllib.request.urlopen(url, timeout=_PATIENCE_S) as answer, target.open("wb") as stream:
            expected_bytes, fetched_bytes = int(answer.headers.get("Content-Length") or 0), 0
            while chunk := answer.read(_CHUNK_BYTES):
                progress.check_cancelled()
                stream.write(chunk)
                digest.update(chunk)
                fetched_bytes += len(chunk)
                progress.report(fetched_bytes / max(expected_bytes, fetched_bytes), f"Fetching {name}")
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise OffcutError(
            f"{url} could not be fetched ({reason}): check the network, or {remedy}."
        ) from error
    if expected_bytes > fetched_bytes:
        raise OffcutError(f"{name} came only in part from {url}: try again.")
    if sha256 and digest.hexdigest() != sha256:
        raise OffcutError(f"{name} from {url} is not the expected file (its checksum differs): {remedy}.")

"""Install a CLAP checkpoint: from a folder, or from the hub after confirmation."""

from __future__ import annotations

import os
import shutil
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory

from engine.analysis.embeddings.clap import CHECKPOINT_FILES, TOKENIZER, Clap, load_clap, load_clap_text
from engine.analysis.embeddings.registry import clap_folder
from engine.core.errors import OffcutError
from engine.core.files.safe_write import shown
from engine.core.progress import Progress
from engine.core.wording import reason_of

REPOSITORY = "laion/clap-htsat-unfused"
HUB = "https://huggingface.co"
HUB_VARIABLE = "HF_ENDPOINT"
"""Names the environment variable that puts another hub in its place, as the hub's own programs read it."""
ABOUT = f"{REPOSITORY} (about 620 MB, licence Apache 2.0)"
_CHUNK_BYTES = 1 << 20
_PATIENCE_S = 30


def add_from(folder: Path) -> Clap:
    """Copy a checkpoint from a folder, after it has loaded.

    Raises
    ------
    UsageError : the extra is not installed, or the folder holds no checkpoint of CLAP
    OffcutError : it cannot be copied
    """
    found = load_clap(folder)
    with _staged() as staged:
        for name in CHECKPOINT_FILES:
            shutil.copyfile(folder / name, staged / name)
        if (folder / TOKENIZER).is_file():
            load_clap_text(folder)
            shutil.copyfile(folder / TOKENIZER, staged / TOKENIZER)
    return found


def download(progress: Progress) -> Clap:
    """Download the published checkpoint. Call it only after confirmation by the user.

    Raises
    ------
    OffcutError : it cannot be downloaded or written
    UsageError : the extra is not installed, or the download is not a checkpoint
    Cancelled : the user cancelled; nothing is left behind
    """
    with _staged() as staged:
        names = (*CHECKPOINT_FILES, TOKENIZER)
        for number, name in enumerate(names):
            _fetch(name, staged / name, progress.step(number, len(names)))
        load_clap_text(staged)
        return load_clap(staged)


@contextmanager
def _staged() -> Iterator[Path]:
    """Give a folder to fill; when the body succeeds it takes the place of the checkpoint that was there."""
    target = clap_folder()
    try:
        with TemporaryDirectory(prefix=".clap-", dir=target.parent) as name:
            new, old = Path(name, "new"), Path(name, "old")
            new.mkdir()
            yield new
            if target.exists():
                target.rename(old)
            new.rename(target)
    except OSError as error:
        raise OffcutError(f"The checkpoint was not stored in {shown(target)}: {reason_of(error)}.") from error


def _fetch(name: str, target: Path, progress: Progress) -> None:
    url = f"{os.environ.get(HUB_VARIABLE, HUB).rstrip('/')}/{REPOSITORY}/resolve/main/{name}"
    try:
        with urllib.request.urlopen(url, timeout=_PATIENCE_S) as answer, target.open("wb") as stream:
            expected_bytes, fetched_bytes = int(answer.headers.get("Content-Length") or 0), 0
            while chunk := answer.read(_CHUNK_BYTES):
                progress.check_cancelled()
                stream.write(chunk)
                fetched_bytes += len(chunk)
                progress.report(fetched_bytes / max(expected_bytes, fetched_bytes), f"Fetching {name}")
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise OffcutError(
            f"{REPOSITORY} could not be fetched from {url.split('/' + REPOSITORY)[0]} ({reason}): check the "
            "network, or bring the folder by hand and use 'offcut embeddings add FOLDER'."
        ) from error
    if expected_bytes > fetched_bytes:
        raise OffcutError(f"{name} of {REPOSITORY} came only in part: try again.")

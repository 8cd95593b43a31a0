"""The installed model of the recogniser: a folder of Offcut's own, filled from a folder or the hub."""

from __future__ import annotations

import json
import shutil
import urllib.request
from http.client import HTTPException
from importlib.util import find_spec
from pathlib import Path

from engine.core.build import how_to_add
from engine.core.errors import OffcutError, UsageError
from engine.core.files.installing import fetch, hub, replacing_folder
from engine.core.files.places import data_folder
from engine.core.files.safe_write import shown
from engine.core.progress import Progress
from engine.core.wording import listed

REPOSITORY = "Systran/faster-whisper-base"
ABOUT = f"{REPOSITORY} (about 150 MB, 99 languages, licence MIT)"
MODEL_FILES = ("model.bin", "config.json", "tokenizer.json")
_VOCABULARIES = ("vocabulary.txt", "vocabulary.json")
"""A model has one of them."""
_OTHERS = ("preprocessor_config.json",)
_REMEDY = "choose a folder with a model of faster-whisper"
_PATIENCE_S = 30


def is_installed() -> bool:
    """Return whether the recogniser is installed, with or without a model."""
    return find_spec("faster_whisper") is not None


def model_folder() -> Path:
    """Return the folder of the installed model; it exists after the installation."""
    return data_folder("words") / "model"


def installed_model() -> Path | None:
    """Return the folder of the installed model; None before the installation."""
    return model_folder() if model_folder().is_dir() else None


def require_recogniser() -> None:
    """Require faster-whisper.

    Raises
    ------
    UsageError : it is not installed
    """
    if not is_installed():
        raise UsageError(f"Speech is transcribed by faster-whisper, which is missing: {how_to_add('words')}.")


def require_model(folder: Path | None = None) -> Path:
    """Return a folder that holds a model; by default the installed one.

    Raises
    ------
    UsageError : the recogniser or the model is not installed, or a file of the folder is missing
    """
    require_recogniser()
    found = folder or installed_model()
    if found is None:
        raise UsageError(
            "No model of speech is installed: choose or download one in the transcript, or use "
            "'offcut words --model FOLDER'."
        )
    if missing := [name for name in MODEL_FILES if not (found / name).is_file()]:
        raise UsageError(
            f"{shown(found)} is not a model of faster-whisper, it has no {listed(missing)}: {_REMEDY}."
        )
    return found


def add_from(folder: Path, progress: Progress) -> Path:
    """Copy a model from a folder, after it has loaded.

    Raises
    ------
    UsageError : the recogniser is not installed, or the folder holds no model
    OffcutError : it cannot be copied
    Cancelled : the user asked for it
    """
    from engine.features.words.recogniser import Recogniser

    Recogniser(require_model(folder))
    names = [name for name in (*MODEL_FILES, *_VOCABULARIES, *_OTHERS) if (folder / name).is_file()]
    with replacing_folder(model_folder()) as staged:
        for number, name in enumerate(names):
            progress.check_cancelled()
            progress.report(number / len(names), f"Copying {name}")
            shutil.copyfile(folder / name, staged / name)
    return model_folder()


def download(progress: Progress) -> Path:
    """Download the published model. Call it only after confirmation by the user.

    Raises
    ------
    UsageError : the recogniser is not installed
    OffcutError : it cannot be downloaded or written, or a checksum differs
    Cancelled : the user cancelled; nothing is left behind
    """
    from engine.features.words.recogniser import Recogniser

    require_recogniser()
    published = _published()
    names = [name for name in (*MODEL_FILES, *_VOCABULARIES, *_OTHERS) if name in published]
    with replacing_folder(model_folder()) as staged:
        for number, name in enumerate(names):
            fetch(
                f"{hub()}/{REPOSITORY}/resolve/main/{name}",
                staged / name,
                progress.step(number, len(names)),
                remedy=_REMEDY,
                sha256=published[name],
            )
        Recogniser(staged)
    return model_folder()


def _published() -> dict[str, str]:
    """Return the SHA-256 of each file that the hub lists; empty for small files, which it does not state."""
    url = f"{hub()}/api/models/{REPOSITORY}/tree/main"
    try:
        with urllib.request.urlopen(url, timeout=_PATIENCE_S) as answer:
            rows = json.load(answer)
        return {row["path"]: row.get("lfs", {}).get("oid", "") for row in rows}
    except (OSError, HTTPException, ValueError, KeyError, TypeError, AttributeError) as error:
        reason = getattr(error, "reason", None) or error
        raise OffcutError(f"{url} could not be read ({reason}): check the network, or {_REMEDY}.") from error

"""Install a CLAP checkpoint: from a folder, or from the hub after confirmation."""

from __future__ import annotations

import shutil
from pathlib import Path

from engine.analysis.embeddings.clap import CHECKPOINT_FILES, TOKENIZER, Clap, load_clap, load_clap_text
from engine.analysis.embeddings.registry import clap_folder
from engine.core.files.installing import fetch, hub, replacing_folder
from engine.core.progress import Progress

REPOSITORY = "laion/clap-htsat-unfused"
ABOUT = f"{REPOSITORY} (about 620 MB, licence Apache 2.0)"
_REMEDY = "bring the folder by hand and use 'offcut embeddings add FOLDER'"


def add_from(folder: Path) -> Clap:
    """Copy a checkpoint from a folder, after it has loaded.

    Raises
    ------
    UsageError : the extra is not installed, or the folder holds no checkpoint of CLAP
    OffcutError : it cannot be copied
    """
    found = load_clap(folder)
    with replacing_folder(clap_folder()) as staged:
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
    with replacing_folder(clap_folder()) as staged:
        names = (*CHECKPOINT_FILES, TOKENIZER)
        for number, name in enumerate(names):
            step = progress.step(number, len(names))
            fetch(f"{hub()}/{REPOSITORY}/resolve/main/{name}", staged / name, step, remedy=_REMEDY)
        load_clap_text(staged)
        return load_clap(staged)

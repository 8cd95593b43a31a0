"""``offcut embeddings (list|prepare|add|download)``: which there are, and recordings embedded beforehand.

``offcut export-model NAME --out M.onnx``: write a network for another program.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from engine.cli.arguments import finite
from engine.cli.output import Listing, Verb, VerbOutput
from engine.core.errors import OffcutError, UsageError
from engine.core.files.safe_write import shown
from engine.core.progress import Progress
from engine.core.wording import counted, reason_of

NAMES = ("sounds", "separation")
"""Of `engine.features.repair.separation.onnx_file.MODELS`, which loads torch."""
_SUFFIX = ".onnx"


def add_export_model_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    parser.add_argument("model", choices=NAMES, help="the detector of named sounds, or the separator")
    parser.add_argument("--out", type=Path, required=True, metavar=f"M{_SUFFIX}", help="the new file")
    parser.add_argument("--force", action="store_true", help="write over an existing file")


def run_export_model(options: argparse.Namespace, progress: Progress) -> Iterator[VerbOutput]:  # noqa: ARG001
    """Write the file, and report how far its answers are from those of torch."""
    if options.out.suffix.lower() != _SUFFIX:
        raise UsageError(f"{shown(options.out)} is not the name of a model: use the suffix {_SUFFIX}.")
    from engine.features.repair.separation.onnx_file import MODELS, write_onnx

    model = MODELS[options.model]
    difference = write_onnx(model, options.out, overwrite=options.force)
    compared = (
        "Not compared with torch: onnxruntime is not installed"
        if difference is None
        else f"Differs from torch by {difference:.1e} at most"
    )
    yield VerbOutput(
        {"path": str(options.out), "model": options.model, "difference": difference, **model.about},
        f"{shown(options.out)}: {options.model}. {compared}. Licence: {model.about['licence']}.",
    )


EXPORT_MODEL = Verb(add_export_model_arguments, run_export_model)


_LEAST_WINDOW_S, _MOST_WINDOW_S, _LEAST_HOP_S = 1.0, 60.0, 0.1


def add_embeddings_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("list", help="list embeddings, and which are installed")
    prepare = actions.add_parser("prepare", help="embed recordings ahead of time; resumes if interrupted")
    prepare.add_argument("audio", type=Path, nargs="+", metavar="PATH", help="recordings, or folders of them")
    prepare.add_argument("--embedding", default="statistics", metavar="NAME", help="default statistics")
    prepare.add_argument("--window-s", type=finite, default=10.0, metavar="S", help="length; default 10")
    prepare.add_argument("--hop-s", type=finite, default=1.0, metavar="S", help="distance; default 1")
    prepare.add_argument("--cache", type=Path, metavar="DIR", help="cache folder; default: of the user")
    add = actions.add_parser("add", help="take a CLAP checkpoint from a folder")
    add.add_argument("folder", type=Path, metavar="FOLDER")
    download = actions.add_parser("download", help="download a CLAP checkpoint after confirmation")
    download.add_argument("--yes", action="store_true", help="confirm beforehand")
    for action in actions.choices.values():
        action.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)


def run_embeddings(options: argparse.Namespace, progress: Progress) -> Iterator[VerbOutput | Listing]:
    """Run the requested action."""
    if options.action == "prepare":
        if not _LEAST_WINDOW_S <= options.window_s <= _MOST_WINDOW_S:
            raise UsageError(f"A window cannot last {options.window_s:g} s: choose 1 to 60.")
        if not _LEAST_HOP_S <= options.hop_s <= options.window_s:
            raise UsageError(f"Windows cannot be {options.hop_s:g} s apart: choose 0.1 to the length of one.")
        refused: list[str] = []
        yield Listing("files", _entries(options, refused, progress))
        if refused:
            raise OffcutError(f"{counted(len(refused), 'file')} could not be embedded; see above.")
    elif options.action == "list":
        from engine.analysis.embeddings.registry import CLAP, EMBEDDINGS, clap_folder

        missing = set() if clap_folder().is_dir() else {CLAP}
        rows = [{"name": name, "is_here": name not in missing} for name in EMBEDDINGS]
        lines = "\n".join(f"{row['name']:<12} {'here' if row['is_here'] else 'not here yet'}" for row in rows)
        yield VerbOutput({"embeddings": rows}, lines)
    else:
        yield _install(options, progress)


EMBEDDINGS = Verb(add_embeddings_arguments, run_embeddings)


def _install(options: argparse.Namespace, progress: Progress) -> VerbOutput:
    from engine.analysis.embeddings.installing import ABOUT, add_from, download

    if options.action == "add":
        found = add_from(options.folder)
    else:
        if not options.yes and not _is_confirmed(f"Download {ABOUT} from the Hugging Face hub? [y/N] "):
            raise UsageError(f"No download: answer yes, or give --yes, to download {ABOUT}.")
        found = download(progress)
    return VerbOutput(
        {"name": found.name, "size": found.size}, f"The embedding 'clap' is installed ({found.name})."
    )


def _is_confirmed(question: str) -> bool:
    if not sys.stdin.isatty():
        return False
    print(question, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _entries(options: argparse.Namespace, refused: list[str], progress: Progress) -> Iterator[VerbOutput]:
    from engine.analysis.embeddings.preparation import Hearing, NotPrepared, default_folder, prepare_all
    from engine.analysis.embeddings.registry import embedder
    from engine.sound.decoders.registry import audio_files

    def refuse(sentence: str) -> None:
        refused.append(sentence)
        print(f"offcut embeddings: {sentence}", file=sys.stderr, flush=True)

    def unlisted(error: OSError) -> None:
        refuse(f"{shown(error.filename)} cannot be listed: {reason_of(error)}.")

    chosen, hearing = embedder(options.embedding), Hearing(options.window_s, options.hop_s)
    folder = options.cache or default_folder()
    if not folder.is_dir():
        raise UsageError(f"There is no folder {shown(folder)}: make it, or choose another with --cache.")
    paths = (found for path in options.audio for found in audio_files(path, unlisted))
    for done in prepare_all(paths, chosen, hearing, folder, progress):
        if isinstance(done, NotPrepared):
            refuse(done.sentence)
            continue
        how = "there already" if done.was_kept else "made"
        fields = {
            "path": str(done.path),
            "windows": len(done.vectors),
            "size": chosen.size,
            "was_kept": done.was_kept,
        }
        yield VerbOutput(fields, f"{done.path}: {counted(len(done.vectors), 'window')}, {how}")

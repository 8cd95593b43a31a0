"""How large a bundle is and why: the figures and reasons that a build leaves beside it."""

from __future__ import annotations

from collections import defaultdict
from fnmatch import fnmatch
from pathlib import Path

import contents

LARGEST = 20
REASONS = (
    ("*/torch/lib/libtorch_cpu*", "computes all networks: learning, scoring, hearing, separating"),
    ("*/torch/lib/libtorch_python*", "torch as Python sees it"),
    ("*/torch/*.py", "modules of torch whose source it reads itself when it is imported"),
    ("*/torch/*", "torch"),
    ("offcut", "the program, with every module of Python in it as bytecode"),
    ("*/libicudata*", "what Qt knows of scripts and languages; QtCore is linked to it"),
    ("*/libicu*", "with it Qt tells letters and words apart"),
    ("*/numpy.libs/*openblas*", "linear algebra of numpy"),
    (
        "*/scipy.libs/*openblas*",
        "linear algebra of scipy, which is built with another width of integers than numpy's",
    ),
    ("*/*gfortran*", "what that linear algebra is written in"),
    ("*/libpython3*", "Python itself"),
    ("*/numpy/*", "arrays"),
    ("*/scipy/*", "filters, transforms and alignment of signals"),
    ("*/tokenizers/*", "parts the words that are typed for a sound"),
    ("*/resources/sound_names/*", "knows words (weights)"),
    ("*/resources/deep_filter/*", "separates speech (weights)"),
    ("*/resources/silero_vad/*", "detects voices (weights)"),
    ("*/resources/voice_encoder/*", "distinguishes voices (weights)"),
    ("*/resources/models/separation*", "takes sounds out (weights)"),
    ("*/resources/models/sounds*", "knows sounds by name (weights)"),
    ("*/resources/models/*", "weights that hear beats, bars, hits, and arrange"),
    ("*/resources/demo/*", "the demo: recordings, examples and a taste"),
    ("*/resources/*", "typefaces, icons, pages"),
    ("*/docs/*", "the guide with its pictures"),
    ("*/libQt6Gui*", "Qt draws with it"),
    ("*/libQt6Widgets*", "Qt's buttons, lists and dialogs"),
    ("*/libQt6Core*", "Qt's foundation"),
    ("*/QtOpenGL*", "pyqtgraph, which draws the Taste page, imports it"),
    ("*/PySide6/Qt*.so", "Qt as Python sees it"),
    ("*/PySide6/*", "Qt"),
    ("*/pydantic_core/*", "validates settings and what documents say"),
    ("*/libcrypto*", "hashes, and what Python's ssl is linked to"),
    ("*/_soundfile_data/*", "reads and writes sound files"),
    ("*/yaml/*", "reads recipes"),
    ("*/libgio*", "a part of GLib that Qt's platform is linked to"),
    ("*/base_library.zip", "the modules Python starts with"),
)
"""Why what is large is there, the first that fits."""


def report(folder: Path) -> str:
    """Return the report of a bundle in Markdown."""
    files = {path.relative_to(folder).as_posix(): path.stat().st_size for path in contents_of(folder)}
    total = sum(files.values())
    lines = ["# What the bundle holds", "", f"{total / 1e6:.0f} MB in {len(files)} files.", ""]
    lines += ["| MB | part |", "|---|---|"]
    lines += [f"| {mb / 1e6:.1f} | {part} |" for part, mb in by_part(files)[:LARGEST]]
    lines += ["", f"The {LARGEST} largest files:", "", "| MB | file | why |", "|---|---|---|"]
    largest = sorted(files.items(), key=lambda item: (-item[1], item[0]))[:LARGEST]
    lines += [f"| {size / 1e6:.1f} | {name} | {reason(name)} |" for name, size in largest]
    lines += ["", "Modules that were left out:", ""]
    lines += [f"- `{name}`: {why}" for name, why in contents.LEFT_OUT.items()]
    lines += ["", "Files that were left out:", ""]
    lines += [f"- `{pattern}`: {why}" for pattern, why in contents.DROPPED.items()]
    return "\n".join(lines) + "\n"


def contents_of(folder: Path) -> list[Path]:
    """Return the files of a folder; a link is not what it leads to."""
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()]


def size(folder: Path) -> int:
    """Return how many bytes a folder holds."""
    return sum(path.stat().st_size for path in contents_of(folder))


def by_part(files: dict[str, int]) -> list[tuple[str, int]]:
    """Return the sizes of what lies at the top, the largest first."""
    sums: dict[str, int] = defaultdict(int)
    for name, size_bytes in files.items():
        parts = name.split("/")
        sums[parts[1] if parts[0] == "_internal" else parts[0]] += size_bytes
    return sorted(sums.items(), key=lambda item: (-item[1], item[0]))


def reason(name: str) -> str:
    """Return why a file is there, "" where nobody has said."""
    for pattern, why in REASONS:
        if fnmatch(name, pattern):
            return why
    return ""

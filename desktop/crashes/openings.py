"""How often in a row a document ended the program while it was opened: after two it is not offered again."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from engine.errors import OffcutError
from engine.files.places import state_folder
from engine.files.regular_file import read_beginning
from engine.files.safe_write import replacing
from engine.strict_json import bytes_of, parse_json, strict_json

TOO_OFTEN = 2
_MOST_DOCUMENTS, _MOST_BYTES = 50, 1 << 18


def failed(path: Path) -> int:
    """Count that opening a document ended the program; return how often in a row it has."""
    counts = _read()
    name = str(path)
    times = counts.pop(name, 0) + 1
    counts[name] = times
    _write(counts)
    return times


def went_well(path: Path) -> None:
    """Reset the count: the document opened successfully."""
    counts = _read()
    if counts.pop(str(path), 0):
        _write(counts)


def _read() -> dict[str, int]:
    try:
        said = parse_json(read_beginning(state_folder("crashes") / "openings.json", _MOST_BYTES))
    except (OSError, ValueError, OffcutError):
        return {}
    if not isinstance(said, dict):
        return {}
    named = {bytes_of(name).decode("utf-8", "surrogateescape"): n for name, n in said.items()}
    return {name: n for name, n in named.items() if type(n) is int and n > 0}


def _write(counts: dict[str, int]) -> None:
    kept = dict(list(counts.items())[-_MOST_DOCUMENTS:])
    with suppress(OSError, OffcutError):
        path = state_folder("crashes") / "openings.json"
        with replacing(path, overwrite=True, is_own_name=True) as part:
            part.write_text(strict_json(kept), encoding="utf-8")

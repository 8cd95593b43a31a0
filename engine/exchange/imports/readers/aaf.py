"""AAF, read in a process of its own with a limit of memory, since the library trusts the sizes in a file."""

from __future__ import annotations

from engine.core.processes.own_process import ProcessDiedError, run_in_own_process
from engine.core.progress import Progress
from engine.exchange.imports import EditsFile
from engine.exchange.imports.described import ImportedEdits
from engine.exchange.imports.readers.aaf_composition import TOO_LARGE, read_composition

_LEAST_BYTES = 192 * 2**20
_MOST_BYTES = 4 * 2**30
_FOR_EACH_BYTE = 16
"""Memory for a byte of the file: the objects of long compositions take up to 10."""


def read(file: EditsFile, progress: Progress) -> ImportedEdits:
    """Read the sound of a composition (see `engine.exchange.imports.readers.aaf_composition`).

    Raises
    ------
    EditsError : it is not an AAF file, is damaged, or holds no composition with sound
    Cancelled : the user asked for it
    """
    size_bytes = file.require_readable()
    most_bytes = min(_LEAST_BYTES + _FOR_EACH_BYTE * size_bytes, _MOST_BYTES)
    try:
        return run_in_own_process(read_composition, (file,), progress, memory_bytes=most_bytes)
    except ProcessDiedError as error:
        raise file.refused(TOO_LARGE) from error

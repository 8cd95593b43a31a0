"""Heavy modules, imported by a worker while the window goes on."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

from engine.core.progress import Progress

_LIBRARIES = ("libtorch_global_deps.so", "libtorch_cpu.so", "libtorch_cpu.dylib")


def is_loaded(name: str) -> bool:
    """Return whether a module is imported completely."""
    spec = getattr(sys.modules.get(name), "__spec__", None)
    return spec is not None and not getattr(spec, "_initializing", False)


def load(name: str, progress: Progress) -> None:
    """Import a module; a job for a worker."""
    progress.check_cancelled()
    __import__(name)


class TorchLibraries(MetaPathFinder):
    """Loads the libraries of torch just before torch is first imported, while other threads go on.

    Python holds its lock while an import loads a library: 0.4 to 1.6 s in which no key is answered. A call
    of the system's `dlopen` through ctypes holds no lock. The import then finds the libraries loaded.
    """

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Load the libraries of torch; leave imports to the other finders."""
        if fullname == "torch":
            sys.meta_path.remove(self)
            spec = PathFinder.find_spec(fullname, path)
            if spec is not None and spec.origin is not None and os.name == "posix":
                _load_libraries(Path(spec.origin).parent / "lib")
        return None


def _load_libraries(folder: Path) -> None:
    """Load available libraries; the import reports missing ones."""
    dlopen = ctypes.CDLL(None).dlopen
    dlopen.restype, dlopen.argtypes = ctypes.c_void_p, [ctypes.c_char_p, ctypes.c_int]
    for name in _LIBRARIES:
        if (folder / name).exists():
            dlopen(os.fsencode(folder / name), os.RTLD_NOW | os.RTLD_GLOBAL)

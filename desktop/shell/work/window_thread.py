"""What keeps the thread of the window responsive: heavy imports by workers, and its own garbage collection.

A widget and a function that names it are a cycle, and Python frees cycles on whichever thread happens to
allocate: a model that trains would destroy a closed dialog, which Qt answers with a crash. So collecting by
itself is off while a window is open, and the window's thread collects instead, as calibre does.
"""

from __future__ import annotations

import ctypes
import gc
import os
import sys
from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from time import monotonic
from types import ModuleType
from typing import ClassVar

from PySide6 import QtCore, QtGui, QtWidgets
from PySide6.QtCore import QObject, QTimer

from engine.core.progress import Progress

LOOK_EVERY_MS = 500
MANY_MODULES = 10
"""More new modules than this since the last look: a heavy package is being imported."""


class WindowGarbage(QObject):
    """Collects on the thread it was made on, whenever Python itself would have, until it is closed."""

    _open: ClassVar[int] = 0

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._modules = len(sys.modules)
        self._timer = QTimer(self, interval=LOOK_EVERY_MS)
        self._timer.timeout.connect(self._look)
        self._timer.start()
        WindowGarbage._open += 1
        gc.disable()

    def _look(self) -> None:
        """Collect due garbage. While a worker imports a package, exclude new objects instead.

        An import makes hundreds of thousands of objects that are never freed. A collection would walk over
        all of them: 60 to 240 ms in which no key is answered.
        """
        before, self._modules = self._modules, len(sys.modules)
        if self._modules - before > MANY_MODULES:
            gc.freeze()
        else:
            collect_what_is_due()

    def let_stand(self) -> None:
        """Collect all garbage, and exclude the remaining objects until the next time.

        An open document is hundreds of thousands of objects that stay: looking through them takes 100 ms, in
        the middle of a review.
        """
        gc.unfreeze()
        gc.collect()
        gc.freeze()

    def close(self) -> None:
        """Let Python collect by itself again once no window is left; closing twice is closing once."""
        if not self._timer.isActive():
            return
        self._timer.stop()
        WindowGarbage._open -= 1
        if not WindowGarbage._open:
            gc.unfreeze()
            gc.enable()


def collect_what_is_due() -> None:
    """Collect the oldest generation whose count has passed its threshold, and with it those below."""
    for generation in (2, 1, 0):
        if gc.get_count()[generation] > gc.get_threshold()[generation]:
            gc.collect(generation)
            return


_TURN_S = 0.005
_LIBRARIES = ("libtorch_global_deps.so", "libtorch_cpu.so", "libtorch_cpu.dylib")


def is_loaded(name: str) -> bool:
    """Return whether a module is imported completely."""
    spec = getattr(sys.modules.get(name), "__spec__", None)
    return spec is not None and not getattr(spec, "_initializing", False)


def with_types_of_qt(then: Callable[[], object], parent: QObject) -> None:
    """Create all types of Qt, a few at each turn of the event loop, and call a function afterwards.

    PySide creates a type when it is first used, which is not safe on two threads: a worker that imports a
    package of Qt widgets, such as pyqtgraph, would crash a window that draws meanwhile.
    """
    wanted = ((module, name) for module in (QtCore, QtGui, QtWidgets) for name in dir(module))
    timer = QTimer(parent, interval=0)

    def create_some() -> None:
        stop_s = monotonic() + _TURN_S
        for module, name in wanted:
            getattr(module, name)
            if monotonic() > stop_s:
                return
        timer.stop()
        then()

    timer.timeout.connect(create_some)
    timer.start()


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

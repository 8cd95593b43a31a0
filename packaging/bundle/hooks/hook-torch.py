"""What PyInstaller collects of torch: its libraries, and the modules that are imported from ours.

PyInstaller's own hook takes every module of torch and every file beside them, tests and headers included.
"""

import sys
from pathlib import Path

from PyInstaller.utils.hooks import (
    PY_DYLIB_PATTERNS,
    collect_dynamic_libs,
    collect_submodules,
    get_package_paths,
)

# torch reads the source of its own modules when it is imported (settings, scripted functions).
module_collection_mode = "pyz+py"
warn_on_missing_hiddenimports = False
# The first step of an optimiser imports these by name.
hiddenimports = collect_submodules("torch._dynamo.polyfills")
binaries = collect_dynamic_libs("torch", search_patterns=[*PY_DYLIB_PATTERNS, "*.so.*"])
if not sys.platform.startswith("win"):
    # torch looks for it when it is imported, whether or not arrays are shared between processes.
    manager = Path(get_package_paths("torch")[1], "bin", "torch_shm_manager")
    binaries.append((str(manager), "torch/bin"))
# A link beside the program would tell torch to look for its libraries there.
bindepend_symlink_suppression = ["**/torch/lib/*.so*"]

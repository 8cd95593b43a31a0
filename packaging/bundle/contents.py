"""What goes into the bundle and what stays out, each with its reason; the spec and the report read it."""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path
from types import MappingProxyType

PROJECT = Path(__file__).resolve().parents[2]
NAME = "offcut"

LEFT_OUT = MappingProxyType(
    {
        "engine.lab": "the laboratory: measures Offcut and trains what it ships",
        "desktop.bench": "measures the window, with the laboratory",
        "librosa": "a reference of tests and of the laboratory (extra lab)",
        "numba": "only librosa compiles with it",
        "llvmlite": "only numba needs it",
        "sklearn": "only librosa needs it",
        "joblib": "only scikit-learn needs it",
        "audioread": "only librosa needs it",
        "av": "its wheels carry encoders under the GPL; an ffmpeg on the PATH decodes instead",
        "pooch": "only librosa needs it",
        "mir_eval": "scores beats (extra lab)",
        "faster_whisper": "reads files with av (extra words)",
        "ctranslate2": "only faster-whisper needs it",
        "transformers": "an embedding that has to be downloaded (extra clap)",
        "huggingface_hub": "downloads models",
        "distributed": "several machines (extra cluster)",
        "dask": "several machines (extra cluster)",
        "optuna": "searches through networks (extra lab)",
        "sqlalchemy": "only optuna needs it",
        "alembic": "only optuna needs it",
        "wandb": "logs runs elsewhere (extra wandb)",
        "onnx": "writes a separator for other programs (extra onnx)",
        "onnxscript": "writes a separator for other programs (extra onnx)",
        "onnxruntime": "only tests read what that writes",
        "matplotlib": "nothing draws with it",
        "pandas": "nothing reads tables with it",
        "tkinter": "another window system",
        "readline": "nobody types into Python; its library is under the GPL",
        "IPython": "a shell",
        "pytest": "runs tests",
        "_pytest": "runs tests",
        "pygments": "colours code",
        "rich": "colours terminals",
        "typer": "only downloads need it",
        "onnx_ir": "only onnxscript needs it",
        "ml_dtypes": "only onnx needs it",
        "google": "only onnx needs it",
        "requests": "nothing is fetched",
        "urllib3": "nothing is fetched",
        "fsspec": "files elsewhere, for torch on several machines",
        "networkx": "torch compiles with it, which Offcut never asks for",
        "jinja2": "torch compiles with it, which Offcut never asks for",
        "torch.testing._internal.common_device_type": "tests of torch",
        "torch.testing._internal.common_distributed": "tests of torch",
        "torch.testing._internal.common_methods_invocations": "tests of torch",
        "torch.testing._internal.opinfo": "tests of torch",
        "hypothesis": "runs tests",
        "mypy": "checks types",
        "grimp": "checks imports",
        "setuptools": "builds packages",
        "pip": "installs packages",
        "torch.utils.tensorboard": "logs runs elsewhere",
        "lxml": "only adapters that tests compare with need it",
        "PySide6.QtQml": "no QML",
        "PySide6.QtQuick": "no QML",
        "PySide6.QtQuickWidgets": "no QML",
        "PySide6.QtQuickTest": "no QML",
        "PySide6.QtQuickControls2": "no QML",
        "PySide6.QtSql": "the document is written with sqlite3",
        "PySide6.QtDesigner": "draws forms",
        "PySide6.QtHelp": "the guide is a page of text",
        "PySide6.QtUiTools": "draws forms",
        "PySide6.QtTest": "pyqtgraph tests with it",
    }
)
"""Modules that are not collected, and why nobody misses them."""

DROPPED = MappingProxyType(
    {
        "resources/recipes/*": "of recipes that the laboratory has",
        "PySide6/Qt/translations/*": "Offcut speaks English alone",
        "PySide6/Qt/qml/*": "no QML",
        "PySide6/Qt/lib/libQt6Qml*": "no QML",
        "PySide6/Qt/lib/libQt6Quick*": "no QML",
        "PySide6/Qt/lib/libQt6VirtualKeyboard*": "no keyboard on the screen",
        "PySide6/Qt/lib/libQt6Pdf*": "nothing shows PDF",
        "PySide6/Qt/plugins/platforminputcontexts/*virtualkeyboard*": "no keyboard on the screen",
        "PySide6/Qt/plugins/egldeviceintegrations/*": "for machines without a desktop",
        "PySide6/Qt/plugins/platforms/libqeglfs*": "for machines without a desktop",
        "PySide6/Qt/plugins/platforms/libqlinuxfb*": "for machines without a desktop",
        "PySide6/Qt/plugins/platforms/libqvkkhrdisplay*": "for machines without a desktop",
        "PySide6/Qt/plugins/platforms/libqvnc*": "for machines without a desktop",
        "PySide6/Qt/lib/libQt6EglFS*": "for machines without a desktop",
        "PySide6/Qt/plugins/imageformats/libqpdf*": "nothing shows PDF",
        "PySide6/Qt/plugins/imageformats/libqtiff*": "no picture of ours is one",
        "PySide6/Qt/plugins/imageformats/libqwebp*": "no picture of ours is one",
        "PySide6/Qt/plugins/sqldrivers/*": "the document is written with sqlite3",
        "PySide6/Qt/plugins/platformthemes/libqgtk3*": "would bring GTK along; the look is our own",
        "torch/bin/*": "programs to build and test torch with",
        "torch/include/*": "to compile against torch",
        "torch/share/*": "to compile against torch",
        "torch/test/*": "tests of torch",
        "torch/lib/*_test.so": "tests of torch",
        "torch/lib/libaoti_custom_ops.so": "tests of torch",
        "torch/lib/libbackend_with_compiler.so": "tests of torch",
        "*.a": "to link with",
        "libasound.so*": "finds its plug-ins where the system has it",
        "libGL.so*": "belongs to the graphics driver",
        "libGLX.so*": "belongs to the graphics driver",
        "libGLdispatch.so*": "belongs to the graphics driver",
        "libEGL.so*": "belongs to the graphics driver",
        "libOpenGL.so*": "belongs to the graphics driver",
        "libdrm.so*": "belongs to the graphics driver",
        "libgbm.so*": "belongs to the graphics driver",
        "libstdc++.so*": "a graphics driver may need a newer one than ours",
        "libgcc_s.so*": "a graphics driver may need a newer one than ours",
    }
)
"""Files that are not collected, by where they would lie in the bundle, and why nobody misses them."""

KEPT = ("torch/bin/torch_shm_manager",)
"""Files that stay though a pattern of `DROPPED` fits."""

STRIPPED = ("torch/lib/libtorch_*.so", "libpython3*.so*")
"""Libraries that come with what only a debugger reads: 110 MB of it."""

DATA = (
    "resources",
    "docs/guide.md",
    "docs/guide",
    "docs/glossary.md",
    "docs/pictures",
    "LICENSE",
    "CHANGELOG.md",
)
"""What of the repository is laid into the bundle, as it is."""

OWN = ("desktop", "widgets", "engine")
"""Packages that are collected whole, but for what is left out: much is imported by name."""


def is_left_out(module: str) -> bool:
    """Tell whether a module, or a package that it is in, stays out of the bundle."""
    parts = module.split(".")
    return any(".".join(parts[:length]) in LEFT_OUT for length in range(1, len(parts) + 1))


def is_dropped(place: str) -> bool:
    """Tell whether a file that would lie at `place` in the bundle stays out."""
    place = place.replace("\\", "/")
    return place not in KEPT and any(fnmatch(place, pattern) for pattern in DROPPED)


def data_files(root: Path = PROJECT) -> list[tuple[str, str]]:
    """Return the files of the repository in the bundle: (file, folder in the bundle)."""
    files = []
    for name in DATA:
        found = root / name
        for path in sorted(found.rglob("*")) if found.is_dir() else [found]:
            if path.is_file() and "__pycache__" not in path.parts:
                files.append((str(path), path.parent.relative_to(root).as_posix()))
    return files

"""What goes into a bundle is said in one place, with a reason for all that stays out."""

from __future__ import annotations

import ast
import shutil
import sys
from pathlib import Path

import contents
import document_types
import needed
import pytest
import report
import stripping

from engine.cli import doctor
from tests.bundle.conftest import ROOT

OPTIONAL = {"av", "distributed", "dask", "faster_whisper", "transformers", "onnx", "onnxscript"}
"""Extras, whose absence is told in a sentence."""


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
    return names


def test_nothing_that_runs_imports_what_is_left_out() -> None:
    found = []
    for package in contents.OWN:
        for path in sorted((ROOT / package).rglob("*.py")):
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            if not contents.is_left_out(module):
                wrong = {name for name in imported(path) if contents.is_left_out(name)}
                found += [f"{module}: {name}" for name in wrong if name.split(".")[0] not in OPTIONAL]
    assert not found


def test_everything_left_out_has_a_reason() -> None:
    for reasons in (contents.LEFT_OUT, contents.DROPPED):
        assert all(len(why.split()) >= 2 for why in reasons.values())


@pytest.mark.parametrize(
    ("place", "dropped"),
    [
        ("torch/bin/protoc", True),
        ("torch/bin/torch_shm_manager", False),
        ("torch/lib/libtorch_cpu.so", False),
        ("torch/lib/libjitbackend_test.so", True),
        ("torch\\include\\ATen\\ATen.h", True),
        ("PySide6/Qt/plugins/platforms/libqxcb.so", False),
        ("PySide6/Qt/plugins/platforms/libqoffscreen.so", False),
        ("PySide6/Qt/plugins/platformthemes/libqgtk3.so", True),
        ("libasound.so.2", True),
        ("libportaudio.so.2", False),
        ("resources/demo/demo.taste", False),
    ],
)
def test_files_are_dropped_by_where_they_lie(place: str, dropped: bool) -> None:
    assert contents.is_dropped(place) == dropped


def test_weights_demo_and_guide_go_in() -> None:
    files = {f"{folder}/{Path(path).name}" for path, folder in contents.data_files()}
    wanted = {
        path.relative_to(ROOT).as_posix() for path in (ROOT / "resources" / "models").glob("*.safetensors")
    }
    wanted |= {
        "resources/demo/demo.taste",
        "docs/guide.md",
        "docs/guide/import.md",
        "resources/sound_names/tokenizer.json",
    }
    assert wanted <= files
    assert not [name for name in files if "__pycache__" in name or name.startswith("docs/decisions")]


def test_the_doctor_of_a_bundle_asks_for_nothing_that_is_left_out() -> None:
    told = {name.lower() for name in doctor.PACKAGES if name not in doctor.NEVER_IN_A_BUNDLE}
    assert not told & {name.lower() for name in contents.LEFT_OUT}


def test_the_report_names_the_largest_files_with_their_reasons(tmp_path: Path) -> None:
    sizes = {"_internal/torch/lib/libtorch_cpu.so": 5000, "offcut": 300, "_internal/numpy/a.so": 20}
    for name, size in sizes.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(bytes(size))
    (tmp_path / "link").symlink_to("offcut")
    assert report.size(tmp_path) == sum(sizes.values())
    text = report.report(tmp_path)
    lines = [line for line in text.splitlines() if "libtorch_cpu" in line]
    assert lines == [
        "| 0.0 | _internal/torch/lib/libtorch_cpu.so | "
        + report.reason("_internal/torch/lib/libtorch_cpu.so")
        + " |"
    ]
    assert "librosa" in text


def test_the_menu_entry_is_well_formed_and_opens_documents_and_recordings() -> None:
    text = (ROOT / "packaging" / "bundle" / "linux" / "offcut.desktop").read_text("utf-8")
    head, *lines = text.splitlines()
    entries = dict(line.split("=", 1) for line in lines)
    assert head == "[Desktop Entry]"
    assert len(entries) == len(lines), "a key is there once"
    assert (entries["Type"], entries["Exec"], entries["Icon"]) == ("Application", "offcut %F", "offcut")
    for name in ("Categories", "Keywords", "MimeType"):
        assert entries[name].endswith(";")
    kinds = entries["MimeType"].split(";")
    assert {"application/x-offcut", "audio/flac", "audio/mpeg", "audio/ogg"} <= set(kinds)


def test_documents_have_a_kind_of_file_on_each_system() -> None:
    from xml.etree import ElementTree

    tree = ElementTree.parse(ROOT / "packaging" / "bundle" / "linux" / "offcut.xml")
    space = "{http://www.freedesktop.org/standards/shared-mime-info}"
    kind = tree.getroot().find(f"{space}mime-type")
    assert kind is not None
    assert kind.get("type") == "application/x-offcut"
    assert [one.get("pattern") for one in kind.iter(f"{space}glob")] == ["*.offcut"]
    types = document_types.info_plist("1.2.3")["CFBundleDocumentTypes"]
    assert [one["CFBundleTypeExtensions"][0] for one in types] == ["offcut", "wav"]
    registry = document_types.registry(Path("C:/Program Files/Offcut/offcutw.exe"))
    assert "\\\\" in document_types.registry(Path("C:\\Offcut\\offcutw.exe"))
    assert registry.startswith("Windows Registry Editor")
    assert "{program}" not in registry
    assert all(f'".{name}"' in registry for name in document_types.SOUND)


@pytest.mark.skipif(shutil.which("strip") is None, reason="strip is not installed")
def test_what_only_a_debugger_reads_is_taken_out_of_a_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from _ctypes import __file__ as library

    monkeypatch.setattr(contents, "STRIPPED", ("ours/*.so",))
    size_bytes = Path(library).stat().st_size
    taken, left = stripping.stripped(
        [("ours/a.so", library, "BINARY"), ("b.so", library, "BINARY")], tmp_path / "stripped"
    )
    assert left == ("b.so", library, "BINARY")
    assert Path(taken[1]).stat().st_size < size_bytes == Path(library).stat().st_size


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Elsewhere libraries lie beside their users")
def test_libraries_that_only_what_was_left_out_needed_go_with_it() -> None:
    linked = {
        "/s/qxcb.so": {"libxcb-icccm.so.4", "libc.so.6"},
        "/s/libxcb-icccm.so.4": {"libxcb-util.so.1"},
        "/s/libportaudio.so.2": {"libjack.so.0"},
        "/s/libgtk.so": {"libpango.so"},
    }
    entries = [
        ("PySide6/plugins/qxcb.so", "/s/qxcb.so", "BINARY"),
        ("PySide6/lib/libQt6Core.so.6", "/s/libQt6Core.so.6", "BINARY"),
        ("libxcb-icccm.so.4", "/s/libxcb-icccm.so.4", "BINARY"),
        ("libxcb-util.so.1", "/s/libxcb-util.so.1", "BINARY"),
        ("libportaudio.so.2", "/s/libportaudio.so.2", "BINARY"),
        ("libjack.so.0", "/s/libjack.so.0", "BINARY"),
        ("_cffi_backend.so", "/s/_cffi_backend.so", "EXTENSION"),
        ("libQt6Core.so.6", "PySide6/lib/libQt6Core.so.6", "SYMLINK"),
    ]
    gone = [
        ("libgtk.so", "/s/libgtk.so", "BINARY"),
        ("libpango.so", "/s/libpango.so", "BINARY"),
        ("libQt6Qml.so.6", "PySide6/lib/libQt6Qml.so.6", "SYMLINK"),
    ]
    assert needed.needed(entries + gone, lambda file: linked.get(file, set())) == entries

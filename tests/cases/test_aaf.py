"""AAF of other programs: the cases, and compositions built as Premiere, Pro Tools and Media Composer do.

The places are written by hand next to each composition.
"""

from __future__ import annotations

import lzma
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from aaf2.auid import AUID

from engine.core.progress import SILENT
from engine.exchange.imports import EditsFile, read_edits
from engine.exchange.imports.described import ImportedEdits
from engine.exchange.imports.formats import IMPORTS
from engine.exchange.imports.readers.aaf import read_composition
from tests.cases.asking import noise, refused, told
from tests.engine.exchange.export.interchange.aaf_published import Published

RATE_HZ, FPS = 8_000, 25
SECOND = FPS
WARP, OTHER = "f1db0f27-8d64-11d3-80df-006008143e6f", "9d2ea899-0968-11d3-8a38-0050040ef7d2"
_MOST_MIB = 300


class Built:
    """A composition at 25 frames a second of one recording of 20 s."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "made.aaf"
        soundfile.write(folder / "day.wav", np.zeros(20 * RATE_HZ), RATE_HZ)
        self.published = Published(self.path, FPS)
        self.make = self.published.file.create
        self.origin = self.published.origin("tape", "TapeDescriptor", 1, FPS)
        self.parts: list[Any] = []

    def file_mob(self, name: str = "day.wav", *, frames: int = 20 * SECOND) -> Any:
        """Link a file: its slot counts video frames, and so does its descriptor, next to the sample rate."""
        mob = self.published.file_mob(self.path.with_name("day.wav"), self.origin, 1, frames)
        mob.name = name
        slot = next(iter(mob.slots))
        slot.edit_rate, slot.segment.length = FPS, frames
        mob.descriptor["Length"].value = frames
        return mob

    def master(self, mob: Any, name: str = "day") -> Any:
        master = self.published.mob("MasterMob", name)
        self.published.slot(master, "", mob.create_source_clip(1, 0, 20 * SECOND, "sound"))
        return master

    def clip(self, start_s: float, length_s: float, mob: Any | None = None) -> Any:
        """Add a clip."""
        master = self.master(self.file_mob()) if mob is None else mob
        return master.create_source_clip(1, round(start_s * FPS), round(length_s * FPS), "sound")

    def filler(self, length_s: float) -> Any:
        return self.make.Filler("sound", round(length_s * FPS))

    def warped(self, clip: Any, length_s: float, *, is_named: bool = True) -> Any:
        """Play a clip at another speed."""
        auid = AUID(WARP if is_named else OTHER)
        group = self.published.group(auid, "An effect", round(length_s * FPS), [clip])
        group.operation["IsTimeWarp"].value = is_named
        return group

    def muted(self, clip: Any) -> Any:
        """Mute a clip as Media Composer does: a selector has chosen nothing."""
        selector = self.make.Selector()
        selector.media_kind, selector.length = "sound", clip.length
        selector["Selected"].value = self.make.Filler("sound", clip.length)
        selector["Alternates"].append(clip)
        return selector

    def read(self, *parts: Any) -> ImportedEdits:
        sequence = self.published.sequence(list(parts))
        composition = self.published.mob("CompositionMob", "made")
        self.published.slot(composition, "A1", sequence)
        self.published.file.close()
        return read_composition(EditsFile(self.path, IMPORTS[".aaf"], RATE_HZ), SILENT)


Place = tuple[float, float, float, bool]


def places(imported: ImportedEdits) -> list[Place]:
    return [
        (float(one.at_s), float(one.start_s), float(one.length_s), one.is_audible)
        for one in imported.tracks[0].clips
    ]


BUILDS: dict[str, tuple[Callable[[Built], list[Any]], list[Place], list[tuple[float, float]]]] = {
    "two clips": (lambda b: [b.clip(0, 4), b.clip(10, 5)], [(0, 0, 4, True), (4, 10, 5, True)], []),
    "a gap": (lambda b: [b.clip(0, 4), b.filler(2), b.clip(6, 5)], [(0, 0, 4, True), (6, 6, 5, True)], []),
    "a muted clip": (
        lambda b: [b.clip(0, 4), b.muted(b.clip(4, 3)), b.clip(7, 5)],
        [(0, 0, 4, True), (4, 4, 3, False), (7, 7, 5, True)],
        [],
    ),
    "a warp": (lambda b: [b.clip(0, 4), b.warped(b.clip(4, 6), 3)], [(0, 0, 4, True)], [(4, 10)]),
    "a slow warp": (lambda b: [b.warped(b.clip(4, 2), 4), b.clip(6, 5)], [(4, 6, 5, True)], [(4, 6)]),
    "an effect of another length": (
        lambda b: [b.clip(0, 4), b.warped(b.clip(4, 6), 3, is_named=False)],
        [(0, 0, 4, True)],
        [(4, 10)],
    ),
    "an effect of the same length": (
        lambda b: [b.clip(0, 4), b.warped(b.clip(9, 6), 6, is_named=False)],
        [(0, 0, 4, True), (4, 9, 6, True)],
        [],
    ),
    "a clip of a clip": (
        lambda b: [b.clip(2, 3, b.master(b.master(b.file_mob())))],
        [(0, 2, 3, True)],
        [],
    ),
    "a sequence in place of a clip": (
        lambda b: [b.published.sequence([b.clip(8, 3)]), b.clip(0, 1)],
        [(0, 8, 3, True), (3, 0, 1, True)],
        [],
    ),
    "a muted warp": (
        lambda b: [b.clip(0, 4), b.muted(b.warped(b.clip(4, 6), 3))],
        [(0, 0, 4, True)],
        [(4, 10)],
    ),
}


@pytest.mark.parametrize("name", BUILDS)
def test_a_composition_plays_its_clips_and_names_the_rest(tmp_path: Path, name: str) -> None:
    build, expected, other_speeds = BUILDS[name]
    built = Built(tmp_path)
    imported = built.read(*build(built))
    assert places(imported) == expected
    found = [(one.medium_start_s, one.medium_stop_s) for one in imported.not_understood]
    assert found == other_speeds
    media = [one.medium for one in (*imported.tracks[0].clips, *imported.not_understood)]
    assert {one.length_s for one in media if one is not None} == {20}, "of the slot, in frames"


def without_address(mob: Any, path: str | None = None) -> Any:
    """Take the address of a file mob, as where its sound is embedded, or give it another."""
    if path is None:
        mob.descriptor["Locator"].value = []
    else:
        next(iter(mob.descriptor["Locator"].value))["URLString"].value = path
    return mob


def test_sound_inside_the_file_is_named_and_found_by_the_name_of_the_clip(tmp_path: Path) -> None:
    built = Built(tmp_path)
    mob = without_address(built.file_mob("rendered 01"))
    imported = built.read(built.clip(1, 4, built.master(mob, "day.wav")))
    (clip,) = imported.tracks[0].clips
    assert (clip.medium.name, clip.medium.path, clip.start_s) == ("day.wav", "", 1)
    (said,) = imported.premises
    assert said.startswith("1 recording inside made.aaf")
    assert imported.left_out == ()


def test_an_mxf_copy_has_the_names_of_its_clip_and_of_what_was_imported(tmp_path: Path) -> None:
    built = Built(tmp_path)
    imported_from = built.file_mob()
    copy = without_address(built.file_mob("A01.mxf"), "file:///D:/MXF/1/A01.mxf")
    slot = next(iter(copy.slots))
    slot.segment = imported_from.create_source_clip(1, 0, 20 * SECOND, "sound")
    imported = built.read(built.clip(3, 4, built.master(copy, "Interview")))
    (clip,) = imported.tracks[0].clips
    assert clip.medium.name == "A01.mxf"
    assert clip.medium.names == ("day.wav", "Interview")
    assert clip.start_s == 3


def test_a_part_that_was_imported_counts_from_its_place_in_the_file(tmp_path: Path) -> None:
    built = Built(tmp_path)
    imported_from = built.file_mob()
    copy = without_address(built.file_mob("part", frames=5 * SECOND))
    next(iter(copy.slots)).segment = imported_from.create_source_clip(1, 8 * SECOND, 5 * SECOND, "sound")
    imported = built.read(built.clip(1, 4, built.master(copy, "day")))
    (clip,) = imported.tracks[0].clips
    assert clip.start_s == 9
    assert Path(clip.medium.path).name == "day.wav"


def test_case_25_has_one_cut(tmp_path: Path, inputs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, project = inputs / "25-aaf-premiere-length-in-frames", tmp_path / "d.offcut"
    told(capsys, "new", project, folder / "audio" / "day.wav")
    answer = told(capsys, "import-edits", project, folder / "from premiere.aaf")
    assert answer["edits"] == {"cut": 1}
    (cut,) = told(capsys, "proposals", project)["proposals"]
    assert (cut["start_s"], cut["stop_s"], cut["state"]) == (10, 20, "accepted")


def unpacked(folder: Path, case: Path) -> Path:
    path = folder / case.stem
    path.write_bytes(lzma.decompress(case.read_bytes()))
    return path


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak of memory from /proc")
def test_a_false_count_of_entries_takes_no_memory(tmp_path: Path, inputs: Path) -> None:
    """Case h17: 64 million entries took 7 GB."""
    path = unpacked(tmp_path, inputs / "h17-aaf-memory" / "own-64M.aaf.xz")
    script = (
        "import resource, sys; from pathlib import Path; from engine.exchange.imports import read_edits\n"
        "from engine.core.errors import EditsError\n"
        "if __name__ == '__main__':\n"
        "    try: read_edits(Path(sys.argv[1]), 48000)\n"
        "    except EditsError as error: print(error)\n"
        "    own = next(one for one in open('/proc/self/status') if one.startswith('VmHWM'))\n"
        "    of_children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss\n"
        "    print(max(int(own.split()[1]), of_children) // 1024)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True
    )
    said, peak_mib = done.stdout.strip().splitlines()
    assert "own-64M.aaf" in said
    assert int(peak_mib) < _MOST_MIB
    assert done.stderr == ""


def test_the_library_says_nothing_of_a_wrong_count_of_sectors(
    tmp_path: Path, inputs: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Case h11."""
    path = unpacked(tmp_path, inputs / "h11-aaf-library-log" / "fat.aaf.xz")
    assert read_edits(path, 48_000).tracks
    found = capfd.readouterr()
    assert (found.out, found.err) == ("", "")


def test_a_file_that_is_none_is_refused_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project, path = tmp_path / "d.offcut", tmp_path / "none.aaf"
    told(capsys, "new", project, noise(tmp_path / "a.wav", 1))
    path.write_bytes(b"\0" * 5_000)
    assert "none.aaf" in refused(capsys, "import-edits", project, path)

"""Move the tree to the layout of issue 60, once: ``python packaging/move.py`` in a clean checkout; then
delete this.

Nothing is patched by line: a table of prefixes names where modules and folders go, and dotted names, paths
and
imports are rewritten by it in code, texts and settings. ``--plan`` prints the moves and writes nothing.
"""

# ruff: noqa: E501
from __future__ import annotations

import ast
import os
import re
import runpy
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ROOTS = ("engine", "desktop", "widgets", "tests")
BIN = ROOT / ".venv" / "bin"
WIDTH = 110

# Old dotted prefix, new dotted prefix; the longest counts. What names nothing any more does no harm.
MODULES = """
engine.errors                       engine.core.errors
engine.build                        engine.core.build
engine.latest                       engine.core.latest
engine.progress                     engine.core.progress
engine.spans                        engine.core.spans
engine.timebase                     engine.core.timebase
engine.wording                      engine.core.wording
engine.own_process                  engine.core.processes.own_process
engine.own_program                  engine.core.processes.own_program
engine.shortage                     engine.core.processes.shortage
engine.side_by_side                 engine.core.processes.side_by_side
engine.unused_memory                engine.core.processes.unused_memory
engine.files                        engine.core.files
engine.strict_json                  engine.core.files.strict_json
engine.xml_text                     engine.core.files.xml_text
engine.extensions                   engine.core.extensions
engine.settings                     engine.document.settings
engine.audio                        engine.sound
engine.edl                          engine.sound.edl
engine.edl.imports                  engine.exchange.imports
engine.edl.export                   engine.exchange.export
engine.features                     engine.analysis.signal
engine.hits.octaves                 engine.analysis.signal.octaves
engine.hits.second_recorder         engine.analysis.signal.second_recorder
engine.beats                        engine.analysis.beats
engine.detection                    engine.analysis.detection
engine.embeddings                   engine.analysis.embeddings
engine.words                        engine.analysis.words
engine.learning                     engine.analysis.learning
engine.takes.takes                  engine.analysis.found_takes
engine.hits.kit.microphone_names    engine.recordings.microphone_names
engine.recordings.placement.continuations  engine.recordings.stated.continuations
engine.recordings.placement.file_head      engine.recordings.stated.file_head
engine.recordings.placement.names          engine.recordings.stated.names
engine.recordings.placement.placements     engine.recordings.stated.placements
engine.recordings.placement.start_time     engine.recordings.stated.start_time
engine.recordings.placement.stated_times   engine.recordings.stated.stated_times
engine.recordings.placement.take_times     engine.recordings.stated.take_times
engine.recordings.placement.timecode       engine.recordings.stated.timecode
engine.by_hand                      engine.review.by_hand
engine.anomaly.part_wording         engine.review.part_wording
engine.finders.finder               engine.review.finders.finder
engine.finders.settings             engine.review.finders.settings
engine.finders.proposed_already     engine.review.finders.proposed_already
engine.finders                      engine.features
engine.anomaly                      engine.features.taste.anomaly
engine.cuts                         engine.features.taste.cuts
engine.taste                        engine.features.taste
engine.overview                     engine.features.taste.overview
engine.diagnoses                    engine.features.taste.diagnoses
engine.archive                      engine.features.taste.archive
engine.review.calibration.stored    engine.features.taste.stored_answers
engine.finders.cuts                 engine.features.taste.finders.cuts
engine.finders.dead_air             engine.features.taste.finders.dead_air
engine.finders.pauses               engine.features.taste.finders.pauses
engine.hits                         engine.features.timing.hits
engine.alignment                    engine.features.timing.alignment
engine.grids                        engine.features.timing.grids
engine.notes                        engine.features.timing.notes
engine.recordings.kit               engine.features.timing.kit
engine.finders.timing               engine.features.timing.finders.timing
engine.finders.tempo                engine.features.timing.finders.tempo
engine.finders.notes                engine.features.timing.finders.notes
engine.finders.recorders            engine.features.timing.finders.recorders
engine.separation                   engine.features.repair.separation
engine.finders.repair               engine.features.repair.finders.repair
engine.finders.like_this            engine.features.repair.finders.like_this
engine.finders.talk                 engine.features.repair.finders.talk
engine.takes                        engine.features.takes
engine.comping                      engine.features.takes.comping
engine.structure                    engine.features.takes.structure
engine.recordings.find_sections     engine.features.takes.structure.find_sections
engine.finders.takes                engine.features.takes.finders.takes
engine.finders.comping              engine.features.takes.finders.comping
engine.arranging                    engine.features.arrangement
engine.finders.arrangement          engine.features.arrangement.finder
engine.matching                     engine.features.match
engine.finders.match                engine.features.match.finder
engine.recordings.placement         engine.features.placement
engine.recordings.line_up           engine.features.placement.line_up
engine.recordings.known_files       engine.features.placement.known_files

desktop.work                        desktop.shell.work
desktop.playback                    desktop.shell.playback
desktop.commands.tables.arrangement desktop.features.arrangement.commands
desktop.commands.tables.repair      desktop.features.repair.commands
desktop.commands.tables.takes       desktop.features.takes.commands
desktop.commands.tables.taste       desktop.features.taste.commands
desktop.commands.tables.timing      desktop.features.timing.commands
desktop.user_settings               desktop.shell.user_settings
desktop.dialogs                     desktop.shell.dialogs
desktop.drawing                     desktop.timeline.drawing
desktop.panels.finders              desktop.review.finders
desktop.panels                      desktop.features
desktop.taste                       desktop.features.taste
desktop.review.reference_example     desktop.features.taste.reference_example
desktop.review.threshold            desktop.features.taste.threshold_drag
desktop.review.cuts_ahead           desktop.features.taste.cuts_ahead
desktop.taste.page                  desktop.features.taste.page.page
desktop.taste.survey                desktop.features.taste.page.survey
desktop.taste.hearing               desktop.features.taste.page.hearing
desktop.taste.recordings            desktop.features.taste.page.recordings
desktop.taste.finding_actions       desktop.features.taste.page.finding_actions
desktop.taste.threshold             desktop.features.taste.page.threshold
desktop.taste.diagnosing            desktop.features.taste.page.diagnosing
desktop.grid                        desktop.features.timing.grid
desktop.timeline.comping            desktop.features.takes.comping
desktop.timeline.sections           desktop.features.takes.sections
widgets.taste                       desktop.features.taste.widgets
widgets.learning                    desktop.features.taste.widgets.learning
widgets.forms.taste                 desktop.features.taste.widgets.forms
widgets.panels                      desktop.features
widgets.panels.timing               desktop.features.timing.widgets
widgets.panels.repair               desktop.features.repair.widgets
widgets.panels.takes                desktop.features.takes.widgets
widgets.panels.arrangement          desktop.features.arrangement.widgets
"""

# The tests of a module go where it goes; these are those of which the name of the file does not say it.
TESTS = """
tests.engine.finders.test_align             tests.engine.features.timing.finders.test_align
tests.engine.finders.test_notes             tests.engine.features.timing.finders.test_notes
tests.engine.finders.test_second_recorders  tests.engine.features.timing.finders.test_second_recorders
tests.engine.finders.test_tempo_proposals   tests.engine.features.timing.finders.test_tempo_proposals
tests.engine.finders.test_answering         tests.engine.features.taste.finders.test_answering
tests.engine.finders.test_moved_edges       tests.engine.features.taste.finders.test_moved_edges
tests.engine.finders.test_propose           tests.engine.features.taste.finders.test_propose
tests.engine.finders.test_shorter_pauses    tests.engine.features.taste.finders.test_shorter_pauses
tests.engine.finders.test_arrange           tests.engine.features.arrangement.test_arrange
tests.engine.finders.test_stretched_edits   tests.engine.features.match.test_stretched_edits
tests.engine.finders.test_matched_edit      tests.engine.features.match.test_matched_edit
tests.engine.finders.test_matched_track     tests.engine.features.match.test_matched_track
tests.engine.finders.test_comp              tests.engine.features.takes.finders.test_comp
tests.engine.finders.test_comp_on_lanes     tests.engine.features.takes.finders.test_comp_on_lanes
tests.engine.finders.lane_sessions          tests.engine.features.takes.finders.lane_sessions
tests.engine.finders.test_take_proposals    tests.engine.features.takes.finders.test_take_proposals
tests.engine.finders.test_place_repairs     tests.engine.features.repair.finders.test_place_repairs
tests.engine.finders.test_repairs           tests.engine.features.repair.finders.test_repairs
tests.engine.finders.test_stacked_repairs   tests.engine.features.repair.finders.test_stacked_repairs
tests.engine.finders.test_talk              tests.engine.features.repair.finders.test_talk
tests.engine.finders.test_proposed_already  tests.engine.review.finders.test_proposed_already
tests.engine.recordings.test_kit            tests.engine.features.timing.test_kit
tests.engine.recordings.test_line_up        tests.engine.features.placement.test_line_up
tests.engine.recordings.test_sections       tests.engine.features.takes.structure.test_sections
tests.engine.recordings.placement.test_continuations  tests.engine.recordings.stated.test_continuations
tests.engine.recordings.placement.test_start_time     tests.engine.recordings.stated.test_start_time
tests.engine.recordings.placement.test_stated_times   tests.engine.recordings.stated.test_stated_times
tests.engine.recordings.placement.test_timecode       tests.engine.recordings.stated.test_timecode
tests.engine.recordings.placement.test_wrong_dates    tests.engine.recordings.stated.test_wrong_dates
tests.engine.hits.test_microphone_names     tests.engine.recordings.test_microphone_names
tests.engine.hits.test_second_recorder      tests.engine.analysis.signal.test_second_recorder
tests.engine.review.calibration.test_stored tests.engine.features.taste.test_stored_answers
tests.engine.test_cache_size                tests.engine.core.files.test_cache_size
tests.engine.test_xml_text                  tests.engine.core.files.test_xml_text
tests.engine.test_latest                    tests.engine.core.test_latest
tests.engine.test_parallel_progress         tests.engine.core.test_parallel_progress
tests.engine.test_spans                     tests.engine.core.test_spans
tests.engine.test_timecode                  tests.engine.core.test_timecode
tests.engine.test_wording                   tests.engine.core.test_wording
tests.engine.test_own_process               tests.engine.core.processes.test_own_process
tests.engine.test_own_program               tests.engine.core.processes.test_own_program
tests.engine.test_shortage                  tests.engine.core.processes.test_shortage
tests.engine.test_side_by_side              tests.engine.core.processes.test_side_by_side
tests.engine.test_unused_memory             tests.engine.core.processes.test_unused_memory
tests.engine.test_settings                  tests.engine.document.test_settings
tests.engine.test_kinds                     tests.engine.document.kinds.test_all_kinds
tests.engine.test_queue                     tests.engine.review.test_queue
tests.desktop.test_after_crash              tests.desktop.shell.test_after_crash
tests.desktop.test_log                      tests.desktop.shell.test_log
tests.desktop.jobs                          tests.desktop.shell.work
tests.desktop.jobs.test_learning_process    tests.desktop.features.taste.test_learning_process
tests.desktop.window                        tests.desktop.shell
tests.desktop.files                         tests.desktop.recordings
tests.desktop.files.test_export_choice      tests.desktop.export.test_export_choice
tests.desktop.files.test_exporting          tests.desktop.export.test_exporting
tests.desktop.files.test_importing_edits    tests.desktop.features.match.test_importing_edits
tests.desktop.files.test_taking_edit        tests.desktop.features.match.test_taking_edit
tests.desktop.proposing                     tests.desktop.review
tests.desktop.proposing.test_comp           tests.desktop.features.takes.test_comp
tests.desktop.proposing.test_takes          tests.desktop.features.takes.test_takes
tests.desktop.proposing.test_editors        tests.desktop.features.arrangement.test_editors
tests.desktop.panels.timing.test_grid       tests.desktop.features.timing.grid.test_grid
tests.desktop.timeline.test_comping         tests.desktop.features.takes.test_comping
tests.desktop.timeline.test_sections        tests.desktop.features.takes.test_sections
tests.widgets.chrome.test_learning_panel    tests.desktop.features.taste.widgets.learning.test_learning_panel
tests.widgets.chrome.test_taste_shelf       tests.desktop.features.taste.widgets.forms.test_taste_shelf
"""

# New packages and their sentences. Folders of tests get an empty `__init__`.
PACKAGES = {
    "engine.core": "Below all parts: errors, time, spans, progress, wording, files, processes and extensions.",
    "engine.core.processes": "Other processes, threads and memory.",
    "engine.sound": "Files of sound, and the way from decisions to samples (`edl`).",
    "engine.exchange": "Files of other programs, and audio files: imports and exports.",
    "engine.analysis": "Analyses that several features need: the signal, beats, sounds by name, embeddings, learning.",
    "engine.analysis.signal": "Audio features: loudness, onsets, mel spectra, pauses and faults of channels.",
    "engine.recordings": "Recordings of a document: imported, found again on disk, read together, and analysed.",
    "engine.recordings.stated": "Names, times and continuations as recordings state them, and their places.",
    "engine.review": "The queue, learning from its answers, and edits by hand.",
    "engine.review.finders": "The interface of finders: request, settings and result.",
    "engine.features": "A folder for each feature. `registry` lists the finders of all.",
    "engine.features.taste": "Tastes: learned from recordings, scores by them, and cuts from the scores.",
    "engine.features.taste.finders": "Finders of cuts.",
    "engine.features.timing": "Drum hits and notes, the grid, and their alignment.",
    "engine.features.timing.finders": "Finders of timing: hits, notes, tempo and second recorders.",
    "engine.features.repair": "Sounds by name or example, isolated or removed.",
    "engine.features.repair.finders": "Finders of sounds: by words, by example, and talk.",
    "engine.features.takes": "Passages played more than once, comps of them, and sections.",
    "engine.features.takes.finders": "Finders of takes and comps.",
    "engine.features.arrangement": "Orders of a recording by rules, references and learned editors.",
    "engine.features.match": "The edit behind a file, found from its recordings.",
    "engine.features.placement": "Places of recordings on the timeline, proposed from headers, names and sound (decision 41).",
    "desktop.features": "A folder for each feature: panels, forms and commands, with their widgets.",
    "desktop.features.taste": "The taste page: learning, scores, findings and the shelf.",
    "desktop.features.taste.widgets": "Widgets of the taste page.",
    "desktop.features.timing": "Drum timing, and the grid.",
    "desktop.features.timing.widgets": "Panel and form of drum timing.",
    "desktop.features.repair": "Repairs by words, example and paint.",
    "desktop.features.repair.widgets": "The panel of repairs.",
    "desktop.features.takes": "Takes, comps and sections.",
    "desktop.features.takes.widgets": "The panel of takes.",
    "desktop.features.arrangement": "Arrangements compared, and learned editors.",
    "desktop.features.arrangement.widgets": "Panels of arrangements and learned editors.",
    "desktop.features.match": "Edits from files of other programs.",
}

# Fixtures of widgets that went to features.
CONFTEST = "tests/desktop/features/conftest.py"
CONFTEST_TEXT = '''"""The fixture of the tests of widgets, for the widgets of features."""

from __future__ import annotations

from tests.widgets.conftest import dress

__all__ = ["dress"]
'''

# Path after the move, text as the table leaves it, text instead. Each has to be found, once.
EDITS: tuple[tuple[str, str, str], ...] = (
    (
        "pyproject.toml",
        'ancestors = ["engine", "engine.lab"]',
        "ancestors = [\n"
        '    "engine",\n    "engine.analysis",\n    "engine.core",\n    "engine.features",\n'
        '    "engine.features.takes",\n    "engine.features.taste",\n    "engine.features.timing",\n'
        '    "engine.lab",\n    "engine.recordings",\n    "engine.review",\n]',
    ),
    (
        "pyproject.toml",
        '["engine.core.timebase", "engine.sound", "engine.document", "engine.review", "engine.sound.edl", ',
        '["engine.core", "engine.sound", "engine.document", "engine.review", "engine.exchange", ',
    ),
    (
        "tests/contracts/test_imports.py",
        '"engine.review", "engine.sound.edl"',
        '"engine.review", "engine.exchange"',
    ),
    (
        "engine/lab/evaluation/apart/trials.py",
        '("anomaly", "cuts", "finders/cuts")',
        '("features/taste/anomaly", "features/taste/cuts", "features/taste/finders/cuts")',
    ),
    (
        "engine/sound/writer.py",
        "; the format cannot hold these samples; a full disk",
        "; the format cannot hold it; a full disk",
    ),
    (
        "engine/features/repair/separation/onnx_file.py",
        '"inputs": f"levels (batch, {16 * FRAMES_EACH} frames, bands): engine.analysis.detection.spectra",',
        '"inputs": f"levels (batch, {16 * FRAMES_EACH} frames, bands): "\n                    "engine.analysis.detection.spectra",',
    ),
    (
        "tests/hostile/window/test_not_writable.py",
        "engine.recordings.listen  # nobody may not read where Python lies",
        "engine.recordings.listen  # others may not read Python",
    ),
    (
        "packaging/house.py",
        '"""Return the lines of each folder of the packages; files beside its folders count for a package."""',
        '"""Return the lines of each folder of the packages, of each feature; files beside folders count above."""',
    ),
    (
        "packaging/house.py",
        '"/".join(one.path.parts[: min(2, len(one.path.parts) - 1)])',
        '"/".join(one.path.parts[: min(3 if "features" in one.path.parts[:2] else 2, len(one.path.parts) - 1)])',
    ),
    (
        "packaging/pictures/draw_architecture.py",
        "        return SMALL\n    return names[1]",
        "        return SMALL\n"
        '    if names[1] == "features":\n'
        '        is_one = len(names) > 2 and graph.find_children(".".join(names[:3]))\n'
        '        return names[2] if is_one else "registry"\n'
        "    return names[1]",
    ),
)

EXACT_TEXTS = ("tests/engine/as_before/plans.json",)
SKIPPED = (
    "tests/data/",
    "tests/cases/inputs/",
    "tests/golden/",
    "tests/engine/as_before/",
    "resources/plotly/",
)
TEXTS = (".py", ".md", ".toml", ".spec", ".yml", ".yaml", ".cfg", ".ini", ".in", ".txt", "")
NOT_TEXTS = ("tests/contracts/sizes.toml", "packaging/constraints.txt", "packaging/move.py")


def rows(table: str) -> dict[str, str]:
    """Return a table of two columns."""
    return dict(line.split() for line in table.splitlines() if line.strip())


PREFIXES = rows(MODULES)
OF_TESTS = rows(TESTS)
MARK = "\ue000"
"""Set before a name that is new already."""


def moved(name: str) -> str:
    """Return where a dotted name goes."""
    parts = name.split(".")
    for table in (OF_TESTS, PREFIXES):
        for count in range(len(parts), 0, -1):
            if (new := table.get(".".join(parts[:count]))) is not None:
                return ".".join((new, *parts[count:]))
    if parts[0] == "tests" and len(parts) > 1 and parts[1] in ("engine", "desktop", "widgets"):
        return f"tests.{moved('.'.join(parts[1:]))}"
    return name


def moved_path(path: str) -> str:
    """Return where a file or folder goes, relative to the root."""
    if path.endswith("/__init__.py"):
        return f"{moved_path(path.removesuffix('/__init__.py'))}/__init__.py"
    folder, _, last = path.rpartition("/")
    stem, dot, suffix = last.partition(".")
    if not folder or not path.startswith(ROOTS):
        return path
    if dot and suffix != "py":
        return f"{moved_path(folder)}/{last}"
    return "/".join(moved(".".join((*folder.split("/"), stem))).split(".")) + dot + suffix


def git(*arguments: str) -> str:
    """Return what git says."""
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout


DOTTED = re.compile(rf"(?<![\w.{MARK}])(?:tests|engine|desktop|widgets)(?:\.[A-Za-z_]\w*)+")
PATHS = re.compile(
    rf"(?<![\w/.{MARK}-])((?:\.\./)*)((?:tests/)?(?:engine|desktop|widgets)(?:/[A-Za-z_][\w-]*)+(?:\.py\b)?)"
)
CHAIN = re.compile(r'"(?:tests|engine|desktop|widgets)"(?:\s*/\s*"[\w.-]+")+')
PARENTS = re.compile(r"Path\(__file__\)(\.resolve\(\))?(?:\.parents\[(\d+)\]|((?:\.parent\b)+))")


def rewritten(path: str, text: str, modules: frozenset[str]) -> str:
    """Return the text of a file with all names as they are after the move."""
    if path.endswith(".py"):
        text = with_imports(text, modules)
        text = CHAIN.sub(lambda found: chain(found[0]), text)
        text = PARENTS.sub(lambda found: parents(path, found), text)
    text = DOTTED.sub(lambda found: moved(found[0]), text)
    text = PATHS.sub(lambda found: found[1] + moved_path(found[2]), text)
    return text.replace(MARK, "")


def chain(text: str) -> str:
    """Return ``"engine" / "files"`` as it is after the move."""
    names = re.findall(r'"([\w.-]+)"', text)
    new = moved_path("/".join(names))
    return text if new == "/".join(names) else " / ".join(f'"{name}"' for name in new.split("/"))


def parents(path: str, found: re.Match[str]) -> str:
    """Return the way from a file to a folder above it."""
    up = int(found[2]) if found[2] else found[3].count(".parent") - 1
    above = path.split("/")[: -1 - up]
    new, wanted = moved_path(path).split("/")[:-1], moved_path("/".join(above)).split("/") if above else []
    if new[: len(wanted)] != wanted:
        print(f"look at {moved_path(path)}: {found[0]} was {'/'.join(above)}")
        return found[0]
    up_now = len(new) - len(wanted)
    if up_now == up:
        return found[0]
    return f"Path(__file__){found[1] or ''}.parents[{up_now}]" if up_now else found[0]


def with_imports(text: str, modules: frozenset[str]) -> str:
    """Return a module whose ``from package import module`` name the new packages."""
    lines = text.encode().splitlines(keepends=True)
    for node in reversed([one for one in ast.walk(ast.parse(text)) if isinstance(one, ast.ImportFrom)]):
        if node.level or node.module is None or not node.module.startswith(ROOTS):
            continue
        if not any(f"{node.module}.{one.name}" in modules for one in node.names):
            continue
        start, stop = node.lineno - 1, node.end_lineno or node.lineno
        if lines[start][: node.col_offset].strip() or len(lines[stop - 1]) < (node.end_col_offset or 0):
            raise ValueError(f"an import that shares its line: {lines[start]!r}")
        rest = lines[stop - 1][node.end_col_offset :].decode()
        pad = " " * node.col_offset
        made = [f"{pad}{one}" for one in statements(node, modules)]
        lines[start:stop] = [("\n".join(made) + rest).encode()]
    return b"".join(lines).decode()


def statements(node: ast.ImportFrom, modules: frozenset[str]) -> Iterator[str]:
    """Yield an import, a statement for each package that its names come from after the move."""
    packages: dict[str, list[str]] = {}
    for one in node.names:
        whole = f"{node.module}.{one.name}"
        package, _, name = (
            moved(whole).rpartition(".") if whole in modules else (moved(node.module or ""), "", one.name)
        )
        alias = one.asname or (one.name if name != one.name else None)
        packages.setdefault(package, []).append(f"{name} as {alias}" if alias and alias != name else name)
    for package, names in packages.items():
        yield f"from {MARK}{package} import {', '.join(names)}"


ROW = re.compile(r"\s*(?:[\w*][\w*, .]* : |[-+*] |\d+\. |---|===|>>>|\.\. |\|)")
"""The start of a row of its own in a docstring."""


def wrapped(text: str) -> str:
    """Return a module whose long lines of docstrings and comments are broken, their rests before the next
    line."""
    docstrings: dict[int, int] = {}
    for node in ast.walk(ast.parse(text)):
        if (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
        ):
            docstrings |= dict.fromkeys(range(node.lineno - 1, node.end_lineno or node.lineno), node.lineno)
    lines, done, number = text.splitlines(), list[str](), 0
    while number < len(lines):
        line = lines[number]
        comment = line.lstrip().startswith("# ")
        pad = line[: len(line) - len(line.lstrip())] + ("# " if comment else "")
        at = line.rfind(" ", len(pad) + 1, WIDTH + 1)
        number += 1
        if len(line) <= WIDTH or at < 0 or not (comment or number - 1 in docstrings):
            done.append(line)
            continue
        done.append(line[:at])
        if not comment and ROW.match(line) and " : " in line:
            pad += "    "
        rest = pad + line[at + 1 :]
        following = lines[number] if number < len(lines) else ""
        joins = following.startswith(pad) and following[len(pad) : len(pad) + 1].strip() != ""
        if not comment:
            joins = joins and docstrings.get(number) == docstrings[number - 1] and not ROW.match(following)
            joins = joins and not following.strip().startswith('"""') and not line.rstrip().endswith('"""')
        if joins and "noqa" not in following and "fmt:" not in following:
            lines[number] = f"{rest} {following[len(pad) :]}"
        else:
            number -= 1
            lines[number] = rest
    return "\n".join(done) + "\n"


def ruff(*arguments: str) -> int:
    """Run ruff."""
    return subprocess.run([str(BIN / "ruff"), *arguments], cwd=ROOT, check=False).returncode


def main() -> None:
    """Move it."""
    tracked = git("ls-files").splitlines()
    files = {path: moved_path(path) for path in tracked if path.startswith(tuple(f"{one}/" for one in ROOTS))}
    places: dict[str, str] = {}
    merged: list[str] = []
    for old, new in sorted(files.items(), key=lambda one: (one[0] != one[1], one[0])):
        if new in places:
            if not new.endswith("/__init__.py") or (ROOT / old).read_text("utf-8").count("\n") > 1:
                raise SystemExit(f"{old} and {places[new]} both become {new}")
            merged.append(old)
        else:
            places[new] = old
    if "--plan" in sys.argv:
        print(*(f"{old} -> {new}" for old, new in files.items() if old != new), sep="\n")
        return
    if git("status", "--porcelain").strip():
        raise SystemExit("commit first")
    if (ROOT / "engine" / "core").exists():
        raise SystemExit("this was moved before")
    modules = frozenset(
        path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        for path in files
        if path.endswith(".py")
    )
    examples = {
        path: (ROOT / path).read_text("utf-8")
        for path in tracked
        if path.startswith("docs/extending/") and path.endswith(".py")
    }
    guide = ROOT / "docs" / "extending.md"
    for path in tracked:
        is_text = Path(path).suffix in TEXTS and not path.startswith(SKIPPED) and path not in NOT_TEXTS
        if not (is_text or path in EXACT_TEXTS) or not (ROOT / path).is_file():
            continue
        try:
            text = (ROOT / path).read_bytes().decode("utf-8")
        except UnicodeDecodeError:
            continue
        if (new_text := rewritten(path, text, modules)) != text:
            (ROOT / path).write_bytes(new_text.encode())
    for old in merged:
        (ROOT / old).unlink()
    # By way of names that nothing has: `engine/features` goes away and comes again.
    for old, new in files.items():
        if old != new and old not in merged:
            (ROOT / "moving" / new).parent.mkdir(parents=True, exist_ok=True)
            (ROOT / old).rename(ROOT / "moving" / new)
    for old, new in files.items():
        if old != new and old not in merged:
            (ROOT / new).parent.mkdir(parents=True, exist_ok=True)
            (ROOT / "moving" / new).rename(ROOT / new)
    shutil.rmtree(ROOT / "moving", ignore_errors=True)
    tidy()
    for package, sentence in PACKAGES.items():
        init = ROOT.joinpath(*package.split("."), "__init__.py")
        init.parent.mkdir(parents=True, exist_ok=True)
        if not init.exists() or init.read_text("utf-8").count("\n") <= 1:
            init.write_text(f'"""{sentence}"""\n', "utf-8")
    for root in ROOTS:
        for folder in {path.parent for path in (ROOT / root).rglob("*.py")}:
            for above in (folder, *folder.parents):
                if above == ROOT:
                    break
                if not (above / "__init__.py").exists() and above.is_relative_to(ROOT / root):
                    print(f"an empty __init__ in {above.relative_to(ROOT)}")
                    (above / "__init__.py").touch()
    (ROOT / CONFTEST).write_text(CONFTEST_TEXT, "utf-8")
    for path, before, after in EDITS:
        text = (ROOT / path).read_text("utf-8") if (ROOT / path).exists() else ""
        if text.count(before) != 1:
            print(f"look at {path}: {before!r} is there {text.count(before)} times")
        else:
            (ROOT / path).write_text(text.replace(before, after), "utf-8")
    polished()
    text = guide.read_text("utf-8")
    for path, before in examples.items():
        if (old := rewritten(path, before, modules)) in text:
            text = text.replace(old, (ROOT / path).read_text("utf-8"))
        elif (ROOT / path).read_text("utf-8") not in text:
            print(f"look at docs/extending.md: it has not the text of {path}")
    guide.write_text(text, "utf-8")
    sizes()
    subprocess.run(
        [str(BIN / "python"), "packaging/pictures/draw_architecture.py"],
        cwd=ROOT,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    git("add", "--all")


def tidy() -> None:
    """Remove caches and folders with nothing in them."""
    for root in ROOTS:
        for folder in sorted((ROOT / root).rglob("*"), reverse=True):
            if folder.is_dir() and folder.name == "__pycache__":
                shutil.rmtree(folder)
        for folder in sorted((ROOT / root).rglob("*"), reverse=True):
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()


def polished() -> None:
    """Sort imports, lay code out, and break long lines of texts."""
    ruff("check", "--quiet", "--select", "I", "--fix", ".")
    ruff("format", "--quiet", ".")
    for root in (*ROOTS, "packaging", "docs/extending"):
        for path in (ROOT / root).rglob("*.py"):
            text = path.read_text("utf-8")
            if any(len(line) > WIDTH for line in text.splitlines()):
                path.write_text(wrapped(text), "utf-8")
    ruff("format", "--quiet", ".")
    ruff("check", "--output-format", "concise", ".")


def sizes() -> None:
    """Write the present number of lines of each folder."""
    house = runpy.run_path(str(ROOT / "packaging" / "house.py"))
    path = ROOT / house["SIZES"]
    head = path.read_text("utf-8").partition(house["TABLE"])[0]
    lines = "".join(f'"{folder}" = {count}\n' for folder, count in house["folder_lines"](ROOT).items())
    path.write_text(f"{head}{house['TABLE']}{lines}", "utf-8")


if __name__ == "__main__":
    main()

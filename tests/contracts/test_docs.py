"""The documents say what is there: commands, verbs, files and decisions, and no machine of ours."""

from __future__ import annotations

import csv
import math
import re
import runpy
import subprocess
from pathlib import Path
from urllib.parse import unquote

import pytest
import yaml

from desktop.commands import COMMANDS
from engine.cli.main import VERBS
from engine.features.taste.anomaly.recipes.config import BY_RECIPE
from widgets.controls.command_entries import key_label

ROOT = Path(__file__).resolve().parents[2]
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
FIGURES = sorted((ROOT / "docs" / "evaluation").glob("*.csv"))
PICTURES = sorted((ROOT / "docs" / "pictures").glob("*.png"))

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
MACHINE_PATH = re.compile(r"(?<![\w./~])/(?:work|root)/\w|/tmp/tmp\w")
REGISTRY = re.compile(
    r"\b(?:[\w-]+\.)*(?:pypi\.org|pythonhosted\.org|pkg\.dev|jfrog\.io)\b|--(?:extra-)?index-url[ =]+http"
)
INDEX = re.compile(r"https?://[\w.-]+/(?:[\w./-]*/)?(?:simple|whl)\b[\w./-]*")
PYTORCH_CPU = "https://download.pytorch.org/whl/cpu"


def tracked(*patterns: str) -> list[Path]:
    """Return the files of the repository, those that are new included."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def texts() -> list[tuple[str, str]]:
    """Return name and text of every tracked file that is text."""
    found = []
    for path in tracked():
        raw = path.read_bytes()
        if b"\0" not in raw[:8192]:
            found.append((path.relative_to(ROOT).as_posix(), raw.decode("utf-8", "replace")))
    return found


@pytest.fixture(scope="module")
def readme() -> str:
    return (ROOT / "README.md").read_text("utf-8")


def test_the_readme_starts_with_a_sentence_the_moving_picture_and_the_two_commands(readme: str) -> None:
    first = readme.split("```")[1]
    assert "python3 packaging/bootstrap.py run " in first
    assert "python3 packaging/bootstrap.py test " in first
    before = readme.split("```")[0].strip().split("\n\n")
    assert len(before) == 3, "a title, a sentence and the moving picture, then the commands"
    assert re.fullmatch(r"[^.]+\.", before[1])
    assert before[2].endswith("(docs/pictures/offcut.gif)")
    assert len(readme.splitlines()) <= 80


def test_the_readme_has_five_rows_of_figures_and_their_source(readme: str) -> None:
    figures = readme.partition("\n## Strengths\n")[2].partition("\n## ")[0].strip()
    table, text = figures.split("\n\n", 1)
    assert len(re.findall(r"^\|", table, re.MULTILINE)) == 2 + 5
    assert "(docs/evaluation.md)" in text


def test_the_readme_links_to_every_page(readme: str) -> None:
    linked = {(ROOT / target).resolve() for target in LINK.findall(readme) if "://" not in target}
    assert set((ROOT / "docs").glob("*.md")) <= linked


def test_the_page_of_the_command_line_is_up_to_date(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    written = (ROOT / "docs" / "cli.md").read_text("utf-8")
    assert runpy.run_path(str(ROOT / "packaging" / "cli_page.py"))["page"]() == written, (
        "run packaging/cli_page.py"
    )


@pytest.mark.parametrize("page", ["docs/cli.md", "engine/cli/verbs.md"])
def test_the_pages_of_the_command_line_name_every_verb(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    assert set(re.findall(r"^offcut ([a-z][a-z-]*)", text, re.MULTILINE)) == set(VERBS)


def test_the_readme_names_no_verb_that_is_not_there(readme: str) -> None:
    assert set(re.findall(r"^offcut ([a-z][a-z-]*)", readme, re.MULTILINE)) <= set(VERBS)


@pytest.mark.parametrize("path", tracked("*.md"), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_to_the_command_line_name_a_section_of_it(path: Path) -> None:
    page = (ROOT / "docs" / "cli.md").read_text("utf-8")
    sections = {title.replace(" ", "-") for title in re.findall(r"^#{2,4} ([a-z -]+)$", page, re.MULTILINE)}
    text = path.read_text("utf-8")
    named = set(re.findall(r"\bcli\.md#([\w-]+)", text))
    named |= set(re.findall(r"\]\(#([\w-]+)\)", text)) if path.name == "cli.md" else set()
    assert named <= sections


def test_the_guide_names_the_first_key_of_every_command() -> None:
    guide = "\n".join(path.read_text("utf-8") for path in sorted((ROOT / "docs" / "guide").glob("*.md")))
    optional = {command.id for command in COMMANDS if command.id.endswith("_stay")}  # "the same with Shift"
    optional |= {"view.heads", "view.queue", "view.theme", "file.quit"}
    for command in COMMANDS:
        if command.id not in optional:
            said = f"`{key_label(command.keys[0])}`" if command.keys else command.label
            assert said in guide, f"{command.id}: write {said!r} on a page of docs/guide"


def test_the_guide_lists_its_pages_and_each_is_short() -> None:
    pages = sorted((ROOT / "docs" / "guide").glob("*.md"))
    listed = LINK.findall((ROOT / "docs" / "guide.md").read_text("utf-8"))
    assert sorted(name for name in listed if name.startswith("guide/")) == [
        f"guide/{path.name}" for path in pages
    ]
    assert not [path.name for path in pages if len(path.read_text("utf-8").split()) > 2000]


@pytest.mark.parametrize("path", tracked("*.md"), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_relative_links_and_pictures_exist(path: Path) -> None:
    for target in LINK.findall(CODE.sub("", path.read_text("utf-8"))):
        if "://" in target or target.startswith(("#", "mailto:")):
            continue
        assert (path.parent / unquote(target.split("#")[0])).exists(), target


def test_decisions_are_numbered_without_gaps_and_have_their_parts() -> None:
    assert [path.name[:4] for path in DECISIONS] == [f"{n:04d}" for n in range(1, len(DECISIONS) + 1)]
    for number, path in enumerate(DECISIONS, start=1):
        text = path.read_text("utf-8")
        assert text.startswith(f"# {number}. "), path.name
        places = [text.find(f"\n## {part}\n") for part in ("Context", "Decision", "Consequences")]
        assert -1 not in places, path.name
        assert places == sorted(places), path.name


@pytest.mark.parametrize("path", FIGURES, ids=lambda path: path.name)
def test_figures_of_the_evaluation_are_numbers_or_remarks(path: Path) -> None:
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0]) == ["table", "row", "figure", "value", "deviation", "unit", "text"]
    for row in rows:
        assert all((row["table"], row["figure"], row["value"] or row["text"])), row
        assert all(math.isfinite(float(row[name] or 0)) for name in ("value", "deviation")), row
    assert path.name in (path.parent / "README.md").read_text("utf-8")


def test_pictures_are_shown_and_small() -> None:
    shown = "".join(path.read_text("utf-8") for path in tracked("*.md"))
    for path in PICTURES:
        assert f"pictures/{path.name}" in shown, f"{path.name} is shown nowhere"
        assert path.stat().st_size <= 250_000, path.name
    assert sum(path.stat().st_size for path in PICTURES) <= 2_000_000


def test_no_machine_path_and_no_package_index_is_written_down() -> None:
    mine = "tests/contracts/test_docs.py"
    found = []
    for name, text in texts():
        if name == mine:
            continue
        for number, line in enumerate(text.splitlines(), start=1):
            rest = line.replace(PYTORCH_CPU, "") if name == "packaging/bootstrap.py" else line
            if MACHINE_PATH.search(rest) or REGISTRY.search(rest) or INDEX.search(rest):
                found.append(f"{name}:{number}: {line.strip()}")
    assert not found


@pytest.mark.parametrize("recipe", ["own-faults", "slicer-ae"])
def test_recipes_say_the_defaults_that_hold(recipe: str) -> None:
    text = (ROOT / "docs" / "recipes.md").read_text(encoding="utf-8")
    section = text.partition(f"## Settings of `{recipe}`")[2].partition("\n## ")[0]
    config = BY_RECIPE[recipe]()
    told = 0
    for names, values in re.findall(r"^\| (`[^|]+`) \| (`[^|]+`) \|", section, re.MULTILINE):
        for name, value in zip(
            re.findall(r"`([^`]+)`", names), re.findall(r"`([^`]+)`", values), strict=True
        ):
            default = getattr(config, name)
            default = list(default) if isinstance(default, tuple) else default
            assert yaml.safe_load(f"[{value.replace('e-', '.0e-')}]")[0] == default, name
            told += 1
    assert told > 5

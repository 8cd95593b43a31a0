"""The documents say what is there: commands, verbs, files and decisions, and no machine of ours."""

from __future__ import annotations

import csv
import math
import re
import subprocess
from pathlib import Path
from urllib.parse import unquote

import pytest
import yaml

from desktop.commands import COMMANDS
from engine.cli.main import VERBS
from engine.features.taste.anomaly.recipes.config import BY_RECIPE
from widgets.controls.keys.names import key_label

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


def test_the_readme_starts_with_what_it_is_for_its_figures_and_the_two_commands(readme: str) -> None:
    first = readme.split("```")[1]
    assert "python3 packaging/bootstrap.py run " in first
    assert "python3 packaging/bootstrap.py test " in first
    before = readme.split("```")[0].strip().split("\n\n")
    assert len(before) == 4, "a title, a paragraph, a table of figures and its source, then the commands"
    assert before[2].startswith("|")
    assert "(docs/evaluation.md)" in before[3]
    assert len(readme.splitlines()) <= 200


@pytest.mark.parametrize("verb", VERBS)
def test_the_readme_and_the_list_of_verbs_name_every_verb(readme: str, verb: str) -> None:
    assert re.search(rf"^offcut {verb}\b", readme, re.MULTILINE)
    verbs = (ROOT / "engine" / "cli" / "verbs.md").read_text("utf-8")
    assert re.search(rf"^offcut {verb}\b", verbs, re.MULTILINE)


def test_the_readme_names_no_verb_that_is_not_there(readme: str) -> None:
    assert set(re.findall(r"^offcut ([a-z][a-z-]*)", readme, re.MULTILINE)) == set(VERBS)


def test_the_guide_names_the_first_key_of_every_command() -> None:
    guide = (ROOT / "docs" / "guide.md").read_text("utf-8")
    optional = {command.id for command in COMMANDS if command.id.endswith("_stay")}  # "the same with Shift"
    optional |= {"view.heads", "view.queue", "view.theme", "file.quit"}
    for command in COMMANDS:
        if command.id not in optional:
            said = f"`{key_label(command.keys[0])}`" if command.keys else command.label
            assert said in guide, command.id


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

"""The example package, installed into a folder of its own, and Offcut run with it and without."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[4]
EXAMPLE = ROOT / "docs" / "extending"

RUN = """
import json, sys
from desktop.launch import main
for argv in json.loads(sys.argv[1]):
    sys.argv[1:] = argv
    try:
        status = main()
    except SystemExit as ended:
        status = ended.code
    print("\\n" + json.dumps({"status": status}), flush=True)
"""


@dataclass(frozen=True)
class Ran:
    """What verbs said in one process, one after the other."""

    statuses: tuple[int, ...]
    texts: tuple[str, ...]
    errors: str

    def json(self, number: int) -> dict[str, object]:
        return json.loads(self.texts[number])


def environment(packages: Path | None) -> dict[str, str]:
    """Return the environment of a Python that sees these packages, tried once for all tests as for a user."""
    path = os.pathsep.join(str(one) for one in (packages, ROOT) if one is not None)
    cache = {} if packages is None else {"OFFCUT_CACHE": str(packages / ".cache")}
    return os.environ | cache | {"PYTHONPATH": path, "QT_QPA_PLATFORM": "offscreen"}


def run(*verbs: Sequence[object], packages: Path | None = None) -> Ran:
    """Run verbs in a fresh Python that sees only these packages beside what is installed."""
    argv = json.dumps([[str(word) for word in verb] for verb in verbs])
    done = subprocess.run(
        [sys.executable, "-c", RUN, argv],
        cwd=ROOT,
        env=environment(packages),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    texts, statuses, lines = [], [], []
    for line in done.stdout.splitlines():
        if line.startswith('{"status": '):
            statuses.append(json.loads(line)["status"])
            texts.append("\n".join(lines).strip())
            lines = []
        else:
            lines.append(line)
    return Ran(tuple(statuses), tuple(texts), done.stderr)


def register(folder: Path, package: str, named: dict[str, dict[str, str]], **modules: str) -> None:
    """Lay a package into a folder as an installer would."""
    about = folder / f"{package.replace('-', '_')}-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    sections = [
        f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in names.items())
        for group, names in named.items()
    ]
    (about / "entry_points.txt").write_text("\n".join(sections))
    for name, text in modules.items():
        (folder / f"{name}.py").write_text(text)


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the example package in it, by pip where there is one."""
    folder = tmp_path_factory.mktemp("packages")
    source, site = folder / "source", folder / "site"
    shutil.copytree(EXAMPLE, source)  # what builds it writes beside it
    if importlib.util.find_spec("pip") and importlib.util.find_spec("setuptools"):
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        alone = ["--no-deps", "--no-build-isolation", "--no-index", "--target", str(site), str(source)]
        subprocess.run([*pip, *alone], check=True, capture_output=True)
    else:
        project = tomllib.loads((source / "pyproject.toml").read_text())["project"]
        register(site, project["name"], project["entry-points"])
        shutil.copytree(source / "offcut_example", site / "offcut_example")
    return site

"""``python -m tests.mutants FOLDER... [--faults N] [--seed S] [--minutes M]``: how many faults tests notice.

Puts one small fault at a time into a module of a folder of the engine, in a copy of the checkout, and runs
the tests that name the module, then the others of that folder, until one fails. Prints each fault that none
noticed, and the share of those that were noticed with its 95 % interval. A line with `# no fault:` and a
reason is left alone.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.mutants.faults import Fault, faults_of, with_fault

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("engine", "tests", "resources", "desktop", "widgets", "docs", "packaging")
SPARED = "# no fault:"
_PATIENCE = 3.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Try a sample of faults; return 1 where fewer than the asked share were noticed."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("folders", nargs="+", metavar="FOLDER", help="as engine/review")
    parser.add_argument("--faults", type=int, default=300, help="so many, drawn by the seed")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, help="stop after so long; the sample is that much smaller")
    parser.add_argument("--share", type=float, default=0.85, help="that must be noticed")
    options = parser.parse_args(arguments)
    drawn = sample(options.folders, options.faults, options.seed)
    stop_s = math.inf if options.minutes is None else time.monotonic() + 60 * options.minutes
    noticed, survived = 0, 0
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        for path, fault in drawn:
            if time.monotonic() > stop_s:
                break
            if bench.notices(path, fault):
                noticed += 1
            else:
                survived += 1
                print(f"{path}:{fault.line}: {fault.what}", flush=True)
    tried = noticed + survived
    low, high = interval(noticed, tried)
    print(f"{noticed} of {tried} faults noticed: {noticed / tried:.1%} (95 %: {low:.1%} to {high:.1%})")
    return 0 if noticed >= options.share * tried else 1


def sample(folders: Sequence[str], count: int, seed: int) -> list[tuple[Path, Fault]]:
    """Draw faults from all that could be put into the modules of some folders."""
    every = []
    for path in sorted(one for folder in folders for one in (ROOT / folder).rglob("*.py")):
        source = path.read_text("utf-8")
        spared = {number for number, line in enumerate(source.splitlines(), 1) if SPARED in line}
        every += [(path.relative_to(ROOT), one) for one in faults_of(source) if one.line not in spared]
    return random.Random(seed).sample(every, min(count, len(every)))


def interval(noticed: int, tried: int) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson, 1927)."""
    z, share = 1.96, noticed / tried
    middle = (share + z * z / (2 * tried)) / (1 + z * z / tried)
    half = z * math.sqrt(share * (1 - share) / tried + z * z / (4 * tried * tried)) / (1 + z * z / tried)
    return middle - half, middle + half


class Bench:
    """A copy of the checkout, in which one module at a time is faulty."""

    def __init__(self, folder: Path) -> None:
        self._root = folder
        for name in COPIED:
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", folder)
        self._usual_s: dict[str, float] = {}

    def notices(self, path: Path, fault: Fault) -> bool:
        """Tell whether a test fails, or none ends, with a fault in a module."""
        part = "/".join(path.parts[:2])
        if part not in self._usual_s:
            began_s = time.monotonic()
            assert not self._fails(part, path, None), f"the tests of {part} fail as they are"
            self._usual_s[part] = time.monotonic() - began_s
        target = self._root / path
        source = target.read_text("utf-8")
        try:
            target.write_text(with_fault(source, fault), "utf-8")
            return self._fails(part, path, 30.0 + _PATIENCE * self._usual_s[part])
        finally:
            target.write_text(source, "utf-8")

    def _fails(self, part: str, path: Path, patience_s: float | None) -> bool:
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-m", "not slow"]
        command += ["--basetemp", str(self._root / "tmp"), *self._tests(part, path)]
        environment = {**os.environ, "PYTHONPATH": str(self._root), "PYTHONDONTWRITEBYTECODE": "1"}
        try:
            done = subprocess.run(
                command, cwd=self._root, env=environment, timeout=patience_s, capture_output=True, check=False
            )
        except subprocess.TimeoutExpired:
            return True
        assert done.returncode in (0, 1, 2, 4), done.stdout.decode(errors="replace")[-2000:]
        return done.returncode != 0

    def _tests(self, part: str, path: Path) -> list[str]:
        """Return the tests that name a module, wherever they are, then the others of its part."""
        module = re.compile(rf"\b{re.escape('.'.join(path.with_suffix('').parts))}\b")
        every = sorted((self._root / "tests" / "engine").rglob("test_*.py"))
        naming = [file for file in every if module.search(file.read_text("utf-8"))]
        own = [file for file in every if file.is_relative_to(self._root / "tests" / part)]
        return [str(file.relative_to(self._root)) for file in dict.fromkeys((*naming, *own))]


if __name__ == "__main__":
    sys.exit(main())

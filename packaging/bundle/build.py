"""Build the bundle: one folder with all that Offcut needs, and beside it what says what is in it.

Started by `bootstrap.py bundle` with the project's own Python; PyInstaller reads offcut.spec.

    dist/offcut/                 the folder; on macOS dist/Offcut.app
    dist/report.md               sizes, the twenty largest items with their reasons, what was left out
    dist/offcut.cdx.json         the components, as CycloneDX
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import contents
import report

DIST, WORK = contents.PROJECT / "dist", contents.PROJECT / "build" / "bundle"
HERE = Path(__file__).resolve().parent
LIMIT_MB = 1_100
RELEASED = "1980-01-01T00:00:00Z"
"""The time of a build whose repository is not known, as files in an archive have it."""


def main() -> int:
    """Build; return the exit status."""
    WORK.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(DIST / contents.NAME, ignore_errors=True)
    (WORK / "build.json").write_text(json.dumps(identity()), "utf-8")
    subprocess.run([sys.executable, str(HERE / "icons.py"), str(WORK / "icons")], check=True)
    environment = {**os.environ, "OFFCUT_BUNDLE_WORK": str(WORK), "PYTHONPATH": str(contents.PROJECT)}
    command = [sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN"]
    command += ["--distpath", str(DIST), "--workpath", str(WORK), str(HERE / "offcut.spec")]
    made = subprocess.run(command, env=environment, check=False)
    if made.returncode:
        print("PyInstaller could not build; its last words are above.", file=sys.stderr)
        return 1
    folder = DIST / contents.NAME
    lay_beside(folder)
    text = report.report(folder)
    (DIST / "report.md").write_text(text, "utf-8")
    print(text)
    size_mb = report.size(folder) / 1e6
    if size_mb > LIMIT_MB:
        print(f"{folder} takes {size_mb:.0f} MB, more than {LIMIT_MB}: see what came in.", file=sys.stderr)
        return 1
    print(f"Built {folder}; try it with: python3 packaging/bootstrap.py bundle --check")
    return 0


def identity(project: Path = contents.PROJECT) -> dict[str, str]:
    """Return what `offcut --version` says of a build; "+" after the commit: with changes not committed."""
    told = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))
    commit = git(project, "rev-parse", "--short=10", "HEAD")
    changed = "+" if commit and git(project, "status", "--porcelain", "--untracked-files=no") else ""
    when = git(project, "log", "-1", "--format=%cd", "--date=format-local:%Y-%m-%dT%H:%M:%SZ") or RELEASED
    return {
        "version": told["project"]["version"],
        "commit": (commit or "no commit") + changed,
        "date": when[:10],
        "time": when,
    }


def git(project: Path, *words: str) -> str:
    """Return what git says, "" where there is no git or no repository."""
    try:
        asked = subprocess.run(
            ["git", *words],
            cwd=project,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "TZ": "UTC"},
        )
    except OSError:
        return ""
    return asked.stdout.strip() if asked.returncode == 0 else ""


def lay_beside(folder: Path) -> None:
    """Lay what a person looks for beside the program: the licences, and what puts it into the menu."""
    inside = folder / "_internal"
    for name in ("THIRD_PARTY.md", "LICENSE", "CHANGELOG.md"):
        shutil.copyfile(inside / name, folder / name)
    shutil.copyfile(WORK / "offcut.cdx.json", DIST / "offcut.cdx.json")
    if sys.platform.startswith("linux"):
        share = folder / "share"
        for path in sorted((HERE / "linux").iterdir()):
            (share / path.name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, share / path.name)
        shutil.copyfile(WORK / "icons" / "offcut.svg", share / "offcut.svg")
        shutil.copyfile(WORK / "icons" / "offcut-256.png", share / "offcut.png")
    if sys.platform == "win32":
        import document_types

        text = document_types.registry(folder / "offcutw.exe")
        (folder / "associate.reg").write_text(text, "utf-16")


if __name__ == "__main__":
    sys.exit(main())

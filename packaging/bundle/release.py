"""Build a release from a tag: python3 packaging/bundle/release.py v0.1.0

The tag is checked out into an empty folder, so that nothing goes in that is not in it; there the bundle is
built and tried, packed, and laid into dist/release with a list of its components, the changes and checksums.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
CHECKSUMS = "SHA256SUMS"
_BLOCK_BYTES = 1 << 20


class ReleaseError(Exception):
    """The release cannot be made: one sentence for whoever makes it."""


def main(arguments: list[str] | None = None) -> int:
    """Make a release; return the exit status."""
    parser = argparse.ArgumentParser(description="Build a release from a tag.")
    parser.add_argument("tag", help="as v0.1.0, of the version that pyproject.toml has there")
    parser.add_argument(
        "--out", type=Path, default=PROJECT / "dist" / "release", help="dist/release unless told"
    )
    options = parser.parse_args(arguments)
    try:
        made = release(options.tag, options.out)
    except (ReleaseError, subprocess.CalledProcessError) as error:
        print(f"release: {error}", file=sys.stderr)
        return 1
    print("\n".join(str(path) for path in made))
    return 0


def release(tag: str, out: Path) -> list[Path]:
    """Build what a tag holds and lay all of a release into `out`; return its files.

    Raises
    ------
    ReleaseError : there is no such tag, or it does not fit the version and the changes
    CalledProcessError : the build or its test failed, which has said why
    """
    with tempfile.TemporaryDirectory(prefix="offcut-release-") as name:
        source = Path(name, "offcut")
        check_out(tag, source)
        version = version_of(tag, source)
        notes = changes((source / "CHANGELOG.md").read_text("utf-8"), version)
        for words in (["bundle", *(["--deb"] if shutil.which("dpkg-deb") else [])], ["bundle", "--check"]):
            command = [sys.executable, str(source / "packaging" / "bootstrap.py"), *words]
            subprocess.run(
                command, check=True, env={**os.environ, "OFFCUT_BUNDLE": str(source / "dist" / "offcut")}
            )
        out.mkdir(parents=True, exist_ok=True)
        gather(source / "dist", out, version, notes)
    checksums(out)
    return sorted(out.iterdir())


def check_out(tag: str, into: Path) -> None:
    """Clone the repository at a tag."""
    known = subprocess.run(
        ["git", "rev-parse", "--verify", "--quiet", f"refs/tags/{tag}"],
        cwd=PROJECT,
        capture_output=True,
        check=False,
    )
    if known.returncode:
        raise ReleaseError(f"there is no tag {tag!r}; make it with: git tag -a {tag}")
    command = [
        "git",
        "-c",
        "advice.detachedHead=false",
        "clone",
        "--quiet",
        "--branch",
        tag,
        str(PROJECT),
        str(into),
    ]
    subprocess.run(command, check=True)


def version_of(tag: str, source: Path) -> str:
    """Return the version, which the tag and pyproject.toml must agree on."""
    told = tomllib.loads((source / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    if tag != f"v{told}":
        raise ReleaseError(f"the tag is {tag} and pyproject.toml says {told}; make them say the same")
    return str(told)


def changes(text: str, version: str) -> str:
    """Return what the change log says of a version."""
    parts = re.split(r"(?m)^## ", text)[1:]
    for part in parts:
        title, _, body = part.partition("\n")
        if title.split()[0].strip("[]") == version:
            return f"# Offcut {title.strip()}\n\n{body.strip()}\n"
    raise ReleaseError(f"CHANGELOG.md has no part '## {version}'; give the changes that number")


def gather(dist: Path, out: Path, version: str, notes: str) -> None:
    """Pack what was built, and lay what belongs to it beside it."""
    kind = {"win32": "windows", "darwin": "macos"}.get(sys.platform, "linux")
    name = f"offcut-{version}-{kind}"
    built = dist / ("Offcut.app" if kind == "macos" else "offcut")
    if kind == "linux":
        with tarfile.open(out / f"{name}.tar.xz", "w:xz", preset=2) as archive:
            archive.add(built, f"offcut-{version}")
    else:
        shutil.make_archive(str(out / name), "zip", dist, built.name)
    for path in dist.glob("*.deb"):
        shutil.copyfile(path, out / path.name)
    shutil.copyfile(dist / "offcut.cdx.json", out / f"{name}.cdx.json")
    shutil.copyfile(dist / "report.md", out / f"{name}-report.md")
    (out / "CHANGES.md").write_text(notes, "utf-8")


def checksums(folder: Path) -> Path:
    """Write the SHA-256 of every file of a folder as sha256sum reads them; return that list."""
    lines = []
    for path in sorted(folder.iterdir()):
        if path.name != CHECKSUMS and path.is_file():
            digest = hashlib.sha256()
            with path.open("rb") as file:
                while block := file.read(_BLOCK_BYTES):
                    digest.update(block)
            lines.append(f"{digest.hexdigest()}  {path.name}\n")
    listed = folder / CHECKSUMS
    listed.write_text("".join(lines), "utf-8", newline="\n")
    return listed


if __name__ == "__main__":
    sys.exit(main())

"""The picture of who imports whom shows the source as it is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_picture_is_of_the_source_as_it_is(tmp_path: Path) -> None:
    script = ROOT / "packaging" / "pictures" / "draw_architecture.py"
    drawn = tmp_path / "drawn.svg"
    subprocess.run([sys.executable, str(script), str(drawn)], check=True, cwd=ROOT)
    kept = ROOT / "docs" / "pictures" / "architecture.svg"
    assert drawn.read_text("utf-8") == kept.read_text("utf-8"), "draw it anew: CONTRIBUTING.md says how"

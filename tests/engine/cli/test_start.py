"""What is asked for wrongly is refused before anything large is imported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

CODE = """
import sys
from engine.cli.main import main
status = main(sys.argv[1:])
print(status, "torch" in sys.modules)
"""


@pytest.mark.parametrize("more", [("arrange",), ("takes",), ("match", "edited.wav")], ids=lambda one: one[0])
def test_a_document_that_is_missing_is_told_before_torch_is_imported(
    more: tuple[str, ...], tmp_path: Path
) -> None:
    verb, *rest = more
    command = [sys.executable, "-c", CODE, verb, "missing.offcut", *rest]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "False"]
    assert done.stderr.startswith(f"offcut {verb}: missing.offcut is not there")

"""Run the laboratory's tests, long ones too, and record that they passed: python -m tests.engine.lab"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.engine.lab.passed import RECORD, fingerprint

tested = fingerprint()
code = int(pytest.main(["-q", "--long", str(Path(__file__).parent), *sys.argv[1:]]))
if code == 0:
    RECORD.write_text(tested + "\n", "utf-8")
sys.exit(code)

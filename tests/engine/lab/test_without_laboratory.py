"""A bundle, which comes without the recipes and the separator of the laboratory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile

from engine.core.progress import SILENT
from engine.features.taste.anomaly.learn import LearnRequest, learn
from engine.lab.recipes.embedding_bank.settings import EmbeddingBankConfig
from tests.engine.conftest import RATE_HZ, music

ROOT = Path(__file__).resolve().parents[3]

BUNDLE = """
import sys

class NoLaboratory:
    def find_spec(self, name, path=None, target=None):
        if name.startswith("engine.lab"):
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, NoLaboratory())
sys.frozen = True
"""
VERB = "from engine.cli.main import main; sys.exit(main(sys.argv[1:]))"
OFFERED = """
import json
from engine.features.taste.anomaly.recipes.config import BY_RECIPE, default_config
from engine.features.taste.anomaly.recipes.methods import METHODS
from engine.features.taste.anomaly.recipes.registry import RECIPES
offered = [method.recipe for method in METHODS]
print(json.dumps([offered, list(BY_RECIPE.own), list(RECIPES.own), default_config().recipe]))
"""
READS_NO_OTHER = """
import sys
from engine.features.taste.anomaly.recipes.registry import RECIPES
RECIPES["own-faults"]
assert not [name for name in sys.modules if name.startswith("engine.lab")]
"""


def in_process(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "kept.wav"
    soundfile.write(path, music(12.0), RATE_HZ, "FLOAT")
    return path


def test_a_bundle_offers_the_default_alone() -> None:
    found = json.loads(in_process(BUNDLE + OFFERED).stdout)
    assert found == [["own-faults"], ["own-faults"], ["own-faults"], "own-faults"]


def test_a_bundle_refuses_a_taste_of_the_laboratory_by_its_recipe(recording: Path) -> None:
    taste = recording.with_name("ours.taste")
    learn(LearnRequest((recording,), EmbeddingBankConfig(), 0, taste), SILENT)

    said = in_process(BUNDLE + VERB, "score", str(taste), str(recording))

    assert said.returncode == 1
    assert len(said.stderr.splitlines()) == 1
    assert all(word in said.stderr for word in ("ours.taste", "'embedding-bank'", "'own-faults'", "source"))


def test_a_bundle_refuses_settings_of_the_laboratory_by_their_recipe(recording: Path) -> None:
    settings, taste = recording.with_name("F.yaml"), recording.with_name("ours.taste")
    settings.write_text("recipe: slicer-ae\nlatent_dim: 3\n")

    said = in_process(BUNDLE + VERB, "learn", str(recording), "--config", str(settings), "--out", str(taste))

    assert said.returncode == 2
    assert len(said.stderr.splitlines()) == 1
    assert all(word in said.stderr for word in ("F.yaml", "'slicer-ae'", "'own-faults'", "source"))
    assert not taste.exists()


def test_a_bundle_refuses_the_separator_of_the_laboratory(recording: Path) -> None:
    out = recording.with_name("out.wav")
    asked = ("--text", "dog", "--window", "2", "3", "--separator", "film-unet", "--out", str(out))

    said = in_process(BUNDLE + VERB, "separate", str(recording), *asked)

    assert said.returncode == 2
    assert len(said.stderr.splitlines()) == 1
    assert all(word in said.stderr for word in ("'film-unet'", "'blend'", "source"))
    assert not out.exists()


def test_the_default_recipe_loads_no_other() -> None:
    assert in_process(READS_NO_OTHER).returncode == 0

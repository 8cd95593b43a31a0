"""Every file of weights has a card, and the card says under which licences it was learned."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WEIGHTS = sorted((ROOT / "resources").rglob("*.safetensors"))
LEARNED = [path for path in WEIGHTS if "models" in path.parts]
"""Those that Offcut learned; the others come from elsewhere."""
SAME_CARD = {"resources/models/separation/sounds.safetensors": "resources/models/separation/separation.md"}


def card_of(weights: Path) -> Path:
    """Return the card beside weights, or the one of the network that they were trained with."""
    name = weights.relative_to(ROOT).as_posix()
    return ROOT / SAME_CARD.get(name, weights.with_suffix(".md").relative_to(ROOT).as_posix())


@pytest.mark.parametrize("weights", LEARNED, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_card_names_data_licence_and_command(weights: Path) -> None:
    card = card_of(weights).read_text(encoding="utf-8")
    assert re.search(r"CC0|CC BY|MIT|Apache-2\.0|GPL", card), "a licence"
    assert re.search(r"python -m (engine|packaging)\.\S+|python packaging/\S+", card), "a command"
    assert re.search(r"[Ff]igures", card)


@pytest.mark.parametrize("weights", WEIGHTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_weights_forbid_commercial_use(weights: Path) -> None:
    card = re.sub(r"\s+", " ", card_of(weights).read_text(encoding="utf-8"))
    assert not re.search(r"BY-NC|BY NC|non-commercial", card)

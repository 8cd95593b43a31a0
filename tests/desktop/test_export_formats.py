"""What the export form offers is what the engine writes."""

from __future__ import annotations

from engine.edl.export import FORMATS as WRITTEN
from widgets.chrome.export_choice import FORMATS as OFFERED


def test_the_form_offers_every_format_once() -> None:
    offered = [each.suffix for each in OFFERED]
    assert len(set(offered)) == len(offered)
    assert set(offered) == set(WRITTEN)

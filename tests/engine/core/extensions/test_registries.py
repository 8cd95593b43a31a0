"""A registry answers with Offcut's own before it looks at packages, and is never changed from outside."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from engine.document.edits.proposals import replace_proposals
from engine.document.kinds import KINDS
from engine.document.proposals import Decision, Proposal, Verdict
from engine.document.state import DocumentState
from engine.exchange.export.formats import FORMATS
from engine.sound.edl.build import build
from tests.engine.core.extensions.conftest import ROOT
from tests.engine.sound.edl.heard.test_gathered import recording

LOOKS_AT_NOTHING = """
import sys
from engine.document.kinds import KINDS
from engine.exchange.export.formats import FORMATS
assert KINDS["cut"].name == "cut" and "slip" in KINDS and KINDS.get("gain") and ".wav" in FORMATS
assert not KINDS._added and KINDS._added is None, "nothing was looked for"
assert "of tomorrow" not in KINDS
assert "importlib.metadata" not in sys.modules, "nothing is there to be read"
"""


def test_what_is_ours_is_answered_without_a_look_at_packages() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOOKS_AT_NOTHING], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("registry", [KINDS, FORMATS])
def test_a_registry_is_a_mapping_nobody_changes(registry: object) -> None:
    assert list(registry.own) == list(registry)[: len(registry.own)]
    with pytest.raises(KeyError):
        registry["of tomorrow"]
    with pytest.raises(TypeError):
        registry["of tomorrow"] = 1
    with pytest.raises(TypeError):
        registry.own["of tomorrow"] = 1


def made(key: str, maker: str, kind: str = "cut") -> Proposal:
    return Proposal(key, kind, 100 * int(key[1:]), 100 * int(key[1:]) + 50, 0.5, "Why.", maker)


STATE = DocumentState(
    proposals={
        one.id: one for one in (made("p1", "added:pauses"), made("p2", "taste 1"), made("p3", "added:other"))
    }
)


def test_planners_leave_what_a_maker_of_a_package_proposed_and_it_replaces_its_own() -> None:
    by_taste = replace_proposals(STATE, [made("p4", "taste 1")], {}, "Proposed", kinds=("cut",))
    by_maker = replace_proposals(
        STATE, [made("p5", "added:pauses")], {}, "Proposed", kinds={"cut"}, makers=("added:pauses",)
    )
    assert {change.before.id for change in by_taste.changes if change.after is None} == {"p2"}
    assert {change.before.id for change in by_maker.changes if change.after is None} == {"p1"}


def test_an_accepted_edit_of_a_kind_that_is_not_here_changes_nothing_that_is_heard() -> None:
    known = Proposal("p7", "cut", 1_000, 2_000, 0.5, "Why.", "taste 1")
    odd = Proposal("p8", "of tomorrow", 500, 9_000, 0.5, "Why.", "added:other", payload={"any": ["thing"]})
    both = replace(
        recording(),
        proposals={"p7": known, "p8": odd},
        decisions={key: Decision(key, Verdict.ACCEPTED) for key in ("p7", "p8")},
    )
    alone = replace(both, proposals={"p7": known}, decisions={"p7": both.decisions["p7"]})
    assert build(both) == build(alone)
    assert build(both).length_samples == both.length_samples - 1_000

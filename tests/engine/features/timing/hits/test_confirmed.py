"""Hits that the user confirmed survive whatever is found again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.core.errors import UsageError
from engine.document.analysis import Hits, Role, confirmed, sure_enough
from engine.document.document import Document
from engine.document.edits.analyses import PROMOTED, drum_tracks, promote
from engine.document.edits.proposals import set_analyses
from engine.document.state import DocumentState, Edit, Setting, row_changes
from tests.engine.features.timing.hits.made import made_hits
from tests.sources import no_source, one_source_track

RATE_HZ = 48_000
FOUND = made_hits([(1_000, 0, 0), (1_010, 2, 0), (13_000, 1, 1), (25_000, 2, 2)], confidence=0.4)


def test_a_confirmed_hit_survives_a_lower_sensitivity() -> None:
    sure = confirmed(FOUND, made_hits([(13_100, 1, 0)]), RATE_HZ)
    assert len(sure_enough(FOUND, 0.6).onsets_samples) == 4
    left = sure_enough(sure, 0.2)
    assert left.onsets_samples.tolist() == [13_000]
    assert left.strokes.tolist() == [0]


def test_a_confirmed_hit_that_is_not_found_again_is_put_back() -> None:
    sure = confirmed(FOUND, made_hits([(990, 1, 0), (19_000, 2, 1)]), RATE_HZ)
    assert sure.onsets_samples.tolist() == [990, 1_000, 1_010, 13_000, 19_000, 25_000]
    assert sure.strokes.tolist() == [0, 0, 0, 1, 2, 3]
    assert sure.tracks.tolist() == [1, 0, 2, 1, 2, 2]


@pytest.mark.parametrize(("at", "strokes"), [(1_480, [0, 0, 1, 2]), (1_481, [0, 1, 2, 3])])
def test_what_is_put_back_is_of_a_stroke_within_ten_milliseconds_and_strokes_stay_apart(
    at: int, strokes: list[int]
) -> None:
    near = made_hits([(1_000, 0, 0), (13_000, 1, 1), (13_100, 0, 2)])
    assert confirmed(near, made_hits([(at, 2, 0)]), RATE_HZ).strokes.tolist() == strokes
    close = made_hits([(1_000, 0, 0), (1_100, 1, 1)])  # two strokes of a flam
    assert confirmed(close, made_hits([(9_000, 2, 0)]), RATE_HZ).strokes.tolist() == [0, 1, 2]


@pytest.mark.parametrize(("at", "count"), [(1_480, 1), (1_481, 2), (520, 1), (519, 2)])
def test_a_hit_is_found_again_within_ten_milliseconds_on_its_own_microphone(at: int, count: int) -> None:
    one = made_hits([(1_000, 0, 0)], confidence=0.4)
    sure = confirmed(one, made_hits([(at, 0, 0)]), RATE_HZ)
    assert len(sure.onsets_samples) == count
    assert (sure.confidences == 1.0).sum() == 1
    assert len(confirmed(one, made_hits([(1_000, 1, 0)]), RATE_HZ).onsets_samples) == 2


def test_microphones_that_are_gone_wait() -> None:
    one = made_hits([(5_000, 0, 0)], track_ids=("other",))
    assert confirmed(FOUND, one, RATE_HZ).onsets_samples.tolist() == FOUND.onsets_samples.tolist()


@pytest.mark.parametrize("sensitivity", [0.0, 0.5, 1.0])
def test_no_hits_at_all_are_no_trouble(sensitivity: float) -> None:
    none = made_hits([])
    assert len(sure_enough(none, sensitivity).onsets_samples) == 0
    assert confirmed(none, FOUND, RATE_HZ).strokes.tolist() == [0, 0, 1, 2]


def test_hits_and_what_was_confirmed_are_stored_and_undone(tmp_path: Path) -> None:
    with Document.create(tmp_path / "kit.offcut") as document:
        document.apply(Edit("Imported", row_changes([(None, Setting("rate_hz", RATE_HZ))])))
        document.apply(set_analyses(document.state, {"hits": "hits-1"}, "Listened"), {"hits-1": FOUND})
        for rows in ([2], [0, 2]):
            promoted = document.analysis(PROMOTED)
            assert promoted is None or isinstance(promoted, Hits)
            document.apply(*promote(document.state, FOUND, promoted, np.array(rows)))
    with Document.open(tmp_path / "kit.offcut") as document:
        found, promoted = document.analysis("hits"), document.analysis(PROMOTED)
        assert isinstance(found, Hits)
        assert isinstance(promoted, Hits)
        for name in Hits.__dataclass_fields__:
            np.testing.assert_array_equal(getattr(found, name), getattr(FOUND, name))
        assert all(isinstance(role, Role) for role in found.roles)
        assert promoted.onsets_samples.tolist() == [1_000, 13_000]
        assert document.undo_label == "Confirmed 2 hits"
        again, _ = promote(document.state, FOUND, promoted, np.array([0]))
        assert not again.changes
        document.undo()
        document.undo()
        assert document.analysis(PROMOTED) is None


def test_drums_are_the_tracks_whose_roles_say_so() -> None:
    roles = {"a": "kick", "b": "drums", "c": "vocals", "d": ""}
    tracks = tuple(
        one_source_track(key, no_source(key), key, place, role=role)
        for place, (key, role) in enumerate(roles.items())
    )
    assert drum_tracks(DocumentState(tracks=tracks)) == ("a", "b")
    assert drum_tracks(DocumentState(tracks=tracks), ["d", "c"]) == ("c", "d")
    assert drum_tracks(DocumentState(tracks=tracks[3:])) == ("d",)
    with pytest.raises(UsageError, match="No track has the role"):
        drum_tracks(DocumentState(tracks=tracks[2:]))
    with pytest.raises(UsageError, match="import audio first"):
        drum_tracks(DocumentState())

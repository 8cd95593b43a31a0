"""Fades at the ends of the result: where they lie, what is rendered, what is refused, undo, and the verb."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.cli.main import main
from engine.core.errors import UsageError
from engine.document.document import Document
from engine.document.edits.by_hand import change_amount
from engine.document.edits.proposals import move_edges
from engine.document.edits.tracks import add_tracks
from engine.document.file.storage import apply_rows
from engine.document.state import DocumentState
from engine.exchange.export import ExportRequest, export
from engine.exchange.imports import read_edits
from engine.exchange.imports.proposals.edit import ImportRequest, imported_edit
from engine.review.by_hand import fade_ends, fades_ms
from engine.sound.edl.build import build
from engine.sound.edl.edit_list import EditList
from engine.sound.edl.render import Renderer
from tests.engine.sound.edl.players import play_json
from tests.engine.sound.edl.recordings import RATE_HZ, Recording, by_hand, recording, timeline_state
from tests.sources import each_alone

LENGTH = RATE_HZ
Sound = NDArray[np.float32]


@pytest.fixture(scope="module")
def duo(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """Return a document of a mono and a stereo track, the second of which begins later."""
    rng = np.random.default_rng(5)
    tracks = [0.2 * rng.standard_normal(LENGTH), 0.2 * rng.standard_normal((LENGTH - 300, 2))]
    return recording(tmp_path_factory.mktemp("duo"), tracks, start_samples=[0, 300], gain_db=[0.0, -3.0])


def heard(duo: Recording, state: DocumentState, block: int = 1_000) -> Sound:
    with Renderer(state, build(state), duo.media) as renderer:
        return np.concatenate(list(renderer.blocks(block)))


def faded(state: DocumentState, in_ms: float, out_ms: float) -> DocumentState:
    return apply_rows(state, fade_ends(state, in_ms, out_ms)[0].changes)


def spans(state: DocumentState) -> list[tuple[int, int]]:
    return [state.span(key) for key, one in state.proposals.items() if one.kind == "gain"]


def ramps(length: int, in_samples: int, out_samples: int) -> NDArray[np.float64]:
    """Return the gains of the whole result, sample by sample, shape (length, 1)."""
    low, gains = 10 ** (-120 / 20), np.ones(length)
    for at in range(in_samples):
        gains[at] *= 1 + (low - 1) * (1 - (at + 0.5) / in_samples)
    for at in range(out_samples):
        gains[length - 1 - at] *= 1 + (low - 1) * (1 - (at + 0.5) / out_samples)
    return gains[:, None]


def no_seam(found: EditList) -> NDArray[np.bool_]:
    """Return which samples of the result lie in no crossfade of two segments."""
    plain = np.ones(found.length_samples, bool)
    for before, after in zip(found.segments, found.segments[1:], strict=False):
        plain[after.result_start_samples : before.result_stop_samples] = False
    return plain


MOVE = {"crossfade_ms": 5.0}
ARRANGED: dict[str, tuple[Callable[[DocumentState], DocumentState], tuple[int, int], tuple[int, int]]] = {
    "as recorded": (lambda state: state, (0, 160), (7_200, 8_000)),
    "ends that are cut": (
        lambda state: by_hand(by_hand(state, "cut", (0, 1_000), MOVE), "cut", (7_000, 8_000), MOVE),
        (1_000, 1_160),
        (6_200, 7_000),
    ),
    "an end that is moved to the start": (
        lambda state: by_hand(state, "move", (6_000, 8_000), {"to_samples": 0, **MOVE}),
        (6_000, 6_160),
        (5_200, 6_000),
    ),
    "edited sound": (
        lambda state: by_hand(
            by_hand(state, "slip", (0, 2_000), {"by_samples": 12.5}, ("t0",)), "mute", (7_500, 7_900), {}
        ),
        (0, 160),
        (7_200, 8_000),
    ),
    "a gain at the end": (
        lambda state: by_hand(state, "gain", (7_000, 8_000), {"gain_db": 6.0}, ("t1",)),
        (0, 160),
        (7_200, 8_000),
    ),
}


@pytest.mark.parametrize("what", ARRANGED)
def test_the_ends_of_the_result_are_rendered_with_straight_ramps(duo: Recording, what: str) -> None:
    arranged, first, last = ARRANGED[what]
    state = arranged(duo.state)
    after = faded(state, 20.0, 100.0)
    assert {first, last} <= set(spans(after))
    plain = heard(duo, state)
    expected = plain * ramps(len(plain), 160, 800)
    rendered = heard(duo, after)
    np.testing.assert_allclose(rendered, expected, rtol=0, atol=1e-6)
    np.testing.assert_array_equal(rendered[160:-800], plain[160:-800])
    np.testing.assert_array_equal(rendered, heard(duo, after, block=77))
    assert build(after).plays_as(build(state))


PLACES = st.integers(0, LENGTH)
SPANS = st.tuples(PLACES, PLACES).map(sorted).filter(lambda span: span[1] - span[0] > 40)
ASKED = st.one_of(
    st.tuples(st.just("cut"), SPANS, st.just(MOVE)),
    st.tuples(st.just("move"), SPANS, st.builds(lambda at: {"to_samples": at, **MOVE}, PLACES)),
    st.tuples(st.just("repeat"), SPANS, st.just({"times": 2, **MOVE})),
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ASKED, max_size=4), st.sampled_from((0.0, 3.0, 60.0)), st.sampled_from((1.0, 40.0, 200.0)))
def test_what_is_arranged_is_refused_or_fades_at_its_ends_alone(
    duo: Recording, asked: list[tuple[str, list[int], dict[str, object]]], in_ms: float, out_ms: float
) -> None:
    state = duo.state
    for kind, (start, stop), payload in asked:
        try:
            state = by_hand(state, kind, (start, stop), payload)
        except UsageError:
            continue  # a move into itself
    try:
        after = faded(state, in_ms, out_ms)
    except UsageError:
        return
    plain, rendered = heard(duo, state), heard(duo, after)
    gains = ramps(len(plain), round(in_ms * RATE_HZ / 1000), round(out_ms * RATE_HZ / 1000))
    outside = no_seam(build(state))
    np.testing.assert_allclose(rendered[outside], (plain * gains)[outside], rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("in_ms", "out_ms", "said"),
    [
        (-1.0, 500.0, "A fade in of -1 ms is not possible"),
        (10.0, 0.5, "A fade out of 0.5 ms is not possible"),
        (10.0, 60_001.0, "give 1 to 60000 ms"),
        (float("nan"), 10.0, "A fade in of nan ms"),
        (10.0, float("inf"), "A fade out of inf ms"),
        (0.0, 0.0, "Both fades are 0 ms"),
        (126.0, 10.0, "The first segment that is played lasts 125 ms, so a fade in of 126 ms does not fit"),
        (10.0, 250.5, "The last segment that is played lasts 250 ms"),
    ],
)
def test_lengths_that_cannot_be_are_refused(in_ms: float, out_ms: float, said: str) -> None:
    state = timeline_state(LENGTH)
    state = by_hand(state, "cut", (1_000, 6_000), MOVE)
    with pytest.raises(UsageError, match=said):
        fade_ends(state, in_ms, out_ms)
    assert len(fade_ends(state, 125.0, 250.0)[1]) == 2, "the whole segments"


def test_nothing_to_fade_is_refused() -> None:
    with pytest.raises(UsageError, match="import a recording first"):
        fade_ends(DocumentState(), 10.0, 500.0)
    state = by_hand(timeline_state(LENGTH), "cut", (0, LENGTH), MOVE)
    with pytest.raises(UsageError, match="Nothing is played"):
        fade_ends(state, 10.0, 500.0)


def test_an_end_that_is_played_twice_is_refused() -> None:
    state = by_hand(timeline_state(LENGTH), "repeat", (7_000, 8_000), {"times": 2, "crossfade_ms": 0.0})
    with pytest.raises(UsageError, match=r"fade out would sound a second time: the segment at 0:00\.0"):
        fade_ends(state, 10.0, 50.0)
    assert spans(faded(state, 10.0, 0.0)) == [(0, 80)], "the start is played once"
    ahead = by_hand(timeline_state(LENGTH), "repeat", (0, 1_000), {"times": 2, "to_samples": 4_000, **MOVE})
    with pytest.raises(UsageError, match=r"fade in would sound a second time: the segment at 0:00\.5"):
        fade_ends(ahead, 10.0, 50.0)


def test_fades_are_replaced_wherever_the_ends_were() -> None:
    state = faded(timeline_state(LENGTH), 10.0, 100.0)
    assert fades_ms(state) == (10.0, 100.0)
    with pytest.raises(UsageError, match="these fades already"):
        fade_ends(state, 10.0, 100.0)
    cut = by_hand(state, "cut", (7_000, 8_000), MOVE)
    assert spans(faded(cut, 10.0, 100.0)) == [(0, 80), (6_200, 7_000)]
    other = by_hand(cut, "gain", (0, 80), {"gain_db": -120.0})
    assert spans(faded(other, 0.0, 50.0)) == [(0, 80), (6_600, 7_000)], "another gain stays"
    assert fades_ms(faded(other, 0.0, 50.0)) == (0.0, 50.0)
    own = next(key for key, one in cut.proposals.items() if state.span(key) == (0, 80) and one.kind == "gain")
    nudged = apply_rows(cut, move_edges(cut, own, 0, 90).changes)
    nudged = apply_rows(nudged, change_amount(nudged, own, -60.0).changes)
    assert spans(faded(nudged, 10.0, 100.0)) == [(0, 80), (6_200, 7_000)], "a changed one is replaced, too"
    assert faded(nudged, 10.0, 100.0).decisions[own].payload is None


def test_a_document_undoes_and_redoes_both_fades_in_one_step_and_keeps_them(
    duo: Recording, tmp_path: Path
) -> None:
    with Document.create(tmp_path / "duo.offcut") as document:
        document.apply(add_tracks(document.state, each_alone(list(duo.state.sources.values()), ["A", "B"])))
        before = document.state
        edit, made = fade_ends(document.state, 20.0, 100.0)
        document.apply(edit)
        after = document.state
        assert {one.maker for one in made} == {"you"}
        second, _ = fade_ends(document.state, 30.0, 50.0)
        document.apply(second)
        assert fades_ms(document.state) == (30.0, 50.0)
        document.undo()
        assert document.state == after
        document.undo()
        assert document.state == before
        document.redo()
        assert document.state == after
    with Document.open(tmp_path / "duo.offcut") as document:
        assert document.state == after
        assert build(document.state) == build(after)


def test_exports_play_the_fades_and_the_edit_list_brings_them_back(duo: Recording, tmp_path: Path) -> None:
    state = by_hand(duo.state, "cut", (2_000, 3_000), MOVE)
    after = faded(state, 20.0, 100.0)
    preview = heard(duo, after)
    export(ExportRequest(after, duo.media, tmp_path / "duo.wav"))
    np.testing.assert_array_equal(soundfile.read(tmp_path / "duo.wav", dtype="float32")[0], preview)
    export(ExportRequest(after, duo.media, tmp_path / "duo.json"))
    np.testing.assert_allclose(play_json(tmp_path / "duo.json", 2), preview, rtol=0, atol=1e-6)
    made = imported_edit(ImportRequest(state, duo.media, read_edits(tmp_path / "duo.json", RATE_HZ)))
    back = apply_rows(state, made.put_into(state).changes)
    assert sorted(spans(back)) == sorted(spans(after))
    assert build(back) == build(after)
    again = imported_edit(ImportRequest(after, duo.media, read_edits(tmp_path / "duo.json", RATE_HZ)))
    assert again.is_empty


@pytest.fixture
def project(duo: Recording, tmp_path: Path) -> str:
    path = str(tmp_path / "a.offcut")
    assert main(["new", path, *map(str, duo.media.values())]) == 0
    return path


def test_the_verb_makes_and_replaces_fades(project: str, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["edit", project, "fade-ends", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [(one["start_s"], one["stop_s"], one["kind"]) for one in told["fades"]] == [
        (0.0, 0.01, "gain"),
        (0.5, 1.0, "gain"),
    ]
    assert [one["payload"] for one in told["fades"]] == [
        {"gain_db": -120.0, "start_ramp_ms": 0.0, "stop_ramp_ms": 10.0},
        {"gain_db": -120.0, "start_ramp_ms": 500.0, "stop_ramp_ms": 0.0},
    ]
    assert (told["state"], told["result_s"]) == ("accepted", 1.0)
    assert main(["edit", project, "fade-ends", "--in-ms", "0", "--out-ms", "20"]) == 0
    capsys.readouterr()
    assert main(["proposals", project, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["proposals"]
    assert [(one["start_s"], one["state"]) for one in rows] == [(0.98, "accepted")]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("fade-ends", "--start-s", "1"), "leave out --start-s, --stop-s and --tracks"),
        (("fade-ends", "--tracks", "s0"), "leave out --start-s, --stop-s and --tracks"),
        (("fade-ends", "--db", "-3"), "--db goes with gain and level, not with fade-ends"),
        (("fade-ends", "--out-ms", "-5"), "A fade out of -5 ms is not possible"),
        (("fade-ends", "--out-ms", "1001"), "The last segment that is played lasts 1000 ms"),
        (("cut", "--in-ms", "5", "--start-s", "0", "--stop-s", "1"), "--in-ms goes with fade-ends"),
    ],
)
def test_what_the_verb_cannot_fade_is_refused(
    project: str, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    assert main(["edit", project, *words]) == 2
    assert said in capsys.readouterr().err
    with Document.open(Path(project)) as document:
        assert not document.state.proposals


def test_an_older_payload_keeps_its_id_and_its_sound(duo: Recording) -> None:
    payload = {"gain_db": -6.0, "ramp_ms": 5.0}
    state = by_hand(duo.state, "gain", (1_000, 2_000), payload)
    assert [one.payload for one in state.proposals.values()] == [payload]
    both = by_hand(duo.state, "gain", (1_000, 2_000), {**payload, "start_ramp_ms": 5.0, "stop_ramp_ms": 5.0})
    assert build(both) == build(state)
    np.testing.assert_array_equal(heard(duo, both), heard(duo, state))

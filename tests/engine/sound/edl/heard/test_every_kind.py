"""Every kind of edit and mixtures of them: decided, undone, reopened, heard, exported and played again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from engine.core.errors import DocumentError, UsageError
from engine.document.document import Document
from engine.document.edits.by_hand import change_payload, edit_by_hand, repair_payload
from engine.document.edits.proposals import decide, replace_proposals, set_settings
from engine.document.edits.tracks import add_tracks, remove_track
from engine.document.kinds import KINDS
from engine.document.proposals import Decision, Edited, Verdict
from engine.document.state import DocumentState
from engine.exchange.export import FORMATS, ExportRequest, export
from engine.exchange.export.placing.clips import clips_of
from engine.sound.edl.build import build, preview, removed_only, whole, without
from engine.sound.edl.edit_list import EditList
from engine.sound.edl.render import Renderer
from tests.engine.sound.edl.players import play_json, play_otio
from tests.engine.sound.edl.recordings import RATE_HZ, Recording, cut_proposal, recording
from tests.engine.sound.edl.test_reaper import play as play_reaper
from tests.kind_examples import AUDIO, EXAMPLES, LENGTH, SPANS, KindExamples
from tests.sources import each_alone

TONE = {"tone_start_samples": 100, "tone_stop_samples": 900}
TRACKS = ("track-s0", "track-s1", "track-s2")
SOME = st.lists(st.sampled_from((0, 1, 2)), max_size=2, unique=True)


@dataclass(frozen=True)
class Made:
    """An edit made by hand; `tracks` by number."""

    kind: str
    span: tuple[int, int]
    payload: Mapping[str, object]
    tracks: tuple[int, ...] = ()


def _made(kind: str, example: KindExamples) -> st.SearchStrategy[Made]:
    payloads = st.just(example.payload) if example.payloads is None else example.payloads
    some = SOME.map(tuple) if example.takes_tracks else st.just(())
    return st.builds(lambda span, own, on: Made(kind, tuple(span), own, on), SPANS, payloads, some)


PAYLOADS = {kind: _made(kind, example) for kind, example in EXAMPLES.items()}
MIXTURES = st.lists(st.one_of(*PAYLOADS.values()), min_size=1, max_size=6)


@pytest.fixture(scope="module")
def trio(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """Noise, a stereo track that begins later, and a short tone; and a document that stores audio."""
    rng, folder = np.random.default_rng(3), tmp_path_factory.mktemp("trio")
    tone = 0.3 * np.sin(np.arange(LENGTH // 2) * 2 * np.pi * 220 / RATE_HZ)
    with Document.create(folder / "audio.offcut") as document:
        document.apply(set_settings(document.state, {"minimum_kept_s": 4.0}, "Shortest piece"), audio=AUDIO)
        audio_files = document.audio_files
    made = recording(
        folder,
        [0.2 * rng.standard_normal(LENGTH), 0.2 * rng.standard_normal((LENGTH - 900, 2)), tone],
        start_samples=[0, 900, 0],
        gain_db=[0.0, -3.0, 0.0],
        names=["Kick.wav", "Overheads.wav", "Tone.wav"],
    )
    return replace(made, media={**made.media, **audio_files})


def edited(state: DocumentState, made: list[Made], crossfade_ms: float | None = None) -> DocumentState:
    """Return the state with these edits, without a document on disk."""
    for one in made:
        payload = dict(one.payload)
        if crossfade_ms is not None and "crossfade_ms" in payload:
            payload["crossfade_ms"] = crossfade_ms
        try:
            tracks = [state.tracks[number].id for number in one.tracks]
            _, proposal = edit_by_hand(state, one.kind, *one.span, payload, tracks)
        except UsageError:
            continue  # a move into itself
        decision = Decision(proposal.id, Verdict.ACCEPTED)
        state = replace(
            state,
            proposals={**state.proposals, proposal.id: proposal},
            decisions={**state.decisions, proposal.id: decision},
        )
    return state


def heard(recorded: Recording, state: DocumentState, block: int = 4_096) -> np.ndarray:
    with Renderer(state, build(state), recorded.media) as renderer:
        blocks = list(renderer.blocks(block))
        return np.concatenate(blocks) if blocks else np.zeros((0, renderer.channels), np.float32)


def outside_fades(found: EditList) -> np.ndarray:
    """Return which samples of the result are heard of one segment alone, without a fade."""
    plain = np.ones(found.length_samples, bool)
    for segment in (each for one in (found, *found.own.values()) for each in one.segments):
        start, stop = segment.result_start_samples, segment.result_stop_samples
        plain[start : start + segment.fade_in_samples] = False
        plain[max(0, stop - segment.fade_out_samples) : stop] = False
    return plain


def test_every_kind_is_tried() -> None:
    assert PAYLOADS.keys() == KINDS.keys()


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_says_all_that_others_ask_of_it(kind: str, trio: Recording) -> None:
    made = PAYLOADS[kind].filter(lambda one: KINDS[kind].validate(one.payload) is None).example
    assert callable(made)
    own = KINDS[kind]
    assert own.title
    assert own.icon
    assert own.verb == own.verb.lower()
    assert own.is_of_tracks == EXAMPLES[kind].figures[-1]
    with pytest.raises(DocumentError, match="cannot hold 'stowaway'"):
        own.validate({"stowaway": 1})
    assert trio.state.length_samples == LENGTH


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ({"tone_start_samples": 500, "tone_stop_samples": 500}, "ends before it starts"),
        ({"tone_start_samples": 501, "tone_stop_samples": 500}, "ends before it starts"),
        ({"tone_start_samples": 500}, "needs both edges"),
        ({"tone_stop_samples": 500}, "needs both edges"),
        ({"tone_start_samples": 500, "tone_stop_samples": 2**40}, "longer than 4194304 samples"),
    ],
)
def test_room_tone_of_no_length_is_refused(payload: dict[str, object], reason: str) -> None:
    with pytest.raises(DocumentError, match=reason):
        KINDS["mute"].validate(payload)
    KINDS["mute"].validate({"tone_start_samples": 499, "tone_stop_samples": 500})


@pytest.mark.parametrize(
    ("kind", "payload", "words"),
    [
        ("slip", {"by_samples": 96.0}, "+12.0 ms"),
        ("slip", {"by_samples": -4.0}, "−0.5 ms"),
        ("gain", {"gain_db": -3.0}, "−3.0 dB"),
        ("gain", {"gain_db": -120.0, "start_ramp_ms": 0.0, "stop_ramp_ms": 5.0}, "fade-in"),
        ("gain", {"gain_db": -120.0, "ramp_ms": 5.0, "stop_ramp_ms": 0}, "fade-out"),
        ("gain", {"gain_db": -60.0, "stop_ramp_ms": 0.0}, "−60.0 dB"),
        ("gain", {"gain_db": -120.0, "start_ramp_ms": [], "stop_ramp_ms": "5"}, "−120.0 dB"),
        ("gain", {"gain_db": -120.0, "ramp_ms": 0.0}, "−120.0 dB"),
        ("gain", {"gain_db": -120.0, "start_ramp_ms": 5.0, "stop_ramp_ms": 7.0}, "−120.0 dB"),
        ("insert", {"length_samples": 12_000}, "1.5 s"),
        ("insert", {"length_samples": 80, **TONE}, "10 ms"),
        ("repeat", {"times": 3}, "×3"),
        ("repeat", {"times": 2, "to_samples": 50_000}, "×2 at 0:06.2"),
        ("move", {"to_samples": 50_000}, "to 0:06.25"),
    ],
)
def test_how_much_is_said_in_words(kind: str, payload: dict[str, object], words: str) -> None:
    assert KINDS[kind].how_much(Edited(0, 8_000, payload), RATE_HZ) == words


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_done_by_a_payload_that_is_none_of_its_kind(kind: str) -> None:
    with pytest.raises(DocumentError, match="cannot hold 'stowaway'"):
        KINDS[kind].effect(Edited(0, 8_000, {"stowaway": 1}))


FAR = 2**43
LIMITS: tuple[tuple[str, str, float, float], ...] = (
    ("cut", "crossfade_ms", 0.0, 1_000.0),
    ("mute", "tone_start_samples", 0, FAR),
    ("repeat", "times", 2, 10_000),
    ("repeat", "to_samples", 0, FAR),
    ("move", "rank", -FAR, FAR),
    ("slip", "by_samples", -FAR, FAR),
    ("gain", "gain_db", -120.0, 40.0),
    ("gain", "ramp_ms", 0.0, 10_000.0),
    ("gain", "start_ramp_ms", 0.0, 60_000.0),
    ("gain", "stop_ramp_ms", 0.0, 60_000.0),
    ("repair", "audio_start_samples", 0, FAR),
    ("repair", "crossfade_ms", 0.0, 120.0),
    ("hit", "onset_samples", -FAR, FAR),
    ("hit", "line", -1, FAR),
    ("recorder", "drift_ppm", -2_000.0, 2_000.0),
    ("tempo", "bars_later_beats", 0, 31),
    ("tempo", "tempo_bpm", 0.0, 10_000.0),
)


@pytest.mark.parametrize(("kind", "name", "lowest", "highest"), LIMITS)
def test_a_number_of_a_payload_is_taken_up_to_its_limits_and_no_further(
    kind: str, name: str, lowest: float, highest: float
) -> None:
    rest: dict[str, object] = {"to_samples": 0} if kind == "move" else {}
    if kind == "repair":
        rest = {**repair_payload(AUDIO[0], 0), "audio_stop_samples": FAR}
    limits = f"from {lowest:.0f} to {highest:.0f}"
    edge = 1 if (kind, name) in (("mute", "tone_start_samples"), ("repair", "audio_start_samples")) else 0
    for value in (lowest, highest - edge):
        if kind == "mute":  # whose room tone is short
            rest["tone_stop_samples"] = value + 1
        KINDS[kind].validate({**rest, name: value})
    for value in (lowest - 1, highest + 1):
        with pytest.raises(DocumentError, match=limits):
            KINDS[kind].validate({**rest, name: value})


SLOW = settings(deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@SLOW
@given(made=MIXTURES, block=st.integers(50, 3_000))
def test_what_is_heard_is_the_same_whatever_the_block_size_and_the_order(
    trio: Recording, made: list[Made], block: int
) -> None:
    state = edited(trio.state, made)
    sound = heard(trio, state)
    assert np.isfinite(sound).all()
    np.testing.assert_array_equal(heard(trio, state, block), sound)
    again = edited(trio.state, made[::-1])
    assert build(again) == build(state)


@SLOW
@given(made=MIXTURES)
def test_exports_that_others_play_sound_as_it_is_heard(
    trio: Recording, made: list[Made], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("out")
    state = edited(trio.state, made)
    sound = heard(trio, state)
    for suffix in (".wav", ".json", ".rpp"):
        export(ExportRequest(state, trio.media, folder / f"jam{suffix}", overwrite=True))
    np.testing.assert_array_equal(
        soundfile.read(folder / "jam.wav", dtype="float32", always_2d=True)[0], sound
    )
    np.testing.assert_allclose(play_json(folder / "jam.json", 2), sound, rtol=0, atol=1e-5)
    played, hard = play_reaper(folder / "jam.rpp", len(sound), 2), outside_fades(build(state))
    np.testing.assert_allclose(played[hard], sound[hard], rtol=0, atol=1e-5)
    # The curve of equal power is a parabola in REAPER, up to 0.06 of the sound beside the sine.
    np.testing.assert_allclose(played, sound, rtol=0, atol=0.2)


@SLOW
@given(made=MIXTURES)
def test_a_timeline_of_hard_edges_plays_as_it_is_heard(
    trio: Recording, made: list[Made], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("out")
    state = edited(trio.state, made, crossfade_ms=0.0)
    sound = heard(trio, state)
    request = ExportRequest(state, trio.media, folder / "jam.otio")
    export(request)
    played, has_frames = play_otio(folder / "jam.otio", 2, len(sound)), np.ones(len(sound), bool)
    for clip in (one for track in state.tracks for one in clips_of(request, track)):
        if clip.length_samples <= 2 * RATE_HZ // 25:  # may be too short to be there
            has_frames[clip.result_start_samples : clip.result_stop_samples] = False
    np.testing.assert_allclose(played[has_frames], sound[has_frames], rtol=0, atol=1e-6)


@SLOW
@given(made=MIXTURES)
def test_untouched_samples_are_those_of_the_source(trio: Recording, made: list[Made]) -> None:
    state = edited(trio.state, made)
    found, sound = build(state), heard(trio, state)
    with Renderer(trio.state, whole(trio.state), trio.media) as renderer:
        source = renderer.read(0, LENGTH)
    assume(not found.own)  # one source position for all tracks; see test_own_programmes
    plain = outside_fades(found)
    at = found.to_played_array(np.arange(len(sound)))
    plain &= at < LENGTH
    for patches in found.patches.values():
        for start, stop in patches.spans:
            plain &= ~((at >= start) & (at < stop))
    np.testing.assert_array_equal(sound[plain], source[at[plain]])


@SLOW
@given(made=MIXTURES, back=st.integers(0, 6))
def test_edits_are_undone_redone_previewed_and_found_again(
    trio: Recording, made: list[Made], back: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("doc") / "jam.offcut"
    states: list[DocumentState] = []
    with Document.create(path) as document:
        document.apply(
            add_tracks(
                document.state, each_alone(list(trio.state.sources.values()), ["Kick", "Overheads", "Tone"])
            )
        )
        states.append(document.state)
        for one in made:
            try:
                tracks = [document.state.tracks[number].id for number in one.tracks]
                edit, proposal = edit_by_hand(document.state, one.kind, *one.span, one.payload, tracks)
            except UsageError:
                continue
            if not edit.changes:
                continue  # the same edit made twice
            document.apply(edit, audio=AUDIO if one.kind == "repair" else ())
            assert build(document.state) == preview(document.state, proposal.id)
            rejected = Decision(proposal.id, Verdict.REJECTED)
            gone = replace(document.state, decisions={**document.state.decisions, proposal.id: rejected})
            assert build(gone) == without(document.state, proposal.id)
            removed = removed_only(document.state, proposal.id).length_samples
            assert (removed > 0) is (proposal.start_samples < proposal.stop_samples)
            states.append(document.state)
        steps = min(back, len(states) - 1)
        for state in states[::-1][1 : steps + 1]:
            document.undo()
            assert document.state == state
            assert build(document.state) == build(state)
        for state in states[len(states) - steps :]:
            document.redo()
            assert document.state == state
    with Document.open(path) as document:
        assert document.state == states[-1]
        assert build(document.state) == build(states[-1])
        assert not document.notice
        for one in made:
            if one.kind == "repair" and len(states) > 1:
                document.stored_audio(str(one.payload["audio"]))


def test_every_format_writes_every_kind(trio: Recording, tmp_path: Path) -> None:
    made = [
        Made("cut", (1_000, 2_000), {"crossfade_ms": 5.0}),
        Made("keep", (1_400, 1_600), {}),
        Made("mute", (3_000, 3_500), {"tone_start_samples": 100, "tone_stop_samples": 900}, (0,)),
        Made("repeat", (4_000, 6_000), {"times": 3}),
        Made("move", (8_000, 9_000), {"to_samples": 500}),
        Made("insert", (9_500, 9_500), {"length_samples": 4_000}),
        Made("ripple", (9_600, 9_900), {"crossfade_ms": 5.0}, (1,)),
        Made("insert", (9_950, 9_950), {"length_samples": 700}, (0,)),
        Made("slip", (10_000, 10_500), {"by_samples": 0.5}, (1,)),
        Made("gain", (12_000, 13_000), {"gain_db": -6.0}),
        Made("repair", (14_000, 14_400), repair_payload(AUDIO[1], 13_900), (1,)),
    ]
    state = edited(trio.state, made)
    assert len(state.proposals) == len(made)
    for suffix in FORMATS:
        if suffix == ".flac":
            continue  # holds no floating-point samples
        done = export(ExportRequest(state, trio.media, tmp_path / f"jam {suffix[1:]}{suffix}"))
        assert done.figures["edits"] == len(made)
        if FORMATS[suffix].names_media:
            assert "play from" in done.sentence
            beside = list(tmp_path.glob(f"jam {suffix[1:]} *edited *.wav"))
            assert len(beside) == 2, "the third track is over before it is edited"


def test_an_edit_of_a_track_that_was_removed_waits_for_it(trio: Recording, tmp_path: Path) -> None:
    with Document.create(tmp_path / "jam.offcut") as document:
        document.apply(
            add_tracks(document.state, each_alone(list(trio.state.sources.values()), ["A", "B", "C"]))
        )
        kick = document.state.tracks[0].id
        edit, _ = edit_by_hand(document.state, "gain", 100, 900, {"gain_db": -6.0}, [kick])
        document.apply(edit)
        muted = build(document.state)
        assert set(muted.patches) == {kick}
        document.apply(remove_track(document.state, kick))
        assert not build(document.state).patches
        document.undo()
        assert build(document.state) == muted


def test_what_an_edit_needs_is_changed_in_place(trio: Recording, tmp_path: Path) -> None:
    with Document.create(tmp_path / "jam.offcut") as document:
        document.apply(
            add_tracks(document.state, each_alone(list(trio.state.sources.values()), ["A", "B", "C"]))
        )
        edit, proposal = edit_by_hand(document.state, "slip", 100, 900, {"by_samples": 12.0})
        document.apply(edit)
        before = build(document.state)
        document.apply(change_payload(document.state, proposal.id, {"by_samples": 13.5}))
        assert build(document.state).plays_as(before)
        assert build(document.state) != before
        document.undo()
        assert build(document.state) == before
        with pytest.raises(DocumentError, match="by_samples cannot be 'far'"):
            change_payload(document.state, proposal.id, {"by_samples": "far"})


def test_proposing_again_leaves_what_others_made(trio: Recording, tmp_path: Path) -> None:
    with Document.create(tmp_path / "jam.offcut") as document:
        document.apply(
            add_tracks(document.state, each_alone(list(trio.state.sources.values()), ["A", "B", "C"]))
        )
        for kind, payload in (("gain", {"gain_db": -6.0}), ("cut", {"crossfade_ms": 5.0})):
            edit, proposal = edit_by_hand(document.state, kind, 100, 900, payload)
            document.apply(edit)
            document.apply(decide(document.state, [proposal.id], Verdict.UNDECIDED))
        old, new = (cut_proposal(start, start + 500) for start in (2_000, 4_000))
        document.apply(replace_proposals(document.state, [old], {}, "Proposed", kinds=("cut",)))
        document.apply(replace_proposals(document.state, [new], {}, "Proposed again", kinds=("cut",)))
        assert [one.maker for one in document.state.proposals.values()] == ["you", "you", "test"]
        assert old.id not in document.state.proposals


REFUSED: Mapping[str, tuple[str, tuple[int, int], dict[str, object], str]] = {
    "nothing": ("cut", (500, 500), {}, "There is nothing to cut from 0:00.062"),
    "past the end": ("cut", (LENGTH, LENGTH + 900), {}, "within the recording, which ends at 0:02.000"),
    "into itself": ("move", (500, 900), {"to_samples": 700}, "would change nothing"),
    "by nothing": ("slip", (500, 900), {"by_samples": 0.0}, "would change nothing"),
    "of nothing": ("insert", (500, 500), {"length_samples": 0}, "a whole number from 1 to"),
    "beyond": ("insert", (LENGTH + 1, LENGTH + 1), {"length_samples": 9}, "past the recording, which ends"),
    "no tone there": (
        "insert",
        (500, 500),
        {"length_samples": 9, "tone_start_samples": LENGTH, "tone_stop_samples": LENGTH + 9},
        "There is no room tone at 0:02.000",
    ),
    "past all": ("slip", (500, 900), {"by_samples": 1e6}, "leads past the recording"),
    "without end": ("repeat", (500, 900), {"times": 10_001}, "a whole number from 2 to 10000"),
    "no number": ("gain", (500, 900), {"gain_db": float("nan")}, "gain_db cannot be nan"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_an_edit_that_cannot_be_is_refused_in_a_sentence(what: str, trio: Recording) -> None:
    kind, span, payload, words = REFUSED[what]
    with pytest.raises((UsageError, DocumentError), match=words):
        edit_by_hand(trio.state, kind, *span, payload)


def test_only_what_sounds_is_edited_on_some_tracks(trio: Recording) -> None:
    with pytest.raises(UsageError, match="on all tracks alike: leave out the tracks"):
        edit_by_hand(trio.state, "cut", 10, 900, {}, [trio.state.tracks[0].id])
    with pytest.raises(UsageError, match="There is no track 'gone'"):
        edit_by_hand(trio.state, "gain", 10, 900, {"gain_db": 3.0}, ["gone"])

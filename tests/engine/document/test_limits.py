"""What a document may hold is part of its format: each column up to its limit, and nothing beyond.

The figures stand here once more on purpose: a file that one version writes another one opens.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from io import BytesIO

import numpy as np
import pytest

from engine.document import limits
from engine.document.analysis import (
    Analysis,
    BeatGrid,
    DetectedSounds,
    Hits,
    Listening,
    NearestReference,
    Role,
    ScoreCurve,
)
from engine.document.file.checks import (
    require_alternatives,
    require_columns,
    require_names,
    require_numbers,
    require_plain,
    require_references,
    require_spans,
)
from engine.document.file.schema import layout_of
from engine.document.file.stored_analyses import require_analysis, unpacked
from engine.document.tracks import Clip

LIMITS = {
    "LOWEST_RATE_HZ": 4_000,
    "HIGHEST_RATE_HZ": 768_000,
    "MOST_CHANNELS": 64,
    "LONGEST_SOURCE_FRAMES": 2**38,
    "LONGEST_DOCUMENT_SAMPLES": 2**40,
    "FARTHEST_SAMPLES": 2**43,
    "QUIETEST_DB": -200.0,
    "LOUDEST_DB": 60.0,
    "HIGHEST_LANE_PX": 100_000,
    "MOST_PIECES": 1_000_000,
    "LONGEST_ID": 1_000,
    "LONGEST_TEXT": 40_000,
    "LONGEST_NOTE": 4_000,
    "LONGEST_JSON": 262_144,
    "LONGEST_ROW_BYTES": 2_097_152,
    "DEEPEST_JSON": 32,
    "MOST_STATE_BYTES": 2**29,
    "LONGEST_FACTS_BYTES": 2**24,
    "MOST_PACKED_BYTES": 2**28,
    "MOST_ARRAY_BYTES": 2**29,
    "MOST_AUDIO_BYTES": 2**29,
    "MOST_AUDIO_SAMPLES": 2**27,
    "LOUDEST_SAMPLE": 2.0**31,
    "MOST_CLIPS": 10_000,
    "MOST_ROWS": {
        "source": 10_000,
        "track": 10_000,
        "proposal": 1_000_000,
        "decision": 1_000_000,
        "marker": 1_000_000,
        "setting": 10_000,
        "current_analysis": 1_000,
        "analysis": 100_000,
        "history": 10_000_000,
        "stored_audio": 100_000,
        "checksum": 100,
    },
}


def test_limits_are_those_of_every_version_before() -> None:
    found = {name: value for name, value in vars(limits).items() if name.isupper()}
    assert found == LIMITS


COLUMNS: tuple[tuple[str, int, object, object], ...] = (
    ("source", 3, 4_000, 768_000),
    ("source", 4, 1, 64),
    ("source", 5, 1, 2**38),
    ("track", 2, -10_000, 10_000),
    ("track", 4, -200.0, 60.0),
    ("track", 5, 0, 1),
    ("track", 6, 0, 1),
    ("track", 7, -1.0, 1.0),
    ("track", 10, 0, 100_000),
    ("track", 11, 0, 1),
    ("track", 12, 0, 1),
    ("clip", 2, -(2**43), 2**43),
    ("clip", 3, 0, 2**43),
    ("clip", 4, 1, 2**43),
    ("clip", 5, -200.0, 60.0),
    ("clip", 6, 0, 2**43),
    ("clip", 7, 0, 2**43),
    ("clip", 9, 0, 1),
    ("proposal", 2, 0, 2**43),
    ("proposal", 3, 0, 2**43),
    ("proposal", 4, -1e9, 1e9),
    ("decision", 2, 0, 1_000),
    ("decision", 3, 0, 2**43),
    ("decision", 4, 0, 2**43),
    ("decision", 5, 0, 1),
    ("marker", 1, 0, 2**43),
    ("marker", 2, 0, 2**43),
)
TEXTS = {
    "source": {0: 1_000, 1: 40_000, 2: 40_000, 6: 40_000, 7: 40_000},
    "track": {0: 1_000, 1: 40_000, 3: 40_000, 9: 40_000, 13: 40_000, 14: 2_097_152},
    "clip": {0: 1_000, 1: 1_000, 8: 40_000},
    "proposal": {0: 1_000, 1: 1_000, 5: 40_000, 6: 40_000, 7: 262_144, 8: 262_144, 9: 262_144, 10: 262_144},
    "decision": {0: 1_000, 1: 40_000, 6: 262_144, 7: 4_000},
    "marker": {0: 1_000, 3: 40_000},
    "setting": {0: 1_000, 1: 262_144},
    "current_analysis": {0: 1_000, 1: 1_000},
}
GIVEN = {
    "source": {0, 1},
    "track": {0},
    "proposal": {0, 1},
    "decision": {0},
    "marker": {0},
    "setting": {0},
}
NAMES = {table: [one.name for one in columns] for table, columns in layout_of(10**6).items()}
NAMES["clip"] = [field.name for field in fields(Clip)]
SOUND: dict[str, list[object]] = {
    "source": ["s", "a.wav", "", 44_100, 1, 1, "WAV", "PCM_16"],
    "track": ["t", "", 0, "", 0.0, 0, 0, 0.0, "", "", 0, 0, 0, "", ""],
    "clip": ["c", "s", 0, 0, 1, 0.0, 0, 0, "", False],
    "proposal": ["p", "cut", 0, 2**43, 0.5, "", "", "[]", "{}", "null", "[]"],
    "decision": ["p", "", 0, None, None, 0, "null", ""],
    "marker": ["m", 0, 2**43, ""],
    "setting": ["x", "1"],
    "current_analysis": ["beats", "b"],
}


def _refused(table: str, column: int, value: object) -> bool:
    rows = [list(SOUND[table]), list(SOUND[table])]
    rows[1][column] = value
    # A span is held the right way round by its other edge, whatever it is asked for.
    names = [name if name not in ("start_samples", "stop_samples") else "x" for name in NAMES[table]]
    try:
        require_columns(table, names, list(zip(*rows, strict=True)))
    except ValueError as error:
        return str(error).startswith(f"{table}.{names[column]} holds ")
    return False


@pytest.mark.parametrize(("table", "column", "lowest", "highest"), COLUMNS)
def test_a_number_is_taken_up_to_its_limits(table: str, column: int, lowest: float, highest: float) -> None:
    assert not _refused(table, column, lowest)
    assert not _refused(table, column, highest)
    assert _refused(table, column, lowest - 1)
    assert _refused(table, column, highest + 1)
    assert _refused(table, column, "1")
    assert _refused(table, column, b"1")
    assert _refused(table, column, float("nan") if isinstance(lowest, float) else 0.5)
    assert _refused(table, column, None) == (column not in (3, 4) or table != "decision")


@pytest.mark.parametrize(
    ("table", "column"), [(table, column) for table, own in TEXTS.items() for column in own]
)
def test_a_text_is_taken_up_to_its_length(table: str, column: int) -> None:
    longest = TEXTS[table][column]
    assert not _refused(table, column, "a" * longest)
    assert _refused(table, column, "a" * (longest + 1))
    assert _refused(table, column, 5)
    wants_one = column in GIVEN.get(table, {0, 1})
    assert _refused(table, column, "") == wants_one


@pytest.mark.parametrize(
    ("color", "is_one"),
    [
        ("", True),
        ("#5fa8b5", True),
        ("#5FA8B5", False),
        ("#5fa8b", False),
        ("5fa8b50", False),
        ("#5fa8b55", False),
        (5, False),
    ],
)
def test_a_colour_is_written_in_one_way(color: object, is_one: bool) -> None:
    assert _refused("track", 8, color) != is_one


def test_spans_end_where_they_start_or_later() -> None:
    require_spans("x", [0, 5, None, 7, None], [0, 6, 1, None, None])
    require_spans("x", [0, 5], [0, 6])
    for starts, stops in (([5], [4]), ([None, 5], [0, 4]), ([0, 5], [None, 4])):
        with pytest.raises(ValueError, match="x holds 5, after its stop at 4"):
            require_spans("x", starts, stops)
    with pytest.raises(ValueError, match="start_samples holds 9, after its stop at 8"):
        require_columns("marker", NAMES["marker"], [("m",), (9,), (8,), ("",)])
    require_alternatives(["a"], [-(2**43)], [2**43])
    for labels, starts, stops in (
        (["a"], [2], [1]),
        (["a"], [-(2**43) - 1], [1]),
        ([5], [0], [1]),
        (["a"], [0], [2**43 + 1]),
        (["\udfff"], [0], [1]),
    ):
        with pytest.raises((ValueError, TypeError)):
            require_alternatives(labels, starts, stops)


def test_names_and_examples_hold_texts_and_plain_numbers() -> None:
    require_names(["t1", "t2"])
    require_references(["a/\udc80.wav"], [1.0, 2**43], [-(2**43), 0])
    for names in ([""], [5], ["\ud800"]):
        with pytest.raises((ValueError, TypeError)):
            require_names(names)
    for number in (float("inf"), float("nan"), 2.0**44, "1", None):
        with pytest.raises(ValueError, match="nearest_kept holds"):
            require_references(["a"], [1.0, number])
        with pytest.raises(ValueError, match="the limit holds"):
            require_numbers("the limit", [number])
    with pytest.raises(ValueError, match=r"holds|surrogates"):
        require_references(["\ud800"], [1.0])


def _nested(depth: int, make: Callable[[object], object]) -> object:
    value: object = 1
    for _ in range(depth):
        value = make(value)
    return value


@pytest.mark.parametrize("make", [lambda inner: [inner], lambda inner: {"a": inner}])
def test_values_are_nested_thirty_deep_and_no_deeper(make: Callable[[object], object]) -> None:
    require_plain([_nested(30, make)])
    require_plain([])
    with pytest.raises(ValueError, match="nested more than 32 deep"):
        require_plain([_nested(31, make)])
    for value in (float("inf"), float("nan"), "\ud800"):
        with pytest.raises(ValueError, match=r"is not a number|surrogates"):
            require_plain([_nested(3, lambda inner, value=value: [value, inner])])
    with pytest.raises(ValueError, match="surrogates"):
        require_plain([{"\ud800": 1}])


def _i(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


def _f(*values: float) -> np.ndarray:
    return np.array(values, np.float32)


FAR = 2**43
ANALYSES: dict[str, Analysis] = {
    "scores": ScoreCurve(
        _i(-5, 5, FAR),
        _f(0.1, 0.2, 1),
        "m",
        ("a",),
        np.zeros((3, 1), np.float32),
        0.5,
        np.array([[0, 1, 1], [0, FAR, FAR]]),
    ),
    "beats": BeatGrid(_i(0, 5), _i(0, 2), 120.0, 0.5, "m", ("half",), np.zeros(1)),
    "listening": Listening(
        _i(3, 3),
        _f(-1, -2),
        1,
        "m",
        np.array([[0, 5], [5, FAR]]),
        ("a", "b"),
        _f(1, 2),
        np.array([[5, 5], [0, 1]]),
        ("c", "d"),
        ("t", "t"),
        _i(0, 1),
        _i(9, 0),
    ),
    "nearest": NearestReference(
        _i(0, 7), 0, _i(0, 1), np.zeros(2), _f(0, 1), ("a", "b"), ("x", "y"), np.ones(2), "m"
    ),
    "hits": Hits(
        np.array([-1.5, 3.0]),
        _i(0, 1),
        _f(0, 1),
        _i(0, 0),
        _i(0, 0),
        _f(0, 1),
        ("a", "b"),
        (Role.KICK, Role.SNARE),
        np.zeros(2),
        "m",
        _f(0, 1),
    ),
    "sounds": DetectedSounds(np.array([[0, 1], [0, FAR]]), ("a", "b"), _f(0, 1), "m"),
}
HARMS: tuple[tuple[str, str, object], ...] = (
    ("scores", "times_samples", _i(0, -1, 2)),
    ("scores", "times_samples", _i(0, 1, FAR + 1)),
    ("scores", "times_samples", _i(-FAR - 1, 1, 2)),
    ("scores", "times_samples", _f(0, 1, 2)),
    ("scores", "scores", _f(0, 1)),
    ("scores", "scores", _f(0, 1, np.nan)),
    ("scores", "scores", _i(0, 1, 1)),
    ("scores", "maker", 5),
    ("scores", "part_names", "ab"),
    ("scores", "part_names", ("a", "b")),
    ("scores", "part_names", (5,)),
    ("scores", "part_names", ()),
    ("scores", "part_names", ("a" * 40_001,)),
    ("scores", "limit", float("nan")),
    ("scores", "keeps_songs", 1),
    ("scores", "shortest_cut_s", float("inf")),
    ("scores", "false_starts_samples", np.array([[0, 2, 1]])),
    ("scores", "false_starts_samples", np.array([[2, 3, 3], [1, 4, 4]])),
    ("scores", "false_starts_samples", np.array([[-1, 3, 3]])),
    ("scores", "false_starts_samples", np.zeros((1, 2), np.int64)),
    ("scores", "false_starts_samples", np.array([[0, 3, FAR + 1]])),
    ("scores", "unfamiliar_samples", np.array([[0, 3]])),
    ("scores", "unfamiliar_songs", _i(0)),
    ("scores", "knows_music", 1),
    ("beats", "beats_samples", _i(5, 0)),
    ("beats", "bar_positions", _i(1)),
    ("beats", "bar_positions", _i(-1, 1)),
    ("beats", "bar_positions", _i(1, FAR + 1)),
    ("beats", "tempo_bpm", float("inf")),
    ("beats", "confidence", "1"),
    ("beats", "readings", ()),
    ("beats", "readings", (1,)),
    ("beats", "reading_confidences", np.zeros(2)),
    ("beats", "free_samples", np.array([[5, 0]])),
    ("beats", "free_samples", np.zeros(2, np.int64)),
    ("listening", "onsets_samples", _i(3, 2)),
    ("listening", "loudness_db", np.zeros((2, 2), np.float32)),
    ("listening", "hop_samples", 0),
    ("listening", "hop_samples", FAR + 1),
    ("listening", "hop_samples", 1.0),
    ("listening", "hop_samples", True),
    ("listening", "dead_air_samples", np.array([[0, 5], [4, 9]])),
    ("listening", "dead_air_samples", np.array([[0, 5], [5, FAR + 1]])),
    ("listening", "dead_air_samples", np.array([[-1, 5], [5, 6]])),
    ("listening", "dead_air_kinds", ("a",)),
    ("listening", "dead_air_kinds", ("a", 5)),
    ("listening", "dead_air_db", _f(1)),
    ("listening", "channel_fault_samples", np.array([[5, 4], [0, 1]])),
    ("listening", "channel_fault_samples", np.array([[-1, 4], [0, 1]])),
    ("listening", "channel_fault_samples", np.array([[0, FAR + 1], [0, 1]])),
    ("listening", "channel_fault_kinds", ("c",)),
    ("listening", "channel_fault_tracks", ("t",)),
    ("listening", "channel_fault_tracks", ("t", 5)),
    ("listening", "faulty_channels", _i(-1, 0)),
    ("listening", "faulty_channels", _i(0)),
    ("listening", "faulty_channels", _i(0, FAR + 1)),
    ("listening", "channel_fault_counts", _i(-1, 0)),
    ("listening", "channel_fault_counts", _i(0, FAR + 1)),
    ("nearest", "starts_samples", _i(7, 0)),
    ("nearest", "length_samples", -1),
    ("nearest", "recordings", _i(0, 2)),
    ("nearest", "recordings", _i(-1, 0)),
    ("nearest", "kept_starts_s", np.zeros(1)),
    ("nearest", "distances", _f(0)),
    ("nearest", "paths", ("a",)),
    ("nearest", "content_hashes", ("x",)),
    ("nearest", "content_hashes", ("x", 5)),
    ("nearest", "durations_s", np.ones(1)),
    ("nearest", "durations_s", np.array([1.0, np.inf])),
    ("nearest", "paths", ("a", 5)),
    ("hits", "onsets_samples", np.array([0.0, float(FAR) * 2])),
    ("hits", "onsets_samples", np.array([-float(FAR) * 2, 0])),
    ("hits", "tracks", _i(0, 2)),
    ("hits", "tracks", _i(-1, 0)),
    ("hits", "strengths_db", _f(0)),
    ("hits", "strokes", _i(1, 0)),
    ("hits", "strokes", _i(-1, 0)),
    ("hits", "strokes", _i(0, FAR + 1)),
    ("hits", "ornaments", _i(-1, 0)),
    ("hits", "ornaments", _i(0, 99)),
    ("hits", "confidences", _f(0, 1.01)),
    ("hits", "confidences", _f(-0.01, 1)),
    ("hits", "track_ids", ("a", "a")),
    ("hits", "track_ids", ("a", 5)),
    ("hits", "roles", (Role.KICK,)),
    ("hits", "delays_samples", np.zeros(1)),
    ("hits", "role_confidences", _f(1)),
    ("hits", "role_confidences", _f(0, 1.01)),
    ("hits", "unsure_samples", _f(0)),
    ("hits", "unsure_samples", _f(0, np.nan)),
    ("sounds", "spans_samples", np.array([[0, 0], [0, 1]])),
    ("sounds", "spans_samples", np.array([[1, 2], [0, 1]])),
    ("sounds", "spans_samples", np.array([[-1, 1], [0, 1]])),
    ("sounds", "spans_samples", np.array([[0, 1], [0, FAR + 1]])),
    ("sounds", "words", ("a",)),
    ("sounds", "words", ("a", 5)),
    ("sounds", "likelihoods", _f(0)),
    ("sounds", "likelihoods", _f(0, 1.01)),
    ("sounds", "likelihoods", _f(-0.01, 1)),
)


@pytest.mark.parametrize("name", ANALYSES)
def test_an_analysis_at_its_limits_is_taken(name: str) -> None:
    require_analysis(ANALYSES[name])


@pytest.mark.parametrize(("name", "field", "value"), HARMS, ids=str)
def test_an_analysis_beyond_its_limits_is_refused(name: str, field: str, value: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        require_analysis(replace(ANALYSES[name], **{field: value}))


@pytest.mark.parametrize(
    "values",
    [
        np.arange(6),
        np.arange(6.0).reshape(2, 3),
        np.asfortranarray(np.arange(6).reshape(2, 3)),
        np.zeros((0, 2)),
        np.array(5),
        np.ones((2, 1, 3), np.float32),
    ],
)
def test_arrays_are_unpacked_as_numpy_unpacks_them(values: np.ndarray) -> None:
    block = BytesIO()
    np.savez_compressed(block, a=values, b=np.arange(3))
    found = unpacked(block.getvalue(), ("a", "b", "c"))
    assert found.keys() == {"a", "b"}
    np.testing.assert_array_equal(found["a"], values)
    assert (found["a"].dtype, found["a"].shape) == (values.dtype, values.shape)
    with pytest.raises(ValueError, match="not the arrays of an analysis"):
        unpacked(block.getvalue(), ("a",))


@pytest.mark.parametrize(
    "values", [np.array(["a"]), np.array([True]), np.asfortranarray(np.arange(24).reshape(2, 3, 4))]
)
def test_what_holds_no_numbers_is_not_unpacked(values: np.ndarray) -> None:
    block = BytesIO()
    np.savez_compressed(block, a=values)
    with pytest.raises(ValueError, match="a holds no numbers"):
        unpacked(block.getvalue(), ("a",))

"""What can be done to bytes and to JSON values, as hypothesis strategies of small printable values."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

_HEAD = 64  # where most headers say what follows
_LONG = 1 << 20

EXTREMES = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


@dataclass(frozen=True, slots=True)
class Flip:
    """Turn one bit over."""

    at: int
    bit: int

    def done(self, data: bytes) -> bytes:
        """Return the bytes with it."""
        at = self.at % max(1, len(data))
        return data[:at] + bytes([data[at] ^ 1 << self.bit]) + data[at + 1 :] if data else data


@dataclass(frozen=True, slots=True)
class Write:
    """Put other bytes in place of those that are there."""

    at: int
    value: bytes

    def done(self, data: bytes) -> bytes:
        """Return the bytes with it."""
        at = self.at % max(1, len(data))
        return data[:at] + self.value + data[at + len(self.value) :]


@dataclass(frozen=True, slots=True)
class Insert:
    """Push bytes in between."""

    at: int
    value: bytes

    def done(self, data: bytes) -> bytes:
        """Return the bytes with it."""
        at = self.at % (len(data) + 1)
        return data[:at] + self.value + data[at:]


@dataclass(frozen=True, slots=True)
class Splice:
    """Copy a stretch to another place."""

    start: int
    length: int
    to: int

    def done(self, data: bytes) -> bytes:
        """Return the bytes with it."""
        start, to = self.start % max(1, len(data)), self.to % (len(data) + 1)
        return data[:to] + data[start : start + self.length] + data[to:]


@dataclass(frozen=True, slots=True)
class Drop:
    """Take a stretch out."""

    at: int
    length: int

    def done(self, data: bytes) -> bytes:
        """Return the bytes with it."""
        at = self.at % max(1, len(data))
        return data[:at] + data[at + self.length :]


@dataclass(frozen=True, slots=True)
class Cut:
    """End too early, by thousandths of what there was."""

    thousandths: int

    def done(self, data: bytes) -> bytes:
        """Return the bytes with it."""
        return data[: len(data) * self.thousandths // 1000]


@dataclass(frozen=True, slots=True)
class Put:
    """Put another value somewhere in a JSON value; places are counted from the outside in."""

    place: int
    value: str

    def done(self, value: Any) -> Any:
        """Return a copy with it."""
        places = list(_places(value))
        path = places[self.place % len(places)]
        return _with(value, path, json.loads(self.value))


@dataclass(frozen=True, slots=True)
class Remove:
    """Take a value out of a JSON value."""

    place: int

    def done(self, value: Any) -> Any:
        """Return a copy without it."""
        places = [path for path in _places(value) if path]
        return _without(value, places[self.place % len(places)]) if places else value


def _numbers() -> st.SearchStrategy[bytes]:
    forms = st.sampled_from(("<B", "<H", ">H", "<I", ">I", "<Q", ">Q", "<d", ">d", "<f", ">f"))
    return st.builds(_packed, forms, st.sampled_from(EXTREMES) | st.integers(0, (1 << 64) - 1))


def _packed(form: str, number: int) -> bytes:
    if form[1] in "df":
        return struct.pack(form, {0: 0.0, 1: float("nan"), 2: float("inf")}.get(number % 5, 1e30))
    return struct.pack(form, number % (1 << 8 * struct.calcsize(form)))


_PLACE = st.integers(0, _HEAD - 1) | st.integers(0, 511) | st.integers(0, _LONG)
_LENGTH = st.integers(1, 64) | st.integers(1, 5_000)

BYTES = st.lists(
    st.one_of(
        st.builds(Flip, _PLACE, st.integers(0, 7)),
        st.builds(Write, _PLACE, _numbers()),
        st.builds(Write, _PLACE, st.binary(min_size=1, max_size=16)),
        st.builds(Insert, _PLACE, st.binary(min_size=1, max_size=16)),
        st.builds(Splice, _PLACE, _LENGTH, _PLACE),
        st.builds(Drop, _PLACE, _LENGTH),
        st.builds(Cut, st.integers(0, 999)),
    ),
    min_size=1,
    max_size=4,
).map(tuple)
"""A few things to do to bytes, in order."""

_ODD_VALUES = (
    *("null", "true", "-1", "0", "1", "0.5", "1e308", "-1e308", "1e-320", "NaN", "Infinity", "-Infinity"),
    *("2147483648", "9223372036854775807", "9223372036854775808", "1" + 30 * "0"),
    *('""', '"nan"', '"-1"', '"\\u0000"', '"\\ud800"'),
    *("[]", "{}", "[[]]", "[null]", '{"": 0}', 40 * "[" + 40 * "]"),
)

VALUES = st.one_of(
    st.sampled_from(_ODD_VALUES),
    st.integers(-(1 << 70), 1 << 70).map(str),
    st.floats(allow_nan=True, allow_infinity=True).map(json.dumps),
    st.text(max_size=12).map(json.dumps),
    st.lists(st.integers(-3, 3), max_size=5).map(json.dumps),
)
"""Values as JSON has them, many of which nobody expects, as text."""

JSON = st.lists(
    st.builds(Put, st.integers(0, 999), VALUES) | st.builds(Remove, st.integers(0, 999)),
    min_size=1,
    max_size=3,
).map(tuple)
"""A few things to do to a JSON value, in order."""


def done(changes: tuple[Any, ...], sound: Any) -> Any:
    """Do all changes one after another."""
    for change in changes:
        sound = change.done(sound)
    return sound


def _places(value: Any, path: tuple[Any, ...] = ()) -> Any:
    yield path
    if len(path) > 50:
        return
    if isinstance(value, dict):
        for key, one in value.items():
            yield from _places(one, (*path, key))
    elif isinstance(value, list):
        for number, one in enumerate(value[:20]):
            yield from _places(one, (*path, number))


def _with(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = _with(copy[path[0]], path[1:], new)
    return copy


def _without(value: Any, path: tuple[Any, ...]) -> Any:
    copy = dict(value) if isinstance(value, dict) else list(value)
    if len(path) == 1:
        del copy[path[0]]
    else:
        copy[path[0]] = _without(copy[path[0]], path[1:])
    return copy

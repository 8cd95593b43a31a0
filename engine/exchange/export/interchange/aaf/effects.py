"""Effects of an AAF file: their definitions, registered once, and groups that apply them.

Ids are those of the AAF association. Amplitude is a linear factor; Pan goes from 0, left, to 1, right; the
Level of a dissolve is the share of the incoming clip. Values that vary go through control points, whose times
go from 0 to 1 over the length of the group. pyaaf2 makes one object at a time, so its arguments are made
first.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from aaf2.auid import AUID
from aaf2.rational import AAFRational

from engine.sound.edl.crossfade import Curve

SOUND = "sound"
_FINEST = 1_000_000  # denominators: a rational of AAF has 32 bits, and a gain goes to 1,000
_MOST = 2**31 - 1
_DISSOLVE = AUID("0c3bea41-fc05-11d2-8a29-0050040ef7d2"), "Mono Audio Dissolve", 2
_GAIN = AUID("9d2ea894-0968-11d3-8a38-0050040ef7d2"), "Mono Audio Gain", 1
_PAN = AUID("9d2ea893-0968-11d3-8a38-0050040ef7d2"), "Mono Audio Pan", 1
_COMBINER = AUID("6b46dd7a-132d-4856-ab21-8b751d8462ec"), "Audio Channel Combiner", 1
_LEVEL = AUID("e4962320-2267-11d3-8a4c-0050040ef7d2"), "Level"
_AMPLITUDE = AUID("e4962321-2267-11d3-8a4c-0050040ef7d2"), "Amplitude"
_PAN_POSITION = AUID("e4962322-2267-11d3-8a4c-0050040ef7d2"), "Pan"
_LINEAR = AUID("5b6c85a4-0ede-11d3-80a9-006008143e6f"), "LinearInterp"
_POWER = AUID("c09153f7-bd18-4e5a-ad09-cbdd654fa001"), "PowerInterp"
_INTERPOLATIONS = {Curve.EQUAL_GAIN: _LINEAR, Curve.EQUAL_POWER: _POWER}
_RISING = (Fraction(0), 0.0), (Fraction(1), 1.0)


class Effects:
    """Makes effects for one file."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._definitions: dict[AUID, Any] = {}

    def dissolve(self, length: int, curve: Curve) -> Any:
        """Return the group of a crossfade, or of a fade from or to silence."""
        group = self._group(_DISSOLVE, length, _LEVEL)
        group.parameters.append(self._varying(_LEVEL, _INTERPOLATIONS[curve], _RISING))
        return group

    def combined(self, inputs: Sequence[Any], length: int) -> Any:
        """Return a group that plays one input a channel."""
        group = self._group(_COMBINER, length)
        group.segments.extend(inputs)
        return group

    def gain(self, segment: Any, length: int, factor: float) -> Any:
        """Return a group that plays a segment with a gain, linear."""
        return self._constant(_GAIN, _AMPLITUDE, segment, length, factor)

    def varying_gain(self, segment: Any, length: int, points: Sequence[tuple[Fraction, float]]) -> Any:
        """Return a group that plays a segment with a gain that is linear between points."""
        group = self._group(_GAIN, length, _AMPLITUDE)
        group.parameters.append(self._varying(_AMPLITUDE, _LINEAR, points))
        group.segments.append(segment)
        return group

    def pan(self, segment: Any, length: int, pan: float) -> Any:
        """Return a group that plays a segment at a place from -1, left, to 1, right."""
        return self._constant(_PAN, _PAN_POSITION, segment, length, (pan + 1.0) / 2.0)

    def _constant(
        self,
        operation: tuple[AUID, str, int],
        parameter: tuple[AUID, str],
        segment: Any,
        length: int,
        value: float,
    ) -> Any:
        group, defined = self._group(operation, length, parameter), self._parameter(*parameter)
        constant = self._file.create.ConstantValue(defined, _rational(value))
        group.parameters.append(constant)
        group.segments.append(segment)
        return group

    def _varying(
        self,
        parameter: tuple[AUID, str],
        interpolation: tuple[AUID, str],
        points: Sequence[tuple[Fraction, float]],
    ) -> Any:
        defined, between = self._parameter(*parameter), self._defined("InterpolationDef", *interpolation)
        varying = self._file.create.VaryingValue(defined, between)
        for time, value in points:
            fitting = time.limit_denominator(_MOST)
            varying.add_keyframe(AAFRational(fitting.numerator, fitting.denominator), _rational(value))
        return varying

    def _group(self, operation: tuple[AUID, str, int], length: int, *parameters: tuple[AUID, str]) -> Any:
        auid, name, inputs = operation
        if auid not in self._definitions:
            definition = self._defined("OperationDef", auid, name)
            definition.media_kind = SOUND
            definition["NumberInputs"].value = inputs
            definition["IsTimeWarp"].value = False
            definition["Bypass"].value = 1
            definition["OperationCategory"].value = "OperationCategory_Effect"
            for parameter in parameters:
                definition.parameters.append(self._parameter(*parameter))
        return self._file.create.OperationGroup(self._definitions[auid], length, SOUND)

    def _parameter(self, auid: AUID, name: str) -> Any:
        rational = self._file.dictionary.lookup_typedef("Rational")
        return self._defined("ParameterDef", auid, name, "", rational)

    def _defined(self, kind: str, auid: AUID, name: str, *more: Any) -> Any:
        if auid not in self._definitions:
            self._definitions[auid] = getattr(self._file.create, kind)(auid, name, *more)
            self._file.dictionary.register_def(self._definitions[auid])
        return self._definitions[auid]


def _rational(value: float) -> AAFRational:
    exact = Fraction(value).limit_denominator(_FINEST)
    return AAFRational(exact.numerator, exact.denominator)

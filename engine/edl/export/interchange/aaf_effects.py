"""Effects of an AAF file: their definitions, registered once, and groups that apply them.

Ids are those of the AAF association. Amplitude is a linear factor; Pan goes from 0, left, to 1, right. pyaaf2
makes one object at a time: what it takes is made before.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from aaf2.auid import AUID
from aaf2.rational import AAFRational

_SOUND = "sound"
_FINEST = 1_000_000  # denominators: a rational of AAF has 32 bits, and a gain goes to 1,000
_DISSOLVE = AUID("0c3bea41-fc05-11d2-8a29-0050040ef7d2"), "Mono Audio Dissolve", 2
_GAIN = AUID("9d2ea894-0968-11d3-8a38-0050040ef7d2"), "Mono Audio Gain", 1
_PAN = AUID("9d2ea893-0968-11d3-8a38-0050040ef7d2"), "Mono Audio Pan", 1
_AMPLITUDE = AUID("e4962321-2267-11d3-8a4c-0050040ef7d2"), "Amplitude"
_PAN_POSITION = AUID("e4962322-2267-11d3-8a4c-0050040ef7d2"), "Pan"


class Effects:
    """Makes effects for one file."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._definitions: dict[AUID, Any] = {}

    def dissolve(self, length: int) -> Any:
        """Return the group of a crossfade."""
        definition = self._operation(*_DISSOLVE)
        return self._file.create.OperationGroup(definition, length, _SOUND)

    def gain(self, segment: Any, length: int, factor: float) -> Any:
        """Return a group that plays a segment with a gain, linear."""
        return self._constant(_GAIN, _AMPLITUDE, segment, length, factor)

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
        definition = self._operation(*operation, parameter)
        group = self._file.create.OperationGroup(definition, length, _SOUND)
        exact, defined = Fraction(value).limit_denominator(_FINEST), self._parameter(*parameter)
        rational = AAFRational(exact.numerator, exact.denominator)
        constant = self._file.create.ConstantValue(defined, rational)
        group.parameters.append(constant)
        group.segments.append(segment)
        return group

    def _operation(self, auid: AUID, name: str, inputs: int, *parameters: tuple[AUID, str]) -> Any:
        if auid not in self._definitions:
            definition = self._file.create.OperationDef(auid, name)
            definition.media_kind = _SOUND
            definition["NumberInputs"].value = inputs
            definition["IsTimeWarp"].value = False
            definition["Bypass"].value = 1
            definition["OperationCategory"].value = "OperationCategory_Effect"
            self._file.dictionary.register_def(definition)
            for parameter in parameters:
                definition.parameters.append(self._parameter(*parameter))
            self._definitions[auid] = definition
        return self._definitions[auid]

    def _parameter(self, auid: AUID, name: str) -> Any:
        if auid not in self._definitions:
            rational = self._file.dictionary.lookup_typedef("Rational")
            definition = self._file.create.ParameterDef(auid, name, "", rational)
            self._file.dictionary.register_def(definition)
            self._definitions[auid] = definition
        return self._definitions[auid]

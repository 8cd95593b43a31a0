"""Every material by its name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.lab.evaluation.materials.band import BAND
from engine.lab.evaluation.materials.breaks import BREAKING_OFF
from engine.lab.evaluation.materials.case import MaterialKind
from engine.lab.evaluation.materials.field import FIELD
from engine.lab.evaluation.materials.halves import HALVES
from engine.lab.evaluation.materials.idle import IDLE
from engine.lab.evaluation.materials.interview import INTERVIEW
from engine.lab.evaluation.materials.loops import LOOPS

MATERIALS: Mapping[str, MaterialKind] = MappingProxyType(
    {material.name: material for material in (BAND, IDLE, BREAKING_OFF, LOOPS, FIELD, INTERVIEW, HALVES)}
)

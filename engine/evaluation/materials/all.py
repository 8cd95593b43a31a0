"""Every material by its name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.evaluation.materials.band import BAND
from engine.evaluation.materials.breaks import BREAKING_OFF
from engine.evaluation.materials.case import MaterialKind
from engine.evaluation.materials.field import FIELD
from engine.evaluation.materials.halves import HALVES
from engine.evaluation.materials.idle import IDLE
from engine.evaluation.materials.interview import INTERVIEW
from engine.evaluation.materials.loops import LOOPS

MATERIALS: Mapping[str, MaterialKind] = MappingProxyType(
    {material.name: material for material in (BAND, IDLE, BREAKING_OFF, LOOPS, FIELD, INTERVIEW, HALVES)}
)

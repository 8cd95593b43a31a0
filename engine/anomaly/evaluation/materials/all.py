"""Every material by its name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.anomaly.evaluation.materials.band import BAND
from engine.anomaly.evaluation.materials.breaks import BREAKING_OFF
from engine.anomaly.evaluation.materials.case import MaterialKind
from engine.anomaly.evaluation.materials.field import FIELD
from engine.anomaly.evaluation.materials.halves import HALVES
from engine.anomaly.evaluation.materials.idle import IDLE
from engine.anomaly.evaluation.materials.interview import INTERVIEW
from engine.anomaly.evaluation.materials.loops import LOOPS

MATERIALS: Mapping[str, MaterialKind] = MappingProxyType(
    {material.name: material for material in (BAND, IDLE, BREAKING_OFF, LOOPS, FIELD, INTERVIEW, HALVES)}
)

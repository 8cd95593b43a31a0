"""Every kind by its name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tests.hostile.long.kinds.audio import AUDIO
from tests.hostile.long.kinds.documents import DOCUMENT, ROWS
from tests.hostile.long.kinds.kind import Kind
from tests.hostile.long.kinds.labels import LABELS
from tests.hostile.long.kinds.settings import CONFIG, KEPT, RESULTS
from tests.hostile.long.kinds.tastes import FACTS, TASTE

KINDS: Mapping[str, Kind] = MappingProxyType(
    {kind.name: kind for kind in (AUDIO, DOCUMENT, ROWS, TASTE, FACTS, CONFIG, RESULTS, KEPT, LABELS)}
)

"""Markers and regions."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from desktop.bindings.handler import Handler
from desktop.parts import Parts


def markers(window: Parts) -> Mapping[str, Handler]:
    marking = window.marking
    return {
        "marker.add": marking.add,
        "marker.region": marking.add_region,
        "marker.previous": partial(marking.go, forward=False),
        "marker.next": partial(marking.go, forward=True),
        "marker.list": marking.show_list,
        "marker.rename": marking.rename_here,
        "marker.import_labels": marking.import_labels,
    }

"""The record of places in the window."""

from __future__ import annotations

from engine.core.features import Feature

FEATURE = Feature(commands="desktop.features.placement.commands:COMMANDS")

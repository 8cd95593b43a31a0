"""The record of days in the window."""

from __future__ import annotations

from engine.core.features import Feature

FEATURE = Feature(commands="desktop.features.day.commands:COMMANDS")

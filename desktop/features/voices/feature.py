"""The record of voices in the window."""

from __future__ import annotations

from engine.core.features import Feature

FEATURE = Feature(commands="desktop.features.voices.commands:COMMANDS")

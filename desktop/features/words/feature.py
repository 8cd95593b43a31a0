"""The record of words in the window."""

from __future__ import annotations

from engine.core.features import Feature

FEATURE = Feature(commands="desktop.features.words.commands:COMMANDS")

"""Losses of all epochs so far, collected from progress reports."""

from __future__ import annotations

from collections.abc import Mapping


class LossHistory:
    """One value an epoch; reports within an epoch carry none that are new.

    Attributes
    ----------
    training, validation : the loss after each epoch, the first one of epoch 1
    """

    def __init__(self) -> None:
        self.training: list[float] = []
        self.validation: list[float] = []

    def add(self, figures: Mapping[str, float]) -> bool:
        """Add the figures of a report; return whether they belong to a new epoch."""
        if "loss" not in figures or "validation" not in figures:
            return False
        if int(figures.get("epoch", len(self.training) + 1)) <= len(self.training):
            return False
        self.training.append(figures["loss"])
        self.validation.append(figures["validation"])
        return True

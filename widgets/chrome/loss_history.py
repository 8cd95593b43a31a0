"""The losses of the epochs so far, gathered from what a job reports."""

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
        """Take the figures of a report; tell whether they are of another epoch."""
        if "loss" not in figures or "validation" not in figures:
            return False
        if int(figures.get("epoch", len(self.training) + 1)) <= len(self.training):
            return False
        self.training.append(figures["loss"])
        self.validation.append(figures["validation"])
        return True

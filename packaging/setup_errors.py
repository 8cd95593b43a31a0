"""The one failure the set-up knows."""

from __future__ import annotations

TAIL_LINES = 15


class SetupError(Exception):
    """The set-up cannot go on: one sentence for the user, below the last words of the program that failed."""

    def __init__(self, sentence, output=""):
        tail = [line for line in output.splitlines() if line.strip()][-TAIL_LINES:]
        super().__init__("\n".join([*("  | " + line for line in tail), sentence]))

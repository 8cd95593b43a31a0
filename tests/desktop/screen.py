"""An X screen without hardware, whose picture can be read."""

from __future__ import annotations

import os
import struct
import subprocess
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 1680, 1050

Pixels = NDArray[np.uint8]


class Screen:
    """An X screen whose picture lies in a file, in X's own dump format."""

    def __init__(self, folder: Path) -> None:
        self._dump = folder / "Xvfb_screen0"
        told, tells = os.pipe()
        size = f"{WIDTH}x{HEIGHT}x24"
        command = ["Xvfb", "-displayfd", str(tells), "-screen", "0", size, "-fbdir", str(folder)]
        # Without "-noreset" the server starts over when its last window closes, as xdotool does at each
        # question, and refuses a program that connects meanwhile.
        self.server = subprocess.Popen(
            [*command, "-nolisten", "tcp", "-noreset"],
            pass_fds=[tells],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(tells)
        with os.fdopen(told) as answer:
            self.display = f":{answer.readline().strip()}"

    def pixels(self) -> Pixels:
        """What is shown now, shape (height, width, 3): red, green, blue."""
        data = self._dump.read_bytes()
        head = struct.unpack(">25I", data[:100])
        start, row_bytes, colours = head[0], head[12], head[19]
        rows = np.frombuffer(data, np.uint8, HEIGHT * row_bytes, start + 12 * colours)
        return rows.reshape(HEIGHT, -1, 4)[:, :WIDTH, 2::-1]

    def close(self) -> None:
        self.server.terminate()
        self.server.wait()

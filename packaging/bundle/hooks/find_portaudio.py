"""Have sounddevice find the PortAudio of the bundle: it asks the system, which may have none."""

import ctypes.util
import sys
from pathlib import Path

_asked_of_system = ctypes.util.find_library


def _find_library(name):
    if name == "portaudio":
        for found in Path(sys._MEIPASS).glob("libportaudio.so*"):
            return str(found)
    return _asked_of_system(name)


ctypes.util.find_library = _find_library

"""Print the devices that can play, as JSON: (name, channels, rate in hertz). Started by ``offcut doctor``.

PortAudio opens every driver it knows when it starts, and a broken one can take the process with it.
"""

from __future__ import annotations

import json


def main() -> None:
    """Scan once."""
    import sounddevice  # which looks for devices when it is imported

    found = [
        [device["name"], device["max_output_channels"], device["default_samplerate"]]
        for device in sounddevice.query_devices()
        if device["max_output_channels"]
    ]
    print(json.dumps(found))


if __name__ == "__main__":
    main()

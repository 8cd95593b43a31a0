"""Kinds of fault that sound alike: each part of a score has one name that people use."""

from __future__ import annotations

from collections.abc import Mapping

PART_OF_KIND: Mapping[str, str] = {
    "talk": "talk",
    "noise": "noise",
    "under_noise": "noise",
    "detune": "out-of-tune",
    "wrong_speed": "out-of-tune",
    "dropout": "dropout",
    "hush": "dropout",
    "false_start": "false-start",
    "broken_off": "false-start",
    "rings_out": "false-start",
    "drops_out": "false-start",
    "trails_off": "false-start",
    "called_off": "false-start",
    "counted_in": "false-start",
    "idle_room": "dead-air",
    "mains_hum": "dead-air",
    "noodling": "noodling",
    "fragments": "noodling",
    "wrong_tempo": "wrong-tempo",
    "unsteady": "wrong-tempo",
    "bad_join": "bad-join",
    "stutter": "bad-join",
    "reversed": "altered",
    "two_at_once": "altered",
    "muffled": "altered",
    "voice_over": "talk",
    "knocks_over": "noise",
    "tones_over": "noise",
    "bursts_over": "noise",
    "cut": "cut-before",
}
"""The part of the score each kind belongs to."""

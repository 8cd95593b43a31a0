"""Functions of other programs that Offcut lacks, and their nearest commands."""

from __future__ import annotations

from widgets.controls.command_entries import Absent

ABSENT = (
    Absent(
        ("save as", "save", "save project", "save a copy"),
        "Offcut saves each edit at once. A named snapshot stores the present version in a second file.",
        ("file.snapshot", "file.export"),
    ),
    Absent(
        ("normalize", "normalise", "loudness", "lufs"),
        "Offcut sets loudness when it exports: choose 'Normalise to' there. Gain changes a selection.",
        ("file.export", "hand.gain"),
    ),
    Absent(
        ("pitch", "pitch shift", "transpose", "tune", "auto-tune"),
        "Offcut does not change pitch. Export the tracks and do that in another program.",
        ("file.export",),
    ),
    Absent(
        ("equalizer", "eq", "compressor", "compression", "limiter", "reverb", "effects", "plugins", "vst"),
        "Offcut has no effects. Export a REAPER project and mix there.",
        ("file.export", "tracks.gain"),
    ),
    Absent(
        ("automation", "envelope"),
        "Offcut has no automation. Gain changes a selected span, or all of a track.",
        ("hand.gain", "tracks.gain"),
    ),
    Absent(
        ("record", "record audio", "recording", "arm track"),
        "Offcut does not record. Record in another program and import the files.",
        ("file.import",),
    ),
    Absent(
        ("reverse", "invert", "phase"),
        "Offcut does not reverse or invert sound. It plays backwards.",
        ("transport.shuttle_back",),
    ),
    Absent(
        ("metronome", "click track"),
        "Offcut plays no click. It shows beats as a grid, and reads a click track for timing.",
        ("timing.propose", "grid.set_tempo"),
    ),
    Absent(
        ("close document", "close project", "close session"),
        "A document closes when another one opens, or when Offcut quits.",
        ("file.open", "file.new", "file.quit"),
    ),
)

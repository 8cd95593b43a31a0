"""CMX 3600 as its description has it, at 25 frames a second if a list states no rate."""

from __future__ import annotations

from tests.engine.exchange.imports.published.expected import Expected

A, B = "* FROM CLIP NAME: a.wav", "* FROM CLIP NAME: b.wav"
ONE = "001  AX  A  C  00:00:04:00 00:00:06:00 00:00:00:00 00:00:02:00"

EDL = {
    "picture and two channels at one hour": Expected(
        "TITLE: x\nFCM: NON-DROP FRAME\n"
        f"001  AX  AA/V  C  00:00:04:00 00:00:06:00 01:00:00:00 01:00:02:00\n{A}",
        [("a.wav", 4, 2, 0), ("a.wav", 4, 2, 0)],
    ),
    "a start at ten hours": Expected(
        f"TITLE: x\n001  AX  A  C  00:00:04:00 00:00:06:00 10:00:03:00 10:00:05:00\n{A}",
        [("a.wav", 4, 2, 3)],
    ),
    "source files below clip names": Expected(
        f"TITLE: x\n{ONE}\n* FROM CLIP NAME:  INTERVIEW.NEW.01\n* SOURCE FILE: a.wav",
        [("a.wav", 4, 2, 0)],
    ),
    "remarks without a star": Expected(
        f"TITLE: x\r\n\r\n{ONE}\r\nFROM CLIP NAME: a.wav\r\n", [("a.wav", 4, 2, 0)]
    ),
    "the second channel with picture": Expected(
        f"TITLE: x\n001  AX  A2/V  C  00:00:04:00 00:00:06:00 00:00:00:00 00:00:02:00\n{A}",
        [("a.wav", 4, 2, 0)],
    ),
    "four channels by a line of their own": Expected(
        f"TITLE: x\n001  AX  NONE  C  00:00:04:00 00:00:06:00 00:00:00:00 00:00:02:00\n{A}\nAUD  3 4",
        [("a.wav", 4, 2, 0), ("a.wav", 4, 2, 0)],
    ),
    "a wipe with the files of both clips": Expected(
        "TITLE: x\n001  ONE  A  C  00:00:00:00 00:00:02:00 00:00:00:00 00:00:02:00\n* FROM CLIP NAME: a.wav\n"
        "002  ONE  A  C  00:00:02:00 00:00:02:00 00:00:02:00 00:00:02:00\n"
        "002  TWO  A  W001 012  00:00:08:00 00:00:11:00 00:00:02:00 00:00:05:00\n"
        "* FROM CLIP NAME: first\n* SOURCE FILE: a.wav\n* TO CLIP NAME: second\n* SOURCE FILE: b.wav",
        [("a.wav", 0, 2, 0), ("b.wav", 8, 3, 2)],
    ),
    "a key": Expected(
        f"TITLE: x\n001  AX  A  K B 010  00:00:04:00 00:00:06:00 00:00:00:00 00:00:02:00\n{A}",
        [],
        [("keyed clip", 0, 2, 4, 6)],
    ),
    "black between two clips": Expected(
        f"TITLE: x\n{ONE}\n{A}\n002  BL  A  C  00:00:00:00 00:00:03:00 00:00:02:00 00:00:05:00\n"
        f"003  AX  A  C  00:00:10:00 00:00:11:00 00:00:05:00 00:00:06:00\n{B}",
        [("a.wav", 4, 2, 0), ("b.wav", 10, 1, 5)],
    ),
    "the speed of the recording itself": Expected(
        f"TITLE: x\n{ONE}\n{A}\nM2   AX  025.0  00:00:04:00", [("a.wav", 4, 2, 0)]
    ),
    "a still": Expected(
        f"TITLE: x\n{ONE}\n{A}\nM2   AX  000.0  00:00:04:00",
        [],
        [("clip with a change of speed", 0, 2, 4, 6)],
    ),
    "a source that is twice as long": Expected(
        f"TITLE: x\n001  AX  A  C  00:00:04:00 00:00:08:00 00:00:00:00 00:00:02:00\n{A}",
        [],
        [("clip at 200 % speed", 0, 2, 4, 8)],
    ),
    "a speed before a dissolve is not that of the clip behind it": Expected(
        f"TITLE: x\n{ONE}\n{A}\n002  AX  A  C  00:00:06:00 00:00:06:00 00:00:02:00 00:00:02:00\n"
        "002  BX  A  D 010  00:00:08:00 00:00:11:00 00:00:02:00 00:00:05:00\n"
        "* FROM CLIP NAME: a.wav\n* TO CLIP NAME: b.wav\nM2   AX  012.5  00:00:06:00",
        [("a.wav", 4, 2, 0), ("b.wav", 8, 3, 2)],
    ),
    "a split of picture and sound": Expected(
        f"TITLE: x\n{ONE}\n{A}\nSPLIT:    AUDIO DELAY=  00:00:00:05",
        [],
        [("clip with a split of picture and sound", 0, 2, 4, 6)],
    ),
    "drop frame with semicolons": Expected(
        f"FCM: DROP FRAME\n001  AX  A  C  00:10:00;00 00:20:00;00 01:00:00;00 01:10:00;00\n{A}",
        [("a.wav", 599.9994, 599.9994, 0)],
    ),
    "a dissolve goes on with the source before it": Expected(
        f"TITLE: x\n{ONE}\n{A}\n002  AX  A  C  00:00:06:00 00:00:06:00 00:00:02:00 00:00:02:00\n"
        "002  BX  A  D 010  00:00:08:00 00:00:11:00 00:00:02:00 00:00:05:00\n"
        "* FROM CLIP NAME: a.wav\n* TO CLIP NAME: b.wav",
        [("a.wav", 4, 2.4, 0), ("b.wav", 8, 3, 2)],
    ),
    "a dissolve whose first line is the clip before it": Expected(
        "TITLE: x\n001  AX  A  C  00:00:04:00 00:00:06:00 00:00:00:00 00:00:02:00\n"
        "001  BX  A  D 010  00:00:08:00 00:00:11:00 00:00:02:00 00:00:05:00\n"
        "* FROM CLIP NAME: AX\n* TO CLIP NAME: b.wav",
        [("AX", 4, 2.4, 0), ("b.wav", 8, 3, 2)],
    ),
    "a crossfade of Premiere": Expected(
        f"TITLE: x\n{ONE}\n{A}\n002  AX  A  C  00:00:06:00 00:00:06:00 00:00:02:00 00:00:02:00\n"
        "002  BX  A  W001 010  00:00:08:00 00:00:11:00 00:00:02:00 00:00:05:00\n"
        "EFFECTS NAME IS Constant Power\n* FROM CLIP NAME: a.wav\n* TO CLIP NAME: b.wav",
        [("a.wav", 4, 2.4, 0), ("b.wav", 8, 3, 2)],
    ),
    "a dissolve of two channels": Expected(
        f"TITLE: x\n{ONE.replace('A  C', 'AA C')}\n{A}\n"
        "002  AX  AA  C  00:00:06:00 00:00:06:00 00:00:02:00 00:00:02:00\n"
        "002  BX  AA  D 010  00:00:08:00 00:00:11:00 00:00:02:00 00:00:05:00\n"
        "* FROM CLIP NAME: a.wav\n* TO CLIP NAME: b.wav",
        [*2 * [("a.wav", 4, 2.4, 0)], *2 * [("b.wav", 8, 3, 2)]],
    ),
    "a dissolve to black": Expected(
        f"TITLE: x\n{ONE}\n{A}\n002  AX  A  C  00:00:06:00 00:00:06:00 00:00:02:00 00:00:02:00\n"
        "002  BL  A  D 010  00:00:00:00 00:00:01:00 00:00:02:00 00:00:03:00\n* FROM CLIP NAME: a.wav",
        [("a.wav", 4, 2.4, 0)],
    ),
    "a dissolve from a source that is elsewhere": Expected(
        f"TITLE: x\n{ONE}\n{A}\n002  AX  A  C  00:00:09:00 00:00:09:00 00:00:02:00 00:00:02:00\n"
        "002  BX  A  D 010  00:00:08:00 00:00:11:00 00:00:02:00 00:00:05:00\n"
        "* FROM CLIP NAME: a.wav\n* TO CLIP NAME: b.wav",
        [("a.wav", 4, 2, 0), ("b.wav", 8, 3, 2)],
    ),
}

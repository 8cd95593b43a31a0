"""Session texts of Pro Tools after its Reference Guide, in the forms that versions 8 to 2023 write.

The text does not state which part of its file a clip plays: all begin at 0 until a document is known.
"""

from __future__ import annotations

from collections.abc import Sequence

from tests.engine.exchange.imports.published.expected import Expected

_COLUMNS = (
    "CHANNEL \tEVENT   \tCLIP NAME                     \tSTART TIME    \tEND TIME      \tDURATION      \t"
)
A = "a.wav"


def head(start: str = "01:00:00:00", form: str = "25 Frame", rate_hz: float = 48_000) -> str:
    """Return the beginning of a session."""
    return (
        f"SESSION NAME:\tTest\nSAMPLE RATE:\t{rate_hz:.6f}\nBIT DEPTH:\t24-bit\n"
        f"SESSION START TIMECODE:\t{start}\nTIMECODE FORMAT:\t{form}\n# OF AUDIO TRACKS:\t1\n\n\n"
    )


def files(*names: str) -> str:
    """Return the list of clips and their files, "clip=file" each."""
    rows = "".join(one.replace("=", "          \t") + "\n" for one in names)
    return f"O N L I N E  C L I P S  I N  S E S S I O N\nCLIP NAME    \tSource File\n{rows}\n\n"


def tracks(*listed: str) -> str:
    """Return the list of tracks."""
    return "T R A C K  L I S T I N G\n" + "\n\n".join(listed) + "\n\n"


def track(*rows: Sequence[str], name: str = "Gtr", state: str = "", stamped: bool = False) -> str:
    """Return a track with its clips: name, start, end, and the time stamp if the text has them."""
    lines = [f"TRACK NAME:\t{name}", "COMMENTS:\t", "USER DELAY:\t0 Samples", f"STATE: {state}", "PLUG-INS: "]
    lines.append(_COLUMNS + ("TIMESTAMP         \t" if stamped else "") + "STATE")
    for number, (clip, start, end, *more) in enumerate(rows, 1):
        channel, muted = ("2", "Unmuted") if clip.endswith(".R") else ("1", "Unmuted")
        if more and more[-1] == "Muted":
            more, muted = more[:-1], "Muted"
        cells = (
            f"{channel:8}",
            f"{number:<8}",
            f"{clip:30}",
            f"{start:>14}",
            f"{end:>14}",
            "0",
            *more,
            muted,
        )
        lines.append("\t".join(cells))
    return "\n".join(lines)


def markers(*rows: Sequence[str]) -> str:
    """Return the list of markers: place, reference, units and name."""
    titles = (
        "#   \tLOCATION     \tTIME REFERENCE    \tUNITS    \tNAME                             \tCOMMENTS\n"
    )
    lines = (f"{n:<4}\t" + "\t".join(f"{one:12}" for one in row) + "\t" for n, row in enumerate(rows, 1))
    return "M A R K E R S  L I S T I N G\n" + titles + "\n".join(lines) + "\n"


_FILES = files("one=a.wav", "two=b.wav")

SESSION = {
    "timecode from the start of the session": Expected(
        head() + _FILES + tracks(track(("one", "01:00:02:00", "01:00:06:12"))), [(A, 0, 4.48, 2)]
    ),
    "subframes": Expected(
        head("01:00:00:00.00") + _FILES + tracks(track(("one", "01:00:02:00.50", "01:00:06:12.25"))),
        [(A, 0, 4.47, 2.02)],
    ),
    "23.976 frames": Expected(
        head("00:59:55:00", "23.976 Frame") + _FILES + tracks(track(("one", "01:00:00:00", "01:00:05:00"))),
        [(A, 0, 5.005, 5.005)],
    ),
    "drop frame with semicolons": Expected(
        head("00:00:00;00", "29.97 Drop Frame")
        + _FILES
        + tracks(track(("one", "00:01:00;02", "00:10:00;00"))),
        [(A, 0, 539.9394, 60.06)],
    ),
    "drop frame with colons": Expected(
        head("00:00:00:00", "29.97 Drop Frame")
        + _FILES
        + tracks(track(("one", "00:01:00:02", "00:10:00:00"))),
        [(A, 0, 539.9394, 60.06)],
    ),
    "a session over midnight": Expected(
        head("23:59:58:00") + _FILES + tracks(track(("one", "00:00:01:00", "00:00:03:00"))), [(A, 0, 2, 3)]
    ),
    "samples": Expected(
        head(rate_hz=44_100) + _FILES + tracks(track(("one", "44100", "110250"))), [(A, 0, 1.5, 1)]
    ),
    "minutes and milliseconds": Expected(
        head() + _FILES + tracks(track(("one", "0:25.025", "61:38.400"))), [(A, 0, 3673.375, 25.025)]
    ),
    "both channels of one file": Expected(
        head()
        + files("one.L=a.wav\t[1]", "one.R=a.wav\t[2]")
        + tracks(track(("one.L", "0:01.0", "0:02.0"), ("one.R", "0:01.0", "0:02.0"), name="Gtr (Stereo)")),
        [(A, 0, 1, 1)],
    ),
    "channels in files of their own": Expected(
        head()
        + files("one.L=a.wav", "one.R=b.wav")
        + tracks(track(("one.L", "0:01.0", "0:02.0"), ("one.R", "0:01.0", "0:02.0"))),
        [(A, 0, 1, 1), ("b.wav", 0, 1, 1)],
    ),
    "fades are part of their clips": Expected(
        head()
        + _FILES
        + tracks(
            track(
                ("(fade in)", "0:01.0", "0:01.5"),
                ("one", "0:01.5", "0:02.0"),
                ("(cross fade)", "0:02.0", "0:02.5"),
                ("two", "0:02.5", "0:03.0"),
                ("(fade out)", "0:03.0", "0:03.5"),
            )
        ),
        [(A, 0, 1.5, 1), ("b.wav", 0, 1.5, 2)],
    ),
    "muted clips, and tracks that are muted or inactive": Expected(
        head()
        + _FILES
        + tracks(
            track(("one", "0:01.0", "0:02.0"), ("one", "0:02.0", "0:03.0", "Muted")),
            track(("one", "0:04.0", "0:05.0"), state="Muted "),
            track(("one", "0:06.0", "0:07.0"), state="Hidden Inactive "),
            track(("two", "0:08.0", "0:09.0"), state="Hidden "),
        ),
        [(A, 0, 1, 1), ("b.wav", 0, 1, 8)],
    ),
    "files that are offline": Expected(
        head() + _FILES.replace("O N L I N E", "O F F L I N E") + tracks(track(("one", "0:01.0", "0:02.0"))),
        [(A, 0, 1, 1)],
    ),
    "regions and a time code format, as before version 9": Expected(
        (head() + _FILES + tracks(track(("one", "48000", "96000"))))
        .replace("SESSION START TIMECODE:\t01:00:00:00\n", "")
        .replace("TIMECODE FORMAT", "TIME CODE FORMAT")
        .replace("O N L I N E  C L I P S", "R E G I O N S")
        .replace("CLIP NAME", "REGION NAME"),
        [(A, 0, 1, 1)],
    ),
    "carriage returns": Expected(
        (head() + _FILES + tracks(track(("one", "0:01.0", "0:02.0")))).replace("\n", "\r"), [(A, 0, 1, 1)]
    ),
    "a name with a tab": Expected(head() + tracks(track(("one\tmore", "0:01.0", "0:02.0"))), [("", 0, 1, 1)]),
    "time stamps": Expected(
        head() + _FILES + tracks(track(("one", "01:00:02:00", "01:00:06:12", "01:00:30:00"), stamped=True)),
        [(A, 0, 4.48, 2)],
    ),
}

"""Final Cut Pro 7 XML after Apple's description of the format: sequences of 25 frames a second."""

from __future__ import annotations

from tests.engine.exchange.imports.published.expected import Expected

_RATE = "<rate><timebase>25</timebase><ntsc>FALSE</ntsc></rate>"


def _file(name: str) -> str:
    return (
        f'<file id="{name}"><name>{name}.wav</name><pathurl>file://localhost/x/{name}.wav</pathurl>{_RATE}'
        "<duration>1500</duration></file>"
    )


def _item(
    name: str, at: tuple[int, int], used: tuple[int, int], more: str = "", file: str | None = None
) -> str:
    return (
        f"<clipitem><name>{name}</name><start>{at[0]}</start><end>{at[1]}</end><in>{used[0]}</in>"
        f"<out>{used[1]}</out>{_file(name) if file is None else file}{more}</clipitem>"
    )


def _sequence(items: str, name: str = "main", rate: str = _RATE) -> str:
    return (
        f'<sequence id="{name}"><name>{name}</name>{rate}'
        f"<media><audio><track>{items}</track></audio></media></sequence>"
    )


def _xmeml(content: str) -> str:
    return f'<?xml version="1.0"?><!DOCTYPE xmeml><xmeml version="5">{content}</xmeml>'


def _speed(more: str, enabled: str = "TRUE") -> str:
    return (
        f"<filter><enabled>{enabled}</enabled><effect><effectid>timeremap</effectid>{more}</effect></filter>"
    )


def _value(name: str, value: str) -> str:
    return f"<parameter><parameterid>{name}</parameterid><value>{value}</value></parameter>"


_A = _item("a", (0, 50), (100, 150))
_NESTED = _sequence(_item("b", (0, 250), (500, 750)), "inner")

XMEML = {
    "a clip and a gap": Expected(
        _xmeml(_sequence(_A + _item("b", (75, 100), (0, 25)))), [("a.wav", 4, 2, 0), ("b.wav", 0, 1, 3)]
    ),
    "edges within a transition": Expected(
        _xmeml(
            _sequence(
                _item("a", (0, -1), (100, 160))
                + "<transitionitem><start>40</start><end>60</end></transitionitem>"
                + _item("b", (-1, 100), (0, 60))
            )
        ),
        [("a.wav", 4, 2.4, 0), ("b.wav", 0, 2.4, 1.6)],
    ),
    "frames of NTSC": Expected(
        _xmeml(
            _sequence(
                _item("a", (30, 60), (300, 330)), rate="<rate><timebase>30</timebase><ntsc>TRUE</ntsc></rate>"
            )
        ),
        [("a.wav", 10.01, 1.001, 1.001)],
    ),
    "a clip whose frames are not those of the sequence": Expected(
        _xmeml(_sequence(_item("a", (0, 50), (200, 300), "<rate><timebase>50</timebase></rate>"))),
        [("a.wav", 4, 2, 0)],
    ),
    "half speed": Expected(
        _xmeml(_sequence(_A + _item("b", (50, 100), (500, 550), _speed(_value("speed", "50"))))),
        [("a.wav", 4, 2, 0)],
        [("clip at 50 % speed", 2, 4, 10, 22)],
    ),
    "backwards": Expected(
        _xmeml(
            _sequence(
                _item("a", (0, 50), (100, 150), _speed(_value("speed", "100") + _value("reverse", "TRUE")))
            )
        ),
        [],
        [("reversed clip", 0, 2, 2, 56)],
    ),
    "a speed that varies": Expected(
        _xmeml(_sequence(_item("a", (0, 50), (100, 150), _speed(_value("variablespeed", "1"))))),
        [],
        [("clip with a change of speed", 0, 2, 4, 6)],
    ),
    "a speed that is switched off": Expected(
        _xmeml(_sequence(_item("a", (0, 50), (100, 150), _speed(_value("speed", "50"), "FALSE")))),
        [("a.wav", 4, 2, 0)],
    ),
    "a source that is twice as long": Expected(
        _xmeml(_sequence(_item("a", (0, 50), (100, 200)))), [], [("clip at 200 % speed", 0, 2, 4, 12)]
    ),
    "a nested sequence": Expected(
        _xmeml(_sequence(_A + _item("inner", (50, 100), (25, 75), file=_NESTED))),
        [("a.wav", 4, 2, 0)],
        [("nested sequence", 2, 4, 21, 23)],
    ),
    "a nested sequence in the bin before": Expected(
        _xmeml(
            f"<project><children>{_NESTED}"
            + _sequence(
                _item("inner", (0, 50), (25, 75), file='<sequence id="inner"/>')
                + _item("a", (50, 75), (0, 25))
            )
            + "</children></project>"
        ),
        [("a.wav", 0, 1, 2)],
        [("nested sequence", 0, 2, 21, 23)],
    ),
    "a multicam clip": Expected(
        _xmeml(_sequence(_A + _item("m", (50, 75), (0, 25), "<multiclip/>", file=""))),
        [("a.wav", 4, 2, 0)],
        [("multicam clip", 2, 3, 0, 0)],
    ),
    "an offline clip and a tone": Expected(
        _xmeml(
            _sequence(
                _A
                + _item("c", (50, 75), (250, 275), file="")
                + "<generatoritem><start>75</start><end>100</end></generatoritem>"
            )
        ),
        [("a.wav", 4, 2, 0)],
        [("clip without a file", 2, 3, 10, 11), ("generated part", 3, 4, 0, 0)],
    ),
    "a subclip": Expected(
        _xmeml(
            _sequence(
                _item("a", (0, 50), (100, 150), "<subclipinfo><startoffset>250</startoffset></subclipinfo>")
            )
        ),
        [],
        [("part of a subclip", 0, 2, 4, 16)],
    ),
    "a clip that is switched off": Expected(
        _xmeml(_sequence(_A + _item("b", (50, 100), (0, 50), "<enabled>FALSE</enabled>"))),
        [("a.wav", 4, 2, 0)],
    ),
}

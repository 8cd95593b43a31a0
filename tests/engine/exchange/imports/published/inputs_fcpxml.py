"""FCPXML after Apple's description of the format: a sequence of 25 frames a second with two recordings."""

from __future__ import annotations

from tests.engine.exchange.imports.published.expected import Expected

_HEAD = """<?xml version="1.0"?><!DOCTYPE fcpxml><fcpxml version="1.11"><resources>
<format id="f" frameDuration="1/25s"/>
<asset id="a" src="file:///x/a.wav" start="0s" duration="60s" hasAudio="1"/>
<asset id="b" src="file:///x/b.mov" start="3600s" duration="60s" hasVideo="1" hasAudio="1"/>
<asset id="v" src="file:///x/v.mov" start="0s" duration="60s" hasVideo="1"/>"""
_MULTICAM = """<media id="m"><multicam format="f" tcStart="0s">
<mc-angle name="1" angleID="one"><asset-clip ref="a" offset="0s" duration="60s"/></mc-angle>
<mc-angle name="2" angleID="two"><gap offset="0s" duration="2s"/>
<asset-clip ref="b" offset="2s" duration="58s"/>
</mc-angle></multicam></media>"""
_COMPOUND = """<media id="c"><sequence format="f" tcStart="3600s" duration="20s"><spine>
<asset-clip ref="a" offset="3600s" start="10s" duration="8s"/>
<asset-clip ref="b" offset="3608s" duration="12s"/>
</spine></sequence></media>
<media id="d"><sequence format="f" duration="20s"><spine>
<ref-clip ref="c" offset="0s" start="3605s" duration="5s"/></spine></sequence></media>"""


def _project(items: str, resources: str = "", start: str = "0s") -> str:
    return (
        f'{_HEAD}{resources}</resources><library><event><project><sequence format="f" tcStart="{start}">'
        f"<spine>{items}</spine></sequence></project></event></library></fcpxml>"
    )


def _map(*points: tuple[int, int]) -> str:
    return "<timeMap>" + "".join(f'<timept time="{t}s" value="{v}s"/>' for t, v in points) + "</timeMap>"


FCPXML = {
    "an asset that begins at one hour": Expected(
        _project('<asset-clip ref="b" offset="0s" start="3604s" duration="2s"/>'), [("b.mov", 4, 2, 0)]
    ),
    "a clip without a start begins with its asset": Expected(
        _project('<asset-clip ref="b" offset="0s" duration="2s"/>'), [("b.mov", 0, 2, 0)]
    ),
    "a sequence at one hour with a gap": Expected(
        _project(
            '<gap offset="3600s" duration="3s"/>'
            '<asset-clip ref="a" offset="3603s" start="5s" duration="2s"/>',
            start="3600s",
        ),
        [("a.wav", 5, 2, 3)],
    ),
    "video and sound of a clip at places of their own": Expected(
        _project(
            '<clip offset="0s" start="2s" duration="4s"><video ref="v" offset="0s" duration="60s"/>'
            '<audio ref="a" offset="1s" start="10s" duration="60s"/></clip>'
        ),
        [("a.wav", 11, 4, 0)],
    ),
    "sound next to the video of a clip, for all of its file": Expected(
        _project(
            '<clip offset="0s" start="2s" duration="4s"><video ref="v" offset="0s" duration="60s"/>'
            '<audio ref="a" lane="-1" offset="1s" start="10s" duration="50s"/></clip>'
        ),
        [("a.wav", 11, 4, 0)],
    ),
    "sound inside of video": Expected(
        _project(
            '<clip offset="0s" start="5s" duration="4s">'
            '<video ref="b" offset="0s" start="3600s" duration="60s">'
            '<audio ref="b" lane="-1" offset="3600s" start="3600s" duration="60s"/></video></clip>'
        ),
        [("b.mov", 5, 4, 0)],
    ),
    "sound that begins before its picture": Expected(
        _project(
            '<asset-clip ref="a" offset="0s" duration="4s"/>'
            '<asset-clip ref="b" offset="4s" start="3610s" duration="4s" '
            'audioStart="3609s" audioDuration="5s"/>'
        ),
        [("a.wav", 0, 4, 0), ("b.mov", 9, 5, 3)],
    ),
    "picture alone": Expected(
        _project(
            '<asset-clip ref="b" offset="0s" duration="4s" srcEnable="video"/>'
            '<asset-clip ref="v" offset="4s" duration="1s"/><asset-clip ref="a" offset="5s" duration="1s"/>'
        ),
        [("a.wav", 0, 1, 5)],
    ),
    "a connected storyline": Expected(
        _project(
            '<gap offset="0s" start="3600s" duration="20s"><spine lane="1" offset="3602s">'
            '<asset-clip ref="a" start="5s" duration="2s"/><gap duration="1s"/>'
            '<asset-clip ref="a" start="9s" duration="2s"/></spine></gap>'
        ),
        [("a.wav", 5, 2, 2), ("a.wav", 9, 2, 5)],
    ),
    "a synchronised clip with the camera switched off": Expected(
        _project(
            '<sync-clip offset="0s" start="4s" duration="3s"><spine>'
            '<asset-clip ref="b" offset="0s" duration="60s"/>'
            '</spine><asset-clip ref="a" lane="-1" offset="1s" start="0s" duration="59s"/>'
            '<sync-source sourceID="storyline"><audio-role-source role="dialogue" active="0"/></sync-source>'
            '<sync-source sourceID="connected"><audio-role-source role="dialogue"/></sync-source></sync-clip>'
        ),
        [("a.wav", 3, 3, 0)],
    ),
    "the angle whose sound is active": Expected(
        _project(
            '<mc-clip ref="m" offset="0s" start="5s" duration="4s">'
            '<mc-source angleID="one" srcEnable="video"/>'
            '<mc-source angleID="two" srcEnable="audio"/></mc-clip>',
            _MULTICAM,
        ),
        [("b.mov", 3, 4, 0)],
    ),
    "the first angle": Expected(
        _project('<mc-clip ref="m" offset="0s" start="5s" duration="4s"/>', _MULTICAM), [("a.wav", 5, 4, 0)]
    ),
    "a compound clip in a compound clip": Expected(
        _project('<ref-clip ref="d" offset="0s" start="1s" duration="3s"/>', _COMPOUND),
        [("a.wav", 16, 2, 0), ("b.mov", 0, 1, 2)],
    ),
    "a compound clip without its sequence": Expected(
        _project(
            '<asset-clip ref="a" offset="0s" duration="1s"/><ref-clip ref="?" offset="1s" duration="3s"/>'
        ),
        [("a.wav", 0, 1, 0)],
        [("compound clip", 1, 4, 0, 0)],
    ),
    "an audition plays its first clip": Expected(
        _project(
            '<audition offset="0s"><asset-clip ref="a" start="3s" duration="2s"/>'
            '<asset-clip ref="b" duration="9s"/></audition><asset-clip ref="b" start="3601s" duration="1s"/>'
        ),
        [("a.wav", 3, 2, 0), ("b.mov", 1, 1, 2)],
    ),
    "a map of time at 100 %": Expected(
        _project(
            f'<asset-clip ref="a" offset="0s" start="2s" duration="4s">{_map((0, 5), (50, 55))}</asset-clip>'
        ),
        [("a.wav", 7, 4, 0)],
    ),
    "backwards": Expected(
        _project(
            f'<asset-clip ref="a" offset="0s" start="2s" duration="4s">{_map((0, 60), (60, 0))}</asset-clip>'
        ),
        [],
        [("reversed clip", 0, 4, 54, 58)],
    ),
    "a speed that changes": Expected(
        _project(
            '<asset-clip ref="a" offset="0s" start="8s" duration="4s">'
            f"{_map((0, 0), (10, 10), (20, 30))}</asset-clip>"
        ),
        [],
        [("clip with a change of speed", 0, 4, 8, 14)],
    ),
    "a compound clip at half speed": Expected(
        _project(
            '<ref-clip ref="c" offset="0s" start="0s" duration="8s">'
            f"{_map((0, 3600), (40, 3620))}</ref-clip>",
            _COMPOUND,
        ),
        [],
        [("nested timeline with a change of speed", 0, 8, 10, 14)],
    ),
    "picture fitted from another frame rate": Expected(
        _project(
            '<asset-clip ref="a" offset="0s" start="0s" duration="24s">'
            '<conform-rate srcFrameRate="24"/></asset-clip>'
        ),
        [],
        [("clip at 104.2 % speed", 0, 24, 0, 25)],
    ),
    "a frame rate that is not fitted": Expected(
        _project(
            '<asset-clip ref="a" offset="0s" duration="2s"><conform-rate scaleEnabled="0" srcFrameRate="24"/>'
            "</asset-clip>"
        ),
        [("a.wav", 0, 2, 0)],
    ),
}

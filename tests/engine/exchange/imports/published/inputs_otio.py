"""OpenTimelineIO after its published schema: items of 25 frames a second."""

from __future__ import annotations

import json
from typing import Any

from tests.engine.exchange.imports.published.expected import Expected

_JSON = dict[str, Any]


def _range(start_s: float, length_s: float) -> _JSON:
    times = {"start_time": start_s, "duration": length_s}
    held = {
        name: {"OTIO_SCHEMA": "RationalTime.1", "value": 25 * value, "rate": 25}
        for name, value in times.items()
    }
    return {"OTIO_SCHEMA": "TimeRange.1", **held}


def _file(name: str, begin_s: float = 0) -> _JSON:
    return {
        "OTIO_SCHEMA": "ExternalReference.1",
        "target_url": f"file:///x/{name}.wav",
        "available_range": _range(begin_s, 60),
    }


def _clip(name: str, start_s: float, length_s: float, **more: Any) -> _JSON:
    return {
        "OTIO_SCHEMA": "Clip.1",
        "name": name,
        "source_range": _range(start_s, length_s),
        "media_reference": _file(name),
        **more,
    }


def _gap(length_s: float) -> _JSON:
    return {"OTIO_SCHEMA": "Gap.1", "source_range": _range(0, length_s)}


def _track(*children: _JSON, kind: str = "Audio", **more: Any) -> _JSON:
    return {"OTIO_SCHEMA": "Track.1", "name": "A1", "kind": kind, "children": [*children], **more}


def _stack(*children: _JSON, **more: Any) -> _JSON:
    return {"OTIO_SCHEMA": "Stack.1", "children": [*children], **more}


def _timeline(*tracks: _JSON, **more: Any) -> str:
    return json.dumps({"OTIO_SCHEMA": "Timeline.1", "name": "x", "tracks": _stack(*tracks, **more)})


def _effect(schema: str, **values: Any) -> list[_JSON]:
    return [{"OTIO_SCHEMA": schema, **values}]


OTIO = {
    "a file that begins at a timecode": Expected(
        _timeline(_track(_gap(1), _clip("a", 3605, 2, media_reference=_file("a", 3600)))),
        [("a.wav", 5, 2, 1)],
    ),
    "a clip of the second version": Expected(
        _timeline(
            _track(
                _clip(
                    "a",
                    5,
                    2,
                    OTIO_SCHEMA="Clip.2",
                    media_reference=None,
                    media_references={"DEFAULT_MEDIA": _file("b"), "HIGH": _file("a")},
                    active_media_reference_key="HIGH",
                )
            )
        ),
        [("a.wav", 5, 2, 0)],
    ),
    "a crossfade": Expected(
        _timeline(
            _track(
                _clip("a", 5, 2),
                {
                    "OTIO_SCHEMA": "Transition.1",
                    "in_offset": _range(1, 0)["start_time"],
                    "out_offset": _range(0.4, 0)["start_time"],
                },
                _clip("b", 9, 2),
            )
        ),
        [("a.wav", 5, 2.4, 0), ("b.wav", 8, 3, 1)],
    ),
    "a track in a track": Expected(
        _timeline(_track(_clip("a", 0, 1), _track(_clip("a", 10, 4), _clip("b", 0, 4)), _clip("a", 20, 1))),
        [("a.wav", 0, 1, 0), ("a.wav", 10, 4, 1), ("b.wav", 0, 4, 5), ("a.wav", 20, 1, 9)],
    ),
    "a stack of two tracks, of which a part is used": Expected(
        _timeline(
            _track(
                _gap(2),
                _stack(
                    _track(_clip("a", 0, 9)), _track(_gap(4), _clip("b", 0, 9)), source_range=_range(3, 4)
                ),
            )
        ),
        [("a.wav", 3, 4, 2), ("b.wav", 0, 3, 3)],
    ),
    "picture in a nested stack": Expected(
        _timeline(_track(_stack(_track(_clip("v", 0, 9), kind="Video"), _track(_clip("a", 2, 4))))),
        [("a.wav", 2, 4, 0)],
    ),
    "a clip alone in a stack": Expected(
        _timeline(_track(_stack(_clip("a", 2, 4), source_range=_range(1, 2)))), [("a.wav", 3, 2, 0)]
    ),
    "a track of which a part is used": Expected(
        _timeline(_track(_clip("a", 0, 4), _clip("b", 0, 4), source_range=_range(3, 2))),
        [("a.wav", 3, 1, 0), ("b.wav", 0, 1, 1)],
    ),
    "a timeline of which a part is used": Expected(
        _timeline(_track(_clip("a", 0, 4), _clip("b", 0, 4)), source_range=_range(3, 2)),
        [("a.wav", 3, 1, 0), ("b.wav", 0, 1, 1)],
    ),
    "a nested track that is switched off": Expected(
        _timeline(_track(_clip("a", 0, 1), _track(_clip("b", 0, 4), enabled=False), _clip("a", 5, 1))),
        [("a.wav", 0, 1, 0), ("a.wav", 5, 1, 5)],
    ),
    "backwards at double speed": Expected(
        _timeline(_track(_clip("a", 20, 2, effects=_effect("LinearTimeWarp.1", time_scalar=-2)))),
        [],
        [("reversed clip at 200 % speed", 0, 2, 16, 24)],
    ),
    "a still": Expected(
        _timeline(_track(_clip("a", 20, 2, effects=_effect("FreezeFrame.1", time_scalar=0)))),
        [],
        [("clip with a change of speed", 0, 2, 20, 22)],
    ),
    "a change of speed by the name of an effect": Expected(
        _timeline(_track(_clip("a", 20, 2, effects=_effect("Effect.1", effect_name="Time Remap")))),
        [],
        [("clip with a change of speed", 0, 2, 20, 22)],
    ),
    "a warp of 100 % and a filter": Expected(
        _timeline(
            _track(
                _clip(
                    "a",
                    20,
                    2,
                    effects=[
                        *_effect("LinearTimeWarp.1", time_scalar=1),
                        *_effect("Effect.1", effect_name="Reverb"),
                    ],
                )
            )
        ),
        [("a.wav", 20, 2, 0)],
    ),
    "a nested stack at half speed": Expected(
        _timeline(
            _track(
                _clip("b", 0, 1),
                _stack(
                    _track(_clip("a", 10, 8)),
                    source_range=_range(2, 4),
                    effects=_effect("LinearTimeWarp.1", time_scalar=0.5),
                ),
            )
        ),
        [("b.wav", 0, 1, 0)],
        [("part of a nested timeline with a change of speed", 1, 5, 12, 14)],
    ),
    "a tone and an item of another schema": Expected(
        _timeline(
            _track(
                _clip("a", 0, 1),
                _clip("tone", 0, 2, media_reference={"OTIO_SCHEMA": "GeneratorReference.1"}),
                {"OTIO_SCHEMA": "Magic.7", "source_range": _range(0, 3)},
            )
        ),
        [("a.wav", 0, 1, 0)],
        [("generated part", 1, 3, 0, 2), ("unknown part", 3, 6, 0, 0)],
    ),
}

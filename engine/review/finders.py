"""Finders: what one declares, is asked and returns, and its settings.

Settings are pydantic models, from which forms, command-line flags and help texts are made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isinf
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

import pydantic
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.fields import FieldInfo

from engine.analysis.found_takes import FoundTakes
from engine.core.errors import UsageError
from engine.core.progress import Progress
from engine.core.wording import listed, quoted
from engine.document.analysis import PICKUP, SOUNDS, TAKES, WORDS, Analysis, BeatGrid
from engine.document.edits.analyses import PROMOTED
from engine.document.edits.markers import NamedSpan
from engine.document.file.stored_audio import StoredAudio
from engine.document.kinds.kind import CROSSFADE_MS
from engine.document.kinds.order import CUT
from engine.document.proposals import Alternative, Evidence, Proposal, proposal_id
from engine.document.settings import cut_settings
from engine.document.state import DocumentState

_NO_TRACK = "no_track"
_IF_NONE = "if_none"
_UNITS = {"_s": "s", "_ms": "ms", "_db": "dB", "_hz": "Hz", "_percent": "%"}

Settings = TypeVar("Settings", bound="FinderSettings")


class FinderSettings(BaseModel):
    """The settings of a finder that has none, and the base of all others.

    A field is a number, a text, a `bool` or one of several words (`Literal`), each with a `title`, a
    `description` and a default; numbers may have the limits `ge` and `le`. A field that may be None has no
    value of its own by default. The name of a number ends in its unit (``_s``, ``_ms``, ``_db``).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")


def track_name(no_track: str, title: str, description: str) -> Any:
    """Return the field of the name of a track, empty by default.

    Parameters
    ----------
    no_track : the label of an empty name in a form
    """
    extra: dict[str, Any] = {_NO_TRACK: no_track}
    return pydantic.Field("", title=title, description=description, json_schema_extra=extra)


def limited(limits: tuple[float, float], title: str, description: str, if_none: str = "default") -> Any:
    """Return the field of a number that may be None, with its lowest and highest value.

    Parameters
    ----------
    if_none : the meaning of None, which a form shows in an empty field
    """
    lowest, highest = limits
    most = None if isinf(highest) else highest
    extra: dict[str, Any] = {_IF_NONE: if_none}
    return pydantic.Field(
        None, ge=lowest, le=most, title=title, description=description, json_schema_extra=extra
    )


@dataclass(frozen=True, slots=True)
class Field:
    """A setting, as forms and flags show it.

    Attributes
    ----------
    name : of the setting, with its unit
    type : `float`, `int`, `bool` or `str`
    choices : the values of a text that is one of several words; empty for any
    least, most : the limits of a number; None without one
    is_required : whether it has to be given
    default : its value where none is given, if it is not required
    title, about : a label, and a sentence without capital and full stop
    no_track : of a text that names a track, the label of an empty one; "" for any other setting
    if_none : the meaning of None, in one or two words
    """

    name: str
    type: type
    choices: tuple[str, ...]
    least: float | None
    most: float | None
    is_required: bool
    default: object
    title: str
    about: str
    no_track: str = ""
    if_none: str = "default"

    @property
    def is_share(self) -> bool:
        """Whether a number is a share from 0 to 1, which forms show in percent."""
        return self.type is float and (self.least, self.most) == (0.0, 1.0)

    @property
    def unit(self) -> str:
        """Unit of a number, from its name; "" without one."""
        return next((unit for ending, unit in _UNITS.items() if self.name.endswith(ending)), "")


def fields_of(model: type[FinderSettings]) -> tuple[Field, ...]:
    """Return the settings of a finder in their order."""
    return tuple(_field(name, setting) for name, setting in model.model_fields.items())


def _field(name: str, setting: FieldInfo) -> Field:
    given: Any = setting.annotation
    options = get_args(given) if get_origin(given) in (Union, UnionType) else (given,)
    (kind,) = (one for one in options if one is not NoneType)
    choices = get_args(kind) if get_origin(kind) is Literal else ()
    limits = {at: getattr(one, at) for one in setting.metadata for at in ("ge", "le") if hasattr(one, at)}
    extra = setting.json_schema_extra if isinstance(setting.json_schema_extra, dict) else {}
    return Field(
        name,
        str if choices else kind,
        choices,
        limits.get("ge"),
        limits.get("le"),
        setting.is_required(),
        setting.default,
        setting.title or name,
        setting.description or "",
        str(extra.get(_NO_TRACK, "")),
        str(extra.get(_IF_NONE, "default")),
    )


def settings_from(model: type[Settings], values: Mapping[str, object]) -> Settings:
    """Return the settings of a finder with these values, and the defaults for all others.

    Raises
    ------
    UsageError : a value is out of range, or the setting is unknown
    """
    try:
        return model(**values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise SettingError(model, first) from None


class SettingError(UsageError):
    """A setting of a finder is missing or unknown, or has a value that it cannot take."""

    def __init__(self, model: type[FinderSettings], error: Any) -> None:
        self._model, self._error = model, error
        super().__init__(self.sentence())

    def sentence(self, named: Callable[[str], str] = str) -> str:
        """Return the message.

        Parameters
        ----------
        named : (name of a setting) to the name that the message shows, such as a flag
        """
        model, error = self._model, self._error
        if not error["loc"]:  # raised by the model, of several values together
            return str(error["ctx"]["error"])
        name = str(error["loc"][0])
        if name not in model.model_fields:
            known = ", ".join(named(one) for one in model.model_fields)
            settings = f"its settings are {known}" if known else "it has no settings"
            return f"This finder has no setting {quoted(named(name))}: {settings}."
        field = _field(name, model.model_fields[name])
        if error["type"] == "missing":
            return f"{named(name)} is missing, {field.about}: give {_allowed(field)}."
        value = f"{error['input']:g}" if isinstance(error["input"], float) else error["input"]
        return f"{named(name)} cannot be {value}: give {_allowed(field)}."


def _allowed(field: Field) -> str:
    if field.choices:
        return listed(field.choices, "or")
    if field.type is bool:
        return "yes or no"
    if field.type is str:
        return "a text"
    return "a number" if field.least is None or field.most is None else f"{field.least:g} to {field.most:g}"


KNOWN = ("beats", "listening", "score", "nearest", "hits", PROMOTED, PICKUP, SOUNDS, TAKES, WORDS)
"""Kinds of analyses of a request: `BeatGrid`, `Listening`, `ScoreCurve`, `NearestReference`, `Hits` (all, and
those that the user confirmed), `StrokePickup`, `DetectedSounds`, `StoredTakes` and `Transcript`."""


@dataclass(frozen=True, slots=True)
class FinderRequest:
    """A document to find edits in; all of it is frozen.

    Attributes
    ----------
    name : of the finder, as it is registered
    maker : the maker of its proposals
    media : where each source is now, by source id
    analyses : analyses of the document by kind, of Offcut (`KNOWN`) and of packages (`StoredCurve`); those
        that the finder needs are there
    settings : of the class that the finder declares
    tracks : ids of the selected tracks; none for all
    """

    name: str
    maker: str
    state: DocumentState
    media: Mapping[str, Path]
    analyses: Mapping[str, Analysis] = field(default_factory=dict)
    settings: FinderSettings = field(default_factory=FinderSettings)
    tracks: tuple[str, ...] = ()

    def proposal(
        self,
        kind: str,
        start_samples: int,
        stop_samples: int,
        score: float,
        reason: str,
        payload: Mapping[str, object] | None = None,
        tracks: Sequence[str] = (),
    ) -> Proposal:
        """Return a proposal of the finder.

        Parameters
        ----------
        kind : of `engine.document.kinds.KINDS`
        start_samples, stop_samples : the span [start, stop) in samples of the document
        score : the confidence, 0 to 1
        reason : one sentence that a musician understands
        payload : the values that the kind needs in addition to the span
        tracks : ids of the tracks that it edits; none for all
        """
        values = dict(payload or {})
        key = proposal_id(kind, start_samples, stop_samples, self.maker, tracks, values)
        return Proposal(
            key, kind, start_samples, stop_samples, score, reason, self.maker, (), values, None, tuple(tracks)
        )

    def cut(
        self,
        start_samples: int,
        stop_samples: int,
        score: float,
        reason: str,
        ways: tuple[Alternative, ...] = (),
        evidence: Evidence = Evidence.STRONG,
    ) -> Proposal:
        """Return a cut with the crossfade of the document; other crossfades are the same proposal.

        Parameters
        ----------
        ways : other spans to cut
        evidence : how reliably a listener can verify it
        """
        payload: dict[str, object] = {CROSSFADE_MS: cut_settings(self.state.settings).crossfade_ms}
        key = proposal_id(CUT.name, start_samples, stop_samples, self.maker)
        span = start_samples, stop_samples
        return Proposal(
            key, CUT.name, *span, score, reason, self.maker, ways, payload, None, evidence=evidence
        )


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """The result of a finder.

    Attributes
    ----------
    summary : one sentence about the result; empty for a count of the proposals
    analyses : id and analysis by kind, found on the way and stored in the document
    regions : spans that the document names
    figures : more about the result, as values of JSON
    label : the step in the history; empty for a count of the proposals
    stored_settings : settings of the document that led to the proposals, stored with them
    audio : audio that the proposals play, stored with them
    grid : a grid that the user brought, which becomes active with the proposals
    takes : passages played more than once, found on the way; without, those of the document
    """

    proposals: Sequence[Proposal]
    summary: str = ""
    analyses: Mapping[str, tuple[str, Analysis]] = field(default_factory=dict)
    regions: Sequence[NamedSpan] = ()
    figures: Mapping[str, object] = field(default_factory=dict)
    label: str = ""
    stored_settings: Mapping[str, object] = field(default_factory=dict)
    audio: Sequence[StoredAudio] = ()
    grid: BeatGrid | None = None
    takes: FoundTakes | None = None


@dataclass(frozen=True, slots=True)
class Finder:
    """One way to find edits.

    Attributes
    ----------
    title : its name in lists
    about : one sentence about its proposals
    find : returns the result for a request, whose proposals `FinderRequest.proposal` makes
    settings : the class of its settings; forms, flags and help texts are made from its fields
    needs : names of analyses that are computed before where they are missing (`engine.recordings.analyses`)
    reads : kinds of analyses that the result depends on; where another program changes one of them meanwhile,
        the result is refused
    is_quick : whether the form of its settings shows the result of each value at once
    check : raises `UsageError` for a request that is refused before anything is computed
    maker : the maker of its proposals, or one name for several; if it is empty, the maker is "added:" and the
        name of the finder, and no other finder replaces its proposals
    replaces : kinds of undecided proposals that are replaced, in addition to the kinds
        found; empty for those kinds that the finder proposed before
    adds : whether its proposals are added to those of before, and replace none
    is_listed : whether a panel lists its proposals, so that none is left out that another finder made as well
    accepts : whether its proposals are accepted at once, in the place of all that was accepted before
    """

    title: str
    about: str
    find: Callable[[FinderRequest, Progress], Found]
    settings: type[FinderSettings] = FinderSettings
    needs: tuple[str, ...] = ()
    reads: tuple[str, ...] = KNOWN
    is_quick: bool = False
    check: Callable[[FinderRequest], None] = lambda _request: None
    maker: str = ""
    replaces: tuple[str, ...] = ()
    adds: bool = False
    is_listed: bool = False
    accepts: bool = False

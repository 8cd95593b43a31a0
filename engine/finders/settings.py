"""Settings of finders: pydantic models, from which forms, command-line flags and help texts are made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.fields import FieldInfo

from engine.errors import UsageError
from engine.wording import quoted

Settings = TypeVar("Settings", bound="FinderSettings")


class FinderSettings(BaseModel):
    """The settings of a finder that has none, and the base of all others.

    Fields are numbers, each with a `title`, a `description`, a default and the limits `ge` and `le`. A field
    in seconds ends in ``_s``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")


def settings_from(model: type[Settings], values: Mapping[str, object]) -> Settings:
    """Return the settings of a finder with these values, and the defaults for all others.

    Raises
    ------
    UsageError : a value is outside its limits, or there is no such setting
    """
    try:
        return model(**values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise UsageError(_sentence(model, first)) from None


def limits_of(setting: FieldInfo) -> tuple[float | None, float | None]:
    """Return the lowest and the highest value of a setting; None without a limit."""
    found = {
        name: getattr(one, name) for one in setting.metadata for name in ("ge", "le") if hasattr(one, name)
    }
    return found.get("ge"), found.get("le")


def _sentence(model: type[FinderSettings], error: Any) -> str:
    if not error["loc"]:  # raised by the model, of several values together
        return str(error["ctx"]["error"])
    name = str(error["loc"][0])
    if name not in model.model_fields:
        known = ", ".join(model.model_fields) or "none"
        return f"There is no setting {quoted(name)}: the settings are {known}."
    least, most = limits_of(model.model_fields[name])
    within = "a number" if least is None or most is None else f"{least:g} to {most:g}"
    return f"{name} cannot be {error['input']}: give {within}."

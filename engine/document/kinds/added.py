"""Kinds of edits from other packages: validated when loaded, and isolated from the caller at run time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from engine.core.errors import DocumentError
from engine.core.extensions import UnusableError, require_type, said_of
from engine.core.extensions.names import Extension
from engine.document.kinds.kind import Amount, Kind, span_words
from engine.document.kinds.operations import Operation
from engine.document.proposals import Edited

_ICONS = Path(__file__).resolve().parents[3] / "resources" / "icons"


def added_kind(extension: Extension, made: object) -> Kind:
    """Return a kind of another package, whose functions raise only `DocumentError`.

    Raises
    ------
    UnusableError : not a kind, or an invalid one
    """
    kind = require_type(made, Kind)
    if kind.name != extension.name:
        raise UnusableError(f"calls itself {kind.name!r}")
    if not all(isinstance(one, str) and one for one in (kind.title, kind.verb)):
        raise UnusableError("has no title or no verb")
    if not (isinstance(kind.icon, str) and (_ICONS / f"{kind.icon}.svg").is_file()):
        raise UnusableError(f"has the icon {kind.icon!r}, which does not exist")
    if not all(map(callable, (kind.validate, kind.effect, kind.words, kind.how_much, kind.other))):
        raise UnusableError("has a function that is not callable")
    if not all(one is None or isinstance(one, Amount) for one in (kind.amount, kind.fade)):
        raise UnusableError("has an amount or a fade that is not an Amount")
    if kind.drops_span:
        raise UnusableError("drops its span, as a cut does")
    return _held(kind, extension)


def _held(kind: Kind, extension: Extension) -> Kind:
    def failed(error: Exception) -> DocumentError:
        return DocumentError(f"{extension.words} failed: {said_of(error)}.")

    def validate(payload: Mapping[str, object]) -> None:
        try:
            kind.validate(payload)
        except DocumentError:
            raise
        except Exception as error:
            raise failed(error) from error

    def effect(edited: Edited) -> tuple[Operation, ...]:
        try:
            done = tuple(kind.effect(edited))
            is_sound = all(isinstance(one, Operation) and _is_span(one) for one in done)
        except DocumentError:
            raise
        except Exception as error:
            raise failed(error) from error
        if not is_sound:
            raise DocumentError(f"{extension.words} failed: its effect is not an operation on a span.")
        return done

    def other(edited: Edited) -> Mapping[str, object] | None:
        try:
            return kind.other(edited)
        except Exception:  # of a payload of another kind: the caller that applies it reports it
            return None

    return replace(
        kind,
        validate=validate,
        effect=effect,
        words=_said(kind.words),
        how_much=_said(kind.how_much),
        other=other,
    )


def _is_span(one: Operation) -> bool:
    return 0 <= one.start_samples <= one.stop_samples


def _said(words: Callable[[Edited, int], str]) -> Callable[[Edited, int], str]:
    """Return a description of the length of the span, used if `words` fails: painting must not raise."""

    def say(edited: Edited, rate_hz: int) -> str:
        try:
            return str(words(edited, rate_hz))
        except Exception:
            return span_words(edited, rate_hz)

    return say

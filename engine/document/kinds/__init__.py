"""The registry of kinds of proposals: those of Offcut, and those that other packages add.

A new kind of Offcut is a `Kind` in a module here, and its name in the tuple below. Kinds of packages are
checked when they are loaded, and any error of their functions becomes a `DocumentError`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from engine.core.build import RESOURCES
from engine.core.errors import DocumentError
from engine.core.extensions import Extended, UnusableError, error_text, require_type
from engine.core.extensions.names import Extension
from engine.core.wording import quoted
from engine.document.kinds.kind import Amount, Edge, Kind, NudgeSize, Words, span_words
from engine.document.kinds.operations import Drop, Operation
from engine.document.kinds.order import COMP, CUT, INSERT, KEEP, MOVE, REPEAT, RIPPLE
from engine.document.kinds.sounding import GAIN, MUTE, REPAIR, SLIP, TAKE
from engine.document.kinds.timing import FLAM, HIT, NOTE, RECORDER, TEMPO
from engine.document.proposals import Edited, Proposal

_ICONS = RESOURCES / "icons"


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
    return _guarded(kind, extension)


def _guarded(kind: Kind, extension: Extension) -> Kind:
    """Return a kind whose functions raise only `DocumentError`."""

    def failed(error: Exception) -> DocumentError:
        return DocumentError(f"{extension.words} failed: {error_text(error)}.")

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
            is_sound = all(
                isinstance(one, Operation) and 0 <= one.start_samples <= one.stop_samples for one in done
            )
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
        words=_words_of(kind.words),
        how_much=_words_of(kind.how_much),
        other=other,
    )


def _words_of(words: Words) -> Words:
    """Return a description of the length of the span, used if `words` fails: painting must not raise."""

    def say(edited: Edited, rate_hz: int) -> str:
        try:
            return str(words(edited, rate_hz))
        except Exception:
            return span_words(edited, rate_hz)

    return say


# fmt: off
_OWN = (
    CUT, RIPPLE, KEEP, MUTE, REPEAT, MOVE, INSERT, COMP, TAKE, SLIP, GAIN, REPAIR, HIT, FLAM, NOTE,
    RECORDER, TEMPO,
)
# fmt: on
KINDS: Extended[Kind] = Extended("offcut.kinds", {kind.name: kind for kind in _OWN}, added_kind)


def kind_of(proposal: Proposal) -> Kind:
    """Return the kind of a proposal.

    Raises
    ------
    DocumentError : the kind is not known here
    """
    kind = KINDS.get(proposal.kind)
    if kind is None:
        raise DocumentError(f"Proposal {proposal.id} cannot be changed. {not_available(proposal.kind)}")
    return kind


def noun_of(kind_name: str) -> str:
    """Return the noun for an edit of a kind within a sentence, such as "ripple cut"."""
    kind = KINDS.get(kind_name)
    return kind_name if kind is None else kind.title.lower()


def not_available(kind_name: str) -> str:
    """Return the message about proposals of an unknown kind."""
    return (
        f"The kind {quoted(kind_name)} is not available here: its edits are stored unchanged and have no "
        "effect until the package that adds it, or a newer Offcut, is installed."
    )


__all__ = ["KINDS", "Drop", "Edge", "Kind", "NudgeSize", "kind_of", "not_available", "noun_of"]

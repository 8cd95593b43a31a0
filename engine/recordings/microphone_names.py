"""Purpose of a microphone, from the name of its recording."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType
from unicodedata import combining, normalize

from engine.document.drums.hits import Role

LEAST_MICROPHONES = 3
"""So few recordings that are called after drums and imported at once are a drum kit."""

_WORDS: Mapping[Role, tuple[str, ...]] = MappingProxyType(
    {
        Role.OVERHEAD: ("oh", "ovh", "ohd", "overhead", "overheads", "aereo", "aereos", "aerien", "aeriens"),
        Role.KICK: (
            *("kick", "kik", "kdrum", "kd", "bd", "bassdrum", "bdrum", "subkick"),
            *("basstrommel", "grossetrommel", "grossecaisse", "grancassa", "bombo"),
        ),
        Role.SNARE: (
            *("snare", "snr", "sn", "sd", "snaretop", "snarebottom", "snaredrum"),
            *("kleinetrommel", "caisseclaire", "caja", "redoblante", "tarola", "rullante"),
        ),
        Role.HAT: ("hihat", "hat", "hats", "hh", "hihats", "charley", "charleston", "charles"),
        Role.TOM: (
            *("tom", "toms", "racktom", "floortom", "floor", "rack", "ft", "rt"),
            *("standtom", "hangetom", "goliat", "timbal"),
        ),
        Role.CYMBAL: (
            *("ride", "crash", "cymbal", "cymbals", "china", "splash", "rd"),
            *("becken", "platillo", "platillos", "cymbale", "cymbales"),
        ),
        Role.ROOM: (
            *("room", "rooms", "amb", "ambience", "ambient", "ambi"),
            *("raum", "sala", "salle", "ambiente", "ambiance"),
        ),
    }
)
_ROLES = {word: role for role, words in _WORDS.items() for word in words}
_OTHER_INSTRUMENT = re.compile(
    r"\b(bass(?! ?dr)|bajo|contrabass|e?gtr|git|guit\w*|gitarr\w*|vox|voc\w*|voice|voix|voz|gesang|"
    r"keys?|keyboards?|piano|synth\w*|organ|orgel|sax\w*|trump\w*|violin\w*|click|klick|metronom\w*)"
)
_MIX = re.compile(r"\b(mix(down)?|bounce|stereo mix|board|desk|foh|master)\b")
_SIDE = re.compile(r"(?<=[a-z]{2})(left|right|top|bottom|btm|bot|in|out|[lr])$")


def role_of_name(name: str) -> Role | None:
    """Return the role of a microphone from the name of its recording; None for an unknown name.

    Numbers, sides and surrounding text are ignored: "03_KdrumR", "Tom 2" and "OHL" are a kick, a tom and an
    overhead. Accents are ignored, too; English, German, Spanish, French, Italian.
    """
    plain = normalize("NFKD", name.replace("\u00df", "ss"))
    plain = "".join(letter for letter in plain if not combining(letter))
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])|[^A-Za-z]+", " ", plain).casefold()
    words = spaced.split()
    joined = [one + other for one, other in pairwise(words)]  # "hi hat", "bass drum"
    for word in (*joined, *words):
        role = _ROLES.get(word) or _ROLES.get(_SIDE.sub("", word))
        if role is not None:
            return role
    return None


def is_other_instrument(name: str) -> bool:
    """Return whether a recording is named after a voice, a click or an instrument that is not a drum."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])|[\W_\d]+", " ", name).casefold()
    return role_of_name(name) is None and _OTHER_INSTRUMENT.search(spaced) is not None


def is_mix(name: str) -> bool:
    """Return whether a recording is named after a mix of other tracks."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])|[\W_\d]+", " ", name).casefold()
    return _MIX.search(spaced) is not None


def kit_of_names(names: Sequence[str]) -> Mapping[str, Role]:
    """Return the roles of those recordings of one import that are the microphones of a drum kit, by name.

    Empty with too few of them, or if all would be rooms: a room microphone alone is not a kit.
    """
    roles = {name: role for name in names if (role := role_of_name(name)) is not None}
    is_kit = len(roles) >= LEAST_MICROPHONES and any(role.is_close for role in roles.values())
    return roles if is_kit else {}

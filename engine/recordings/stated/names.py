"""Names of recordings: counters of takes and splits, numbers of channels, and roles of microphones."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType
from unicodedata import combining, normalize

from engine.document.analysis import Role

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
    return role_of_name(name) is None and _OTHER_INSTRUMENT.search(_spaced(name)) is not None


def is_mix(name: str) -> bool:
    """Return whether a recording is named after a mix of other tracks."""
    return _MIX.search(_spaced(name)) is not None


def _spaced(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])|[\W_\d]+", " ", name).casefold()


def kit_of_names(names: Sequence[str]) -> Mapping[str, Role]:
    """Return the roles of those recordings of one import that are the microphones of a drum kit, by name.

    Empty with too few of them, or if all would be rooms: a room microphone alone is not a kit.
    """
    roles = {name: role for name in names if (role := role_of_name(name)) is not None}
    is_kit = len(roles) >= LEAST_MICROPHONES and any(role.is_close for role in roles.values())
    return roles if is_kit else {}


_DIGITS = re.compile(r"(\d+)")
_GOPRO = re.compile(r"(?i)^(G[HLPXS])(\d\d)(\d{4})$")
_CHANNEL = re.compile(
    r"(?i)(?:^|[^a-z])(?:tr|trk|track|ch|chn|chan|channel|mic|in|input|spur|kanal|piste|pista|canal|tom|vox|gtr)"
    r"[ _.-]?$"
)
_DEVICE = re.compile(
    r"(?i)(?:^|[^a-z])(?:cam|camera|kamera|gopro|dji|video|film|phone|iphone|handy|tablet|laptop|memo|recorder|zoom|tascam)"
    r"(?:[^a-z]|$)"
)
_COUNTER = "#"
_COUNTER_DIGITS = 3
"""A number with this many digits counts recordings, not channels."""
_EDGES = " _-.+()[]" + _COUNTER
_SPLIT = r"[-_ .]?\(?\d{1,4}\)?"
_FIRST_SPLIT = r"[-_ .]?\(?0*[12]\)?"


@dataclass(frozen=True, slots=True)
class NumberedName:
    """Name of a file without its suffix, split into words and numbers.

    Attributes
    ----------
    words : texts before, between and after the numbers; one more than numbers
    is_channel : of each number, whether it numbers a channel ("Tr2"), not takes or splits
    digits : how many digits each number is written with
    """

    stem: str
    words: tuple[str, ...]
    numbers: tuple[int, ...]
    is_channel: tuple[bool, ...]
    digits: tuple[int, ...]

    @property
    def masked(self) -> str:
        """Return the name with all counters replaced by `#`; equal for the files of one track."""
        return self._with(_COUNTER).casefold()

    @property
    def base(self) -> str:
        """Return the name without its counters, for a track; "" if nothing else is in it."""
        return re.sub(r"[\s_.-]{2,}", " ", self._with("")).strip(_EDGES)

    @property
    def leading_word(self) -> str:
        """Return the text before the first number."""
        return self.words[0].strip(_EDGES).casefold()

    @property
    def counters(self) -> tuple[int, ...]:
        """Return the numbers that are not of channels."""
        return tuple(number for number, of in zip(self.numbers, self.is_channel, strict=True) if not of)

    @property
    def names_device(self) -> bool:
        """Return whether it is named after a whole device, not after an instrument or a channel."""
        return _DEVICE.search(self.stem) is not None

    @property
    def long_counters(self) -> tuple[int, ...]:
        """Return the counters of three or more digits: they count recordings, not microphones."""
        columns = zip(self.numbers, self.is_channel, self.digits, strict=True)
        return tuple(
            number for number, of_channel, digits in columns if not of_channel and digits >= _COUNTER_DIGITS
        )

    def _with(self, counter: str) -> str:
        text = self.words[0]
        for number, of_channel, word in zip(self.numbers, self.is_channel, self.words[1:], strict=True):
            text += (str(number) if of_channel else counter) + word
        return text


def numbered(stem: str) -> NumberedName:
    """Split a name into words and numbers; GoPro's chapter comes before the number of its film."""
    parts = _DIGITS.split(_GOPRO.sub(r"\1\2.\3", stem))
    words, numbers = tuple(parts[::2]), tuple(int(part) for part in parts[1::2])
    digits = tuple(len(part) for part in parts[1::2])
    names_channel = (
        _CHANNEL.search(word) is not None or (place > 0 and word.casefold() == "s")  # TASCAM's "0001S12"
        for place, word in enumerate(words[:-1])
    )
    is_channel = tuple(
        named and count < _COUNTER_DIGITS for named, count in zip(names_channel, digits, strict=True)
    )
    return NumberedName(stem, words, numbers, is_channel, digits)


def follows(first: NumberedName, second: NumberedName) -> bool:
    """Return whether the second is the next name that a recorder gives: one counter up, or a first suffix."""
    if first.words == second.words:
        steps = [
            (other - one, of_channel)
            for one, other, of_channel in zip(first.numbers, second.numbers, first.is_channel, strict=True)
            if one != other
        ]
        return steps == [(1, False)]
    return re.fullmatch(_FIRST_SPLIT, _suffix(first, second)) is not None


def of_one_track(first: NumberedName, second: NumberedName) -> bool:
    """Return whether two names may be of one track: they differ in counters, or one has a counter more."""
    return first.masked == second.masked or is_split_of(first, second) or is_split_of(second, first)


def is_split_of(first: NumberedName, second: NumberedName) -> bool:
    """Return whether the second name is the first one with a counter behind it."""
    return re.fullmatch(_SPLIT, _suffix(first, second)) is not None


def _suffix(first: NumberedName, second: NumberedName) -> str:
    """Return the end of the second name behind the first; "" if that continues the number of the first."""
    suffix = second.stem[len(first.stem) :] if second.stem.startswith(first.stem) else ""
    return "" if suffix[:1].isdigit() and first.stem[-1:].isdigit() else suffix


def common_name(names: Iterable[NumberedName]) -> str:
    """Return a name for the track of some files: that of the only one, or their name without counters."""
    known = list(names)
    if len(known) == 1 or len({name.stem for name in known}) == 1:
        return known[0].stem
    return known[0].base

"""The space of prompts, and the check that a prompt names a known sound before anything listens for it.

The text encoder has a vector for each piece of a word and sums them over a prompt; it is distilled from
sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0), and `resources/sound_names/text-static.md` lists its
strengths and limits. Any letters have a vector, and the pieces of a random word are near some sound by
chance. A prompt is therefore understood only if each of its words is a word, and if the vector of the whole
is near that of a known phrase. Both thresholds were chosen on one half of
`tests/engine/analysis/sound_names/prompts.json`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from engine.analysis.sound_names.vocabulary import (
    FOLDER,
    NOTHING_NAMED,
    SPEECH,
    Named,
    english_words,
    separable_sounds,
    vocabulary,
)
from engine.core.errors import OffcutError, UnknownPromptError, UsageError
from engine.core.memory import raise_shortage
from engine.core.wording import quoted

SIZE = 256
"""How many numbers a vector of words has."""
LONGEST_PROMPT = 200
"""Characters of a prompt that can be meant as the name of a sound."""
LEAST_SIMILARITY, LEAST_SIMILARITY_OF_PIECES = 0.50, 0.58
"""Cosine to the nearest known phrase; the second where a word of the prompt is encoded by its pieces."""
NEAREST = 3
_WORD = re.compile(r"[^\W\d_]+")
_STRANGE_CHARACTER = re.compile(r"[^\w\s'’\-,.!?&()/]|_")
_SHORT = frozenset({
    "a", "an", "as", "at", "by", "go", "he", "i", "in", "is", "it", "me", "my",
    "no", "of", "on", "or", "so", "to", "tv", "up", "us", "we",
})  # fmt: skip
_SHORTEST = 3
_ENDINGS = ("s", "es", "ed", "ing", "er", "ers", "y")
_SIMILAR_SPELLING = 0.6
_WHOSE_VOICE = frozenset({
    "boy", "boys", "child", "children", "female", "girl", "girls", "kid", "kids", "male", "man", "men",
    "singer", "singers", "singing", "sung", "vocal", "vocals", "woman", "women",
})  # fmt: skip
"""Words for a distinction of voices, or of speech and singing, which no network here supports."""


@dataclass(frozen=True, slots=True, eq=False)
class TextEncoder:
    """Vectors of word pieces.

    Attributes
    ----------
    pieces : int8, shape (pieces, SIZE)
    weights : float32, shape (pieces,); scale and weight of each
    """

    tokenizer: Tokenizer
    pieces: NDArray[np.int8]
    weights: NDArray[np.float32]

    def encode(self, prompt: str) -> NDArray[np.float32]:
        """Return the vector of a prompt, of length 1, shape (SIZE,).

        Raises
        ------
        UsageError : it is empty, too long, or has no piece that is known
        """
        words = " ".join(prompt.split())
        if not words:
            raise UsageError(NOTHING_NAMED)
        if len(words) > LONGEST_PROMPT:
            raise UsageError(
                f"The name of the sound is {len(words):,} characters long: use at most {LONGEST_PROMPT}."
            )
        ids = self.tokenizer.encode(words, add_special_tokens=False).ids
        vector = np.asarray(self.weights[ids] @ self.pieces[ids].astype(np.float32), np.float32)
        length = float(np.linalg.norm(vector))
        if not length > 0.0:
            raise UsageError(f"{quoted(words)} holds no word that is known: name the sound in English words.")
        return vector / np.float32(length)

    def is_whole(self, word: str) -> bool:
        """Return whether the table holds a word whole, so that its vector is its own."""
        return self.tokenizer.token_to_id(word) is not None


@cache
def text_encoder() -> TextEncoder:
    """Return the encoder that comes with Offcut.

    Raises
    ------
    OffcutError : its files are missing or damaged
    """
    try:
        stored = load_file(FOLDER / "text-static.safetensors")
        tokenizer = Tokenizer.from_file(str(FOLDER / "tokenizer.json"))
        # As stored it fills every prompt up to 128 pieces, whose sum would drown the words.
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return TextEncoder(tokenizer, stored["pieces"], stored["scale"] * stored["weight"])
    except Exception as error:  # tokenizers raises no other
        raise_shortage(error)
        raise OffcutError(
            f"The text encoder in '{FOLDER}' is missing or damaged: install Offcut again."
        ) from error


@dataclass(frozen=True, slots=True, eq=False)
class KnownSounds:
    """Known sounds, by name, as phrases that can be compared with a prompt.

    Attributes
    ----------
    names : of each phrase, the sound it names
    vectors : of each phrase, shape (phrases, engine.analysis.sound_names.prompts.SIZE)
    words : of each phrase, its words
    """

    names: tuple[str, ...]
    vectors: NDArray[np.float32]
    words: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, sounds: Mapping[str, Named]) -> KnownSounds:
        """Encode the names of sounds and the other words for them."""
        phrases = [(name, phrase) for name, one in sounds.items() for phrase in (name, *one.said)]
        vectors = np.stack([text_encoder().encode(phrase) for _name, phrase in phrases])
        return cls(
            tuple(name for name, _phrase in phrases),
            vectors,
            tuple(words_in(phrase) for _name, phrase in phrases),
        )

    @property
    def all_words(self) -> frozenset[str]:
        """The words of all phrases, and their base forms."""
        return frozenset(stem for words in self.words for word in words for stem in _stems(word))


@cache
def known_sounds() -> KnownSounds:
    """Return the sounds that come with Offcut."""
    return KnownSounds.of(vocabulary())


@cache
def separable() -> KnownSounds:
    """Return the sounds that can be isolated or removed by name: the built-in ones, and speech."""
    return KnownSounds.of(separable_sounds())


def require_understood(prompt: str, known: KnownSounds | None = None) -> None:
    """Refuse a prompt that does not name a known sound.

    Parameters
    ----------
    known : the sounds that come with Offcut unless given

    Raises
    ------
    UnknownPromptError : a word is not a word, no known phrase is near, or it distinguishes voices
    UsageError : the prompt is empty or too long
    """
    known = known_sounds() if known is None else known
    require_words(prompt, known)
    similarities = known.vectors @ text_encoder().encode(prompt)
    is_whole = all(text_encoder().is_whole(word) or word in known.all_words for word in words_in(prompt))
    if float(similarities.max()) < (LEAST_SIMILARITY if is_whole else LEAST_SIMILARITY_OF_PIECES):
        raise UnknownPromptError(prompt, _distinct(_near(prompt, known)))
    named = known.names[int(similarities.argmax())]
    if named == SPEECH.name and not _WHOSE_VOICE.isdisjoint(words_in(prompt)):
        raise UnknownPromptError(prompt, (SPEECH.name,))
    if named != SPEECH.name and _WHOSE_VOICE.issuperset(words_in(prompt)):
        raise UnknownPromptError(prompt, _distinct(_near(prompt, known)))


@cache
def means_speech(prompt: str) -> bool:
    """Return whether the known phrase that is nearest to a prompt names speech."""
    similarities = separable().vectors @ text_encoder().encode(prompt)
    return separable().names[int(similarities.argmax())] == SPEECH.name


@cache
def meanings(prompt: str) -> tuple[str, ...]:
    """Return a prompt and the names of known sounds that hold all of its words: "door" means every door.

    A phrase that networks learned from is returned alone.
    """
    if any(prompt.lower() in (name, *one.said) for name, one in vocabulary().items()):
        return (prompt,)
    wanted = [set(_stems(word)) for word in words_in(prompt)]
    names = (
        name
        for name in vocabulary()
        if wanted
        and all(any(not stems.isdisjoint(_stems(word)) for word in words_in(name)) for stems in wanted)
    )
    return tuple(dict.fromkeys((prompt, *names)))


def require_words(prompt: str, known: KnownSounds | None = None) -> None:
    """Refuse a prompt with anything but words; their meaning is not checked.

    Raises
    ------
    UnknownPromptError : a word is neither English nor the name of a sound, or the prompt has no words
    UsageError : the prompt is empty or too long
    """
    known = known_sounds() if known is None else known
    text_encoder().encode(prompt)
    strange = [word for word in words_in(prompt) if not _is_word(word, known.all_words)]
    if strange or not words_in(prompt) or _STRANGE_CHARACTER.search(prompt):
        raise UnknownPromptError(prompt, _distinct([*_spelled_like(strange, known), *_near(prompt, known)]))


def words_in(prompt: str) -> tuple[str, ...]:
    """Return the words of a prompt, in lower case."""
    return tuple(_WORD.findall(prompt.lower()))


def _is_word(word: str, of_sounds: frozenset[str]) -> bool:
    if len(word) < _SHORTEST:
        return word in _SHORT
    if any(_is_listed(stem, of_sounds) for stem in _stems(word)):
        return True
    # "keystrokes": two words of which the names of sounds hold one.
    parts = ((word[:at], word[at:]) for at in range(_SHORTEST, len(word) - _SHORTEST + 1))
    return any(
        not of_sounds.isdisjoint(_stems(one)) and _is_listed(two, of_sounds)
        for pair in parts
        for one, two in (pair, pair[::-1])
    )


def _is_listed(word: str, of_sounds: frozenset[str]) -> bool:
    return word in of_sounds or word in english_words()


def _stems(word: str) -> list[str]:
    """Return a word and its possible base forms."""
    found = [word]
    for ending in _ENDINGS:
        stem = word.removesuffix(ending)
        if stem != word and len(stem) >= _SHORTEST:
            found += [stem, f"{stem}e", *([stem[:-1]] if stem[-1] == stem[-2] else [])]
    return found


def _spelled_like(strange: Iterable[str], known: KnownSounds) -> list[str]:
    """Return the names of sounds with a word that is spelled like one of some words, the most alike first."""
    words = sorted({word for words in known.words for word in words})
    alike = []
    for word in strange:
        near = get_close_matches(word, words, cutoff=_SIMILAR_SPELLING)
        # Swapped letters are the commonest error of typing.
        alike += sorted(near, key=lambda one: sorted(one) != sorted(word))
    return [
        name for one in alike for name, words in zip(known.names, known.words, strict=True) if one in words
    ]


def _near(prompt: str, known: KnownSounds) -> list[str]:
    """Return the names of sounds, the nearest to those words of a prompt that are words first."""
    words = [word for word in words_in(prompt) if _is_word(word, known.all_words)]
    vector = text_encoder().encode(" ".join(words) if words else prompt)
    return [known.names[place] for place in np.argsort(-(known.vectors @ vector), kind="stable")]


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))[:NEAREST]

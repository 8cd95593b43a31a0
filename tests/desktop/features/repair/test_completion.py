"""Words that complete what is typed, also where they say what stays."""

from __future__ import annotations

from desktop.features.repair.words_field import KnownWords, completions, with_last

KNOWN = KnownWords({"dog": ("barking",), "door knock": ()}, ("hum",))


def test_what_follows_the_last_comma_is_completed() -> None:
    assert [one.text for one in completions("hum, do", KNOWN)] == ["dog", "door knock"]
    assert with_last("hum, do", "dog") == "hum, dog"


def test_not_is_left_out_of_what_is_sought_and_stays_before_it() -> None:
    assert [one.text for one in completions("hum, not do", KNOWN)] == ["dog", "door knock"]
    assert with_last("hum, not do", "dog") == "hum, not dog"
    assert with_last("not ba", "barking") == "not barking"
    assert with_last("no", "dog") == "dog"
    assert with_last("not", "dog") == "not dog"

"""Words become vectors in which what is meant alike lies near."""

import numpy as np
import pytest

from engine.analysis.sound_names.prompts import SIZE, text_encoder
from engine.analysis.sound_names.vocabulary import vocabulary
from engine.core.errors import UsageError


def test_a_prompt_is_a_vector_of_length_one() -> None:
    """Whatever its case, its spaces and how long it is."""
    vector = text_encoder().encode("dog bark")
    assert vector.shape == (SIZE,)
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-5)
    np.testing.assert_array_equal(vector, text_encoder().encode("  Dog \n bark "))


def test_other_words_for_a_sound_lie_nearest_to_its_name() -> None:
    """For most words that nothing learns from; the card of the encoder says 72.5 % of such."""
    encode = text_encoder().encode
    names = list(vocabulary())
    named = np.stack([encode(name) for name in names])
    right = [
        names[int(np.argmax(named @ encode(word)))] == name
        for name, sound in vocabulary().items()
        for word in sound.kept_back
    ]
    assert np.mean(right) > 0.65


def test_no_word_is_learned_from_and_kept_back() -> None:
    """What tells whether new words are understood must be new, for every sound."""
    said = {word for name, sound in vocabulary().items() for word in (name, *sound.said)}
    kept_back = [word for sound in vocabulary().values() for word in sound.kept_back]
    assert not said & set(kept_back)
    assert len(kept_back) == len(set(kept_back))


@pytest.mark.parametrize(
    ("prompt", "said"),
    [("", "No sound is named"), (" \n", "No sound is named"), ("x" * 10_000, "10,000 characters")],
)
def test_words_that_name_nothing_are_refused(prompt: str, said: str) -> None:
    """In a sentence that says what to do."""
    with pytest.raises(UsageError, match=said):
        text_encoder().encode(prompt)


@pytest.mark.parametrize("prompt", ["\x00", "�", "🙂" * 5, "żółw 犬", "); DROP TABLE", "-" * 199])
def test_any_other_text_is_a_vector_or_is_refused(prompt: str) -> None:
    """Never a vector that is no number."""
    try:
        vector = text_encoder().encode(prompt)
    except UsageError:
        return
    assert np.isfinite(vector).all()
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-5)

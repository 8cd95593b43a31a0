"""A checkpoint of CLAP with random weights and few words, as published ones are saved."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit

if TYPE_CHECKING:
    from transformers import ClapModel

RATE_HZ = 48_000
SIZE = 16
WORDS = ("<unk>", "<s>", "<pad>", "This", "is", "a", "sound", "of", "dog.", "rain.", "chair", "creaking.")
_TEXT = {
    "hidden_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 16,
    "vocab_size": 50,
    "max_position_embeddings": 20,
    "pad_token_id": 2,
}
_AUDIO = {
    "patch_embeds_hidden_size": 8,
    "depths": [1, 1, 1, 1],
    "num_attention_heads": [1, 1, 1, 1],
    "hidden_size": 64,
}


def checkpoint(folder: Path, *, fusion: bool) -> ClapModel:
    """Save a tiny CLAP with random weights and return it."""
    from transformers import ClapConfig, ClapFeatureExtractor, ClapModel  # seconds, for these tests alone

    torch.manual_seed(7)
    audio = {**_AUDIO, "enable_fusion": fusion}
    model = ClapModel(ClapConfig(text_config=_TEXT, audio_config=audio, projection_dim=SIZE)).eval()
    model.save_pretrained(folder)
    ClapFeatureExtractor(truncation="fusion" if fusion else "rand_trunc").save_pretrained(folder)
    words = Tokenizer(WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token="<unk>"))
    words.pre_tokenizer = WhitespaceSplit()
    words.save(str(folder / "tokenizer.json"))
    return model

"""The models that are timed: the storyteller, or a random one of the same shape."""

import sys
import tempfile
from pathlib import Path

import torch

from course_utils.model import END_OF_TEXT, LanguageModel, load_model


def storyteller() -> LanguageModel:
    """The bundled model; where it is missing, random weights of its shape."""
    try:
        return load_model("storyteller")
    except OSError as error:
        print(f"random weights of its shape, because {error}", file=sys.stderr)
        return random_storyteller()


def random_storyteller() -> LanguageModel:
    """4 layers, width 192, 6 heads, 1,200 tokens, 256 positions."""
    from tokenizers import ByteLevelBPETokenizer

    model = random_gpt2(
        n_layer=4, n_embd=192, n_head=6, vocab_size=1200, n_positions=256
    )
    bpe = ByteLevelBPETokenizer()
    bpe.train_from_iterator(["Once upon a time"], special_tokens=[END_OF_TEXT])
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        bpe.save(str(Path(folder) / "tokenizer.json"))
        return load_model(folder)


def random_gpt2(**shape: int):
    """A GPT-2 with random weights; without arguments, the one of 124 M."""
    from transformers import GPT2Config, GPT2LMHeadModel

    special = dict.fromkeys(("bos_token_id", "eos_token_id", "pad_token_id"), 0)
    torch.manual_seed(0)
    return GPT2LMHeadModel(GPT2Config(**shape, **special)).eval()

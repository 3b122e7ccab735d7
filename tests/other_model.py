"""A causal model that is not the storyteller: small, random, other words."""

from pathlib import Path

TEXT = """Rain fell on the harbour all night, and nobody slept. In the morning the
captain counted her crew: seven sailors, two cooks, one doctor with a cold. They
had lost a sail, three barrels of apples and, worst of all, the map. "We know the
way," said the older cook, who did not. So they steered by the stars until the
clouds came, and then by the smell of the land."""


def save_other_model(folder: Path) -> Path:
    """Write a random GPT-2 with its own vocabulary and end-of-text token."""
    import torch
    from tokenizers import ByteLevelBPETokenizer
    from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

    bpe = ByteLevelBPETokenizer()
    bpe.train_from_iterator(
        TEXT.splitlines(),
        vocab_size=400,
        min_frequency=1,
        special_tokens=["<|the end|>"],
    )
    bpe.save(str(folder / "bpe.json"))
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(folder / "bpe.json"),
        bos_token="<|the end|>",
        eos_token="<|the end|>",
    )
    tokenizer.save_pretrained(folder)

    torch.manual_seed(0)
    config = GPT2Config(
        vocab_size=len(tokenizer),
        n_positions=512,
        n_embd=32,
        n_layer=2,
        n_head=2,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    GPT2LMHeadModel(config).save_pretrained(folder)
    return folder

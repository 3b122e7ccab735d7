"""The storyteller: a small GPT-2 made from nothing, on tales whose truth is known.

Tokenizer and model see documents of `StoryWorld` and nothing else, each document
once, and learn the world's exact next-token probabilities (see `targets`). Interrupt
it when you like: the next call goes on from the last checkpoint and ends with the same
weights (on one machine, with one thread count).
"""

import itertools
from collections.abc import Iterator
from pathlib import Path

import torch
from jaxtyping import Float
from safetensors import safe_open
from safetensors.torch import save_file
from tokenizers import (
    Tokenizer,
    decoders,
    models,
    pre_tokenizers,
    processors,
    trainers,
)
from torch import Tensor
from tqdm.auto import tqdm
from transformers import GPT2Config, GPT2LMHeadModel

from course_utils.training.targets import Batch, Teacher
from course_utils.worlds.stories import StoryWorld

END_OF_TEXT = "<|endoftext|>"
VOCABULARY = 1536
CONTEXT = 256
BATCH = 8  # windows of CONTEXT tokens, each beginning with a new document
STEPS = 14_000
WARM_UP = 100
DECAY_FROM = 0.22  # constant rate until here, then linear to zero
MATRIX_RATE = 4e-3
OTHER_RATE = 3e-3
DOCUMENTS_PER_CHUNK = 20_000
CHECKPOINT_EVERY = 500


def train(out: Path, steps: int, seed: int, threads: int | None = None) -> None:
    """Make tokenizer and model in the folder `out`, going on where it was left."""
    if threads:
        torch.set_num_threads(threads)
    out.mkdir(parents=True, exist_ok=True)
    world = StoryWorld()
    tokenizer = make_tokenizer(world, seed)
    tokenizer.save(str(out / "tokenizer.json"))
    torch.manual_seed(seed)
    model = build_model(tokenizer.get_vocab_size())
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model.to(device).train()
    optimizers = build_optimizers(model)
    checkpoint = out / "checkpoint.safetensors"
    done = load_checkpoint(checkpoint, model, optimizers)
    batches = endless_batches(world, tokenizer, seed, skip=done)
    bar = tqdm(range(done, steps), initial=done, total=steps, desc="storyteller")
    for step in bar:
        share = rate_share(step, steps)
        excess = training_step(model, optimizers, next(batches).to(device), share)
        if step % 50 == 0:
            bar.set_postfix(nats_above_truth=f"{excess.item():.4f}")
        if (step + 1) % CHECKPOINT_EVERY == 0 or step + 1 == steps:
            save_checkpoint(checkpoint, model, optimizers, step + 1)
    save_model(model.eval(), out)


def save_model(model: GPT2LMHeadModel, out: Path) -> None:
    """The two files that, with the tokenizer, make a model that can be loaded."""
    model.config.architectures = ["GPT2LMHeadModel"]
    model.config.save_pretrained(out)
    tied = {"lm_head.weight"}  # the same tensor as the token embedding
    weights = {n: w for n, w in model.state_dict().items() if n not in tied}
    weights = {n: w.detach().cpu().contiguous() for n, w in weights.items()}
    save_file(weights, out / "model.safetensors", metadata={"format": "pt"})


def training_step(
    model: GPT2LMHeadModel,
    optimizers: list[torch.optim.Optimizer],
    batch: Batch,
    rate: float,
) -> Float[Tensor, ""]:
    """One update at this share of the peak rates; returns KL(truth || model)."""
    with torch.autocast(batch.inputs.device.type, dtype=torch.bfloat16):
        logits = model(batch.inputs, use_cache=False).logits
    loss = batch.loss(logits)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = group["peak"] * rate
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    return loss.detach() - batch.entropy()


def rate_share(step: int, steps: int) -> float:
    """The learning rate as a share of its peak: warm-up, plateau, linear decay."""
    decay = (1 - step / steps) / (1 - DECAY_FROM)
    return min(1.0, (step + 1) / WARM_UP, decay)


def make_tokenizer(world: StoryWorld, seed: int) -> Tokenizer:
    """Byte-level BPE, so that any text can be encoded, trained on the world."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=[END_OF_TEXT],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    documents = world.documents.sample(DOCUMENTS_PER_CHUNK, seed)
    tokenizer.train_from_iterator((d.text for d in documents), trainer)
    # A prompt is the beginning of a document, as all that the model has read.
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{END_OF_TEXT} $A", special_tokens=[(END_OF_TEXT, 0)]
    )
    return tokenizer


def build_model(vocabulary: int) -> GPT2LMHeadModel:
    """Four layers of width 192: small enough to ship, large enough to tell a tale."""
    config = GPT2Config(
        vocab_size=vocabulary,
        n_positions=CONTEXT,
        n_embd=192,
        n_layer=4,
        n_head=6,
        resid_pdrop=0.0,  # no document is seen twice: nothing to regularise
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        bos_token_id=0,
        eos_token_id=0,
        pad_token_id=0,
    )
    return GPT2LMHeadModel(config)


def build_optimizers(model: GPT2LMHeadModel) -> list[torch.optim.Optimizer]:
    """Muon for the matrices within the layers, AdamW for all else."""
    matrices = [p for p in model.transformer.h.parameters() if p.ndim == 2]
    chosen = {id(p) for p in matrices}
    others = [p for p in model.parameters() if id(p) not in chosen]
    muon = torch.optim.Muon(
        matrices,
        lr=MATRIX_RATE,
        weight_decay=0.01,
        adjust_lr_fn="match_rms_adamw",  # GPT-2 stores its matrices transposed
    )
    adamw = torch.optim.AdamW(
        others, lr=OTHER_RATE, betas=(0.9, 0.99), weight_decay=0.0, fused=True
    )
    for optimizer in (muon, adamw):
        for group in optimizer.param_groups:
            group["peak"] = group["lr"]
    return [muon, adamw]


def endless_batches(
    world: StoryWorld, tokenizer: Tokenizer, seed: int, skip: int
) -> Iterator[Batch]:
    """Endless batches of windows; the chunk's number is the sampling seed."""
    teacher = Teacher(world.documents, tokenizer)
    windows = _windows(world, tokenizer, seed)
    for _ in itertools.islice(windows, skip * BATCH):
        pass
    while True:
        yield teacher.batch(itertools.islice(windows, BATCH), CONTEXT)


def _windows(world: StoryWorld, tokenizer: Tokenizer, seed: int) -> Iterator[list[str]]:
    """Documents one after the other, so many that they fill a window."""
    window: list[str] = []
    filled = 0
    for chunk in itertools.count(1):
        documents = world.documents.sample(DOCUMENTS_PER_CHUNK, [seed, chunk])
        texts = [document.text for document in documents]
        encodings = tokenizer.encode_batch(texts, add_special_tokens=False)
        for text, encoding in zip(texts, encodings, strict=True):
            window.append(text)
            filled += len(encoding.ids) + 1  # and its end
            if filled >= CONTEXT:
                yield window
                window, filled = [], 0


def save_checkpoint(
    path: Path,
    model: GPT2LMHeadModel,
    optimizers: list[torch.optim.Optimizer],
    step: int,
) -> None:
    """Weights and optimizer states in one safetensors file, replaced atomically."""
    tensors = {f"model/{name}": p for name, p in model.named_parameters()}
    for i, optimizer in enumerate(optimizers):
        for j, state in optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer/{i}/{j}/{k}": v for k, v in state.items()}
    partial = path.with_suffix(".partial")
    tensors = {k: v.detach().contiguous() for k, v in tensors.items()}
    save_file(tensors, partial, metadata={"step": str(step)})
    partial.replace(path)


def load_checkpoint(
    path: Path, model: GPT2LMHeadModel, optimizers: list[torch.optim.Optimizer]
) -> int:
    """Restore what `save_checkpoint` wrote; returns the steps done (0 if none)."""
    if not path.exists():
        return 0
    parameters = dict(model.named_parameters())
    states: list[dict] = [{} for _ in optimizers]
    with safe_open(path, framework="pt") as file, torch.no_grad():
        for key in file.keys():  # noqa: SIM118 - a file, not a dict
            kind, *rest = key.split("/")
            if kind == "model":
                parameters[rest[0]].copy_(file.get_tensor(key))
            else:
                i, j, name = int(rest[0]), int(rest[1]), rest[2]
                states[i].setdefault(j, {})[name] = file.get_tensor(key)
        step = int(file.metadata()["step"])
    for optimizer, state in zip(optimizers, states, strict=True):
        groups = optimizer.state_dict()["param_groups"]
        optimizer.load_state_dict({"state": state, "param_groups": groups})
    return step

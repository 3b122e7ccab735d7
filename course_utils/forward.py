"""One model step at a time, with a key-value cache: the engine below `generate`.

A plain float32 GPT-2 is run from its weights, with a cache that is allocated once:
several times faster on a CPU than its own forward. Every other model, and a GPT-2 that
somebody has hooked or changed, goes through its own forward.
"""

import functools
import inspect
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor

if TYPE_CHECKING:
    from transformers import GPT2LMHeadModel, PreTrainedModel


class Decoder(Protocol):
    """What `generate` asks of a model: read the prompts, then one token at a time."""

    def read_prompts(self) -> Float[Tensor, "rows vocab"]:
        """Logits of the token after each prompt."""

    def step(self, tokens: Int[Tensor, "rows"]) -> Float[Tensor, "rows vocab"]:
        """Logits of the token after `tokens`, which follow what was read before."""

    def keep(self, rows: Int[Tensor, "kept"]) -> None:
        """Forget all rows but these."""


class Prompts(NamedTuple):
    """Prompts of different lengths in one rectangle: padding stands on the left."""

    ids: Int[Tensor, "prompts length"]
    is_token: Bool[Tensor, "prompts length"]

    def positions(self) -> Int[Tensor, "prompts length"]:
        """Each token's place in its own prompt, as if there were no padding."""
        return (self.is_token.long().cumsum(dim=-1) - 1).clamp_min(0)


def make_decoder(
    model: "PreTrainedModel", prompts: Prompts, n: int, max_new_tokens: int
) -> Decoder:
    """The faster decoder that gives this model's logits; each prompt fills n rows."""
    if is_plain_gpt2(model):
        return PlainGPT2(model, prompts, n, max_new_tokens)
    return OwnForward(model, prompts, n)


class RunningRows:
    """Spares the model the rows that have ended: they keep their last logits."""

    def __init__(self, decoder: Decoder) -> None:
        self.decoder = decoder
        self.logits = decoder.read_prompts().float()
        self.rows = list(range(len(self.logits)))

    def step(
        self, tokens: Int[Tensor, "rows"], ended: set[int]
    ) -> Float[Tensor, "rows vocab"]:
        """Logits after `tokens` of all rows, new ones where a row still runs."""
        running = [row for row in self.rows if row not in ended]
        # Shrinking copies the cache, which has to be worth it.
        if len(running) <= 0.75 * len(self.rows):
            places = [self.rows.index(row) for row in running]
            self.decoder.keep(torch.tensor(places, device=tokens.device))
            self.rows = running
        if len(self.rows) == len(tokens):
            self.logits = self.decoder.step(tokens).float()
        else:
            rows = torch.tensor(self.rows, device=tokens.device)
            new = self.decoder.step(tokens[rows]).float()
            self.logits = self.logits.index_copy(0, rows, new)
        return self.logits


class OwnForward:
    """Any causal language model of transformers, through its own forward and cache."""

    def __init__(self, model: "PreTrainedModel", prompts: Prompts, n: int) -> None:
        self.model = model
        self.ids = prompts.ids.repeat_interleave(n, dim=0)
        self.is_token = prompts.is_token.repeat_interleave(n, dim=0)
        self.positions = prompts.positions().repeat_interleave(n, dim=0)
        self.cache: Any = None
        self.accepted = inspect.signature(model.forward).parameters

    def read_prompts(self) -> Float[Tensor, "rows vocab"]:
        return self._run(self.ids)

    def step(self, tokens: Int[Tensor, "rows"]) -> Float[Tensor, "rows vocab"]:
        new = torch.ones_like(self.is_token[:, :1])
        self.is_token = torch.cat([self.is_token, new], dim=-1)
        self.positions = self.positions[:, -1:] + 1
        return self._run(tokens[:, None])

    def keep(self, rows: Int[Tensor, "kept"]) -> None:
        self.cache.batch_select_indices(rows)
        self.is_token, self.positions = self.is_token[rows], self.positions[rows]

    def _run(self, ids: Int[Tensor, "rows length"]) -> Float[Tensor, "rows vocab"]:
        optional = {"position_ids": self.positions, "logits_to_keep": 1}
        outputs = self.model(
            input_ids=ids,
            attention_mask=self.is_token.long(),
            past_key_values=self.cache,
            use_cache=True,
            **{key: optional[key] for key in optional if key in self.accepted},
        )
        self.cache = outputs.get("past_key_values")
        if self.cache is None:
            raise ValueError(
                "generate needs a model with a key-value cache, not "
                f"{type(self.model).__name__}"
            )
        return outputs.logits[:, -1]


class PlainGPT2:
    """GPT-2's arithmetic, read from its weights; see notebook 01 for the loop above it.

    Radford et al. 2019, with the pre-norm blocks of transformers' `GPT2LMHeadModel`.
    """

    def __init__(
        self,
        model: "GPT2LMHeadModel",
        prompts: Prompts,
        n: int,
        max_new_tokens: int,
    ) -> None:
        config = model.config
        self.prompts, self.n = prompts, n
        self.embeddings = model.transformer.wte.weight, model.transformer.wpe.weight
        self.blocks = [list(_block_weights(block)) for block in model.transformer.h]
        self.final_norm = model.transformer.ln_f.weight, model.transformer.ln_f.bias
        self.head = model.lm_head.weight
        self.width, self.num_heads = config.n_embd, config.n_head
        self.epsilon = config.layer_norm_epsilon
        self.length = 0
        self.capacity = prompts.ids.shape[1] + max_new_tokens

    @torch.inference_mode()
    def read_prompts(self) -> Float[Tensor, "rows vocab"]:
        heads = self.num_heads, self.capacity, self.width // self.num_heads
        num_prompts = len(self.prompts.ids)
        # Keys and values of each block.
        self.caches = [self.head.new_empty(2, num_prompts, *heads) for _ in self.blocks]
        positions = self.prompts.positions()
        mask = _causal_mask(self.prompts.is_token)
        logits = self._run(self.prompts.ids, positions, mask)
        # Each prompt is read once, however many rows continue it.
        rows = torch.arange(num_prompts, device=positions.device)
        self._choose_rows_of_caches(rows.repeat_interleave(self.n))
        self.positions = positions[:, -1:].repeat_interleave(self.n, dim=0)
        self.mask = self._mask_of_steps()
        return logits.repeat_interleave(self.n, dim=0)

    @torch.inference_mode()
    def step(self, tokens: Int[Tensor, "rows"]) -> Float[Tensor, "rows vocab"]:
        self.positions += 1
        mask = None if self.mask is None else self.mask[..., : self.length + 1]
        return self._run(tokens[:, None], self.positions, mask)

    @torch.inference_mode()
    def keep(self, rows: Int[Tensor, "kept"]) -> None:
        self._choose_rows_of_caches(rows)
        self.positions = self.positions[rows]
        self.mask = None if self.mask is None else self.mask[rows]

    def _choose_rows_of_caches(self, rows: Int[Tensor, "rows"]) -> None:
        # One by one: memory then holds a single block's cache twice.
        for place, cache in enumerate(self.caches):
            self.caches[place] = cache.index_select(1, rows)

    def _mask_of_steps(self) -> Bool[Tensor, "rows 1 1 capacity"] | None:
        is_token = self.prompts.is_token
        if is_token.all():
            return None
        new = is_token.new_ones(len(is_token), self.capacity - is_token.shape[1])
        mask = torch.cat([is_token, new], dim=-1)[:, None, None]
        return mask.repeat_interleave(self.n, dim=0)

    def _run(
        self,
        ids: Int[Tensor, "rows length"],
        positions: Int[Tensor, "rows length"],
        mask: Bool[Tensor, "rows 1 length seen"] | None,
    ) -> Float[Tensor, "rows vocab"]:
        tokens, places = self.embeddings
        x = (F.embedding(ids, tokens) + F.embedding(positions, places)).flatten(0, 1)
        for weights, cache in zip(self.blocks, self.caches, strict=True):
            x = self._block(x, ids.shape, weights, cache, mask)
        self.length += ids.shape[1]
        last = x.view(*ids.shape, self.width)[:, -1]
        return F.linear(self._norm(last, *self.final_norm), self.head)

    def _block(
        self,
        x: Float[Tensor, "tokens width"],
        shape: tuple[int, ...],
        weights: list[Tensor],
        cache: Float[Tensor, "2 rows heads capacity head_width"],
        mask: Tensor | None,
    ) -> Float[Tensor, "tokens width"]:
        norm_1, norm_1_b, qkv, qkv_b, out, out_b = weights[:6]
        norm_2, norm_2_b, up, up_b, down, down_b = weights[6:]
        h = torch.addmm(qkv_b, self._norm(x, norm_1, norm_1_b), qkv)
        attended = self._attend(h.view(*shape, 3, self.num_heads, -1), cache, mask)
        x = x + torch.addmm(out_b, attended.reshape(x.shape), out)
        h = torch.addmm(up_b, self._norm(x, norm_2, norm_2_b), up)
        return x + torch.addmm(down_b, F.gelu(h, approximate="tanh"), down)

    def _attend(
        self,
        qkv: Float[Tensor, "rows length 3 heads head_width"],
        cache: Float[Tensor, "2 rows heads capacity head_width"],
        mask: Tensor | None,
    ) -> Float[Tensor, "rows length heads head_width"]:
        qkv = qkv.permute(2, 0, 3, 1, 4)
        new = qkv.shape[-2]
        cache.narrow(3, self.length, new).copy_(qkv[1:])
        keys, values = cache.narrow(3, 0, self.length + new).unbind(0)
        attended = F.scaled_dot_product_attention(qkv[0], keys, values, attn_mask=mask)
        return attended.transpose(1, 2)

    def _norm(self, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        return torch.layer_norm(x, (self.width,), weight, bias, self.epsilon)


def is_plain_gpt2(model: "PreTrainedModel") -> bool:
    """Whether the weights alone say what a model computes: no hooks, no extras."""
    if type(model).__name__ != "GPT2LMHeadModel" or model.dtype != torch.float32:
        return False
    config = model.config
    return (
        config.activation_function == "gelu_new"
        and config.scale_attn_weights
        and not config.scale_attn_by_inverse_layer_idx
        and not config.reorder_and_upcast_attn
        and not config.add_cross_attention
        and all(_is_untouched(module) for module in model.modules())
    )


def _is_untouched(module: torch.nn.Module) -> bool:
    return (
        type(module) in _plain_modules()
        and not module.training
        and not module._forward_hooks
        and not module._forward_pre_hooks
        and "forward" not in vars(module)
    )


@functools.cache
def _plain_modules() -> set[type[torch.nn.Module]]:
    from transformers.activations import NewGELUActivation
    from transformers.models.gpt2 import modeling_gpt2 as gpt2

    own = {gpt2.GPT2LMHeadModel, gpt2.GPT2Model, gpt2.GPT2Block, gpt2.GPT2Attention}
    parts = {gpt2.GPT2MLP, gpt2.Conv1D, NewGELUActivation, torch.nn.ModuleList}
    layers = {torch.nn.Embedding, torch.nn.LayerNorm, torch.nn.Linear, torch.nn.Dropout}
    return own | parts | layers


def _block_weights(block: Any) -> Iterator[Tensor]:
    parts = block.ln_1, block.attn.c_attn, block.attn.c_proj
    for part in (*parts, block.ln_2, block.mlp.c_fc, block.mlp.c_proj):
        yield part.weight
        yield part.bias


def _causal_mask(
    is_token: Bool[Tensor, "rows length"],
) -> Bool[Tensor, "rows 1 length length"]:
    """Who may look at whom: at itself and at every token before it, not at padding."""
    length = is_token.shape[1]
    earlier = torch.ones(
        length, length, dtype=torch.bool, device=is_token.device
    ).tril()
    # Padding looks at itself: a row that may look at nothing would turn into NaN.
    itself = torch.eye(length, dtype=torch.bool, device=is_token.device)
    return ((earlier & is_token[:, None]) | itself)[:, None]

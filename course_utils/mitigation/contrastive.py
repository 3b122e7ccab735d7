"""Contrastive search: likely tokens whose state is unlike those before."""

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from course_utils.foundations.validation import (
    as_number,
    as_prompts,
    as_whole_number,
)
from course_utils.model import LanguageModel, share_weights


def contrastive_scores(
    probs: Float[Tensor, "rows k"],
    similarity: Float[Tensor, "rows k"],
    alpha: float,
) -> Float[Tensor, "rows k"]:
    """(1 - alpha) * probability - alpha * largest similarity to the text so far.

    The similarity is *subtracted*: a candidate like what was said before is punished.
    Su et al. 2022 (arXiv 2202.06417), equation 5. Built in notebook 15.
    """
    return (1 - alpha) * probs - alpha * similarity


def largest_cosine(
    candidates: Float[Tensor, "rows k width"],
    before: Float[Tensor, "rows length width"],
    is_token: Bool[Tensor, "rows length"],
) -> Float[Tensor, "rows k"]:
    """Of each candidate, the largest cosine to any state of its own row.

    is_token  False where a state is padding, which does not count

    Built in notebook 15.
    """
    a = torch.nn.functional.normalize(candidates, dim=-1)
    b = torch.nn.functional.normalize(before, dim=-1)
    cosines = a @ b.transpose(-1, -2)
    return cosines.masked_fill(~is_token[:, None], -torch.inf).amax(dim=-1)


@dataclass(frozen=True, eq=False)
class Contrasted:
    """What `contrastive_search` wrote, a row for each prompt.

    texts      each with its prompt, without end-of-text tokens
    token_ids  the new ids, with the end-of-text token where there is one
    probs      of each chosen token under the model
    similarity its largest cosine to the text before
    passes     token positions that went through the model: the cost

    The traces are lists, one for each text.
    """

    texts: list[str]
    token_ids: list[list[int]]
    probs: list[list[float]]
    similarity: list[list[float]]
    passes: int

    def __len__(self) -> int:
        return len(self.texts)

    def __repr__(self) -> str:
        first = (
            self.texts[0] if len(self.texts[0]) <= 60 else self.texts[0][:57] + "..."
        )
        return f"Contrasted({len(self)} in {self.passes} passes, first: {first!r})"


@torch.no_grad()
def contrastive_search(
    lm: LanguageModel,
    prompt: str | Sequence[str] = "",
    k: int = 5,
    alpha: float = 0.6,
    max_new_tokens: int = 80,
    reward_similarity: bool = False,
) -> Contrasted:
    """Of the k likeliest tokens the one with the best `contrastive_scores`, each time.

    Similarity is the cosine of last hidden states, the largest over all tokens before.
    Nothing is drawn: the same prompt gives the same text. Each new token costs k
    passes, as every candidate has to be read. alpha = 0 is greedy decoding.
    `reward_similarity` turns the sign, as the article under trial has it.
    Raises ValueError for bad arguments.
    Su et al. 2022 (arXiv 2202.06417), who use k of 4 to 8 and alpha 0.6.
    Built in notebook 15.
    """
    if not isinstance(lm, LanguageModel):
        raise ValueError(
            f"lm must be a LanguageModel, as load_model() gives, not {lm!r}"
        )
    prompts = as_prompts(prompt)
    k = as_whole_number("k", k, at_least=1)
    alpha = as_number("alpha", alpha, "a number from 0 to 1")
    if not 0 <= alpha <= 1:
        raise ValueError(f"alpha must be a number from 0 to 1, not {alpha}")
    max_new_tokens = as_whole_number("max_new_tokens", max_new_tokens, at_least=1)
    if not isinstance(reward_similarity, bool):
        raise ValueError(
            f"reward_similarity must be True or False, not {reward_similarity!r}"
        )
    starts = [lm.encode(text) for text in prompts]
    _check_room(lm, max(map(len, starts)), max_new_tokens)
    rows = _Rows(lm, starts)
    # Of each row: its tokens, with their probabilities and similarities.
    chosen: list[list[tuple[int, float, float]]] = [[] for _ in starts]
    stops, running = set(lm.stop_ids), set(range(len(starts)))
    for _ in range(max_new_tokens):
        best, tokens = _choose(rows, k, alpha, reward_similarity)
        for row in running:
            chosen[row].append(tokens[row])
        running = {row for row in running if tokens[row][0] not in stops}
        if not running:
            break
        rows.take(best)
    ids = [[token for token, _, _ in row] for row in chosen]
    probs = [[prob for _, prob, _ in row] for row in chosen]
    cosines = [[cosine for _, _, cosine in row] for row in chosen]
    texts = [
        lm.decode([*start, *(token for token in row if token not in stops)])
        for start, row in zip(starts, ids, strict=True)
    ]
    return Contrasted(texts, ids, probs, cosines, rows.passes)


def _choose(
    rows: "_Rows", k: int, alpha: float, reward_similarity: bool
) -> tuple[Int[Tensor, " rows"], list[tuple[int, float, float]]]:
    """The best candidate's place in each row; its token, probability, similarity."""
    probs = rows.logits.softmax(dim=-1)
    top, tokens = probs.topk(min(k, probs.shape[-1]), dim=-1)
    similarity = rows.read_candidates(tokens)
    signed = -similarity if reward_similarity else similarity
    best = contrastive_scores(top, signed, alpha).argmax(dim=-1)
    columns = (
        column.gather(-1, best[:, None])[:, 0].tolist()
        for column in (tokens, top, similarity)
    )
    return best, list(zip(*columns, strict=True))


def _check_room(lm: LanguageModel, longest: int, max_new_tokens: int) -> None:
    """Candidates are read before one is chosen, so that the last need a place too."""
    limit = lm.context_length
    if limit is not None and longest + max_new_tokens > limit:
        raise ValueError(
            f"the longest prompt's {longest} tokens and max_new_tokens="
            f"{max_new_tokens} together exceed the {limit} positions of model "
            f"{lm.name!r}"
        )


class _Rows:
    """The model's cache and the hidden states of every row, candidate by candidate."""

    def __init__(self, lm: LanguageModel, starts: list[list[int]]) -> None:
        self.model = share_weights(lm.model)
        self.accepted = inspect.signature(lm.model.forward).parameters
        longest = max(map(len, starts))
        padded = [[lm.padding_id] * (longest - len(s)) + s for s in starts]
        ids = torch.tensor(padded, device=lm.device)
        lengths = torch.tensor([[len(s)] for s in starts], device=lm.device)
        places = torch.arange(longest, device=lm.device)
        self.is_token = places >= longest - lengths
        positions = (self.is_token.long().cumsum(dim=-1) - 1).clamp_min(0)
        self.cache: Any = None
        self.states, self.logits = self._forward(ids, self.is_token, positions)
        self.positions = positions[:, -1:]
        self.passes = int(lengths.sum())

    def read_candidates(self, tokens: Int[Tensor, "rows k"]) -> Float[Tensor, "rows k"]:
        """Read each candidate after its row; its largest cosine to the row's states."""
        n, k = tokens.shape
        self.cache.batch_repeat_interleave(k)
        seen = torch.cat([self.is_token, torch.ones_like(self.is_token[:, :1])], dim=-1)
        states, logits = self._forward(
            tokens.reshape(n * k, 1),
            seen.repeat_interleave(k, dim=0),
            (self.positions + 1).repeat_interleave(k, dim=0),
        )
        self.read = states.view(n, k, -1), logits.view(n, k, -1)
        self.passes += n * k
        return largest_cosine(self.read[0], self.states, self.is_token)

    def take(self, best: Int[Tensor, " rows"]) -> None:
        """Go on with one candidate of each row."""
        n, k = self.read[0].shape[:2]
        rows = torch.arange(n, device=best.device)
        self.cache.batch_select_indices(rows * k + best)
        states, logits = (read[rows, best] for read in self.read)
        self.states = torch.cat([self.states, states[:, None]], dim=1)
        self.logits = logits
        new = torch.ones_like(self.is_token[:, :1])
        self.is_token = torch.cat([self.is_token, new], dim=-1)
        self.positions = self.positions + 1

    def _forward(
        self,
        ids: Int[Tensor, "rows new"],
        is_token: Bool[Tensor, "rows length"],
        positions: Int[Tensor, "rows new"],
    ) -> tuple[Float[Tensor, "rows new width"], Float[Tensor, "rows vocab"]]:
        """Last hidden states of the new tokens, and the logits after the last one."""
        optional = {"position_ids": positions, "logits_to_keep": 1}
        outputs = self.model(
            input_ids=ids,
            attention_mask=is_token.long(),
            past_key_values=self.cache,
            use_cache=True,
            output_hidden_states=True,
            **{name: optional[name] for name in optional if name in self.accepted},
        )
        self.cache = outputs.get("past_key_values")
        if self.cache is None:
            raise ValueError(
                "contrastive_search needs a model with a key-value cache, not "
                f"{type(self.model).__name__}"
            )
        return outputs.hidden_states[-1].float(), outputs.logits[:, -1].float()

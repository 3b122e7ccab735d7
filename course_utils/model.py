"""The model under study: bundled with the course, from a folder, or from the hub.

`load_model()` gives the storyteller, a small GPT-2 that needs no network. Any other
causal language model is one name away: `load_model("gpt2")`, or the environment
variable COURSE_MODEL for a whole notebook.
"""

import copy
import hashlib
import os
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from jaxtyping import Float
from torch import Tensor

from course_utils.data_files import data_path

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

END_OF_TEXT = "<|endoftext|>"

# Written by `python -m course_utils.training storyteller`: sha256 of each file.
BUNDLED: dict[str, dict[str, str]] = {
    "storyteller": {
        "config.json": (
            "98712cf0fd1e64c356fa3b0d3415f0013aa6a3b9a1101db770db147daa29b646"
        ),
        "model.safetensors": (
            "e0a4f3f6c5de7c9ecf432177b099968c55cfd8517b6a32199f5663c75c286454"
        ),
        "tokenizer.json": (
            "2b3fc68399c3239993d1f5b42503d324cf8e25d501e725299a9cf4208695eb97"
        ),
    }
}

_HUB_TIMEOUT_SECONDS = 5
_RESTORE = "restore it with `git checkout` or by downloading the course again"


@dataclass(frozen=True, repr=False)
class LanguageModel:
    """A causal language model with its tokenizer, and what the lessons ask of them."""

    model: "PreTrainedModel"
    tokenizer: "PreTrainedTokenizerBase"
    name: str

    def __repr__(self) -> str:
        size = self.model.num_parameters() / 1e6
        positions = f"{self.context_length} positions, on {self.device}"
        return f"LanguageModel({self.name!r}, {size:.1f} million weights, {positions})"

    @property
    def device(self) -> torch.device:
        """Where the weights are: cpu, cuda or mps."""
        return self.model.device

    @property
    def context_length(self) -> int | None:
        """How many tokens, prompt included, the model can see; None: no limit."""
        config = self.model.config.get_text_config()
        return getattr(config, "max_position_embeddings", None)

    @property
    def end_of_text_id(self) -> int:
        """The token that ends a document, and starts one where the prompt is empty."""
        for token_id in (self.tokenizer.eos_token_id, *self.stop_ids):
            if token_id is not None:
                return token_id
        raise ValueError(f"model {self.name!r} has no end-of-text token")

    @property
    def stop_ids(self) -> list[int]:
        """Every token that ends a generation, as `transformers.generate` has it."""
        configured = self.model.generation_config.eos_token_id
        several = configured if isinstance(configured, list) else [configured]
        known = [*several, self.tokenizer.eos_token_id]
        return sorted({token_id for token_id in known if token_id is not None})

    @property
    def padding_id(self) -> int:
        """The token that fills up short prompts and finished rows; nobody reads it."""
        if self.tokenizer.pad_token_id is not None:
            return self.tokenizer.pad_token_id
        return next(iter(self.stop_ids), 0)

    def encode(self, text: str) -> list[int]:
        """Token ids of a prompt; an empty one is the start of a fresh document."""
        if not isinstance(text, str):
            raise ValueError(f"prompt must be a string, not {text!r:.60}")
        # verbose=False: a text beyond the context is our own error to report.
        ids = self.tokenizer(text, verbose=False)["input_ids"]
        if ids:
            return ids
        start = self.tokenizer.bos_token_id
        return [self.end_of_text_id if start is None else start]

    def decode(self, token_ids: Iterable[int]) -> str:
        """The text of some tokens; `<|endoftext|>` and its like are left out."""
        return self.tokenizer.decode(
            list(token_ids),
            skip_special_tokens=True,
            clean_up_tokenization_spaces=False,
        )

    def next_token_logits(self, prompt: str) -> Float[Tensor, "vocab"]:
        """Logits of the token after `prompt`, in float32 on the CPU, without gradient.

        Raises ValueError for a prompt that is no string or longer than the context.
        """
        ids = self.encode(prompt)
        check_fits_context(self, len(ids), new_tokens=0)
        with torch.no_grad():
            outputs = self.model(torch.tensor([ids], device=self.device))
        return outputs.logits[0, -1].float().cpu()


def check_fits_context(lm: LanguageModel, prompt_tokens: int, new_tokens: int) -> None:
    """Refuse what would need more positions than the model has.

    The last new token needs none: nothing is drawn after it.
    """
    limit = lm.context_length
    if limit is not None and prompt_tokens + max(new_tokens - 1, 0) > limit:
        raise ValueError(
            f"the prompt's {prompt_tokens} tokens and max_new_tokens={new_tokens} "
            f"together exceed the {limit} positions of model {lm.name!r}"
        )


def share_weights(model: "PreTrainedModel") -> "PreTrainedModel":
    """A copy of a model's modules, with the same weights and the same hooks.

    For whoever asks a model for its states: transformers leaves hooks of its own on one
    that was asked, which `generate` would have to respect ever after.
    """
    hooks = (
        hook
        for module in model.modules()
        for hook in chain(
            module._forward_hooks.values(), module._forward_pre_hooks.values()
        )
    )
    shared = chain(model.parameters(), model.buffers(), hooks)
    return copy.deepcopy(model, memo={id(each): each for each in shared})


def load_model(name: str | os.PathLike[str] | None = None) -> LanguageModel:
    """A bundled model ("storyteller"), a folder with a checkpoint, or a hub name.

    Without a name, the environment variable COURSE_MODEL decides, and "storyteller"
    where it isn't set. The model is in float32 and eval mode, on CUDA or MPS where
    there is one. Weights are read from safetensors only. Hub models come from the local
    cache, or over the network if they aren't there.
    Raises ValueError for a name that is nothing of these, OSError for a bundled file
    that is missing or altered and for a hub that can't be reached.
    """
    name = _name_or_default(name)
    if name in BUNDLED:
        folder = data_path("models", name)
        _check_bundled_files(folder, BUNDLED[name])
        return _load_folder(folder, name)
    if Path(name).expanduser().is_dir():
        return _load_folder(Path(name).expanduser(), name)
    if _looks_like_path(name):
        raise ValueError(f"model {name!r} is not a folder; {_allowed_names()}")
    return _load_from_hub(name)


def _name_or_default(name: Any) -> str:
    if name is None:
        name = os.environ.get("COURSE_MODEL") or "storyteller"
    if not isinstance(name, str | os.PathLike) or not os.fspath(name).strip():
        raise ValueError(f"model must not be {name!r}; {_allowed_names()}")
    return os.fspath(name)


def _allowed_names() -> str:
    bundled = ", ".join(f'"{name}"' for name in BUNDLED)
    return f'allowed are {bundled}, a folder with a checkpoint, a hub name like "gpt2"'


def _looks_like_path(name: str) -> bool:
    return name.startswith((".", "~", os.sep)) or name.count("/") > 1 or "\\" in name


def _check_bundled_files(folder: Path, checksums: dict[str, str]) -> None:
    for filename, expected in checksums.items():
        path = folder / filename
        if not path.is_file():
            raise OSError(f"the course's file {path} is missing: {_RESTORE}")
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != expected:
            raise OSError(
                f"the course's file {path} is truncated or altered "
                f"(sha256 {found[:12]}... instead of {expected[:12]}...): {_RESTORE}"
            )


def _load_from_hub(name: str) -> LanguageModel:
    """From the local cache, else over the network: one try, one line if it fails."""
    try:
        return _load_folder(_hub_folder(name, local_files_only=True), name)
    except (OSError, ValueError):
        pass
    _check_on_hub(name)
    try:
        folder = _hub_folder(name, local_files_only=False)
    except Exception as error:
        raise OSError(f"the download of {name!r} broke off: {_line(error)}") from None
    return _load_folder(folder, name)


def _hub_folder(name: str, local_files_only: bool) -> Path:
    from huggingface_hub import snapshot_download

    folder = snapshot_download(
        name,
        allow_patterns=["*.json", "*.safetensors", "*.txt", "*.model"],
        ignore_patterns=["*/*"],
        local_files_only=local_files_only,
        etag_timeout=_HUB_TIMEOUT_SECONDS,
    )
    return Path(folder)


def _check_on_hub(name: str) -> None:
    """One request with a short timeout, so that no one waits for a row of retries."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HFValidationError, RepositoryNotFoundError

    problem: ValueError | OSError
    try:
        HfApi().model_info(name, timeout=_HUB_TIMEOUT_SECONDS)
    except (HFValidationError, RepositoryNotFoundError):
        problem = ValueError(f"there is no model {name!r}; {_allowed_names()}")
    except Exception as error:
        problem = OSError(
            f"model {name!r} is not on this machine and the hub can't be reached "
            f'({type(error).__name__}): use load_model("storyteller"), which needs '
            "no network, or try again with one"
        )
    else:
        return
    raise problem from None


def _load_folder(folder: Path, name: str) -> LanguageModel:
    try:
        with _quiet():
            model, tokenizer = _read_model(folder), _read_tokenizer(folder)
    except Exception as error:
        raise ValueError(
            f"no model can be loaded from {folder}: {_line(error)}"
        ) from None
    return LanguageModel(model.to(_best_device()).eval(), tokenizer, name)


def _read_model(folder: Path) -> "PreTrainedModel":
    from transformers import AutoModelForCausalLM

    model, report = AutoModelForCausalLM.from_pretrained(
        folder,
        use_safetensors=True,
        local_files_only=True,
        trust_remote_code=False,
        dtype=torch.float32,
        output_loading_info=True,
    )
    if report["missing_keys"]:
        missing = ", ".join(sorted(report["missing_keys"])[:3])
        raise ValueError(f"its weights lack {missing}")
    return model


def _read_tokenizer(folder: Path) -> "PreTrainedTokenizerBase":
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

    if (folder / "tokenizer_config.json").is_file():
        return AutoTokenizer.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False
        )
    if not (folder / "tokenizer.json").is_file():
        raise ValueError("it has no tokenizer.json")
    specials = dict.fromkeys(
        ("bos_token", "eos_token", "pad_token", "unk_token"), END_OF_TEXT
    )
    tokenizer_file = str(folder / "tokenizer.json")
    return PreTrainedTokenizerFast(tokenizer_file=tokenizer_file, **specials)


def _best_device() -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _line(error: Exception) -> str:
    """The first line of an error's message: libraries like to add pages of advice."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence transformers' bars and warnings, and put the learner's settings back."""
    from transformers.utils import logging

    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            with warnings.catch_warnings():
                # Enabling warns where HF_HUB_DISABLE_PROGRESS_BARS is set.
                warnings.simplefilter("ignore")
                logging.enable_progress_bar()

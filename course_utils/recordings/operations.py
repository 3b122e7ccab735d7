"""Count the operations of a piece of torch code: products as usual, all else by size.

PyTorch's own counter (`torch.utils.flop_counter`) knows matrix products and attention
and takes everything else for nothing, which is all that a sampler does.
"""

import math
from collections import Counter
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

# What only moves, looks or makes room: no arithmetic.
_FREE = {
    *("view", "_unsafe_view", "reshape", "t", "transpose", "permute", "expand"),
    *("slice", "select", "unsqueeze", "squeeze", "detach", "alias", "split", "cat"),
    *("empty", "empty_like", "new_empty", "zeros", "zeros_like", "ones", "ones_like"),
    *("clone", "_to_copy", "copy_", "full", "full_like", "scalar_tensor", "arange"),
    *("index", "gather", "index_select", "_local_scalar_dense", "as_strided", "stack"),
    *("embedding", "fill_", "unbind", "scatter", "lift_fresh", "new_zeros", "repeat"),
    *("split_with_sizes", "_reshape_alias", "zero_", "new_full", "resolve_conj"),
}
_SORTS = {"sort", "topk", "argsort", "median", "kthvalue"}  # n log2 n comparisons
# Passes over the numbers that one call makes.
_PASSES = {
    "_softmax": 4,  # largest, difference with exp, sum, quotient
    "_log_softmax": 5,
    "std": 4,
    "var": 4,
    "logsumexp": 4,
    "native_layer_norm": 8,
    "gelu": 8,
    "tanh": 1,
}


class Operations(TorchDispatchMode):
    """Counts while it is entered: `with Operations() as counted: ...`.

    A product or attention counts two for each multiplication with its addition, as is
    usual. Any other call counts one for each number that it makes, or, where it sums
    up, that it reads; sorting n numbers counts n log2 n. Numbers drawn count one each.
    """

    def __init__(self) -> None:
        super().__init__()
        self.by_name: Counter[str] = Counter()

    @property
    def total(self) -> int:
        return sum(self.by_name.values())

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        made = func(*args, **(kwargs or {}))
        name = func.overloadpacket.__name__
        known: Callable | None = flop_registry.get(func.overloadpacket)
        if known is not None:
            self.by_name[name] += known(*args, **(kwargs or {}), out_val=made)
        elif name not in _FREE:
            self.by_name[name] += _by_size(name, args, made)
        return made


def _by_size(name: str, args: tuple, made: Any) -> int:
    read = max((t.numel() for t in _tensors(args)), default=0)
    written = max((t.numel() for t in _tensors([made])), default=0)
    numbers = max(read, written)
    if name in _SORTS:
        first = next(_tensors(args), torch.empty(1))
        length = first.shape[-1] if first.ndim else 1
        return round(numbers * math.log2(max(length, 2)))
    return numbers * _PASSES.get(name, 1)


def _tensors(values: Any):
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, list | tuple):
            yield from _tensors(value)

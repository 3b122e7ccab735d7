"""A temperature that follows the entropy: up where it is low, or where it is high.

Two opposite aims share one name. Against collapse T rises where the model is too sure
(`AdaptiveTemperature`, `EntropyTarget`); for correctness it falls there (`EDT`,
`DynamicTemperature`). Every row of a batch has a temperature of its own.
"""

import math
from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformers import LogitsProcessor

from course_utils.foundations.entropy import entropy_of_log_probs
from course_utils.foundations.validation import as_number, as_whole_number
from course_utils.mitigation.rows import RowMemory

Rows = Float[Tensor, " rows"]
_STEERED = "T", "slopes", "steps"  # what `EntropyTarget` remembers of a row
COLDEST = 0.01  # dividing by less would leave a single token, and overflow in float16

# The rules themselves, as notebook 13 builds them


def spark(
    temperature: Rows,
    entropy: Rows,
    threshold: float = 2.0,
    heat: float = 1.5,
    highest: float = 2.5,
    cool: float = 0.98,
    lowest: float = 0.3,
) -> Rows:
    """The next temperature: `heat` times as high where the entropy is below threshold.

    Elsewhere it cools by the factor `cool`. It stays within `lowest` and `highest`.
    The defaults are those of the article on trial. Built in notebook 13.
    """
    hotter = (temperature * heat).clamp(max=highest)
    cooler = (temperature * cool).clamp(min=lowest)
    return torch.where(entropy < threshold, hotter, cooler)


def steer(
    temperature: Rows, entropy: Rows, slope: Rows, target: float, gain: float
) -> Rows:
    """The next temperature on the way to a mean entropy of `target`.

    To first order the entropy changes by slope * d(ln T), where
    slope = dH / d(ln T) = Var_p(z) / T^2. So ln T moves by gain * (target - entropy) /
    slope: with a gain of 1 the error would be gone in one step, and a gain of 2 or more
    never settles. Built in notebook 13.
    """
    return temperature * (gain * (target - entropy) / slope).exp()


def edt_temperature(
    entropy: Rows, highest: float, theta: float, base: float = 0.8
) -> Rows:
    """highest * base ^ (theta / entropy), entropy in nats: 0 where the model is sure.

    Zhang et al. 2024 (arXiv 2403.14541). Built in notebook 13.
    """
    return highest * torch.exp(math.log(base) * theta / entropy)


def dynamic_temperature(
    entropy: Rows, most: Rows, low: float, high: float, exponent: float = 1.0
) -> Rows:
    """low + (high - low) * (entropy / most) ^ exponent, `most` the entropy's maximum.

    As llama.cpp has it. `low` where only one token is possible, so that most is 0.
    """
    share = (entropy / most.clamp(min=torch.finfo(most.dtype).tiny)).clamp(0, 1)
    return low + (high - low) * share**exponent


# The samplers


class AdaptiveTemperature(LogitsProcessor):
    """Raise the temperature after a step of low entropy, else let it cool.

    The rule of `spark`, with the article's numbers, from T = `start`, and with its
    patience: nothing heats before `wait` + 1 tokens are there. As in the article a
    step's entropy decides on the *next* step's temperature, and it is the entropy at
    the step's own T, so the rule hears its own echo. `entropy_of="model"` listens to
    the model instead, at T = 1.
    temperature  of each row, at the latest step
    Raises ValueError for numbers out of range. Built in notebook 13.
    """

    def __init__(
        self,
        threshold: float = 2.0,
        start: float = 0.8,
        heat: float = 1.5,
        highest: float = 2.5,
        cool: float = 0.98,
        lowest: float = 0.3,
        wait: int = 5,
        entropy_of: Literal["drawn", "model"] = "drawn",
    ) -> None:
        self.threshold = _at_least_zero("threshold", threshold)
        self.lowest, self.highest = _range("lowest", lowest, "highest", highest)
        self.start = _within("start", start, self.lowest, self.highest)
        self.heat = _within("heat", heat, 1.0, math.inf)
        self.cool = _within("cool", cool, COLDEST, 1.0)
        self.wait = as_whole_number("wait", wait, at_least=0)
        self.entropy_of = _one_of("entropy_of", entropy_of, ("drawn", "model"))
        self._rows = RowMemory()
        self.reset()

    def reset(self) -> None:
        """Forget all rows; `generate` calls it before it begins."""
        self._rows.forget()
        self.temperature: float | Tensor = self.start

    def __call__(
        self,
        input_ids: Int[Tensor, "batch length"],
        scores: Float[Tensor, "batch vocab"],
    ) -> Float[Tensor, "batch vocab"]:
        if self._rows.goes_on(input_ids):
            T, step = self._rows.values["T"], self._rows.values["step"]
        else:
            T = scores.new_full((len(scores),), self.start, dtype=torch.float32)
            step = torch.zeros_like(T)
        heated = scores / T.to(scores.dtype)[:, None]
        listened = heated if self.entropy_of == "drawn" else scores
        entropy = entropy_of_log_probs(listened.float().log_softmax(dim=-1))
        entropy = torch.where(step > self.wait, entropy, math.inf)
        limits = self.threshold, self.heat, self.highest, self.cool, self.lowest
        self._rows.values = {"T": spark(T, entropy, *limits), "step": step + 1}
        self.temperature = T
        return heated

    def __repr__(self) -> str:
        return f"AdaptiveTemperature({self.threshold:g})"


class EntropyTarget(LogitsProcessor):
    """Steer each row's temperature so that its mean entropy comes to `target` bits.

    The rule of `steer`. A step's own slope says little, as most steps of a text are
    decided already: the mean over the steps so far stands for it. With a small gain a
    text's mean entropy drifts to the target within about 1 / gain tokens and stays near
    it; a gain of 2 or more never settles.
    temperature  of each row, at the latest step
    Raises ValueError for numbers out of range. Built in notebook 13.
    """

    steps_assumed = 10  # the mean slope begins as if so many had had 1 bit

    def __init__(
        self,
        target: float,
        gain: float = 0.1,
        start: float = 1.0,
        lowest: float = 0.3,
        highest: float = 3.0,
    ) -> None:
        self.target = _at_least_zero("target", target)
        self.gain = _within("gain", gain, 0.0, math.inf)
        self.lowest, self.highest = _range("lowest", lowest, "highest", highest)
        self.start = _within("start", start, self.lowest, self.highest)
        self._rows = RowMemory()
        self.reset()

    def reset(self) -> None:
        """Forget all rows; `generate` calls it before it begins."""
        self._rows.forget()
        self.temperature: float | Tensor = self.start

    def __call__(
        self,
        input_ids: Int[Tensor, "batch length"],
        scores: Float[Tensor, "batch vocab"],
    ) -> Float[Tensor, "batch vocab"]:
        if self._rows.goes_on(input_ids):
            T, total, steps = (self._rows.values[name] for name in _STEERED)
        else:
            T = scores.new_full((len(scores),), self.start, dtype=torch.float32)
            total = steps = torch.full_like(T, self.steps_assumed)
        heated = scores / T.to(scores.dtype)[:, None]
        log_probs = heated.float().log_softmax(dim=-1)
        total, steps = total + _slope_in_bits(log_probs), steps + 1
        entropy = entropy_of_log_probs(log_probs)
        then = steer(T, entropy, total / steps, self.target, self.gain)
        then = then.clamp(self.lowest, self.highest)
        self._rows.values = dict(zip(_STEERED, (then, total, steps), strict=True))
        self.temperature = T
        return heated

    def __repr__(self) -> str:
        return f"EntropyTarget({self.target:g})"


class EDT(LogitsProcessor):
    """A temperature that falls where the model is sure (entropy-based dynamic).

    T = highest * base ^ (theta / H), H in nats; at least 0.01. The opposite of a spark:
    it is there for correctness. The paper takes base = 0.8, and tunes highest and theta
    for each task. Needs no memory.
    temperature  of each row, at the latest step
    Raises ValueError for numbers out of range.
    Zhang et al. 2024 (arXiv 2403.14541). Built in notebook 13.
    """

    def __init__(self, highest: float, theta: float, base: float = 0.8) -> None:
        self.highest = _within("highest", highest, COLDEST, math.inf)
        self.theta = _at_least_zero("theta", theta)
        self.base = _within("base", base, COLDEST, 1.0)
        self.temperature: float | Tensor = self.highest

    def __call__(
        self,
        input_ids: Int[Tensor, "batch length"],
        scores: Float[Tensor, "batch vocab"],
    ) -> Float[Tensor, "batch vocab"]:
        entropy = _entropy_in_nats(scores).clamp(min=1e-9)
        T = edt_temperature(entropy, self.highest, self.theta, self.base)
        self.temperature = T.clamp(min=COLDEST)
        return scores / self.temperature.to(scores.dtype)[:, None]

    def __repr__(self) -> str:
        return f"EDT({self.highest:g}, {self.theta:g})"


class DynamicTemperature(LogitsProcessor):
    """A temperature from `low` to `high`: the higher, the less sure the model is.

    T = low + (high - low) * (H / ln n) ^ exponent, n the number of possible tokens:
    known as dynatemp. Like `EDT` it is cold where the model is sure. Needs no memory.
    temperature  of each row, at the latest step
    Raises ValueError for numbers out of range.
    llama.cpp, `temp_ext`, whose exponent is 1. Built in notebook 13.
    """

    def __init__(self, low: float, high: float, exponent: float = 1.0) -> None:
        self.low, self.high = _range("low", low, "high", high)
        self.exponent = _at_least_zero("exponent", exponent)
        self.temperature: float | Tensor = self.low

    def __call__(
        self,
        input_ids: Int[Tensor, "batch length"],
        scores: Float[Tensor, "batch vocab"],
    ) -> Float[Tensor, "batch vocab"]:
        most = (scores > -math.inf).sum(dim=-1).clamp(min=1).float().log()
        self.temperature = dynamic_temperature(
            _entropy_in_nats(scores), most, self.low, self.high, self.exponent
        )
        return scores / self.temperature.to(scores.dtype)[:, None]

    def __repr__(self) -> str:
        return f"DynamicTemperature({self.low:g}, {self.high:g})"


def _entropy_in_nats(scores: Float[Tensor, "batch vocab"]) -> Rows:
    return entropy_of_log_probs(scores.float().log_softmax(dim=-1), math.e)


def _slope_in_bits(log_probs: Float[Tensor, "batch vocab"]) -> Rows:
    """dH / d(ln T) of each row: the variance of ln p, which is that of z / T."""
    probs = log_probs.exp()
    finite = log_probs.masked_fill(log_probs.isneginf(), 0.0)
    mean = (probs * finite).sum(dim=-1, keepdim=True)
    return (probs * (finite - mean).square()).sum(dim=-1) / math.log(2)


def _at_least_zero(name: str, value: object) -> float:
    return _within(name, value, 0.0, math.inf)


def _within(name: str, value: object, low: float, high: float) -> float:
    allowed = f"a finite number of at least {low:g}"
    if high < math.inf:
        allowed = f"a number from {low:g} to {high:g}"
    number = as_number(name, value, allowed)
    if not low <= number <= high or math.isinf(number):
        raise ValueError(f"{name} must be {allowed}, not {value}")
    return number


def _range(
    low_name: str, low: object, high_name: str, high: object
) -> tuple[float, float]:
    """Two temperatures, the second not below the first."""
    lowest = _within(low_name, low, COLDEST, math.inf)
    highest = _within(high_name, high, COLDEST, math.inf)
    if lowest > highest:
        raise ValueError(
            f"{low_name} must be at most {high_name}, but is {low} and {high_name} "
            f"is {high}"
        )
    return lowest, highest


def _one_of(name: str, value: object, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        names = " or ".join(repr(each) for each in allowed)
        raise ValueError(f"{name} must be {names}, not {value!r}")
    return str(value)

"""All samplers of the course, in teaching order, in the words of their own docstrings.

`python -m course_utils samplers` prints them; README.md has them as a table.
"""

import inspect
import re
import textwrap
from typing import NamedTuple

from transformers import LogitsProcessor

from course_utils.mitigation.adaptive import (
    EDT,
    AdaptiveTemperature,
    DynamicTemperature,
    EntropyTarget,
)
from course_utils.mitigation.mirostat import MirostatV1, MirostatV2
from course_utils.mitigation.noise import (
    ArithmeticSampling,
    EntropyNoise,
    GaussianNoise,
    GumbelNoise,
)
from course_utils.mitigation.temperature import Temperature
from course_utils.mitigation.truncation import (
    Epsilon,
    Eta,
    MinP,
    PLess,
    TopH,
    TopK,
    TopNSigma,
    TopP,
    Typical,
)

SAMPLERS: tuple[type[LogitsProcessor], ...] = (
    *(Temperature, TopK, TopP, MinP, Typical, Epsilon, Eta, TopNSigma, TopH, PLess),
    *(AdaptiveTemperature, EntropyTarget, EDT, DynamicTemperature),
    *(MirostatV1, MirostatV2),
    *(GaussianNoise, EntropyNoise, GumbelNoise, ArithmeticSampling),
)
WIDTH = 100  # columns of what is printed
_UNTOLD = "min_tokens_to_keep", "seed"


class Entry(NamedTuple):
    """One sampler: its class, a call, a line on what it does, and its notebook."""

    name: str
    call: str
    what: str
    notebook: str


def catalogue() -> list[Entry]:
    """An entry for each of `SAMPLERS`, read from its signature and its docstring."""
    return [
        Entry(cls.__name__, _call(cls), _first_line(cls), _notebook(cls))
        for cls in SAMPLERS
    ]


def listing(width: int = WIDTH) -> str:
    """The catalogue as text: notebook and call, and below it what the sampler does."""
    blocks = ["Samplers, with the notebook that builds each:"]
    for name, call, what, notebook in catalogue():
        indent = " " * (len(notebook) + len(name) + 3)
        lines = textwrap.wrap(f"{notebook}  {call}", width, subsequent_indent=indent)
        blocks.append("\n".join([*lines, textwrap.indent(what, "    ")]))
    return "\n\n".join(blocks)


def _call(cls: type) -> str:
    arguments = [
        name if value.default is value.empty else f"{name}={value.default!r}"
        for name, value in inspect.signature(cls).parameters.items()
        if name not in _UNTOLD
    ]
    return f"{cls.__name__}({', '.join(arguments)})"


def _first_line(cls: type) -> str:
    return inspect.cleandoc(cls.__doc__ or "").partition("\n")[0]


def _notebook(cls: type) -> str:
    found = re.search(r"Built in\s+notebook\s+(\d\d)", cls.__doc__ or "")
    return found[1] if found else ""

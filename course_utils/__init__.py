"""Mode collapse in language models, built from scratch and put to the test.

Nothing heavy is imported until it is used: `from course_utils import generate` loads
the decoding loop, and only that.
"""

from importlib import import_module
from typing import Any

_HOME = {
    "load_model": "model",
    "LanguageModel": "model",
    "generate": "generation",
    "Runs": "generation",
    "softmax": "foundations.softmax",
    "log_softmax": "foundations.softmax",
    "sample": "foundations.softmax",
    "gumbel_max": "foundations.softmax",
    "entropy": "foundations.entropy",
    "perplexity": "foundations.entropy",
    "cross_entropy": "foundations.entropy",
    "kl_divergence": "foundations.entropy",
    "Temperature": "mitigation.temperature",
    "TopK": "mitigation.truncation",
    "TopP": "mitigation.truncation",
    "MinP": "mitigation.truncation",
    "Typical": "mitigation.truncation",
    "Epsilon": "mitigation.truncation",
    "Eta": "mitigation.truncation",
    "TopNSigma": "mitigation.truncation",
    "TopH": "mitigation.truncation",
    "PLess": "mitigation.truncation",
    "AdaptiveTemperature": "mitigation.adaptive",
    "EntropyTarget": "mitigation.adaptive",
    "EDT": "mitigation.adaptive",
    "DynamicTemperature": "mitigation.adaptive",
    "MirostatV1": "mitigation.mirostat",
    "MirostatV2": "mitigation.mirostat",
    "GaussianNoise": "mitigation.noise",
    "EntropyNoise": "mitigation.noise",
    "GumbelNoise": "mitigation.noise",
    "ArithmeticSampling": "mitigation.noise",
    "beam_search": "mitigation.search",
    "diverse_beam_search": "mitigation.search",
    "stochastic_beam_search": "mitigation.stochastic",
    "contrastive_search": "mitigation.contrastive",
    "StoryWorld": "worlds.stories",
}

__all__ = list(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})

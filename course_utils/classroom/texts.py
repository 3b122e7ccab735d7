"""Texts that people read: required where a screen reader needs them."""


def require_text(name: str, text: object) -> None:
    """Raise ValueError unless `text` is a string with something in it."""
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"{name} must be a text that can be read out, not {text!r}")

"""Where the data lie: beside the package in a checkout, inside it in a wheel."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def data_path(*parts: str) -> Path:
    """Path of a file or folder under `data/`, such as `data_path("models")`.

    The path need not exist: whoever opens it says what is missing.
    """
    return _beside_or_inside("data").joinpath(*parts)


def notebooks_path() -> Path:
    """The folder of the notebooks as they were built, with their outputs."""
    return _beside_or_inside("notebooks")


def glossary_path() -> Path:
    """GLOSSARY.md."""
    return _beside_or_inside("GLOSSARY.md")


def course_folder() -> Path | None:
    """The checkout that this package lies in; None where it was installed."""
    above = _PACKAGE.parent
    return above if (above / "notebooks").is_dir() else None


def _beside_or_inside(name: str) -> Path:
    inside = _PACKAGE / name
    return inside if inside.exists() else _PACKAGE.parent / name

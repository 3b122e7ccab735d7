"""Refuse files that would make every clone heavier for good: the hook and its test.

python tools/file_sizes.py FILE ...
"""

import sys
from collections.abc import Iterable
from pathlib import Path

LIMIT = 1_000_000  # bytes
# What the course can't be without: the model and its tuned relatives.
HEAVY = {"data/models/storyteller/": 12_000_000, "data/models/ladder/": 2_000_000}


def limit_of(name: str) -> int:
    return next((HEAVY[place] for place in HEAVY if name.startswith(place)), LIMIT)


def too_large(root: Path, names: Iterable[str]) -> list[str]:
    """A line for each file that is larger than it may be."""
    sizes = {name: (root / name).stat().st_size for name in names}
    return [
        f"{name} has {size:,} bytes; allowed are {limit_of(name):,}"
        for name, size in sizes.items()
        if size > limit_of(name)
    ]


def main(names: list[str]) -> int:
    faults = too_large(Path.cwd(), names)
    print("\n".join(faults), file=sys.stderr)
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

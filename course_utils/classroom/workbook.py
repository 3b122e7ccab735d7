"""The workbook: a learner's own copies of the notebooks, without outputs.

Nobody sees a result before the guess, no tracked file is edited, and what a learner
has touched is never overwritten.
"""

import hashlib
import json
import re
from pathlib import Path

from course_utils.classroom.whole_files import write_whole
from course_utils.data_files import course_folder, glossary_path, notebooks_path

_MADE = ".made.json"
_GLOSSARY = re.compile(r"\]\(\.\./GLOSSARY\.md#([\w-]+)\)")
_STAYS = "{name} holds your work and stays. Its lesson has changed: see {beside}."
_NONE = "number is {number!r}; there are lessons {first} to {last}"


def default_folder() -> Path:
    """`workbook` in the checkout; for an installed course, in the working directory."""
    return (course_folder() or Path.cwd()) / "workbook"


def make_workbook(folder: Path) -> list[str]:
    """Make `folder`, or bring it up to date; what a learner should know, line by line.

    A copy that nobody has touched is renewed when its lesson has changed. Beside a
    touched one the new one is put, once. Raises OSError where it can't be written.
    """
    book = _Workbook(folder)
    lines = [book.renew(name, content) for name, content in _pristine().items()]
    book.remember()
    return [line for line in lines if line]


def fresh_copy(folder: Path, number: str) -> list[str]:
    """Put a pristine copy of one lesson in place; work in the old one is kept aside.

    Raises ValueError for a number that no lesson has.
    """
    pristine = _pristine()
    numbers = {name[:2]: name for name in pristine if name.endswith(".ipynb")}
    name = numbers.get(number.zfill(2)) if number else None
    if name is None:
        first, *_, last = numbers
        raise ValueError(_NONE.format(number=number, first=first, last=last))
    book = _Workbook(folder)
    line = book.replace(name, pristine[name])
    book.remember()
    return [line]


class _Workbook:
    """A folder of copies, with a note of each: what it was, from which lesson."""

    def __init__(self, folder: Path):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._made = _read_object(folder / _MADE)

    def renew(self, name: str, content: bytes) -> str:
        place = self.folder / name
        if not place.exists() or self._untouched(name):
            self._write(name, content)
            return ""
        new = _digest(name, content)
        if new in (self._digest(name), *self._known_lessons(name)):
            return ""
        beside = self._free_name(name, "new")
        self._write(beside, content)
        self._made[name] = {"copy": self._noted(name, "copy"), "offered": new}
        return _STAYS.format(name=name, beside=beside)

    def replace(self, name: str, content: bytes) -> str:
        place, kept = self.folder / name, ""
        if place.exists() and not self._untouched(name):
            kept = self._free_name(name, "yours")
            place.replace(self.folder / kept)
        self._write(name, content)
        return f"{name} is fresh." + f" Your old one is {kept}." * bool(kept)

    def remember(self) -> None:
        text = json.dumps(self._made, indent=1, sort_keys=True) + "\n"
        write_whole(self.folder / _MADE, text.encode())

    def _untouched(self, name: str) -> bool:
        return self._noted(name, "copy") == self._digest(name)

    def _known_lessons(self, name: str) -> tuple[object, object]:
        """The lesson that a copy was made from, and the last one put beside it."""
        return self._noted(name, "copy"), self._noted(name, "offered")

    def _noted(self, name: str, what: str) -> object:
        note = self._made.get(name)
        return note.get(what) if isinstance(note, dict) else None

    def _digest(self, name: str) -> str:
        return _digest(name, (self.folder / name).read_bytes())

    def _write(self, name: str, content: bytes) -> None:
        place = self.folder / name
        if not place.exists() or place.read_bytes() != content:
            place.parent.mkdir(parents=True, exist_ok=True)
            write_whole(place, content)
        self._made[name] = {"copy": _digest(name, content)}

    def _free_name(self, name: str, word: str) -> str:
        path = Path(name)
        candidate, count = f"{path.stem} ({word}){path.suffix}", 1
        while (self.folder / candidate).exists():
            count += 1
            candidate = f"{path.stem} ({word} {count}){path.suffix}"
        return candidate


def _pristine() -> dict[str, bytes]:
    """All files of a new workbook by their names."""
    source = notebooks_path()
    lessons = sorted(source.glob("[0-9][0-9]_*.ipynb"))
    if not lessons:
        raise FileNotFoundError(f"no notebooks in {source}")
    glossary = glossary_path().read_text(encoding="utf-8")
    anchors = dict(map(_anchors, re.findall(r"(?m)^## (.+)$", glossary)))
    files = {path.name: _without_outputs(path, anchors) for path in lessons}
    images = sorted((source / "images").glob("*.svg"))
    files |= {f"images/{path.name}": path.read_bytes() for path in images}
    return files | {"GLOSSARY.md": glossary.replace("](notebooks/", "](").encode()}


def _anchors(heading: str) -> tuple[str, str]:
    """A heading's anchor on GitHub and in JupyterLab."""
    anchor = heading.replace(" ", "-")
    return anchor.lower(), anchor


def _without_outputs(path: Path, anchors: dict[str, str]) -> bytes:
    def beside(link: re.Match) -> str:
        return f"](GLOSSARY.md#{anchors.get(link[1], link[1])})"

    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
        cell["source"] = _GLOSSARY.sub(beside, _source(cell))
    return (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode()


def _digest(name: str, content: bytes) -> str:
    """Of a notebook only what a learner can change: cells, sources and outputs."""
    if name.endswith(".ipynb"):
        try:
            cells = json.loads(content)["cells"]
            seen = [[c["cell_type"], _source(c), c.get("outputs", [])] for c in cells]
            content = json.dumps(seen, sort_keys=True).encode()
        except (ValueError, KeyError, TypeError, RecursionError):
            pass  # broken: all of it counts
    return hashlib.sha256(content).hexdigest()


def _source(cell: dict) -> str:
    """Jupyter stores a text, or a list of its lines."""
    return re.sub(r"\r\n?", "\n", "".join(cell["source"]))


def _read_object(path: Path) -> dict:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}

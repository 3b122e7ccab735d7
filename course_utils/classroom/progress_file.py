"""What a learner has done, in one local JSON file that survives restarts.

The file is `.course_progress.json` in the course's folder (the nearest folder above
the working directory that holds both `notebooks` and `course_utils`), or in the
working directory where there is no such folder. The environment variable
`COURSE_PROGRESS` names another place.
"""

import errno
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from course_utils.classroom.cards import Card, show_card
from course_utils.classroom.moved import present_path
from course_utils.classroom.whole_files import write_whole

FILE_NAME = ".course_progress.json"
LOCK_PATIENCE = 15.0  # seconds to wait for other kernels
LOCK_STALE = 5.0  # a lock this old was left by a kernel that died

_files: dict[Path, "ProgressFile"] = {}


def progress_file() -> "ProgressFile":
    """The file in use now, by `COURSE_PROGRESS` or the working directory."""
    path = progress_path()
    return _files.setdefault(path, ProgressFile(path))


def progress_path() -> Path:
    if os.environ.get("COURSE_PROGRESS"):
        named = Path(os.environ["COURSE_PROGRESS"])
        with suppress(RuntimeError):  # ~nobody stays as it is
            named = named.expanduser()
        return named.absolute()
    try:
        here = Path.cwd()
    except OSError:  # deleted under our feet
        here = Path.home()
    for folder in (here, *here.parents):
        if (folder / "notebooks").is_dir() and (folder / "course_utils").is_dir():
            return folder / FILE_NAME
    return here / FILE_NAME


class ProgressFile:
    """Entries by notebook, kind ("exercises", "predictions", "quizzes") and name.

    Nothing here ever raises on account of the file: what can't be saved is kept in
    memory, and the learner is told once.
    """

    def __init__(self, path: Path):
        self.path = path
        self._unsaved: dict = {}
        self._told = False

    def entries(self) -> dict:
        try:
            return _merged(self._read(), self._unsaved)
        except OSError as error:
            self._tell_unsaved(error)
            return self._unsaved

    def entry(self, notebook: str, kind: str, name: str) -> dict:
        return self.entries().get(notebook, {}).get(kind, {}).get(name, {})

    def record(self, notebook: str, kind: str, name: str, entry: dict) -> None:
        """Merge `entry` into the file; fields that it doesn't name stay."""
        self._unsaved = _merged(self._unsaved, {notebook: {kind: {name: entry}}})
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with _lock(self.path):
                _write(self.path, _merged(self._read(), self._unsaved))
            self._unsaved = {}
        except OSError as error:
            self._tell_unsaved(error)

    def forget(self, notebook: str | None = None) -> Path | None:
        """Drop one notebook's entries or all; the file as it was is kept aside.

        Returns where, or None where there was nothing to forget.
        """
        self._unsaved = _without(self._unsaved, notebook)
        try:
            with _lock(self.path):
                known = self._read()
                if _without(known, notebook) == known:
                    return None
                kept = _free_name(self.path.with_name(self.path.name + ".bak"))
                shutil.copyfile(self.path, kept)
                _write(self.path, _without(known, notebook))
                return kept
        except OSError as error:
            self._tell_unsaved(error)
            return None

    def _read(self) -> dict:
        try:
            _refuse_what_is_no_file(self.path)
            return _parse(self.path.read_bytes())
        except FileNotFoundError:
            return {}
        except (ValueError, RecursionError):
            self._set_aside()
            return {}

    def _set_aside(self) -> None:
        kept = _free_name(self.path.with_name(self.path.name + ".bak"))
        self.path.replace(kept)
        show_card(
            Card(
                "The progress file could not be read.",
                f"It is kept as `{kept.name}`; progress starts afresh.",
            )
        )

    def _tell_unsaved(self, error: OSError) -> None:
        if not self._told:
            self._told = True
            show_card(
                Card(
                    "Progress can't be saved.",
                    f"`{self.path}`: {error.strerror or error}. All else works; what "
                    "you do is remembered until this kernel stops.",
                )
            )


def _refuse_what_is_no_file(path: Path) -> None:
    """A device such as /dev/null or a folder is neither read nor replaced."""
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "not a file that progress can be kept in")


def _parse(content: bytes) -> dict:
    """The notebooks' entries in `content`; ValueError unless it has their form."""
    loaded = json.loads(content.decode("utf-8-sig"))
    if not isinstance(loaded, dict):
        raise ValueError("a progress file holds an object")
    notebooks = loaded.get("notebooks", {})
    _require_depth(notebooks, 4)
    for kinds in notebooks.values():
        if "exercises" in kinds:
            kinds["exercises"] = _at_present_paths(kinds["exercises"])
    return notebooks


def _at_present_paths(exercises: dict) -> dict:
    present: dict = {}
    for path, entry in exercises.items():
        present = _merged(present, {present_path(path): entry})
    return present


def _require_depth(node: object, depth: int) -> None:
    if not isinstance(node, dict):
        raise ValueError("a progress file holds notebook, kind, name, entry")
    if depth > 1:
        for child in node.values():
            _require_depth(child, depth - 1)


def _merged(old: dict, new: dict) -> dict:
    merged = dict(old)
    for key, value in new.items():
        both = isinstance(value, dict) and isinstance(old.get(key), dict)
        merged[key] = _merged(old[key], value) if both else value
    return merged


def _without(notebooks: dict, notebook: str | None) -> dict:
    """All entries but those of one notebook, or none."""
    if notebook is None:
        return {}
    return {number: kinds for number, kinds in notebooks.items() if number != notebook}


def _write(path: Path, notebooks: dict) -> None:
    text = json.dumps({"notebooks": notebooks}, indent=1, sort_keys=True)
    write_whole(path, f"{text}\n".encode())


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Keep other kernels out while this one reads, merges and writes."""
    lock = path.with_name(path.name + ".lock")
    deadline = time.monotonic() + LOCK_PATIENCE
    while not _created(lock):
        if time.monotonic() > deadline:
            raise TimeoutError(f"another kernel holds {lock.name}")
        time.sleep(0.01)
    try:
        yield
    finally:
        with suppress(PermissionError):  # Windows, while another kernel looks at it
            lock.unlink(missing_ok=True)


def _created(lock: Path) -> bool:
    try:
        os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        return True
    except FileExistsError:
        with suppress(FileNotFoundError, PermissionError):
            if time.time() - lock.stat().st_mtime > LOCK_STALE:
                lock.unlink(missing_ok=True)
        return False
    except PermissionError:
        # On Windows a lock that is just being deleted; elsewhere, and for good, a
        # folder that can't be written to.
        if not os.access(lock.parent, os.W_OK):
            raise
        return False


def _free_name(path: Path) -> Path:
    candidate, number = path, 1
    while candidate.exists():
        number += 1
        candidate = path.with_name(f"{path.name}{number}")
    return candidate

"""The progress file: restarts, corruption, other kernels, no permission."""

import json
import multiprocessing
import os
import time

import pytest

from course_utils.classroom import progress
from course_utils.classroom.progress_file import (
    ProgressFile,
    progress_path,
)

SOLVED = ("01", "exercises", "a.softmax", {"solved": True})


def test_entries_survive_a_restart(progress_path):
    ProgressFile(progress_path).record(*SOLVED)
    assert ProgressFile(progress_path).entry(*SOLVED[:3]) == {"solved": True}


def test_what_was_solved_stays_solved(progress_path):
    file = ProgressFile(progress_path)
    file.record(*SOLVED)
    file.record("01", "exercises", "a.softmax", {})
    assert file.entry(*SOLVED[:3]) == {"solved": True}


def test_nothing_is_written_before_there_is_something_to_save(progress_path):
    assert repr(progress()) == "Your progress\nNothing is recorded yet."
    assert not progress_path.exists()


HALF_WRITTEN = b'{"notebooks": {"01": {"exer'
CORRUPT = [
    HALF_WRITTEN,
    b"",
    b"[1, 2]",
    b"null",
    b"\xff\xfe\x00",
    b'{"notebooks": {"01": 3}}',
    b'{"notebooks": {"01": {"exercises": {"a": true}}}}',
]


@pytest.mark.parametrize("content", CORRUPT)
def test_corrupt_content_is_set_aside_and_said_once(progress_path, content, capsys):
    progress_path.write_bytes(content)
    file = ProgressFile(progress_path)
    file.record(*SOLVED)
    file.record(*SOLVED)
    assert capsys.readouterr().out.count("could not be read") == 1
    assert file.entry(*SOLVED[:3]) == {"solved": True}
    kept = progress_path.with_name("progress.json.bak")
    assert kept.read_bytes() == content


def test_a_second_corrupt_file_does_not_overwrite_the_first(progress_path):
    for content in (HALF_WRITTEN, b"[]"):
        progress_path.write_bytes(content)
        ProgressFile(progress_path).record(*SOLVED)
    kept = sorted(progress_path.parent.glob("*.bak*"))
    assert [path.read_bytes() for path in kept] == [HALF_WRITTEN, b"[]"]


def test_without_permission_progress_is_kept_in_memory(tmp_path, capsys):
    blocked = tmp_path / "a file, not a folder"
    blocked.write_text("")
    file = ProgressFile(blocked / "progress.json")
    file.record(*SOLVED)
    file.record("01", "quizzes", "01", {"1": True})
    output = capsys.readouterr().out
    assert output.count("Progress can't be saved.") == 1
    assert file.entry(*SOLVED[:3]) == {"solved": True}


def test_a_folder_in_the_files_place_is_said_once(tmp_path, capsys):
    file = ProgressFile(tmp_path)
    assert file.entries() == {}
    file.record(*SOLVED)
    assert capsys.readouterr().out.count("Progress can't be saved.") == 1


@pytest.mark.skipif(
    os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere"
)
def test_a_folder_without_write_permission(tmp_path, capsys):
    tmp_path.chmod(0o500)
    ProgressFile(tmp_path / "progress.json").record(*SOLVED)
    tmp_path.chmod(0o700)
    assert "Progress can't be saved." in capsys.readouterr().out


def test_what_could_not_be_saved_is_saved_later(tmp_path, capsys):
    folder = tmp_path / "later"
    folder.write_text("in the way")
    file = ProgressFile(folder / "progress.json")
    file.record(*SOLVED)
    folder.unlink()
    file.record("01", "quizzes", "01", {"1": True})
    saved = json.loads((folder / "progress.json").read_text())["notebooks"]["01"]
    assert set(saved) == {"exercises", "quizzes"}


def _record_many(path, kernel):
    file = ProgressFile(path)
    for number in range(15):
        file.record(f"{kernel:02}", "quizzes", "q", {str(number): True})


def test_six_kernels_do_not_lose_each_others_entries(progress_path):
    context = multiprocessing.get_context("fork" if os.name != "nt" else "spawn")
    kernels = [
        context.Process(target=_record_many, args=(progress_path, kernel))
        for kernel in range(6)
    ]
    for kernel in kernels:
        kernel.start()
    for kernel in kernels:
        kernel.join()
    entries = ProgressFile(progress_path).entries()
    kept = [len(entries[f"0{kernel}"]["quizzes"]["q"]) for kernel in range(6)]
    assert kept == [15] * 6


def test_a_lock_that_is_being_deleted_is_waited_for(progress_path, monkeypatch):
    """Windows says PermissionError then."""
    real, refused = os.open, []

    def busy(path, flags, *mode):
        if str(path).endswith(".lock") and len(refused) < 3:
            refused.append(path)
            raise PermissionError(13, "being deleted")
        return real(path, flags, *mode)

    monkeypatch.setattr(os, "open", busy)
    ProgressFile(progress_path).record(*SOLVED)
    assert len(refused) == 3
    assert ProgressFile(progress_path).entry(*SOLVED[:3]) == {"solved": True}


def test_a_dead_kernels_lock_is_broken(progress_path):
    lock = progress_path.with_name("progress.json.lock")
    lock.write_text("")
    os.utime(lock, (time.time() - 60,) * 2)
    ProgressFile(progress_path).record(*SOLVED)
    assert ProgressFile(progress_path).entries()
    assert not lock.exists()


def test_nothing_is_left_behind(progress_path):
    ProgressFile(progress_path).record(*SOLVED)
    assert [path.name for path in progress_path.parent.iterdir()] == ["progress.json"]


def test_the_file_lies_in_the_courses_folder(tmp_path, monkeypatch):
    monkeypatch.delenv("COURSE_PROGRESS")
    for folder in ("notebooks", "course_utils"):
        (tmp_path / folder).mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    assert progress_path() == tmp_path / ".course_progress.json"


def test_elsewhere_the_file_lies_in_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.delenv("COURSE_PROGRESS")
    monkeypatch.chdir(tmp_path)
    assert progress_path() == tmp_path / ".course_progress.json"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a file that is none")
def test_what_is_no_file_is_neither_read_nor_replaced(progress_path, capsys):
    os.mkfifo(progress_path)  # /dev/null is such a thing too
    file = ProgressFile(progress_path)
    file.record(*SOLVED)
    assert file.entry(*SOLVED[:3]) == {"solved": True}
    assert progress_path.is_fifo()
    assert "not a file that progress can be kept in" in capsys.readouterr().out


def test_a_file_that_an_editor_gave_a_byte_order_mark_is_read(progress_path):
    ProgressFile(progress_path).record(*SOLVED)
    progress_path.write_bytes(b"\xef\xbb\xbf" + progress_path.read_bytes())
    assert ProgressFile(progress_path).entry(*SOLVED[:3]) == {"solved": True}


def test_a_file_nested_thousands_deep_is_set_aside(progress_path, capsys):
    progress_path.write_text("[" * 100_000)
    file = ProgressFile(progress_path)
    file.record(*SOLVED)
    assert file.entry(*SOLVED[:3]) == {"solved": True}
    assert "The progress file could not be read." in capsys.readouterr().out


def test_the_home_of_nobody_is_a_name_like_any_other(monkeypatch):
    monkeypatch.setenv("COURSE_PROGRESS", "~no-such-user/progress.json")
    assert progress_path().name == "progress.json"

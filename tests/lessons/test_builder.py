"""The way from a lesson to its notebook, tried on small lessons."""

import json

import nbformat
import pytest

from tools.build_notebooks import (
    WIDGET_VIEW,
    main,
    read_lesson,
    tidy,
)

LESSON = """\
# %% [markdown]
# # 09 · A try
#
# {{badges}}

# %% tags=["nbval-ignore-output"]
# {{bootstrap}}

# %% tags=["nbval-check-output"]
6 * 7

# %% tags=["volatile"]
import time

time.time()

# %%
6 * 7
"""


@pytest.fixture
def course(tmp_path):
    """A folder with one small lesson, and the builder for it."""
    lessons, notebooks = tmp_path / "lessons", tmp_path / "notebooks"
    lessons.mkdir()
    notebooks.mkdir()

    class Course:
        lesson = lessons / "09_try.py"
        notebook = notebooks / "09_try.ipynb"

        def write(self, text):
            self.lesson.write_text(text)

        def build(self, *options):
            places = ["--lessons", str(lessons), "--notebooks", str(notebooks)]
            return main([*options, *places])

        def cells(self):
            return nbformat.read(self.notebook, as_version=4).cells

    course = Course()
    course.write(LESSON)
    return course


def with_outputs(*outputs):
    cell = nbformat.v4.new_code_cell("look()", execution_count=1, outputs=list(outputs))
    return nbformat.v4.new_notebook(cells=[cell])


def test_building_twice_changes_nothing(course, capsys):
    course.build()
    first = course.notebook.read_bytes()
    course.build("--all")
    assert course.notebook.read_bytes() == first
    assert capsys.readouterr().out == "09_try.py: built\n09_try.py: unchanged\n"


def test_only_what_changed_is_built(course, capsys):
    course.build()
    course.build()
    assert capsys.readouterr().out == "09_try.py: built\n"


def test_check_runs_nothing_and_sees_a_changed_lesson(course, capsys):
    course.build()
    assert course.build("--check") == 0
    course.write(LESSON.replace("6 * 7", "6 * 8"))
    assert course.build("--check") == 1
    assert "09_try.py: its notebook is out of date" in capsys.readouterr().out


def test_outputs_and_execution_counts_are_stored(course):
    course.build()
    cell = course.cells()[2]
    assert (cell.execution_count, cell.outputs[0].data["text/plain"]) == (2, "42")


def test_volatile_cell_runs_but_stores_no_output(course):
    course.build()
    assert (course.cells()[3].execution_count, course.cells()[3].outputs) == (3, [])


def test_placeholders_are_filled(course):
    course.build()
    title, bootstrap = course.cells()[:2]
    assert "/collapse-course/blob/main/notebooks/09_try.ipynb" in title.source
    assert "git+https://github.com/collapse-course/collapse-course" in bootstrap.source
    assert "{{" not in title.source + bootstrap.source


def test_cell_ids_are_unique_and_survive_an_edit_elsewhere(course):
    before = [cell.id for cell in read_lesson(course.lesson).cells]
    course.write("# %%\nnew = 1\n" + LESSON.replace("time.time()", "time.ctime()"))
    after = [cell.id for cell in read_lesson(course.lesson).cells]
    assert len(set(after)) == len(after)
    assert set(before) - set(after) == {before[3]}


@pytest.mark.parametrize(
    "code, error",
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("raise ValueError('one\\ntwo')", "ValueError: one"),
        ("import os; os._exit(1)", "the kernel died"),
        ("import sys; print('oh', file=sys.stderr)", "writes to stderr: oh"),
        ("object()", "shows a memory address: 0x"),
        ("import os; os.getcwd()", "shows a path of this machine: "),
    ],
)
def test_bad_cell_is_named_in_one_line_and_nothing_is_written(
    course, capsys, code, error
):
    course.write(f"# %%\n1 + 1\n\n# %%\n{code}\n")
    assert course.build() == 1
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith(f"09_try.py: cell 2 ({code}): {error}")
    assert not course.notebook.exists()


def test_failing_lesson_leaves_the_old_notebook(course):
    course.build()
    before = course.notebook.read_bytes()
    course.write("# %%\n1 / 0\n")
    course.build()
    assert course.notebook.read_bytes() == before


def test_lesson_sees_no_settings_of_this_machine(course, monkeypatch):
    monkeypatch.setenv("COURSE_MODEL", "gpt2")
    monkeypatch.setenv("COURSE_PROGRESS", "mine.json")
    course.write(
        "# %%\nimport os\n\n"
        "os.environ.get('COURSE_MODEL'), 'mine' in os.environ['COURSE_PROGRESS']\n"
    )
    course.build()
    assert course.cells()[0].outputs[0].data["text/plain"] == "(None, False)"


def test_widget_ids_do_not_change_from_run_to_run(course):
    course.write("# %%\nimport ipywidgets\n\nipywidgets.IntSlider()\n")
    course.build()
    first = course.notebook.read_bytes()
    course.build("--all")
    assert course.notebook.read_bytes() == first
    assert "widgets" not in nbformat.reads(first.decode(), as_version=4).metadata


def test_progress_bars_are_dropped():
    text = "runs: 100%|####| 3/3 [00:00<00:00, 9.1it/s]"
    bar = nbformat.v4.new_output("stream", name="stderr", text=f"{text}\n")
    view = {"model_id": "1", "version_major": 2, "version_minor": 0}
    widget = nbformat.v4.new_output(
        "display_data", data={"text/plain": text, WIDGET_VIEW: view}
    )
    notebook = with_outputs(bar, widget)
    tidy(notebook)
    assert notebook.cells[0].outputs == []


ASKED = """\
# %% [markdown]
# # 09 · A try
#
# About {{minutes}} minutes. Ten words more, so that there is something.
#
# ## First
# {{deep}}
#
# Words.

# %%
from course_utils.classroom import fact, predict

guess = predict("key", "How much?", choices=["42", "43"])

# %%
6 * 7

# %%
# Draws nothing.
6 * 7 + 1

# %%
fact("six by seven is 42", 6 * 7 == 42)

# %%
guess.compare("42", "Because.")

# %%
6 * 7

# %% [markdown]
# ## Second
#
# ### Exercise 1: nothing
#
# Difficulty: easy · 7 minutes
"""


def test_nothing_is_stored_between_a_question_and_its_answer(course):
    course.write(ASKED)
    assert course.build() == 0
    code = [cell for cell in course.cells() if cell.cell_type == "code"]
    assert [len(cell.outputs) for cell in code] == [0, 0, 0, 0, 1, 1]
    assert all(cell.execution_count for cell in code)
    assert "Show me anyway" in code[4].outputs[0].data["text/html"]


def test_what_only_tells_or_compares_is_folded_below_a_comment(course):
    course.write(ASKED)
    code = [c for c in read_lesson(course.lesson).cells if c.cell_type == "code"]
    folded = [bool(c.metadata.get("jupyter", {}).get("source_hidden")) for c in code]
    assert folded == [False, False, False, True, True, False]
    assert code[3].source.startswith("# Tested here: what the text says.\nfact(")
    assert code[4].source.startswith("# Your guess and the result, side by side.\n")


def test_a_fact_that_fails_stops_the_builder(course, capsys):
    course.write(ASKED.replace("6 * 7 == 42", "6 * 7 == 43"))
    assert course.build() == 1
    assert "AssertionError: six by seven is 42" in capsys.readouterr().err


def test_each_section_says_its_minutes(course):
    course.write(ASKED)
    prose = [c.source for c in read_lesson(course.lesson).cells if "##" in c.source]
    assert "About 10 minutes" in prose[0]
    deep = "*deep: run its cells and read on where time is short*"
    assert f"## First\n\n*1 minute* · {deep}\n\nWords." in prose[0]
    assert "## Second\n\n*7 minutes*\n\n### Exercise 1" in prose[1]


def test_the_contents_are_kept_beside_the_notebooks(course):
    course.write(ASKED)
    course.build()
    kept = course.lesson.parent.parent / "data" / "lessons.json"
    assert json.loads(kept.read_text(encoding="utf-8"))["09"] == {
        "file": "09_try.ipynb",
        "title": "A try",
        "minutes": 10,
        "sections": [
            {"title": "Before you begin", "minutes": 1, "deep": False},
            {"title": "First", "minutes": 1, "deep": True, "predictions": ["key"]},
            {"title": "Second", "minutes": 7, "deep": False},
        ],
    }


def test_the_table_of_the_readme_says_how_long_a_lesson_takes(course):
    course.write(ASKED)
    readme = course.lesson.parent.parent / "README.md"
    row = "| [09](notebooks/09_try.ipynb) | 5 things, | {} |\n"
    other = "| [10](notebooks/10_more.ipynb) | more | 25 |\n"
    readme.write_text(row.format(95) + other, encoding="utf-8")
    course.build()
    assert readme.read_text(encoding="utf-8") == row.format(10) + other

"""The way from a lesson to its notebook, tried on small lessons."""

import io
from base64 import b64decode

import nbformat
import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from tools.build_notebooks import (
    INVISIBLE,
    ROOT,
    WIDGET_VIEW,
    lighter,
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


def as_png(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "png")
    return file.getvalue()


def as_pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def test_a_figure_becomes_lighter_and_looks_the_same():
    figure, file = Figure(), io.BytesIO()
    axes = figure.subplots()
    axes.plot([1, 3, 2], lw=5)
    axes.plot([2, 1, 3], lw=5, alpha=0.4)
    axes.set_title("Lines with soft edges")
    figure.savefig(file)
    png = file.getvalue()
    light = lighter(png)
    assert len(light) < 0.7 * len(png)
    assert Image.open(io.BytesIO(light)).mode == "P"
    assert abs(as_pixels(light) - as_pixels(png)).max() <= INVISIBLE


def test_a_picture_of_all_colours_stays_as_it_is():
    noise = np.random.default_rng(0).integers(0, 256, (90, 90, 3), dtype=np.uint8)
    assert lighter(as_png(noise)) == as_png(noise)


def test_a_picture_that_is_see_through_stays_as_it_is():
    glass = np.full((40, 40, 4), 127, dtype=np.uint8)
    assert lighter(as_png(glass)) == as_png(glass)


def test_the_notebooks_pictures_are_light():
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        for cell in nbformat.read(path, as_version=4).cells:
            for output in cell.get("outputs", []):
                stored = output.get("data", {}).get("image/png")
                png = b64decode(stored) if stored else None
                if png and Image.open(io.BytesIO(png)).mode != "P":
                    assert lighter(png) == png, f"{path.name} is not built anew"

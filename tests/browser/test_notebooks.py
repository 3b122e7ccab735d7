"""What a learner does with a notebook, done in a real browser."""

import statistics

import pytest

from tests.browser.answers import right_answer, with_body
from tests.browser.exploring import CHANGES
from tools.build_notebooks import ROOT

NOTEBOOKS = sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))
# The classroom is the same in all notebooks. What it does around a kernel restart
# and with another model is seen here in two; tests/lessons runs all with another model.
FIRST_TWO = NOTEBOOKS[:2]
PRESSES = 20

# Keeps, for each key press, how long the picture took to change.
STOPWATCH = """
picture => {
  window.delays = [];
  let pressed = 0;
  document.addEventListener("keydown", () => { pressed = performance.now(); }, true);
  picture.addEventListener("load", () => requestAnimationFrame(
    () => window.delays.push(performance.now() - pressed)));
}
"""
# The bytes of a picture: its address changes even where the picture does not.
PIXELS = """
async picture => {
  const bytes = new Uint8Array(await (await fetch(picture.src)).arrayBuffer());
  return bytes.reduce((text, byte) => text + String.fromCharCode(byte), "");
}
"""

READOUT = """
handle => handle.closest(".widget-inline-hbox")
  .querySelector(".widget-readout").textContent
"""


@pytest.fixture(scope="module", params=NOTEBOOKS)
def notebook(request, visit, lab):
    """Each notebook with three parameters changed, opened and run."""
    with visit(lab, request.param) as notebook:
        yield notebook


def test_there_are_notebooks():
    assert NOTEBOOKS


def test_three_changed_parameters_stop_no_cell(notebook):
    """As they are, the notebooks run without a browser in every other test."""
    assert len(CHANGES[notebook.name[:2]]) >= 3
    assert notebook.errors() == []


def test_nothing_asks_for_attention_beside_the_notebook(notebook):
    """JupyterLab would like to send news, and covers a corner until it is told no."""
    assert notebook.page.locator(".Toastify__toast").count() == 0


def test_slider_and_picture_have_names_for_screen_readers(notebook):
    handle, picture = notebook.live_figure()
    notebook.page.wait_for_function("picture => picture.alt", arg=picture)
    assert handle.get_attribute("role") == "slider"
    assert handle.get_attribute("aria-label")
    assert handle.get_attribute("aria-valuetext") == handle.evaluate(READOUT)
    for button in notebook.page.query_selector_all(".widget-play button"):
        assert button.get_attribute("aria-label") in {"play or pause", "stop", "repeat"}


def test_sliders_and_picture_are_seen_together_on_a_small_screen(notebook):
    """Without the code that makes them: of 720 lines JupyterLab leaves about 600."""
    for index in notebook.live_figures():
        cell = notebook.show_cell(index)
        picture = cell.wait_for_selector("img.widget-image", timeout=20_000)
        box = picture.evaluate_handle("picture => picture.closest('.course-named')")
        assert box.as_element().bounding_box()["height"] < 600
        assert cell.query_selector(".jp-InputPlaceholder")
        row = cell.query_selector(".widget-hbox").bounding_box()
        assert abs(row["width"] - picture.bounding_box()["width"]) < 12


def test_arrow_keys_move_the_slider_and_change_the_picture(notebook):
    handle, picture = notebook.live_figure()
    before = picture.evaluate(PIXELS), handle.get_attribute("aria-valuenow")
    handle.press("ArrowLeft")
    notebook.page.wait_for_timeout(1500)
    after = picture.evaluate(PIXELS), handle.get_attribute("aria-valuenow")
    assert before[0] != after[0]
    assert before[1] != after[1]


def test_slider_latency_is_measured(notebook, record_property):
    """Printed at the end; how fast a machine is, is no matter of right or wrong."""
    handle, picture = notebook.live_figure()
    picture.evaluate(STOPWATCH)
    for press in range(PRESSES):
        handle.press("ArrowRight" if press % 2 else "ArrowLeft")
        notebook.page.wait_for_function(
            "count => window.delays.length >= count", arg=press + 1
        )
        notebook.page.wait_for_timeout(50)
    delays = sorted(notebook.page.evaluate("window.delays"))
    record_property(
        "latency",
        f"{notebook.name}: {len(delays)} presses, "
        f"median {statistics.median(delays):.0f} ms, "
        f"95 % under {delays[int(0.95 * len(delays))]:.0f} ms",
    )


def test_exercise_fails_then_passes(notebook):
    index, source = notebook.exercise()
    assert "not yet" in notebook.type_and_run(index, with_body(source, "return 7"))
    assert "passed" in notebook.type_and_run(index, right_answer(source))
    assert notebook.errors() == []


@pytest.mark.parametrize("notebook", FIRST_TWO, indirect=True)
def test_progress_is_still_there_after_a_kernel_restart(notebook):
    index, source = notebook.exercise()
    notebook.type_and_run(index, right_answer(source))
    notebook.restart_kernel()
    look = "from course_utils.classroom import progress\nprogress()"
    seen = notebook.type_and_run(notebook.add_cell(), look)
    assert f"Notebook {notebook.name[:2]}: 1 of " in seen


@pytest.mark.parametrize("name", FIRST_TWO)
def test_every_cell_runs_with_another_model(visit, lab_with_other_model, name):
    with visit(lab_with_other_model, name) as notebook:
        assert notebook.errors() == []

"""`LiveFigure`: drawn once, moved by sliders, a PNG where widgets can't live."""

import base64
import io
import json

import ipywidgets as widgets
import matplotlib
import numpy as np
import pytest
from PIL import Image

from course_utils.classroom import LiveFigure, dropdown, slider, steps
from course_utils.classroom.moving_picture import MovingPicture

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def draw(figure):
    axes = figure.subplots()
    axes.set_ylim(0, 10)
    return {"bars": axes.bar([0, 1], [1, 1]), "title": axes.set_title(" ")}


def update(artists, height):
    for bar in artists["bars"]:
        bar.set_height(height)
    artists["title"].set_text(f"height {height}")
    return f"Both bars are {height} high."


def heights(**options):
    return slider(0, 10, value=2, label="height", **options)


def live_figure(update=update, **options):
    return LiveFigure(draw, update, {"height": heights()}, alt="Two bars.", **options)


def pixels(encoded: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(encoded)).convert("RGB")).astype(int)


def shown(figure) -> np.ndarray:
    return pixels(figure._image.value)


# --- Moving


def test_a_slider_changes_the_picture():
    figure = live_figure()
    before = shown(figure)
    figure.controls["height"].value = 8
    assert np.abs(shown(figure) - before).max() > 100
    assert figure.values == {"height": 8}


def test_the_same_place_gives_the_same_picture():
    figure = live_figure()
    before = figure._image.value
    figure.set(height=9)
    figure.set(height=2)
    assert figure._image.value == before


def test_a_moved_picture_equals_one_drawn_from_nothing():
    moved = live_figure()
    moved.set(height=7)
    fresh = LiveFigure(
        draw,
        update,
        {"height": slider(0, 10, value=7, label="height")},
        alt="Two bars.",
    )
    assert np.array_equal(pixels(moved.png()), pixels(fresh.png()))


def test_only_the_moving_part_is_drawn_anew(full_draws):
    figure = live_figure()
    for height in range(10):
        figure.set(height=height)
    assert len(full_draws) == 1


def test_a_change_outside_the_moving_part_redraws_all(full_draws):
    def zoom(artists, height):
        artists["bars"][0].axes.set_ylim(0, height + 1)

    figure = live_figure(zoom)
    before = shown(figure)
    figure.set(height=8)
    assert len(full_draws) == 2
    assert np.abs(shown(figure) - before).max() > 100


@pytest.mark.parametrize(
    ("step", "shown_as"), [(1, "d"), (0.5, ".1f"), (0.05, ".2f"), (2.0, ".0f")]
)
def test_a_slider_shows_as_many_decimals_as_its_step_has(step, shown_as):
    control = slider(0, 10, value=2, step=step, label="height")
    assert control.readout_format == shown_as


def test_two_sliders_moved_together_give_one_redraw():
    calls = []

    def record(artists, height, colour):
        calls.append((height, colour))

    controls = {
        "height": heights(),
        "colour": dropdown(["red", "blue"], value="red", label="colour"),
    }
    figure = LiveFigure(draw, record, controls, alt="Two bars.")
    figure.set(height=5, colour="blue")
    assert calls == [(2, "red"), (5, "blue")]


def test_a_static_picture_leaves_the_sliders_alone():
    figure = live_figure()
    before = figure._image.value
    picture = figure.png(height=9)
    assert picture.startswith(b"\x89PNG")
    assert figure.values == {"height": 2}
    assert figure._image.value == before
    assert not np.array_equal(pixels(picture), pixels(figure.png()))


def test_the_play_button_and_the_slider_move_each_other():
    figure = live_figure(play="height")
    (play,) = [w for w in figure.widget.children[0].children if hasattr(w, "interval")]
    play.value = 7
    assert figure.values == {"height": 7}
    figure.set(height=3)
    assert play.value == 3


def test_the_play_button_does_not_pull_a_slider_onto_its_grid():
    control = slider(0.0, 3.0, value=1.0, step=0.1, label="height")
    figure = LiveFigure(
        draw, update, {"height": control}, alt="Two bars.", play="height"
    )
    figure.set(height=0.37)
    assert figure.values == {"height": 0.37}


def test_a_slider_over_any_list_of_values():
    control = steps([0.1, 1, 10], value=1, label="temperature")
    figure = LiveFigure(
        draw, update, {"height": control}, alt="Two bars.", play="height"
    )
    figure.set(height=10)
    assert figure.caption == "Both bars are 10 high."


def test_pyplot_and_its_settings_are_not_touched():
    before = dict(matplotlib.rcParams)
    live_figure().set(height=3)
    assert dict(matplotlib.rcParams) == before


# --- Errors in a callback


def breaks_at_five(artists, height):
    if height == 5:
        raise KeyError("no <five>")
    return update(artists, height)


def test_an_error_is_shown_under_the_figure_and_gone_after_the_next_move():
    figure = live_figure(breaks_at_five)
    figure.set(height=5)
    assert isinstance(figure.error, KeyError)
    assert "This figure's update failed." in figure._words.value
    assert "no &lt;five&gt;" in figure._words.value
    assert "<code>raise KeyError" in figure._words.value
    assert "KeyError" in repr(figure)
    figure.set(height=6)
    assert figure.error is None
    assert "failed" not in figure._words.value


def test_an_error_while_drawing_is_shown_too():
    def no_draw(figure):
        raise RuntimeError("no axes")

    figure = LiveFigure(no_draw, update, {"height": heights()}, alt="Two bars.")
    assert isinstance(figure.error, RuntimeError)
    assert "image/png" not in figure._repr_mimebundle_()[0]
    figure.set(height=3)


def test_artists_that_are_none_are_refused_in_words():
    figure = LiveFigure(lambda figure: 3, update, {"height": heights()}, alt="Two.")
    assert "draw must return the artists that move" in str(figure.error)


def test_a_static_picture_raises_the_error():
    figure = live_figure(breaks_at_five)
    with pytest.raises(KeyError):
        figure.png(height=5)
    assert figure.error is None


# --- In the notebook's file


def test_the_bundle_holds_widget_picture_and_text():
    figure = live_figure()
    data, metadata = figure._repr_mimebundle_()
    assert set(data) == {WIDGET_VIEW, "image/png", "text/plain"}
    assert data[WIDGET_VIEW]["model_id"] == figure.widget.model_id
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
    assert metadata["image/png"] == {"width": 700, "height": 300, "alt": "Two bars."}
    json.dumps(data)


def test_the_text_is_the_same_on_every_run():
    assert repr(live_figure()) == (
        "Live figure (height=2): Two bars.\nBoth bars are 2 high."
    )


# --- Staying where the learner left it


def test_running_the_cell_again_resets_nothing():
    live_figure().controls["height"].value = 8
    again = live_figure()
    assert again.values == {"height": 8}
    assert again.caption == "Both bars are 8 high."


def test_a_figure_whose_beginning_was_edited_begins_there():
    live_figure().controls["height"].value = 8
    controls = {"height": slider(0, 10, value=3, label="height")}
    assert LiveFigure(draw, update, controls, alt="Two bars.").values == {"height": 3}


def test_a_place_that_is_no_more_is_forgotten():
    def over(options):
        control = steps(options, value=1, label="height")
        return LiveFigure(draw, update, {"height": control}, alt="Two bars.")

    over([1, 2, 9]).controls["height"].value = 9
    assert over([1, 2]).values == {"height": 1}


def test_where_all_is_strict_a_failing_end_of_a_slider_is_an_error(monkeypatch):
    def fails_at_the_top(artists, height):
        assert height < 10, "too high"

    live_figure(fails_at_the_top)
    monkeypatch.setenv("COURSE_STRICT", "1")
    with pytest.raises(AssertionError, match="too high"):
        live_figure(fails_at_the_top)
    assert live_figure().values == {"height": 2}


def test_play_begins_at_the_left_end():
    figure = live_figure(play="height")
    (play,) = [w for w in figure.widget.children[0].children if hasattr(w, "interval")]
    play.value += 1  # as its first step does
    assert figure.values == {"height": 0}


def test_a_figure_without_kernel_says_how_to_wake_it():
    asleep = live_figure().widget.children[-2]
    assert "course-asleep" in asleep._dom_classes
    assert "course-asleep.jupyter-widgets-disconnected" in asleep.value
    assert "Run All Above Selected Cell" in asleep.value


# --- For screen readers


def test_alt_text_and_slider_names_reach_the_page():
    figure = live_figure()
    markup = figure.widget.children[-1].value
    assert "Two bars." in markup
    assert "aria-label" in markup
    assert figure.controls["height"].description == "height"


def test_alt_text_with_quotes_cannot_break_the_page():
    alt = """A "quoted" <b> & 'single' text"""
    figure = LiveFigure(draw, update, {"height": heights()}, alt=alt)
    markup = figure.widget.children[-1].value
    assert "<b>" not in markup
    assert markup.count('"') % 2 == 0


# --- Bad input


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"alt": ""}, "alt"),
        ({"alt": "Two bars.", "play": "speed"}, "play"),
    ],
)
def test_bad_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        LiveFigure(draw, update, {"height": heights()}, **options)


def test_a_figure_needs_a_slider():
    with pytest.raises(ValueError, match="sliders"):
        LiveFigure(draw, update, {}, alt="Two bars.")


@pytest.mark.parametrize("move", [{"speed": 3}, {"height": 11}, {"height": -1}])
def test_a_move_that_is_not_possible_is_refused(move):
    figure = live_figure()
    with pytest.raises(ValueError, match=next(iter(move))):
        figure.set(**move)
    with pytest.raises(ValueError, match=next(iter(move))):
        figure.png(**move)
    assert figure.values == {"height": 2}


def test_bad_sliders_are_refused():
    with pytest.raises(ValueError, match="value"):
        slider(0, 1, value=2, label="x")
    with pytest.raises(ValueError, match="step"):
        slider(0, 1, value=1, step=0, label="x")
    with pytest.raises(ValueError, match="label"):
        slider(0, 1, value=1, label=" ")
    with pytest.raises(ValueError, match="value"):
        dropdown(["a"], value="b", label="x")


def test_whole_numbers_stay_whole():
    assert isinstance(heights(), widgets.IntSlider)
    assert isinstance(heights(step=0.5), widgets.FloatSlider)


def test_a_moving_picture_takes_nested_artists():
    def nested(figure):
        axes = figure.subplots()
        return axes.plot([0, 1]), [axes.bar([0], [1]), {"title": axes.set_title("x")}]

    picture = MovingPicture(nested, lambda artists: None, (3, 2))
    assert len(picture._moving) == 3

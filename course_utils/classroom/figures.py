"""`LiveFigure`: the one way to put a slider on a figure."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from numbers import Real

import ipywidgets as widgets
from traitlets import TraitError

from course_utils.classroom.accessible import NAMED_CLASS, names_for_screen_readers
from course_utils.classroom.bundles import png_bundle, png_metadata, widget_bundle
from course_utils.classroom.cards import inline_html
from course_utils.classroom.errors import own_frame
from course_utils.classroom.facts import strict
from course_utils.classroom.moving_picture import SHOWN_DPI, MovingPicture
from course_utils.classroom.name_errors import name_error_card
from course_utils.classroom.session import current_notebook
from course_utils.classroom.texts import require_text

_WIDE = {
    "style": {"description_width": "initial"},
    "layout": {"width": "34em", "margin": "2px 1.5em 2px 0"},
}
# JupyterLab marks the widgets of a kernel that is gone with this class.
_ASLEEP = """<style>
.course-asleep { display: none !important; }
.jupyter-widgets-disconnected > .course-asleep,
.course-asleep.jupyter-widgets-disconnected
  { display: block !important; order: -1; height: auto; }
</style><div role="status">This figure sleeps: its kernel is gone. To wake it, click
on it and choose Run > Run All Above Selected Cell, then run its cell.</div>"""
_left_at: dict[tuple, dict] = {}


def slider(
    minimum: float, maximum: float, *, value: float, step: float = 1, label: str
) -> widgets.Widget:
    """A slider from `minimum` to `maximum`; over whole numbers if all four are."""
    require_text("label", label)
    if not minimum <= value <= maximum:
        raise ValueError(f"value must lie in {minimum} ... {maximum}, not {value!r}")
    if step <= 0:
        raise ValueError(f"step must be above 0, not {step!r}")
    whole = all(isinstance(number, int) for number in (minimum, maximum, value, step))
    kind = widgets.IntSlider if whole else widgets.FloatSlider
    decimals = 0 if whole else len(f"{step:g}".partition(".")[2])
    return kind(
        value=value,
        min=minimum,
        max=maximum,
        step=step,
        description=label,
        readout_format="d" if whole else f".{decimals}f",
        **_WIDE,
    )


def steps(options: Sequence, *, value: object, label: str) -> widgets.Widget:
    """A slider over any list of values, such as temperatures that double."""
    return _selection(widgets.SelectionSlider, options, value, label)


def dropdown(options: Sequence, *, value: object, label: str) -> widgets.Widget:
    """A menu of `options`."""
    return _selection(widgets.Dropdown, options, value, label)


class LiveFigure:
    """A figure with sliders, drawn once and then moved.

    draw(figure) makes the axes and returns the artists that move (one, or lists or
    dicts of them). update(artists, **values) moves them, given each slider's value
    by name; it may return a sentence about what is seen now, which stands under
    the figure and is read out by screen readers. `alt` says what a sighted reader
    learns. `play` names the slider that a play button moves.

    An error in `update` is shown under the figure and kept as `.error`; it never
    ends the notebook. Where widgets can't live, the figure is a PNG.
    """

    def __init__(
        self,
        draw: Callable,
        update: Callable,
        sliders: dict[str, widgets.Widget],
        *,
        alt: str,
        size: tuple[float, float] = (7, 3),
        play: str | None = None,
    ):
        require_text("alt", alt)
        if not sliders:
            raise ValueError("sliders must name at least one slider, not {}")
        if play is not None and play not in sliders:
            raise ValueError(f"play must be one of {list(sliders)}, not {play!r}")
        self.alt, self.size, self.controls = alt, size, dict(sliders)
        self.error: Exception | None = None
        self.caption = ""
        self._update = update
        self._picture: MovingPicture | None = None
        self._paused = False
        self._image = _image(size)
        self._words = widgets.HTML()
        self.widget = self._assemble(play)
        self._first_draw(draw)
        if strict():
            self._rehearse()

    @property
    def values(self) -> dict[str, object]:
        """Where each slider stands."""
        return {name: control.value for name, control in self.controls.items()}

    def set(self, **values) -> None:
        """Move sliders by code, as if by hand."""
        self._require_possible(values)
        with self._one_redraw():
            for name, value in values.items():
                self.controls[name].value = value

    def png(self, **values) -> bytes:
        """The picture with sliders at `values`, which stay where they are.

        Errors of `update` are raised here: this is for documents, not for learners.
        """
        self._require_possible(values)
        if self._picture is None:
            raise ValueError(f"draw failed: {self.error!r}")
        try:
            self._picture.move(**(self.values | values))
            return self._picture.png()
        finally:
            self._redraw()

    def _assemble(self, play: str | None) -> widgets.VBox:
        _recall(self.controls)
        rows = []
        for name, control in self.controls.items():
            control.observe(self._redraw, names="value")
            rows.append(_row(control, self.size, played=name == play))
        asleep = widgets.HTML(_ASLEEP)
        asleep.add_class("course-asleep")
        names = names_for_screen_readers(self.alt)
        box = widgets.VBox(
            [*rows, self._image, self._words, asleep, names],
            layout={"align_items": "flex-start"},
        )
        box.add_class(NAMED_CLASS)
        return box

    def _rehearse(self) -> None:
        """Move each slider to its ends and back; raises what goes wrong.

        So the builder and the tests see a figure that fails where it isn't shown.
        """
        if self.error is not None:
            raise self.error
        for name, control in self.controls.items():
            for place in (_places(control)[0], _places(control)[-1]):
                self.png(**{name: place})

    def _first_draw(self, draw: Callable) -> None:
        try:
            self._picture = MovingPicture(draw, self._update, self.size)
        except Exception as error:
            self._show_error(error, draw)
        else:
            self._redraw()

    def _redraw(self, _change: object = None) -> None:
        if self._paused or self._picture is None:
            return
        try:
            self.caption = self._picture.move(**self.values) or ""
            self._image.value = self._picture.jpeg()
        except Exception as error:
            self._show_error(error, self._update)
        else:
            self.error = None
            self._words.value = _caption_html(self.caption)

    def _show_error(self, error: Exception, callback: Callable) -> None:
        self.error = error
        self._words.value = _error_html(error, callback)

    @contextmanager
    def _one_redraw(self) -> Iterator[None]:
        self._paused = True
        try:
            yield
        finally:
            self._paused = False
            self._redraw()

    def _require_possible(self, values: dict) -> None:
        for name, value in values.items():
            if name not in self.controls:
                known = ", ".join(self.controls)
                raise ValueError(f"no slider is called {name!r}; there are: {known}")
            _require_allowed(name, value, self.controls[name])

    def _repr_mimebundle_(self, include=None, exclude=None) -> tuple[dict, dict]:
        data = widget_bundle(self.widget, repr(self))
        if self._picture is None or not self._image.value:
            return data, {}
        data |= png_bundle(self._picture.png())
        return data, png_metadata(self.size, self.alt)

    def __repr__(self) -> str:
        settings = ", ".join(f"{k}={v!r}" for k, v in self.values.items())
        error = self.error and f"{type(self.error).__name__}: {self.error}"
        lines = [f"Live figure ({settings}): {self.alt}", error or self.caption]
        return "\n".join(filter(None, lines))


def _image(size: tuple[float, float]) -> widgets.Image:
    width = f"{round(size[0] * SHOWN_DPI)}px"
    layout = {"width": width, "max_width": "100%", "height": "auto"}
    return widgets.Image(format="jpeg", layout=layout)


def _row(
    control: widgets.Widget, size: tuple[float, float], *, played: bool
) -> widgets.Box:
    """`control`, with its play button where it has one, as wide as the picture."""
    control.layout.width, control.layout.flex = "auto", "1 1 auto"
    buttons = [_play_button(control)] if played else []
    layout = {"width": f"{round(size[0] * SHOWN_DPI)}px", "max_width": "100%"}
    return widgets.HBox([control, *buttons], layout=layout)


def _recall(controls: dict[str, widgets.Widget]) -> None:
    """Put the controls where the learner left those of the same figure.

    So running a figure's cell again resets nothing. The figure is the same if its
    controls are, with the values that the code begins with.
    """
    figure = (
        current_notebook(),
        tuple((name, c.description, repr(c.value)) for name, c in controls.items()),
    )
    left_at = _left_at.setdefault(figure, {})
    for name, control in controls.items():
        with suppress(TraitError):  # a shorter slider than before
            control.value = left_at.get(name, control.value)
        keep = partial(_keep_place, left_at, name)
        control.observe(keep, names="value")


def _keep_place(left_at: dict, name: str, change: dict) -> None:
    left_at[name] = change["new"]


def _selection(
    kind: type, options: Sequence, value: object, label: str
) -> widgets.Widget:
    require_text("label", label)
    if value not in options:
        raise ValueError(f"value must be one of {list(options)}, not {value!r}")
    return kind(options=list(options), value=value, description=label, **_WIDE)


def _require_allowed(name: str, value: object, control: widgets.Widget) -> None:
    """Refuse what the control would silently clip or can't take."""
    if hasattr(control, "options"):
        allowed, fits = str(list(control.options)), value in control.options
    elif hasattr(control, "min"):
        allowed = f"{control.min} ... {control.max}"
        fits = isinstance(value, Real) and control.min <= value <= control.max
    else:
        return
    if not fits:
        raise ValueError(f"{name} must lie in {allowed}, not {value!r}")


def _play_button(control: widgets.Widget) -> widgets.Play:
    """A button that walks `control` from its left end to the right, two steps a second.

    It stands one step before the left end until the control is moved by hand.
    """
    places = _places(control)
    play = widgets.Play(value=-1, min=-1, max=len(places) - 1, interval=500)

    def follow(_change: object) -> None:
        play.value = _nearest(places, control.value)

    def lead(change: dict) -> None:
        if change["new"] not in (-1, _nearest(places, control.value)):
            control.value = places[change["new"]]

    control.observe(follow, names="value")
    play.observe(lead, names="value")
    return play


def _places(control: widgets.Widget) -> list:
    """Everywhere that `control` can stand."""
    if hasattr(control, "options"):
        return list(control.options)
    count = round((control.max - control.min) / control.step)
    return [round(control.min + k * control.step, 10) for k in range(count + 1)]


def _nearest(places: list, value: object) -> int:
    if value in places:
        return places.index(value)
    return min(range(len(places)), key=lambda index: abs(places[index] - value))


def _caption_html(caption: str) -> str:
    return f'<div style="line-height: 1.4">{inline_html(caption)}</div>'


def _error_html(error: Exception, callback: Callable) -> str:
    if isinstance(error, NameError):
        return name_error_card(error)._repr_html_()
    frame = own_frame(callback, error)
    place = f" (line {frame.lineno}: `{frame.line}`)" if frame else ""
    return (
        '<div role="alert" style="border-left: 4px solid #D55E00; '
        'padding: 0.2em 0.8em; line-height: 1.4">'
        "<strong>This figure's update failed.</strong> "
        f"{inline_html(f'{type(error).__name__}: {error}{place}')}</div>"
    )

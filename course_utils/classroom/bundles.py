"""What a notebook stores of a picture or of widgets, in several forms at once."""

import base64

import ipywidgets as widgets

from course_utils.classroom.moving_picture import SHOWN_DPI


def widget_bundle(widget: widgets.Widget, text: str) -> dict:
    """A live view for a running notebook, and `text` where widgets can't live."""
    view = {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}
    return {"text/plain": text, "application/vnd.jupyter.widget-view+json": view}


def png_bundle(png: bytes) -> dict:
    return {"image/png": base64.b64encode(png).decode()}


def png_metadata(size: tuple[float, float], alt: str) -> dict:
    """Width and height in pixels of the page, from inches; `alt` for nbconvert."""
    width, height = (round(inches * SHOWN_DPI) for inches in size)
    return {"image/png": {"width": width, "height": height, "alt": alt}}

"""Stored pictures are light, look the same, and have their alt text everywhere."""

import io
import re
from base64 import b64decode, b64encode

import nbformat
import numpy as np
import pytest
from matplotlib.figure import Figure
from nbconvert import HTMLExporter
from PIL import Image

from tools.build_notebooks import ROOT
from tools.pictures import INVISIBLE, lighter, store_pictures

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
STORED = re.compile(r'<img [^>]*src="data:image/png;base64,([^"]+)"')


def as_png(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "png")
    return file.getvalue()


def as_pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def a_figure() -> bytes:
    figure, file = Figure(), io.BytesIO()
    axes = figure.subplots()
    axes.plot([1, 3, 2], lw=5)
    axes.plot([2, 1, 3], lw=5, alpha=0.4)
    axes.set_title("Lines with soft edges")
    figure.savefig(file)
    return file.getvalue()


def stored_pictures(path) -> list[bytes]:
    cells = nbformat.read(path, as_version=4).cells
    pages = [
        output.get("data", {}).get("text/html", "")
        for cell in cells
        for output in cell.get("outputs", [])
    ]
    return [b64decode(found) for page in pages for found in STORED.findall(page)]


def test_a_figure_becomes_lighter_and_looks_the_same():
    png = a_figure()
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


def stored(known: dict) -> dict:
    output = nbformat.v4.new_output(
        "display_data",
        data={"image/png": b64encode(a_figure()).decode(), "text/plain": "Figure"},
        metadata={"image/png": known},
    )
    store_pictures([output])
    return output.data


def test_a_picture_is_stored_as_an_element_with_its_alt_text():
    data = stored({"alt": 'A line, "soft"\nand <round>', "width": 700, "height": 300})
    assert set(data) == {"text/html", "text/plain"}
    alt = 'alt="A line, &quot;soft&quot; and &lt;round&gt;"'
    assert data["text/html"].startswith(f'<img {alt} width="700" height="300"')


def test_a_picture_without_alt_text_stays_a_picture():
    assert set(stored({})) == {"image/png", "text/plain"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_notebooks_pictures_are_light(path):
    pictures = stored_pictures(path)
    assert pictures
    for png in pictures:
        if Image.open(io.BytesIO(png)).mode != "P":
            assert lighter(png) == png, "not built anew"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_picture_has_an_alt_text_on_a_page(path):
    """As nbconvert and nbviewer make it: they put a filler where there is none."""
    page, _ = HTMLExporter().from_filename(str(path))
    elements = re.findall(r"<img[^>]*>", page)
    assert len(elements) > len(stored_pictures(path))  # the badges as well
    for element in elements:
        alt = re.search(r'alt="([^"]*)"', element)
        assert alt and len(alt[1]) > 10
        assert "No description has been provided" not in alt[1]

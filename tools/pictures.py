"""How a notebook stores its pictures: light, and with their alt text.

nbconvert, nbviewer and GitHub take a picture's alt text only from an HTML element. So
a picture is stored as one.
"""

from __future__ import annotations

import html
import io
from base64 import b64decode, b64encode

import numpy as np
from nbformat import NotebookNode
from PIL import Image, ImageChops

PNG = "image/png"
INVISIBLE = 15  # of 255: by so much may a pixel change its colour


def store_pictures(outputs: list[NotebookNode]) -> None:
    """Turn each PNG that has an alt text into a light `<img>` with it."""
    for output in outputs:
        data = output.get("data", {})
        if PNG not in data:
            continue
        png = lighter(b64decode(data[PNG]))
        known = output.metadata.pop(PNG, {})
        if "alt" in known:
            del data[PNG]
            data["text/html"] = _img(png, known)
        else:
            data[PNG] = b64encode(png).decode() + "\n"


def _img(png: bytes, known: NotebookNode) -> str:
    source = f"data:{PNG};base64,{b64encode(png).decode()}"
    size = "".join(
        f' {side}="{known[side]}"' for side in ("width", "height") if side in known
    )
    alt = html.escape(" ".join(known["alt"].split()))
    fits = ' style="max-width: 100%; height: auto"'
    return f'<img alt="{alt}"{size}{fits} src="{source}">'


def lighter(png: bytes) -> bytes:
    """The same picture with a palette, if it is smaller and looks the same."""
    stored = Image.open(io.BytesIO(png))
    if stored.mode == "RGBA" and stored.getchannel("A").getextrema() != (255, 255):
        return png  # see-through somewhere
    picture = stored.convert("RGB")
    colours = Image.Quantize.MAXCOVERAGE
    palette = picture.quantize(256, colours, dither=Image.Dither.NONE)
    difference = ImageChops.difference(picture, palette.convert("RGB"))
    if np.asarray(difference).max() > INVISIBLE:
        return png
    file = io.BytesIO()
    palette.save(file, "png", optimize=True)
    return min(png, file.getvalue(), key=len)

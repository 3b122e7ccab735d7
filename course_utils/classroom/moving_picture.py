"""A matplotlib figure that is drawn once and of which only a part is drawn anew.

Drawing axes, ticks and labels takes most of a figure's time. Here they are kept as
a background picture, over which the few artists that move are drawn: blitting.
"""

import io
from collections.abc import Callable, Iterator

import matplotlib.style
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from course_utils.classroom.style import STYLE_FILE

SHOWN_DPI = 100  # pixels per inch on the page
DPI = 144  # pixels per inch drawn: crisp enough, and half the time of 200


class MovingPicture:
    """`draw(figure)` makes the artists once, `update(artists, **values)` moves them.

    `draw` returns those that move, alone or in lists, dicts or containers. A change
    of anything else (an axis limit, say) is noticed and redraws the whole figure,
    which is right but several times slower.
    """

    def __init__(self, draw: Callable, update: Callable, size: tuple[float, float]):
        with matplotlib.style.context(STYLE_FILE):
            self.figure = Figure(figsize=size, dpi=DPI)
            self._canvas = FigureCanvasAgg(self.figure)
            self.artists = draw(self.figure)
        self._update = update
        self._moving = list(_each_artist(self.artists))
        for artist in self._moving:
            artist.set_animated(True)
        self._background = None

    def move(self, **values) -> str | None:
        """Apply `update`; returns the sentence it says about the picture, if any."""
        return self._update(self.artists, **values)

    def png(self) -> bytes:
        """The picture as it is now, to be stored."""
        return _encoded(self._drawn(), format="png", optimize=True)

    def jpeg(self) -> bytes:
        """The picture as it is now, to be sent: encoded in a third of a PNG's time."""
        return _encoded(self._drawn(), format="jpeg", quality=95, subsampling=0)

    def _drawn(self) -> Image.Image:
        if self.figure.stale or self._background is None:
            self._draw_background()
        self._canvas.restore_region(self._background)
        for artist in sorted(self._moving, key=Artist.get_zorder):
            self.figure.draw_artist(artist)
        size, pixels = self._canvas.get_width_height(), self._canvas.buffer_rgba()
        return Image.frombuffer("RGBA", size, pixels).convert("RGB")

    def _draw_background(self) -> None:
        """Animated artists are left out of a full draw, and don't make it stale."""
        self._canvas.draw()
        self._background = self._canvas.copy_from_bbox(self.figure.bbox)


def _each_artist(artists: object) -> Iterator[Artist]:
    if isinstance(artists, Artist):
        yield artists
    elif isinstance(artists, dict):
        yield from _each_artist(list(artists.values()))
    elif isinstance(artists, (list, tuple)):
        for member in artists:
            yield from _each_artist(member)
    else:
        raise ValueError(
            "draw must return the artists that move, in lists or dicts if several, "
            f"not {artists!r}"
        )


def _encoded(picture: Image.Image, **options) -> bytes:
    file = io.BytesIO()
    picture.save(file, **options)
    return file.getvalue()

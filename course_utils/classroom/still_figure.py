"""`show`: a figure that stands still, with its alt text."""

import io

from matplotlib.figure import Figure

from course_utils.classroom.accessible import hidden_text
from course_utils.classroom.bundles import png_bundle, png_metadata
from course_utils.classroom.moving_picture import DPI
from course_utils.classroom.texts import require_text


def show(figure: Figure, *, alt: str) -> "StillFigure":
    """`figure`, crisp and with its alt text: make it the value of a cell.

    `alt` says what a sighted reader learns. A pyplot figure is closed, so that it
    isn't shown twice.
    """
    require_text("alt", alt)
    _forget_in_pyplot(figure)
    return StillFigure(figure, alt)


class StillFigure:
    """A picture of a matplotlib figure with what a sighted reader learns from it."""

    def __init__(self, figure: Figure, alt: str):
        self.alt, self.size = alt, tuple(figure.get_size_inches())
        file = io.BytesIO()
        figure.savefig(file, format="png", dpi=DPI)
        self.png = file.getvalue()

    def _ipython_display_(self) -> None:
        """JupyterLab drops a picture's alt text: it follows, out of sight."""
        from IPython.display import HTML, display

        data = {"text/plain": repr(self)} | png_bundle(self.png)
        display(data, raw=True, metadata=png_metadata(self.size, self.alt))
        display(HTML(hidden_text(self.alt)))

    def __repr__(self) -> str:
        return f"Figure: {self.alt}"


def _forget_in_pyplot(figure: Figure) -> None:
    import matplotlib.pyplot as plt

    plt.close(figure)

"""Names for screen readers, where ipywidgets gives none to sliders and pictures."""

import html
import json

import ipywidgets as widgets

NAMED_CLASS = "course-named"

_HIDDEN = (
    "position: absolute; width: 1px; height: 1px; overflow: hidden; "
    "clip-path: inset(50%); white-space: nowrap;"
)

# Runs when the picture of no picture fails to load, which is once per view. The
# widgets beside it may come later: it looks for them for some seconds.
_SCRIPT = """
const start = this, alt = ALT;
let tries = 0;
const timer = setInterval(() => {
  const box = start.closest('.BOX');
  const handles = box?.querySelectorAll('.noUi-handle, .ui-slider-handle') ?? [];
  for (const handle of handles) {
    const row = handle.closest('.widget-inline-hbox');
    handle.setAttribute('aria-label', row.querySelector('.widget-label').textContent);
  }
  const picture = box?.querySelector('img.widget-image');
  if (picture) { picture.alt = alt; }
  if (++tries > 30) { clearInterval(timer); }
}, 100);
"""


def hidden_text(text: str) -> str:
    """HTML that is read out but not seen."""
    return f'<span style="{_HIDDEN}">{html.escape(text)}</span>'


def names_for_screen_readers(alt: str = "") -> widgets.HTML:
    """A part of a box of class `NAMED_CLASS` that names what is in the box.

    Slider handles get their label's text and a picture gets `alt`. Where a page
    forbids the script, `alt` can still be read: it stands there, out of sight.
    """
    script = _SCRIPT.replace("ALT", json.dumps(alt)).replace("BOX", NAMED_CLASS)
    return widgets.HTML(
        f'{hidden_text(alt)}<img src="data:," alt="" style="display: none" '
        f'onerror="{html.escape(script)}">'
    )

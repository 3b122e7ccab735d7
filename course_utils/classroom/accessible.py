"""Names for screen readers, where ipywidgets gives none.

That is: to sliders, to the values of sliders over a list, to play buttons, to pictures.
"""

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
const NAMES = {'fa-stop': 'stop', 'fa-repeat': 'repeat', 'fa-retweet': 'repeat'};
let tries = 0;
const timer = setInterval(() => {
  const box = start.closest('.BOX');
  const handles = box?.querySelectorAll('.noUi-handle, .ui-slider-handle') ?? [];
  for (const handle of handles) {
    const row = handle.closest('.widget-inline-hbox');
    handle.setAttribute('aria-label', row.querySelector('.widget-label').textContent);
    const readout = row.querySelector('.widget-readout');
    if (!readout || handle.courseNamed) { continue; }
    handle.courseNamed = true;
    const say = () => handle.setAttribute('aria-valuetext', readout.textContent);
    new MutationObserver(say).observe(readout, {childList: true, characterData: true,
      subtree: true});
    say();
  }
  for (const icon of box?.querySelectorAll('.widget-play button i') ?? []) {
    const name = [...icon.classList].find(word => word.startsWith('fa-')) ?? '';
    icon.parentElement.setAttribute('aria-label', NAMES[name] ?? 'play or pause');
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

"""One look for all figures, and colours that mean the same in every notebook.

The colours are Okabe and Ito's, told apart with every common colour blindness. The
figure's face is light and solid: it reads well on light and dark pages alike.
"""

from pathlib import Path

STYLE_FILE = Path(__file__).with_name("course.mplstyle")

PALETTE = {
    "truth": "#4D4D4D",
    "model": "#0072B2",
    "collapsed": "#D55E00",
    "healthy": "#009E73",
    "learner": "#CC79A7",
    "highlight": "#E69F00",
    "muted": "#B8B8B8",
}

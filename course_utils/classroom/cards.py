"""Short messages to the learner: rich in a notebook, plain everywhere else."""

import re
from html import escape

from course_utils.classroom.shell import running_shell

_EDGES = {"good": "#009E73", "bad": "#D55E00", "plain": "#0072B2"}
_UNFOLD = '<summary style="cursor: pointer;">Show me anyway</summary>'


class Code(str):
    """A block that is shown letter by letter."""


class Card:
    """A headline and blocks of text: `code` in backticks, `Code` blocks as they are.

    Text colours are left to the page, so that light and dark themes both read well;
    the coloured edge only repeats what the headline says in words.
    """

    def __init__(self, headline: str, *blocks: str, tone: str = "plain"):
        self.headline = headline
        self.blocks = [block for block in blocks if block]
        self.tone = tone

    def __repr__(self) -> str:
        indented = (
            re.sub(r"(?m)^", "    ", block) if isinstance(block, Code) else block
            for block in self.blocks
        )
        return "\n".join([self.headline, *indented])

    def _body_html(self) -> str:
        return "".join(map(_block_html, self.blocks))

    def _repr_html_(self) -> str:
        return (
            f'<div role="status" style="border-left: 4px solid {_EDGES[self.tone]}; '
            'padding: 0.3em 0.9em; margin: 0.4em 0; max-width: 46em;">'
            f"<strong>{inline_html(self.headline)}</strong>{self._body_html()}</div>"
        )


class Folded(Card):
    """A card with blocks that stay folded until the reader asks for them.

    Its text alone does not show them, so that nothing is given away where a page
    cannot fold; `.folded` holds them.
    """

    def __init__(self, headline: str, *blocks: str, folded: list[str]):
        super().__init__(headline, *blocks)
        self.folded = [block for block in folded if block]

    def _body_html(self) -> str:
        hidden = "".join(map(_block_html, self.folded))
        return f"{super()._body_html()}<details>{_UNFOLD}{hidden}</details>"


def show_card(card: Card) -> None:
    """Display `card` in a notebook, print it elsewhere."""
    if running_shell() is not None:
        from IPython.display import display

        display(card)
    else:
        print(card)


def inline_html(text: str) -> str:
    """`text` as HTML, with what stands in backticks as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def _block_html(block: str) -> str:
    if isinstance(block, Code):
        return (
            '<pre style="margin: 0.4em 0; padding: 0; background: none; '
            f'color: inherit; white-space: pre-wrap;">{escape(block)}</pre>'
        )
    return f'<p style="margin: 0.3em 0;">{inline_html(block)}</p>'

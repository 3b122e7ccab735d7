"""Nobody is told a result before the guess: not by outputs, prose, headings or code."""

import ast
import json
import re

import nbformat
import pytest

from tests.lessons.anatomy import lesson_files
from tools.build_notebooks import ROOT, read_lesson
from tools.contents import called, calls, is_folded
from tools.spoilers import open_questions

LESSONS = lesson_files(ROOT / "lessons")
STEMS = [path.stem for path in LESSONS]

# For each prediction, what would give it away to a reader above it, and in headings.
GIVEN_AWAY = {
    "00": {
        "sixty-four tales": "about the same one|most (of its )?tales are about|Mira:",
        "own runs": "shares? next to nothing|no runs? in common",
    },
    "01": {"fox at T = 2": r"\b0?\.43|43 %(?!\",)|square root of"},
    "02": {
        "distinct in bfloat16": "hundreds of tokens share|tie with|150 different",
        "uniform in bfloat16": "only (at|beyond) .*thousands?|nobody samples",
        "the second token": "piece is empty|sum .* stalls|never drawn",
        "never drawn at T = 2": "most tokens are never|65 %|stairs, get what",
    },
    "03": {
        "can entropy fall": "never (lowers|falls)|can't (fall|decline)|rises always",
        "meadow and rut": "their mean falls|mean entropy falls",
        "the loop": "does \\*?not\\*? feed itself|hardly (any )?surer",
    },
    "04": {
        "modes of the ring": "one blob|covers? (one|a single|at most two)",
        "agreement of views": "the perfect loss|nearly perfect",
        "equally good arms": "one arm (wins|is left)|lucky again",
    },
    "05": {
        "favourites": "agrees? with the world|is as sharp as",
        "by heart": "times its share",
        "sixteen readings": "about as many heroes|not changed it|stays there, however",
        "drift": "mean stays where",
        "one in ten": "most of it stays|hold as much|hold most of",
    },
    "06": {
        "heroes at the optimum": "asks for no collapse|odds stay|innocent",
        "heroes after the climb": "leads to a corner|one hero is left|forgets? its",
        "steps to please": "pleasing is easy",
        "who takes over": "not to the commonest",
        "with SGD": "hardly any is lost|innocent, in practice|with SGD hardly",
    },
    "07": {
        "false alarms": "accuses nearly|most (healthy )?(tales|requests) drop",
        "half cold": "not most of the entropy|(blind|silent) (at|to) T = 0.5",
    },
    "08": {
        "two forms": "nineteen chances|score far higher",
        "Self-BLEU of 3,000": "same (healthy )?source scores higher|nothing collapsed",
        "bootstrap": "not by bootstrap|it draws copies",
    },
    "09": {
        "one blob, five clusters": "turned on its head|silent at collapse|equal pieces",
        "each set by itself": "cancel out|blind to a set's own",
    },
    "10": {
        "start of the loop": "first tale is the loop|loops? from the start",
        "false alarms": "sound (texts|collections) (are flagged|repeat)",
        "where the repeats stand": "between[- ]tale|across tales that|not a loop",
    },
    "11": {
        "the best kind": "texts of all prompts|every two can be compared",
        "running on": "more words to share|flag \\*every",
        "foresight": "throw of the dice|next to (nothing|useless)|can't be foretold",
    },
    "12": {
        "clean tales": r"\b45 %(?!\")|to the power of 80",
        "names kept": "(seven|eight|7|8) (of|names)",
        "ahead at 95 %": 'a few pairs more|a little ahead|80 to 82(?!")',
    },
    "13": {
        "below two bits": "nearly always|it is grammar|8[0-9] %",
        "a gain of 1": "newton|jumps there|three steps",
        "who is ahead": "dynatemp is ahead|opposite sign: it heats|are ahead in",
    },
    "14": {
        "entropy of the shaken row": "decides a little|entropy (falls|sinks)",
        "noise at 95 %": "noise (is|was) (clearly )?ahead",
        "twelve girls": "bad luck out|nearly half of them",
    },
    "15": {
        "plots of ten beams": "near copies|one plot|finds the mode",
        "most plots": "dice (need no|tell more)|six plots|half as many",
        "similarity rewarded": "is what was said|loops? come",
    },
    "16": {
        "under a header": "sits in the weights|goes through them",
        "after two diverse tales": "as common as ever|says nothing, so",
        "restarts of a collapsed model": "is what they all had|never shared a context",
    },
    "17": {
        "who finds more": "more than half was thrown|plain one (finds|has found) more",
        "ahead of temperature": "several requests.{0,20}ahead|in the same place",
        "at best": "broken tales come first|brings a collapsed model back",
        "milliseconds": 'goes over 50,257|under 1 ms(?!")|a whole millisecond',
    },
}


CHATTER = {"fact", "print", "show", "display"}


def place_of(notebook, key: str) -> int:
    """The cell that asks for a prediction."""
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type == "code":
            for call in calls(cell.source):
                asks = called(call) == "predict"
                if asks and ast.literal_eval(call.args[0]) == key:
                    return index
    raise AssertionError(f"no prediction {key!r}")


def read_before(notebook, key: str) -> str:
    """All that a reader sees above a prediction, and every heading."""
    above = notebook.cells[: place_of(notebook, key)]
    seen = [cell.source for cell in above if not is_folded(cell)]
    prose = "\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")
    text = "\n".join([*seen, *re.findall(r"(?m)^#+ .+$", prose)])
    return " ".join(text.split())


@pytest.mark.parametrize("path", LESSONS, ids=STEMS)
def test_every_prediction_is_on_the_list(path):
    contents = json.loads((ROOT / "data" / "lessons.json").read_text("utf-8"))
    sections = contents[path.stem[:2]]["sections"]
    asked = [key for section in sections for key in section.get("predictions", [])]
    assert list(GIVEN_AWAY[path.stem[:2]]) == asked


@pytest.mark.parametrize("path", LESSONS, ids=STEMS)
def test_nothing_above_a_prediction_gives_it_away(path):
    notebook = read_lesson(path)
    for key, words in GIVEN_AWAY[path.stem[:2]].items():
        found = re.search(words, read_before(notebook, key), re.IGNORECASE)
        assert not found, f"{key}: {found[0]!r}"


@pytest.mark.parametrize("path", LESSONS, ids=STEMS)
def test_every_prediction_is_compared(path):
    notebook = read_lesson(path)
    compared = {first for first, _ in open_questions(notebook)}
    keys = GIVEN_AWAY[path.stem[:2]]
    assert compared == {place_of(notebook, key) for key in keys}


@pytest.mark.parametrize("path", LESSONS, ids=STEMS)
def test_no_output_is_stored_before_the_comparison(path):
    built = nbformat.read(ROOT / "notebooks" / f"{path.stem}.ipynb", as_version=4)
    for first, last in open_questions(built):
        between = built.cells[first + 1 : last]
        assert not any(cell.get("outputs") for cell in between)


@pytest.mark.parametrize("path", LESSONS, ids=STEMS)
def test_the_comparison_shows_nothing_before_it_is_asked_for(path):
    """It is folded, prints nothing, and what it stores keeps the result folded."""
    built = nbformat.read(ROOT / "notebooks" / f"{path.stem}.ipynb", as_version=4)
    for _, last in open_questions(built):
        cell = built.cells[last]
        assert is_folded(cell)
        assert not CHATTER & {called(call) for call in calls(cell.source)}
        (output,) = cell.outputs
        assert "You made no prediction." in output.data["text/plain"]
        assert "Result" not in output.data["text/html"].split("<details>")[0]


@pytest.mark.parametrize("path", LESSONS, ids=STEMS)
def test_no_fact_is_open_before_the_comparison(path):
    notebook = read_lesson(path)
    for first, last in open_questions(notebook):
        for cell in notebook.cells[first + 1 : last]:
            if cell.cell_type == "code" and not is_folded(cell):
                names = [called(call) for call in calls(cell.source)]
                assert "fact" not in names, cell.source

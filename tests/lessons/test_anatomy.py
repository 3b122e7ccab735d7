"""Every lesson has the parts that DESIGN promises, and the rules see when not."""

import nbformat
import pytest

from tests.lessons.anatomy import RULES, Lesson, faults, lesson_files, unproven
from tools.build_notebooks import ROOT, read_lesson

LESSONS = lesson_files(ROOT / "lessons")
STEMS = [path.stem for path in LESSONS]

GOOD = """\
# %% [markdown]
# # 02 · A small good lesson
#
# {{badges}}

# %% tags=["nbval-ignore-output"]
# {{bootstrap}}

# %%
from course_utils.classroom import start

start("02")

# %% [markdown]
# **What you will be able to do**
#
# - Count things.
# - Compare what you counted
#   with what you expected.
# - Explain the difference.
#
# **Time**: about 10 minutes
#
# **What you need first**: notebook 01.
#
# **The question**: how many are there?

# %%
predict("count", "How many?", choices=["one", "two"])

# %% jupyter={"source_hidden": true}
# Draws: a line that rises
dial = LiveFigure(draw, update, {}, alt="A line that rises.")

# %% [markdown]
# **Stretch**: what if it fell?

# %%
fact("one is one", 1 == 1)

# %% [markdown]
# ### Exercise 1: count
#
# Difficulty: easy · 5 minutes

# %%
@exercise("counting.count")
def count(things):
    ...

# %% [markdown]
# ### Exercise 2: compare
#
# Difficulty: medium · 10 minutes

# %%
@exercise("counting.compare")
def compare(things, others):
    ...

# FILLER
# %% [markdown]
# ## Claims on trial

# %% [markdown]
# C02 **holds**: in 10 of 10 trials.

# %%
quiz("02")

# %% [markdown]
# ## Recap
#
# - One.
# - Two.

# %% [markdown]
# ## Read on
#
# - [A paper](https://example.org/1), because it counts more things.
# - [A book](https://example.org/2), because it counts them with
#   more patience.
# - [A film](https://example.org/3), because nobody counts in it.

# %% [markdown]
# **Next**: [more counting](03_more.ipynb)
"""


def small_lesson(folder, old: str = "", new: str = "") -> Lesson:
    """GOOD, with some cells more; with `new` for `old`, a bad relative of it."""
    path = folder / "02_small.py"
    path.write_text(GOOD.replace("# FILLER\n", "# %%\n1 + 1\n\n" * 24))
    if old:
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))
    return Lesson("02_small", read_lesson(path), ["02_small", "03_more"], has_quiz=True)


def test_there_is_a_lesson():
    assert LESSONS


@pytest.mark.parametrize("path", LESSONS, ids=STEMS)
def test_lesson_has_every_part(path):
    quiz = (ROOT / "data" / "quizzes" / f"{path.stem[:2]}.toml").exists()
    assert faults(Lesson(path.stem, read_lesson(path), STEMS, quiz)) == []


@pytest.mark.parametrize("path", LESSONS, ids=STEMS)
def test_built_notebook_gives_nbval_something_to_compare(path):
    notebook = nbformat.read(ROOT / "notebooks" / f"{path.stem}.ipynb", as_version=4)
    assert unproven(notebook) == []


def test_rules_find_nothing_in_a_good_lesson(tmp_path):
    assert faults(small_lesson(tmp_path)) == []


BAD = {
    "title": ("# # 02 ·", "# # 03 ·", "does not begin with the title"),
    "badges": ("# {{badges}}", "# ", "badge"),
    "bootstrap": ("# {{bootstrap}}", "pass", "not the bootstrap cell"),
    "bootstrap tag": (' tags=["nbval-ignore-output"]', "", "not tagged"),
    "start": ('start("02")', 'start("01")', 'does not end with start("02")'),
    "before start": ("\nstart", "print(1)\nstart", "other than imports"),
    "goals": ("# - Count things.\n", "", "2 goals"),
    "minutes": ("about 10 minutes", "soon", "how many minutes"),
    "needs": ("**What you need first**", "You need", "what one needs first"),
    "question": ("are there?", "are there.", "asks no question"),
    "prediction": ("predict(", "guess(", "no predict"),
    "figure": ("LiveFigure(", "interact(", "no LiveFigure"),
    "alt text": (', alt="A line that rises."', "", "without alt text"),
    "empty alt": ('alt="A line that rises."', 'alt=""', "without alt text"),
    "pyplot": ('quiz("02")', 'quiz("02")\nplt.show()', "knows no alt text"),
    "remote picture": ("how many are", "![a](https://b.c/d.png) how", "another host"),
    "assert": ('quiz("02")', "assert quiz", "a bare assert"),
    "no fact": ('fact("one is one", 1 == 1)', "1", "no fact"),
    "comment": ("# Draws: a line that rises\n", "", "without a first comment"),
    "open": (' jupyter={"source_hidden": true}\n# Draws', "\n# Draws", "not folded"),
    "moved": ('quiz("02")', "dial.set(x=1)", "moves the sliders of dial"),
    "asked": ('quiz("02")', "print(dial.error)", "asks for its error"),
    "truth": ('quiz("02")', "knows_the_truth = 1", "mark the cell"),
    "stretch": ("**Stretch**", "Question", "no **Stretch**"),
    "exercises": ('@exercise("counting.compare")\n', "", "1 exercises"),
    "difficulty": ("Difficulty: medium ·", "Quite hard,", "without `Difficulty"),
    "quiz": ('quiz("02")', "1", "quiz is never asked"),
    "claims": ("C02 **holds**", "It **holds**", "no `## Claims on trial`"),
    "verdict": ("C02 **holds**", "C02 is fine", "no verdict"),
    "recap": ("# - Two.\n", "# - Two.\n" * 5, "recap has 6 lines"),
    "readings": ("# - [A film]", "# [A film]", "lists 2 readings"),
    "why": (", because nobody counts in it", "", "without why"),
    "next": ("(03_more.ipynb)", "(04_other.ipynb)", "link to 03_more.ipynb"),
    "last": ("**Next**", "Bye", "what comes next"),
    "wide": ('quiz("02")', 'quiz("02")  #' + 80 * "-", "longer than 79 columns"),
    "long": ("1 + 1\n\n", "1 + 1\n" * 21 + "\n", "more than 20 lines"),
    "large": ("# %%\n1 + 1\n\n", "# %%\n1 + 1\n\n" * 5, "cells, more than 110"),
}


@pytest.mark.parametrize("old, new, fault", BAD.values(), ids=BAD)
def test_rules_find_the_fault(tmp_path, old, new, fault):
    found = faults(small_lesson(tmp_path, old, new))
    assert any(fault in line for line in found), found


def test_every_rule_has_a_bad_lesson(tmp_path):
    """A rule that no bad lesson can break would prove nothing."""
    bad = [small_lesson(tmp_path, old, new) for old, new, _ in BAD.values()]
    broken = {rule for lesson in bad for rule in RULES if list(rule(lesson))}
    assert broken == set(RULES)


def checked_cell(**changes):
    cell = nbformat.v4.new_code_cell("1 + 1", execution_count=1)
    cell.metadata["tags"] = ["nbval-check-output"]
    cell.outputs = [nbformat.v4.new_output("stream", text="2")]
    return nbformat.from_dict(cell | changes)


@pytest.mark.parametrize(
    "changes, fault",
    [
        ({"metadata": {}}, "no cell is tagged"),
        ({"outputs": []}, "shows nothing"),
        ({"execution_count": None}, "not run"),
    ],
)
def test_notebook_that_proves_nothing_is_found(changes, fault):
    good = nbformat.v4.new_notebook(cells=[checked_cell()])
    bad = nbformat.v4.new_notebook(cells=[checked_cell(**changes)])
    assert unproven(good) == []
    assert fault in unproven(bad)[0]

"""What every lesson has: each rule looks at one lesson and yields its faults."""

import ast
import re
import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from nbformat import NotebookNode

from course_utils.classroom.left_out import MARK
from tools.contents import called, calls, is_folded

# How many exercises a lesson may have, where it is not 2 to 4, and why.
EXERCISES_ALLOWED = {
    "00": (1, 2),  # it only shows how an exercise works
}
MOST_CELLS = 110
DRAWN = {"LiveFigure", "show", "subplots"}
MINUTES = re.compile(r"(?m)^\*\d+ minutes?\*.*$")  # as the builder writes them
DIFFICULTY = re.compile(r"Difficulty: (easy|medium|hard) · \d+ minutes")
CLAIM = re.compile(r"\bC\d\d\b")
VERDICT = re.compile(r"\b(holds|fails|cannot be tested here)\b")
LINK = re.compile(r"\[[^\]]+\]\(([^)]+)\)")
REMOTE_PICTURE = re.compile(r"!\[[^\]]*\]\(https?:|<img[^>]+src=[\"']https?:")


@dataclass(frozen=True)
class Lesson:
    """A notebook (built or not) with what its neighbours offer."""

    stem: str
    notebook: NotebookNode
    neighbours: list[str] = field(default_factory=list)  # stems, sorted
    has_quiz: bool = False

    @property
    def number(self) -> str:
        return self.stem[:2]

    @property
    def cells(self) -> list[NotebookNode]:
        return self.notebook.cells

    @property
    def code_cells(self) -> list[NotebookNode]:
        return [cell for cell in self.cells if cell.cell_type == "code"]

    @property
    def code(self) -> list[str]:
        return [cell.source for cell in self.code_cells]

    @property
    def prose(self) -> str:
        cells = [cell.source for cell in self.cells if cell.cell_type == "markdown"]
        return "\n\n".join(cells)

    @property
    def opening(self) -> str:
        """The prose before the first code cell after `start`."""
        code_seen, texts = 0, []
        for cell in self.cells:
            code_seen += cell.cell_type == "code"
            if code_seen == 3:
                break
            texts.append(cell.source if cell.cell_type == "markdown" else "")
        return "\n\n".join(texts)

    def calls(self, name: str) -> list[ast.Call]:
        """Every call of a function of that name in the code cells."""
        nodes = (node for source in self.code for node in ast.walk(ast.parse(source)))
        return [
            node
            for node in nodes
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == name
        ]

    def section(self, heading: str) -> str:
        """The text of all cells under a `## heading`, up to the next one."""
        source = "\n\n".join(cell.source for cell in self.cells)
        found = re.search(
            rf"^## {heading}\b.*?$(.*?)(?=^## |\Z)", source, re.MULTILINE | re.DOTALL
        )
        return found[1] if found else ""


def bullets(text: str) -> list[str]:
    """The list items of a Markdown text, continuation lines dropped."""
    return re.findall(r"^[-*] +(.+)$", text, re.MULTILINE)


# The top of the notebook


def title(lesson: Lesson) -> Iterator[str]:
    first = lesson.cells[0]
    if not re.match(rf"# {lesson.number}\b.+", first.source):
        yield f"the first cell does not begin with the title `# {lesson.number} ...`"
    for place in ("colab.research.google.com", "mybinder.org"):
        if place not in first.source:
            yield f"the title has no {place} badge"


def bootstrap(lesson: Lesson) -> Iterator[str]:
    code = [cell for cell in lesson.cells if cell.cell_type == "code"]
    if "google.colab" not in code[0].source:
        yield "the first code cell is not the bootstrap cell"
    if "nbval-ignore-output" not in code[0].metadata.get("tags", []):
        yield "the bootstrap cell is not tagged nbval-ignore-output"


def start(lesson: Lesson) -> Iterator[str]:
    *imports, last = ast.parse(lesson.code[1]).body
    if ast.unparse(last) != f"start('{lesson.number}')":
        yield f'the cell after the bootstrap does not end with start("{lesson.number}")'
    if not all(isinstance(line, ast.Import | ast.ImportFrom) for line in imports):
        yield "something other than imports stands before start(...)"


def goals(lesson: Lesson) -> Iterator[str]:
    text = lesson.opening.partition("be able to")[2]
    count = len(bullets(text.partition("\n**")[0]))
    if not 3 <= count <= 5:
        yield f"`What you will be able to do` lists {count} goals, not 3 to 5"


def announcements(lesson: Lesson) -> Iterator[str]:
    if not re.search(r"\*\*Time\*\*:.*\d+ minutes", lesson.opening):
        yield "the opening does not say how many minutes it takes"
    if "**What you need first**:" not in lesson.opening:
        yield "the opening does not say what one needs first"
    if not re.search(r"\*\*The question\*\*:[^*]*\?", lesson.opening):
        yield "the opening asks no question"


# Its body


def size(lesson: Lesson) -> Iterator[str]:
    if len(lesson.cells) > MOST_CELLS:
        yield f"{len(lesson.cells)} cells, more than {MOST_CELLS}"
    lengths = [len(source.splitlines()) for source in lesson.code]
    read = [len(c.source.splitlines()) for c in lesson.code_cells if not is_folded(c)]
    if (median := statistics.median(read)) > 6:
        yield f"the median open code cell has {median:g} lines, more than 6"
    long = sum(length > 20 for length in lengths)
    if long > len(lengths) / 10:
        yield f"{long} of {len(lengths)} code cells have more than 20 lines"


def line_length(lesson: Lesson) -> Iterator[str]:
    for line in "\n".join(lesson.code).splitlines():
        if len(line) > 79:
            yield f"a line of code is longer than 79 columns: {line}"


def activities(lesson: Lesson) -> Iterator[str]:
    if not lesson.calls("LiveFigure"):
        yield "no LiveFigure"
    if not lesson.calls("predict"):
        yield "no predict(...)"
    if lesson.has_quiz and not lesson.calls("quiz"):
        yield "its quiz is never asked"


def exercises(lesson: Lesson) -> Iterator[str]:
    least, most = EXERCISES_ALLOWED.get(lesson.number, (2, 4))
    count = len(lesson.calls("exercise"))
    if not least <= count <= most:
        yield f"{count} exercises, not {least} to {most}"
    before = ""
    for cell in lesson.cells:
        if cell.cell_type == "markdown":
            before = cell.source
        elif "@exercise(" in cell.source and not DIFFICULTY.search(before):
            yield "an exercise without `Difficulty: easy|medium|hard · N minutes`"


def alt_text(lesson: Lesson) -> Iterator[str]:
    for call in lesson.calls("LiveFigure") + lesson.calls("show"):
        alt = next((word.value for word in call.keywords if word.arg == "alt"), None)
        if alt is None or ast.unparse(alt) in ("''", "None"):
            yield f"a figure without alt text: {ast.unparse(call)[:60]}"
    if any("plt.show()" in source for source in lesson.code):
        yield 'plt.show() knows no alt text: use show(figure, alt="...")'


def pictures(lesson: Lesson) -> Iterator[str]:
    if REMOTE_PICTURE.search(lesson.prose):
        yield "a picture from another host does not show without a network"


# What it spares the learner


def facts(lesson: Lesson) -> Iterator[str]:
    """A bare assert would stop a learner who has changed something."""
    for source in lesson.code:
        if any(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(source))):
            yield f"a bare assert instead of a fact: {source[:60]}"
    if not lesson.calls("fact"):
        yield "no fact(...) holds what its prose says"


def folds(lesson: Lesson) -> Iterator[str]:
    """JupyterLab shows the first line of a folded cell in its place."""
    for cell in lesson.code_cells:
        drawn = DRAWN & {name for name in map(called, calls(cell.source)) if name}
        if is_folded(cell) and not cell.source.startswith("# "):
            yield f"a folded cell without a first comment: {cell.source[:60]}"
        if drawn and not is_folded(cell):
            yield f"a cell that draws is not folded: {cell.source[:60]}"


def moved_sliders(lesson: Lesson) -> Iterator[str]:
    """The builder moves every slider by itself; the learner's shall stay in place."""
    made = re.findall(r"(\w+) = LiveFigure\(", "\n".join(lesson.code))
    for name in made:
        if re.search(rf"\b{name}\.(set|error)\b", "\n".join(lesson.code)):
            yield f"moves the sliders of {name} or asks for its error"


def other_models(lesson: Lesson) -> Iterator[str]:
    if "knows_the_truth" in "\n".join([*lesson.code, lesson.prose]):
        yield f"knows_the_truth: mark the cell with `{MARK}` instead"


def stretch(lesson: Lesson) -> Iterator[str]:
    if "**Stretch**" not in lesson.prose:
        yield "no **Stretch** goal for the fast"


# Its end


def claims(lesson: Lesson) -> Iterator[str]:
    box = lesson.section("Claims on trial")
    if not CLAIM.search(box):
        yield "no `## Claims on trial` that names a claim"
    elif not VERDICT.search(box):
        yield "Claims on trial gives no verdict"


def recap(lesson: Lesson) -> Iterator[str]:
    text = MINUTES.sub("", lesson.section("Recap"))
    lines = [line for line in text.splitlines() if line.strip()]
    if not 1 <= len(lines) <= 5:
        yield f"the recap has {len(lines)} lines, not 1 to 5"


def readings(lesson: Lesson) -> Iterator[str]:
    items = re.split(r"^[-*] ", lesson.section("Read on"), flags=re.MULTILINE)[1:]
    if not 3 <= len(items) <= 4:
        yield f"`Read on` lists {len(items)} readings, not 3 or 4"
    for item in items:
        if not LINK.search(item) or len(LINK.sub("", item).split()) < 4:
            yield f"a reading without its link or without why: {item[:60].strip()}"


def next_lesson(lesson: Lesson) -> Iterator[str]:
    last = lesson.cells[-1].source
    if "**Next**" not in last:
        yield "the last cell does not say what comes next"
    later = [stem for stem in lesson.neighbours if stem > lesson.stem]
    if later and f"({later[0]}.ipynb)" not in last:
        yield f"the last cell does not link to {later[0]}.ipynb"


RULES: list[Callable[[Lesson], Iterator[str]]] = [
    title,
    bootstrap,
    start,
    goals,
    announcements,
    size,
    line_length,
    activities,
    exercises,
    alt_text,
    pictures,
    facts,
    folds,
    moved_sliders,
    other_models,
    stretch,
    claims,
    recap,
    readings,
    next_lesson,
]


def faults(lesson: Lesson) -> list[str]:
    """All that is wrong with a lesson, in the order of reading."""
    return [fault for rule in RULES for fault in rule(lesson)]


def unproven(notebook: NotebookNode) -> list[str]:
    """What keeps nbval from comparing anything in a built notebook."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    checked = [
        cell for cell in code if "nbval-check-output" in cell.metadata.get("tags", [])
    ]
    found = [] if checked else ["no cell is tagged nbval-check-output"]
    found += [
        f"a checked cell shows nothing: {c.source}" for c in checked if not c.outputs
    ]
    found += [
        f"not run: {cell.source}" for cell in code if cell.execution_count is None
    ]
    return found


def lesson_files(folder: Path) -> list[Path]:
    return sorted(folder.glob("[0-9][0-9]_*.py"))

"""What would tell a result before the guess: outputs that are not stored, and code.

Between `guess = predict(...)` and `guess.compare(...)` a notebook stores no output.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from nbformat import NotebookNode

from tools.contents import called, calls

TELLS = "# Tested here: what the text says."
COMPARES = "# Your guess and the result, side by side."


def fold(cell: NotebookNode) -> None:
    """Fold a code cell that compares, or that only states facts.

    In the place of a folded cell JupyterLab shows its first line: a comment.
    """
    if compares(cell.source):
        _fold_below(cell, COMPARES)
    elif only_tells(cell.source):
        _fold_below(cell, TELLS)


def _fold_below(cell: NotebookNode, comment: str) -> None:
    cell.metadata.setdefault("jupyter", {})["source_hidden"] = True
    cell.source = f"{comment}\n{cell.source}"


def compares(source: str) -> bool:
    """Whether a cell sets a prediction beside its result."""
    return any(called(call) == "compare" for call in calls(source))


def only_tells(source: str) -> bool:
    """Whether a cell does nothing but state facts."""
    body = [line for line in ast.parse(source).body if not _is_import(line)]
    return bool(body) and all(
        isinstance(line, ast.Expr)
        and isinstance(line.value, ast.Call)
        and called(line.value) == "fact"
        for line in body
    )


def _is_import(line: ast.stmt) -> bool:
    return isinstance(line, ast.Import | ast.ImportFrom)


def drop_spoilers(notebook: NotebookNode) -> None:
    """Nobody shall see a result before the guess."""
    for first, last in open_questions(notebook):
        for cell in notebook.cells[first + 1 : last]:
            if cell.cell_type == "code":
                cell.outputs = []


def open_questions(notebook: NotebookNode) -> Iterator[tuple[int, int]]:
    """Places of a cell that asks for a prediction and of the one that compares."""
    asked: dict[str, int] = {}
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type != "code":
            continue
        for line in ast.walk(ast.parse(cell.source)):
            if name := _asked_by(line):
                asked[name] = index
            elif (name := _compared_by(line)) in asked:
                yield asked.pop(name), index


def _asked_by(line: ast.AST) -> str | None:
    """`guess` of `guess = predict(...)`."""
    if isinstance(line, ast.Assign) and isinstance(line.value, ast.Call):
        target = line.targets[0]
        if called(line.value) == "predict" and isinstance(target, ast.Name):
            return target.id
    return None


def _compared_by(line: ast.AST) -> str:
    """`guess` of `guess.compare(...)`."""
    if isinstance(line, ast.Call) and called(line) == "compare":
        owner = getattr(line.func, "value", None)
        return getattr(owner, "id", "")
    return ""

"""Answers to an exercise, typed into its cell."""

import ast


def with_body(source: str, body: str) -> str:
    """An exercise's cell with `body` for its function's body."""
    tree = ast.parse(source)
    function = next(n for n in tree.body if isinstance(n, ast.FunctionDef))
    function.body = ast.parse(body).body
    return ast.unparse(tree)


def right_answer(source: str) -> str:
    """The cell with an answer that passes: the course's own, called."""
    tree = ast.parse(source)
    function = next(n for n in tree.body if isinstance(n, ast.FunctionDef))
    decorator = function.decorator_list[0]
    assert isinstance(decorator, ast.Call)
    module, _, name = ast.literal_eval(decorator.args[0]).rpartition(".")
    arguments = ", ".join(argument.arg for argument in function.args.args)
    return with_body(
        source,
        f"from course_utils.{module} import {name} as own\nreturn own({arguments})",
    )

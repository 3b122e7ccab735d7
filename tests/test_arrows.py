"""The house: which room may import from which, and that no way leads in a circle."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import course_utils

PACKAGE = Path(course_utils.__file__).parent
CORE = {"data_files", "forward", "model"}
LEARNT = {"foundations", "worlds", "mitigation", "detection", "generation", *CORE}
CAUSES = {*LEARNT, "causes", "training"}
SHOWN = {*CAUSES, "recordings", "wild"}

# Each room with all that it may import from, besides itself.
ALLOWED = {
    "foundations": set(),
    "data_files": set(),
    "forward": {"model"},
    "model": {"data_files", "foundations"},
    "worlds": {"foundations"},
    "mitigation": {"foundations", "forward", "generation", "model"},
    "detection": {"foundations", "model"},
    "generation": {"foundations", *CORE},
    "training": LEARNT,
    "causes": LEARNT,
    "wild": CAUSES,
    "recordings": {*CAUSES, "wild"},
    "classroom": {"data_files"},
    "checks": {*CAUSES, "wild", "classroom"},
    "plots": {*SHOWN, "classroom"},
    "doctor": {*LEARNT, "classroom"},
    "__init__": set(),
    "__main__": {"classroom", "detection", "doctor", "mitigation", "recordings"},
}


def modules() -> dict[str, Path]:
    """Every module of the package by its dotted name below `course_utils`."""
    found = {}
    for path in PACKAGE.rglob("*.py"):
        *folders, name = path.relative_to(PACKAGE).with_suffix("").parts
        parts = folders if name == "__init__" and folders else [*folders, name]
        found[".".join(parts)] = path
    return found


MODULES = modules()


def imported_by(name: str) -> Iterator[str]:
    """What a module imports of the package: at its top, late, and for types only."""
    for node in ast.walk(ast.parse(MODULES[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name} has a relative import"
            targets = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        else:
            continue
        for target in targets:
            if target.startswith("course_utils."):
                yield as_module(target.removeprefix("course_utils."))


def as_module(target: str) -> str:
    """The module that `target` is, or that holds it."""
    while target not in MODULES:
        target, dot, _ = target.rpartition(".")
        if not dot:
            return "__init__"
    return target


ARROWS = {name: sorted(set(imported_by(name)) - {name}) for name in MODULES}


def room(module: str) -> str:
    return module.partition(".")[0]


@pytest.mark.parametrize("name", MODULES)
def test_arrows_run_one_way(name):
    allowed = {room(name), *ALLOWED[room(name)]}
    wrong = [other for other in ARROWS[name] if room(other) not in allowed]
    assert not wrong, f"{name} imports {', '.join(wrong)}"


def test_no_way_leads_in_a_circle():
    waiting = {name: set(targets) for name, targets in ARROWS.items()}
    while free := [
        name for name, targets in waiting.items() if not targets & {*waiting}
    ]:
        for name in free:
            del waiting[name]
    assert not waiting, f"these import each other: {', '.join(sorted(waiting))}"


def test_every_allowed_arrow_between_rooms_is_without_a_way_back():
    for name, targets in ALLOWED.items():
        assert not [other for other in targets if name in ALLOWED[other]]


def test_types_only_and_late_imports_are_seen():
    assert "detection.report.drawing" in ARROWS["detection.report"]  # late
    source = MODULES["detection.report.drawing"].read_text(encoding="utf-8")
    assert "detection.report.measures" in ARROWS["detection.report.drawing"], source


@pytest.mark.parametrize("name", MODULES)
def test_no_module_is_longer_than_400_lines(name):
    assert len(MODULES[name].read_text(encoding="utf-8").splitlines()) <= 400


def test_nothing_imports_the_lessons():
    for path in MODULES.values():
        assert "import lessons" not in path.read_text(encoding="utf-8")
        assert "from lessons" not in path.read_text(encoding="utf-8")

"""The list of samplers is complete, and README.md has the same."""

import importlib
import inspect
import pkgutil
import re
import subprocess
import sys

import pytest
from transformers import LogitsProcessor

import course_utils
from course_utils import mitigation
from course_utils.__main__ import main
from course_utils.mitigation.catalogue import SAMPLERS, catalogue, listing
from course_utils.mitigation.truncation import Truncation
from tools.build_notebooks import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
SHARED = {Truncation}  # what several samplers have in common, and no sampler itself
ENTRIES = {entry.name: entry for entry in catalogue()}


def public_processors():
    """Every logits processor that a module of `course_utils.mitigation` defines."""
    for info in pkgutil.iter_modules(mitigation.__path__, f"{mitigation.__name__}."):
        module = importlib.import_module(info.name)
        for name, cls in inspect.getmembers(module, inspect.isclass):
            is_own = cls.__module__ == info.name and not name.startswith("_")
            if is_own and issubclass(cls, LogitsProcessor) and cls not in SHARED:
                yield cls


def test_every_public_sampler_is_in_the_catalogue_once():
    assert len(SAMPLERS) == len(set(SAMPLERS))
    assert set(SAMPLERS) == set(public_processors())


@pytest.mark.parametrize("cls", SAMPLERS)
def test_every_sampler_is_exported(cls):
    assert cls.__name__ in course_utils.__all__
    assert getattr(course_utils, cls.__name__) is cls


def test_calls_are_read_from_the_signatures():
    assert ENTRIES["TopK"].call == "TopK(k)"
    assert ENTRIES["PLess"].call == "PLess()"
    assert ENTRIES["TopH"].call == "TopH(h=0.4, renormalised=True)"
    assert ENTRIES["EDT"].call == "EDT(highest, theta, base=0.8)"
    assert ENTRIES["ArithmeticSampling"].call == "ArithmeticSampling()"
    assert ENTRIES["EntropyNoise"].call == (
        "EntropyNoise(epsilon, per='step', antithetic=False)"
    )


@pytest.mark.parametrize("name", ENTRIES)
def test_each_says_in_one_sentence_what_it_does_and_where_it_is_built(name):
    entry = ENTRIES[name]
    assert re.fullmatch(r"[A-Z].*\.", entry.what) and ". " not in entry.what
    assert "|" not in entry.what
    assert entry.notebook in {"01", "12", "13", "14"}


def test_notebooks_are_in_teaching_order():
    notebooks = [entry.notebook for entry in catalogue()]
    assert notebooks == sorted(notebooks)


def test_readme_has_the_catalogue_as_its_table():
    table = README.partition("| sampler | what it does | built in |\n|---|---|---|\n")[
        2
    ]
    rows = table.partition("\n\n")[0].splitlines()
    assert rows == [
        f"| `{name}` | {what} | {notebook} |" for name, _, what, notebook in catalogue()
    ]


def test_the_list_fits_a_hundred_columns_and_leaves_nothing_out():
    text = listing()
    assert max(map(len, text.splitlines())) <= 100
    unwrapped = " ".join(text.split())
    for entry in catalogue():
        assert f"{entry.notebook} {entry.call} {entry.what}" in unwrapped


def test_the_command_prints_the_list(capsys):
    main(["samplers"])
    assert capsys.readouterr().out == listing() + "\n"


def test_the_other_commands_do_not_load_the_samplers():
    code = (
        "import sys; from course_utils.__main__ import _parser; _parser();"
        "print('course_utils.mitigation' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "False\n", done.stderr

"""What a learner sees and gets back in every state of an exercise."""

import builtins
import contextlib
import ctypes
import functools
import inspect
import io
import json
import sys
import threading
import time

import numpy as np
import pytest
import torch

from course_utils.classroom import exercises, judging, progress
from course_utils.classroom.cases import Case, Checks, wrong
from course_utils.classroom.exercises import exercise
from course_utils.classroom.judging import judge
from course_utils.foundations import softmax as reference_module
from tests.judging import judge_at

SOFTMAX = "foundations.softmax.softmax"
TEMPERATURE = "mitigation.temperature.Temperature"


def right_softmax(logits, temperature=1.0):
    if temperature == 0:
        largest = (logits == logits.amax(dim=-1, keepdim=True)).float()
        return largest / largest.sum(dim=-1, keepdim=True)
    return torch.softmax(logits / temperature, dim=-1)


def unstable_softmax(logits, temperature=1.0):
    weights = (logits / temperature).exp()
    return weights / weights.sum(dim=-1, keepdim=True)


def attempt(answer, path=SOFTMAX):
    return exercise(path)(answer)


# --- Not attempted


def only_dots(logits, temperature=1.0): ...


def only_docstring(logits, temperature=1.0):
    """Probabilities."""


def only_pass(logits, temperature=1.0):
    pass


def not_implemented(logits, temperature=1.0):
    raise NotImplementedError


def not_implemented_with_a_word(logits, temperature=1.0):
    """Probabilities."""
    raise NotImplementedError("your turn")


def returns_dots(logits, temperature=1.0):
    return ...


def blanks(logits, temperature=1.0):
    scaled = ...
    weights = ...  # noqa: F841
    return scaled


STUBS = [
    only_dots,
    only_docstring,
    only_pass,
    not_implemented,
    not_implemented_with_a_word,
    returns_dots,
    blanks,
]


@pytest.mark.parametrize("stub", STUBS, ids=lambda stub: stub.__name__)
def test_a_stub_is_not_attempted_and_the_reference_is_used(stub, capsys):
    softmax = attempt(stub)
    assert capsys.readouterr().out.startswith(
        f"Exercise {stub.__name__}: not attempted yet.\n"
    )
    assert not softmax.passed
    assert torch.equal(softmax(torch.zeros(2)), torch.tensor([0.5, 0.5]))


def test_a_stub_without_source_is_not_attempted(capsys):
    space = {}
    exec("def softmax(logits, temperature=1.0):\n    ...", space)
    attempt(space["softmax"])
    assert "not attempted yet" in capsys.readouterr().out


def test_one_blank_left_is_said(capsys):
    def softmax(logits, temperature=1.0):
        shifted = logits - ...
        return shifted.exp()

    attempt(softmax)
    output = capsys.readouterr().out
    assert "not attempted yet" in output
    assert "still a `...` to fill in" in output


# --- Wrong


def test_a_wrong_answer_gets_the_smallest_failing_case_and_a_diagnosis(capsys):
    attempt(unstable_softmax)
    output = capsys.readouterr().out
    assert "Exercise unstable_softmax: not yet." in output
    assert "`exp` of a large logit overflows" in output
    assert "logits = torch.tensor([1000.0, 999.0])\n    softmax(logits)" in output
    assert "expected: tensor([0.7311, 0.2689])" in output
    assert "got:      tensor([nan, nan])" in output


def test_a_mistake_that_nobody_foresaw_still_gets_a_diagnosis():
    verdict = judge_softmax(lambda z, temperature=1.0: right_softmax(z) + 0.25)
    assert verdict.diagnosis == "The values differ, first at index [0]."


def test_with_two_mistakes_the_first_failing_case_decides():
    def ignores_temperature_and_overflows(logits, temperature=1.0):
        return logits.exp() / logits.exp().sum(dim=-1, keepdim=True)

    verdict = judge_softmax(ignores_temperature_and_overflows)
    assert verdict.diagnosis.startswith("`temperature` changes nothing")


def test_a_known_mistake_must_also_agree_where_the_answer_is_right():
    def doubles_late(number):
        return 1 if number == 1 else 2

    cases = [Case("_itself(1)"), Case("_itself(3)")]
    checks = Checks(cases, [], [wrong("2", "You always return 2.")])
    verdict = judge(doubles_late, checks, _itself)
    assert verdict.diagnosis == "The value is wrong."


def _itself(number):
    return number


def test_wrong_type():
    verdict = judge_softmax(lambda z, temperature=1.0: right_softmax(z).tolist())
    assert "`Tensor` is expected, yours is `list`" in verdict.diagnosis


def test_wrong_shape():
    verdict = judge_softmax(lambda z, temperature=1.0: right_softmax(z)[..., :1])
    assert "[2] is expected, yours is [1]" in verdict.diagnosis


def test_wrong_dtype():
    verdict = judge_softmax(lambda z, temperature=1.0: right_softmax(z).long())
    assert "torch.float32 is expected, not torch.int64" in verdict.diagnosis


def test_nothing_returned():
    def forgets_return(logits, temperature=1.0):
        right_softmax(logits, temperature)

    assert "did you forget `return`" in judge_softmax(forgets_return).diagnosis


def test_nan_is_named():
    verdict = judge_softmax(lambda z, temperature=1.0: z * torch.nan)
    assert verdict.diagnosis == "Your answer holds NaN (not a number)."


def test_an_argument_changed_in_place_is_named_though_the_result_is_right():
    def changes_logits(logits, temperature=1.0):
        result = right_softmax(logits, temperature)
        logits.zero_()
        return result

    verdict = judge_softmax(changes_logits)
    assert verdict.state == "wrong"
    assert "changes `logits` in place" in verdict.diagnosis


def judge_softmax(answer):
    return judge(answer, *exercises.load_exercise(SOFTMAX))


# --- Raising


def test_an_error_is_shown_with_the_learners_own_line(capsys):
    def softmax(logits, temperature=1.0):
        return torch.softmax(logitz / temperature, dim=-1)

    returned = attempt(softmax)
    output = capsys.readouterr().out
    assert "`return torch.softmax(logitz / temperature, dim=-1)" in output
    assert "NameError: name 'logitz' is not defined" in output
    assert not returned.passed


def test_an_error_deep_in_torch_is_shown_at_the_learners_line():
    def softmax(logits, temperature=1.0):
        return torch.softmax(logits, dim=7)

    diagnosis = judge_softmax(softmax).diagnosis
    assert "return torch.softmax(logits, dim=7)" in diagnosis
    assert "IndexError" in diagnosis


def test_misnamed_arguments_get_one_clear_diagnosis():
    verdict = judge_softmax(lambda logits, temp=1.0: right_softmax(logits, temp))
    assert verdict.state == "raised"
    assert "`softmax(logits, temperature=1.0)`" in verdict.diagnosis
    assert "`(logits, temp=1.0)`" in verdict.diagnosis


def test_sys_exit_does_not_end_the_notebook():
    def leaves(logits, temperature=1.0):
        raise SystemExit(1)

    diagnosis = judge_softmax(leaves).diagnosis
    assert "`raise SystemExit(1)`, asks Python to end (SystemExit: 1)" in diagnosis


def test_an_error_without_a_message_is_named():
    class SilentError(Exception):
        def __str__(self):
            raise ValueError("no text")

    def softmax(logits, temperature=1.0):
        raise SilentError

    diagnosis = judge_softmax(softmax).diagnosis
    assert "raises SilentError: its message can't be shown" in diagnosis


def test_what_einsum_says_of_an_ellipsis_is_no_stub():
    def softmax(logits, temperature=1.0):
        return torch.einsum("bv,bv->b", logits, logits)

    verdict = judge_softmax(softmax)
    assert verdict.state == "raised"
    assert "no ellipsis was given" in verdict.diagnosis


@pytest.mark.parametrize(
    "value", [torch.tensor(1j), 10**400, np.longdouble(1), torch.zeros(2).to_sparse()]
)
def test_what_cannot_be_compared_is_wrong_and_ends_nothing(value, capsys):
    answer = exercise("detection.vendi.vendi_score")(lambda vectors: value)
    assert not answer.passed
    assert "the check itself failed" not in capsys.readouterr().out


def test_an_answer_whose_repr_quits_is_judged():
    class Quits:
        def __repr__(self):
            raise SystemExit

    assert judge_softmax(lambda z, temperature=1.0: Quits()).state == "wrong"


def test_an_answer_that_cannot_be_asked_for_its_name_ends_nothing(capsys):
    class Odd:
        def __call__(self, logits, temperature=1.0):
            return right_softmax(logits, temperature)

        def __getattr__(self, name):
            raise ValueError(name)

    softmax = exercise(SOFTMAX)(Odd())
    assert torch.equal(softmax(torch.zeros(2)), torch.tensor([0.5, 0.5]))


def test_not_implemented_in_torch_is_an_error_not_a_stub():
    def softmax(logits, temperature=1.0):
        return torch.bincount(logits)

    assert judge_softmax(softmax).state == "raised"


# --- Hanging and flooding


@pytest.fixture
def short_limit(monkeypatch):
    monkeypatch.setattr(judging, "TIME_LIMIT", 0.3)


def test_an_endless_loop_is_stopped(short_limit):
    def softmax(logits, temperature=1.0):
        while True:
            logits = logits + 1

    threads = threading.active_count()
    verdict = judge_softmax(softmax)
    assert verdict.state == "too slow"
    assert "a loop that never ends" in verdict.diagnosis
    assert verdict.example.endswith("softmax(logits)")
    assert threading.active_count() == threads


def test_a_wait_outside_python_does_not_hold_up_the_notebook(short_limit):
    begin = time.perf_counter()
    verdict = judge_softmax(lambda logits, temperature=1.0: time.sleep(10))
    assert verdict.state == "too slow"
    assert time.perf_counter() - begin < 5


def test_endless_prints_are_cut(short_limit, capsys):
    def softmax(logits, temperature=1.0):
        while True:
            print("again and again")

    attempt(softmax)
    assert 0 < capsys.readouterr().out.count("again and again") < 40


def test_a_printing_loop_that_swallows_everything_falls_silent(short_limit, capsys):
    def softmax(logits, temperature=1.0):
        while True:
            try:
                print("still here")
            except BaseException:
                continue

    attempt(softmax)
    capsys.readouterr()
    time.sleep(0.2)
    assert capsys.readouterr().out == ""


def test_a_thread_left_behind_never_silences_the_notebook(short_limit, capsys):
    """Its redirect_stdout puts the captured stream back when nobody expects it."""
    done = threading.Event()

    def softmax(logits, temperature=1.0):
        with contextlib.redirect_stdout(io.StringIO()):
            time.sleep(1.6)
        done.set()

    outside = sys.stdout
    judge_softmax(softmax)
    time.sleep(1)
    done.wait(2)
    print("still heard")
    sys.stdout = outside
    assert "still heard" in capsys.readouterr().out


def test_only_the_prints_of_the_failing_call_are_shown(capsys):
    def softmax(logits, temperature=1.0):
        print("largest:", logits.max().item())
        return unstable_softmax(logits, temperature)

    attempt(softmax)
    output = capsys.readouterr().out
    assert "What it printed:\n    largest: 1000.0" in output
    assert output.count("largest:") == 1


def test_an_import_that_takes_long_does_not_count(short_limit, slow_module):
    space = {"right_softmax": right_softmax}
    lines = f"""
def softmax(logits, temperature=1.0):
    import {slow_module}
    from {slow_module} import nothing
    return right_softmax(logits, temperature)
"""
    exec(lines, space)
    assert judge_softmax(space["softmax"]).passed


def test_an_endless_loop_around_an_import_is_stopped(short_limit):
    def softmax(logits, temperature=1.0):
        while True:
            import math  # noqa: F401

    assert judge_softmax(softmax).state == "too slow"


def test_imports_are_python_s_own_again_afterwards():
    before = builtins.__import__
    judge_softmax(right_softmax)
    assert builtins.__import__ is before


@pytest.fixture
def slow_module(tmp_path, monkeypatch):
    """The name of a module that takes longer to import than the limit allows."""
    name = f"slow_{tmp_path.name}"
    lines = "import time\n\ntime.sleep(0.8)\nnothing = None\n"
    (tmp_path / f"{name}.py").write_text(lines)
    monkeypatch.syspath_prepend(tmp_path)
    return name


@pytest.mark.skipif(sys.platform == "win32", reason="needs usleep of the C library")
def test_a_call_that_nothing_can_interrupt_is_named(short_limit):
    def softmax(logits, temperature=1.0):
        # PyDLL keeps Python's lock, as sum() does; then the line waits to be seen.
        return ctypes.PyDLL(None).usleep(2_500_000) or time.sleep(1) or logits

    verdict = judge_softmax(softmax)
    assert verdict.state == "too slow"
    assert "PyDLL(None).usleep(2_500_000)" in verdict.diagnosis
    assert "one call into compiled code that lets nothing else run" in verdict.diagnosis
    assert "Kernel > Interrupt" in verdict.diagnosis


# --- Passed


def test_a_right_answer_is_used_as_it_is(capsys):
    def softmax(logits, temperature=1.0):
        return right_softmax(logits, temperature)

    returned = attempt(softmax)
    assert returned is softmax
    assert returned.passed
    assert capsys.readouterr().out == (
        "Exercise softmax: passed.\nFrom here on the notebook runs on your version.\n"
    )


@pytest.mark.parametrize("answer", [right_softmax, unstable_softmax, only_dots])
def test_another_name_than_asked_for_is_told_so(answer, capsys):
    attempt(answer)
    told = f"It is called `{answer.__name__}`, but later cells call `softmax`"
    assert told in capsys.readouterr().out


def test_a_class_under_another_name_is_told_so_and_still_judged(capsys):
    assert attempt(RightTemperature, TEMPERATURE).passed
    assert "later cells call `Temperature`" in capsys.readouterr().out


def test_a_wrapped_answer_keeps_its_name_and_docstring():
    @exercise(SOFTMAX)
    @functools.cache
    def softmax(logits, temperature=1.0):
        """Mine."""
        return right_softmax(logits, temperature)

    assert (softmax.__name__, softmax.__doc__) == ("softmax", "Mine.")
    assert softmax.passed


def test_a_recursive_answer_finds_itself():
    checks = Checks([Case("factorial(4)")], ["one", "two"], [])
    space = {"__name__": __name__}
    exec("def factorial(n):\n    return n * factorial(n - 1) if n else 1", space)
    assert judge(space["factorial"], checks, _factorial).passed
    assert space["factorial"].__name__ == "factorial"


def test_a_class_finds_itself_by_its_name():
    """A class has no globals of its own: its module's are taken."""
    lines = """
class Temperature:
    @staticmethod
    def scaled(scores, temperature):
        return scores / temperature

    def __init__(self, temperature):
        self.temperature = temperature

    def __call__(self, input_ids, scores):
        if self.temperature > 0:
            return Temperature.scaled(scores, self.temperature)
        largest = scores.amax(dim=-1, keepdim=True)
        return scores.masked_fill(scores < largest, -float("inf"))
"""
    space = {"__name__": __name__}
    exec(lines, vars(sys.modules[__name__]), space)
    assert judge_at(TEMPERATURE, space["Temperature"]).passed
    assert "Temperature" not in vars(sys.modules[__name__])


def test_a_recursive_answer_below_a_decorator_finds_itself():
    checks = Checks([Case("factorial(4)")], ["one", "two"])
    space = {"__name__": __name__, "no_grad": torch.no_grad()}
    lines = "@no_grad\ndef factorial(n):\n    return n * factorial(n - 1) if n else 1"
    exec(lines, space)
    assert judge(space["factorial"], checks, _factorial).passed


def _factorial(n):
    return 24


_factorial.__name__ = "factorial"


def as_list(pair):
    """The right answer of `_pair`, but for its form."""
    return [pair.sum().item(), [pair.tolist()]]


def _pair(pair):
    return pair.sum().item(), (pair.tolist(),)


def test_a_list_for_a_tuple_passes():
    checks = Checks([Case("_pair(pair)", pair=[1.0, 2.0])], ["one", "two"])
    assert judge(as_list, checks, _pair).passed
    assert not judge(lambda pair: as_list(pair)[:1], checks, _pair).passed


def test_numpy_for_a_tensor_passes_with_a_hint_and_gives_tensors(capsys):
    @exercise(SOFTMAX)
    def softmax(logits, temperature=1.0):
        return right_softmax(logits, temperature).numpy()

    assert softmax.passed
    assert "`torch.from_numpy(array)`" in capsys.readouterr().out
    assert torch.equal(softmax(torch.zeros(2)), torch.tensor([0.5, 0.5]))


def test_a_number_of_numpy_for_a_tensor_without_dimensions_passes():
    entropy = "foundations.entropy.entropy"

    def answer(probs, base=2):
        p = probs.double().numpy()
        logs = np.log(p, out=np.zeros_like(p), where=p > 0)
        return -(p * logs).sum(axis=-1) / np.log(base)

    assert judge_at(entropy, answer).passed
    assert isinstance(exercise(entropy)(answer)(torch.tensor([1.0])), torch.Tensor)


def test_numpy_passes_where_a_check_goes_on_with_tensors():
    def sample(probs, num_samples=1, generator=None):
        ends = probs.cumsum(dim=-1)
        shape = (*probs.shape[:-1], num_samples)
        uniform = torch.rand(shape, generator=generator) * ends[..., -1:]
        return torch.searchsorted(ends, uniform, right=True).numpy()

    assert judge_at("foundations.softmax.sample", sample).passed


def test_a_mistake_that_is_like_a_known_one_in_one_case_only_is_not_called_so():
    def auroc(healthy, collapsed):
        pairs = [(c > h) + (c == h) / 2 for h in healthy for c in collapsed]
        return sum(pairs) / (len(healthy) + len(collapsed))

    verdict = judge_at("detection.scoring.auroc", auroc)
    assert verdict.diagnosis == "The value is wrong."


def test_numpy_that_is_wrong_gets_the_diagnosis_of_a_tensor_that_is():
    verdict = judge_softmax(lambda z, temperature=1.0: torch.softmax(z, -1).numpy())
    assert verdict.diagnosis.startswith("`temperature` changes nothing")


def test_numpy_inside_a_class_is_told_how_to_become_a_tensor():
    class Temperature(RightTemperature):
        def __call__(self, input_ids, scores):
            return super().__call__(input_ids, scores).numpy()

    diagnosis = judge_at(TEMPERATURE, Temperature).diagnosis
    assert "yours is `ndarray`. `torch.from_numpy(...)`" in diagnosis


def test_checks_leave_the_random_numbers_alone():
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    judge_softmax(lambda z, temperature=1.0: torch.rand(z.shape))
    assert torch.equal(torch.rand(1), expected)


def test_checks_leave_numpy_and_the_default_dtype_alone():
    def meddles(logits, temperature=1.0):
        torch.set_default_dtype(torch.float64)
        np.random.seed(5)

    np.random.seed(3)
    expected = np.random.rand()
    np.random.seed(3)
    judge_softmax(meddles)
    assert np.random.rand() == expected
    assert torch.get_default_dtype() == torch.float32


def test_numpys_random_numbers_are_the_same_in_every_check():
    drawn = []

    def draws(logits, temperature=1.0):
        drawn.append(np.random.rand())
        return right_softmax(logits, temperature)

    judge_softmax(draws)
    assert len(set(drawn)) == 1


@pytest.mark.parametrize("kind", ["partial", "instance", "module"])
def test_an_answer_without_a_name_is_judged(kind, capsys):
    class Softmax:
        def __call__(self, logits, temperature=1.0):
            return right_softmax(logits, temperature)

    class SoftmaxModule(torch.nn.Module):
        def forward(self, logits, temperature=1.0):
            return right_softmax(logits, temperature)

    answer = {
        "partial": functools.partial(right_softmax),
        "instance": Softmax(),
        "module": SoftmaxModule(),
    }[kind]
    assert attempt(answer).passed
    assert "Exercise softmax: passed." in capsys.readouterr().out


def test_a_wrong_answer_without_a_name_gets_a_diagnosis(capsys):
    assert not attempt(functools.partial(unstable_softmax)).passed
    assert "`exp` of a large logit overflows" in capsys.readouterr().out


def test_right_then_wrong_uses_the_reference_and_stays_solved(capsys):
    attempt(right_softmax)
    capsys.readouterr()
    softmax = attempt(unstable_softmax)
    output = capsys.readouterr().out
    assert not softmax.passed
    assert torch.isfinite(softmax(torch.tensor([1000.0, 0.0]))).all()
    assert "You have solved it before, and that stays recorded." in output
    assert "1 of 1 exercises met so far (softmax solved)" in repr(progress())


# --- Help


def test_hints_come_one_by_one_and_end(capsys):
    softmax = attempt(unstable_softmax)
    capsys.readouterr()
    titles = []
    for _ in range(4):
        softmax.hint()
        titles.append(capsys.readouterr().out.splitlines()[0])
    assert titles[:3] == [f"Hint {n} of 3 for unstable_softmax" for n in (1, 2, 3)]
    assert titles[3] == "No more hints for unstable_softmax: all 3 were shown."


def test_the_solution_is_the_source_in_the_package(capsys):
    softmax = attempt(unstable_softmax)
    capsys.readouterr()
    softmax.solution()
    output = capsys.readouterr().out
    source = inspect.getsource(reference_module.softmax).splitlines()
    assert all(line.strip() in output for line in source)
    assert "def _share_among_largest" in output


def test_the_solution_shows_what_it_stands_on_but_not_what_everybody_can_call(capsys):
    def find_loop(row, repeats=3):
        return None

    exercise("detection.repetition.find_loop")(find_loop).solution()
    shown = capsys.readouterr().out
    assert "def find_loop(" in shown
    assert "def as_whole_number" not in shown

    def recurse(probs, samples, generations, keep="replace", generator=None):
        return None

    exercise("causes.recursion.recurse")(recurse).solution()
    shown = capsys.readouterr().out
    assert "def next_corpus" in shown and "def sample" not in shown


def test_the_package_itself_is_left_untouched():
    softmax = attempt(unstable_softmax)
    assert softmax is not reference_module.softmax
    assert not hasattr(reference_module.softmax, "hint")
    assert softmax.__doc__ == reference_module.softmax.__doc__


# --- Classes


class RightTemperature:
    """Mine."""

    def __init__(self, temperature):
        self.temperature = temperature

    def __call__(self, input_ids, scores):
        if self.temperature > 0:
            return scores / self.temperature
        largest = scores.amax(dim=-1, keepdim=True)
        return scores.masked_fill(scores < largest, -torch.inf)


def test_a_right_class_is_used_as_it_is():
    temperature = attempt(RightTemperature, TEMPERATURE)
    assert temperature is RightTemperature
    assert temperature.passed


def test_a_class_with_a_given_constructor_is_not_attempted(capsys):
    class Temperature:
        def __init__(self, temperature):
            self.temperature = temperature

        def __call__(self, input_ids, scores):
            """New scores."""

    attempt(Temperature, TEMPERATURE)
    assert "not attempted yet" in capsys.readouterr().out


def test_a_class_without_its_method_is_told_so(capsys):
    class Temperature:
        def __init__(self, temperature):
            self.temperature = temperature

        def scale(self, input_ids, scores):
            return scores / self.temperature

    returned = attempt(Temperature, TEMPERATURE)
    output = capsys.readouterr().out
    assert "`__call__(self, input_ids, scores)` is missing" in output
    scores = torch.tensor([[2.0, 0.0]])
    assert torch.equal(returned(2.0)(None, scores), torch.tensor([[1.0, 0.0]]))
    assert returned.__name__ == "Temperature"
    assert returned.hint


def test_a_function_where_a_class_is_wanted(capsys):
    attempt(right_softmax, TEMPERATURE)
    assert "A class is wanted" in capsys.readouterr().out


# --- The decorator itself


def test_an_exercise_that_has_moved_is_found_and_its_progress_counts(
    progress_path, capsys
):
    old, new = "detection.monitor.auroc", "detection.scoring.auroc"
    stored = {"notebooks": {"01": {"exercises": {old: {"solved": True}}}}}
    progress_path.write_text(json.dumps(stored))
    for path in (old, new):
        attempt(only_dots, path)
        assert "You have solved it before" in capsys.readouterr().out
    assert "1 of 1 exercises met so far (auroc solved)" in repr(progress())


@pytest.mark.parametrize("path", ["softmax", "foundations.softmax.sofmax", 3, "a.b"])
def test_an_unknown_exercise_is_refused(path):
    with pytest.raises(ValueError, match="path"):
        exercise(path)


def test_a_decorator_without_brackets_is_refused():
    with pytest.raises(ValueError, match="dotted name"):

        @exercise
        def softmax(logits):
            return logits


def test_a_fault_in_the_check_itself_never_ends_the_notebook(monkeypatch, capsys):
    def broken(*args):
        raise RuntimeError("out of order")

    monkeypatch.setattr(exercises, "judge", broken)
    softmax = attempt(right_softmax)
    assert "the check itself failed" in capsys.readouterr().out
    assert torch.equal(softmax(torch.zeros(2)), torch.tensor([0.5, 0.5]))


def test_the_message_is_rich_in_a_notebook_and_safe():
    card = exercises._message(
        "softmax", judge_softmax(lambda z, temperature=1.0: "<b>"), False
    )
    html = card._repr_html_()
    assert "&lt;b&gt;" in html
    assert "<code>softmax.hint()</code>" in html
    assert 'role="status"' in html

"""Every lesson runs to its end with a model it was not written for."""

import pytest

from tests.lessons.anatomy import lesson_files
from tests.other_model import save_other_model
from tools.build_notebooks import ROOT, execute, read_lesson

LESSONS = lesson_files(ROOT / "lessons")


@pytest.fixture(scope="session")
def other_model(tmp_path_factory):
    return save_other_model(tmp_path_factory.mktemp("other_model"))


def test_other_model_has_other_words(other_model):
    from course_utils import load_model

    lm = load_model(str(other_model))
    assert lm.next_token_logits("Rain").numel() == len(lm.tokenizer)
    assert "<|endoftext|>" not in lm.tokenizer.get_vocab()


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_lesson_runs_with_another_model(lesson, other_model, tmp_path):
    execute(read_lesson(lesson), tmp_path, {"COURSE_MODEL": str(other_model)})

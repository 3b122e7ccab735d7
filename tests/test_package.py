import subprocess
import sys

import pytest

import course_utils


@pytest.mark.parametrize("name", course_utils.__all__)
def test_every_public_name_can_be_imported(name):
    assert getattr(course_utils, name).__name__ == name
    assert name in dir(course_utils)


def test_unknown_names_are_an_attribute_error():
    with pytest.raises(AttributeError, match="nonsense"):
        _ = course_utils.nonsense


def test_importing_the_package_imports_nothing_heavy():
    code = (
        "import sys, course_utils, course_utils.data_files; "
        "heavy = {'torch', 'transformers', 'nltk', 'sklearn', 'matplotlib', 'numpy'}; "
        "sys.exit(len(heavy & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_foundations_need_no_transformers():
    code = (
        "import sys; from course_utils import softmax, entropy; "
        "sys.exit('transformers' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)

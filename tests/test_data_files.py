from course_utils import data_files
from course_utils.data_files import data_path


def test_a_checkout_keeps_its_data_beside_the_package():
    package = data_files._PACKAGE
    assert data_path("models", "x") == package.parent / "data" / "models" / "x"


def test_an_installed_package_carries_its_data_inside(tmp_path, monkeypatch):
    (tmp_path / "data").mkdir()
    monkeypatch.setattr(data_files, "_PACKAGE", tmp_path)
    assert data_path("models") == tmp_path / "data" / "models"

"""The machine check says what is wrong in a line, and never raises."""

from course_utils import doctor as module
from course_utils.doctor import doctor


def test_a_good_machine_is_ready(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.json"))
    monkeypatch.setattr(module, "_ENOUGH_SPEED", 1)
    text = repr(doctor())
    assert text.startswith("This machine is ready")
    assert "storyteller is whole" in text and "progress is saved" in text


def test_every_trouble_is_a_line_of_its_own(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "nowhere" / "progress.json"))
    monkeypatch.setattr(module, "_ENOUGH_MEMORY", 1e18)
    monkeypatch.setattr(module, "_ENOUGH_SPEED", 1e12)
    monkeypatch.setattr(module, "_PACKAGES", ("torch", "no_such_package"))
    text = repr(doctor())
    assert text.startswith("4 things need a look")
    assert "missing: no_such_package; run `make venv` again" in text
    assert text.count("LOOK") == 4


def test_a_broken_model_is_reported(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.json"))
    monkeypatch.setattr("course_utils.model.data_path", lambda *parts: tmp_path)
    text = repr(doctor())
    assert text.startswith("1 thing needs a look") and "is missing" in text

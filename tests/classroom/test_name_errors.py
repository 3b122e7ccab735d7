"""After a kernel restart a cell below fails with a NameError: a card says why."""

from course_utils.classroom import LiveFigure, slider, start
from course_utils.classroom.name_errors import name_error_card


def test_a_name_error_says_what_to_do_and_still_counts(shell, capsys):
    start("01")
    result = shell.run_cell("probabilities + 1")
    assert isinstance(result.error_in_exec, NameError)
    printed = capsys.readouterr().out
    assert "name 'probabilities' is not defined" in printed
    assert "`probabilities` is not known yet." in printed
    assert "Run > Run All Above Selected Cell" in printed


def test_the_card_comes_before_start_as_well(shell, capsys):
    """As an extension, which `python -m course_utils lab` loads into each kernel."""
    shell.extension_manager.load_extension("course_utils.classroom.name_errors")
    shell.run_cell("probabilities + 1")
    assert "Run > Run All Above Selected Cell" in capsys.readouterr().out


def test_a_live_figure_shows_the_same_card():
    def update(artists, height):
        return probabilities

    controls = {"height": slider(0, 3, value=1, label="height")}
    figure = LiveFigure(
        lambda figure: figure.subplots().plot([]), update, controls, alt="A line."
    )
    assert isinstance(figure.error, NameError)
    card = name_error_card(figure.error)
    assert figure._words.value == card._repr_html_()


def test_other_errors_stay_as_they_are(shell, capsys):
    start("01")
    shell.run_cell("1 / 0")
    assert "Run All Above" not in capsys.readouterr().out

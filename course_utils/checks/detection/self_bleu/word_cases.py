"""Cases whose texts are lists of words."""

from course_utils.classroom.cases import Case


def words_case(call: str, hypothesis: str, *references: str) -> Case:
    rows = ", ".join(f'"{row}".split()' for row in references)
    given = {"hypothesis": f'"{hypothesis}".split()', "references": f"[{rows}]"}
    return Case(call, **given)

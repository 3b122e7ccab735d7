"""The collapse report: it finds what is wrong, and nothing where nothing is."""

import json
import math
import random
from dataclasses import replace

import pytest

from course_utils.detection.report import collapse_report, page
from course_utils.detection.report.measures import Finding
from course_utils.detection.report.page import side_by_side, strip_of, ticks
from course_utils.worlds.stories import StoryWorld


@pytest.fixture(scope="module")
def tales():
    return [story.text for story in StoryWorld().sample(450, seed=1)]


@pytest.fixture(scope="module")
def healthy(tales):
    return collapse_report(tales[:150], reference=tales[150:])


@pytest.fixture(scope="module")
def collapsed(tales):
    """A third are one tale, a third one plot, and some go round in a loop."""
    mira = StoryWorld().documents.sample(50, 2)
    texts = [tales[0]] * 60 + [tale.text for tale in mira]
    texts += [f"{text} and on and on and on and on" for text in tales[:40]]
    prompts = ["one tale"] * 60 + ["any"] * 90
    return collapse_report(texts, tales[150:], prompts)


def verdicts(report):
    return {finding.name: finding.verdict for finding in report.findings}


def test_texts_of_the_references_source_are_like_it(healthy):
    assert "more alike" not in verdicts(healthy).values()
    assert not healthy.is_collapsed
    assert healthy.headline.startswith("No measure finds these texts more alike")
    assert (healthy.texts, healthy.reference_texts, healthy.sample) == (150, 300, 150)


def test_collapse_is_found(collapsed):
    found = verdicts(collapsed)
    for name in ("copies", "Self-BLEU-4", "compression ratio", "Vendi score"):
        assert found[name] == "more alike", name
    assert "copies" in collapsed.headline


def test_its_examples_are_shown(collapsed, tales):
    assert collapsed.copied[0] == (tales[0], 60)
    assert collapsed.looping >= 40
    assert collapsed.loops[0].phrase in {"and on", "on and"}
    assert collapsed.prompts[0].prompt == "one tale"
    assert collapsed.prompts[0].self_bleu == pytest.approx(1)
    assert all(first != second for first, second in collapsed.alike)


def test_values_lie_in_their_intervals_and_limits(healthy, collapsed):
    for finding in healthy.findings + collapsed.findings:
        low, high = finding.interval
        assert low <= finding.value <= high
        if finding.name in {"compression ratio", "Vendi score"}:
            assert 0 <= low <= high <= (math.inf, 150)[finding.name == "Vendi score"]
        else:
            assert 0 <= low <= high <= 1


def test_without_a_reference_nothing_is_judged(tales):
    report = collapse_report(tales[:30])
    assert set(verdicts(report).values()) == {"no reference"}
    assert report.headline.startswith("Without a reference")


def test_the_order_of_texts_does_not_matter(tales):
    shuffled = random.Random(0).sample(tales[:60], 60)
    first, second = collapse_report(tales[:60]), collapse_report(shuffled)
    for a, b in zip(first.findings, second.findings, strict=True):
        assert a.value == pytest.approx(b.value, rel=0.02), a.name


def test_strange_texts_are_read():
    texts = [
        "\U0001f98a\U0001f98a",
        "\u05e9\u05dc\u05d5\u05dd \u05dc\u05da",
        "\u4e16\u754c",
        "a",
        "\u200f b",
    ]
    report = collapse_report([*texts, "", "  "])
    assert report.texts == 5
    assert report.notes == ["2 texts without a word are left out."]
    assert report.to_html()
    json.loads(report.to_json())


def test_two_texts_are_enough_and_equal_ones_too():
    assert collapse_report(["a b", "c d"]).texts == 2
    report = collapse_report(["the same text"] * 4)
    assert report.findings[0].value == 1
    assert report.alike == []


def test_an_interval_is_known_from_five_texts_on():
    five = ["a b", "c d", "a d", "b c", "a c"]
    for texts, is_known in ((five[:4], False), (five, True)):
        for finding in collapse_report(texts).findings:
            assert math.isnan(finding.interval[0]) != is_known, finding.name


def test_the_page_draws_value_interval_and_band_to_scale():
    finding = Finding(
        "name", "question", 3.0, (2.0, 5.0), "high", reference=2.5, band=(1.0, 4.0)
    )
    spots = strip_of(finding)
    left, right = spots["left"], spots["left"] + spots["width"]
    unit = (right - left) / 3
    assert spots["value"] == pytest.approx(left + unit, abs=0.02)
    assert spots["band"] == pytest.approx(left - unit, abs=0.02)
    assert spots["band_width"] == pytest.approx(3 * unit, abs=0.02)
    assert 0 < spots["band"] < right < 100
    assert spots["reference"] == pytest.approx(left + unit / 2, abs=0.02)
    for place, label in spots["ticks"]:
        assert place == pytest.approx(left + unit * (float(label) - 2), abs=0.02)
    unknown = replace(finding, interval=(math.nan,) * 2, band=None, reference=None)
    assert strip_of(unknown).keys() == {"value", "ticks"}


@pytest.mark.parametrize("ends", [(0, 1), (0.31, 0.34), (-5, 12345), (1e-6, 3e-6)])
def test_a_scale_has_round_ticks_within(ends):
    found = ticks(*ends)
    assert 2 <= len(found) <= 5
    assert ends[0] <= found[0] < found[-1] <= ends[1]


def test_the_page_escapes_what_it_shows():
    evil = "<script>alert(1)</script> some more words here"
    page = collapse_report([evil, evil, evil + " too", "a b c"], prompts=["<b>"] * 4)
    assert "<script>alert" not in page.to_html()


def test_the_page_needs_nothing_else(collapsed):
    page = collapsed.to_html()
    assert "http" not in page.replace("http-equiv", "")
    assert "prefers-color-scheme: dark" in page


def test_json_holds_all_findings(collapsed):
    content = json.loads(collapsed.to_json())
    found = {f["name"]: f["verdict"] for f in content["findings"]}
    assert found == verdicts(collapsed)
    assert content["headline"] == collapsed.headline
    assert content["is_collapsed"] is True
    assert list(content["answers"].values()) == [a for _, a in collapsed.answers]


def test_it_prints_and_draws(collapsed):
    assert "Self-BLEU-4" in repr(collapsed)
    panels = collapsed.plot().axes
    for axes, finding in zip(panels, collapsed.findings, strict=True):
        interval, value = (line.get_xydata().tolist() for line in axes.lines)
        assert interval == [[end, 0] for end in finding.interval]
        assert value == [[finding.value, 0]]
        assert len(axes.patches) == (finding.band is not None)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"texts": ["alone"]}, "texts has 1 entries; at least 2"),
        ({"texts": ["a", " "]}, "texts holds 1 texts with a word"),
        ({"texts": "abc"}, "texts must be a list of texts"),
        ({"texts": ["a", "b"], "prompts": ["p"]}, "prompts has 1 entries for 2 texts"),
        ({"texts": ["a", "b"], "reference": ["c"]}, "reference has 1 entries"),
        ({"texts": ["a", "b"], "sample": 1}, "sample must be a whole number"),
    ],
)
def test_bad_input_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        collapse_report(**arguments)


def test_the_page_marks_what_differs_and_nothing_else():
    left, right = side_by_side("the fox <ran> home", "the owl <ran> home")
    assert left == "the <mark>fox</mark> &lt;ran&gt; home"
    assert right == "the <mark>owl</mark> &lt;ran&gt; home"
    assert side_by_side("all the same", "all the same") == ("all the same",) * 2


@pytest.mark.parametrize("nothing", [None, math.nan])
def test_what_is_not_known_is_called_unknown(nothing):
    assert page._number(nothing) == "unknown"
    assert page._number(0.123456) == "0.123"

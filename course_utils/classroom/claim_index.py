"""`claims`: what the article claims, where, and what the course has found so far."""

import json
import tomllib
from dataclasses import dataclass
from html import escape

from course_utils.classroom.cards import Card, inline_html
from course_utils.classroom.verdicts import basis
from course_utils.data_files import data_path

_TABLE = '<table style="font-size: 0.95em; text-align: left;">'
_HEAD = ("claim", "in our words", "place in the article", "notebook", "tried")


@dataclass(frozen=True)
class Claim:
    """A claim in our own words, and what would count for it and against it."""

    id: str
    text: str
    place: str
    for_it: str
    against_it: str
    notebooks: tuple[str, ...]
    verdicts: tuple[dict, ...] = ()

    @property
    def tried(self) -> str:
        """The notebooks with a verdict, or `not yet`."""
        numbers = dict.fromkeys(entry["notebook"] for entry in self.verdicts)
        return ", ".join(numbers) or "not yet"


def claims(claim: str | None = None) -> "ClaimIndex | Card":
    """All claims on trial, or one of them with its verdicts; the value of a cell.

    `claim` is an id such as "C04". Raises ValueError for one that doesn't exist.
    """
    known = {entry.id: entry for entry in read_claims()}
    if claim is None:
        return ClaimIndex(list(known.values()))
    if claim not in known:
        raise ValueError(f"claim is {claim!r}; allowed are C01 to {max(known)}")
    return _card(known[claim])


def read_claims() -> list[Claim]:
    """The claims of data/claims.toml, with the verdicts of data/results."""
    ledger = data_path("results", "verdicts.json")
    found = json.loads(ledger.read_text(encoding="utf-8")) if ledger.exists() else []
    return [
        Claim(
            entry["id"],
            entry["text"],
            entry["place"],
            entry["for"],
            entry["against"],
            tuple(entry["notebooks"]),
            tuple(verdict for verdict in found if verdict["claim"] == entry["id"]),
        )
        for entry in _read_toml()["claim"]
    ]


def _read_toml() -> dict:
    return tomllib.loads(data_path("claims.toml").read_text(encoding="utf-8"))


def _source() -> str:
    article = _read_toml()["article"]
    return (
        f"An article that begins “{article['opening']} ...”, author "
        f"{article['author']}, read {article['read']}."
    )


def _card(claim: Claim) -> Card:
    verdicts = [
        f"Notebook {entry['notebook']}: {entry['question']} {entry['verdict']} "
        f"({entry['estimate']:.3g}, {_basis(entry)})."
        for entry in claim.verdicts
    ]
    return Card(
        f"{claim.id}: {claim.text}",
        f"{claim.place}.",
        f"For it: {claim.for_it}",
        f"Against it: {claim.against_it}",
        *(verdicts or [f"Not tried yet; planned for {_planned(claim)}."]),
    )


def _basis(entry: dict) -> str:
    rests_on = ("interval", "level", "n", "unit", "clusters")
    return basis(*(entry[name] for name in rests_on))


def _planned(claim: Claim) -> str:
    return f"notebook {' and '.join(claim.notebooks)}"


class ClaimIndex:
    """A table of claims; each verdict stays folded, so that it spoils no lesson."""

    def __init__(self, claims: list[Claim]):
        self.claims = claims

    def __repr__(self) -> str:
        rows = [
            f"{claim.id}  {claim.text} ({claim.place}; notebook "
            f"{', '.join(claim.notebooks)}; tried: {claim.tried})"
            for claim in self.claims
        ]
        return "\n".join([_source(), *rows])

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col">{name}</th>' for name in _HEAD)
        rows = "".join(map(_row, self.claims))
        return f"<p>{escape(_source())}</p>{_TABLE}<tr>{head}</tr>{rows}</table>"


def _row(claim: Claim) -> str:
    cells = [inline_html(claim.text), escape(claim.place), ", ".join(claim.notebooks)]
    filled = "".join(
        f'<td style="text-align: left;">{cell}</td>'
        for cell in [*cells, _folded_verdicts(claim)]
    )
    return f'<tr><th scope="row">{claim.id}</th>{filled}</tr>'


def _folded_verdicts(claim: Claim) -> str:
    if not claim.verdicts:
        return claim.tried
    lines = "<br>".join(
        f"{entry['notebook']}: {inline_html(entry['verdict'])}"
        for entry in claim.verdicts
    )
    return f"<details><summary>in {claim.tried}</summary>{lines}</details>"

"""Checks of `decode_step`, an exercise of notebook 14."""

from course_utils.classroom.cases import Case, Checks, wrong


def _parts(probs, codes):
    """Tokens, where their parts begin, and how wide they are."""
    ends = probs.cumsum(dim=-1)
    tokens = (ends <= codes[:, None]).sum(dim=-1).clamp(max=probs.shape[-1] - 1)
    width = probs.gather(-1, tokens[:, None])[:, 0]
    return tokens, ends.gather(-1, tokens[:, None])[:, 0] - width, width


CALL = "decode_step(probs, codes)"
WIDE = {"probs": "torch.tensor([[0.5, 0.25, 0.25]], dtype=torch.float64)"}
CASES = [
    Case(CALL, **WIDE, codes="torch.tensor([0.6], dtype=torch.float64)"),
    Case(CALL, **WIDE, codes="torch.tensor([0.125], dtype=torch.float64)"),
    Case(CALL, **WIDE, codes="torch.tensor([0.5], dtype=torch.float64)"),
    Case(CALL, **WIDE, codes="torch.tensor([0.9], dtype=torch.float64)"),
    Case(
        CALL,
        probs="torch.tensor([[0.5, 0.5, 0.0], [0.25, 0.0, 0.75], [0.125, 0.25, 0.625]],"
        " dtype=torch.float64)",
        codes="torch.tensor([0.75, 0.25, 0.125], dtype=torch.float64)",
    ),
]
HINTS = [
    "`probs.cumsum(dim=-1)` is where each token's part ends. How many of the ends lie "
    "at or below the code?",
    "That number *is* the token. Its part begins where the one before ends, so at its "
    "own end less its probability.",
    "`(code - begin) / width` is the place within the part.",
]
WRONG = [
    wrong(
        "(tokens, codes - begin, width)",
        "The new code must lie anywhere in [0, 1) again: divide the place within the "
        "part by the part's width.",
        tokens="_parts(probs, codes)[0]",
        begin="_parts(probs, codes)[1]",
        width="_parts(probs, codes)[2]",
    ),
    wrong(
        "(tokens, codes, width)",
        "You hand the old code on. The next step would use the same digits again, and "
        "its token would depend on this one.",
        tokens="_parts(probs, codes)[0]",
        width="_parts(probs, codes)[2]",
    ),
    wrong(
        "(tokens, (codes - ends.gather(-1, tokens[:, None])[:, 0] + width) / width, "
        "width)",
        "A code on a boundary belongs to the later token: count the ends that are at "
        "*or* below the code, `<=`.",
        ends="probs.cumsum(dim=-1)",
        tokens="(ends < codes[:, None]).sum(dim=-1)",
        width="probs.gather(-1, tokens[:, None])[:, 0]",
    ),
    wrong(
        "(tokens, 1 - (codes - begin) / width, width)",
        "You measure from the end of the part. 0 is where it begins.",
        tokens="_parts(probs, codes)[0]",
        begin="_parts(probs, codes)[1]",
        width="_parts(probs, codes)[2]",
    ),
    wrong(
        "(tokens, (codes - begin) / width, begin)",
        "The third thing is the part's width, the probability of the token.",
        tokens="_parts(probs, codes)[0]",
        begin="_parts(probs, codes)[1]",
        width="_parts(probs, codes)[2]",
    ),
    wrong(
        "(probs.argmax(-1), codes, probs.amax(-1))",
        "You take the likeliest token. The code chooses: it falls into one part of "
        "[0, 1).",
    ),
]
CHECKS = Checks(CASES, HINTS, WRONG, helpers=[_parts])

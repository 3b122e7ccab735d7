"""`python -m course_utils.training storyteller` trains the bundled model anew."""

import argparse
from pathlib import Path

from course_utils.training import model_card, storyteller


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m course_utils.training")
    parser.add_argument("model", choices=["storyteller"])
    parser.add_argument("--out", type=Path, default=Path("runs/storyteller"))
    parser.add_argument("--steps", type=int, default=storyteller.STEPS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument(
        "--measure-only", action="store_true", help="measure the model in --out again"
    )
    args = parser.parse_args()
    if not args.measure_only:
        storyteller.train(args.out, args.steps, args.seed, args.threads)
    model_card.write_model_card(args.out, args.steps, args.seed)


if __name__ == "__main__":
    main()

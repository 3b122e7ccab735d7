"""A learner changes parameters: what the notebooks in the browser are given."""

import json
from pathlib import Path

# Three changes in each lesson, as a curious learner makes them.
CHANGES = {
    "00": [
        ("tell(0.3, n=64)", "tell(0.9, n=30)"),
        ("[0.1, 0.2, 0.3, 0.5, 0.7, 0.85, 1, 1.2, 1.5, 2, 3]", "[0.2, 0.4, 1, 4]"),
        ("max_new_tokens=110, seed=6", "max_new_tokens=30, seed=60"),
    ],
    "01": [
        ("in (0, 0.25, 1, 4, 1000)", "in (0.5, 2)"),
        ('prompt = "Once upon a time there was a"', 'prompt = "The old"'),
        ("n=100, max_new_tokens=30, seed=6", "n=40, max_new_tokens=9, seed=7"),
    ],
    "02": [
        ("tensor([35.0, 35.1, 35.2, 35.3])", "tensor([80.0, 80.1])"),
        ("in (0.2, 0.5, 0.7, 1, 2, 3)", "in (0.4, 8)"),
        ("n=50, max_new_tokens=12, seed=3", "n=20, max_new_tokens=6, seed=5"),
        ("tensor([0.5, 0.001, 0.001, 0.498])", "tensor([0.25, 0.75])"),
    ],
    "03": [
        ("[0.3, 0.5, 0.7, 1, 1.3, 1.6, 2, 2.5, 3, 5]", "[0.4, 0.6, 0.9, 4]"),
        ("grid = [0.5, 0.7, 1, 1.2, 1.5, 1.8, 2, 3, 5]", "grid = [0.6, 1.4, 4]"),
        ("length = 60", "length = 25"),
    ],
    "04": [
        ("train_gan(gan.sample_ring, seed=0)", "train_gan(gan.sample_ring, seed=3)"),
        ('"", 200, 40, [Temperature(T)], seed=4', '"", 90, 40, [Temperature(T)]'),
        ("for b in (0, 0.3)}", "for b in (0, 0.6)}"),
    ],
    "05": [
        ("world.sample(2000)", "world.sample(300)"),
        ("world.sample(100, seed=2)", "world.sample(60, seed=5)"),
        ('"clever", "dreamy"]', '"clever"]'),
    ],
    "06": [
        ("betas = (2, 0.5, 0.2, 0.05)", "betas = (1, 0.1)"),
        ("leash = 0.5", "leash = 0.1"),
        ("in range(0, rounds, 5)", "in range(0, rounds, 7)"),
    ],
    "07": [
        ("n, length = 24, 100", "n, length = 12, 70"),
        ("TurnsCold(0.3)], seed=6", "TurnsCold(0.6)], seed=7"),
        ("serve(seed=5, n=1)", "serve(seed=8, n=2)"),
    ],
    "08": [
        ("world.sample(8000, seed=1)", "world.sample(5000, seed=2)"),
        ("[0.1, 0.3, 0.5, 0.7, 1.0, 1.5]", "[0.2, 0.3, 0.5, 1.0]"),
        ("n=200)", "n=60)"),
    ],
    "09": [
        ("0.25 * torch.randn(200", "0.6 * torch.randn(200"),
        ("range(200) < 180", "range(200) < 120"),
        ("seed=9).texts\n", "seed=19).texts\n"),
    ],
    "10": [
        ("temperatures = [0, 0.3, 0.5, 0.7, 1]", "temperatures = [0, 0.8]"),
        ("sizes = [1, 3, 10, 30, 100, 300, 1000]", "sizes = [2, 20, 200]"),
        ("cool = 0.3", "cool = 0.8"),
    ],
    "11": [
        ("processors=[Temperature(0.6)]", "processors=[Temperature(0.9)]"),
        ("[0.0, 0.0, 0.1], [0.1, 0.0, 0.3]", "[0.0, 0.2], [0.0, 0.0]"),
        ("RepeatBonus(7, lm.stop_ids)", "RepeatBonus(9, lm.stop_ids)"),
    ],
    "12": [
        ("open_step = [3.0, 2.9", "open_step = [9.0, 2.9"),
        ("sample(100, seed=12)", "sample(20, seed=5)"),
        ("quality = cut_at(1.5)", "quality = cut_at(1)"),
    ],
    "13": [
        ("for bits in (0.1, 2.0, 8.0)", "for bits in (0.5, 3.0, 7.0)"),
        (
            "thresholds, highs, seeds = [0.1, 0.5, 1, 2, 3]",
            "thresholds, highs, seeds = [0.2, 1, 2]",
        ),
        ("for gain in (0.3, 1.0, 2.5)", "for gain in (0.1, 1.0, 1.5)"),
    ],
    "14": [
        ("torch.randn(even.shape", "2 * torch.randn(even.shape"),
        ("levels = [0.5, 1, 1.5, 2, 2.5, 3]", "levels = [0.5, 1, 2]"),
        ("prompt=opening, sets=40", "prompt=opening, sets=10"),
    ],
    "15": [
        ("first = torch.tensor([0.6, 0.4])", "first = torch.tensor([0.9, 0.1])"),
        ('request = "A story about Mira."', 'request = "A story about Tom."'),
        ("alpha, cosine = 0.6, 0.7", "alpha, cosine = 0.3, 0.5"),
    ],
    "16": [
        ("world.sample(2000, seed=16)", "world.sample(900, seed=5)"),
        (
            'searched = ["fox", "market", "lantern", "Mira", "otter"]',
            'searched = ["owl", "market"]',
        ),
        ("Temperature(0.05)", "Temperature(0.4)"),
    ],
    "17": [
        ('"T": 1, "limit": 0.3', '"T": 1.2, "limit": 0.4'),
        ('("mine", {"T": 1.3}, {"T": 1.8})', '("mine", {"T": 1.1}, {"T": 2.5})'),
        ("[0.97, 45.0], [0.8, 55.0]", "[0.9, 49.0], [0.8, 51.0]"),
    ],
}


def explore(notebook: Path) -> None:
    """Make the changes in a learner's copy of a notebook, each in one cell."""
    stored = json.loads(notebook.read_text(encoding="utf-8"))
    code = [cell for cell in stored["cells"] if cell["cell_type"] == "code"]
    for old, new in CHANGES[notebook.name[:2]]:
        cell = next((cell for cell in code if old in cell["source"]), None)
        assert cell is not None, f"{notebook.name} holds no {old!r}"
        cell["source"] = cell["source"].replace(old, new, 1)
    notebook.write_text(json.dumps(stored), encoding="utf-8")

"""The budgets of the course as ratios within one run: `python -m benchmarks`."""

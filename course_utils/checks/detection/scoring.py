"""Checks of `auroc`, an exercise of notebook 07."""

from course_utils.checks.detection.monitor import AUROC

CHECKS = {"auroc": AUROC}

"""Checks of `without_common_directions`, an exercise of notebook 09."""

from course_utils.checks.detection.clusters import WITHOUT_COMMON_DIRECTIONS

CHECKS = {"without_common_directions": WITHOUT_COMMON_DIRECTIONS}

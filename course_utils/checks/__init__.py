"""What judges each exercise, one file an exercise, mirrored to its reference.

The checks of `foundations.softmax.sample`, the function `sample` of the module
`foundations/softmax.py`, stand as `CHECKS` in `checks/foundations/softmax/sample.py`.
How they are written: `classroom/cases.py`.
"""

# Where exercises stood before: what was solved there stays solved.
MOVED = {
    "detection.sampler_check.agreement": "detection.sampler_faults.agreement",
    "detection.monitor.auroc": "detection.scoring.auroc",
    "detection.clusters.without_common_directions": (
        "detection.embedding.without_common_directions"
    ),
}

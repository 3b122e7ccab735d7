"""The checks of every exercise, under the dotted name of the module they judge.

`checks/foundations/softmax.py` holds `CHECKS`, from a function's name to its checks.
The docstring of a wrong answer is the diagnosis that a learner reads.
"""

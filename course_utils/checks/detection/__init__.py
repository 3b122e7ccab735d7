"""Checks of the exercises of Part III, and of `agreement` in Part I."""

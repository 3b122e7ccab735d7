"""Checks of the exercises of Part IV, and of `Temperature` in Part I."""

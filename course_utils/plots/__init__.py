"""The figures that notebooks import, one module a notebook."""

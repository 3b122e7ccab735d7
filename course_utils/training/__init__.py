"""How the bundled models were made: one command each, from nothing, reproducible."""

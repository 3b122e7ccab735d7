"""Long runs, recorded once: each recorder beside the reader of its log."""

"""The world of the storyteller: children's tales whose true distribution is known.

Because each text has exactly one derivation, its probability, every entropy and every
next-token distribution can be computed, not estimated. Whatever a model trained on
these tales does differently is the model's doing. Built on in notebook 00.
"""

from course_utils.worlds.documents import Documents
from course_utils.worlds.grammar import split_words
from course_utils.worlds.parsing import Parse
from course_utils.worlds.tales import Tales


class StoryWorld(Tales):
    """All tales, and the documents that the storyteller was trained on.

    `sample`, `log_prob`, `entropy` and `next_token_distribution` are about single
    tales. `documents` has the same methods for what the storyteller was trained on:
    tales with headers, and collections. Entropies and log-probabilities are in nats.
    """

    def __init__(self) -> None:
        super().__init__()
        self.documents = Documents(self)

    def parse(self, text: str) -> Parse:
        """Read `text` as far as it is a tale or a document of this world."""
        reading = self.documents.reading()
        words = split_words(text)
        position = 0
        for i, word in enumerate(words):
            if reading.advance(word) == 0:
                last = i == len(words) - 1
                fault = reading.explain(word, position, last)
                return reading.report(text[:position], fault, finished=False)
            position += len(word)
        if reading.between_tales:
            return reading.report(text, None, finished=True)
        return reading.report(text, reading.explain(None, position), finished=False)

"""What a sampler remembers of each row of a batch, from one step to the next."""

import torch
from jaxtyping import Int
from torch import Tensor


class RowMemory:
    """Tensors with an entry for each row, kept in the order of the rows.

    A call that does not go on from the last one begins a new run, so that nothing is
    carried from one text into another, whoever calls: the course's `generate`, or
    transformers', which resets nothing. Where beams have changed places, or one has
    been continued twice, the entries move along, since what is remembered follows from
    a row's tokens. Where it does not, as with lots that were drawn for a row, `by_lot`
    refuses rows that move.
    """

    def __init__(self, by_lot: bool = False) -> None:
        self.by_lot = by_lot
        self.forget()

    def forget(self) -> None:
        self._ids: Tensor | None = None
        self.values: dict[str, Tensor] = {}

    def goes_on(self, input_ids: Int[Tensor, "batch length"]) -> bool:
        """Whether these rows go on from the last ones; if not, all is forgotten.

        Raises ValueError where some rows do and others don't, and for lots that move.
        """
        before, self._ids = self._ids, input_ids
        if before is None or input_ids.shape[1] != before.shape[1] + 1:
            self.values = {}
            return False
        stems = input_ids[:, :-1]
        if torch.equal(stems, before):
            return True
        places = {tuple(row): i for i, row in enumerate(before.tolist())}
        found = [places.get(tuple(row)) for row in stems.tolist()]
        known = [place for place in found if place is not None]
        if not known:
            self.values = {}
            return False
        if len(known) < len(found):
            self.forget()
            strangers = f"{len(found) - len(known)} of {len(found)} rows"
            raise ValueError(
                f"{strangers} go on from none of the last step's rows: a sampler with "
                "a memory needs every row's past; call its reset() before other texts"
            )
        if self.by_lot:
            self.forget()
            raise ValueError(
                "rows have changed places, as in a beam search, but this sampler has "
                "drawn lots for each row: use it without beams"
            )
        order = torch.tensor(known, device=input_ids.device)
        self.values = {name: value[order] for name, value in self.values.items()}
        return True

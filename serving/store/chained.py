"""The head of a practice's hash chains: where the next link goes.

A writing transaction holds the practice's heads from its beginning (`Store.open`), so links never race.
"""

from __future__ import annotations

from serving.store import schema
from serving.store.bound import Bound


class Chained(Bound):
    """What the ledger and the event log share."""

    def _head(self, chain: str) -> tuple[int, str]:
        """Position and hash of the chain's last link; (0, GENESIS) for an empty chain."""
        row = self._row(schema.chain_head, "chain", chain=chain)
        return int(row["position"]), str(row["hash"])

    def _move_head(self, chain: str, position: int, hashed: str) -> None:
        self._change(schema.chain_head, "chain", {"chain": chain}, {"position": position, "hash": hashed})

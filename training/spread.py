"""Where the independent pieces of a training run are worked out: here, one after the other, or on a Dask cluster.

Each piece is a pure function of what all pieces share and of what is its own; answers come in the order of the pieces,
so what is made of them is the same, to the byte, wherever they were worked out. Sums of floats change with the number
of threads that share them, so each piece has one thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol, TypeVar

from threadpoolctl import threadpool_limits

from models import cluster

Given = TypeVar("Given")
One = TypeVar("One")
Answer = TypeVar("Answer")


class Spread(Protocol):
    """Works out `function(given, one)` for each `one`; answers in their order."""

    def __call__(self, function: Callable[[Given, One], Answer], given: Given, each: Sequence[One]) -> list[Answer]:
        """The answers."""
        ...


def here(function: Callable[[Given, One], Answer], given: Given, each: Sequence[One]) -> list[Answer]:
    """One after the other, in this process."""
    return [_by_one_thread(function, given, one) for one in each]


def one_thread() -> None:
    """One thread for each sum of this process, from here on: a limit lifted again would be lifted for others too."""
    threadpool_limits(1)


def _by_one_thread(function: Callable[[Given, One], Answer], given: Given, one: One) -> Answer:
    one_thread()
    return function(given, one)


@contextmanager
def on(address: str | None) -> Iterator[Spread]:
    """By the workers of the cluster at `address` while the block lasts; without an address, `here`. NoCluster."""
    if not address:
        yield here
        return
    client = cluster.connected(address)

    def there(function: Callable[[Given, One], Answer], given: Given, each: Sequence[One]) -> list[Answer]:
        (shared,) = client.scatter([given], broadcast=True, hash=False)
        asked = [client.submit(_by_one_thread, function, shared, one, pure=False) for one in each]
        answers: list[Answer] = client.gather(asked)
        return answers

    with client:
        yield there

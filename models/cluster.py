"""The way to a Dask cluster, for who scores files on one and for who trains on one. Dask itself is optional."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from billing_core.errors import BillingError


class NoCluster(BillingError):
    """There is no Dask, or no scheduler at the address."""


def connected(address: str) -> Any:
    """A `distributed.Client` of the scheduler at `address` (tcp://HOST:PORT), to be closed by who asked. NoCluster."""
    try:
        distributed: Any = import_module("distributed")
    except ImportError as error:
        raise NoCluster("Dask is not installed", where="--dask", mend="pip install 'cleanclaim[dask]'") from error
    try:
        return distributed.Client(address, timeout="3s", set_as_default=False)
    except (OSError, ValueError) as error:
        raise NoCluster("no Dask scheduler answers there", where="--dask", mend="start dask scheduler") from error

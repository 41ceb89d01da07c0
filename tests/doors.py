"""Ports for the servers that tests start, and the wait until they answer."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpx

PATIENCE = 120.0  # seconds until servers answer, on a busy machine


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


def answers(address: str) -> bool:
    """Whether anybody answers well there."""
    try:
        return httpx.get(address, timeout=2).is_success
    except httpx.HTTPError:
        return False


def until_they_answer(process: subprocess.Popen[Any], addresses: Iterable[str], log: Path | None = None) -> None:
    """Wait for each address in turn. Fails where the process has ended or patience has; its `log` says why."""
    end = time.monotonic() + PATIENCE
    for address in addresses:
        while not answers(address):
            assert process.poll() is None and time.monotonic() < end, log and log.read_text("utf-8", "replace")
            time.sleep(0.1)

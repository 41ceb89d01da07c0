"""An 835 of any size: the same claims in constant memory, and nothing of a file that is not whole."""

from __future__ import annotations

import os
import resource
import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from billing_core.errors import X12Error
from billing_core.remittance import Imbalance
from billing_core.x12 import remittance_835
from billing_core.x12.remittance_stream import claim_payments, remittances, survey
from billing_core.x12.segment import read_segments
from billing_core.x12.stream import SEGMENT_LENGTH_MAX, stream_segments
from tests.billing_core.x12.people import ANSWER, DENIED, OFFSETS, PAID, SEVEN_ADJUSTMENTS, STORIES, remittance
from tests.billing_core.x12.test_document import SHAPES

FILE = remittance_835.write(
    [remittance(PAID, DENIED, SEVEN_ADJUSTMENTS, provider_adjustments=OFFSETS), remittance(PAID)], ANSWER
)


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


@pytest.mark.parametrize("size", [1, 7, 106, 107, 1000, 10**6])
@pytest.mark.parametrize("shape", sorted(set(SHAPES) - {"something after the end"}))
def test_chunks_of_any_size_give_the_same_segments(shape: str, size: int) -> None:
    assert tuple(stream_segments(pieces(SHAPES[shape], size))) == read_segments(SHAPES[shape])


@pytest.mark.parametrize("story", sorted(STORIES))
def test_every_story_streams(story: str) -> None:
    assert tuple(stream_segments(pieces(STORIES[story](), 50))) == read_segments(STORIES[story]())


def test_two_passes_give_what_reading_at_once_gives() -> None:
    spool = bytearray()
    surveys = survey(pieces(FILE, 64), spool.extend)
    assert bytes(spool) == FILE
    whole = remittance_835.read(FILE)
    assert [one.remittance for one in surveys] == [replace(one, claims=()) for one in whole]
    assert all(one.balances for one in surveys)
    assert [one.claims for one in surveys] == [3, 1]
    streamed = list(claim_payments(pieces(bytes(spool), 64)))
    assert [claim for _, claim in streamed] == [claim for one in whole for claim in one.claims]
    assert [number for number, _ in streamed] == [0, 0, 0, 1]
    both = [(found.set_control, len(list(claims))) for found, claims in remittances(lambda: pieces(FILE, 99))]
    assert both == [("0001", 3), ("0002", 1)]


def test_every_imbalance_is_found_on_the_way() -> None:
    wrong = FILE.replace(b"CAS*CO*45*40~", b"CAS*CO*45*39~", 1).replace(b"BPR*I*67", b"BPR*I*68", 1)
    (first, second) = survey([wrong])
    assert first.imbalance_count == len(first.imbalances) == 2 + (b"BPR*I*68" in wrong) and second.balances
    assert isinstance(first.imbalances[0], Imbalance) and first.imbalances[0].where == "claim 1 line 1"


@pytest.mark.parametrize("end", range(120, len(FILE) - 4, 97))
def test_half_a_file_is_refused_before_any_claim(end: int) -> None:
    with pytest.raises(X12Error):
        survey([FILE[:end]])


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b"nonsense" * 100, "ISA"),
        (STORIES["837P/office-visit"](), "not a remittance"),
        (FILE[:106] + b"A" * (SEGMENT_LENGTH_MAX + 10), "too long"),
        (FILE.replace(b"CLP*", b"CLP*\x07", 1), "control character"),
        (FILE + b"tail", "ISA"),
    ],
)
def test_what_cannot_be_streamed_is_an_x12_error(data: bytes, says: str) -> None:
    with pytest.raises(X12Error, match=says):
        survey(pieces(data, 4096))


def big(claims: int) -> Iterator[bytes]:
    """An 835 of one transaction set with that many claims, made as it is read."""
    one = remittance_835.write([remittance(PAID)], ANSWER).decode()
    lines = one.splitlines(keepends=True)
    start = next(n for n, line in enumerate(lines) if line.startswith("CLP"))
    end = next(n for n, line in enumerate(lines) if line.startswith("SE*"))
    head = "".join(lines[:start]).replace("BPR*I*88*", f"BPR*I*{88 * claims}*")
    yield head.encode()
    claim = "".join(lines[start:end]).encode()
    for _ in range(claims // 100):
        yield claim * 100
    count = int(lines[end].split("*")[1]) + (end - start) * (claims - 1)
    yield "".join((f"SE*{count}*0001~\n", *lines[end + 1 :])).encode()


def peak(claims: int) -> int:
    tracemalloc.start()
    (found,) = survey(big(claims))
    assert found.balances and found.claims == claims
    assert sum(1 for _ in claim_payments(big(claims))) == claims
    top = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return top


def test_memory_does_not_grow_with_the_file() -> None:
    small, large = peak(500), peak(5_000)
    assert large < small * 1.2 + 100_000


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get("CLEANCLAIM_SOAK"), reason="soak: a transaction set of two gigabytes")
def test_two_gigabytes_in_one_transaction_set(tmp_path: Path) -> None:
    """Proved whole, balanced and spooled in one pass, its claims read in another, in the memory of a small file."""
    claims = 2 * 1024**3 // len(next(iter(list(big(100))[1:2]))) * 100
    spool, before = tmp_path / "spool.835", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.process_time()
    with spool.open("wb") as out:
        (found,) = survey(big(claims), out.write)
    surveyed = time.process_time()
    assert found.balances and found.claims == claims and spool.stat().st_size > 2 * 10**9
    with spool.open("rb") as file:
        assert sum(1 for _ in claim_payments(iter(lambda: file.read(1 << 20), b""))) == claims
    spool.unlink()
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    seconds = f"{surveyed - started:.0f} + {time.process_time() - surveyed:.0f} CPU seconds"
    print(f"{claims} claims, {seconds}, memory grown by {grown} KiB to {before + grown} KiB")
    assert grown < 64 * 1024

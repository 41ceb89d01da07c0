"""pyx12's verdict on a file that is about to leave: quiet, in memory, and without a value of the file."""

from __future__ import annotations

import logging
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from billing_core.x12 import claim_837p
from serving.clearinghouse.outbound_check import refusals
from tests.billing_core.x12.people import ENVELOPE, OFFICE_VISIT, STORIES

CLEAN = STORIES["837P/office-visit"]()


def test_a_clean_file_has_no_refusals() -> None:
    assert refusals(CLEAN) == ()


@pytest.mark.parametrize(
    ("right", "wrong", "rule", "where"),
    [
        (b"HI*ABK:E119*ABF:I10~\n", b"", "pyx12-3", "HI"),
        (b"*CI~", b"*ZQ~", "pyx12-7", "SBR09"),
        (b"NM1*85*2*ELM FAMILY MEDICINE", b"NM1*85*2*", "pyx12-1", "NM103"),
        (b"D8*19800203", b"D8*19800299", "pyx12-8", "DMG02"),
        (b"GE*1*7", b"GE*2*7", "pyx12-GS", "GS"),
        (b"IEA*1*000000007", b"IEA*1*000000008", "pyx12-ISA", "ISA"),
        (b"LX*1~", b"ZZ9*1~", "pyx12-1", "ZZ9"),
    ],
)
def test_a_defect_is_refused_where_it_stands(right: bytes, wrong: bytes, rule: str, where: str) -> None:
    assert right in CLEAN
    found = refusals(CLEAN.replace(right, wrong, 1))
    assert any(f.rule.startswith(rule) for f in found), found
    assert all(f.where.startswith("segment ") and f.mend for f in found)


@pytest.mark.parametrize(
    "data", [b"", b"hello", b"ISA*00", CLEAN[:300], b"\xff\xfe" + CLEAN, CLEAN.replace(b"X222", b"X999")]
)
def test_what_pyx12_cannot_walk_is_refused_not_raised(data: bytes) -> None:
    found = refusals(data)
    assert found and all(f.message and f.mend for f in found)


def test_a_version_without_a_map_is_named() -> None:
    (stopped,) = refusals(CLEAN.replace(b"005010X222A1", b"005010X999A1"))
    assert stopped.rule == "pyx12-stopped" and "no map of this version" in stopped.message


def test_nothing_is_logged_printed_or_left_and_no_value_is_told(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    spoiled = (
        CLEAN.replace(b"*DOE*", b"*SECRETNAME*")
        .replace(b"D8*19800203", b"D8*SECRETDATE")
        .replace(b"*CI~", b"*SECRETCODE~")
    )
    before = set(Path(tempfile.gettempdir()).glob("*pyx12*"))
    with caplog.at_level(logging.DEBUG), caplog.at_level(logging.DEBUG, logger="pyx12"):
        found = refusals(spoiled)
    assert len(found) >= 2 and "SECRET" not in repr(found)
    assert "SECRET" not in caplog.text
    assert capfd.readouterr() == ("", "")
    assert set(Path(tempfile.gettempdir()).glob("*pyx12*")) == before


def test_two_threads_do_not_disturb_each_other() -> None:
    bad = CLEAN.replace(b"*CI~", b"*ZQ~")
    answers: dict[int, int] = {}

    def ask(number: int) -> None:
        answers[number] = len(refusals(bad if number % 2 else CLEAN))

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert [answers[n] for n in range(6)] == [0, 1, 0, 1, 0, 1]


def test_five_hundred_claims_take_about_a_second() -> None:
    data = claim_837p.write([replace(OFFICE_VISIT, number=f"N{n}") for n in range(500)], ENVELOPE, "Northern Health")
    started = time.process_time()
    assert refusals(data) == ()
    assert time.process_time() - started < 5  # about 1.0 on a quiet machine; the limit is for a busy one


def test_a_verdict_does_not_depend_on_the_files_looked_at_before() -> None:
    spoiled = CLEAN.replace(b"D8*19800203", b"D8*19800299", 1)
    cut = CLEAN[: len(CLEAN) // 2]
    first = [refusals(data) for data in (CLEAN, spoiled, cut)]
    assert [refusals(data) for data in (cut, CLEAN, spoiled, spoiled, CLEAN)] == [
        first[2], (), first[1], first[1], (),
    ]  # fmt: skip

"""Same input, same bytes; order and crashes change nothing; the oracle tells the truth."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest
from pyx12.params import params
from pyx12.x12n_document import x12n_document

from billing_core.claim import Claim
from tests.training.simulated_payer.small_world import (
    LATE,
    TODAY,
    claim,
    doors,
    file_of,
    oracle,
    outbox,
    payments,
    remittances,
    send,
    write_world,
)
from training.simulated_payer import docket as docket_module
from training.simulated_payer.command import Doors
from training.simulated_payer.habits import WorldError

RESTLESS = """
reject_rate = 0.03
pend_rate = 0.1
takeback_rate = 0.1
underpay_rate = 0.1
noise_denial = 0.08
mechanisms = [
  { kind = "missing_modifier_25", probability = 0.6 },
  { kind = "frequency_limit", procedures = ["83036"], limit = 1, days = 300, probability = 0.5 },
  { kind = "habit", procedures = ["99214"], reason = "50", probability = 0.2 },
]
"""
SERVICES = (("99213",), ("99214",), ("99213", "20610"), ("99214-25", "20610"), ("99213", "83036"))


def many(count: int, members: int = 100) -> list[Claim]:
    day = date(2025, 1, 1)
    return [
        claim(n, n * 7 % members, *SERVICES[n % 5], on=day + timedelta(days=n // members * 3 + n % 3))
        for n in range(1, count + 1)
    ]


def files(claims: Sequence[Claim], size: int = 25) -> list[bytes]:
    return [file_of(claims[start : start + size], 1 + start // size) for start in range(0, len(claims), size)]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_world(tmp_path_factory.mktemp("restless"), RESTLESS, members=100)


def answers_of(door: Doors) -> dict[str, str]:
    """What each claim was told, amounts and days included, by claim number."""
    said: dict[str, list[str]] = {}
    for one in remittances(door):
        for payment in one.claims:
            said.setdefault(payment.number, []).append(f"{one.paid_on} {payment}")
    return {number: " / ".join(lines) for number, lines in said.items()}


def test_same_mail_same_bytes(world: Path, tmp_path: Path) -> None:
    boxes = []
    for name in ("one", "two"):
        door = doors(world, tmp_path / name)
        send(door, *files(many(60)))
        door.answer(TODAY)
        door.answer(LATE)
        boxes.append((outbox(door), (door.state / "oracle.csv").read_bytes()))
    assert boxes[0] == boxes[1] and len(boxes[0][0]) > 10


def test_the_order_of_files_changes_no_outcome(world: Path, tmp_path: Path) -> None:
    claims = many(75)
    straight, mixed, slow = (doors(world, tmp_path / name) for name in ("straight", "mixed", "slow"))
    send(straight, *files(claims))
    send(mixed, *reversed(files(claims[::-1], 19)), name="other")
    for door in (straight, mixed):
        door.answer(LATE)
    send(slow, *files(claims))
    day = TODAY
    while day < LATE:  # the same mail, answered week by week
        slow.answer(day)
        day += timedelta(days=7)
    slow.answer(LATE)
    assert answers_of(straight) == answers_of(mixed) == answers_of(slow)
    assert oracle(straight) == oracle(mixed) == oracle(slow)


def test_a_file_is_read_once_whatever_its_name(world: Path, tmp_path: Path) -> None:
    door = doors(world, tmp_path)
    (data,) = files(many(5))
    send(door, data)
    assert door.answer(TODAY)
    send(door, data, name="again")
    assert door.answer(TODAY) == []


class Killed(BaseException):
    """Stands for the power cut."""


@pytest.mark.parametrize("moment", range(1, 9))
def test_a_run_killed_at_any_write_and_repeated_gives_the_same_answers(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: int
) -> None:
    mail = files(many(20), 10)
    calm, cut = doors(world, tmp_path / "calm"), doors(world, tmp_path / "cut")
    for door in (calm, cut):
        send(door, *mail)
    calm.answer(TODAY)
    real, written = docket_module.write_whole, [0]

    def failing(path: Path, data: bytes) -> None:
        written[0] += 1
        if written[0] == moment:
            path.with_name(f".{path.name}.part").write_bytes(data[: len(data) // 2]) if path.parent.exists() else None
            raise Killed
        real(path, data)

    monkeypatch.setattr(docket_module, "write_whole", failing)
    with pytest.raises(Killed):
        cut.answer(TODAY)
    monkeypatch.undo()
    half = {name for name in outbox(cut) if not name.startswith(".")}
    assert half <= set(outbox(calm)) and all(outbox(cut)[name] == outbox(calm)[name] for name in half)
    cut.answer(TODAY)
    calm.answer(LATE)
    cut.answer(LATE)
    assert {n: d for n, d in outbox(cut).items() if not n.startswith(".")} == outbox(calm)
    assert (cut.state / "oracle.csv").read_bytes() == (calm.state / "oracle.csv").read_bytes()


def test_a_damaged_docket_is_refused_with_the_mend(world: Path, tmp_path: Path) -> None:
    door = doors(world, tmp_path)
    door.answer(TODAY)
    path = door.state / "docket.json"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(WorldError, match="damaged"):
        door.answer(LATE)
    path.write_text(json.dumps({"format": 99}), "utf-8")
    with pytest.raises(WorldError, match="damaged"):
        door.answer(LATE)


def test_time_does_not_run_backwards(world: Path, tmp_path: Path) -> None:
    door = doors(world, tmp_path)
    door.answer(LATE)
    with pytest.raises(WorldError, match="before the last run"):
        door.answer(TODAY)


def test_the_oracle_is_calibrated_and_every_835_balances(world: Path, tmp_path: Path) -> None:
    door = doors(world, tmp_path)
    send(door, *files(many(1500), 500))
    door.answer(LATE)
    said = oracle(door)
    assert len(said) > 1400
    mean = sum(p for p, _, _ in said.values()) / len(said)
    drawn = sum(denied for _, denied, _ in said.values()) / len(said)
    assert abs(mean - drawn) < 0.03 and 0.1 < mean < 0.6
    for low, high in ((0.05, 0.15), (0.15, 0.35), (0.35, 0.7)):
        group = [(p, denied) for p, denied, _ in said.values() if low < p <= high]
        assert len(group) > 50
        assert abs(sum(p - denied for p, denied in group) / len(group)) < 0.07
    assert all(bool(cause) == denied for _, denied, cause in said.values())
    assert len(remittances(door)) > 10  # each was read back and proved to balance
    assert {p.number for p in payments(door)} == set(said)


def test_an_independent_reader_accepts_every_answer(world: Path, tmp_path: Path) -> None:
    """pyx12 checks each 999, 277CA and 835 against the guides (it does not know an interchange of TA1 alone)."""
    door = doors(world, tmp_path)
    send(door, *files(many(50)))
    door.answer(LATE)
    for path in sorted(door.outbox.iterdir()):
        assert x12n_document(params(), str(path), None, None), path.name

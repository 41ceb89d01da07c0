"""Whatever bytes arrive: a TA1, a 999 or a clear error, never a crash; and the doors around it."""

from __future__ import annotations

import http.client
import random
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from billing_core.x12 import acknowledgment_999, acknowledgment_ta1, check
from tests.training.simulated_payer.small_world import LATE, TODAY, claim, doors, file_of, outbox, send, write_world
from training.__main__ import main
from training.simulated_payer.command import Doors
from training.simulated_payer.front_door import LARGEST, open_letter
from training.simulated_payer.http_door import PayerServer

GOOD = file_of([claim(1, 0, "99213", "20610"), claim(2, 1)])


@pytest.fixture
def door(tmp_path: Path) -> Doors:
    return doors(write_world(tmp_path / "world"), tmp_path)


@pytest.mark.parametrize(
    ("data", "note"),
    [
        (b"", "024"),
        (b"\x00\x01\x02" * 500, "024"),
        (random.Random(1).randbytes(10 * 1024 * 1024), "024"),
        (b"A" * (10 * 1024 * 1024), "024"),
        (GOOD[:50], "024"),
        (GOOD[: len(GOOD) // 2], "023"),
        (GOOD.replace(b"IEA*1*", b"IEA*2*"), "022"),
        (GOOD + GOOD, "022"),
        (b"\xff\xfe" + GOOD.decode().encode("utf-16-le"), "024"),
    ],
    ids=["empty", "nul", "noise", "letters", "half an ISA", "cut", "wrong count", "twice", "utf-16"],
)
def test_an_envelope_that_fails_gets_a_ta1(door: Doors, data: bytes, note: str) -> None:
    send(door, data)
    (name,) = door.answer(TODAY)
    (ta1,) = acknowledgment_ta1.read(outbox(door)[name])
    assert name.endswith(".ta1") and (ta1.code, ta1.note) == ("R", note)
    assert door.answer(LATE) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (rb"SE\*\d+", b"SE*3"),
        (rb"GE\*1", b"GE*2"),
        (rb"CLM\*[A-Z0-9]+\*", b"CLM**"),
        (rb"SV1\*HC:99213\*200", b"SV1*HC:99213*two"),
        (rb"DTP\*472\*D8\*20250203", b"DTP*472*D8*20259999"),
        (rb"11:B:1", b"11:B:9"),
        (rb"GS\*HC", b"GS*HP"),
        (rb"ST\*837", b"ST*835"),
        (rb"NM1\*PR\*2\*[^~]*~", b""),
        (rb"SV1\*HC:99213", b"SV1*HC:"),
    ],
)
def test_a_set_that_fails_gets_a_rejecting_999(door: Doors, old: bytes, new: bytes) -> None:
    broken, count = re.subn(old, new, GOOD, count=1)
    assert count == 1
    send(door, broken)
    (name,) = door.answer(LATE)
    (said,) = acknowledgment_999.read(outbox(door)[name])
    assert name.endswith(".999") and not said.accepted and not any(one.accepted for one in said.sets)


def test_a_bad_set_does_not_take_a_good_one_with_it(door: Doors) -> None:
    other = file_of([claim(3, 2)])
    second = re.search(rb"ST\*837.*SE\*\d+\*0001~\n", other, re.DOTALL)
    assert second
    added = second[0].replace(b"*0001", b"*0002", 1).replace(b"*0001~\n", b"*0002~\n").replace(b":B:1", b":B:9")
    both = GOOD.replace(b"GE*1*", added + b"GE*2*")
    letter = open_letter(both)
    assert [(g.code, [s.accepted for s in g.sets]) for g in letter.groups] == [("P", [True, False])]
    assert len(letter.claims) == 2


def test_every_answer_is_accepted_by_the_checks(door: Doors) -> None:
    send(door, GOOD)
    door.answer(LATE)
    for name, data in outbox(door).items():
        report = check.check(data, name)
        assert report.readable and report.accepted, (name, report.findings)


def test_damaged_files_never_crash(tmp_path: Path) -> None:
    """300 files with a few bytes or segments lost, doubled, or changed: all are answered, and the books stay whole."""
    door = doors(write_world(tmp_path / "world"), tmp_path)
    dice = random.Random(5)
    segments = GOOD.split(b"~")
    for n in range(300):
        damaged = bytearray(GOOD)
        if n % 3 == 0:
            for _ in range(dice.randint(1, 4)):
                damaged[dice.randrange(106, len(damaged))] = dice.choice(b"*:~^A0- .\xc3\x00\n")
        elif n % 3 == 1:
            kept = [s for s in segments if dice.random() > 0.05]
            damaged = bytearray(b"~".join(kept))
        else:
            place = dice.randrange(len(segments))
            damaged = bytearray(b"~".join([*segments[:place], dice.choice(segments), *segments[place:]]))
        (door.inbox / f"{n}.837").write_bytes(bytes(damaged))
    assert len(door.answer(TODAY)) >= 290
    door.answer(LATE)
    for name, data in outbox(door).items():
        assert check.check(data, name).readable, name


def test_the_command_says_what_it_wrote_and_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world = write_world(tmp_path / "world")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.837").write_bytes(GOOD)
    folders = ["--inbox", f"{tmp_path}/in", "--outbox", f"{tmp_path}/out", "--state", f"{tmp_path}/state"]
    assert main(["payer", "--world", str(world), "--today", "2025-03-03", *folders]) == 0
    assert capsys.readouterr().out.split() == ["20250303_PAY01_001.999", "20250303_PAY01_002.277ca"]
    (world / "world.toml").write_text("[[payers]]\n", "utf-8")
    assert main(["payer", "--world", str(world), "--today", "2025-03-04", *folders]) == 2
    assert "payers[1]" in capsys.readouterr().err


@pytest.fixture
def port(door: Doors) -> Iterator[int]:
    with PayerServer(door, LATE, 0) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def ask(port: int, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, body, {k.replace("_", "-"): v for k, v in headers.items()})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def test_the_http_door_is_the_folder_door(door: Doors, port: int) -> None:
    status, names = ask(port, "POST", "/claims", GOOD)
    assert status == 202 and {name.rpartition(".")[2] for name in names.decode().split()} == {"999", "277ca", "835"}
    status, listed = ask(port, "GET", "/answers")
    assert status == 200 and listed == names
    for name in listed.decode().split():
        assert ask(port, "GET", f"/answers/{name}") == (200, outbox(door)[name])


def test_the_http_door_refuses_what_it_should(door: Doors, port: int) -> None:
    assert ask(port, "POST", "/elsewhere", GOOD)[0] == 404
    assert ask(port, "POST", "/claims", b"")[0] == 400
    assert ask(port, "POST", "/claims", None, Content_Length=str(LARGEST + 1))[0] == 413
    assert ask(port, "POST", "/claims", None, Content_Length="-5")[0] == 411
    for path in ("/answers/../world/payer_side.json", "/answers/%2e%2e/x", "/answers/.", "/answers/x.835", "/"):
        assert ask(port, "GET", path)[0] == 404
    status, names = ask(port, "POST", "/claims", b"not X12 at all")
    assert status == 202 and names.strip().endswith(b".ta1")

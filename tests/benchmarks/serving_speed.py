"""How many claims a second the API scores, one claim a request, beside mlflow's own model server in the same run.

    python -m tests.benchmarks.serving_speed [--seconds N] [--clients 16] [--workers 2]

Ours is the whole door: `POST /risks` of the real application under uvicorn, sign-in on, roles read from the store at
each request, the claim encoded against the history, calibrated, with its reasons and what would lower it.
Theirs is `mlflow models serve` with as many workers on the very same trees, given the finished row: it encodes
and explains nothing, and asks nobody who they are. Both are asked by the generator of this module (`ask_for`): one
process, kept-open sockets under epoll (each opened anew after a hundred answers), prepared bytes, each client asking
again when its answer is there, on the same cores; what its asking costs is printed. Nothing is asserted: a machine
under load is slow, not wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import cycle
from pathlib import Path

import httpx

from billing_core.claim import ClaimState
from billing_core.identifiers import claim_number
from billing_core.record import to_plain
from models.denial.facts import facts
from models.denial.features import NAMES
from models.denial.predictor import TREES
from serving import artifacts
from serving.ids import SystemClock, uuid7
from serving.settings import read
from serving.store.books import Store
from tests.billing_core import specimens
from tests.doors import free_port, until_they_answer
from tests.serving.store import filled
from tests.training import export_fixture
from training import denial, splits
from training.export_folder import read as read_export

PASSWORD = "a long enough password"
HISTORY = 200  # claims the practice has sent and been answered
WARM_ROUNDS = 15
WARM_SECONDS = 0.4
KINDS = 64  # different requests, sent in turn
ANSWERS_A_CONNECTION = 100
_SAVE = (
    "import lightgbm, mlflow.lightgbm, sys; "
    "mlflow.lightgbm.save_model(lightgbm.Booster(model_file=sys.argv[1]), sys.argv[2])"
)


def furnish(home: Path) -> Path:
    """A practice with a history, a biller who may sign in, and a model in service; the model's folder."""
    cases = read_export(export_fixture.write(home / "export", export_fixture.cases(800)))
    plan = splits.plan(cases.submissions, cases.as_of)
    trained = denial.train(cases.submissions, denial.replay(cases.submissions), plan, seed=1)
    denial.seal(home / "model", trained, cases, plan)
    settings = read({"CLEANCLAIM_HOME": str(home / "home")})
    (home / "home").mkdir()
    store = Store(settings.database_url, SystemClock(), uuid7)
    with store.access() as access:
        access.add_practice(filled.practice())
        biller = access.add_user("biller", PASSWORD).id
    with store.open("elm") as books:
        books.grant(biller, ["biller"])
        filled.register(books)
        books.save_encounter(filled.encounter(), filled.NOTE)
        for serial in range(1, HISTORY + 1):
            claim = specimens.claim(id=f"claim-{serial}", number=claim_number("ELMF", serial))
            books.save_claim(claim, ClaimState.READY)
            books.step_claim(claim.id, ClaimState.SUBMITTED, filled.DAY - timedelta(days=serial % 90))
            state = ClaimState.DENIED if serial % 5 == 0 else ClaimState.PAID
            books.step_claim(claim.id, state)
            books.log("payer", f"claim.{state}", claim.id)
        artifacts.activate(books, settings.artifacts, "denial", home / "model", "scientist")
    store.close()
    return home / "model"


@contextmanager
def running(words: list[str], port: int, path: str, env: dict[str, str], log: Path) -> Iterator[int]:
    """A server, once it answers, until the end: the number of its session, which its workers share."""
    with log.open("wb") as out:
        process = subprocess.Popen(
            words, env=os.environ | {"OMP_NUM_THREADS": "1"} | env, stdout=out, stderr=out, start_new_session=True
        )
    try:
        until_they_answer(process, [f"http://127.0.0.1:{port}{path}"], log)
        yield process.pid
    finally:
        if process.poll() is None:
            os.killpg(process.pid, 15)  # the server and its workers: a session of their own
            process.wait(20)


def processor_seconds(session: int) -> float:
    """What the processes of a session have used until now, in user and in system mode (proc(5), stat)."""
    ticks = 0
    for file in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = file.read_text("ascii", "replace").rpartition(")")[2].split()
            ticks += (int(fields[11]) + int(fields[12])) * (int(fields[3]) == session)
    return ticks / os.sysconf("SC_CLK_TCK")


class Client:
    """One connection that asks again as soon as it was answered. Of an answer it reads the status line, the length, and
    that many bytes: no more is needed to know that it is whole. After `ANSWERS_A_CONNECTION` it is opened anew, or one
    worker, having accepted more of them, would go on serving more than its share.
    """

    def __init__(self, port: int, requests: Iterator[bytes]) -> None:
        self.port, self.requests = port, requests
        self.began, self.came, self.whole, self.left = 0.0, b"", 0, ANSWERS_A_CONNECTION
        self.open()

    def open(self) -> None:
        """Connect."""
        self.door = socket.create_connection(("127.0.0.1", self.port))
        self.door.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.left = ANSWERS_A_CONNECTION

    def ask(self) -> None:
        """Send the next prepared bytes."""
        self.came, self.whole, self.began = b"", 0, time.perf_counter()
        self.door.send(next(self.requests))

    def answered(self) -> bool:
        """Take what has come; whether the answer is whole."""
        more = self.door.recv(65536)
        assert more, "the server closed the connection"
        self.came += more
        if not self.whole and (end := self.came.find(b"\r\n\r\n")) > 0:
            assert self.came.startswith(b"HTTP/1.1 200"), self.came[:200]
            head = self.came[: end + 2].lower()
            at = head.index(b"content-length:") + 15
            self.whole = end + 4 + int(head[at : head.index(b"\r\n", at)])
            self.left -= 1
        return bool(self.whole) and len(self.came) >= self.whole


def ask_for(seconds: float, port: int, requests: list[bytes], clients: int) -> tuple[list[float], float]:
    """What every answer took, in seconds, of so many clients asking for so long; and the processor time of asking."""
    turn = cycle(requests)
    callers = {client.door.fileno(): client for client in (Client(port, turn) for _ in range(clients))}
    ready, took, used = select.epoll(), list[float](), time.process_time()
    for number, client in callers.items():
        ready.register(number, select.EPOLLIN)
        client.ask()
    until = time.perf_counter() + seconds
    while (now := time.perf_counter()) < until:
        for number, _ in ready.poll(until - now):
            client = callers[number]
            if client.answered():
                took.append(time.perf_counter() - client.began)
                if not client.left:
                    del callers[number]
                    client.door.close()
                    client.open()
                    callers[client.door.fileno()] = client
                    ready.register(client.door.fileno(), select.EPOLLIN)
                client.ask()
    for client in callers.values():
        client.door.close()
    return took, time.process_time() - used


@dataclass
class Server:
    """Where it listens, what it is asked, the session of its processes; what its answers took, in seconds, and what
    they cost in processor time there and here.
    """

    port: int
    requests: list[bytes]
    session: int
    took: list[float] = field(default_factory=list)
    cost: float = 0.0
    asking: float = 0.0

    def spell(self, seconds: float, clients: int) -> None:
        """Ask for so long."""
        before = processor_seconds(self.session)
        took, asking = ask_for(seconds, self.port, self.requests, clients)
        self.took += took
        self.cost += processor_seconds(self.session) - before
        self.asking += asking

    def told(self, seconds: float) -> dict[str, float]:
        """The figures of all spells, which took so long together."""
        took = sorted(self.took)
        return {
            "a second": len(took) / seconds,
            "p50 ms": 1000 * took[len(took) // 2],
            "p99 ms": 1000 * took[int(0.99 * len(took))],
            "processor us an answer": 1e6 * self.cost / len(took),
            "us of asking": 1e6 * self.asking / len(took),
        }


def spelled(path: str, headers: dict[str, str], bodies: list[object]) -> list[bytes]:
    """The requests as they go over the wire."""
    named = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    made = []
    for data in (json.dumps(body).encode() for body in bodies):
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n{named}"
        made.append(f"{head}Content-Length: {len(data)}\r\n\r\n".encode() + data)
    return made


@contextmanager
def ours(home: Path, workers: int) -> Iterator[Server]:
    """The API, signed in."""
    port = free_port()
    words = [sys.executable, "-m", "uvicorn", "serving.api:create_app", "--factory", "--port", str(port)]
    words += ["--workers", str(workers), "--no-access-log", "--log-level", "warning"]
    with running(words, port, "/health", {"CLEANCLAIM_HOME": str(home / "home")}, home / "ours.log") as session:
        form = {"username": "biller", "password": PASSWORD}
        token = httpx.post(f"http://127.0.0.1:{port}/token", data=form).json()["access_token"]
        yield Server(port, spelled("/risks", {"Authorization": f"Bearer {token}"}, claims()), session)


def claims() -> list[object]:
    """Claims of different people, with and without papers, early and late."""
    usual = replace(facts(specimens.claim(), filled.DAY, "person"), diagnoses=("E11.9", "I10"))
    return [
        to_plain(
            replace(
                usual,
                claim_key=f"claim {n}",
                patient_key=f"person {n}",
                has_authorization=n % 2 == 0,
                has_referral=n % 3 == 0,
                days_to_submit=n % 40,
                provider=f"provider {n % 5}",
            )
        )
        for n in range(KINDS)
    ]


@contextmanager
def theirs(home: Path, model: Path, workers: int) -> Iterator[Server]:
    """mlflow's server on the same trees, given the finished row."""
    port, saved = free_port(), home / "mlflow_model"
    here = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # where mlflow looks for uvicorn
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "PATH": here}
    subprocess.run([sys.executable, "-c", _SAVE, str(model / TREES), str(saved)], check=True, env=os.environ | quiet,
                   stderr=subprocess.DEVNULL)  # fmt: skip
    words = [str(Path(sys.executable).with_name("mlflow")), "models", "serve", "-m", str(saved), "-p", str(port)]
    words += ["--env-manager", "local", "--workers", str(workers)]
    rows = [{"dataframe_split": {"columns": list(NAMES), "data": [[n / KINDS] * len(NAMES)]}} for n in range(KINDS)]
    with running(words, port, "/ping", quiet, home / "theirs.log") as session:
        yield Server(port, spelled("/invocations", {}, list(rows)), session)


def warm(port: int, requests: list[bytes], clients: int) -> None:
    """Ask until no answer is slow: each round opens new connections, so that every worker has loaded its model."""
    for _ in range(WARM_ROUNDS):
        took, _ = ask_for(1.0, port, requests, clients)
        if len(took) > clients and max(took) < WARM_SECONDS:
            return


def measured(home: Path, args: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Both servers, asked in turn in short spells, so that whatever else the machine does falls on both."""
    model = furnish(home)
    with ours(home, args.workers) as us, theirs(home, model, args.workers) as them:
        servers = {"POST /risks": us, "mlflow models serve": them}
        for server in servers.values():
            warm(server.port, server.requests, args.clients)
        for _ in range(args.spells):
            for server in servers.values():
                server.spell(args.seconds, args.clients)
    return {name: server.told(args.spells * args.seconds) for name, server in servers.items()}


def main() -> int:
    """Measure both in one run, and say the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0, help="of one spell")
    parser.add_argument("--spells", type=int, default=4)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measured(Path(folder), args)
    load = os.getloadavg()[0]
    print(f"one claim a request, {args.clients} clients of this module, {args.workers} workers, {os.cpu_count()} cores")
    for name, figures in found.items():
        print(f"  {name:20s} " + "  ".join(f"{value:8.1f} {what}" for what, value in figures.items()))
    mine, other = found.values()
    cost = other["processor us an answer"] / mine["processor us an answer"]
    print(f"  {mine['a second'] / other['a second']:.2f} times mlflow's server, {cost:.2f} times by processor time")
    print(f"  load of the machine at the end {load:.1f}: a busy machine makes every clock long")
    return 0


if __name__ == "__main__":
    sys.exit(main())

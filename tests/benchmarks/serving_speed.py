"""How many claims a second the API scores, one claim a request, beside mlflow's own model server in the same run.

    python -m tests.benchmarks.serving_speed [--seconds N] [--clients 16] [--workers 2]

Ours is the whole door: `POST /risks` of the real application under uvicorn, sign-in on, roles read from the store at
each request, the claim encoded against the history, calibrated, with its reasons and what would lower it.
Theirs is `mlflow models serve` with as many workers on the very same trees, given the finished row: it encodes
and explains nothing, and asks nobody who they are. Both are asked by the generator of this module: kept-open sockets,
each asking again when its answer is read, on the same cores. Nothing is asserted: a machine under load is slow, not
wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
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
from tests.serving.store import filled
from tests.training import export_fixture
from training import denial, splits
from training.export_folder import read as read_export

PASSWORD = "a long enough password"
HISTORY = 200  # claims the practice has sent and been answered
PATIENCE = 120.0
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


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


@contextmanager
def running(words: list[str], port: int, path: str, env: dict[str, str], log: Path) -> Iterator[None]:
    """A server, once it answers, until the end."""
    with log.open("wb") as out:
        process = subprocess.Popen(
            words, env=os.environ | {"OMP_NUM_THREADS": "1"} | env, stdout=out, stderr=out, start_new_session=True
        )
    try:
        end = time.monotonic() + PATIENCE
        while True:
            assert process.poll() is None and time.monotonic() < end, log.read_text("utf-8", "replace")
            try:
                if httpx.get(f"http://127.0.0.1:{port}{path}", timeout=2).is_success:
                    break
            except httpx.HTTPError:
                time.sleep(0.2)
        yield
    finally:
        if process.poll() is None:
            os.killpg(process.pid, 15)  # the server and its workers: a session of their own
            process.wait(20)


async def _client(port: int, request: bytes, until: float, took: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        while (began := time.perf_counter()) < until:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), head[:200]
            length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            await reader.readexactly(int(length.split(b":")[1]))
            took.append(time.perf_counter() - began)
    finally:
        writer.close()


async def _ask(port: int, request: bytes, clients: int, seconds: float) -> list[float]:
    took: list[float] = []
    until = time.perf_counter() + seconds
    await asyncio.gather(*(_client(port, request, until, took) for _ in range(clients)))
    return took


def measured(port: int, path: str, headers: dict[str, str], body: object, args: argparse.Namespace) -> dict[str, float]:
    """Requests a second and the times of an answer, after a second of warming up."""
    data = json.dumps(body).encode()
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "Content-Type: application/json",
        f"Content-Length: {len(data)}",
    ]
    head = "\r\n".join([*lines, *(f"{name}: {value}" for name, value in headers.items())])
    request = head.encode() + b"\r\n\r\n" + data
    asyncio.run(_ask(port, request, args.clients, 1.0))
    took = sorted(asyncio.run(_ask(port, request, args.clients, args.seconds)))
    return {
        "a second": len(took) / args.seconds,
        "p50 ms": 1000 * took[len(took) // 2],
        "p99 ms": 1000 * took[int(0.99 * len(took))],
    }


def ours(home: Path, args: argparse.Namespace) -> dict[str, float]:
    """The API, signed in."""
    port = free_port()
    words = [sys.executable, "-m", "uvicorn", "serving.api:create_app", "--factory", "--port", str(port)]
    words += ["--workers", str(args.workers), "--no-access-log", "--log-level", "warning"]
    with running(words, port, "/health", {"CLEANCLAIM_HOME": str(home / "home")}, home / "ours.log"):
        form = {"username": "biller", "password": PASSWORD}
        token = httpx.post(f"http://127.0.0.1:{port}/token", data=form).json()["access_token"]
        claim = to_plain(replace(facts(specimens.claim(), filled.DAY, "person"), diagnoses=("E11.9", "I10")))
        return measured(port, "/risks", {"Authorization": f"Bearer {token}"}, claim, args)


def theirs(home: Path, model: Path, args: argparse.Namespace) -> dict[str, float]:
    """mlflow's server on the same trees, given the finished row."""
    port, saved = free_port(), home / "mlflow_model"
    here = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # where mlflow looks for uvicorn
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "PATH": here}
    subprocess.run([sys.executable, "-c", _SAVE, str(model / TREES), str(saved)], check=True, env=os.environ | quiet,
                   stderr=subprocess.DEVNULL)  # fmt: skip
    words = [str(Path(sys.executable).with_name("mlflow")), "models", "serve", "-m", str(saved), "-p", str(port)]
    words += ["--env-manager", "local", "--workers", str(args.workers)]
    with running(words, port, "/ping", quiet, home / "theirs.log"):
        row = {"dataframe_split": {"columns": list(NAMES), "data": [[0.5] * len(NAMES)]}}
        return measured(port, "/invocations", {}, row, args)


def main() -> int:
    """Measure both, one after the other, and say the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        model = furnish(Path(folder))
        found = {"POST /risks": ours(Path(folder), args), "mlflow models serve": theirs(Path(folder), model, args)}
    print(f"one claim a request, {args.clients} clients of this module, {args.workers} workers, {os.cpu_count()} cores")
    for name, figures in found.items():
        print(f"  {name:20s} " + "  ".join(f"{value:8.1f} {what}" for what, value in figures.items()))
    ratio = found["POST /risks"]["a second"] / found["mlflow models serve"]["a second"]
    print(f"  {ratio:.2f} times mlflow's server")
    return 0


if __name__ == "__main__":
    sys.exit(main())

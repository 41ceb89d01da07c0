"""`make demo`: the whole path on a synthetic practice, by public commands chained, ending with a summary.

It runs `cleanclaim` and `cleanclaim-train` as a person would and reads the files they leave. Claims leave as 837 files,
answers come back as 999, 277CA and 835 files; no Python object crosses.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from datetime import date, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

WORLD = Path("data/synthetic/worlds/midtown.toml")
FIRST_CYCLE = date(2024, 11, 15)
LAST_CYCLE = date(2026, 11, 20)
OPEN_REAL_NOTES = 40  # the first by name were open to who built the suggester; the others are judged once a release
LEFT_FOR_PEOPLE = 25  # visits with suggestions that nobody has decided on
PEOPLE = {"coder": "coder", "biller": "biller", "manager": "manager", "scientist": "data_scientist"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where to put the demo, and how large it is."""
    parser.add_argument("--home", type=Path, default=Path("var/demo"), help="folder of the demo; emptied first")
    parser.add_argument("--world", type=Path, default=WORLD)
    parser.add_argument("--encounters", type=int, default=1200)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--every", type=int, default=14, help="days between two nightly jobs")
    parser.add_argument(
        "--real-notes", type=Path, default=None, help="folder of real notes; found by itself if present"
    )


@dataclass
class Stage:
    """The demo's folders and the seconds each step took."""

    home: Path
    args: argparse.Namespace
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def world(self) -> Path:
        """The synthetic practice."""
        return self.home / "world"

    @contextmanager
    def step(self, words: str) -> Iterator[None]:
        """Say what happens, and how long it took."""
        print(f"  {words} ...", end="", flush=True)
        start = time.monotonic()
        yield
        took = time.monotonic() - start
        self.seconds[words] = round(took, 1)
        print(f" {took:.1f} s", flush=True)

    def environment(self) -> dict[str, str]:
        """Seeded ids, so that the same seed writes the same 837 bytes."""
        return os.environ | {
            "CLEANCLAIM_HOME": str(self.home / "home"),
            "CLEANCLAIM_SEED": str(self.args.seed),
            "PYTHONWARNINGS": "ignore",
        }

    def run(self, command: str, *arguments: object, **environment: str) -> str:
        """One public command; its output. A failure shows the command and what it said, and ends the demo."""
        program = str(Path(sys.executable).with_name(command))
        words = [program, *(str(a) for a in arguments)]
        done = subprocess.run(words, capture_output=True, text=True, env=self.environment() | environment, check=False)
        if done.returncode:
            print(f"\n{command} {' '.join(words[1:])}\n{done.stdout}{done.stderr}", file=sys.stderr)
            raise SystemExit(f"demo stopped: {command} {words[1]} ended with {done.returncode}")
        return done.stdout

    def train(self, *arguments: object) -> None:
        """One `cleanclaim-train` command without a process of its own, for the nights; its words are not shown."""
        from training.__main__ import main

        with redirect_stdout(StringIO()):
            status = main([str(a) for a in arguments])
        if status:
            raise SystemExit(f"demo stopped: cleanclaim-train {arguments[0]} ended with {status}")

    def desk(self, *arguments: object, by: str = "administrator", today: date | None = None) -> str:
        """One `cleanclaim` command in the demo's practice."""
        dated = ("--today", today.isoformat()) if today else ()
        return self.run("cleanclaim", *arguments, "--practice", self.mark, "--as", by, *dated)

    @contextmanager
    def one_process(self) -> Iterator[Callable[..., None]]:
        """`cleanclaim batch`: many commands, one start of Python. Yields what runs one command of the practice."""
        program = str(Path(sys.executable).with_name("cleanclaim"))
        pipe = subprocess.PIPE
        with subprocess.Popen(
            [program, "batch"], stdin=pipe, stdout=pipe, text=True, env=self.environment(), bufsize=1
        ) as process:
            assert process.stdin and process.stdout
            orders, answers = process.stdin, process.stdout

            def order(*arguments: object, by: str, today: date) -> None:
                words = [*map(str, arguments), "--practice", self.mark, "--as", by, "--today", today.isoformat()]
                orders.write(shlex.join(words) + "\n")
                said: list[str] = []
                for line in answers:
                    if line == "= 0\n":
                        return
                    if line.startswith("= "):
                        break
                    said.append(line)
                raise SystemExit(f"demo stopped: cleanclaim {' '.join(words)}\n{''.join(said)}")

            yield order
            orders.close()

    @property
    def mark(self) -> str:
        """The practice's mark, as the world says."""
        practice = json.loads((self.world / "practice.json").read_text("utf-8"))["practice"]
        return str(practice["mark"])


def _open_practice(stage: Stage) -> None:
    """Books, code tables, practice, people. Passwords are made here and kept in a file only its owner reads."""
    passwords = {login: secrets.token_urlsafe(12) for login in ("administrator", *PEOPLE)}
    keep = stage.home / "passwords.txt"
    keep.touch(mode=0o600)
    keep.write_text("".join(f"{login}\t{word}\n" for login, word in passwords.items()), "utf-8")
    stage.run("cleanclaim", "init")
    stage.run(
        "cleanclaim", "practice", "add", "--from", stage.world / "practice.json", "--admin", "administrator",
        CLEANCLAIM_PASSWORD=passwords["administrator"],
    )  # fmt: skip
    for login, role in PEOPLE.items():
        stage.run(
            "cleanclaim", "user", "add", login, "--role", role, "--practice", stage.mark, "--as", "administrator",
            CLEANCLAIM_PASSWORD=passwords[login],
        )  # fmt: skip
    for login, role in (("simulated-coder", "coder"), ("simulated-biller", "biller")):
        stage.desk("user", "add", login, "--role", role, "--no-password")


def _code_the_notes(stage: Stage) -> None:
    """The suggester reads every note; the simulated coder accepts, rejects, adds and signs."""
    suggestions, signed = stage.home / "suggestions.jsonl", stage.home / "signed.jsonl"
    stage.desk("coding", "suggest", "--out", suggestions, by="coder")
    stage.run(
        "cleanclaim-train", "simulated-coder", "--world", stage.world, "--suggestions", suggestions, "--out", signed
    )
    _leave_for_people(signed)


def _leave_for_people(signed: Path) -> None:
    """Take back the signatures of the last visits, so that who opens the coder's screen finds work."""
    lines = sorted(signed.read_text("utf-8").splitlines(), key=lambda line: str(json.loads(line)["signed_on"]))
    signed.write_text("".join(f"{line}\n" for line in lines[:-LEFT_FOR_PEOPLE]), "utf-8")


def _nights(stage: Stage) -> Iterator[date]:
    day = FIRST_CYCLE
    while day < LAST_CYCLE:
        yield day
        day += timedelta(days=stage.args.every)
    yield LAST_CYCLE


def _live_two_years(stage: Stage) -> None:
    """Each night: answers in, payments in, claims out, statements; payers answer, the biller mends, patients pay."""
    home = stage.home
    claims, answers = home / "to_payers", home / "from_payers"
    mends, queue = home / "mends.jsonl", home / "queue.json"
    payments, statements = home / "payments.jsonl", home / "statements.json"
    for folder in (claims, answers):
        folder.mkdir()
    for file in (mends, payments):
        file.touch()
    papers: tuple[object, ...] = ("--inbox", answers, "--outbox", claims, "--mends", mends)
    papers += ("--payments", payments, "--queue", queue, "--statements", statements)
    with stage.one_process() as practice:
        for night in _nights(stage):
            practice("register", "--dir", stage.world, by="manager", today=night)
            practice("coding", "sign", "--file", home / "signed.jsonl", by="simulated-coder", today=night)
            practice("cycle", *papers, by="simulated-biller", today=night)
            stage.train(
                "payer", "--world", stage.world, "--today", night, "--inbox", claims, "--outbox", answers,
                "--state", home / "payer",
            )  # fmt: skip
            stage.train("simulated-biller", "--world", stage.world, "--queue", queue, "--out", mends)
            stage.train("simulated-patient", "--statements", statements, "--out", payments)


def _train(stage: Stage) -> dict[str, Any]:
    """Export, train the denial model in MLflow, promote what passed the gate, activate it, score what is open."""
    export, metrics = stage.home / "export", stage.home / "denial_metrics.json"
    tracking = f"sqlite:///{(stage.home / 'mlflow.db').resolve()}"
    stage.desk("export", "--out", export, "--synthetic", by="scientist", today=LAST_CYCLE)
    stage.run(
        "cleanclaim-train", "denial", "--export", export, "--tracking", tracking, "--out", stage.home / "denial_run",
        "--json", metrics, "--seed", stage.args.seed,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(metrics.read_text("utf-8"))
    if not found.get("passed", False):  # the gate is honest: a model that beats no baseline is not put in service
        return found
    artifact = stage.home / "denial_model"
    stage.run(
        "cleanclaim-train", "promote", "--tracking", tracking, "--model", "denial", "--out", artifact,
        "--signed-by", "scientist",
    )  # fmt: skip
    stage.desk("model", "activate", "--kind", "denial", "--dir", artifact, by="scientist", today=LAST_CYCLE)
    stage.desk("score", by="biller", today=LAST_CYCLE)
    return found


def _judge_suggester(stage: Stage) -> dict[str, Any]:
    """The suggester's F1 on the synthetic notes and, where the folder is present, on real notes, side by side."""
    model, out = stage.home / "coding_model", stage.home / "coding_metrics.json"
    figures: dict[str, Any] = {}
    synthetic = _synthetic_notes(stage)
    stage.run("cleanclaim-train", "evaluate-coding", "--data", synthetic, "--model", model, "--json", out)
    figures["suggester (synthetic notes)"] = json.loads(out.read_text("utf-8"))
    if real := _real_notes(stage):
        some = stage.home / "open_notes.txt"
        names = sorted(path.stem for path in (real / "notes").glob("*.txt"))[:OPEN_REAL_NOTES]
        some.write_text("\n".join(names) + "\n", "utf-8")
        stage.run(
            "cleanclaim-train", "evaluate-coding", "--data", real, "--only", some, "--model", model, "--json", out
        )
        figures["suggester (real dev notes, open ones)"] = json.loads(out.read_text("utf-8"))
    return figures


def _carrying_real_notes(stage: Stage) -> set[str]:
    """The visits whose notes are real."""
    said = stage.world / "real_notes.json"
    return set(json.loads(said.read_text("utf-8"))) if said.exists() else set()


def _synthetic_notes(stage: Stage) -> Path:
    """A folder of the synthetic notes alone, with the diagnoses that the world says are right."""
    folder, real = stage.home / "synthetic_notes", _carrying_real_notes(stage)
    (folder / "notes").mkdir(parents=True)
    rows = ["note_id\tsystem\tcode\n"]
    for line in (stage.world / "truth.jsonl").read_text("utf-8").splitlines():
        truth = json.loads(line)
        if (name := truth["encounter_id"]) not in real:
            rows += [f"{name}\tICD-10-CM\t{code}\n" for code in truth["diagnoses"]]
            shutil.copyfile(stage.world / "notes" / f"{name}.txt", folder / "notes" / f"{name}.txt")
    (folder / "codes.tsv").write_text("".join(rows), "utf-8")
    return folder


def _real_notes(stage: Stage) -> Path | None:
    shared = Path(os.environ.get("CLEANCLAIM_SHARED_DATA", "../shared/data"))
    folder: Path = stage.args.real_notes or shared / "coding" / "acibench" / "dev"
    return folder if (folder / "notes").is_dir() else None


def run(args: argparse.Namespace) -> int:
    """Run the demo from an empty folder to its summary."""
    began = time.monotonic()
    stage = Stage(args.home, args)
    shutil.rmtree(args.home, ignore_errors=True)
    args.home.mkdir(parents=True)
    print(f"Cleanclaim demo: {args.encounters} synthetic encounters over 24 months, seed {args.seed}")
    with stage.step("make a synthetic practice"):
        stage.run(
            "cleanclaim-train", "synthetic", "--world", args.world, "--encounters", args.encounters,
            "--seed", args.seed, "--out", stage.world,
        )  # fmt: skip
    if real := _real_notes(stage):
        with stage.step("let some visits carry real notes"):
            stage.run("cleanclaim-train", "real-notes", "--world", stage.world, "--data", real)
    else:
        print("  SKIPPED real notes: their folder is not here (CLEANCLAIM_SHARED_DATA)")
    with stage.step("build the code suggester (cold: no label seen)"):
        stage.run("cleanclaim-train", "coding", "--out", stage.home / "coding_model")
    with stage.step("open the books, sign people up, load code tables"):
        _open_practice(stage)
    with stage.step("take in registrations and notes"):
        stage.desk("import", "--dir", stage.world, by="manager", today=FIRST_CYCLE)
        stage.desk(
            "model",
            "activate",
            "--kind",
            "coding",
            "--dir",
            stage.home / "coding_model",
            by="scientist",
        )
    with stage.step("suggest codes; the simulated coder accepts, rejects and signs"):
        _code_the_notes(stage)
    with ThreadPoolExecutor(max_workers=1) as aside:  # judging needs the notes only, and the nights leave a core free
        judged = aside.submit(_judge_suggester, stage)
        with stage.step("two years of nights: claims out, answers in, posted, mended"):
            _live_two_years(stage)
        with stage.step("judge the suggester (begun beside the nights)"):
            coding = judged.result()
    with stage.step("export, train the denial model, promote, score"):
        denial = _train(stage)
    _summarise(stage, denial, coding, time.monotonic() - began)
    return 0


def _summarise(stage: Stage, denial: dict[str, Any], coding: dict[str, Any], took: float) -> None:
    """Write summary.json and print it for people."""
    summary: dict[str, Any] = json.loads(stage.desk("summary", "--json", by="manager", today=LAST_CYCLE))
    summary["real_notes_carried"] = len(_carrying_real_notes(stage))
    summary["models"] = {"denial (synthetic, held out by time)": denial, **coding}
    summary["seconds"] = {**stage.seconds, "total": round(took, 1)}
    (stage.home / "summary.json").write_text(json.dumps(summary, indent=2, sort_keys=True) + "\n", "utf-8")
    print("\nSummary (synthetic practice)")
    for name, value in summary.items():
        if name not in ("models", "seconds"):
            print(f"  {name.replace('_', ' '):34s} {json.dumps(value) if isinstance(value, dict) else value}")
    for name, figures in {**coding, "denial (synthetic)": denial}.items():
        print(f"  {name:34s} {_figures(figures)}")
    print(f"  {'seconds':34s} {summary['seconds']['total']}")
    print(f"\n  {stage.home / 'summary.json'} holds all of it. Now: make serve")
    print(f"  Sign in as coder, biller, manager, scientist or administrator: {stage.home / 'passwords.txt'}")


def _figures(figures: dict[str, Any], wanted: Sequence[str] = ()) -> str:
    names = wanted or (
        "n_notes",
        "micro_precision",
        "micro_recall",
        "micro_f1",
        "n",
        "auc",
        "average_precision",
        "brier",
        "ece",
    )
    return ", ".join(
        f"{n} {figures[n]:.3f}" if isinstance(figures[n], float) else f"{n} {figures[n]}" for n in names if n in figures
    )

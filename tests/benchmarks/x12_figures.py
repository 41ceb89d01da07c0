"""Writes docs/x12.md with every figure in it: `python -m tests.benchmarks.x12_figures [--full]`.

`--full` makes the numbers of the issue (20,000 and 5,000 generated claims, 2,000,000 damaged files: an hour of one
core); without it a hundredth of each. `--damaged` takes the figures of damaged files from what runs of `fuzz` printed.
The published files are read beside the checkout; without them their rows say so.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from random import Random
from types import ModuleType

from billing_core.claim import Claim
from billing_core.remittance import imbalances
from billing_core.rule import Severity
from billing_core.x12 import claim_837i, claim_837p, document, remittance_835
from billing_core.x12.check import GUIDES, check
from billing_core.x12.envelope import Envelope
from tests.benchmarks import x12_speed
from tests.billing_core.x12 import fuzz, generated
from tests.billing_core.x12.test_bad_files import UNSAID, listed, named
from tests.billing_core.x12.test_published_files import ALL, EDI, decimal_verdict
from tests.billing_core.x12.witnesses import TABLE, ask_ansi_x12, ask_pyx12, installed

PAGE = Path(__file__).resolve().parents[2] / "docs" / "x12.md"
ENVELOPE = Envelope("CLEANCLAIM", "60054", 7, datetime(2026, 4, 9, 8, 30))
SEED = 2026

HEAD = """# X12

`billing_core/x12` reads and writes what a billing office sends and receives, from the standard library alone. This page
is written by `python -m tests.benchmarks.x12_figures`; do not edit it by hand.

| guide | module | | reads | writes | checks |
|---|---|---|---|---|---|
"""
_MODULES = {
    "837P": ("claim_837p", "005010X222A1"),
    "837I": ("claim_837i", "005010X223A2"),
    "835": ("remittance_835, remittance_stream", "005010X221A1"),
    "999": ("acknowledgment_999", "005010X231A1"),
    "277CA": ("acknowledgment_277ca", "005010X214"),
    "270": ("eligibility_270", "005010X279A1"),
    "271": ("eligibility_271", "005010X279A1"),
    "276": ("status_276", "005010X212"),
    "277": ("status_277", "005010X212"),
}
COMMANDS = """
TA1 is read, written and checked by `acknowledgment_ta1`. Any other guide (837D and its kin) is kept to the byte, shown
and checked in its envelopes, and never posted.

    cleanclaim x12 check [--json] [--tables DIR] FILE...  readable, accepted, findings; for an 835 its three balances
    cleanclaim x12 roundtrip [--json] FILE...             read and written back: identical to the byte?
    cleanclaim x12 show FILE...                           every segment with its name
    cleanclaim x12 explain [--sent 837] FILE...           TA1, 999, 277CA, 277, 271, 835 in sentences, with what to do;
                                                          with the 837 that a 999 answers, each error with its claim
    cleanclaim x12 ack FILE...                            the 999s and TA1s that are due

With `--tables` each code is looked up on its day; without, the report says that it was not. Our books answer every file
that they take in: a 999 for each functional group, a TA1 where it is due, kept with the file and put in the outbox by
the next night (decision 005). Since the file was read, errors in it are noted and refuse nothing; a file of the inbox
that cannot be read is refused by 999 or TA1. Partners that want no 999 are named in `CLEANCLAIM_NO_999`. What a payer's
TA1, 999 and 277CA say is kept in each claim's history with trace and day (`front_door` of the API's claim).

What no record models is kept in the records (`kept`) and written back in its loop. Names, addresses and messages are
set in upper case, and a delimiter or control character in them becomes a space; in an identifier, code, number or date
it is refused, and so is a value longer than the guide allows. *Accepted* means: no finding of severity error.

An 835 of any size streams in constant memory: `remittance_stream.survey` proves it whole, balances it and spools it,
`claim_payments` then yields its claims one by one.

Limits: 512 MiB and 5,000,000 segments for a file that is read at once, 100 elements of 1,000 characters, 50,000
segments in one loop of a stream, 5,000 claims in a transaction set that we write.
"""


def guides() -> str:
    """One row for each guide."""
    rows = []
    for guide in GUIDES:
        module, version = _MODULES[guide.kind]
        asked = len(guide.required) + len(guide.coded) + len(guide.typed)
        rows.append(f"| {guide.kind} | `{module}` | {version} | yes | yes | {len(guide.rules)} rules, {asked} rows |\n")
    return "".join(rows)


def published() -> str:
    """Rows about the published files."""
    if not EDI.is_dir():
        return "| published files | not beside this checkout |\n"
    good = [path for path in ALL if path.parent.name != "bad"]
    same = sum(document.read(path.read_bytes()).write() == path.read_bytes() for path in good)
    readable = sum(check(path.read_bytes()).readable for path in good)
    payments = [path for path in good if path.parent.name == "835"]
    agree = balanced = 0
    for path in payments:
        levels = {i.level for one in remittance_835.read(path.read_bytes()) for i in imbalances(one)}
        verdict = tuple(level not in levels for level in ("line", "claim", "transaction"))
        agree += verdict == decimal_verdict(path.read_bytes().decode("utf-8"))
        balanced += all(verdict)
    bad = listed()
    reports = {file: check((EDI / file).read_bytes()) for file in bad}
    refused = sum(not report.accepted for report in reports.values())
    told = sum(
        all(
            named(defect, [f for f in reports[file].findings if f.severity is Severity.ERROR])
            for defect in text.split("; ")
        )
        for file, text in bad.items()
        if text != UNSAID
    )
    return (
        f"| published files readable, of {len(good)} | {readable} |\n"
        f"| written back identical to the byte, of {len(good)} | {same} |\n"
        f"| 835s whose three verdicts equal an independent Decimal count, of {len(payments)} | {agree} |\n"
        f"| of them in balance | {balanced} |\n"
        f"| bad files not accepted, of {len(bad)} | {refused} |\n"
        f"| bad files whose listed defect is named by a finding, of {len(bad) - 1} | {told} |\n"
    )


def made(guide: ModuleType, make: Callable[[Random, int], Claim], count: int) -> str:
    """A row about generated claims."""
    some = list(generated.claims(make, SEED, count))
    same = accepted = pyx12 = ansi = 0
    for start in range(0, count, 50):
        part = some[start : start + 50]
        data = guide.write(part, ENVELOPE, "NORTHERN HEALTH")
        back = guide.read(data)
        same += sum(guide.as_carried(a, ENVELOPE.on.date()) == b for a, b in zip(part, back, strict=True))
        accepted += len(part) * check(data).accepted
        pyx12 += len(part) * (ask_pyx12(data) == "")
        ansi += len(part) * (not installed("ansi-x12") or ask_ansi_x12(data) == "")
    peer = f"; ansi-x12 {ansi:,}" if installed("ansi-x12") else "; ansi-x12 is not installed"
    return (
        f"| generated {guide.KIND}, seed {SEED}, of {count:,} | read back the same {same:,}; accepted by our check"
        f" {accepted:,}; by pyx12 {pyx12:,}{peer} |\n"
    )


def witness_table() -> str:
    """The reviewed differences."""
    rows = ["| witness | who is right | the guide's rule |", "|---|---|---|"]
    rows += dict.fromkeys(f"| {row.witness} | {row.right} | {row.rule} |" for row in TABLE)
    return "\n".join(rows)


def damaged(logs: Sequence[Path], count: int) -> str:
    """Rows about damaged files: of the runs whose printed figures are given, else of a run made now."""
    runs = [json.loads(log.read_text("utf-8").splitlines()[-1]) for log in logs] or [fuzz.run(SEED, count)]
    words = (", ".join(f"{name.replace('_', ' ')} {value}" for name, value in figures.items()) for figures in runs)
    return "".join(f"| damaged files: nothing but our own error | {text} |\n" for text in words)


def page(full: bool, logs: Sequence[Path] = ()) -> str:
    """The whole page."""
    share = 1 if full else 100
    parts = [HEAD, guides(), COMMANDS, "\n## Figures\n\n| what | figure |\n|---|---|\n", published()]
    parts.append(made(claim_837p, generated.professional, 20_000 // share))
    parts.append(made(claim_837i, generated.institutional, 5_000 // share))
    parts.append(damaged(logs, 2_000_000 // share))
    parts.append(f"\n## Speed\n\n{' '.join((x12_speed.__doc__ or '').split())}\n\n")
    parts.append(f"{x12_speed.table(x12_speed.measure())}\n")
    parts.append(
        "\n## Where a witness and we differ\n\nOn every published file, each difference between a witness's verdict and"
        f" ours is one of these; the test fails on any other.\n\n{witness_table()}\n"
    )
    return "".join(parts)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--damaged", nargs="*", type=Path, default=(), metavar="LOG", help="what `fuzz` printed")
    args = parser.parse_args()
    PAGE.write_text(page(args.full, args.damaged), "utf-8")
    print(PAGE.name)

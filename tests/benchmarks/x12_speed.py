"""How fast X12 is read and written, beside its peers: `python -m tests.benchmarks.x12_speed` (20,000 claims).

CPU seconds of one process, each measured in a process of its own, the best of three (x12sdk once). The 835 and the
837P are made here, with two lines a claim, and read by each library as far as it goes: `split(b"~")` makes pieces of
bytes, ansi-x12 envelopes and segments, oxedi columnar tables with balances (Rust), x12sdk typed models; ours makes
domain records and proves all three balances. Peers that are not installed are left out.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec

from billing_core.claim import Claim
from billing_core.remittance import ClaimPayment, imbalances
from billing_core.x12 import claim_837p, remittance_835
from billing_core.x12.check import check
from tests.billing_core.x12.people import (
    ANSWER,
    DENIED,
    ENVELOPE,
    OF_A_CHILD,
    OFFICE_VISIT,
    PAID,
    line,
    remittance,
)

CLAIMS = 20_000
ROUNDS = 3


def claims(count: int) -> list[Claim]:
    """Office visits of two lines; each third is a child's."""
    child = replace(OF_A_CHILD, lines=(line(), line(2, "87880", 4200)))
    return [replace(child if n % 3 == 2 else OFFICE_VISIT, number=f"ELMF{n:09d}") for n in range(count)]


def payments(count: int) -> list[ClaimPayment]:
    """Payments of two lines, each with adjustments, reference and allowed amount; each third is a denial.

    The amounts differ from claim to claim, as they do in life.
    """
    second = replace(PAID.services[0], procedure="36415", control="ELMF00000001L2")
    paid = replace(PAID, services=(*PAID.services, second))
    refused = replace(DENIED, services=DENIED.services * 2)
    return [_differing(refused if n % 3 == 2 else paid, n) for n in range(count)]


def _differing(claim: ClaimPayment, number: int) -> ClaimPayment:
    more = number * 37 % 300_000
    services = tuple(
        replace(one, charge=one.charge + more + place, paid=one.paid + more + place)
        for place, one in enumerate(claim.services)
    )
    charge, paid = sum(one.charge for one in services), sum(one.paid for one in services)
    return replace(claim, number=f"ELMF{number:09d}", services=services, charge=charge, paid=paid)


def file_837(count: int) -> bytes:
    """The 837P."""
    return claim_837p.write(claims(count), ENVELOPE, "NORTHERN HEALTH")


def file_835(count: int) -> bytes:
    """The 835, one transaction set."""
    return remittance_835.write([remittance(*payments(count))], ANSWER)


def _ansi(data: bytes) -> object:
    import x12

    return x12.parse_x12_interchange(x12.tokenize_x12(data))


def _oxedi(data: bytes) -> object:
    import oxedi

    result = oxedi.parse(data)
    assert not result.diagnostics
    return result


def _x12sdk(data: bytes) -> object:
    from x12sdk.io import X12ModelReader

    with X12ModelReader(data.decode("ascii")) as reader:
        return list(reader.models())


def _balanced(data: bytes) -> object:
    read = remittance_835.read(data)
    assert not any(imbalances(one) for one in read)
    return read


def _checked(data: bytes) -> object:
    report = check(data)
    assert report.accepted
    return report


Job = tuple[Callable[[int], object], Callable[..., object], str]
JOBS: dict[str, Job] = {  # name: (what is prepared, what is timed, the peer's package)
    "835 split(b'~')": (file_835, lambda data: data.split(b"~"), ""),
    "835 ours: domain records, all balances": (file_835, _balanced, ""),
    "835 ours: check()": (file_835, _checked, ""),
    "835 ansi-x12: envelopes, segments": (file_835, _ansi, "x12"),
    "835 oxedi: tables, balances (Rust)": (file_835, _oxedi, "oxedi"),
    "835 x12sdk: typed models": (file_835, _x12sdk, "x12sdk"),
    "837P ours: write": (claims, lambda made: claim_837p.write(made, ENVELOPE, "NORTHERN HEALTH"), ""),
    "837P split(b'~')": (file_837, lambda data: data.split(b"~"), ""),
    "837P ours: read": (file_837, lambda data: claim_837p.read(data), ""),
    "837P ours: check()": (file_837, _checked, ""),
    "837P ansi-x12: envelopes, segments": (file_837, _ansi, "x12"),
    "837P x12sdk: typed models": (file_837, _x12sdk, "x12sdk"),
}


def cpu_seconds(job: str, count: int) -> float:
    """The best of three runs of one job in this process."""
    prepare, timed, _ = JOBS[job]
    prepared = prepare(count)
    best = float("inf")
    for _ in range(1 if "x12sdk" in job else ROUNDS):
        start = time.process_time()
        timed(prepared)
        best = min(best, time.process_time() - start)
    return best


def measure(count: int = CLAIMS) -> dict[str, float]:
    """Claims for each CPU second, by job; each job in a process of its own."""
    found: dict[str, float] = {}
    for job, (_, _, package) in JOBS.items():
        if package and find_spec(package) is None:
            continue
        command = [sys.executable, "-m", "tests.benchmarks.x12_speed", "--job", job, "--claims", str(count)]
        out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        found[job] = count / float(json.loads(out.splitlines()[-1]))
    return found


def table(found: dict[str, float]) -> str:
    """The figures as a table of Markdown: claims for each CPU second, and ours against each."""
    lines = ["| 20,000 claims | claims/CPU-s | ours is |", "|---|---:|---:|"]
    for guide, ours in (("835", "835 ours: domain records, all balances"), ("837P", "837P ours: read")):
        for job, rate in found.items():
            if job.startswith(f"{guide} "):
                ratio = "" if "ours" in job else f"{found[ours] / rate:.3g} times"
                lines.append(f"| {job} | {rate:,.0f} | {ratio} |")
    return "\n".join(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--claims", type=int, default=CLAIMS)
    parser.add_argument("--job")
    args = parser.parse_args()
    print(json.dumps(cpu_seconds(args.job, args.claims)) if args.job else table(measure(args.claims)))

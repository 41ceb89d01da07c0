"""The simulated biller: a person's stand-in who works a queue of refused claims. Actor `simulated-biller`.

For each item it compares what was signed (answers.jsonl) and filed (registration.jsonl) with the truth (truth.jsonl)
and answers as a biller would who called the payer: correct what can be corrected, appeal what was refused without
cause, bill the patient what is the patient's, write off what cannot be had. Part of the queue stays unworked; nobody
tries a claim of one visit more than twice. Draws are made from the claim number: the same queue, the same answers.

    cleanclaim-train simulated-biller --world DIR --queue FILE --out FILE [--memory FILE]
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from billing_core.denial import category
from billing_core.reason import DenialCategory
from training.synthetic.world_folder import WorldFolderError, by_encounter, lines, whole, write_lines

ACTOR = "simulated-biller"
WORKED = 0.88  # share of items somebody gets to
MOST_TRIES = 2
_SENDS = frozenset({"correct", "resubmit", "appeal"})
_COVERAGE_SLIPS = frozenset({"coverage_stale", "coverage_not_on_file", "other_insurance_unknown"})
_COVERAGE_CATEGORIES = frozenset({DenialCategory.ELIGIBILITY, DenialCategory.OTHER_PAYER})

Mend = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Case:
    """One item of the queue with what is known of its visit."""

    number: str
    state: str
    categories: frozenset[DenialCategory]
    signed: dict[str, Any]
    truth: dict[str, Any]

    def happens(self, what: str, share: float) -> bool:
        """A draw that belongs to this claim and this question."""
        digest = hashlib.sha256(f"{self.number}|{what}".encode()).digest()
        return int.from_bytes(digest[:8]) < share * 2**64

    @property
    def never_decided(self) -> bool:
        """Held by us or rejected at the door: no payer has refused the service itself."""
        return self.state in ("held", "rejected", "unprocessable")


def differing_lines(signed: dict[str, Any], right: dict[str, Any]) -> list[dict[str, Any]]:
    """Lines (from 1) whose modifiers, units or pointers are not the right ones, with only what is to be changed."""
    found = []
    for number, (was, be) in enumerate(zip(signed["procedures"], right["procedures"], strict=False), start=1):
        fields = [f for f in ("modifiers", "units", "pointers") if was[f] != be[f]]
        if was["code"] == be["code"] and fields:
            found.append({"line": number, **{f: be[f] for f in fields}})
    return found


def corrections(case: Case) -> dict[str, Any]:
    """What of the claim can be put right, by the truth."""
    signed, truth = case.signed, case.truth
    changes: dict[str, Any] = {}
    if truth["authorization_number"] != signed["authorization_number"] and truth["authorization_number"]:
        changes["authorization"] = truth["authorization_number"]
    if truth["referral"] != signed["referral"] and truth["referral"]:
        changes["referral"] = truth["referral"]
    if truth["diagnoses"] != signed["diagnoses"]:
        changes["diagnoses"] = truth["diagnoses"]
    if changed := differing_lines(signed, truth):
        changes["lines"] = changed
    about_coverage = case.never_decided or case.categories & _COVERAGE_CATEGORIES
    if truth["coverage"] is not None and about_coverage:
        if "member_id_mistyped" in truth["slips"]:
            changes["member_id"] = truth["coverage"]["member_id"]
        elif _COVERAGE_SLIPS & set(truth["slips"]):
            changes["coverage"] = truth["coverage"]
    return changes


def _mend(case: Case, action: str, reason: str, changes: dict[str, Any] | None = None) -> Mend:
    return {"claim_number": case.number, "action": action, "changes": changes or {}, "reason": reason}


def _without_correction(case: Case) -> Mend:
    """Nothing on the claim is wrong: what a biller does then, by the category of the refusal."""
    slips, found = set(case.truth["slips"]), case.categories
    if DenialCategory.TIMELY_FILING in found or "late_charge" in slips:
        return _mend(case, "write_off", "filed too late, and the fault is ours")
    if DenialCategory.ELIGIBILITY in found and case.truth["coverage"] is None:
        return _mend(case, "bill_patient", "no coverage on the date of service")
    if DenialCategory.NOT_COVERED in found:
        if "preventive_too_early" in slips or case.happens("patient", 0.45):
            return _mend(case, "bill_patient", "the plan does not cover it; the patient was told")
        return _mend(case, "write_off", "not covered by the plan, no notice signed")
    if DenialCategory.AUTHORIZATION in found:
        if case.happens("retroactive", 0.4):
            return _mend(case, "appeal", "authorization asked for after the fact")
        return _mend(case, "write_off", "no authorization was obtained")
    if DenialCategory.ENROLLMENT in found:
        return _mend(case, "appeal", "enrollment requested from the doctor's first day")
    if found & {DenialCategory.CODING, DenialCategory.MEDICAL_NECESSITY}:
        if case.happens("appeal", 0.65):
            return _mend(case, "appeal", "the note supports the code as billed")
        return _mend(case, "write_off", "not worth an appeal")
    if DenialCategory.DUPLICATE in found:
        return _mend(case, "leave", "the other claim is still open")
    if case.never_decided or found & {DenialCategory.INFORMATION, DenialCategory.OTHER, DenialCategory.OTHER_PAYER}:
        return _mend(case, "resubmit", "nothing wrong found on the claim")
    return _mend(case, "leave", "waiting")


def _once_more(case: Case, last: str) -> Mend:
    """A claim worked before and still in the queue: the first answer led nowhere, or has not come."""
    if last == "correct" and not case.never_decided:
        return _mend(case, "appeal", "the payer takes no corrected claim for this")
    if last in ("appeal", "resubmit"):
        return _mend(case, "leave", "waiting for the payer")
    return _mend(case, "write_off", "nothing more can be done")


def work(case: Case, before: dict[str, str]) -> Mend:
    """What is done with one item. `before`: claim number and action of every claim of this visit worked so far."""
    if not case.happens("worked", WORKED):
        return _mend(case, "leave", "not reached")
    if case.number in before:
        return _once_more(case, before[case.number])
    if case.truth["duplicate_of"]:
        return _mend(case, "write_off", "the visit was entered twice; the other entry stands")
    sent_again = sum(action in _SENDS for action in before.values())
    if sent_again >= MOST_TRIES:
        return _mend(case, "write_off", "tried twice without success")
    changes = {} if "correct" in before.values() else corrections(case)
    if changes:
        return _mend(case, "correct", "corrected from the chart and the payer's answer", changes)
    if sent_again and case.never_decided:
        return _mend(case, "write_off", "sent again once already")
    return _without_correction(case)


def case_of(item: dict[str, Any], answers: dict[str, Any], truths: dict[str, Any]) -> Case | None:
    """The case of a queue item; None for an encounter of another world."""
    id = item.get("encounter_id", "")
    if id not in answers or id not in truths:
        return None
    reasons = [str(r).rpartition("-")[2] for r in item.get("reasons", ())]  # "CO-197" or "197"
    categories = frozenset(category(r) for r in reasons if r and not r.islower())
    state = str(item.get("state", ""))
    return Case(str(item["claim_number"]), state, categories, answers[id], truths[id])


def work_queue(
    items: Iterable[dict[str, Any]], answers: dict[str, Any], truths: dict[str, Any], tried: dict[str, dict[str, str]]
) -> list[Mend]:
    """The mends of a queue, in its order. `tried` (encounter: claim: action) is read and added to."""
    mends = []
    for item in items:
        case = case_of(item, answers, truths)
        if case is None:
            continue
        before = tried.setdefault(item["encounter_id"], {})
        mend = work(case, before)
        if mend["action"] != "leave":
            before[case.number] = mend["action"]
        mends.append(mend)
    return mends


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument("--world", type=Path, required=True, help="world folder")
    parser.add_argument("--queue", type=Path, required=True, help='JSON: {"items": [...]}')
    parser.add_argument("--out", type=Path, required=True, help="JSON Lines of mends to write")
    parser.add_argument("--memory", type=Path, default=None, help="what was tried before (default: OUT + .memory)")


def run(args: argparse.Namespace) -> int:
    """Work the queue; 2 when a file cannot be read."""
    memory = args.memory or args.out.with_name(args.out.name + ".memory")
    try:
        answers, truths = by_encounter(args.world / "answers.jsonl"), by_encounter(args.world / "truth.jsonl")
        items = whole(args.queue).get("items", [])
        tried = {line["encounter_id"]: line["claims"] for line in lines(memory)} if memory.exists() else {}
        mends = work_queue(items, answers, truths, tried)
    except WorldFolderError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - the command's own door
        return 2
    write_lines(args.out, mends)
    write_lines(memory, [{"encounter_id": id, "claims": claims} for id, claims in sorted(tried.items())])
    counts = Counter(m["action"] for m in mends)
    said = ", ".join(f"{action} {count}" for action, count in sorted(counts.items()))
    print(f"{ACTOR}: {len(mends)} items; {said or 'nothing to do'}")  # noqa: T201 - the command's own door
    return 0

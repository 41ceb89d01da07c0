"""The whole path of a dollar: signed visits and the payers' answers in; claims, entries, a queue and statements out.

`run_cycle` reads as the path itself, and is the executable story that the tests tell. The doors to the world (the
registration desk, the claim edits with their tables, the 837 file) are plain callables; serving runs the same steps,
each in its own transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from billing_core.account import Debtor
from billing_core.charge import Charge, capture
from billing_core.chargemaster import Chargemaster
from billing_core.claim import Claim
from billing_core.claim_build import Built, Registration, build_claims
from billing_core.contract import Contract
from billing_core.encounter import Encounter, SignedEncounter
from billing_core.ledger import Cause, Entry, Owner
from billing_core.matching import match
from billing_core.posting import Posted, post_charge, post_remittance, remittance_key
from billing_core.registration import Coverage, Guarantor, Patient
from billing_core.remittance import Remittance
from billing_core.rule import Finding, blocking
from billing_core.statement import Statement, statement
from billing_core.work_queue import Ranked, WorkItem, WorkKind, denial_item, finding_item, order


@dataclass(frozen=True, slots=True)
class Practised:
    """What the practice has so far: charges, claims by number, the ledger oldest first, remittances posted (by key)."""

    charges: tuple[Charge, ...] = ()
    claims: Mapping[str, Claim] = field(default_factory=dict)
    entries: tuple[Entry, ...] = ()
    remitted: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Day:
    """One day's work and the doors it needs. `coverages` is by patient id, `contracts` by payer id."""

    on: date
    signed: tuple[SignedEncounter, ...]
    remittances: tuple[Remittance, ...]
    before: Practised
    chargemaster: Chargemaster
    guarantors: tuple[Guarantor, ...]
    contracts: Mapping[str, Contract]
    registration: Callable[[Encounter], Registration]
    coverages: Callable[[str], tuple[Coverage, ...]]
    scrub: Callable[[Claim], tuple[Finding, ...]]
    send: Callable[[tuple[Claim, ...]], None]
    numbers: Iterator[str]
    new_id: Callable[[], str]


@dataclass(frozen=True, slots=True)
class Done:
    """What the day led to: where the practice stands, what was sent and posted, the queue, the statements."""

    after: Practised
    sent: tuple[Claim, ...]
    posted: tuple[Posted, ...]
    findings: tuple[Finding, ...]
    queue: tuple[Ranked, ...]
    statements: tuple[Statement, ...]


def run_cycle(day: Day) -> Done:
    """One dollar's path, a day at a time: capture, build, scrub, send; read, match, post; work, bill the patient."""
    billed = [_bill(signed, day) for signed in day.signed]
    claims = [claim for bill in billed for claim in bill.built.claims]
    edits = {claim.number: day.scrub(claim) for claim in claims}
    clean = tuple(claim for claim in claims if not blocking(edits[claim.number]))
    day.send(clean)

    ours = {**day.before.claims, **{claim.number: claim for claim in claims}}
    entries = [*day.before.entries, *(entry for bill in billed for entry in bill.entries)]
    remitted = dict(day.before.remitted)
    posted: list[Posted] = []
    for remittance in day.remittances:
        posted.append(_post(remittance, ours, entries, remitted, day))
        entries += posted[-1].entries

    charges = (*day.before.charges, *(charge for bill in billed for charge in bill.charges))
    statements = [statement(guarantor, charges, entries, day.on) for guarantor in day.guarantors]
    held = [claim for claim in claims if claim not in clean]
    return Done(
        after=Practised(charges, ours, tuple(entries), remitted),
        sent=clean,
        posted=tuple(posted),
        findings=tuple(f for bill in billed for f in bill.findings) + tuple(f for p in posted for f in p.findings),
        queue=order((*_held(held, edits, day), *_denied(posted, ours, day)), day.on),
        statements=tuple(s for s in statements if s is not None),
    )


@dataclass(frozen=True, slots=True)
class _Bill:
    """One visit billed: its charges, their entries, the claims or the self-pay, and what hindered."""

    charges: tuple[Charge, ...]
    entries: tuple[Entry, ...]
    built: Built
    findings: tuple[Finding, ...]


def first_debtor(built: Built, patient: Patient) -> Debtor | None:
    """Who owes the charges of a visit first: the claims' payer, or the guarantor; None while no claim can be built."""
    if built.self_pay:
        return Debtor(Owner.GUARANTOR, patient.guarantor_id)
    return Debtor(Owner.PAYER_1, built.claims[0].payer.id) if built.claims else None


def _bill(signed: SignedEncounter, day: Day) -> _Bill:
    taken = capture(signed, day.chargemaster, day.new_id)
    known = day.registration(signed.encounter)
    built = build_claims(taken, signed.encounter, known, day.numbers, day.new_id, day.on)
    debtor = first_debtor(built, known.patient)
    charges = taken.charges if debtor is not None else ()
    cause = Cause(f"person {signed.signed_by}", signed.encounter.id, "coding signed")
    entries = tuple(post_charge(c, debtor, day.new_id(), day.on, cause) for c in charges if debtor is not None)
    return _Bill(charges, entries, built, (*taken.findings, *built.findings))


def _post(
    remittance: Remittance, ours: Mapping[str, Claim], entries: list[Entry], remitted: dict[str, str], day: Day
) -> Posted:
    matches = [match(payment, ours, day.coverages) for payment in remittance.claims]
    payers = {claim.payer.number: claim.payer.id for claim in ours.values()}
    payer_id = payers.get(remittance.payer_number, "")
    source = f"835 {remittance.origin} {remittance.trace}"
    posted = post_remittance(remittance, matches, entries, day.new_id, source, day.on, payer_id, remitted)
    if not posted.held:
        remitted.update([remittance_key(remittance)])
    return posted


def _held(claims: list[Claim], edits: Mapping[str, tuple[Finding, ...]], day: Day) -> Iterator[WorkItem]:
    for claim in claims:
        yield finding_item(day.new_id(), WorkKind.HELD_EDIT, claim, blocking(edits[claim.number]))


def _denied(posted: list[Posted], ours: Mapping[str, Claim], day: Day) -> Iterator[WorkItem]:
    by_id = {claim.id: claim for claim in ours.values()}
    for answer in (answer for remittance in posted for answer in remittance.answers):
        claim = by_id.get(answer.claim_id)
        if claim is not None:
            contract = day.contracts.get(claim.payer.id)
            item = denial_item(day.new_id(), claim, answer.denials, answer.state, day.on, contract)
            if item is not None:
                yield item

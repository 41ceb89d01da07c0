"""What the world's slips and the payers' habits come to: claims through the edits, 837 out, the payers' 835s read.

The bounds are wide on purpose.
They guard the aim (15 to 20 % denied, by many causes, few of them noise), not a digit.
"""

import json
import uuid
from collections import Counter, defaultdict
from datetime import date, datetime
from functools import partial

import pytest

from billing_core import denial
from billing_core.charge import capture
from billing_core.chargemaster import Chargemaster
from billing_core.claim import ClaimState
from billing_core.claim_build import Registration, build_claims
from billing_core.codesets.tables import Tables
from billing_core.edits import ClaimContext, scrub
from billing_core.encounter import AssignedCode, CodeSystem, Encounter, SignedEncounter
from billing_core.identifiers import claim_number
from billing_core.record import from_plain
from billing_core.rule import blocking
from billing_core.x12 import claim_837p, remittance_835
from billing_core.x12.envelope import Envelope
from tests.training.synthetic.worlds import MIDTOWN, made
from training.simulated_payer.command import open_doors
from training.synthetic import folder

MADE = partial(made, 1500, 17)
REFUSED = {ClaimState.DENIED, ClaimState.PARTLY_DENIED, ClaimState.UNPROCESSABLE}


def _signed(encounter, answer):
    return SignedEncounter(
        encounter,
        tuple(AssignedCode(CodeSystem.ICD10CM, code, "coder") for code in answer.diagnoses),
        tuple(
            AssignedCode(CodeSystem.CPT, b.code, "coder", (), b.modifiers, b.units, b.pointers)
            for b in answer.procedures
        ),
        "coder",
    )


def _claims(out):
    """Every claim that passes the edits, with its entry, on the day it was signed."""
    world = MADE()
    house, serial, sent = world.house, iter(range(1, 10**6)), defaultdict(list)
    numbers = (claim_number(house.practice.mark, n) for n in serial)
    rows = [json.loads(line) for line in (out / "encounters.jsonl").read_text(encoding="utf-8").splitlines()]
    for entry, row in zip(world.entries, rows, strict=True):
        encounter = from_plain(Encounter, row["record"])
        assert encounter.id == entry.id
        charges = capture(_signed(encounter, entry.signed), Chargemaster(house.prices), lambda: str(uuid.uuid4()))
        assert not charges.findings
        filed = {f.coverage.id: f.coverage for f in entry.person.filed if f.known_on <= entry.signed_on}
        held = (entry.authorization,) if entry.authorization and entry.authorization_filed else ()
        known = Registration(
            house.practice,
            entry.person.patient,
            tuple(filed.values()),
            next(x for x in house.locations if x.id == encounter.location_id),
            {p.id: p for p in house.providers},
            {p.id: p for _, p in house.payers},
            held,
        )
        built = build_claims(
            charges, encounter, known, numbers, lambda: str(uuid.uuid4()), entry.signed_on,
            entry.signed.authorization_number, entry.signed.referral,
        )  # fmt: skip
        assert not built.findings
        for claim in built.claims:
            before = tuple(c for c, _ in sent[encounter.patient_id])
            terms = house.contract(claim.payer.id, encounter.service_date, true=False)
            context = ClaimContext(entry.signed_on, Tables.empty(), terms, held, before, True, tuple(filed.values()))
            if not blocking(scrub(claim, context)):
                sent[encounter.patient_id].append((claim, entry))
    return [pair for pairs in sent.values() for pair in pairs]


@pytest.fixture(scope="module")
def answered(tmp_path_factory):
    """(entry, claim payment) of every claim answered for the first time."""
    home = tmp_path_factory.mktemp("denials")
    folder.write(MADE(), MIDTOWN.read_bytes(), home / "world")
    (home / "in").mkdir()
    claims = _claims(home / "world")
    mail = defaultdict(list)
    for claim, entry in claims:
        mail[entry.signed_on, claim.payer.number].append(claim)
    for control, ((day, payer), some) in enumerate(sorted(mail.items(), key=lambda x: x[0]), start=1):
        envelope = Envelope("MIDTOWN", payer, control, datetime(day.year, day.month, day.day, 9))
        data = claim_837p.write(some, envelope, some[0].payer.name)
        (home / "in" / f"{control:06d}.837").write_bytes(data)
    open_doors(home / "world", home / "in", home / "out", home / "state").answer(date(2027, 6, 30))
    entries = {claim.number: entry for claim, entry in claims}
    first = {}
    for path in sorted((home / "out").glob("*.835")):
        for remittance in remittance_835.read(path.read_bytes()):
            for payment in remittance.claims:
                if not payment.is_reversal:
                    first.setdefault(payment.number, payment)
    return [(entries[number], payment) for number, payment in first.items()]


def _is_refused(payment):
    return denial.outcome(payment) in REFUSED


def test_about_one_claim_in_six_is_denied(answered):
    rate = sum(_is_refused(p) for _, p in answered) / len(answered)
    assert 0.14 <= rate <= 0.24


def test_denials_come_in_the_known_proportions(answered):
    refused = [p for _, p in answered if _is_refused(p)]
    found = Counter(str(denial.denials(p)[0].category) for p in refused if denial.denials(p))
    share = {name: count / len(refused) for name, count in found.items()}
    bounds = {
        "not covered": (0.18, 0.38), "coding": (0.10, 0.40), "duplicate": (0.09, 0.24), "eligibility": (0.05, 0.20),
        "authorization": (0.04, 0.15), "timely filing": (0.02, 0.13), "provider enrollment": (0.0, 0.07),
        "medical necessity": (0.0, 0.05),
    }  # fmt: skip
    wrong = {
        name: share.get(name, 0.0) for name, (low, high) in bounds.items() if not low <= share.get(name, 0.0) <= high
    }
    assert wrong == {}


def test_slips_are_denied_far_more_often_than_clean_claims(answered):
    clean = [_is_refused(p) for e, p in answered if not e.slips]
    slipped = [_is_refused(p) for e, p in answered if e.slips]
    assert sum(slipped) / len(slipped) > 4 * sum(clean) / len(clean)


def test_a_visit_under_a_second_chart_is_a_duplicate_only_the_payer_sees(answered):
    second = [p for e, p in answered if "second_chart" in e.slips]
    told = [
        "18" in {a.reason for s in p.services for a in s.adjustments} | {a.reason for a in p.adjustments}
        for p in second
    ]
    assert sum(told) > 0.7 * len(told) > 5

"""Building claims: charges become one claim for the first payer; an answer becomes a corrected or a secondary claim.

A claim takes snapshots of everything it says, so a later change of registration does not change what was sent.
Limits of the 837 professional (005010X222A1): twelve diagnoses (HI), fifty lines (LX), four pointers a line (SV107);
a visit that needs more becomes several claims. Corrections follow the payer's contract: a replacement (CLM05-3 = 7,
REF*F8) or a new claim; a claim that was never adjudicated (rejected, unprocessable) is always sent anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from billing_core.charge import Capture, Charge
from billing_core.claim import Claim, ClaimLine, ClaimState, Frequency, PriorPayer
from billing_core.claim_detail import LineVerdict, PriorDetail
from billing_core.contract import Contract, Remedy
from billing_core.denial import FORWARDED
from billing_core.eligibility import PayerAnswer, check_coverage
from billing_core.encounter import Encounter
from billing_core.identifiers import line_control_number
from billing_core.matching import line_answers, match_lines
from billing_core.registration import (
    Authorization,
    Coverage,
    Location,
    Patient,
    Payer,
    Practice,
    Provider,
)
from billing_core.remittance import ClaimPayment, ServicePayment
from billing_core.rule import Finding, Severity

MOST_DIAGNOSES = 12
MOST_LINES = 50
MOST_POINTERS = 4


@dataclass(frozen=True, slots=True)
class Registration:
    """What registration knows of a visit: everything a claim takes a snapshot of. Providers and payers by id.
    `answers`: what payers have said of the coverages (271).
    """

    practice: Practice
    patient: Patient
    coverages: tuple[Coverage, ...]
    location: Location
    providers: Mapping[str, Provider]
    payers: Mapping[str, Payer]
    authorizations: tuple[Authorization, ...] = ()
    answers: tuple[PayerAnswer, ...] = ()


@dataclass(frozen=True, slots=True)
class Built:
    """The claims of a visit. `self_pay`: no coverage was active, the guarantor owes. Findings say what hindered."""

    claims: tuple[Claim, ...] = ()
    self_pay: bool = False
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Changes:
    """What a corrected claim says differently; None leaves a field as it was. Lines are replaced as a whole."""

    diagnoses: tuple[str, ...] | None = None
    lines: tuple[ClaimLine, ...] | None = None
    authorization: str | None = None
    referral: str | None = None
    coverage: Coverage | None = None
    payer: Payer | None = None
    patient: Patient | None = None
    rendering: Provider | None = None
    referring: Provider | None = None
    supervising: Provider | None = None
    location: Location | None = None

    def made(self) -> dict[str, object]:
        """The fields that change, by name."""
        return {name: value for name in self.__slots__ if (value := getattr(self, name)) is not None}


def _error(rule: str, message: str, where: str, mend: str) -> Finding:
    return Finding(rule, Severity.ERROR, message, where, mend)


# --- the first claim --------------------------------------------------------------------------------------------------


def _pointed(charge: Charge) -> tuple[str, ...]:
    return tuple(dict.fromkeys(charge.diagnoses))[:MOST_POINTERS]


def _portions(charges: tuple[Charge, ...]) -> Iterator[tuple[Charge, ...]]:
    """The charges in order, in portions that one claim can carry: at most 50 lines and 12 diagnoses pointed at."""
    portion: list[Charge] = []
    codes: set[str] = set()
    for charge in charges:
        wanted = codes | set(_pointed(charge))
        if portion and (len(portion) == MOST_LINES or len(wanted) > MOST_DIAGNOSES):
            yield tuple(portion)
            portion, wanted = [], set(_pointed(charge))
        portion.append(charge)
        codes = wanted
    if portion:
        yield tuple(portion)


def _diagnoses(visit: tuple[str, ...], charges: tuple[Charge, ...]) -> tuple[str, ...]:
    """The claim's diagnoses: every one pointed at, then the visit's others while they fit, in the visit's order."""
    pointed = {code for charge in charges for code in _pointed(charge)}
    room = MOST_DIAGNOSES - len(pointed)
    others = [code for code in dict.fromkeys(visit) if code not in pointed][:room]
    return tuple(code for code in dict.fromkeys(visit) if code in pointed or code in others)


def _lines(number: str, charges: tuple[Charge, ...], diagnoses: tuple[str, ...]) -> tuple[ClaimLine, ...]:
    return tuple(
        ClaimLine(
            number=position,
            control=line_control_number(number, position),
            charge_id=charge.id,
            procedure=charge.procedure,
            modifiers=charge.modifiers,
            units=charge.units,
            pointers=tuple(diagnoses.index(code) + 1 for code in _pointed(charge)),
            amount=charge.amount,
            service_date=charge.service_date,
        )
        for position, charge in enumerate(charges, start=1)
    )


def _unknown(encounter: Encounter, known: Registration, coverage: Coverage) -> tuple[Finding, ...]:
    """What the claim would name but registration does not know."""
    found = []
    people = {
        "rendering": encounter.provider_id,
        "referring": encounter.referring_provider_id,
        "supervising": encounter.supervising_provider_id,
    }
    for role, provider_id in people.items():
        if (provider_id or role == "rendering") and provider_id not in known.providers:
            found.append(_error("build-provider", f"the {role} provider is not on file", "encounter", "add them first"))
    if coverage.payer_id not in known.payers:
        found.append(
            _error("build-payer", "the payer is not on file", f"coverage rank {coverage.rank}", "add it first")
        )
    authorizations = {a.id for a in known.authorizations}
    if encounter.authorization_id and encounter.authorization_id not in authorizations:
        found.append(
            _error("build-authorization", "the authorization is not on file", "encounter", "enter it, or remove it")
        )
    return tuple(found)


def build_claims(
    capture: Capture,
    encounter: Encounter,
    known: Registration,
    numbers: Iterator[str],
    new_id: Callable[[], str],
    on: date,
    authorization: str = "",
    referral: str = "",
) -> Built:
    """The visit's charges as claims to the first payer active on the day of service.

    `numbers` gives CLM01s, one a claim, never used before. `authorization` (a payer's number) stands in for the
    encounter's own. A visit without active coverage is self-pay; one without charges builds nothing and says so.
    """
    if not capture.charges:
        mend = "price and sign the procedures, or close the visit with a reason"
        return Built(findings=(_error("build-no-charge", "the visit has no charge", "encounter", mend),))
    coverage = check_coverage(known.coverages, encounter.service_date, known.answers).billed
    if coverage is None:
        return Built(self_pay=True)
    unknown = _unknown(encounter, known, coverage)
    if unknown:
        return Built(findings=unknown)
    given = {a.id: a.number for a in known.authorizations}.get(encounter.authorization_id, "")
    claims = []
    for charges in _portions(capture.charges):
        number = next(numbers)
        pointed = tuple(code for charge in charges for code in charge.diagnoses)
        diagnoses = _diagnoses((*capture.diagnoses, *pointed), charges)
        claims.append(
            Claim(
                id=new_id(),
                number=number,
                frequency=Frequency.ORIGINAL,
                rank=1,
                encounter_id=encounter.id,
                practice=known.practice,
                payer=known.payers[coverage.payer_id],
                coverage=coverage,
                patient=known.patient,
                rendering=known.providers[encounter.provider_id],
                location=known.location,
                diagnoses=diagnoses,
                lines=_lines(number, charges, diagnoses),
                created_on=on,
                authorization=authorization or given,
                referral=referral,
                referring=known.providers.get(encounter.referring_provider_id),
                supervising=known.providers.get(encounter.supervising_provider_id),
            )
        )
    return Built(tuple(claims), findings=_left_out(capture, claims))


def _left_out(capture: Capture, claims: list[Claim]) -> tuple[Finding, ...]:
    carried = {code for claim in claims for code in claim.diagnoses}
    lost = len(set(capture.diagnoses) - carried)
    if not lost:
        return ()
    message = f"{lost} diagnoses of the visit do not fit on the claim (at most {MOST_DIAGNOSES})"
    mend = "point a line at those that matter for payment"
    return (Finding("build-diagnoses", Severity.WARNING, message, "encounter", mend),)


# --- corrected, void, secondary ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A further submission for the same charges, or None with the findings that forbid it."""

    claim: Claim | None
    findings: tuple[Finding, ...] = field(default_factory=tuple)


_NEVER_ADJUDICATED = frozenset({ClaimState.REJECTED, ClaimState.UNPROCESSABLE})


def _renumbered(lines: tuple[ClaimLine, ...], number: str) -> tuple[ClaimLine, ...]:
    return tuple(
        replace(line, number=position, control=line_control_number(number, position))
        for position, line in enumerate(lines, start=1)
    )


def correct(
    claim: Claim,
    changes: Changes,
    state: ClaimState,
    contract: Contract | None,
    number: str,
    new_id: str,
    on: date,
    payer_reference: str = "",
) -> Rebuilt:
    """The corrected claim that the payer's contract asks for, for a claim in `state`.

    Rejected or unprocessable, or sent to another payer now: a new original claim. Otherwise by
    `contract.corrected_by` (a new claim when there is no contract); a replacement needs the payer's own number of the
    claim (`payer_reference`, CLP07 or REF*1K).
    """
    changed = replace(claim, **changes.made())  # type: ignore[arg-type]  # names and types are Claim's own
    other_payer = changed.payer.id != claim.payer.id
    remedy = contract.corrected_by if contract is not None else Remedy.NEW_CLAIM
    if state in _NEVER_ADJUDICATED or other_payer:
        remedy = Remedy.NEW_CLAIM
    where = f"claim {claim.number}"
    if remedy is Remedy.APPEAL:
        message = "this payer takes no corrected claims"
        return Rebuilt(
            None, (_error("correct-by-appeal", message, where, "appeal, with the correction in the letter"),)
        )
    if remedy is Remedy.REPLACEMENT and not payer_reference:
        message = "a replacement must name the payer's own number of the claim"
        return Rebuilt(None, (_error("correct-no-reference", message, where, "take it from the remittance or 277CA"),))
    replacing = remedy is Remedy.REPLACEMENT
    made = replace(
        changed,
        id=new_id,
        number=number,
        frequency=Frequency.REPLACEMENT if replacing else Frequency.ORIGINAL,
        lines=_renumbered(changed.lines, number),
        created_on=on,
        payer_reference=payer_reference if replacing else "",
        replaces=claim.id,
    )
    return Rebuilt(made)


def void(claim: Claim, payer_reference: str, number: str, new_id: str, on: date) -> Rebuilt:
    """The claim that takes `claim` back from its payer (CLM05-3 = 8); it must name the payer's own number."""
    if not payer_reference:
        message = "a void must name the payer's own number of the claim"
        where = f"claim {claim.number}"
        return Rebuilt(None, (_error("void-no-reference", message, where, "take it from the remittance or 277CA"),))
    return Rebuilt(
        replace(
            claim,
            id=new_id,
            number=number,
            frequency=Frequency.VOID,
            lines=_renumbered(claim.lines, number),
            created_on=on,
            payer_reference=payer_reference,
            replaces=claim.id,
        )
    )


def secondary(
    claim: Claim,
    payment: ClaimPayment,
    paid_on: date,
    coverage: Coverage,
    payer: Payer,
    number: str,
    new_id: str,
    on: date,
    waited: bool = False,
) -> Rebuilt:
    """The claim to the next payer, carrying what `claim`'s payer did with each line (loops 2320, 2330, 2430).

    For the earlier payer, charge = paid + adjustments is proved line by line; what does not balance is refused. An
    answer that the payer forwarded itself (CLP02 19, 20, 21) is refused until someone has `waited`. Claim-level
    adjustments are shared among the lines, so that they balance. A line that the payer decided under another code, or
    bundled into another, is told so (SVD03, SVD06).
    """
    matches = match_lines(payment, claim)
    answers = line_answers(payment, matches, claim)
    findings = list(_secondary_findings(claim, payment, {a.line: (a.charge, a.paid) for a in answers}))
    if payment.status in FORWARDED and not waited:
        mend = "wait for the next payer's answer; bill it when none comes"
        message = "the payer forwarded the claim itself"
        findings.append(_error("secondary-forwarded", message, f"claim {claim.number}", mend))
    if findings:
        return Rebuilt(None, tuple(findings))
    prior = PriorPayer(
        payer=claim.payer,
        coverage=claim.coverage,
        paid=payment.paid,
        paid_on=paid_on,
        line_adjustments=tuple((a.line, a.paid, a.adjustments) for a in answers),
        detail=_verdicts(claim, payment, matches, [a.line for a in answers], paid_on),
    )
    made = replace(
        claim,
        id=new_id,
        number=number,
        frequency=Frequency.ORIGINAL,
        rank=claim.rank + 1,
        payer=payer,
        coverage=coverage,
        lines=_renumbered(claim.lines, number),
        created_on=on,
        authorization="",
        referral="",
        payer_reference="",
        replaces="",
        prior_payers=(*claim.prior_payers, prior),
    )
    return Rebuilt(made)


def _verdicts(
    claim: Claim, payment: ClaimPayment, matches: Sequence[str], answered: Sequence[int], paid_on: date
) -> PriorDetail | None:
    """What SVD says of each answered line; None when the payer decided every line as it was sent, once each."""
    services: dict[str, list[ServicePayment]] = {}
    for charge_id, service in zip(matches, payment.services, strict=True):
        services.setdefault(charge_id, []).append(service)
    decided = {  # line number -> the one service that decided it
        line.number: services[line.charge_id][0]
        for line in claim.lines
        if line.number in answered and len(services.get(line.charge_id, ())) == 1
    }
    sent = {line.number: line.procedure for line in claim.lines}
    if all(service.procedure == sent[number] for number, service in decided.items()):
        return None
    paid_under = {service.procedure: number for number, service in decided.items() if service.paid}
    lines = {line.number: line for line in claim.lines}
    return PriorDetail(
        verdicts=tuple(_verdict(lines[n], decided.get(n), paid_under, paid_on) for n in answered),
    )


def _verdict(line: ClaimLine, service: ServicePayment | None, paid_under: Mapping[str, int], on: date) -> LineVerdict:
    """One line's: the code and units that were decided, and into which other line it was bundled (CARC 97, unpaid)."""
    kept = line.detail
    qualifier, revenue = (kept.qualifier, kept.revenue) if kept else ("HC", "")
    if service is None or service.procedure == line.procedure:
        units = kept.quantity if kept and kept.quantity else str(line.units)
        return LineVerdict(line.procedure, line.modifiers, units, on, qualifier, revenue)
    into = paid_under.get(service.procedure, line.number)
    bundled = not service.paid and into != line.number
    units = service.units or str(line.units)
    code, modifiers = service.procedure, service.modifiers
    return LineVerdict(code, modifiers, units, on, qualifier, revenue, str(into) if bundled else "")


def _secondary_findings(
    claim: Claim, payment: ClaimPayment, answered: Mapping[int, tuple[int, int]]
) -> Iterator[Finding]:
    """Why the earlier payer's answer cannot be carried to the next: it is no answer, or does not account for a line.

    `answered`: line number -> (what the payer says was charged, what it paid).
    """
    where = f"claim {claim.number}"
    if payment.is_reversal:
        yield _error("secondary-reversal", "the payer took its answer back", where, "wait for the corrected answer")
        return
    for line in claim.lines:
        if answered.get(line.number, (None, 0))[0] != line.amount:
            message = "the earlier payer's answer does not account for the whole line"
            yield _error(
                "secondary-balance", message, f"{where} line {line.number}", "ask the payer for the whole answer"
            )
    if payment.paid != payment.charge - payment.adjusted or payment.charge != claim.total:
        yield _error("secondary-balance", "the earlier payer's answer does not balance", where, "ask for a correction")
    elif sum(paid for _, paid in answered.values()) != payment.paid:
        message = "the earlier payer paid for services that are not on the claim"
        yield _error("secondary-balance", message, where, "ask the payer which service it paid")

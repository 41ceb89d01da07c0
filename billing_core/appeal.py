"""Appeals: by when each remedy and each level must be used, and a letter each of whose sentences cites its source.

Nothing is claimed here that the remittance, the contract, our own records or the chart does not say. The chart is
quoted, never paraphrased: what the signed codes rest on, word for word, with its place in the note. A person edits and
signs. No more of the chart is shown than the reason of the refusal calls for (the minimum necessary, 45 CFR
164.502(b)): a claim called late is answered with dates. A letter that holds nothing against the refusal is drafted with
a warning. A claim the payer could not process (MA130) has no appeal: it is sent anew. What the patient owes is not
appealed. Deadlines run from the remittance, those of a higher level from the decision on the one before where the
contract says so, the filing deadline from the date of service (contract.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from billing_core.claim import Claim
from billing_core.contract import Contract, Remedy, RemedyTerm, Since
from billing_core.denial import LineDenial, is_unprocessable, reason
from billing_core.money import amount_text
from billing_core.reason import DenialCategory
from billing_core.remittance import ClaimPayment
from billing_core.rule import Finding, Severity

LEVELS_MOST = 5  # Medicare has five (42 CFR 405.904); no payer has more
QUOTE_MOST = 300  # characters of the chart in one sentence
CUT = " [...]"
# Refusals that no word of the chart answers; the payer is shown none of it.
NOT_CLINICAL = frozenset(
    {
        DenialCategory.TIMELY_FILING,
        DenialCategory.DUPLICATE,
        DenialCategory.ELIGIBILITY,
        DenialCategory.OTHER_PAYER,
        DenialCategory.ENROLLMENT,
    }
)
_WANTING = {
    DenialCategory.TIMELY_FILING: "find the acknowledgment that shows when the claim was taken, and cite it",
    DenialCategory.AUTHORIZATION: "ask the payer for an authorization after the fact, and cite it",
    DenialCategory.ELIGIBILITY: "ask for eligibility on the day of service, and cite the answer",
    DenialCategory.DUPLICATE: "say by which record the two services differ, and cite it",
    DenialCategory.OTHER_PAYER: "get the other payer's remittance, and cite it",
    DenialCategory.ENROLLMENT: "get the provider's effective date from the payer, and cite it",
}
_QUOTE = "quote from the chart what answers the reason, or have its author complete it"


@dataclass(frozen=True, slots=True)
class Deadlines:
    """The last day for each remedy, and which remedy the contract names for a correction."""

    file_by: date
    correct_by: date
    appeal_by: date
    corrected_by: Remedy


@dataclass(frozen=True, slots=True)
class Fact:
    """One sentence of the letter and where it stands written."""

    sentence: str
    source: str


@dataclass(frozen=True, slots=True)
class Letter:
    """The facts of an appeal, in order, with a warning where none of them answers the refusal; or the findings that say
    why there is none.
    """

    facts: tuple[Fact, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Quote:
    """What the chart says, word for word, for a signed code; `source` is its place in the note. Without words: the code
    was signed, and the note was not marked.
    """

    code: str
    words: str
    source: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """What is appealed: an answer to our claim, in which remittance it stood, and which of its lines were denied."""

    payment: ClaimPayment
    denied: tuple[LineDenial, ...]
    trace: str
    remitted_on: date

    @property
    def source(self) -> str:
        """How the letter cites the remittance."""
        return f"remittance {self.trace} of {self.remitted_on.isoformat()}, claim {self.payment.payer_reference}"


@dataclass(frozen=True, slots=True)
class Grounds:
    """What may be cited beside the remittance: quotes from the chart, when the payer's door took the claim and in which
    file, and the decision on the level before.
    """

    chart: tuple[Quote, ...] = ()
    accepted_on: date | None = None
    accepted_in: str = ""
    level: int = 1
    decided_on: date | None = None


def deadlines(claim: Claim, contract: Contract, remitted_on: date) -> Deadlines:
    """By when to file anew, to correct, and to appeal."""
    return Deadlines(
        file_by=contract.file_by(claim.service_date),
        correct_by=contract.correct_by(remitted_on),
        appeal_by=contract.appeal_by(remitted_on),
        corrected_by=contract.corrected_by,
    )


def level_term(contract: Contract, level: int) -> RemedyTerm | None:
    """What the contract says of that level of appeal, if it says so by name."""
    return next((r for r in contract.remedies if r.remedy is Remedy.APPEAL and r.level == level), None)


def appeal_by(contract: Contract, level: int, remitted_on: date, decided_on: date | None) -> date | None:
    """The last day for an appeal of that level; None where the contract names no such level."""
    term = level_term(contract, level)
    if term is None:
        return contract.appeal_by(remitted_on) if level == 1 else None
    if term.since is Since.LEVEL_BEFORE:
        return term.until(decided_on) if decided_on is not None else None
    return term.until(remitted_on)


def _no(claim: Claim, message: str, mend: str) -> Letter:
    return Letter(findings=(Finding("appeal-refused", Severity.ERROR, message, f"claim {claim.number}", mend),))


def letter(claim: Claim, refusal: Refusal, contract: Contract, grounds: Grounds, today: date) -> Letter:
    """The facts on which an appeal of these denials stands; refused with a finding where no appeal exists."""
    if is_unprocessable(refusal.payment):
        return _no(
            claim,
            "the payer could not process the claim (MA130): it has no appeal",
            "correct it and send a new claim",
        )
    denied = tuple(d for d in refusal.denied if not d.patient_owes)
    if not denied:
        return _no(claim, "the plan makes this the patient's: there is nothing to appeal for us", "bill the patient")
    by = appeal_by(contract, grounds.level, refusal.remitted_on, grounds.decided_on)
    if by is not None and today > by:
        return _no(
            claim,
            f"the appeal's deadline has passed ({by.isoformat()})",
            "review for a write-off, or for good cause of the delay",
        )
    terms = f"contract with {claim.payer.name}, in force from {contract.effective.isoformat()}"
    approved = _authorization(claim, denied, contract, terms)
    filed, quoted = _filed(claim, denied, contract, grounds, terms), _chart(claim, denied, grounds.chart)
    facts = [
        *_refused(claim, refusal, denied),
        *_level_before(grounds),
        *_contract(denied, contract, terms),
        *approved,
        *filed,
        *quoted,
        *_in_time(grounds, by, terms),
    ]
    answered = bool(approved or filed) or any("the chart records" in fact.sentence for fact in quoted)
    return Letter(tuple(facts), () if answered else (_wanting(claim, denied),))


def _wanting(claim: Claim, denied: Sequence[LineDenial]) -> Finding:
    """The warning of a letter that states the refusal and nothing against it."""
    mends = dict.fromkeys(_WANTING.get(d.category, _QUOTE) for d in denied)
    message = "the letter holds nothing that speaks against the refusal"
    return Finding("appeal-without-ground", Severity.WARNING, message, f"claim {claim.number}", "; ".join(mends))


def _level_before(grounds: Grounds) -> list[Fact]:
    if grounds.level == 1 or grounds.decided_on is None:
        return []
    before = f"appeal of level {grounds.level - 1}"
    said = f"You decided our {before} on {grounds.decided_on.isoformat()}, and not wholly in our favor."
    return [Fact(said, f"decision of {grounds.decided_on.isoformat()} on the {before}")]


def _refused(claim: Claim, refusal: Refusal, denied: Sequence[LineDenial]) -> list[Fact]:
    payment, said = refusal.payment, refusal.source
    facts = [
        Fact(f"The service was given on {claim.service_date.isoformat()}.", f"claim {claim.number}"),
        Fact(f"We billed ${amount_text(payment.charge)} and were paid ${amount_text(payment.paid)}.", said),
    ]
    for denial in denied:
        line = f", line {denial.line}" if denial.line else ""
        what = f"procedure {denial.procedure}" if denial.procedure else "the claim as a whole"
        words = f"You refused ${amount_text(denial.amount)} of {what}, for reason {denial.code}"
        facts.append(Fact(f"{words}: {reason(denial.reason).words}.", said + line))
        if denial.remarks:
            facts.append(Fact(f"You gave the remarks {', '.join(denial.remarks)}.", said + line))
    return facts


def _contract(denied: Sequence[LineDenial], contract: Contract, terms: str) -> list[Fact]:
    fees = {code: contract.fees.get(code) for code in dict.fromkeys(d.procedure for d in denied if d.procedure)}
    return [
        Fact(f"The contract allows ${amount_text(fee)} for each unit of {code}.", terms)
        for code, fee in fees.items()
        if fee is not None
    ]


def _authorization(claim: Claim, denied: Sequence[LineDenial], contract: Contract, terms: str) -> list[Fact]:
    """Against a refusal for want of approval: the number the claim carried, or that none was called for."""
    asked = [d for d in denied if d.category is DenialCategory.AUTHORIZATION]
    if asked and claim.authorization:
        return [Fact(f"The claim carried authorization {claim.authorization}.", f"claim {claim.number}")]
    free = dict.fromkeys(
        d.procedure for d in asked if d.procedure and d.procedure not in contract.authorization_required
    )
    return [Fact(f"The contract does not list {code} among the services that need approval.", terms) for code in free]


def _filed(claim: Claim, denied: Sequence[LineDenial], contract: Contract, grounds: Grounds, terms: str) -> list[Fact]:
    """Against a refusal as late: the payer's own acknowledgment, where it shows that the claim was in time."""
    late = any(d.category is DenialCategory.TIMELY_FILING for d in denied)
    by = contract.file_by(claim.service_date)
    if not late or grounds.accepted_on is None or grounds.accepted_on > by:
        return []
    return [
        Fact(
            f"Your own system took the claim on {grounds.accepted_on.isoformat()}.",
            f"acknowledgment 277CA {grounds.accepted_in}".strip(),
        ),
        Fact(f"The contract lets a claim for that day be filed until {by.isoformat()}.", terms),
    ]


def _chart(claim: Claim, denied: Sequence[LineDenial], chart: Sequence[Quote]) -> list[Fact]:
    """What the chart says of the refused services and of the diagnoses they were for, where the reason is one that the
    chart can answer.
    """
    denied = [d for d in denied if d.category not in NOT_CLINICAL]
    refused = {d.procedure for d in denied}
    whole = any(d.line == 0 for d in denied)
    lines = [line for line in claim.lines if whole or line.procedure in refused]
    wanted = dict.fromkeys(line.procedure for line in lines)
    wanted |= dict.fromkeys(
        claim.diagnoses[p - 1] for line in lines for p in line.pointers if p <= len(claim.diagnoses)
    )
    facts = []
    for code in wanted:
        for quote in (q for q in chart if q.code == code):
            words = _quoted(quote.words)
            said = f"For {code} the chart records: {words}" if words else f"{code} was coded and signed."
            facts.append(Fact(said, quote.source))
    return facts


def _quoted(text: str) -> str:
    """The chart's words in quotation marks, a cut one marked as cut at the end of a word; "" for none."""
    words = " ".join(text.split())
    if not words:
        return ""
    if len(words) > QUOTE_MOST:
        words = words[:QUOTE_MOST].rsplit(" ", 1)[0] + CUT
    return f"\u201c{words}\u201d" + ("" if words.endswith((".", "!", "?")) else ".")


def _in_time(grounds: Grounds, by: date | None, terms: str) -> list[Fact]:
    if by is None:
        return []
    name = "This appeal" if grounds.level == 1 else f"This appeal of level {grounds.level}"
    return [Fact(f"{name} is in time: the contract gives until {by.isoformat()}.", terms)]

"""The published definition of a denial: which lines of a remittance are denied, why, and what may be done.

    1. A line is *denied* when what was paid plus the patient's deductible, coinsurance and copay (PR-1, PR-2, PR-3) is
       zero, and a reason that is not contractual (CO-45, 253, 23, 24, 131 and their kin) takes part of the charge.
    2. A denial for a service that the plan does not cover, given as the patient's (PR-96, PR-204 and their kin), is a
       denial the patient owes.
    3. CARC 252 is a denial in the category "information requested": the payer will decide when it has the records.
    4. Remark MA130, on the claim or on a line, makes the claim *unprocessable*: no appeal; send a new claim.
    5. A predetermination (CLP02 25) is no adjudication: it denies nothing and is never posted.
    6. CLP02 tells what kind of answer this is. It never decides a denial.

Source: 005010X221A1 (835), CLP and CAS; X12 code lists 139 (CARC) and 411 (RARC). Every denial count, label and
queue of the system is made here; nothing else decides what a denial is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from billing_core.claim import ClaimState
from billing_core.money import Cents
from billing_core.reason import (
    CONTRACTUAL,
    PATIENT_SHARE,
    PATIENT_SHARE_KIN,
    PRIOR_IMPACT,
    REASONS,
    REMARK_CATEGORY,
    UNDECIDED,
    UNPROCESSABLE,
    VAGUE,
    DenialCategory,
    Reason,
)
from billing_core.remittance import Adjustment, ClaimPayment, Group

PREDETERMINATION = "25"
FORWARDED = frozenset({"19", "20", "21"})  # CLP02: paid, and passed on to the next payer by this one

_PATIENT = PATIENT_SHARE | PATIENT_SHARE_KIN
_NO_DENIAL = CONTRACTUAL | PRIOR_IMPACT | PATIENT_SHARE | PATIENT_SHARE_KIN | UNDECIDED


@dataclass(frozen=True, slots=True)
class LineDenial:
    """One denied line. `line` counts the services of the payment from 1; 0 means the claim as a whole.

    `group` and `reason` are of the largest denying adjustment, `others` the further ones as "CO-197"; `amount` is the
    sum of them all. `patient_owes`: bill the patient, do not work it. `recoverable`: work may still bring the money.
    """

    line: int
    control: str
    procedure: str
    amount: Cents
    group: Group
    reason: str
    remarks: tuple[str, ...]
    category: DenialCategory
    patient_owes: bool
    recoverable: bool
    others: tuple[str, ...] = ()

    @property
    def code(self) -> str:
        """Group and reason as billers write them: CO-197."""
        return f"{self.group}-{self.reason}"


def category(carc: str, remarks: Iterable[str] = ()) -> DenialCategory:
    """The category of a denying reason. A vague CARC (16 and its kin) is told by its first telling remark code.

    >>> category("197").value, category("16", ["M76"]).value, category("9999").value
    ('authorization', 'coding', 'other')
    """
    if carc in VAGUE:
        for remark in remarks:
            if remark in REMARK_CATEGORY:
                return REMARK_CATEGORY[remark]
    return REASONS[carc].category if carc in REASONS else DenialCategory.OTHER


def reason(carc: str) -> Reason:
    """What we know of a CARC; an unknown one is named, never guessed."""
    unknown = Reason(f"the plan's reason code {carc}", DenialCategory.OTHER, "look the code up with the payer")
    return REASONS.get(carc, unknown)


def reason_words(group: Group, carc: str) -> str:
    """The reason as a guarantor may read it on a statement.

    >>> reason_words(Group.PATIENT, "3"), reason_words(Group.PATIENT, "96")
    ('your copay', 'your plan does not cover this service')
    """
    if group is Group.PATIENT and carc in CONTRACTUAL:
        return "above what your plan allows; your plan says you owe it"
    return reason(carc).words


def is_contractual(adjustment: Adjustment) -> bool:
    """Whether this is the payer's cut by contract (group CO and a contractual reason): posted, never worked."""
    return adjustment.group is Group.CONTRACTUAL and adjustment.reason in CONTRACTUAL


def is_patient_share(adjustment: Adjustment) -> bool:
    """Whether the patient owes this amount: shares of the plan, and services it does not cover (PR-96, PR-204)."""
    return adjustment.group is Group.PATIENT and (
        adjustment.reason in _PATIENT or reason(adjustment.reason).category is DenialCategory.NOT_COVERED
    )


def denying(paid: Cents, adjustments: Iterable[Adjustment]) -> tuple[Adjustment, ...]:
    """The adjustments that deny a line, largest first; empty when the line is not denied."""
    given = tuple(adjustments)
    share = sum([a.amount for a in given if a.group is Group.PATIENT and a.reason in PATIENT_SHARE])
    if paid + share != 0:
        return ()
    reasons = [a for a in given if a.reason not in _NO_DENIAL and a.amount > 0]
    return tuple(sorted(reasons, key=lambda a: -a.amount))


def _line_denial(
    line: int, control: str, procedure: str, remarks: tuple[str, ...], reasons: tuple[Adjustment, ...]
) -> LineDenial:
    first = reasons[0]
    kind = category(first.reason, remarks)
    owed = all(is_patient_share(a) for a in reasons)
    return LineDenial(
        line=line,
        control=control,
        procedure=procedure,
        amount=sum(a.amount for a in reasons),
        group=first.group,
        reason=first.reason,
        remarks=remarks,
        category=kind,
        patient_owes=owed,
        recoverable=not owed and reason(first.reason).recoverable,
        others=tuple(f"{a.group}-{a.reason}" for a in reasons[1:]),
    )


def denials(payment: ClaimPayment) -> tuple[LineDenial, ...]:
    """The denied lines of an answer, in the order of the file. Reversals and predeterminations deny nothing."""
    if payment.is_reversal or payment.status == PREDETERMINATION:
        return ()
    found = []
    for number, service in enumerate(payment.services, start=1):
        reasons = denying(service.paid, service.adjustments)
        if reasons:
            remarks = (*service.remarks, *payment.remarks)
            found.append(_line_denial(number, service.control, service.procedure, remarks, reasons))
    whole = denying(payment.paid, _everything(payment)) if payment.adjustments else ()
    at_claim = tuple(a for a in whole if a in payment.adjustments)
    if at_claim and not found:
        found.append(_line_denial(0, "", "", payment.remarks, at_claim))
    return tuple(found)


def _everything(payment: ClaimPayment) -> tuple[Adjustment, ...]:
    return (*payment.adjustments, *(a for s in payment.services for a in s.adjustments))


def is_unprocessable(payment: ClaimPayment) -> bool:
    """Whether remark MA130 stands on the claim or on one of its lines."""
    return UNPROCESSABLE in payment.remarks or any(UNPROCESSABLE in s.remarks for s in payment.services)


def is_undecided(payment: ClaimPayment) -> bool:
    """Whether the payer says it has not finished (133 and its kin), or only estimates (CLP02 25)."""
    return payment.status == PREDETERMINATION or (
        payment.paid == 0 and any(a.reason in UNDECIDED and a.amount > 0 for a in _everything(payment))
    )


def outcome(payment: ClaimPayment, denied: tuple[LineDenial, ...] | None = None) -> ClaimState:
    """The state this answer puts its claim in: by the definition above, never by CLP02's paid or denied.

    An answer that decides nothing yet (a predetermination, or reason 133 and its kin) leaves the claim PENDED.
    `denied` are its `denials`, where they are known already.
    """
    if payment.is_reversal:
        return ClaimState.REVERSED
    if is_undecided(payment):
        return ClaimState.PENDED
    if is_unprocessable(payment):
        return ClaimState.UNPROCESSABLE
    denied = denials(payment) if denied is None else denied
    if not denied:
        return ClaimState.PAID
    lines = {denial.line for denial in denied}
    billed = {number for number, service in enumerate(payment.services, start=1) if service.charge}
    return ClaimState.DENIED if 0 in lines or billed <= lines else ClaimState.PARTLY_DENIED

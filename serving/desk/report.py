"""The manager's figures, whose numbers can be trusted: each with its two parts, what is not known yet, how mature it
is, and the very cases behind it.

Claims count by the day they were first sent (or built, while unsent), charges by the day of service. A corrected claim
that replaces another is no second case: the figures speak of first submissions. What was posted to the wrong claim and
taken away again never was its answer. The definitions are those of `billing_core.receivable`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from billing_core import receivable
from billing_core.account import Debtor, Standing
from billing_core.claim import ADJUDICATED, ClaimState
from billing_core.ledger import AccountKind
from billing_core.money import Cents, amount_text
from billing_core.receivable import Metric, Submission
from billing_core.rule import blocking
from serving.desk.case import Desk, use_case
from serving.desk.coding import full_name
from serving.desk.outcomes import first_told
from serving.errors import InputError
from serving.schemas.report import PARTS, CaseItem, CasesView, FigureView, MonthView, ReportView
from serving.store.balances import OpenBalance
from serving.store.claims import ClaimRow
from serving.store.ledger import ChargeSum

if TYPE_CHECKING:
    from serving.store.books import Books

PERIOD_DAYS = 365
CHARGED_DAYS = 91  # the days whose charges are the measure of days in A/R: thirteen weeks, so that weekdays are even
MATURE = Decimal("0.95")  # share of sent claims that are answered, from which a denial rate hardly moves any more
CASES_MOST = 1000
_MONEY = frozenset({AccountKind.CASH, AccountKind.UNAPPLIED, AccountKind.REFUND})


# --- claims as first sent ---------------------------------------------------------------------------------------------


def first_answers(books: Books) -> dict[str, ClaimState]:
    """The state in which its first adjudication (or its rejection) put each claim; a pend decides nothing."""
    told = first_told(books, (*ADJUDICATED, ClaimState.REJECTED))
    return {claim_id: state for claim_id, (state, _) in told.items()}


def _touched(books: Books) -> set[str]:
    """The claims that a person changed before they were first sent."""
    sent = {event.subject: event.position for event in reversed(books.events(action="claim.submit"))}
    return {
        event.subject
        for event in books.events(action="claim.mend")
        if event.position < sent.get(event.subject, event.position + 1) and not event.reason.startswith("leave:")
    }


def submissions(books: Books) -> list[tuple[ClaimRow, Submission]]:
    """Every first submission as the figures see it, in the order built."""
    first, touched = first_answers(books), _touched(books)
    failing = {s.claim.id: bool(blocking(s.findings)) for s in books.claims(ClaimState.HELD)}
    found = []
    for row in books.claim_rows():
        if not row.replaces:
            scrubbed = failing.get(row.id, True) or row.id in touched
            clean = row.id not in touched and row.id not in failing if scrubbed else None
            found.append((row, Submission(row.number, row.submitted_on, clean, first.get(row.id))))
    return found


def _sent_or_built(row: ClaimRow) -> date:
    return row.submitted_on or row.created_on


# --- charges ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ChargeCase:
    """A charge as the collection rates see it."""

    standing: Standing
    of: ChargeSum


def charge_cases(sums: Iterable[ChargeSum]) -> list[ChargeCase]:
    """The charges of `sums` with their standings, in the order given."""
    by_charge: dict[str, list[ChargeSum]] = {}
    for one in sums:
        by_charge.setdefault(one.charge_id, []).append(one)
    return [ChargeCase(_standing(charge_id, rows), rows[0]) for charge_id, rows in by_charge.items()]


def _standing(charge_id: str, rows: Sequence[ChargeSum]) -> Standing:
    totals = dict.fromkeys(AccountKind, 0)
    owing: Debtor | None = None
    for row in rows:
        totals[row.account] += row.amount
        if row.owner is not None and row.amount:
            owing = Debtor(row.owner, row.party)
    return Standing(
        charge_id=charge_id,
        charged=-totals[AccountKind.REVENUE],
        insurance_paid=sum(totals[kind] for kind in _MONEY),
        patient_paid=0,  # by whomever: the rates ask for the sum alone
        contractual=totals[AccountKind.CONTRACTUAL],
        written_off=totals[AccountKind.WRITE_OFF],
        open=totals[AccountKind.RECEIVABLE],
        debtor=owing,
    )


# --- the figures ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Seen:
    """What the figures of one period are made from."""

    today: date
    claims: Sequence[tuple[ClaimRow, Submission]]
    charges: Sequence[ChargeCase]
    recent: Sequence[ChargeCase]
    balances: Sequence[OpenBalance]


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: how it is reckoned, and what its parts are in plain words."""

    name: str
    unit: str
    numerator_is: str
    denominator_is: str
    unknown_is: str
    reckon: Callable[[Seen], Metric]


_WAITING = "sent, and not answered yet"
_WITH_PAYERS = "charges that a payer still holds"
FIGURES: Mapping[str, Figure] = {
    "denial-rate": Figure(
        "Denial rate", "claims", "claims with a denied line in their first answer", "claims answered", _WAITING,
        lambda seen: receivable.denial_rate([s for _, s in seen.claims], seen.today),
    ),
    "first-pass-payment-rate": Figure(
        "First-pass payment rate", "claims", "claims paid without denial in their first answer", "claims answered",
        _WAITING, lambda seen: receivable.first_pass_payment_rate([s for _, s in seen.claims], seen.today),
    ),
    "clean-claim-rate": Figure(
        "Clean-claim rate", "claims", "claims that passed every edit untouched", "claims that entered the edits",
        "built, and not through the edits yet",
        lambda seen: receivable.clean_claim_rate([s for _, s in seen.claims], seen.today),
    ),
    "days-in-receivable": Figure(
        "Days in A/R",
        "dollars",
        f"open today, times {CHARGED_DAYS} days",
        f"charged in the last {CHARGED_DAYS} days",
        "",
        lambda seen: receivable.days_in_receivable(
            sum(b.amount for b in seen.balances), sum(c.standing.charged for c in seen.recent), CHARGED_DAYS, seen.today
        ),
    ),
    "gross-collection-rate": Figure(
        "Gross collection rate", "dollars", "paid", "charged", _WITH_PAYERS,
        lambda seen: receivable.gross_collection_rate([c.standing for c in seen.charges], seen.today),
    ),
    "net-collection-rate": Figure(
        "Net collection rate", "dollars", "paid", "charged less contractual adjustments", _WITH_PAYERS,
        lambda seen: receivable.net_collection_rate([c.standing for c in seen.charges], seen.today),
    ),
}  # fmt: skip
_BY_ANSWER = ("denial-rate", "first-pass-payment-rate")


def _see(desk: Desk, books: Books, since: date | None, until: date | None) -> tuple[Seen, date, date]:
    today = desk.today(books)
    last = min(until or today, today)
    first = since or last - timedelta(days=PERIOD_DAYS - 1)
    if first > last:
        raise InputError("the period ends before it begins", field="since", mend="give the earlier day first")
    claims = [(row, s) for row, s in submissions(books) if first <= _sent_or_built(row) <= last]
    seen = Seen(
        today,
        claims,
        charge_cases(books.sums_of_services(first, last)),
        charge_cases(books.sums_of_services(today - timedelta(days=CHARGED_DAYS - 1), today)),
        books.open_balances(today),
    )
    return seen, first, last


def share(part: int, whole: int) -> Decimal | None:
    """part / whole to four places; None of nothing.

    >>> share(2, 3), share(1, 0)
    (Decimal('0.6667'), None)
    """
    return (Decimal(part) / whole).quantize(Decimal("0.0001"), ROUND_HALF_UP) if whole else None


def _text(value: Decimal | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _shown(key: str, value: Decimal | None) -> str:
    if value is None:
        return "not known"
    return f"{value:.1f} days" if key == "days-in-receivable" else f"{value * 100:.1f}%"


def _figure(key: str, seen: Seen) -> FigureView:
    figure = FIGURES[key]
    metric = figure.reckon(seen)
    in_money = figure.unit == "dollars"
    numerator = metric.numerator // (CHARGED_DAYS if key == "days-in-receivable" else 1)  # dollars, not dollar-days
    maturity = share(metric.denominator, metric.denominator + metric.unknown) if key in _BY_ANSWER else None
    return FigureView(
        key=key,
        name=figure.name,
        value=_text(metric.value),
        shown=_shown(key, metric.value),
        numerator=amount_text(numerator) if in_money else str(numerator),
        denominator=amount_text(metric.denominator) if in_money else str(metric.denominator),
        unit=figure.unit,
        unknown=metric.unknown,
        maturity=_text(maturity),
        settled=maturity is None or maturity >= MATURE,
        definition=metric.definition,
        numerator_is=figure.numerator_is,
        denominator_is=figure.denominator_is,
        unknown_is=figure.unknown_is,
    )


def _months(seen: Seen) -> list[MonthView]:
    by_month: dict[str, list[Submission]] = {}
    for row, submission in seen.claims:
        if row.submitted_on is not None:
            by_month.setdefault(f"{row.submitted_on:%Y-%m}", []).append(submission)
    return [_month(month, group, seen.today) for month, group in sorted(by_month.items(), reverse=True)]


def _month(month: str, group: Sequence[Submission], today: date) -> MonthView:
    denied, paid = receivable.denial_rate(group, today), receivable.first_pass_payment_rate(group, today)
    maturity = share(denied.denominator, denied.denominator + denied.unknown)
    return MonthView(
        month=month,
        sent=len(group),
        rejected=sum(s.first is ClaimState.REJECTED for s in group),
        answered=denied.denominator,
        denied=denied.numerator,
        unknown=denied.unknown,
        denial_rate=_text(denied.value),
        first_pass_rate=_text(paid.value),
        maturity=_text(maturity),
        settled=maturity is not None and maturity >= MATURE,
    )


@use_case("analytics.read")
def report(desk: Desk, books: Books, since: date | None = None, until: date | None = None) -> ReportView:
    """Every figure of the period (the last PERIOD_DAYS, when none is given), and the claims by month of sending."""
    seen, first, last = _see(desk, books, since, until)
    return ReportView(
        as_of=seen.today.isoformat(),
        since=first.isoformat(),
        until=last.isoformat(),
        figures=[_figure(key, seen) for key in FIGURES],
        months=_months(seen),
    )


# --- the cases behind a figure ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Case:
    """One case, and what it adds to the part it stands in."""

    claim: ClaimRow | None
    charge: ChargeSum | None
    counted: Cents
    note: str


@use_case("ledger.read")
def cases(
    desk: Desk, books: Books, figure: str, part: str, since: date | None = None, until: date | None = None
) -> CasesView:
    """The claims or charges that make up one part of a figure."""
    if figure not in FIGURES:
        raise InputError("no such figure", field="figure", mend=f"one of {', '.join(FIGURES)}")
    if part not in PARTS:
        raise InputError("no such part", field="part", mend=f"one of {', '.join(PARTS)}")
    seen, _, _ = _see(desk, books, since, until)
    found = _claim_cases(figure, part, seen) if FIGURES[figure].unit == "claims" else _money_cases(figure, part, seen)
    total = sum(case.counted for case in found)
    return CasesView(
        figure=figure,
        part=part,
        count=len(found),
        total=str(total) if FIGURES[figure].unit == "claims" else amount_text(total),
        rows=_items(books, found[:CASES_MOST], FIGURES[figure].unit),
    )


def _claim_cases(figure: str, part: str, seen: Seen) -> list[_Case]:
    """Each claim is reckoned alone: it belongs where the figure of it alone counts it."""
    found = []
    for row, submission in seen.claims:
        alone = FIGURES[figure].reckon(Seen(seen.today, [(row, submission)], (), (), ()))
        if getattr(alone, part):
            said = submission.first or ("not answered" if row.submitted_on else "not sent")
            note = f"first answer: {said}" if figure in _BY_ANSWER else _why_unclean(submission, row)
            found.append(_Case(row, None, 1, note))
    return found


def _why_unclean(submission: Submission, row: ClaimRow) -> str:
    if submission.clean is None:
        return "not through the edits yet"
    if submission.clean:
        return "passed untouched"
    return "held by an edit" if row.state is ClaimState.HELD else "a person changed it before it was sent"


def _money_cases(figure: str, part: str, seen: Seen) -> list[_Case]:
    if figure == "days-in-receivable":
        if part == "unknown":
            return []
        if part == "denominator":
            return [_Case(None, c.of, c.standing.charged, "charged") for c in seen.recent]
        return [_Case(None, _of_balance(b), b.amount, f"owed by {b.owner}") for b in seen.balances]
    found = []
    for case in seen.charges:
        alone = FIGURES[figure].reckon(Seen(seen.today, (), [case], (), ()))
        counted = int(getattr(alone, part))
        if counted:
            held = f"owed by {case.standing.debtor.owner}" if case.standing.debtor else "settled"
            found.append(_Case(None, case.of, case.standing.open if part == "unknown" else counted, held))
    return found


def _of_balance(b: OpenBalance) -> ChargeSum:
    return ChargeSum(
        b.charge_id,
        b.encounter_id,
        b.patient_id,
        "",
        b.service_date,
        AccountKind.RECEIVABLE,
        b.owner,
        b.party,
        b.amount,
    )


def _patient_of(case: _Case) -> str:
    return case.claim.patient_id if case.claim else case.charge.patient_id if case.charge else ""


def _items(books: Books, found: Sequence[_Case], unit: str) -> list[CaseItem]:
    payers = {payer.id: payer.name for payer in books.payers()}
    people = books.patients_by_id(map(_patient_of, found))
    charges = books.charges_by_id(c.charge.charge_id for c in found if c.charge)
    items = []
    for case in found:
        claim, charge = case.claim, case.charge
        patient_id = _patient_of(case)
        on = _sent_or_built(claim) if claim else charge.service_date if charge else date.min
        party = claim.payer_id if claim else charge.party if charge else ""
        items.append(
            CaseItem(
                id=claim.id if claim else charge.charge_id if charge else "",
                claim_id=claim.id if claim else "",
                patient_id=patient_id,
                name=claim.number if claim else charges[charge.charge_id].procedure if charge else "",
                patient=full_name(people[patient_id].name),
                payer=payers.get(party, ""),
                on=on.isoformat(),
                amount=amount_text(claim.total if claim else charges[charge.charge_id].amount if charge else 0),
                counted=str(case.counted) if unit == "claims" else amount_text(case.counted),
                note=case.note,
            )
        )
    return items

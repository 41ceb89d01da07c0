"""A contract in words: every clause with the name by which a reckoning calls it, in the order in which they speak."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from billing_core.contract import NO_MAXIMUM, BenefitPlan, Contract, Remedy, RemedyTerm
from billing_core.credit_balance import RefundSince
from billing_core.fee_terms import Basis, Rate
from billing_core.money import Cents, amount_text
from billing_core.pricing import percent_text

Clause = tuple[str, str]


def clauses(contract: Contract) -> Iterator[Clause]:
    """(clause, its words) of every term."""
    for code, fee in contract.fees.items():
        yield f"fees.{code}", f"{code}: {amount_text(fee)} a unit"
    for rate in contract.rates:
        yield f"rates.{rate.name}", _rate(rate)
    if contract.default_percent is not None:
        yield "default_percent", f"any other code: {percent_text(contract.default_percent)} of the charge"
    lesser = "the lesser of rate and charge" if contract.lesser_of else "the rate, also above the charge (CARC 94)"
    yield "lesser_of", f"allowed is {lesser}"
    yield from _schedules(contract)
    yield from _rules(contract)
    yield f"coordination.{contract.coordination}", f"after another payer: {contract.coordination}"
    yield from _deadlines(contract)
    for name in ("authorization_required", "referral_required", "not_covered"):
        codes = sorted(getattr(contract, name))
        if codes:
            yield name, f"{name.replace('_', ' ')}: {', '.join(codes)}"
    for plan in contract.plans:
        yield from _plan(plan)


def _lines(codes: tuple[str, ...], places: tuple[str, ...] = (), modifiers: tuple[str, ...] = ()) -> str:
    parts = [", ".join(codes) if codes else "every code"]
    if modifiers:
        parts.append(f"with modifier {' or '.join(modifiers)}")
    if places:
        parts.append(f"at place of service {' or '.join(places)}")
    return " ".join(parts)


def _dates(effective: date | None, terminated: date | None) -> str:
    start = f" from {effective.isoformat()}" if effective else ""
    return start + (f" to {terminated.isoformat()}" if terminated else "")


def _rate(rate: Rate) -> str:
    how = {
        Basis.FEE: f"{amount_text(rate.amount or 0)} a unit",
        Basis.CHARGE: f"{percent_text(rate.percent)} of the charge",
        Basis.SCHEDULE: f"{percent_text(rate.percent)} of schedule {rate.schedule}",
        Basis.PER_DAY: f"{amount_text(rate.amount or 0)} for all of them a day",
        Basis.CASE: f"{amount_text(rate.amount or 0)} for all of them on the claim",
    }[rate.basis]
    return f"{_lines(rate.codes, rate.places, rate.modifiers)}: {how}{_dates(rate.effective, rate.terminated)}"


def _schedules(contract: Contract) -> Iterator[Clause]:
    for name, schedule in contract.schedules.items():
        words = [f"{len(schedule.fees)} fees"] if schedule.fees else []
        if schedule.conversion_factors:
            factors = [f"{f.factor}{_dates(f.effective, f.terminated)}" for f in schedule.conversion_factors]
            gpci = schedule.gpci
            source = f"{len(schedule.rvus)} codes" if schedule.rvus else "the imported RVU table"
            words.append(f"relative values of {source} x GPCI {gpci.work}/{gpci.practice_expense}/{gpci.malpractice}")
            words.append(f"conversion factor {'; '.join(factors)}")
        yield f"schedules.{name}", ", ".join(words)


def _rules(contract: Contract) -> Iterator[Clause]:
    for rule in contract.multiple_procedures:
        under = _lines(rule.codes) if rule.codes else f"RVU indicator {', '.join(rule.indicators)}"
        shares = ", ".join(percent_text(p) for p in rule.percents)
        yield f"multiple_procedures.{rule.name}", f"several of a day ({under}), {rule.kind}: {shares}"
    if contract.bilateral is not None:
        both = percent_text(contract.bilateral.percent)
        yield "bilateral", f"both sides (modifier 50), {_lines(contract.bilateral.codes)}: {both} of one side"
    for modifier, share in contract.modifier_percents.items():
        yield f"modifiers.{modifier}", f"modifier {modifier}: {percent_text(share)}"
    for kind, share in contract.provider_percents.items():
        yield f"provider_percents.{kind}", f"providers with taxonomy {kind}...: {percent_text(share)}"
    for cap in contract.caps:
        yield f"caps.{cap.name}", f"{_lines(cap.codes)}: at most {amount_text(cap.amount)} a {cap.per}"
    for cut in contract.payment_reductions:
        cuts = f"{percent_text(cut.percent)} of the payment (CARC {cut.reason})"
        yield f"payment_reductions.{cut.name}", f"{cut.name}: {cuts}{_dates(cut.effective, cut.terminated)}"


def _deadlines(contract: Contract) -> Iterator[Clause]:
    window = f"{contract.filing_months} months" if contract.filing_months else f"{contract.filing_days} days"
    yield "filing", f"an original claim: {window} from the {contract.filing_since}"
    if contract.secondary_filing_days is not None:
        days = contract.secondary_filing_days
        yield "secondary_filing", f"after another payer: {days} days from its remittance"
    corrected = contract.corrected_by.value
    yield "corrected", f"a correction as {corrected}: {contract.corrected_days} days from the remittance"
    yield "appeal", f"a first appeal: {contract.appeal_days} days from the remittance"
    if contract.refund is not None:
        term = contract.refund
        start = "the day it is identified" if term.since is RefundSince.IDENTIFIED else "the payer's request"
        yield (
            "refund",
            f"an overpayment goes back within {term.days} days from {start}" + (f": {term.says}" if term.says else ""),
        )
    for remedy in contract.remedies:
        yield f"remedies.{remedy.remedy.name.lower()}", _remedy(remedy)


def _remedy(term: RemedyTerm) -> str:
    level = f" level {term.level}" if term.remedy is Remedy.APPEAL else ""
    window = " and ".join(f"{n} {unit}" for n, unit in ((term.months, "months"), (term.days, "days")) if n)
    named = f" ({term.name})" if term.name else ""
    return f"{term.remedy.value}{level}{named}: {window} from the {term.since}"


def _plan(plan: BenefitPlan) -> Iterator[Clause]:
    at = f"plans.{plan.plan}"
    if plan.copay:
        yield f"{at}.copay", f"copay {amount_text(plan.copay)} a day of service"
    family = f", family {amount_text(plan.family_deductible)}" if plan.family_deductible is not None else ""
    aggregate = " (the family's count alone)" if plan.family_aggregate else ""
    yield f"{at}.deductible", f"deductible {amount_text(plan.deductible)}{family}{aggregate}"
    yield f"{at}.coinsurance", f"coinsurance {percent_text(plan.coinsurance)}"
    maximum = "none" if plan.out_of_pocket_max >= NO_MAXIMUM else amount_text(plan.out_of_pocket_max)
    whole = plan.family_out_of_pocket_max
    family = f", family {amount_text(whole)}" if whole is not None else ""
    yield f"{at}.out_of_pocket_max", f"out-of-pocket maximum {maximum}{family}"
    for one in plan.services:
        if not one.covered:
            yield f"{at}.services.{one.name}", f"{_lines(one.codes)}: not covered"
            continue
        parts = [_share("copay", one.copay)] if one.copay is not None else []
        parts += [f"coinsurance {percent_text(one.coinsurance)}"] if one.coinsurance is not None else []
        parts += [] if one.deductible_applies else ["no deductible"]
        if one.limit is not None:
            limit = one.limit
            most = f"{limit.visits} visits" if limit.visits is not None else amount_text(limit.amount or 0)
            parts.append(f"at most {most} a benefit year")
        yield f"{at}.services.{one.name}", f"{_lines(one.codes)}: {', '.join(parts) or 'as the plan'}"


def _share(name: str, amount: Cents) -> str:
    return f"{name} {amount_text(amount)}"

"""Random contracts and random claims under them, from a seed: the same seed, the same ones. Invented throughout.

A contract draws from every kind of term there is (fees, schedules, day and case rates, every rule, caps, reductions,
every method of coordination, every kind of plan) and is kept only when it does not contradict itself.
"""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from billing_core.accumulator import Accumulators
from billing_core.claim import Claim, PriorPayer
from billing_core.contract import BenefitPlan, CobMethod, Contract, Limit, Remedy, ServiceShare, Since
from billing_core.errors import ContractError
from billing_core.fee_terms import (
    Basis,
    Bilateral,
    Cap,
    CapPer,
    ConversionFactor,
    Gpci,
    MultipleProcedures,
    PaymentReduction,
    Rate,
    Reduction,
    Rvu,
    Schedule,
)
from billing_core.identifiers import claim_number
from billing_core.refusal import PayerFacts
from billing_core.remittance import Adjustment, Group
from tests.billing_core import specimens

CODES = (
    "99213",
    "99214",
    "36415",
    "80053",
    "20610",
    "11042",
    "45380",
    "45385",
    "73721",
    "72148",
    "97110",
    "97140",
    "J1885",
)
SURGERY, IMAGING, THERAPY = ("20610", "11042", "45380", "45385"), ("73721", "72148"), ("97110", "97140")
ONE, HALF = Decimal(1), Decimal("0.5")


def share(chance: random.Random, low: int = 0, high: int = 100) -> Decimal:
    return Decimal(chance.randint(low, high)) / 100


def _schedule(chance: random.Random) -> Schedule:
    def value(top: int) -> Decimal:
        return Decimal(chance.randint(1, top)) / 100

    rvus = {}
    for code in (*SURGERY, *IMAGING, *THERAPY, "45378"):
        indicator = {"2": SURGERY, "4": IMAGING, "5": THERAPY}
        multiple = next((k for k, codes in indicator.items() if code in codes), "0")
        base = "45378" if code in ("45380", "45385") else ""
        sides = chance.choice("0123")
        rvus[code] = Rvu(value(900), value(900), value(500), value(99), "A", "3" if base else multiple, sides, "", base)
        if code in IMAGING:
            rvus[f"{code}-26"] = Rvu(value(400), value(90), value(90), value(20), "A", "4")
            rvus[f"{code}-TC"] = Rvu(Decimal(0), value(600), value(600), value(9), "A", "4")
    gpci = Gpci(share(chance, 80, 130), share(chance, 80, 130), share(chance, 50, 200))
    factors = (
        ConversionFactor(date(2026, 1, 1), date(2026, 3, 31), Decimal("32.7442")),
        ConversionFactor(date(2026, 4, 1), None, Decimal(chance.randint(300000, 400000)) / 10000),
    )
    return Schedule(conversion_factors=factors, gpci=gpci, rvus=rvus)


def _rules(chance: random.Random) -> tuple[MultipleProcedures, ...]:
    every = (
        MultipleProcedures("endoscopy", Reduction.ENDOSCOPY, (ONE,), indicators=("3",)),
        MultipleProcedures("surgery", Reduction.RANKED, (ONE, HALF, share(chance, 0, 50)), indicators=("2", "3")),
        MultipleProcedures(
            "imaging",
            Reduction.COMPONENTS,
            (ONE, share(chance)),
            indicators=("4",),
            professional_percents=(ONE, share(chance)),
        ),
        MultipleProcedures("therapy", Reduction.PRACTICE_EXPENSE, (ONE, share(chance)), indicators=("5",)),
    )
    return tuple(rule for rule in every if chance.random() < 0.6)


def _rates(chance: random.Random) -> tuple[Rate, ...]:
    rates = [
        Rate("schedule", Basis.SCHEDULE, (*SURGERY, *IMAGING, *THERAPY), schedule="s", percent=share(chance, 50, 200))
    ]
    if chance.random() < 0.3:
        rates.insert(0, Rate("day", Basis.PER_DAY, THERAPY, amount=chance.randint(0, 30000)))
    if chance.random() < 0.3:
        rates.insert(0, Rate("case", Basis.CASE, SURGERY, amount=chance.randint(0, 300000)))
    if chance.random() < 0.5:
        rates.append(Rate("drugs", Basis.CHARGE, ("J*",), percent=share(chance, 0, 120)))
    return tuple(rates)


def _plan(chance: random.Random) -> BenefitPlan:
    deductible = chance.choice((0, 5000, 100000))
    family = chance.choice((None, deductible * 2))
    services = [
        ServiceShare("visits", ("99213", "99214"), chance.randint(0, 6000), Decimal(0), deductible_applies=False),
        ServiceShare("therapy", THERAPY, limit=Limit(visits=chance.randint(1, 3))),
        ServiceShare("imaging", IMAGING, None, share(chance), limit=Limit(amount=chance.randint(1, 60000))),
        ServiceShare("drugs", ("J*",), covered=chance.random() < 0.7),
    ]
    return BenefitPlan(
        plan="silver",
        copay=chance.choice((0, 0, 2500)),
        deductible=deductible,
        coinsurance=share(chance),
        out_of_pocket_max=chance.choice((0, 20000, 900000)),
        family_deductible=family,
        family_out_of_pocket_max=chance.choice((None, 30000)),
        family_aggregate=family is not None and chance.random() < 0.3,
        deductible_first=chance.random() < 0.5,
        services=tuple(one for one in services if chance.random() < 0.6),
    )


def contract(chance: random.Random) -> Contract:
    """A contract that holds together, with whatever terms chance gives it."""
    while True:
        try:
            return Contract(
                payer_id="payer",
                effective=date(2025, 1, 1),
                terminated=None,
                fees={code: chance.randint(0, 40000) for code in chance.sample(CODES, 5)},
                default_percent=share(chance, 0, 110),
                plans=(_plan(chance),),
                filing_days=chance.choice((20, 90, 365)),
                corrected_days=180,
                appeal_days=180,
                corrected_by=Remedy.REPLACEMENT,
                authorization_required=frozenset(chance.sample(CODES, chance.choice((0, 0, 1)))),
                referral_required=frozenset(chance.sample(CODES, chance.choice((0, 0, 1)))),
                not_covered=frozenset(chance.sample(CODES, chance.choice((0, 0, 1)))),
                rates=_rates(chance),
                schedules={"s": _schedule(chance)},
                lesser_of=chance.random() < 0.8,
                multiple_procedures=_rules(chance),
                bilateral=Bilateral(Decimal("1.5")) if chance.random() < 0.5 else None,
                modifier_percents={"80": Decimal("0.16"), "52": share(chance)},
                provider_percents={"207Q": share(chance, 50, 100)} if chance.random() < 0.3 else {},
                caps=tuple(
                    Cap(
                        f"cap {n}",
                        chance.choice(list(CapPer)),
                        chance.randint(0, 50000),
                        chance.choice(((), SURGERY, ("8*",))),
                    )
                    for n in range(chance.choice((0, 0, 1, 2)))
                ),
                payment_reductions=tuple(
                    PaymentReduction(name, share(chance, 0, 10), reason)
                    for name, reason in (("sequestration", "253"), ("withhold", "104"))
                    if chance.random() < 0.4
                ),
                coordination=chance.choice(list(CobMethod)),
                filing_since=chance.choice((Since.SERVICE, Since.LAST_SERVICE)),
            )
        except ContractError:
            continue


def _prior(chance: random.Random, bill: Claim, rank: int) -> PriorPayer:
    lines = []
    for line in bill.lines:
        contractual = chance.randint(0, line.amount)
        paid = chance.randint(0, line.amount - contractual)
        rest = line.amount - contractual - paid
        reason = chance.choice(("1", "2", "3", "96"))
        parts = ((Group.CONTRACTUAL, "45", contractual), (Group.PATIENT, reason, rest))
        lines.append((line.number, paid, tuple(Adjustment(*part) for part in parts if part[2])))
    coverage = replace(specimens.COVERAGE, id=f"coverage-{rank}", rank=rank)
    kept = tuple(one for one in lines if chance.random() < 0.95)
    return PriorPayer(specimens.PAYER, coverage, sum(paid for _, paid, _ in kept), date(2026, 4, 20), kept)


def claim(chance: random.Random, serial: int) -> Claim:
    """One claim of one to six lines, on one or two days, now and then after one or two other payers."""
    lines = tuple(
        specimens.line(
            n,
            chance.choice(CODES),
            chance.choice((0, 1, chance.randint(1, 90000))),
            units=chance.choice((1, 1, 1, 2, 7)),
            modifiers=chance.choice(((), (), ("50",), ("26",), ("TC",), ("80",), ("52",), ("76",), ("25", "59"))),
            service_date=specimens.SERVICE + timedelta(days=chance.choice((0, 0, 0, 1))),
            place_of_service=chance.choice(("", "22")),
        )
        for n in range(1, chance.randint(2, 7))
    )
    rank = chance.choice((1, 1, 1, 2, 3))
    bill = specimens.claim(
        *lines,
        number=claim_number("ELMF", serial),
        rank=rank,
        authorization=chance.choice(("", "AUTH77")),
        referral=chance.choice(("", "R1")),
    )
    priors = tuple(_prior(chance, bill, n) for n in range(1, rank))
    return replace(bill, prior_payers=priors if chance.random() < 0.95 else ())


def used(chance: random.Random) -> Accumulators:
    """What member and family have used."""
    return Accumulators(
        "coverage",
        2026,
        *(chance.choice((0, 4000, 900000)) for _ in range(4)),
        services={"therapy": chance.randint(0, 3), "imaging": chance.randint(0, 60000)},
    )


def facts(chance: random.Random) -> PayerFacts:
    """What the payer knows beside the claim."""
    return PayerFacts(
        authorizations=(specimens.AUTHORIZATION,), other_payer_first=chance.random() < 0.03, reference="PAYER1"
    )

"""Charge capture: signed codes become priced charges, or findings that say why not. Nothing is silently dropped.

Every signed procedure ends as exactly one `Charge` or one error `Finding`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from billing_core.chargemaster import Chargemaster
from billing_core.encounter import SignedEncounter
from billing_core.money import Cents
from billing_core.rule import Finding, Severity


@dataclass(frozen=True, slots=True)
class Charge:
    """One priced line of service. `diagnoses` are the ICD-10-CM codes it points at, the most important first."""

    id: str
    encounter_id: str
    patient_id: str
    service_date: date
    procedure: str
    modifiers: tuple[str, ...]
    units: int
    diagnoses: tuple[str, ...]
    amount: Cents
    line: int


@dataclass(frozen=True, slots=True)
class Capture:
    """The charges of one encounter, the diagnoses of the whole visit, and what could not be charged."""

    encounter_id: str
    diagnoses: tuple[str, ...]
    charges: tuple[Charge, ...]
    findings: tuple[Finding, ...]


def _finding(rule: str, message: str, where: str, mend: str) -> Finding:
    return Finding(rule, Severity.ERROR, message, where, mend)


def capture(signed: SignedEncounter, chargemaster: Chargemaster, new_id: Callable[[], str]) -> Capture:
    """Price each signed procedure by the chargemaster on the date of service.

    `new_id` gives the charge ids (UUIDv7, made outside). A procedure without price, with fewer than one unit, or
    pointing at no diagnosis becomes a finding instead of a charge; the others are charged all the same.
    """
    encounter = signed.encounter
    codes = tuple(d.code for d in signed.diagnoses)
    charges: list[Charge] = []
    findings: list[Finding] = []
    if not signed.procedures:
        findings.append(
            _finding(
                "capture-no-procedure",
                "the visit has no signed procedure",
                "encounter",
                "sign a procedure or close the visit with a reason",
            )
        )
    for number, code in enumerate(signed.procedures, start=1):
        where = f"procedure {number} ({code.code})"
        price = chargemaster.price(code.code, encounter.service_date)
        pointed = tuple(codes[p - 1] for p in code.pointers if 1 <= p <= len(codes)) if code.pointers else codes[:4]
        if price is None:
            findings.append(
                _finding(
                    "capture-no-price",
                    "no price in the chargemaster on the date of service",
                    where,
                    "add a price effective on that date",
                )
            )
        elif code.units < 1:
            findings.append(_finding("capture-units", "units must be at least 1", where, "correct the units"))
        elif len(pointed) != len(code.pointers or pointed) or not pointed:
            findings.append(
                _finding(
                    "capture-pointer",
                    "points at a diagnosis that was not signed",
                    where,
                    "sign the diagnosis or correct the pointer",
                )
            )
        else:
            charges.append(
                Charge(
                    id=new_id(),
                    encounter_id=encounter.id,
                    patient_id=encounter.patient_id,
                    service_date=encounter.service_date,
                    procedure=code.code,
                    modifiers=code.modifiers,
                    units=code.units,
                    diagnoses=pointed,
                    amount=price * code.units,
                    line=number,
                )
            )
    return Capture(encounter.id, codes, tuple(charges), tuple(findings))

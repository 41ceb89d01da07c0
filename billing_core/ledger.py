"""The ledger: accounts, entries, and legs that sum to zero. Append-only; a correction is a reversal.

Debit is positive, credit negative. What is owed to us is a positive receivable. A receivable leg names the charge it
is about, so each charge line's open balance is the sum of its receivable legs, and it has one owner at a time: moving
it is an entry.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from billing_core.errors import UnbalancedEntry
from billing_core.money import Cents, whole_cents


class AccountKind(StrEnum):
    """The chart of accounts."""

    RECEIVABLE = "receivable"
    REVENUE = "revenue"
    CONTRACTUAL = "contractual"
    WRITE_OFF = "write-off"
    CASH = "cash"  # received and not seen at the bank yet: undeposited
    BANK = "bank"  # deposited
    UNAPPLIED = "unapplied"
    REFUND = "refund"
    INTEREST = "interest"
    TAKEBACK = "takeback"  # recoupments (PLB WO and its kin), with the reversal each collects
    CARRIED = "carried liability"  # PLB FB: carried to or from another remittance, never cash


class Owner(StrEnum):
    """Who owes a charge line's open balance."""

    PAYER_1 = "payer 1"
    PAYER_2 = "payer 2"
    PAYER_3 = "payer 3"
    GUARANTOR = "guarantor"
    COLLECTIONS = "collections"


PAYER_OWNER = {1: Owner.PAYER_1, 2: Owner.PAYER_2, 3: Owner.PAYER_3}


@dataclass(frozen=True, slots=True)
class Account:
    """An account. `owner` is given for receivables only; `party` is the payer or guarantor id it is about."""

    kind: AccountKind
    owner: Owner | None = None
    party: str = ""


@dataclass(frozen=True, slots=True)
class Leg:
    """One side of an entry: debit positive, credit negative. Receivable legs name the `charge_id`."""

    account: Account
    amount: Cents
    charge_id: str = ""


class EntryKind(StrEnum):
    """What movement of money an entry records."""

    CHARGE = "charge"
    INSURANCE_PAYMENT = "insurance payment"
    REVERSAL = "reversal"
    MOVE = "move"
    PATIENT_PAYMENT = "patient payment"
    PROVIDER_ADJUSTMENT = "provider adjustment"
    WRITE_OFF = "write-off"
    UNAPPLIED = "unapplied"
    REFUND = "refund"
    DEPOSIT = "deposit"


@dataclass(frozen=True, slots=True)
class Cause:
    """Why an entry exists: a file (id, set, segment) or a person and a reason. No patient data."""

    source: str
    reference: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A sealed movement. Raises UnbalancedEntry unless its legs sum to zero and there are at least two."""

    id: str
    kind: EntryKind
    effective: date
    cause: Cause
    legs: tuple[Leg, ...]
    reverses: str = ""

    def __post_init__(self) -> None:
        total, well = 0, True
        for leg in self.legs:
            total += whole_cents(leg.amount)
            well &= (leg.account.kind is AccountKind.RECEIVABLE) is bool(leg.charge_id and leg.account.owner)
        if len(self.legs) < 2 or total != 0:
            raise UnbalancedEntry("an entry needs at least two legs that sum to zero", where=f"entry {self.kind}")
        if not well:
            raise UnbalancedEntry(
                "a receivable leg, and only that, names its charge and owner", where=f"entry {self.kind}"
            )


def reverse(entry: Entry, new_id: str, effective: date, cause: Cause) -> Entry:
    """The entry that undoes `entry` exactly."""
    legs = tuple(Leg(leg.account, -leg.amount, leg.charge_id) for leg in entry.legs)
    return Entry(new_id, EntryKind.REVERSAL, effective, cause, legs, reverses=entry.id)

"""The words in which the store says where a thing stands. Plain enumerations: importing them costs nothing.

Claims have their own states in the core (`billing_core.claim.ClaimState`).
"""

from __future__ import annotations

from enum import StrEnum


class EncounterStatus(StrEnum):
    """Where a visit stands between the note and the charge."""

    OPEN = "open"  # the note is here, nobody has decided a code
    CODED = "coded"  # a coder has decided at least one code
    SIGNED = "signed"  # a coder has signed the coding
    CHARGED = "charged"  # every signed procedure is a charge
    CLOSED = "closed"  # nothing will be billed, for the reason given


ENCOUNTER_STEPS: dict[EncounterStatus, frozenset[EncounterStatus]] = {
    EncounterStatus.OPEN: frozenset({EncounterStatus.CODED, EncounterStatus.SIGNED, EncounterStatus.CLOSED}),
    EncounterStatus.CODED: frozenset({EncounterStatus.OPEN, EncounterStatus.SIGNED, EncounterStatus.CLOSED}),
    EncounterStatus.SIGNED: frozenset({EncounterStatus.CODED, EncounterStatus.CHARGED, EncounterStatus.CLOSED}),
    EncounterStatus.CHARGED: frozenset({EncounterStatus.SIGNED, EncounterStatus.CLOSED}),
    EncounterStatus.CLOSED: frozenset({EncounterStatus.OPEN}),
}


class CodeDecision(StrEnum):
    """What a coder said of one code."""

    ACCEPT = "accept"
    REJECT = "reject"
    ADD = "add"
    WITHDRAW = "withdraw"  # takes the coder's earlier word back: the code is undecided again


class Direction(StrEnum):
    """Which way a file went."""

    INBOUND = "in"
    OUTBOUND = "out"


class RemittanceState(StrEnum):
    """A remittance is posted whole or held whole."""

    POSTED = "posted"
    HELD = "held"


class DenialStatus(StrEnum):
    """Where the work on a denied line stands."""

    OPEN = "open"
    WORKED = "worked"  # a corrected claim or an appeal is on its way
    RECOVERED = "recovered"
    WRITTEN_OFF = "written off"


class AppealState(StrEnum):
    """Where one level of an appeal stands."""

    DRAFT = "draft"  # the letter is a person's to edit
    FILED = "filed"  # signed and sent; the payer has to decide
    OVERTURNED = "overturned"  # the payer took its refusal back whole
    PARTLY = "partly overturned"
    UPHELD = "upheld"  # the payer stands by it
    WITHDRAWN = "withdrawn"  # by us


class WorkStatus(StrEnum):
    """Where an item of a work queue stands."""

    OPEN = "open"
    DONE = "done"

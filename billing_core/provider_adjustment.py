"""Provider adjustments (PLB): money of a remittance that is no claim's, each reason on its account by one table.

    WO and its kin   a recoupment: linked to the reversal it collects, by the payer's reference
    FB               a liability carried to or from another remittance: it is not cash, and never pays a claim
    L6 and its kin   interest; AMT*I on a claim says the same for information and is not posted
    72               our own refund, acknowledged
    CS and others    unapplied, until somebody has read the payer's letter

Positive takes cash away from this payment, negative adds to it, as in the file.
Source: 005010X221A1 (835), PLB and sections 1.10.2.9 (interest), 1.10.2.12 (balance forward), 1.10.2.17 (recovery).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from billing_core.errors import PostingError
from billing_core.ledger import Account, AccountKind, Cause, Entry, EntryKind, Leg
from billing_core.money import Cents, amount_text, whole_cents
from billing_core.remittance import ClaimPayment, ProviderAdjustment
from billing_core.rule import Finding, Severity

# PLB03-1: which account the other side is, in words. Reasons not listed go to unapplied, for review.
PROVIDER_ADJUSTMENTS: dict[str, tuple[AccountKind, str]] = {
    "WO": (AccountKind.TAKEBACK, "overpayment withheld"),
    "FB": (AccountKind.CARRIED, "balance carried to or from another remittance"),
    "WU": (AccountKind.TAKEBACK, "recovery, reason not given"),
    "B3": (AccountKind.TAKEBACK, "recovery allowance"),
    "OB": (AccountKind.TAKEBACK, "offset for an affiliated provider"),
    "LE": (AccountKind.TAKEBACK, "levy withheld"),
    "IR": (AccountKind.TAKEBACK, "tax withheld for the revenue service"),
    "E3": (AccountKind.TAKEBACK, "withheld under the contract"),
    "72": (AccountKind.REFUND, "our refund, acknowledged"),
    "L6": (AccountKind.INTEREST, "interest on late payment"),
    "51": (AccountKind.INTEREST, "interest charged to us"),
    "CR": (AccountKind.INTEREST, "interest on capitation"),
    "50": (AccountKind.CONTRACTUAL, "late filing charge"),
    "90": (AccountKind.CONTRACTUAL, "early payment discount"),
    "AH": (AccountKind.CONTRACTUAL, "payer's fee"),
    "B2": (AccountKind.CONTRACTUAL, "rebate"),
    "BN": (AccountKind.CONTRACTUAL, "bonus"),
    "IP": (AccountKind.CONTRACTUAL, "incentive payment"),
    "J1": (AccountKind.CONTRACTUAL, "not reimbursable"),
    "L3": (AccountKind.CONTRACTUAL, "penalty"),
    "CT": (AccountKind.REVENUE, "capitation payment"),
    "CV": (AccountKind.REVENUE, "capital passed through"),
    "CS": (AccountKind.UNAPPLIED, "adjustment, reason in the payer's letter"),
    "LS": (AccountKind.UNAPPLIED, "lump sum"),
    "AP": (AccountKind.UNAPPLIED, "advance of benefits"),
    "IS": (AccountKind.UNAPPLIED, "interim settlement"),
    "PI": (AccountKind.UNAPPLIED, "periodic interim payment"),
    "PL": (AccountKind.UNAPPLIED, "final settlement"),
    "RA": (AccountKind.UNAPPLIED, "retroactive adjustment"),
    "TL": (AccountKind.UNAPPLIED, "third party liability"),
}
_SHORTEST_REFERENCE = 4  # a shorter one within a longer text would agree by chance


def _account(adjustment: ProviderAdjustment) -> tuple[AccountKind, str]:
    unknown = (AccountKind.UNAPPLIED, f"provider adjustment {adjustment.reason}")
    return PROVIDER_ADJUSTMENTS.get(adjustment.reason, unknown)


def taken_back_claim(
    adjustment: ProviderAdjustment, payments: Iterable[ClaimPayment], earlier: Mapping[str, str]
) -> str:
    """Our number of the claim whose reversal a withholding collects; "" when none is named.

    PLB03-2 carries the payer's reference of the claim (CLP07), alone or with more about it, or our own claim number.
    Reversals of the same remittance come first, then `earlier` ones (payer's reference or claim number -> our number).
    """
    if _account(adjustment)[0] is not AccountKind.TAKEBACK:
        return ""
    here = {ref: p.number for p in payments if p.is_reversal for ref in (p.payer_reference, p.number)}
    for known in (here, earlier):
        for reference, number in known.items():
            if len(reference) >= _SHORTEST_REFERENCE and reference in adjustment.reference:
                return number
    return ""


def post_provider_adjustment(
    adjustment: ProviderAdjustment, payer_id: str, entry_id: str, on: date, source: str, about: str = ""
) -> Entry:
    """One PLB pair. A withholding and the delay of it (WO of the other sign) settle each other on one account; a
    balance carried out (FB below zero) is a liability until the remittance that carries it in. `about` is the number
    of the claim whose reversal is collected.
    """
    if not whole_cents(adjustment.amount):
        raise PostingError("a provider adjustment of nothing", where="PLB", mend="leave it out")
    kind, words = _account(adjustment)
    legs = (
        Leg(Account(AccountKind.CASH, None, payer_id), -adjustment.amount),
        Leg(Account(kind, None, payer_id), adjustment.amount),
    )
    linked = f"{words}; collects the reversal of claim {about}" if about else words
    cause = Cause(source, adjustment.reference or adjustment.reason, linked)
    return Entry(entry_id, EntryKind.PROVIDER_ADJUSTMENT, on, cause, legs)


# Withholdings (WO) and carried balances (FB) are two ways to say that a payer will take money later: what one opens,
# the other may settle, under the same reference. The ledger keeps them apart; what is open is the sum of both.
SETTLE_EACH_OTHER = frozenset({AccountKind.TAKEBACK, AccountKind.CARRIED})


@dataclass(frozen=True, slots=True)
class Settlement:
    """What one payer withholds and carries under one reference. `open` above zero: it took more than it announced;
    below: it will still take that much; zero: settled.
    """

    party: str
    reference: str
    since: date
    withheld: Cents
    carried: Cents

    @property
    def open(self) -> Cents:
        """The sum of both ways."""
        return self.withheld + self.carried


def settlements(entries: Iterable[Entry]) -> tuple[Settlement, ...]:
    """Withholdings and carried balances by payer and reference, oldest first; a reference within a longer one is it."""
    found: dict[tuple[str, str], Settlement] = {}
    for entry in sorted(entries, key=lambda e: (-len(e.cause.reference), e.cause.reference, e.effective)):
        for leg in entry.legs:
            if leg.account.kind in SETTLE_EACH_OTHER:
                key = _same_reference(found, leg.account.party, entry.cause.reference)
                before = found.get(key, Settlement(*key, entry.effective, 0, 0))
                is_withheld = leg.account.kind is AccountKind.TAKEBACK
                found[key] = replace(
                    before,
                    since=min(before.since, entry.effective),
                    withheld=before.withheld + (leg.amount if is_withheld else 0),
                    carried=before.carried + (0 if is_withheld else leg.amount),
                )
    return tuple(sorted(found.values(), key=lambda s: (s.since, s.party, s.reference)))


def _same_reference(found: Iterable[tuple[str, str]], party: str, reference: str) -> tuple[str, str]:
    """The longer reference of the same payer that holds this one, else this one."""
    if len(reference) >= _SHORTEST_REFERENCE:
        for known in found:
            if known[0] == party and reference in known[1]:
                return known
    return party, reference


def adjustment_findings(adjustment: ProviderAdjustment, about: str) -> tuple[Finding, ...]:
    """What a person should look at: money unapplied, and a withholding that no reversal of ours explains."""
    kind, _ = _account(adjustment)
    said = f"{adjustment.reason} of {amount_text(adjustment.amount)}"
    if kind is AccountKind.UNAPPLIED:
        words, mend = f"provider adjustment {said} is unapplied", "read the payer's letter and move it"
        return (Finding("posting-provider-adjustment", Severity.WARNING, words, "PLB", mend),)
    if kind is AccountKind.TAKEBACK and adjustment.amount > 0 and not about:
        words, mend = f"withheld by {said}, and no reversal of ours is named", "ask the payer which claim it collects"
        return (Finding("posting-withheld", Severity.WARNING, words, "PLB", mend),)
    return ()

"""The account of one charge line, read from the ledger: what was charged, paid, adjusted, is open, and who owes it.

The law, of every charge at every moment: charged = paid + contractual + written off + open, and one debtor at most
holds the open balance. It follows because the legs of an entry that name a charge sum to zero among themselves.
`Books` is a working view over entries that someone else keeps; it is rebuilt at will and changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from billing_core.errors import PostingError
from billing_core.ledger import AccountKind, Entry, EntryKind, Leg, Owner
from billing_core.money import Cents

PAYER_OWNERS = frozenset({Owner.PAYER_1, Owner.PAYER_2, Owner.PAYER_3})
_MONEY = frozenset({AccountKind.CASH, AccountKind.UNAPPLIED, AccountKind.REFUND})


@dataclass(frozen=True, slots=True)
class Debtor:
    """Who owes a charge: in which role, and which payer or guarantor (its id)."""

    owner: Owner
    party: str


@dataclass(frozen=True, slots=True)
class Standing:
    """One charge as the books have it. `debtor` is None when nothing is open."""

    charge_id: str
    charged: Cents
    insurance_paid: Cents
    patient_paid: Cents
    contractual: Cents
    written_off: Cents
    open: Cents
    debtor: Debtor | None

    @property
    def paid(self) -> Cents:
        """Everything paid on the charge, by whomever."""
        return self.insurance_paid + self.patient_paid

    def owed_by(self, debtor: Debtor) -> Cents:
        """The open balance when this debtor owes it, else nothing."""
        return self.open if self.debtor == debtor else 0


def balances(legs: Iterable[Leg]) -> dict[Debtor, Cents]:
    """What each debtor owes by the receivable legs given; debtors at zero are left out."""
    owed: dict[Debtor, Cents] = {}
    for leg in legs:
        if leg.account.owner is not None:
            debtor = Debtor(leg.account.owner, leg.account.party)
            owed[debtor] = owed.get(debtor, 0) + leg.amount
    return {debtor: amount for debtor, amount in owed.items() if amount}


class Books:
    """The entries about some charges, oldest first, indexed by charge, by reference, and by what reversed them.

    Give it every entry that has a leg on the charges in question; with fewer, the answers are wrong.
    """

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._entries: dict[str, Entry] = {}
        self._by_charge: dict[str, list[tuple[Entry, Leg]]] = {}
        self._by_reference: dict[str, list[Entry]] = {}
        self._undone_by: dict[str, list[Entry]] = {}
        for entry in entries:
            self.add(entry)

    def add(self, entry: Entry) -> None:
        """Take one more entry into the view. The same id twice raises PostingError."""
        if entry.id in self._entries:
            raise PostingError("the entry is in the books already", where=f"entry {entry.kind}", mend="post it once")
        self._entries[entry.id] = entry
        self._by_reference.setdefault(entry.cause.reference, []).append(entry)
        if entry.reverses:
            self._undone_by.setdefault(entry.reverses, []).append(entry)
        for leg in entry.legs:
            if leg.charge_id:
                self._by_charge.setdefault(leg.charge_id, []).append((entry, leg))

    def __contains__(self, charge_id: str) -> bool:
        """Whether any entry speaks of the charge."""
        return charge_id in self._by_charge

    def charges(self) -> tuple[str, ...]:
        """Every charge the entries speak of, in order of first appearance."""
        return tuple(self._by_charge)

    def legs(self, charge_id: str) -> tuple[Leg, ...]:
        """The legs that name the charge, oldest first."""
        return tuple(leg for _, leg in self._by_charge.get(charge_id, ()))

    def entries(self, charge_id: str) -> tuple[Entry, ...]:
        """The entries that touch the charge, oldest first, each once."""
        return tuple({entry.id: entry for entry, _ in self._by_charge.get(charge_id, ())}.values())

    def in_force(self, reference: str) -> tuple[Entry, ...]:
        """The entries made for this reference that nothing has reversed, oldest first; no reversals among them."""
        return tuple(
            entry
            for entry in self._by_reference.get(reference, ())
            if not entry.reverses and not self.is_reversed(entry)
        )

    def is_reversed(self, entry: Entry) -> bool:
        """Whether another entry has undone this one, and was not undone itself."""
        return any(not self.is_reversed(undoing) for undoing in self._undone_by.get(entry.id, ()))

    def _from_patient(self, entry: Entry) -> bool:
        while entry.reverses in self._entries:
            entry = self._entries[entry.reverses]
        return entry.kind in (EntryKind.PATIENT_PAYMENT, EntryKind.UNAPPLIED, EntryKind.REFUND)

    def standing(self, charge_id: str) -> Standing:
        """The charge as the books have it. Two debtors at once break the law of the ledger and raise PostingError."""
        charged = paid = patient = contractual = written_off = 0
        owed: dict[tuple[Owner, str], Cents] = {}
        for entry, leg in self._by_charge.get(charge_id, ()):
            account, amount = leg.account, leg.amount
            kind, owner = account.kind, account.owner
            if owner is not None:
                debtor = (owner, account.party)
                owed[debtor] = owed.get(debtor, 0) + amount
            elif kind is AccountKind.REVENUE:
                charged -= amount
            elif kind is AccountKind.CONTRACTUAL:
                contractual += amount
            elif kind is AccountKind.WRITE_OFF:
                written_off += amount
            elif kind in _MONEY:
                paid += amount
                patient += amount if self._from_patient(entry) else 0
        owing = [(Debtor(*debtor), amount) for debtor, amount in owed.items() if amount]
        if len(owing) > 1:
            raise PostingError("two debtors hold one open balance", where=f"charge {charge_id}", mend="gather it first")
        debtor_now, open_now = owing[0] if owing else (None, 0)
        return Standing(charge_id, charged, paid - patient, patient, contractual, written_off, open_now, debtor_now)

    def credit(self, party: str) -> Cents:
        """What we hold unapplied for a payer or guarantor (positive: their money, our liability)."""
        return -sum(
            leg.amount
            for entry in self._entries.values()
            for leg in entry.legs
            if leg.account.kind is AccountKind.UNAPPLIED and leg.account.party == party
        )

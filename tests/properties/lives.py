"""Random lives of a practice's money, made from a seed: what payers and people do to a few visits, in any order.

An event belongs to one visit and draws its chances from its own number, so that events of different visits may be
lived in another order and must end in the same state. Nothing here is a test; `test_random_lives.py` looks on.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import count

from billing_core.account import Books, Debtor
from billing_core.claim import Claim
from billing_core.identifiers import claim_number, line_control_number
from billing_core.ledger import AccountKind, Cause, Entry, Owner
from billing_core.matching import Matched, match, match_lines, next_debtor
from billing_core.posting import (
    apply_credit,
    assign,
    move,
    post_charge,
    post_patient_payment,
    post_remittance,
    refund,
    remittance_key,
    undo,
    write_off,
)
from billing_core.registration import Coverage
from billing_core.remittance import ClaimPayment, ProviderAdjustment, Remittance
from billing_core.state_digest import NamedBalance, state_digest
from serving.store.chain import GENESIS, link_hash
from tests.billing_core import specimens
from tests.billing_core.money_specimens import (
    DAY,
    PAYER_1,
    SECOND_COVERAGE,
    SECOND_PAYER,
    answer,
    charges,
    remittance,
    taken_back,
)

AMOUNTS = (10000, 5001, 1)
CODES = ("CO-45", "CO-253", "PR-1", "PR-2", "PR-3", "PR-96", "CO-197", "CO-151", "OA-23", "CO-B13", "OA-133", "CO-16")
KINDS = (
    ("answer", 6),
    ("secondary", 3),
    ("duplicate", 2),
    ("take back", 3),
    ("unmatched", 1),
    ("assign", 1),
    ("undo", 1),
    ("patient pays", 3),
    ("credit", 1),
    ("refund", 1),
    ("write off", 1),
    ("move", 1),
)
Event = tuple[int, int, str]  # its number, its visit, what happens


@dataclass
class Visit:
    """One visit of three lines: a first claim, its correction and a secondary one, and what was done to them."""

    claims: tuple[Claim, Claim, Claim]
    coverages: tuple[Coverage, ...]
    given: list[tuple[int, ClaimPayment]] = field(default_factory=list)
    files: list[Remittance] = field(default_factory=list)
    strangers: list[tuple[ClaimPayment, tuple[Entry, ...]]] = field(default_factory=list)
    assigned: list[tuple[ClaimPayment, tuple[Entry, ...], tuple[Entry, ...]]] = field(default_factory=list)

    @property
    def guarantor(self) -> str:
        return self.claims[0].patient.guarantor_id

    @property
    def charge_ids(self) -> list[str]:
        return [line.charge_id for line in self.claims[0].lines]


def _visit(number: int) -> Visit:
    patient = replace(specimens.PATIENT, id=f"patient-{number}", guarantor_id=f"guarantor-{number}")

    def made(serial: int, **more: object) -> Claim:
        own = claim_number("ELMF", number * 10 + serial)
        lines = tuple(
            specimens.line(n, code, amount, charge_id=f"v{number}-{n}", control=line_control_number(own, n))
            for n, (code, amount) in enumerate(zip(("99213", "36415", "80053"), AMOUNTS, strict=True), start=1)
        )
        return specimens.claim(*lines, number=own, id=f"claim-{number}-{serial}", patient=patient, **more)

    second = made(3, rank=2, payer=SECOND_PAYER, coverage=SECOND_COVERAGE)
    return Visit((made(1), made(2), second), (specimens.COVERAGE, SECOND_COVERAGE))


class Life:
    """The books of a practice with some visits; every event leaves entries, which are only added to."""

    def __init__(self, visits: int) -> None:
        numbers = count(1)
        self.new_id: Callable[[], str] = lambda: f"entry-{next(numbers):06d}"
        self.visits = [_visit(number) for number in range(visits)]
        self.entries: list[Entry] = []
        self.of_visit: list[list[Entry]] = [[] for _ in range(visits)]
        self.known: dict[str, str] = {}
        for number, visit in enumerate(self.visits):
            cause = Cause("person coder", f"visit {number}")
            self.post(number, [post_charge(c, PAYER_1, self.new_id(), DAY, cause) for c in charges(visit.claims[0])])

    def post(self, number: int, entries: Iterable[Entry | None]) -> None:
        """Add entries about a visit."""
        for entry in entries:
            if entry is not None:
                self.entries.append(entry)
                self.of_visit[number].append(entry)

    def live(self, event: Event) -> None:
        """One event."""
        place, number, what = event
        chance = random.Random(f"{place}|{what}|{number}")
        do: Callable[[int, int, random.Random], None] = getattr(self, f"_{what.replace(' ', '_')}")
        do(place, number, chance)

    # --- payers ---

    def receive(self, number: int, file: Remittance, payer: str = "payer") -> tuple[Entry, ...]:
        """A file, matched and posted; its cash is BPR02 or it changed nothing."""
        visit = self.visits[number]
        ours = {claim.number: claim for claim in visit.claims}
        matches = [match(p, ours, lambda _: visit.coverages) for p in file.claims]
        posted = post_remittance(
            file, matches, self.of_visit[number], self.new_id, f"file {file.trace}", DAY, payer, self.known
        )
        cash = sum(leg.amount for e in posted.entries for leg in e.legs if leg.account.kind is AccountKind.CASH)
        assert not posted.held and cash == (0 if posted.repeated else file.amount)
        self.post(number, posted.entries)
        self.known |= dict([remittance_key(file)])
        return posted.entries

    def _said(self, claim: Claim, chance: random.Random) -> ClaimPayment:
        lines = []
        for line in claim.lines:
            left, given = line.amount, []
            for code in chance.sample(CODES, chance.randrange(4)):
                amount = left * chance.choice((0, 10, 20, 50, 100)) // 100
                left -= amount
                given.append(f"{code} {amount / 100:.2f}")
            lines.append(tuple(given))
        payment = answer(claim, *lines, payer_reference=f"ICN{claim.number}")
        if chance.random() < 0.2:
            every = tuple(a for s in payment.services for a in s.adjustments)
            return replace(payment, services=(), adjustments=every)
        return payment

    def _file(self, place: int, number: int, chance: random.Random, *payments: ClaimPayment) -> None:
        paid = sum(p.paid for p in payments)
        plb: list[ProviderAdjustment] = []
        if paid < 0:
            plb.append(ProviderAdjustment(chance.choice(("FB", "WO")), payments[0].payer_reference, paid))
        elif paid > 500 and chance.random() < 0.2:
            reason, amount = chance.choice((("L6", -123), ("WO", 500), ("FB", 250), ("72", 100), ("CS", 50)))
            plb.append(ProviderAdjustment(reason, "REFERENCE", amount))
        amount = paid - sum(a.amount for a in plb)
        file = remittance(*payments, trace=f"T{place}", amount=amount, provider_adjustments=tuple(plb))
        self.receive(number, file)
        self.visits[number].files.append(file)

    def _answer(self, place: int, number: int, chance: random.Random) -> None:
        which = chance.randrange(2)
        payment = self._said(self.visits[number].claims[which], chance)
        self._file(place, number, chance, payment)
        self.visits[number].given.append((which, payment))

    def _secondary(self, place: int, number: int, chance: random.Random) -> None:
        payment = replace(self._said(self.visits[number].claims[2], chance), status="2")
        self._file(place, number, chance, payment)
        self.visits[number].given.append((2, payment))

    def _duplicate(self, place: int, number: int, chance: random.Random) -> None:
        if files := self.visits[number].files:
            assert self.receive(number, chance.choice(files)) == ()

    def _take_back(self, place: int, number: int, chance: random.Random) -> None:
        visit = self.visits[number]
        if visit.given:
            which, payment = visit.given.pop(chance.randrange(len(visit.given)))
            payments = [taken_back(payment)]
            if chance.random() < 0.5:
                payments.append(self._said(visit.claims[which], chance))
                visit.given.append((which, payments[1]))
            self._file(place, number, chance, *payments)

    def _unmatched(self, place: int, number: int, chance: random.Random) -> None:
        payment = replace(self._said(self.visits[number].claims[0], chance), number=f"OLD-{place}")
        file = remittance(payment, trace=f"T{place}")
        self.visits[number].strangers.append((payment, self.receive(number, file)))

    def _assign(self, place: int, number: int, chance: random.Random) -> None:
        visit = self.visits[number]
        if visit.strangers:
            payment, held = visit.strangers.pop()
            claim = visit.claims[0]
            matched = Matched(
                claim, match_lines(payment, claim), next_debtor(claim, visit.coverages), claim.patient.guarantor_id
            )
            books = Books(self.of_visit[number])
            done = assign(payment, matched, books, held, self.new_id, f"assigned {place}", DAY, "ben").entries
            self.post(number, done)
            visit.assigned.append((payment, held, done))

    def _undo(self, place: int, number: int, chance: random.Random) -> None:
        visit = self.visits[number]
        if visit.assigned and self.of_visit[number][-1:] == list(visit.assigned[-1][2][-1:]):
            payment, held, done = visit.assigned.pop()
            before = self.balances(number)
            undone = undo(done, Books(self.of_visit[number]), self.new_id, DAY, Cause("person ben", "x"))
            self.post(number, undone)
            freed = {e.id for e in done if e.reverses in {h.id for h in held}}
            visit.strangers.append((payment, tuple(e for e in undone if e.reverses in freed)))
            assert before != self.balances(number) or not done or not payment.paid

    # --- people ---

    def _patient_pays(self, place: int, number: int, chance: random.Random) -> None:
        visit, books = self.visits[number], Books(self.of_visit[number])
        standings = [books.standing(charge) for charge in visit.charge_ids]
        amount, cause = chance.randrange(1, 9000), Cause("desk", f"payment {place}")
        self.post(number, [post_patient_payment(amount, visit.guarantor, standings, self.new_id(), DAY, cause)])

    def _credit(self, place: int, number: int, chance: random.Random) -> None:
        visit, books = self.visits[number], Books(self.of_visit[number])
        standings = [books.standing(charge) for charge in visit.charge_ids]
        credit, cause = books.credit(visit.guarantor), Cause("desk", f"credit {place}")
        self.post(number, [apply_credit(credit, visit.guarantor, standings, self.new_id(), DAY, cause)])

    def _refund(self, place: int, number: int, chance: random.Random) -> None:
        visit = self.visits[number]
        credit = Books(self.of_visit[number]).credit(visit.guarantor)
        if credit > 0:
            amount, cause = chance.randint(1, credit), Cause("desk", f"refund {place}")
            self.post(number, [refund(amount, visit.guarantor, credit, self.new_id(), DAY, cause)])

    def _write_off(self, place: int, number: int, chance: random.Random) -> None:
        standing = Books(self.of_visit[number]).standing(chance.choice(self.visits[number].charge_ids))
        if standing.open > 0:
            amount = chance.randint(1, standing.open)
            self.post(number, [write_off(standing, amount, "small balance", "ann", "mia", self.new_id(), DAY)])

    def _move(self, place: int, number: int, chance: random.Random) -> None:
        visit = self.visits[number]
        standing = Books(self.of_visit[number]).standing(chance.choice(visit.charge_ids))
        owner = chance.choice((Owner.GUARANTOR, Owner.COLLECTIONS, Owner.PAYER_1))
        to = Debtor(owner, "payer" if owner is Owner.PAYER_1 else visit.guarantor)
        if standing.open > 0 and standing.debtor != to:
            self.post(number, [move(standing, to, self.new_id(), DAY, Cause("person ben", standing.charge_id))])

    # --- what must hold ---

    def balances(self, number: int) -> list[NamedBalance]:
        """Where the money of one visit stands."""
        return [
            NamedBalance(leg.charge_id, leg.account.kind, leg.account.owner, leg.account.party, leg.amount)
            for entry in self.of_visit[number]
            for leg in entry.legs
        ]

    def digest(self) -> str:
        """The state of the books."""
        return state_digest(b for number in range(len(self.visits)) for b in self.balances(number))

    def chain(self) -> str:
        """The hash of the last link, each link an entry."""
        previous = GENESIS
        for e in self.entries:
            legs = [[x.account.kind, x.account.owner, x.account.party, x.charge_id, x.amount] for x in e.legs]
            said = [e.id, e.kind, e.effective.isoformat(), e.cause.source, e.cause.reference, e.cause.reason, legs]
            previous = link_hash(previous, said)
        return previous

    def check(self, number: int) -> None:
        """The laws, for one visit."""
        books = Books(self.of_visit[number])
        for entry in self.of_visit[number]:
            sums: dict[str, int] = {}
            for leg in entry.legs:
                sums[leg.charge_id] = sums.get(leg.charge_id, 0) + leg.amount
            assert not any(sums.values()), "an entry balances, and for each charge by itself"
        for charge, amount in zip(self.visits[number].charge_ids, AMOUNTS, strict=True):
            s = books.standing(charge)  # raises when two debtors hold one balance
            assert s.charged == amount == s.paid + s.contractual + s.written_off + s.open
            assert s.open >= 0, "a credit is unapplied, never a negative balance"


def events(seed: int, visits: int, many: int) -> list[Event]:
    """The events of a life."""
    chance = random.Random(seed)
    names, weights = zip(*KINDS, strict=True)
    kinds = chance.choices(names, weights, k=many)
    return [(seed * 1000 + n, chance.randrange(visits), kind) for n, kind in enumerate(kinds)]


def another_order(happened: Sequence[Event], seed: int) -> list[Event]:
    """The same events, each visit's in its own order, the visits mixed otherwise."""
    chance = random.Random(seed)
    waiting: dict[int, list[Event]] = {}
    for event in happened:
        waiting.setdefault(event[1], []).append(event)
    mixed = []
    while waiting:
        visit = chance.choice(sorted(waiting))
        mixed.append(waiting[visit].pop(0))
        if not waiting[visit]:
            del waiting[visit]
    return mixed

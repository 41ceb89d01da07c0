"""The claims office: mail in, answers out, day by day. What it decides depends on the mail, never on its order.

Files are received on the day their envelope says (never after `today`, never before the last run). Each day the
answers due are paid first, then the day's files are acknowledged, then the day's claims decided in the order of their
numbers. An answer is decided when its claim is admitted and kept in the docket until its pay day.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from itertools import groupby

from billing_core.accumulator import Accumulators
from billing_core.acknowledgment import ClaimAcknowledgment, InterchangeAcknowledgment
from billing_core.adjudication import Decision, take_back
from billing_core.claim import Claim, Frequency
from billing_core.codesets.tables import Tables
from billing_core.contract import Remedy
from billing_core.refusal import PayerFacts, Refusal, line_key
from billing_core.registration import Coverage, Payer
from billing_core.remittance import ClaimPayment, Group, ProviderAdjustment
from billing_core.x12 import acknowledgment_277ca, acknowledgment_999, acknowledgment_ta1, remittance_835
from billing_core.x12.envelope import Envelope
from training.simulated_payer.admission import ACCEPTED, admit
from training.simulated_payer.chance import happens, one_of, whole_between
from training.simulated_payer.docket import Docket, Due, Entry, Past, Payee, Standing
from training.simulated_payer.examiner import UNPROCESSABLE, Case, Examination, corrected, examine, refused_lines
from training.simulated_payer.front_door import Letter, open_letter, read_verdicts
from training.simulated_payer.habits import Circumstances, Service, WorldError
from training.simulated_payer.known import Known, Office
from training.simulated_payer.pay_day import WITHHELD, pay_day, remittance, with_interest

_MORNING = time(6, 0)
_REVERSAL, _ANSWER, _CORRECTION, _RECOVERY = range(4)  # the order of steps on one pay day
_LOWER_PRICE = Decimal("0.75")
# Why a payer takes back a payment it should not have made; None: the price was too high.
_TAKEBACKS: tuple[tuple[Refusal | None, int], ...] = (
    (None, 5),
    (Refusal(Group.PATIENT, "27"), 2),
    (Refusal(Group.CONTRACTUAL, "22", ("MA04",)), 2),
    (Refusal(Group.CONTRACTUAL, "50"), 1),
)


@dataclass(slots=True)
class ClaimsOffice:
    """All payers of one world at work on one docket. `answers` are this run's files, by name."""

    known: Known
    tables: Tables
    docket: Docket
    answers: dict[str, bytes] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)  # payer|claim number, of every claim ever admitted

    def run(self, mail: Iterable[bytes], today: date) -> dict[str, bytes]:
        """Take in the mail not read before and give every answer due up to `today`.

        Raises WorldError when `today` is before the last run: answers already given cannot be unsaid.
        """
        last = self.docket.last_day
        if last is not None and today < last:
            raise WorldError("today is before the last run", where=last.isoformat(), mend="give a later --today")
        self.taken |= self.docket.entries.keys()
        for day, letters in _by_day(self._new(mail), last, today):
            self._pay_until(day)
            admitted = [one for letter in letters for one in self._greet(letter, day)]
            for claim, office, mailbox in sorted(admitted, key=lambda one: (one[1].payer.number, one[0].number)):
                self._decide(claim, office, mailbox, day)
        self._pay_until(today)
        self.docket.last_day = today
        return self.answers

    def _new(self, mail: Iterable[bytes]) -> list[Letter]:
        """The letters not read before, in the order of their fingerprints."""
        fresh = {hashlib.sha256(data).hexdigest(): data for data in mail}
        letters = []
        for digest in sorted(fresh):
            if digest not in self.docket.files:
                if (verdicts := read_verdicts(fresh[digest])) is not None:
                    self.docket.files[digest] = ""
                    self.docket.heard |= verdicts
                    continue
                letter = open_letter(fresh[digest])
                self.docket.files[digest] = f"{letter.control:09d}"
                letters.append(letter)
        return letters

    # --- acknowledging -----------------------------------------------------------------------------------------

    def _greet(self, letter: Letter, day: date) -> list[tuple[Claim, Office, str]]:
        """TA1 or 999s for the letter, a 277CA for each payer and billing provider in it; the claims admitted."""
        if letter.refused:
            refusal = InterchangeAcknowledgment(letter.control, letter.on or day, "R", letter.refused)
            self._send(letter.receiver, letter.sender, day, "ta1", lambda e: acknowledgment_ta1.write([refusal], e))
            return []
        payers = sorted({claim.payer.number for claim in letter.claims})
        speaker = payers[0] if len(payers) == 1 else letter.receiver
        for group in letter.groups:
            self._send(speaker, letter.sender, day, "999", partial(acknowledgment_999.write, group))
        admitted: list[tuple[Claim, Office, str]] = []
        claims = sorted(letter.claims, key=lambda c: (c.payer.number, c.practice.npi, c.number))
        for (_, _), some in groupby(claims, key=lambda c: (c.payer.number, c.practice.npi)):
            admitted += self._acknowledge(list(some), letter, day)
        return admitted

    def _acknowledge(self, claims: Sequence[Claim], letter: Letter, day: date) -> list[tuple[Claim, Office, str]]:
        """One 277CA; the claims it accepts."""
        number = claims[0].payer.number
        office = self.known.offices.get(number)
        admitted: list[tuple[Claim, Office, str]] = []
        rows: list[ClaimAcknowledgment] = []
        start = f"{number}|"
        references = {r.removeprefix(start) for r in self.docket.references if r.startswith(start)}
        for claim in claims:
            answer = admit(claim, office, self.known, self.tables, day, self.taken, references)
            if office is not None and answer is ACCEPTED:
                self.taken.add(f"{number}|{claim.number}")
                admitted.append((claim, office, letter.sender))
            rows.append(
                ClaimAcknowledgment(
                    number=claim.number,
                    category=answer.category,
                    status=answer.status,
                    entity=answer.entity,
                    on=day,
                    amount=claim.total,
                    message=answer.message,
                    payer_reference=self._reference(claim) if answer is ACCEPTED else "",
                    patient_last=claim.patient.name.last,
                    patient_first=claim.patient.name.first,
                    member_id=claim.coverage.member_id,
                    service_date=claim.service_date,
                )
            )
        payer, practice = (office.payer if office else claims[0].payer), claims[0].practice
        self._send(
            number,
            letter.sender,
            day,
            "277ca",
            lambda e: acknowledgment_277ca.write(
                rows, payer, e, practice.name, practice.npi, batch=f"{letter.control:09d}"
            ),
        )
        return admitted

    def _send(self, payer: str, mailbox: str, day: date, kind: str, write: Callable[[Envelope], bytes]) -> None:
        """Write one answer under the next name of its day and payer."""
        sender = re.sub(r"[^A-Za-z0-9]", "", payer)[:15].upper().ljust(2, "X")
        control = self.docket.next(f"control|{sender}")
        envelope = Envelope(sender, mailbox, control, datetime.combine(day, _MORNING))
        serial = self.docket.next(f"file|{day:%Y%m%d}|{sender}")
        self.answers[f"{day:%Y%m%d}_{sender}_{serial:03d}.{kind}"] = write(envelope)

    # --- deciding ----------------------------------------------------------------------------------------------

    def _reference(self, claim: Claim) -> str:
        """The payer's own number of the claim (CLP07, REF*1K): made from the claim's, so it never depends on order."""
        text = f"{self.known.seed}|{claim.payer.number}|{claim.number}|reference"
        return f"{claim.payer.number[:3].upper()}{hashlib.sha256(text.encode()).hexdigest()[:12].upper()}"

    def _decide(self, claim: Claim, office: Office, mailbox: str, day: date) -> None:
        """Adjudicate an admitted claim and lay its answer, and a later take-back, in the docket."""
        payer, habits = office.payer.number, office.habits
        coverage = self.known.coverage(office.payer, claim)
        assert coverage is not None  # admission turned the others away
        days = whole_between(self.known.seed, claim.number, "days", *habits.days_to_pay)
        pended = happens(self.known.seed, claim.number, "pend", habits.pend_rate)
        if pended:
            days += whole_between(self.known.seed, claim.number, "pend-days", *habits.pend_days)
        pay_on = pay_day(habits, day + timedelta(days=days))
        payee = Payee(claim.practice.npi, claim.practice.tin, claim.practice.name, mailbox)
        original = None
        if claim.frequency is not Frequency.ORIGINAL:
            original = self._undo(f"{payer}|{claim.payer_reference}", payee, pay_on)
        member = f"{payer}|{coverage.patient_id}"
        entry = Entry(
            payer=payer,
            number=claim.number,
            reference=self._reference(claim),
            member=member,
            accumulators=f"{coverage.id}|{claim.service_date.year}",
            received_on=day,
            pay_on=pay_on,
            standing=Standing.PENDED if pended else Standing.DECIDED,
            probability="",
            denied=False,
            cause="",
        )
        if claim.frequency is Frequency.VOID:
            self.docket.entries[f"{payer}|{claim.number}"] = replace(entry, standing=Standing.VOID)
            return
        self.docket.references[f"{payer}|{entry.reference}"] = claim.number
        case = self._case(claim, office, coverage, day, entry, original)
        exam = examine(case)
        payment = with_interest(exam.payment, habits, day, pay_on)
        self.docket.promise(Due(payer, pay_on, claim.number, _ANSWER, payee, payment))
        final = self._schedule_takeback(case, exam, payment, payee, pay_on)
        self._remember(claim, office.payer, entry, exam, final)

    def _case(
        self, claim: Claim, office: Office, coverage: Coverage, day: date, entry: Entry, original: Entry | None
    ) -> Case:
        """Everything the payer looks at for this claim."""
        payer, on = office.payer, claim.service_date
        keys = {line_key(claim, line) for line in claim.lines}
        seen = {key: self.docket.seen.get(f"{payer.number}|{'|'.join(key)}", "") for key in keys}
        provider = self.known.providers.get(claim.rendering.npi)
        outside = provider is not None and not provider.enrolled_with(payer.id, on)
        authorizations = self.known.authorizations.get((payer.id, coverage.patient_id), ())
        elsewhere = coverage.active(on) and self.known.primary_elsewhere(coverage, on)
        return Case(
            seed=self.known.seed,
            habits=office.habits,
            tables=self.tables,
            about=Circumstances(
                claim=claim,
                received_on=day,
                contract=self.known.contract(payer, on),
                authorizations=authorizations,
                earlier=self.docket.past.get(entry.member, Past()).services,
                primary_elsewhere=elsewhere,
            ),
            coverage=coverage,
            accumulators=self.docket.accumulators.get(entry.accumulators, Accumulators(coverage.id, on.year)),
            facts=PayerFacts(
                authorizations=authorizations,
                seen={key: reference for key, reference in seen.items() if reference},
                not_enrolled=frozenset({claim.rendering.npi} if outside else ()),
                corrected_from=original.issued_on if original else None,
                other_payer_first=elsewhere,
                reference=entry.reference,
            ),
        )

    def _remember(self, claim: Claim, payer: Payer, entry: Entry, exam: Examination, final: Decision) -> None:
        """Count the claim in the member's accumulators and history, and keep the truth for the oracle."""
        self.docket.accumulators[entry.accumulators] = final.accumulators
        refused = refused_lines(final.payment)
        contract = self.known.contract(payer, claim.service_date)
        anew = contract is not None and contract.corrected_by is Remedy.NEW_CLAIM
        again = anew or UNPROCESSABLE in final.payment.remarks  # a refused line may then come in a new claim
        services = list(self.docket.past.get(entry.member, Past()).services)
        for position, line in enumerate(claim.lines, start=1):
            if position not in refused or not again:
                key = "|".join(line_key(claim, line))
                self.docket.seen.setdefault(f"{entry.payer}|{key}", entry.reference)
            if position not in refused:
                services.append(Service(claim.number, line.service_date, line.procedure))
        self.docket.past[entry.member] = Past(tuple(services))
        self.docket.entries[f"{entry.payer}|{claim.number}"] = replace(
            entry,
            probability=f"{float(exam.probability):.9f}",
            denied=exam.denied,
            cause=exam.cause,
            counted=final.payment,
        )

    # --- taking back -------------------------------------------------------------------------------------------

    def _schedule_takeback(
        self, case: Case, exam: Examination, payment: ClaimPayment, payee: Payee, pay_on: date
    ) -> Decision:
        """Lay reversal and correction in the docket when this payment is one to be taken back; the final decision.

        Half of them correct in a later 835. The other half correct at once and recover the difference later, so the
        first 835 gives it back (PLB WO negative) and the later one withholds it (PLB WO positive).
        """
        claim, habits, seed = case.about.claim, case.habits, case.seed
        as_paid = Decision(payment, exam.accumulators, ())
        if payment.paid <= 0 or not happens(seed, claim.number, "takeback", habits.takeback_rate):
            return as_paid
        refusal = _TAKEBACKS[one_of(seed, claim.number, "takeback-reason", [w for _, w in _TAKEBACKS])][0]
        second = corrected(case, exam, _LOWER_PRICE, refusal)
        reversal = take_back(payment)
        back_on = pay_on + timedelta(weeks=whole_between(seed, claim.number, "takeback-weeks", 3, 12))
        later = back_on + timedelta(weeks=whole_between(seed, claim.number, "correction-weeks", 1, 3))
        payer = claim.payer.number
        owed = -(reversal.paid + second.payment.paid) - reversal.interest
        at_once = one_of(seed, claim.number, "takeback-manner", (1, 1)) == 0 and owed > 0
        withheld = ProviderAdjustment(WITHHELD, payment.payer_reference, owed)
        given = (replace(withheld, amount=-owed),) if at_once else ()
        corrected_on = back_on if at_once else later
        self.docket.promise(Due(payer, back_on, claim.number, _REVERSAL, payee, reversal))
        self.docket.promise(Due(payer, corrected_on, claim.number, _CORRECTION, payee, second.payment, given))
        if at_once:
            self.docket.promise(Due(payer, later, claim.number, _RECOVERY, payee, None, (withheld,)))
        return second

    def _undo(self, reference: str, payee: Payee, pay_on: date) -> Entry | None:
        """Take the claim a replacement or void names out of the books; what was issued is reversed on `pay_on`."""
        payer, _, _ = reference.partition("|")
        number = self.docket.references.get(reference)
        if number is None:
            return None  # another claim of this very day has replaced it
        original = self.docket.entries[f"{payer}|{number}"]
        waiting = self.docket.due_of(payer, number)
        # What was given back in an 835 that is out must still be recovered; all else that waits is overtaken.
        given = not any(self.docket.due[key].step == _CORRECTION for key in waiting)
        for key in waiting:
            if not (given and self.docket.due[key].step == _RECOVERY):
                self.docket.due.take(key)
        if original.issued is not None:
            reversal = take_back(original.issued)
            self.docket.promise(Due(payer, pay_on, original.number, _REVERSAL, payee, reversal))
        if original.counted is not None:
            used = self.docket.accumulators[original.accumulators]
            self.docket.accumulators[original.accumulators] = used.after(take_back(original.counted))
            kept = [s for s in self.docket.past[original.member].services if s.claim != number]
            self.docket.past[original.member] = Past(tuple(kept))
        self.docket.entries[f"{payer}|{number}"] = replace(original, standing=Standing.REPLACED, counted=None)
        del self.docket.references[reference]
        self.docket.seen = {k: v for k, v in self.docket.seen.items() if v != original.reference}
        return original

    # --- paying ------------------------------------------------------------------------------------------------

    def _pay_until(self, day: date) -> None:
        """Issue every 835 due up to that day, oldest first."""
        ready = sorted(
            self.docket.due_until(day),
            key=lambda d: (d.pay_on, d.payer, d.payee.mailbox, d.payee.npi, d.number, d.step),
        )
        for (pay_on, payer, mailbox), some in groupby(ready, key=lambda d: (d.pay_on, d.payer, d.payee.mailbox)):
            office = self.known.offices[payer]
            made = []
            for npi, due in groupby(some, key=lambda d: d.payee.npi):
                mine = list(due)
                owing = self.docket.forward.get(f"{payer}|{npi}", 0)
                one, left = remittance(office.payer, mine[0].payee, pay_on, mine, owing)
                self.docket.forward[f"{payer}|{npi}"] = left
                made.append(one)
                for answer in mine:
                    self._issued(answer)
            self._send(payer, mailbox, pay_on, "835", partial(remittance_835.write, tuple(made)))

    def _issued(self, due: Due) -> None:
        """Note in the docket what has gone out."""
        if due.payment is None:
            return
        key = f"{due.payer}|{due.number}"
        entry = self.docket.entries[key]
        if due.payment.is_reversal:
            standing = Standing.REPLACED if entry.standing is Standing.REPLACED else Standing.REVERSED
            entry = replace(entry, issued=None, standing=standing)
        else:
            entry = replace(entry, issued=due.payment, issued_on=due.pay_on, standing=Standing.ANSWERED)
        self.docket.entries[key] = entry


def _by_day(letters: Sequence[Letter], last: date | None, today: date) -> list[tuple[date, list[Letter]]]:
    """The letters by day of receipt: the envelope's day, but not after today and not before the last run."""
    days: dict[date, list[Letter]] = {}
    for letter in letters:
        day = max(min(letter.on or today, today), last or date.min)
        days.setdefault(day, []).append(letter)
    return sorted(days.items())

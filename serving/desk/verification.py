"""Insurance verification: whether each coverage that pays a visit or an unsent claim is active (270), and the answer
(271).

The payer's word decides whom a claim is made for, and an edit holds the claim whose coverage the payer has called
inactive on the day. An answer finds its question by our trace (TRN02), else its coverage by member id, name and birth
date. One that finds none, or names somebody else, waits for a person; so does a question that the payer refuses (AAA)
or leaves without an answer. Nobody is asked twice for the same, but where AAA04 invites it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from billing_core.claim import ClaimState
from billing_core.eligibility import (
    PayerAnswer,
    Standing,
    answer_of,
    check_coverage,
    contradicts,
    day_of,
    identifies,
    inquiry,
    last_refusal,
    last_word,
    letters,
    told,
)
from billing_core.errors import X12Error
from billing_core.inquiry import BenefitAnswer, BenefitInquiry
from billing_core.record import digest, to_plain
from billing_core.registration import Coverage, Patient, Payer
from billing_core.rule import blocking
from billing_core.x12 import eligibility_270, eligibility_271
from billing_core.x12.check import check
from billing_core.x12.envelope import Envelope
from serving.desk.billing import scrub_one, sender_id
from serving.desk.case import Desk, use_case
from serving.desk.coding import full_name
from serving.desk.settled import by_word
from serving.desk.verified import answers, last_asked
from serving.errors import InputError
from serving.schemas.billing import FileView
from serving.schemas.eligibility import AskedView, CoverageItem
from serving.schemas.money import ReasonIn
from serving.store.events import Happened
from serving.store.queues import StoredWork
from serving.store.states import Direction, EncounterStatus
from serving.store.verifications import StoredVerification

if TYPE_CHECKING:
    from serving.store.books import Books

QUEUE = "eligibility answer"
ANSWER_DAYS = 3  # CAQH CORE 150: a batch is answered by the next business day; a weekend may lie between
ASK_AGAIN = {"R": 1, "P": 1, "X": 10, "W": 30}  # AAA04 -> days after which the same may be asked again
MEND = "correct member id, name or birth date as the payer has them; `verify` looks again. Else say what became of it"
_UNBILLED = (EncounterStatus.OPEN, EncounterStatus.CODED, EncounterStatus.SIGNED)
_UNSENT = (ClaimState.HELD, ClaimState.READY)
_NO_NAME = re.compile(r"[^A-Za-z0-9]")  # what a payer's number may hold and a file's name may not
INTERCHANGE, SET = 9, 4  # digits of ours in BHT03 and at the beginning of a trace
_REFERENCE = re.compile(r"\d{13}", re.ASCII)  # BHT03 of ours: the interchange and the set


@dataclass(frozen=True, slots=True)
class _Due:
    """A coverage on a day, and the visit or claim that it pays."""

    kind: str
    id: str
    coverage: Coverage
    patient: Patient
    on: date

    @property
    def asked(self) -> str:
        """The digest of who is asked about, and which payer: once that is corrected, it may be asked anew."""
        who, own, holder = self.patient, self.coverage, self.coverage.subscriber
        names = [own.payer_id, to_plain(who.name), to_plain(holder.name), own.member_id, own.relationship]
        return digest([*names, who.birth_date.isoformat(), holder.birth_date.isoformat()])


def _due(books: Books) -> list[_Due]:
    """Each coverage on each day once: those of the unsent claims, then those in force on the day of a visit."""
    found: dict[tuple[str, date], _Due] = {}
    for standing in books.claims(_UNSENT):
        claim = standing.claim
        for on in sorted({line.service_date for line in claim.lines}):
            found.setdefault((claim.coverage.id, on), _Due("claim", claim.id, claim.coverage, claim.patient, on))
    visits = [visit.encounter for status in _UNBILLED for visit in books.encounters(status)]
    patients = books.patients_by_id(visit.patient_id for visit in visits)
    coverages = books.coverages_of(patients)
    for visit in visits:
        on, patient = visit.service_date, patients[visit.patient_id]
        for coverage in coverages.get(patient.id, ()):
            if coverage.active(on):
                found.setdefault((coverage.id, on), _Due("visit", visit.id, coverage, patient, on))
    return list(found.values())


def _known(books: Books, due: Iterable[_Due]) -> dict[str, list[StoredVerification]]:
    found: dict[str, list[StoredVerification]] = defaultdict(list)
    for one in books.verifications(each.coverage.id for each in due):
        found[one.coverage_id].append(one)
    return found


# --- asking -----------------------------------------------------------------------------------------------------------


@use_case("eligibility.ask")
def ask(desk: Desk, books: Books, again: bool = False) -> AskedView:
    """Write a 270 to each payer about what it has not answered; `again`: also about what it called inactive. Answers
    that had found no coverage are looked at again first.
    """
    today = desk.today(books)
    _look_again(desk, books)
    due = _due(books)
    known, wanted = _known(books, due), defaultdict[str, list[_Due]](list)
    for one in due:
        if _is_to_ask(one, known[one.coverage.id], today, again):
            wanted[one.coverage.payer_id].append(one)
    files: list[FileView] = []
    held: list[str] = []
    questions = 0
    for payer_id, some in sorted(wanted.items()):
        asked = _write(desk, books, books.payer(payer_id), some, held)
        if asked is not None:
            files.append(asked[0])
            questions += asked[1]
    return AskedView(files=files, questions=questions, held=held)


def _is_to_ask(one: _Due, known: Sequence[StoredVerification], today: date, again: bool) -> bool:
    said = answers(known)
    word, last = last_word(said, one.coverage.id, one.on), last_asked(known, one.on)
    anew = last is not None and last.asked != one.asked
    if word is not None:
        return not word.active and (again or anew)
    if last is None or anew:
        return True
    refused = last_refusal(said, one.coverage.id, one.on)
    if last.answer is None or refused is None:
        return last.asked_on is not None and today >= last.asked_on + timedelta(ANSWER_DAYS)
    days = ASK_AGAIN.get(refused.follow_up)
    return days is not None and today >= refused.answered_on + timedelta(days)


def _write(
    desk: Desk, books: Books, payer: Payer, wanted: Sequence[_Due], held: list[str]
) -> tuple[FileView, int] | None:
    """One 270 to the payer, kept as a file of ours with its questions; None where nothing could be asked."""
    practice, today, now = books.practice(), desk.today(books), desk.clock.now()
    control = books.next_control("interchange")
    envelope = Envelope(sender_id(books), payer.number, control, now.replace(tzinfo=None))
    asked: list[tuple[_Due, BenefitInquiry]] = []
    for one in wanted:
        number, place = divmod(len(asked), eligibility_270.INQUIRIES_MAX)
        reference = f"{control:09d}{number + 1:04d}"
        trace = f"{practice.mark}{reference}{place + 1:02d}"
        made = inquiry(one.coverage, one.patient, payer, practice, one.on, reference, trace)
        if wrong := _unfit(made, envelope):
            held.append(f"{one.kind} {one.id}: its coverage cannot be asked about: {wrong}")
        else:
            asked.append((one, made))
    if not asked:
        return None
    data = eligibility_270.write([made for _, made in asked], envelope)
    name = f"{today:%Y%m%d}_{_NO_NAME.sub('', payer.number)}_{control:09d}.270"
    words = f"{len(asked)} questions"
    file_id, _ = books.add_file(Direction.OUTBOUND, "270", name, data, str(control), outcome=words)
    books.save_verifications(
        StoredVerification(books.new_id(), one.coverage.id, one.on, made.trace, today, one.asked) for one, made in asked
    )
    books.log(desk.actor, "eligibility.ask", file_id, reason=f"{name}: {words}")
    view = FileView(id=file_id, direction="out", kind="270", name=name, at=now.isoformat(), outcome=words)
    return view, len(asked)


def _unfit(made: BenefitInquiry, envelope: Envelope) -> str:
    """Why the question cannot be sent; one that cannot keeps no other back."""
    try:
        wrong = blocking(check(eligibility_270.write([made], envelope)).findings)
    except X12Error as error:
        return f"{error.message}: {error.mend}"
    return f"{wrong[0].message}: {wrong[0].mend}" if wrong else ""


# --- hearing ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Heard:
    """How many answers a 271 holds, and of each that finds no coverage of ours its place and why."""

    answers: int
    lost: list[str]


def hear(desk: Desk, books: Books, file_id: str, data: bytes) -> Heard:
    """Take in what a 271 says.

    InputError, with the books as before, for a file whose answers were all given to another practice.
    """
    today = desk.today(books)
    said = [_given_by(one, today) for one in eligibility_271.read(data)]
    ground = _ground(books, said)
    placed = [_placed(books, ground, one) for one in said]
    if said and not any(rows for rows, _ in placed) and all(_is_anothers(ground, one) for one in said):
        mend = "put it into that practice's inbox"
        raise InputError("it answers the questions of another practice", field="file", place="NM1*1P", mend=mend)
    _enter(desk, books, file_id, ((row, one) for one, (rows, _) in zip(said, placed, strict=True) for row in rows))
    lost = [(place, why) for place, (_, why) in enumerate(placed, start=1) if why]
    books.save_work(
        StoredWork(
            books.new_id(), QUEUE, f"file:{file_id}", today, reason=why, body={"file": file_id, "place": place}
        )
        for place, why in lost
    )  # fmt: skip
    return Heard(len(said), [f"answer {place}: {why}" for place, why in lost])


def _given_by(said: BenefitAnswer, heard_on: date) -> BenefitAnswer:
    """The answer, given no later than it was heard: one dated ahead would stand against every later one."""
    return replace(said, answered_on=min(said.answered_on, heard_on))


@dataclass(frozen=True, slots=True)
class _Ground:
    """What the answers of a file are placed by, read at once: our questions by trace, their coverages by id, and the
    coverages that have the member ids of the other answers.
    """

    mark: str
    npis: frozenset[str]
    payers: Mapping[str, str]
    asked: Mapping[str, StoredVerification]
    coverages: Mapping[str, Coverage]
    members: Mapping[str, Sequence[Coverage]]
    patients: Mapping[str, Patient]


def _ground(books: Books, said: Sequence[BenefitAnswer]) -> _Ground:
    mark = books.practice().mark
    traces = {one.trace for one in said if one.subscriber is not None}
    for reference in {one.reference for one in said if one.subscriber is None}:
        traces.update(_traces(mark, reference))
    asked: dict[str, StoredVerification] = {}
    for row in books.verifications_traced(traces):
        asked.setdefault(row.trace, row)  # the question; an answer that came again follows it
    strangers = {one.subscriber.member_id for one in said if one.subscriber is not None and one.trace not in asked}
    members: dict[str, list[Coverage]] = defaultdict(list)
    for some in books.coverages_of(books.patients_of_members(strangers - {""})).values():
        for coverage in some:
            members[letters(coverage.member_id)].append(coverage)
    coverages = books.coverages_by_id(row.coverage_id for row in asked.values())
    named = [*coverages.values(), *(one for some in members.values() for one in some)]
    return _Ground(
        mark=mark,
        npis=frozenset({books.practice().npi, *(provider.npi for provider in books.providers())}),
        payers={payer.id: payer.number for payer in books.payers()},
        asked=asked,
        coverages=coverages,
        members=members,
        patients=books.patients_by_id(one.patient_id for one in named),
    )


def _traces(mark: str, reference: str) -> list[str]:
    """The traces of the questions of one set of ours; none where the reference is not one that we give."""
    if not _REFERENCE.fullmatch(reference):
        return []
    return [f"{mark}{reference}{place:02d}" for place in range(1, eligibility_270.INQUIRIES_MAX + 1)]


def _is_anothers(ground: _Ground, said: BenefitAnswer) -> bool:
    """Whether the answer names, by NPI, who asked, and that is nobody of this practice."""
    who = said.provider
    return who is not None and who.id_qualifier == "XX" and who.id not in ground.npis


def _placed(books: Books, ground: _Ground, said: BenefitAnswer) -> tuple[Sequence[StoredVerification], str]:
    """What the answer answers: questions of ours, or one coverage on a day; else why it finds none."""
    if said.subscriber is None:  # the payer refused all that was asked at that level
        traces = _traces(ground.mark, said.reference)
        whole = [ground.asked[trace] for trace in traces if trace in ground.asked]
        return whole, "" if whole else "it refuses a request that is not ours"
    asked = ground.asked.get(said.trace)
    if asked is not None:
        coverage = ground.coverages[asked.coverage_id]
        if contradicts(said, coverage, ground.patients[coverage.patient_id]):
            return (), "under our trace it names somebody else than we asked about"
        return (asked,), ""
    if _is_anothers(ground, said):
        return (), "it was given to another provider"
    found = _by_itself(ground, said)
    if len(found) != 1:
        return (), "its member id, name and birth date are those of " + (
            "several coverages" if found else "nobody here"
        )
    return (StoredVerification(books.new_id(), found[0].id, day_of(said)),), ""


def _by_itself(ground: _Ground, said: BenefitAnswer) -> list[Coverage]:
    """The coverages that the answer names: by its payer's number, where we know the payer, and on the day in force."""
    member = letters(said.subscriber.member_id) if said.subscriber else ""
    candidates = ground.members.get(member, ()) if member else ()
    named = [one for one in candidates if identifies(said, one, ground.patients[one.patient_id])]
    if said.payer.id in ground.payers.values():
        named = [one for one in named if ground.payers.get(one.payer_id) == said.payer.id]
    on = day_of(said)
    return [one for one in named if one.active(on)] or named


def _enter(desk: Desk, books: Books, file_id: str, given: Iterable[tuple[StoredVerification, BenefitAnswer]]) -> None:
    """Keep what was said of our coverages, and scrub their patients' unsent claims again."""
    answered: dict[str, list[BenefitAnswer]] = defaultdict(list)
    rows: dict[str, StoredVerification] = {}
    for row, said in given:
        rows[row.id] = row
        if said.subscriber is not None or not answered[row.id]:  # a request is refused as a whole but once
            answered[row.id].append(said)
    coverages = books.coverages_by_id(row.coverage_id for row in rows.values())
    entered = []
    for row in rows.values():
        for place, said in enumerate(answered[row.id]):  # a further answer to a question stands beside the first
            heard = answer_of(said, coverages[row.coverage_id], row.service_date, _refused(said))
            name = books.new_id() if row.answer or place else row.id
            entered.append(replace(row, id=name, answer=heard, file_id=file_id))
    _keep(desk, books, entered)


def _refused(said: BenefitAnswer) -> str:
    """Its AAA in words, with the number; "" without one."""
    if not said.refusals:
        return ""
    number = said.refusals[0].reason
    return f"{eligibility_271.REFUSED.get(number, 'the request is refused')} (AAA {number})"


def _keep(desk: Desk, books: Books, entered: Sequence[StoredVerification]) -> None:
    """All unsent claims of these patients are scrubbed: what one payer says moves whose turn it is."""
    books.save_verifications(entered)
    said: dict[str, list[StoredVerification]] = defaultdict(list)
    for one in entered:
        said[one.coverage_id].append(one)
    events = [_happened(one, one.coverage_id) for one in entered]
    patients = {coverage.patient_id for coverage in books.coverages_by_id(said).values()}
    unsent = [row.id for row in books.claim_rows(_UNSENT) if row.patient_id in patients] if patients else []
    for _, standing in sorted(books.standing_claims(unsent).items()):
        scrub_one(desk, books, standing.claim, desk.today(books))
        events += [_happened(one, standing.claim.id) for one in said.get(standing.claim.coverage.id, ())]
    books.log_all(desk.actor, events)


def _happened(one: StoredVerification, subject: str) -> Happened:
    words = told(answers([one]), one.coverage_id, one.service_date)
    return Happened("eligibility.answer", subject, f"{one.service_date}: {words}", detail={"file": one.file_id})


def not_taken(desk: Desk, books: Books, file_id: str, asked: Sequence[str], why: str) -> None:
    """A payer's front door refused what we asked (TA1, 999): these begin the traces of the questions, all of one
    interchange.
    """
    today, mark, begins = desk.today(books), books.practice().mark, frozenset(asked)
    waiting = books.verifications_asked(f"{mark}{asked[0][:INTERCHANGE]}") if asked else ()
    unread = []
    for one in waiting:
        named = one.trace.removeprefix(mark)
        if not one.answer and not begins.isdisjoint((named[:INTERCHANGE], named[: INTERCHANGE + SET])):
            unread.append(replace(one, file_id=file_id, answer=_unread(one, today, why)))
    _keep(desk, books, unread)


def _unread(one: StoredVerification, today: date, why: str) -> PayerAnswer:
    return PayerAnswer(one.coverage_id, one.service_date, None, today, refused=why, follow_up="R")


# --- what found no coverage -------------------------------------------------------------------------------------------


def _look_again(desk: Desk, books: Books) -> None:
    """Answers that found no coverage: registration may have been corrected since."""
    waiting: dict[str, list[StoredWork]] = defaultdict(list)
    for work in books.work(QUEUE):
        waiting[str(work.body["file"])].append(work)
    for file_id, some in waiting.items():
        read = eligibility_271.read(books.file_bytes(file_id))
        said = [_given_by(read[int(work.body["place"]) - 1], work.created_on) for work in some]
        ground, found = _ground(books, said), []
        for work, one in zip(some, said, strict=True):
            rows, why = _placed(books, ground, one)
            if not why:
                found += [(row, one) for row in rows]
                books.finish_work(work.id, "it found its coverage")
        _enter(desk, books, file_id, found)


@use_case("eligibility.ask")
def settle(desk: Desk, books: Books, work_id: str, why: ReasonIn) -> None:
    """Say what became of an answer that found no coverage; it is kept with its file and decides nothing."""
    by_word(desk, books, work_id, QUEUE, why, "eligibility.ask")


# --- telling ----------------------------------------------------------------------------------------------------------


@use_case("eligibility.read")
def coverages(desk: Desk, books: Books) -> list[CoverageItem]:
    """The coverages that pay visits and unsent claims, and what their payers say of the day."""
    due = _due(books)
    known, payers = _known(books, due), {payer.id: payer.name for payer in books.payers()}
    shown = {Standing.ACTIVE: "active", Standing.REFUSED: "inactive"}
    items = []
    for one in due:
        rows = known[one.coverage.id]
        said, last = answers(rows), last_asked(rows, one.on)
        (found,) = check_coverage((one.coverage,), one.on, said).standings
        items.append(
            CoverageItem(
                kind=one.kind,
                id=one.id,
                coverage_id=one.coverage.id,
                patient=full_name(one.patient.name),
                payer=payers.get(one.coverage.payer_id, ""),
                member_id=one.coverage.member_id,
                service_date=one.on.isoformat(),
                standing=shown.get(found.standing, "") if found.confirmed else "",
                words=told(said, one.coverage.id, one.on, last.asked_on if last else None),
            )
        )
    return items


@dataclass(frozen=True, slots=True)
class Unanswered:
    """What waits for a person: a question without an answer ("coverage"; `id` names it with the day), or an answer that
    found no coverage (QUEUE).
    """

    kind: str
    id: str
    what: str
    since: date
    mend: str


def unanswered(books: Books, today: date) -> Iterator[Unanswered]:
    """Questions about visits and unsent claims that the payer refused or left lying, and answers that found nobody."""
    due = _due(books)
    known = _known(books, due)
    for one in due:
        rows = [row for row in known[one.coverage.id] if row.service_date == one.on]
        asked, said = [row.asked_on for row in rows if row.asked_on], answers(known[one.coverage.id])
        if not asked or last_word(said, one.coverage.id, one.on) is not None:
            continue
        words, which = f"{full_name(one.patient.name)}, {one.on}", f"{one.coverage.id} {one.on}"
        if refused := last_refusal(said, one.coverage.id, one.on):
            mend = eligibility_271.FOLLOW_UP.get(refused.follow_up, "correct what it names; `verify` asks again")
            what = f"{words}: the payer does not say whether the coverage is active: {refused.refused}"
            yield Unanswered("coverage", which, what, min(asked), mend)
        elif min(asked) + timedelta(ANSWER_DAYS) <= today:
            what = f"{words}: the payer was asked about the coverage and has not answered"
            yield Unanswered("coverage", which, what, min(asked), "ask it by telephone or on its portal")
    for work in books.work(QUEUE):
        what = f"an eligibility answer, {work.body['place']} of its file: {work.reason}"
        yield Unanswered(QUEUE, work.id, what, work.created_on, MEND)

"""The loop's two doors in the desk, on a small practice and a really trained model: export out, scores in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pyarrow.parquet
import pytest

from billing_core.claim import Claim, ClaimState
from billing_core.encounter import AssignedCode, CodeSystem, SignedEncounter
from billing_core.identifiers import claim_number
from billing_core.record import digest
from billing_core.registration import PersonName
from billing_core.x12 import claim_837p
from billing_core.x12.envelope import Envelope
from models.denial.outlook import LEARNED, TOO_FEW, USUAL
from serving import artifacts
from serving.desk import billing, scoring
from serving.desk.advice import outlook_of, share_taken
from serving.desk.case import Desk, open_desk
from serving.desk.export import export
from serving.errors import Conflict, Forbidden, NoModel
from serving.ids import FixedClock
from serving.security import Actor, Role, operator
from serving.settings import Settings, read
from serving.store.books import Books, Store
from serving.store.claims import ClaimScore
from serving.store.states import CodeDecision, EncounterStatus
from tests.billing_core import specimens
from tests.serving.store import filled
from tests.training import export_fixture
from training import denial, outlook, queue_value, splits
from training.evaluate_coding import read_folder
from training.export_folder import read as read_export

TODAY = filled.DAY + timedelta(days=30)
CANARIES = ("Quackenbush", "Zebulon", "MRN70001", "W5550001", "AUTH77", "12 Elm St", "5185550100", "121801234")
NOTE = (
    "Patient: Zebulon Quackenbush  DOB 02/03/1980  MRN70001, 12 Elm St, Troy NY 12180-1234, 518-555-0100.\n"
    "Seen 2026-04-07. Assessment: type 2 diabetes, stable. Member W5550001.\n"
)


@dataclass(frozen=True)
class Practice:
    desk: Desk
    store: Store
    settings: Settings


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("model")
    found = read_export(export_fixture.write(home / "export", export_fixture.cases(500)))
    plan = splits.plan(found.submissions, found.as_of)
    rows = denial.replay(found.submissions)
    trained = denial.train(found.submissions, rows, plan, seed=1)
    further = outlook.learn(found.submissions, rows, plan, seed=1)
    denial.seal(home / "denial", trained, found, plan, further)
    return home / "denial"


def sent_claim(serial: int, **changes: object) -> Claim:
    return specimens.claim(id=f"claim-{serial}", number=claim_number("ELMF", serial), **changes)


def code(books: Books) -> None:
    """The visit, suggested, decided and signed."""
    visit = replace(filled.encounter(), note_sha256=hashlib.sha256(NOTE.encode()).hexdigest())
    books.save_encounter(visit, NOTE)
    suggested = {"codes": [{"system": "ICD-10-CM", "code": "E11.9", "score": 910}]}
    run = books.add_suggestion("encounter", "a" * 64, suggested)
    books.add_decision("encounter", CodeSystem.ICD10CM, "E11.9", CodeDecision.ACCEPT, "coder", suggestion_id=run)
    diagnosis = AssignedCode(CodeSystem.ICD10CM, "E11.9", "coder")
    procedure = AssignedCode(CodeSystem.CPT, "99213", "coder", pointers=(1,))
    books.sign(SignedEncounter(visit, (diagnosis,), (procedure,), "coder"), filled.DAY)
    books.step_encounter("encounter", EncounterStatus.CODED)
    books.step_encounter("encounter", EncounterStatus.SIGNED)


@pytest.fixture
def practice(tmp_path: Path) -> Iterator[Practice]:
    """One claim in each state that is scored, and ten that were adjudicated, of a patient full of canaries."""
    settings = read({"CLEANCLAIM_HOME": str(tmp_path / "home")})
    store = filled.new_store(settings.database_url)
    store.clock = FixedClock(TODAY)
    name = PersonName("Quackenbush", "Zebulon")
    patient = replace(specimens.PATIENT, name=name, record_number="MRN70001")
    coverage = replace(specimens.COVERAGE, member_id="W5550001", subscriber=replace(specimens.SUBSCRIBER, name=name))
    with store.open("elm") as books:
        filled.register(books)
        books.save_patients([patient])
        books.save_coverages([coverage])
        code(books)
        for serial, state in enumerate(("held", "ready", "submitted", "accepted", *["denied"] * 5, *["paid"] * 5), 1):
            claim = sent_claim(serial, patient=patient, coverage=coverage)
            books.save_claim(claim, ClaimState.HELD)
            if state == "held":
                continue
            books.save_claim(claim, ClaimState.READY, deadline=TODAY + timedelta(days=9))
            if state == "ready":
                continue
            books.step_claim(claim.id, ClaimState.SUBMITTED, filled.DAY)
            if state != "submitted":
                books.step_claim(claim.id, ClaimState(state))
                books.log("payer", f"claim.{state}", claim.id)
    yield Practice(open_desk(settings, store, operator("elm"), store.clock, store.new_id), store, settings)
    store.close()


def activate(practice: Practice, model: Path) -> str:
    with practice.store.open("elm") as books:
        return artifacts.activate(books, practice.settings.artifacts, "denial", model, "scientist").sha256


def test_every_open_claim_is_scored_once_and_the_log_says_so(practice: Practice, model: Path) -> None:
    with pytest.raises(NoModel):
        scoring.score_claims(practice.desk)
    assert scoring.score_if_served(practice.desk) == 0
    seal = activate(practice, model)
    assert scoring.score_claims(practice.desk) == 4
    assert scoring.score_claims(practice.desk) == 0  # nothing new is known
    with practice.store.read("elm") as books:
        scores = books.latest_scores(f"claim-{n}" for n in range(1, 15))
        assert sorted(scores) == ["claim-1", "claim-2", "claim-3", "claim-4"]
        assert all(0 < s.probability_ppm < 1_000_000 and s.artifact_sha256 == seal for s in scores.values())
        assert "4 open claims, 4 new scores" in [e.reason for e in books.events(action="model.score")]


def test_only_a_biller_a_manager_or_a_scientist_may_score(practice: Practice, model: Path) -> None:
    activate(practice, model)
    for role, allowed in ((Role.CODER, False), (Role.FRONT_DESK, False), (Role.BILLER, True)):
        desk = replace(practice.desk, actor=Actor("u", "u", "elm", frozenset({role})))
        if allowed:
            assert scoring.score_claims(desk) == 4
        else:
            with pytest.raises(Forbidden):
                scoring.score_claims(desk)


def test_no_number_of_a_model_enters_a_claim_a_file_or_the_ledger(practice: Practice, model: Path) -> None:
    def standing() -> tuple[object, ...]:
        with practice.store.read("elm") as books:
            claims = [s.claim for s in books.claims()]
            envelope = Envelope("ELMF", "NORTHERN", 1, practice.desk.clock.now().replace(tzinfo=None))
            sent = claim_837p.write(claims[:2], envelope, "Northern Health")
            entries = [books.entries_on([line.charge_id for line in c.lines]) for c in claims]
            states = [s.state for s in books.claims()]
            return [digest(c) for c in claims], sent, states, entries, books.statements()

    before = standing()
    activate(practice, model)
    assert scoring.score_claims(practice.desk) == 4
    assert standing() == before


def test_the_queue_shows_every_part_of_the_expected_value(practice: Practice, model: Path) -> None:
    seal = activate(practice, model)
    scoring.score_claims(practice.desk)
    with practice.store.open("elm") as books:  # as a surer model would say of the claim that is ready
        said = {
            "flagged": True,
            "reasons": [{"group": "x", "words": "Because.", "effect": 900}],
            "what_if": [{"mend": "authorization", "words": "Obtain it.", "probability_ppm": 110_000}],
        }
        books.add_score("claim-2", seal, 620_000, said)
        books.add_score("claim-3", seal, 500_000, said | {"taken": [400_000]})
    items = {item.claim_id: item for item in billing.queue(practice.desk).items}
    ready = items["claim-2"]
    assert (ready.kind, ready.state, ready.risk, ready.probability, ready.effect) == ("risk", "ready", 62, 62, 63)
    # By contract 90.00 allowed, 25.00 copay, deductible met, 20 % coinsurance: not the charge of 150.00.
    stake = round(100 * float(ready.at_stake))
    assert 0 < stake < 9000
    assert ready.expected_value == f"{(stake * 620_000 * 63 // 100_000_000 - 1000) / 100:.2f}"
    assert ready.cost == "10.00" and ready.deadline
    assert [(r.words, r.points) for r in ready.risk_reasons] == [("Because.", 100)]
    assert ready.what_if == ["Obtain it. Risk 62% to 11%."] and "Obtain it." in ready.mend
    assert billing.read_claim(practice.desk, "claim-2").what_if == ready.what_if
    assert ready.worth == (
        f"${ready.at_stake} expected of the payer once the deductible is met x 62% lost unless worked x 63% of it "
        f"saved by work - $10.00 of work = ${ready.expected_value}; with 9 days left it counts half as much again."
    )
    assert ready.urgency == 150 and not ready.lapsed
    part = items["claim-3"]
    assert part.share == 40 and ready.share == 100, "scored before shares were kept: whole"
    assert part.expected_value == f"{(stake * 500_000 * 400_000 * 30 // 10**14 - 1000) / 100:.2f}"
    stood = f"${part.at_stake} expected of the payer once the deductible is met x 40% of it if it is denied x 50% lost"
    assert stood in part.worth
    held = items["claim-1"]
    assert held.kind == "held edit" and held.probability == 100 and held.risk is not None


def test_a_score_keeps_what_a_denial_takes_of_each_line_as_training_reckons_it(
    practice: Practice, model: Path, tmp_path: Path
) -> None:
    activate(practice, model)
    lines = [specimens.line(n, code, 9000 // n) for n, code in enumerate(("99396", "81002"), start=1)]
    two = sent_claim(50, lines=tuple(lines))
    with practice.store.open("elm") as books:
        books.save_claim(two, ClaimState.READY)
        books.step_claim(two.id, ClaimState.SUBMITTED, TODAY)
    scoring.score_claims(practice.desk)
    with practice.store.read("elm") as books:
        scores = books.latest_scores(["claim-2", two.id])
    assert scores["claim-2"].body["taken"] == [1_000_000], "one line: the whole claim"
    taken = scores[two.id].body["taken"]
    assert len(taken) == 2 and all(0 < ppm < 1_000_000 for ppm in taken)
    export(practice.desk, tmp_path / "export", synthetic=True)
    submissions = read_export(tmp_path / "export").submissions
    key = next(s.facts.claim_key for s in submissions if s.claim_number == two.number)
    expected = sum(line.amount * ppm for line, ppm in zip(two.lines, taken, strict=True)) / 1_000_000
    assert queue_value.losses(submissions)[key] == expected


def test_an_answer_that_comes_in_the_evening_is_known_on_that_day_in_the_practices_zone(
    practice: Practice, tmp_path: Path
) -> None:
    """At nine in the evening in New York the next day has begun in UTC. The export is of today, and the answer too."""
    evening = FixedClock(TODAY, datetime.combine(TODAY + timedelta(days=1), time(1), UTC))
    practice.store.clock = evening
    with practice.store.open("elm") as books:
        books.step_claim("claim-4", ClaimState.DENIED)
        books.log("payer", "claim.denied", "claim-4")
    export(replace(practice.desk, clock=evening), tmp_path / "export", synthetic=True)
    found = read_export(tmp_path / "export")
    (answered,) = (s for s in found.submissions if s.claim_number == claim_number("ELMF", 4))
    assert answered.adjudicated_on == found.as_of == TODAY


def test_what_a_denial_takes_is_of_the_dollars_not_of_the_lines() -> None:
    assert share_taken({1: 9000, 2: 1000}, [500_000, 1_000_000]) == 550_000
    assert share_taken({1: 9000, 2: 1000}, [500_000]) == 1_000_000, "said of other lines"
    assert share_taken({1: 0}, [500_000]) == share_taken({}, []) == 1_000_000


def test_the_queue_says_why_a_claim_would_be_denied_and_when_its_payer_answers(practice: Practice, model: Path) -> None:
    activate(practice, model)
    scoring.score_claims(practice.desk)
    held, ready, sent = (billing.read_claim(practice.desk, f"claim-{n}").outlook for n in (1, 2, 3))
    assert held is not None and ready is not None and sent is not None
    assert (ready.why, ready.why_rests_on) == ([], TOO_FEW), "so few denials are in this practice's past"
    assert ready.days is not None and ready.answer_on == "" and held.words == ready.words
    rests = {USUAL: "the payer's usual", LEARNED: "by what this claim shows"}
    assert ready.words[1] == (
        f"The payer should answer about {ready.days} days after it is sent ({rests[ready.days_rest_on]})."
    )
    assert sent.days is not None and sent.answer_on == (filled.DAY + timedelta(days=sent.days)).isoformat()
    assert sent.answer_on in sent.words[1]
    queued = {item.claim_id: item.outlook for item in billing.queue(practice.desk).items}
    assert queued["claim-1"] == held
    with practice.store.open("elm") as books:
        books.step_claim("claim-3", ClaimState.DENIED)
    answered = billing.read_claim(practice.desk, "claim-3")
    assert answered.risk is not None and answered.outlook is None, "it has its answer"


def test_a_deadline_that_has_passed_leaves_work_no_effect(practice: Practice) -> None:
    with practice.store.open("elm") as books:
        books.save_claim(sent_claim(40), ClaimState.HELD, deadline=TODAY - timedelta(days=2))
    late = next(item for item in billing.queue(practice.desk).items if item.claim_id == "claim-40")
    assert late.lapsed and late.effect == 0 and late.expected_value == "-10.00"
    assert late.worth.startswith("The deadline passed 2 days ago: work saves nothing of $")


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        (
            {"categories": [], "days": None, "why_rests_on": TOO_FEW, "days_rest_on": TOO_FEW},
            ["Too few denials so far to say for what reason this one would be denied.",
             "Too few answers so far to say when the payer answers."],
        ),
        (
            {"categories": [["authorization", 540_000], ["other", 99_000]], "days": 20, "why_rests_on": LEARNED,
             "days_rest_on": USUAL},
            ["If it is denied, then for: authorization or referral 54%, another reason 10% (by what this claim shows).",
             "The payer should have answered about 2026-04-21, 1 day ago (the payer's usual)."],
        ),
    ],
)  # fmt: skip
def test_an_outlook_in_words(kept: dict[str, object], said: list[str]) -> None:
    score = ClaimScore("s", "c", "a" * 64, 1, datetime(2026, 4, 1, tzinfo=UTC), False, False, {"outlook": kept})
    found = outlook_of(score, date(2026, 4, 1), date(2026, 4, 22))
    assert found is not None and found.words == said
    assert outlook_of(None, None, TODAY) is None
    assert outlook_of(replace(score, body={}), None, TODAY) is None, "scored before outlooks were kept"


def test_the_export_is_read_by_training_and_names_nobody(practice: Practice, tmp_path: Path) -> None:
    folder = tmp_path / "export"
    assert export(practice.desk, folder) == 12
    found = read_export(folder)
    known = [s for s in found.submissions if s.denied is not None]
    assert len(found.submissions) == 12 and len(known) == 10 and sum(bool(s.denied) for s in known) == 5
    notes = read_folder(folder)
    assert len(notes) == 1 and notes[0].diagnoses == ("E11.9",) and notes[0].procedures == ("99213",)
    assert "type 2 diabetes, stable" in notes[0].text
    decisions = pyarrow.parquet.read_table(folder / "decisions.parquet").to_pylist()
    assert [(d["note_id"], d["code"], d["decision"], d["score"]) for d in decisions] == [
        (notes[0].id, "E11.9", "accept", 910)
    ]
    text = b"".join(p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()).lower()
    assert not [c for c in CANARIES if c.lower().encode() in text]
    listed = json.loads((folder / "manifest.json").read_text())["files"]
    files = {"appeals.parquet", "claims.parquet", "codes.tsv", "visits.tsv", "decisions.parquet", "queries.parquet"}
    assert {*files, f"notes/{notes[0].id}.txt"} == set(listed)


def test_an_export_is_never_mixed_with_another(practice: Practice, tmp_path: Path) -> None:
    export(practice.desk, tmp_path / "export")
    with pytest.raises(Conflict, match="not empty"):
        export(practice.desk, tmp_path / "export")


def test_one_person_has_one_key_under_two_charts_and_another_in_another_practice(practice: Practice) -> None:
    from serving.desk.outcomes import claim_facts

    claim = specimens.claim()
    second = replace(claim, patient=replace(claim.patient, id="second-chart", record_number="1001-2"))
    other = replace(practice.desk, actor=operator("oak"))
    sent = date(2026, 4, 10)
    keys = [claim_facts(desk, c, sent).patient_key for desk, c in ((practice.desk, claim), (practice.desk, second))]
    assert keys[0] == keys[1] != claim_facts(other, claim, sent).patient_key

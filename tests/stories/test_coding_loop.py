"""The coder's loop by public commands: a query holds a claim, a visit ends without a charge, notes are read again."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from billing_core.claim import ClaimState
from billing_core.provider_query import UNDETERMINED
from billing_core.registration import PersonName
from serving import settings
from serving.desk import coding
from serving.desk.case import Desk, open_desk
from serving.ids import FixedClock, uuid7
from serving.schemas.coding import DecisionIn, EncounterView, SignatureIn
from serving.security import operator
from serving.store.states import EncounterStatus
from tests.stories.clinic import SIGNED, VISIT, Clinic, Person, claims_of, environment

KNEE = "Assessment and plan:\n1. Osteoarthritis of the knee. Injection planned, continue ibuprofen 400 mg.\n"
TENSE = "Assessment and plan:\n1. Essential hypertension. Continue lisinopril 10 mg.\n"
PEOPLE = (
    Person("asked", ("FULL1",), note=KNEE, name=PersonName("Adams", "Ada")),
    Person("later", ("FULL1",), note=KNEE, name=PersonName("Brook", "Ben")),
    Person("free", ("FULL1",), note=TENSE, name=PersonName("Clay", "Cleo")),
    Person("plain", ("FULL1",), note=TENSE, name=PersonName("Dale", "Dora")),
)
CODE = "M17.9"


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory, cold_artifact: Path) -> Iterator[Clinic]:
    root = tmp_path_factory.mktemp("loop")
    with environment(root / "home"):
        clinic = Clinic(root, PEOPLE).open()
        clinic.must("register", "--dir", str(clinic.world), by="front_desk", today=SIGNED)
        clinic.must("model", "activate", "--kind", "coding", "--dir", str(cold_artifact), by="manager", today=SIGNED)
        clinic.must("coding", "suggest", "--out", str(root / "suggested.jsonl"), by="coder", today=SIGNED)
        yield clinic


def desk(clinic: Clinic) -> Desk:
    return open_desk(
        settings.read(), clinic.store(SIGNED), operator(clinic.practice_id, "coder"), FixedClock(SIGNED), uuid7
    )


def view(clinic: Clinic, key: str) -> EncounterView:
    return coding.read_encounter(desk(clinic), f"visit-{key}")


def said(clinic: Clinic, capsys: pytest.CaptureFixture[str], *words: str, by: str = "coder") -> Any:
    capsys.readouterr()
    clinic.must(*words, "--json", by=by, today=SIGNED)
    return json.loads(capsys.readouterr().out)


def sign(clinic: Clinic, key: str, codes: tuple[str, ...]) -> Any:
    for code in codes:
        said = {"system": "ICD-10-CM" if code[0].isalpha() else "CPT", "code": code, "decision": "add"}
        coding.decide(desk(clinic), f"visit-{key}", DecisionIn.model_validate(said))
    return coding.sign(desk(clinic), f"visit-{key}", SignatureIn())


def test_a_query_keeps_the_visit_from_being_signed_until_it_is_answered(
    clinic: Clinic, capsys: pytest.CaptureFixture[str]
) -> None:
    note = view(clinic, "asked").note
    drafted = next(s.query for s in view(clinic, "asked").suggestions if s.code == CODE)
    assert drafted is not None and drafted.question == "Which side does this concern?"
    query = said(clinic, capsys, "query", "ask", "visit-asked", CODE)
    assert query["options"][-1] == UNDETERMINED and query["quotes"] == ["Osteoarthritis of the knee"]
    assert query["state"] == "open" and query["holds"]
    refused = sign(clinic, "asked", (CODE, "99213"))
    assert [f.rule for f in refused.findings] == ["query-open"] and not refused.charges
    with clinic.books() as books:
        assert books.visit("visit-asked").status is EncounterStatus.CODED and not claims_of(books, "asked")
    assert [q["id"] for q in [said(clinic, capsys, "query", "list")]] == [query["id"]]
    assert clinic.run("query", "ask", "visit-asked", CODE, by="coder", today=SIGNED) == 2  # asked already
    assert clinic.run("query", "answer", query["id"], "both sides", by="coder", today=SIGNED) == 2  # not offered
    answered = said(clinic, capsys, "query", "answer", query["id"], "Left")
    assert (answered["state"], answered["answer"], answered["recorded_by"]) == ("answered", "Left", "coder@elmf")
    assert view(clinic, "asked").note == note, "an answer changes no word of the note"
    assert [s.code for s in view(clinic, "asked").suggestions if s.decision == "add"] == [CODE, "99213"]
    coding.decide(desk(clinic), "visit-asked", DecisionIn(system="ICD-10-CM", code=CODE, decision="undo"))
    signed = sign(clinic, "asked", ("M17.12",))
    assert signed.claim_state == ClaimState.READY
    with clinic.books() as books:
        assert [str(q.state) for q in books.queries("visit-asked")] == ["settled"]
        told = [e.reason for e in books.events(subject="visit-asked") if e.action.startswith("query.")]
    assert told == ["query open", "query answered"]


def test_a_query_after_the_signature_takes_the_claim_out_of_the_files(
    clinic: Clinic, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sign(clinic, "later", (CODE, "99213")).claim_state == ClaimState.READY
    query = said(clinic, capsys, "query", "ask", "visit-later", CODE, "--question", "Which side was it?")

    def state() -> ClaimState:
        with clinic.books() as books:
            return claims_of(books, "later")[0].state

    assert state() is ClaimState.HELD
    clinic.night(SIGNED)
    assert state() is ClaimState.HELD, "a night sends nothing that waits for an answer"
    said(clinic, capsys, "query", "answer", query["id"], UNDETERMINED)
    clinic.night(SIGNED)
    assert state() is ClaimState.HELD, "nor before a coder has looked at the answer"
    assert "query-open" in {f.rule for f in view(clinic, "later").findings}
    assert said(clinic, capsys, "query", "settle", query["id"])["state"] == "settled"
    assert state() is ClaimState.READY
    clinic.night(SIGNED)
    assert state() is ClaimState.SUBMITTED
    assert clinic.run("query", "ask", "visit-later", CODE, by="coder", today=SIGNED) == 2  # sent: mend it instead


def test_a_leading_question_and_one_without_cause_are_refused(
    clinic: Clinic, capsys: pytest.CaptureFixture[str]
) -> None:
    leading = ("query", "ask", "visit-free", "I10", "--question", "Would you agree it pays more?")
    assert clinic.run("query", "ask", "visit-free", "I10", by="coder", today=SIGNED) == 2
    assert "gives no cause for a query" in capsys.readouterr().err
    assert clinic.run(*leading, by="coder", today=SIGNED) == 2
    with clinic.books() as books:
        assert books.queries("visit-free") == ()


def test_a_visit_ends_in_a_charge_or_a_reason(clinic: Clinic, capsys: pytest.CaptureFixture[str]) -> None:
    assert sign(clinic, "free", ("I10",)).charges == 0, "no procedure, no charge"
    clinic.must("coding", "close", "visit-free", "global_period", by="coder", today=SIGNED)
    closed = view(clinic, "free")
    assert (closed.status, closed.close_reason) == ("closed", "global_period")
    assert "visit-free" not in [item.id for item in coding.worklist(desk(clinic), status="waiting")]
    assert clinic.run("coding", "close", "visit-later", "no_charge", by="coder", today=SIGNED) == 2  # it is charged
    assert clinic.run("coding", "close", "visit-plain", "no_charge", by="front_desk", today=SIGNED) == 2
    clinic.must(
        "coding", "reopen", "visit-free", "--reason", "the surgeon's period had ended", by="coder", today=SIGNED
    )
    assert view(clinic, "free").status == "open"
    with clinic.books() as books:
        told = [e.reason for e in books.events(subject="visit-free", action="encounter.close")]
    assert told == ["closed: global_period", "open: the surgeon's period had ended"]


def test_every_suggestion_is_read_again_to_the_byte(clinic: Clinic, capsys: pytest.CaptureFixture[str]) -> None:
    found = said(clinic, capsys, "coding", "replay")
    assert (found["read"], found["same"], found["different"], found["gone"]) == (4, 4, [], [])
    alone = said(clinic, capsys, "coding", "replay", "--encounter", "visit-plain")
    assert (alone["read"], alone["same"]) == (1, 1)
    with clinic.books() as books:
        run = books.latest_suggestion("visit-plain")
    assert run is not None and run.body["given"]["age"] == 45 and run.body["artifact_sha256"] == run.artifact_sha256


def test_a_suggestion_that_cannot_be_read_again_is_named(clinic: Clinic, capsys: pytest.CaptureFixture[str]) -> None:
    """A word of what was kept changes, then the artifact goes: neither passes for the same."""
    store = clinic.store(SIGNED)
    with store.open(clinic.practice_id) as books:
        run = books.latest_suggestion("visit-plain")
        assert run is not None
        told = dict(run.body)
        books.add_suggestion("visit-plain", run.artifact_sha256, told | {"reason": "something else"})
        books.add_suggestion("visit-free", "f" * 64, told)
        older = told | {"reason": "older", "given": told["given"] | {"program": "0" * 64}}
        asked = books.latest_suggestion("visit-asked")
        assert asked is not None
        books.add_suggestion("visit-asked", asked.artifact_sha256, older | {"note_sha256": asked.body["note_sha256"]})
    store.close()
    capsys.readouterr()
    assert clinic.run("coding", "replay", "--json", by="manager", today=SIGNED) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["different"], found["gone"]) == (["visit-plain"], ["visit-free"])
    assert found["other_program"] == ["visit-asked"]


def test_another_process_gives_the_same_bytes(cold_artifact: Path, tmp_path: Path) -> None:
    """Without any books: artifact, code-set release and note give the suggestion, whatever the hash seed."""
    note = tmp_path / "note.txt"
    note.write_text(KNEE, "utf-8")
    words = ["suggest", str(note), "--json", "--model", str(cold_artifact)]
    told = [
        subprocess.run(
            [sys.executable, "-m", "serving.cli", *words], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    ]
    assert told[0] == told[1] and json.loads(told[0])["note_sha256"]


def test_history_makes_a_patient_established(clinic: Clinic) -> None:
    """The books begin on the day of the visits: too short a history to call anybody new, and nobody was seen before."""
    with clinic.books() as books:
        run = books.latest_suggestion("visit-asked")
    assert run is not None and run.body["given"]["seen"] is None
    second = Person("again", ("FULL1",), note=TENSE, visit=VISIT.replace(month=2), name=PersonName("Adams", "Ada"))
    store = clinic.store(date(2026, 2, 6))
    with store.open(clinic.practice_id) as books:
        first = books.encounter("visit-asked")
        books.save_encounter(_same_patient(first, second), second.note)
        given = coding.reading(books, books.encounter("visit-again"))
    store.close()
    assert given["seen"] is True


def _same_patient(first: Any, person: Person) -> Any:
    import hashlib
    from dataclasses import replace

    digest = hashlib.sha256(person.note.encode()).hexdigest()
    return replace(first, id=person.encounter_id, service_date=person.visit, note_sha256=digest)


def test_the_report_sets_suggested_beside_signed(clinic: Clinic, capsys: pytest.CaptureFixture[str]) -> None:
    found = said(clinic, capsys, "coding", "symmetry", by="manager")
    assert found["visits"] == 2
    levels = found["levels"]
    assert levels["up"] + levels["same"] + levels["down"] == 2
    clinic.must("coding", "symmetry", by="manager", today=SIGNED)
    assert "visit level" in capsys.readouterr().out


def test_the_export_tells_who_and_what_was_asked_and_no_answer(clinic: Clinic, tmp_path: Path) -> None:
    import pyarrow.parquet as parquet

    clinic.must("export", "--out", str(tmp_path / "export"), by="data_scientist", today=SIGNED)
    lines = (tmp_path / "export/visits.tsv").read_text("utf-8").splitlines()
    assert lines[0] == "note_id\tpatient_key\tage\tsex\tsetting"
    visits = [line.split("\t") for line in lines[1:]]
    assert [visit[2:] for visit in visits] == [["45", "F", "outpatient"]] * 2
    claims = parquet.read_table(tmp_path / "export/claims.parquet").to_pylist()
    assert {claim["patient_key"] for claim in claims} <= {visit[1] for visit in visits}, "one key for one person"
    asked = parquet.read_table(tmp_path / "export/queries.parquet").to_pylist()
    assert sorted((row["code"], row["axis"], row["state"]) for row in asked) == [(CODE, "side", "settled")] * 2
    assert set(asked[0]) == {"note_id", "code", "axis", "state"}
    for note in (tmp_path / "export/notes").glob("*.txt"):
        assert "left" not in note.read_text("utf-8").lower(), "the answer is no part of the note"

"""What is wrong at the door: a clear error that names the field, the place and the mend, and the books as before."""

from __future__ import annotations

import json
import resource
from collections.abc import Callable, Iterator
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet
import pytest
from fastapi.testclient import TestClient
from pypdf import PdfReader

from billing_core.acknowledgment import GroupAcknowledgment, SetAcknowledgment
from billing_core.claim import ClaimState
from billing_core.registration import PersonName
from billing_core.x12 import acknowledgment_999
from billing_core.x12.envelope import Envelope
from models import artifact
from serving import settings
from serving.api import create_app
from serving.cli import main as cleanclaim
from serving.ids import FixedClock
from serving.store.states import Direction
from tests.stories.clinic import (
    PASSWORD,
    Clinic,
    Person,
    claims_of,
    encounter_line,
    environment,
    files_with,
    standings,
)
from tests.stories.digests import ATTEMPTS, rows_digest

TODAY, MIB = date(2026, 2, 1), 1024 * 1024
ODD = PersonName("O~Neil*:", "Ann")
BOLD = PersonName("<b>Bold</b>", "=1+1")
SCRIPT = "Assessment: essential hypertension <script>alert(1)</script>. Plan: {{ 7*7 }} continue lisinopril."
PEOPLE = (
    Person("paid", ("FULL1",)),
    Person("odd", ("FULL1",), name=ODD),
    Person("bold", (), name=BOLD, note=SCRIPT),
    Person("open", ("FULL1",)),
)


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    root = tmp_path_factory.mktemp("bad")
    with environment(root / "home"):
        clinic = Clinic(root, PEOPLE).open()
        Clinic(root, PEOPLE[:3]).sign()
        for day in (date(2026, 1, 8), date(2026, 1, 30)):
            clinic.night(day)
        yield clinic


@pytest.fixture(scope="module")
def client(clinic: Clinic) -> Iterator[TestClient]:
    app = create_app(settings.read(), FixedClock(TODAY))
    with TestClient(app, follow_redirects=False, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def as_before(clinic: Clinic) -> Iterator[None]:
    """Whatever the test does is refused: not one row is another afterwards, but for the log of who asked for what."""
    database, log = clinic.root / "home" / "cleanclaim.db", (ATTEMPTS, "event", "chain_head")
    before = rows_digest(database, log)
    yield
    assert rows_digest(database, log) == before, "the books are as before"


def _signed_in(client: TestClient, clinic: Clinic, role: str) -> dict[str, str]:
    form = {"username": clinic.login(role), "password": PASSWORD}
    return {"Authorization": f"Bearer {client.post('/token', data=form).json()['access_token']}"}


def _refused(answer: Any, status: int = 422) -> dict[str, str]:
    assert answer.status_code == status, answer.text
    problem: dict[str, str] = answer.json()
    assert problem["mend"], problem
    return problem


# --- notes ------------------------------------------------------------------------------------------------------------


def _empty(path: Path) -> None:
    path.write_bytes(b" \n\t ")


def _binary(path: Path) -> None:
    path.write_bytes(bytes(range(256)) * 40)


def _five_mib(path: Path) -> None:
    path.write_bytes(b"word " * MIB)


def _two_gib(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(2048 * MIB)  # sparse: it takes no room until somebody reads it


def _missing(path: Path) -> None:
    path.unlink(missing_ok=True)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_empty, "the note is empty"),
        (_binary, "not UTF-8 text"),
        (_five_mib, "longer than 1 MiB"),
        (_two_gib, "longer than 1 MiB"),
        (_missing, "no such file"),
    ],
)
def test_a_note_that_is_no_note(
    clinic: Clinic, as_before: None, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    spoil: Callable[[Path], None], said: str,
) -> None:  # fmt: skip
    line = encounter_line(PEOPLE[0]) | {"note": "note.txt"}
    (tmp_path / "registration.jsonl").touch()
    (tmp_path / "encounters.jsonl").write_text(json.dumps(line) + "\n", "utf-8")
    spoil(tmp_path / "note.txt")
    before = _peak()
    assert clinic.run("import", "--dir", str(tmp_path), by="front_desk", today=TODAY) == 2
    words = capsys.readouterr().err
    assert "note" in words and "encounters.jsonl line 1" in words and said in words and ";" in words
    assert _peak() - before < 256 * MIB, "refused before it was read"


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def test_a_note_outside_the_folder_is_not_read(
    clinic: Clinic, as_before: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("not yours", "utf-8")
    inside = tmp_path / "in"
    inside.mkdir()
    (inside / "link.txt").symlink_to(secret)
    for name in ("../secret.txt", str(secret), "link.txt"):
        line = encounter_line(PEOPLE[0]) | {"note": name}
        (inside / "registration.jsonl").touch()
        (inside / "encounters.jsonl").write_text(json.dumps(line) + "\n", "utf-8")
        assert clinic.run("import", "--dir", str(inside), by="front_desk", today=TODAY) == 2
        assert "points outside the folder" in capsys.readouterr().err


# --- lines of files ---------------------------------------------------------------------------------------------------

VISIT_LINE = {"encounter_id": "visit-open", "signed_on": "2026-01-07", "decisions": [], "diagnoses": ["I10"]}
BAD_LINES = {
    "not JSON": ("{", "not a JSON object"),
    "not an object": ("[1, 2]", "not a JSON object"),
    "nested without end": ("[" * 100_000, "not a JSON object"),
    "not text": ("\x00\udcff", "not a JSON object"),
    "no visit": ("{}", "encounter_id"),
    "no procedures": (json.dumps(VISIT_LINE), "procedures"),
    "a day that is none": (json.dumps(VISIT_LINE | {"signed_on": "2026-02-30"}), "not usable"),
    "a formula for a code": (
        json.dumps(VISIT_LINE | {"diagnoses": ["=1+1"], "procedures": [{"code": "99213"}]}),
        "diagnoses.0",
    ),
    "a code with a delimiter": (json.dumps(VISIT_LINE | {"procedures": [{"code": "99~13"}]}), "code"),
    "no units": (json.dumps(VISIT_LINE | {"procedures": [{"code": "99213", "units": 0}]}), "units"),
}


@pytest.mark.parametrize("name", BAD_LINES)
def test_a_line_of_signatures_that_cannot_be_read(
    clinic: Clinic, as_before: None, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    text, said = BAD_LINES[name]
    path = tmp_path / "signed.jsonl"
    good = json.dumps(VISIT_LINE | {"procedures": [{"code": "99213"}]})
    path.write_bytes(f"{good}\n{text}\n".encode("utf-8", "surrogateescape"))
    assert clinic.run("coding", "sign", "--file", str(path), by="coder", today=TODAY) == 2
    words = capsys.readouterr().err
    assert "signed.jsonl line 2" in words and said in words and ";" in words
    assert "Traceback" not in words and text not in words


def test_a_visit_without_a_diagnosis_is_not_signed(clinic: Clinic, client: TestClient, as_before: None) -> None:
    who = _signed_in(client, clinic, "coder")
    asked = {"diagnoses": [], "procedures": [{"code": "99213"}]}
    answer = client.post("/encounters/visit-open/signature", json=asked, headers=who)
    assert answer.status_code == 200 and answer.json()["charges"] == 0 and answer.json()["claim_id"] == ""
    (finding,) = answer.json()["findings"]
    assert finding["severity"] == "error" and finding["where"] == "procedure 1 (99213)"
    assert "diagnosis" in finding["message"] and "sign the diagnosis" in finding["mend"]


# --- payers' files ----------------------------------------------------------------------------------------------------


def test_an_835_cut_in_half_at_any_place_is_refused_whole(clinic: Clinic, client: TestClient, as_before: None) -> None:
    (path,) = clinic.from_payers.glob("*.835")
    whole, who = path.read_bytes(), _signed_in(client, clinic, "biller")
    for cut in range(1, len(whole) - 3, len(whole) // 25):
        answer = client.post("/files", content=whole[:cut], headers=who | {"X-File-Name": "half.835"})
        problem = _refused(answer)
        assert problem["where"].startswith("file"), problem
    for data in (b"", b"PK\x03\x04", b"<html>", b"ISA", whole[200:], b"\x00" * 5_000):
        _refused(client.post("/files", content=data, headers=who | {"X-File-Name": "odd.835"}))


def test_one_bad_file_in_the_inbox_is_named_and_keeps_no_other_from_being_posted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with environment(tmp_path / "home"):
        clinic = Clinic(tmp_path, PEOPLE[:1]).open()
        clinic.sign()
        for day in (date(2026, 1, 8), date(2026, 1, 30)):
            clinic.night(day)
        (path,) = clinic.from_payers.glob("*.835")
        whole = path.read_bytes()
        (clinic.from_payers / "0_half.835").write_bytes(whole[: len(whole) // 2])
        (clinic.from_payers / "0_empty.835").touch()
        _two_gib(clinic.from_payers / "0_huge.835")
        (clinic.from_payers / "0_folder.835").mkdir()
        envelope = Envelope("FULL1", "CLEANCLAIM", 77, datetime(2026, 1, 9, 6))
        stranger = GroupAcknowledgment("777", "R", (SetAcknowledgment("0001", False, ("a segment is missing",)),))
        (clinic.from_payers / "0_not_ours.999").write_bytes(acknowledgment_999.write(stranger, envelope))
        before = _peak()
        capsys.readouterr()
        clinic.cycle(date(2026, 1, 31))
        assert _peak() - before < 256 * MIB
        told = json.loads(capsys.readouterr().out)
        assert [said.split(": ")[0] for said in told["files_refused"]] == sorted(
            ["0_empty.835", "0_folder.835", "0_half.835", "0_huge.835", "0_not_ours.999"]
        )
        assert all(";" in said for said in told["files_refused"]), "each names its mend"
        assert told["sets_posted"] == 1
        with clinic.books() as books:
            assert claims_of(books, "paid")[0].state is ClaimState.PAID
            assert books.ledger_sum() == 0
        clinic.cycle(date(2026, 2, 1))
        assert json.loads(capsys.readouterr().out)["sets_posted"] == 0, "the same file twice changes nothing"


def test_an_answer_to_another_practice_of_the_house_is_refused(
    clinic: Clinic, client: TestClient, as_before: None
) -> None:
    sent = sorted(clinic.to_payers.glob("*.837"))[0].read_bytes()
    assert b"*ZZ*CLEANCLAIMELMF *" in sent
    refusal = GroupAcknowledgment("1", "R", (SetAcknowledgment("0001", False, ("a segment is missing",)),))
    data = acknowledgment_999.write(refusal, Envelope("FULL1", "CLEANCLAIMOAKS", 77, datetime(2026, 1, 9, 6)))
    who = _signed_in(client, clinic, "biller")
    problem = _refused(client.post("/files", content=data, headers=who | {"X-File-Name": "other.999"}))
    assert "another practice" in problem["detail"] and "inbox" in problem["mend"]


def test_new_content_under_a_known_name_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with environment(tmp_path / "home"):
        clinic = Clinic(tmp_path, PEOPLE[:1]).open()
        clinic.sign()
        for day in (date(2026, 1, 8), date(2026, 1, 30)):
            clinic.night(day)
        (answer,) = clinic.from_payers.glob("*.835")
        known = next(clinic.from_payers.glob("*.999"))
        clinic.cycle(date(2026, 1, 9))  # reads them all, the 835 too
        capsys.readouterr()
        with clinic.books() as books:
            assert claims_of(books, "paid")[0].state is ClaimState.PAID
            count = len(books.files(Direction.INBOUND))
        fresh = answer.read_bytes().replace(b"TRN*1*", b"TRN*1*9")
        known.write_bytes(fresh)
        clinic.cycle(date(2026, 1, 31))
        with clinic.books() as books:
            assert len(books.files(Direction.INBOUND)) == count + 1


def test_the_name_of_a_received_file_is_no_path(clinic: Clinic, client: TestClient, as_before: None) -> None:
    who = _signed_in(client, clinic, "biller")
    for name in ("../../etc/passwd", "/etc/passwd", "..\\win.ini", "a\tb", "x" * 201):
        problem = _refused(client.post("/files", content=b"ISA", headers=who | {"X-File-Name": name}))
        assert problem["where"].lower() == "header.x-file-name" and name not in json.dumps(problem)


def test_a_list_asked_for_by_a_word_that_is_none_names_the_words(
    clinic: Clinic, client: TestClient, as_before: None
) -> None:
    who = _signed_in(client, clinic, "manager")
    for path, field in (("/claims?state=lost", "state"), ("/encounters?status=lost", "status")):
        problem = _refused(client.get(path, headers=who))
        assert problem["where"] == field and problem["mend"].startswith("one of ") and "lost" not in problem["mend"]


# --- signing in, and models -------------------------------------------------------------------------------------------


def test_a_wrong_password_says_neither_which_half_was_wrong_nor_that_the_login_exists(
    clinic: Clinic, client: TestClient, as_before: None
) -> None:
    wrong = {"username": clinic.login("manager"), "password": "not the password"}
    nobody = {"username": "nobody@elmf", "password": "not the password"}
    answers = [client.post("/token", data=form) for form in (wrong, nobody)]
    assert _refused(answers[0], 401) == _refused(answers[1], 401)


def _model(folder: Path) -> Path:
    artifact.write(
        folder, {"weights.txt": b"tree=0"}, {"kind": "coding", "code_set_release": "none", "threshold": 0, "card": {}}
    )
    return folder


@pytest.mark.parametrize("hurt", ["flipped", "cut", "gone", "added", "no manifest"])
def test_a_damaged_model_is_refused_and_the_one_that_served_serves_on(
    clinic: Clinic, as_before: None, tmp_path: Path, capsys: pytest.CaptureFixture[str], hurt: str
) -> None:
    folder = _model(tmp_path / "model")
    weights = folder / "weights.txt"
    if hurt == "flipped":
        weights.write_bytes(b"tree=1")
    elif hurt == "cut":
        weights.write_bytes(b"tree")
    elif hurt == "gone":
        weights.unlink()
    elif hurt == "added":
        (folder / "more.txt").write_bytes(b"x")
    else:
        (folder / "manifest.json").write_text("{", "utf-8")
    words = ["model", "activate", "--kind", "coding", "--dir", str(folder)]
    assert clinic.run(*words, by="data_scientist", today=TODAY) == 2
    said = capsys.readouterr().err
    assert ("manifest.json" if hurt == "no manifest" else "more.txt" if hurt == "added" else "weights.txt") in said
    assert ";" in said and not list((clinic.root / "home" / "artifacts").rglob("*.partial"))


# --- names, markup, formulas ------------------------------------------------------------------------------------------


def test_a_name_with_a_files_separators_holds_its_claim_and_says_why(clinic: Clinic) -> None:
    with clinic.books() as books:
        (odd,), (sound,) = claims_of(books, "odd"), claims_of(books, "paid")
        assert (odd.state, sound.state) == (ClaimState.HELD, ClaimState.ACCEPTED), "the other claim went out"
        wrong = [f for f in odd.findings if f.severity == "error"]
        assert {(f.rule, f.where) for f in wrong} == {("name-characters", "subscriber"), ("name-characters", "patient")}
        assert all("insurance card" in f.mend and ODD.last not in f.message for f in wrong)
        assert not files_with(books, odd.claim.id)
        (account,) = standings(books, "odd")
        assert account.open == 20_000


def test_markup_and_formulas_stay_text(clinic: Clinic, client: TestClient, tmp_path: Path) -> None:
    who = _signed_in(client, clinic, "manager")
    seen = client.get("/encounters/visit-bold", headers=who)
    assert seen.headers["Content-Type"] == "application/json" and seen.headers["X-Content-Type-Options"] == "nosniff"
    assert seen.json()["note"] == SCRIPT
    stated = next(s for s in client.get("/statements", headers=who).json() if BOLD.last in s["guarantor"])
    paper = client.get(f"/statements/{stated['id']}/pdf", headers=who)
    assert paper.headers["Content-Disposition"].startswith("attachment")
    text = " ".join(page.extract_text() for page in PdfReader(BytesIO(paper.content)).pages)
    assert "<b>Bold</b>" in text and "=1+1" in text, "printed as it is written"
    clinic.must("export", "--out", str(tmp_path / "export"), by="data_scientist", today=TODAY)
    cells = [c for line in (tmp_path / "export/codes.tsv").read_text("utf-8").splitlines() for c in line.split("\t")]
    for name in ("claims.parquet", "decisions.parquet"):
        rows = parquet.read_table(tmp_path / "export" / name).to_pylist()
        cells += [value for row in rows for value in row.values() if isinstance(value, str)]
    assert len(cells) > 20 and not [cell for cell in cells if cell[:1] in ("=", "+", "-", "@", "\t", "\r")]


def test_a_practice_file_that_is_none_opens_no_books(
    clinic: Clinic, as_before: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "practice.json"
    for spoil in (_empty, _binary, _two_gib, _missing, lambda p: p.write_text('{"practice": {}}', "utf-8")):
        spoil(path)
        assert cleanclaim(["practice", "add", "--from", str(path), "--admin", "eve"]) == 2
        assert "practice.json" in capsys.readouterr().err
    with clinic.store(TODAY).access(reading=True) as access:
        assert [practice.mark for practice in access.practices()] == [clinic.mark]

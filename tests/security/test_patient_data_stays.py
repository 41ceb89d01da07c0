"""Patient data stays in the books: a practice of people with unmistakable names lives a year, trains a model and
provokes errors; afterwards nothing that is written for others to read holds a word of theirs.

Read are: every log record at DEBUG and everything printed, by the commands and by a real uvicorn with its access log;
every refusal of the API; the export's parquet, notes and codes; MLflow's database and files; the model itself.
"""

from __future__ import annotations

import json
import logging
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import httpx
import pyarrow.parquet as parquet
import pytest
import uvicorn
from PIL import Image

from billing_core.registration import Address, PersonName
from serving import settings
from serving.api import create_app
from serving.ids import FixedClock
from serving.security import Role
from serving.store.states import Direction
from tests.stories.clinic import PASSWORD, Clinic, Person, claims_of, environment
from training.__main__ import main as train

FIRST_DAY, LAST_NIGHT = date(2025, 1, 6), date(2026, 2, 15)
CHILD = "Zyxwebber"  # a name that registration does not know, in one note only
NOTE_WORD = "quuxpain"  # no medicine knows it: it may leave in the export's notes, and nowhere else
NOTE = (
    "Subjective: {first} {last} (member {member}, phone 518-555-0177, {street}) was seen on {day:%m/%d/%Y}. "
    f"Reports {NOTE_WORD}. Daughter Mrs. {CHILD} drove.\n"
    "Assessment: essential hypertension. Plan: continue lisinopril. Seen by Dr. Gray."
)
NAMED = ("Zyxfirst", "Zyxlast", "Zyxstreet", "Zyxtown", "555-0177", CHILD)


def _person(number: int) -> Person:
    day = FIRST_DAY + timedelta(days=number)
    name = PersonName(f"Zyxlast{chr(65 + number % 26)}", f"Zyxfirst{chr(65 + number % 7)}")
    home = Address(f"{number} Zyxstreet Rd", "Zyxtown", "NY", "121801234")
    denied = number % 4 == 0
    made = Person(
        f"zq{number:05d}", ("DENY3",) if denied else ("FULL1",), ("99213", "20610") if denied else ("99213",),
        name=name, visit=day, home=home,
    )  # fmt: skip
    text = NOTE.format(first=name.first, last=name.last, member=made.member, street=home.line1, day=day)
    return Person(
        made.key, made.payers, made.procedures, name=name, visit=day, home=home, note=text if number < 30 else made.note
    )


PEOPLE = tuple(_person(number) for number in range(300))


@dataclass(frozen=True)
class Lived:
    """What the year left: the installation, what was printed and logged, and the folders written for training."""

    clinic: Clinic
    printed: str
    logged: str
    export: Path
    tracking: Path
    trained: Path


def canaries() -> list[str]:
    """Every word that belongs to somebody."""
    return [*NAMED, *(person.member for person in PEOPLE)]


def found_in(data: bytes) -> list[str]:
    """The canaries in some bytes, whatever the case."""
    lower = data.lower()
    return [word for word in canaries() if word.lower().encode() in lower]


def told(path: Path) -> bytes:
    """All that a file says: its bytes, what a table in it holds (it is compressed), the words a picture carries."""
    said = [path.name.encode(), path.read_bytes()]
    if path.suffix == ".parquet":
        table = parquet.read_table(path)
        said.append(json.dumps([table.schema.names, table.to_pylist()], default=str).encode())
    if path.suffix == ".png":
        with Image.open(path) as picture:
            said.append(json.dumps({str(k): str(v) for k, v in picture.info.items()}).encode())
    return b"\n".join(said)


def files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


class Heard(logging.Handler):
    """Every log record of this process, as text, with its traceback."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(logging.Formatter("%(name)s %(levelname)s %(message)s"))
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture(scope="module")
def heard() -> Iterator[Heard]:
    handler, root = Heard(), logging.getLogger()
    before, muted = root.level, logging.root.manager.disable
    logging.disable(logging.NOTSET)
    for logger in list(logging.root.manager.loggerDict.values()):
        if isinstance(logger, logging.Logger):  # muted by the configuration of some library another test has used
            logger.disabled, logger.propagate = False, True
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    logging.getLogger("serving.desk").debug("somebody listens")
    yield handler
    root.removeHandler(handler)
    root.setLevel(before)
    logging.disable(muted)


@contextmanager
def _printed(path: Path) -> Iterator[Path]:
    """Everything printed, in a file."""
    with path.open("w", encoding="utf-8") as out, redirect_stdout(out), redirect_stderr(out):
        yield path


def _live(clinic: Clinic, root: Path) -> None:
    """A year of nights, with suggestions before the first."""
    clinic.open(FIRST_DAY)
    assert train(["coding", "--out", str(root / "coding")]) == 0
    clinic.must("model", "activate", "--kind", "coding", "--dir", str(root / "coding"), by="manager", today=FIRST_DAY)
    clinic.must("coding", "suggest", "--out", str(root / "suggested.jsonl"), by="coder", today=FIRST_DAY)
    for week in range(12):
        night = FIRST_DAY + timedelta(days=28 * (week + 1))
        clinic.sign(night)
        clinic.night(night)
    for night in (LAST_NIGHT - timedelta(days=30), LAST_NIGHT):
        clinic.sign(night)
        clinic.night(night)


def _provoke(clinic: Clinic, root: Path) -> None:
    """Files that are wrong at the very place where a person's data stands."""
    bad = root / "bad"
    bad.mkdir()
    person = PEOPLE[0]
    line = (clinic.world / "registration.jsonl").read_text("utf-8").splitlines()[1]
    for text in (line[:-30], line.replace("1980-02-03", person.name.last), line.replace('"F"', '"Zyxlast"')):
        (bad / "registration.jsonl").write_text(text + "\n", "utf-8")
        assert clinic.run("import", "--dir", str(bad), by="manager", today=LAST_NIGHT) == 2
    with clinic.books() as books:
        file = books.files(Direction.INBOUND, "835")[0]
        answer = books.file_bytes(file.id).decode()
    name = next(part for part in answer.split("~\n") if part.startswith("NM1*QC"))
    amount = next(part for part in answer.split("~\n") if part.startswith("CLP")).split("*")[4]
    hurt = {
        "half.835": answer[: answer.index(name) + 20],
        "amount.835": answer.replace(f"*{amount}*", f"*{person.name.last.upper()}*", 1),
        "segment.835": answer.replace(name, f"{person.name.last.upper()}*{person.member}", 1),
        "date.835": answer.replace("DTM*472*", f"DTM*472*{person.name.last.upper()}", 1),
    }
    for name, text in hurt.items():
        (clinic.from_payers / name).write_text(text, "ascii")
    clinic.cycle(LAST_NIGHT + timedelta(days=1))
    (root / "signed.jsonl").write_text(json.dumps({"encounter_id": person.name.last}) + "\n", "utf-8")
    assert clinic.run("coding", "sign", "--file", str(root / "signed.jsonl"), by="coder", today=LAST_NIGHT) == 2
    clinic.mends.write_text(json.dumps({"action": person.name.last, "claim_number": person.member}) + "\n", "utf-8")
    words = clinic.cycle_words()
    assert clinic.run(*words, by="biller", today=LAST_NIGHT + timedelta(days=1)) == 2


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory, heard: Heard) -> Iterator[Lived]:
    root = tmp_path_factory.mktemp("stays")
    with environment(root / "home"), _printed(root / "printed.txt") as printed:
        clinic = Clinic(root, PEOPLE)
        _live(clinic, root)
        _provoke(clinic, root)
        export, tracking, trained = root / "export", root / "tracking", root / "trained"
        clinic.must("export", "--out", str(export), by="data_scientist", today=LAST_NIGHT)
        clinic.must("ledger", "verify", by="biller", today=LAST_NIGHT)
        clinic.must("summary", by="manager", today=LAST_NIGHT)
        tracking.mkdir()
        url = f"sqlite:///{tracking / 'mlflow.db'}"
        given = ["--tracking", url, "--out"]
        assert train(["denial", "--export", str(export), *given, str(trained / "denial")]) == 0
        assert train(["coding", "--data", str(export), *given, str(trained / "coding")]) == 0
        assert train(["overturn", "--export", str(export), *given, str(trained / "overturn")]) == 0
    with environment(root / "home"):
        yield Lived(clinic, printed.read_text("utf-8"), "\n".join(heard.lines), export, tracking, trained)


def test_the_canaries_are_there_to_be_found(lived: Lived) -> None:
    database = (lived.clinic.root / "home" / "cleanclaim.db").read_bytes()
    assert set(NAMED) <= set(found_in(database)) and NOTE_WORD.encode() in database
    assert len(lived.printed) > 1_000 and "somebody listens" in lived.logged


def test_nothing_printed_or_logged_names_a_patient(lived: Lived) -> None:
    assert not found_in(lived.printed.encode()) and NOTE_WORD not in lived.printed
    assert not found_in(lived.logged.encode()) and NOTE_WORD not in lived.logged


def test_what_was_refused_is_said_with_its_place_and_mend_and_without_its_content(lived: Lived) -> None:
    refusals = [line for line in lived.printed.splitlines() if line.startswith("cleanclaim: ")]
    assert len(refusals) == 5, refusals
    assert all(";" in line for line in refusals), "each names the mend"
    for name in ("half.835", "amount.835", "segment.835", "date.835"):
        assert f'"{name}: ' in lived.printed, name


def test_the_export_names_nobody(lived: Lived) -> None:
    names = [path.relative_to(lived.export).as_posix() for path in files(lived.export)]
    notes = [name for name in names if name.startswith("notes/")]
    assert len(notes) == len(PEOPLE) and {"claims.parquet", "decisions.parquet", "codes.tsv"} < set(names)
    for path in files(lived.export):
        assert not found_in(path.name.encode()), path.name
        assert not found_in(path.read_bytes()), path.name
        if path.suffix == ".parquet":
            table = parquet.read_table(path)
            said = json.dumps([table.schema.names, table.to_pylist()], default=str)
            assert not found_in(said.encode()) and NOTE_WORD not in said, path.name
            assert "visit-zq" not in said and "patient-zq" not in said, "ids are pseudonyms too"
    told = b"".join((lived.export / name).read_bytes() for name in notes)
    assert NOTE_WORD.encode() in told and b"hypertension" in told, "the medicine stays"
    assert not any(f"{person.visit:%m/%d/%Y}".encode() in told for person in PEOPLE[:30])
    for secret in (settings.read().secret(), PASSWORD):
        assert not any(secret.encode() in path.read_bytes() for path in files(lived.export))


def test_the_register_of_models_and_the_model_name_nobody(lived: Lived) -> None:
    with sqlite3.connect(lived.tracking / "mlflow.db") as connection:
        text = "\n".join(connection.iterdump())
    connection.close()
    assert "export_sha256" in text and "learned_from" in text, "the runs are in it"
    with lived.clinic.books() as books:
        numbers = [standing.claim.number for standing in books.claims()]
    own = [NOTE_WORD, "zq000", "visit-zq", "1980-02-03", "19800203", *numbers, settings.read().secret()]
    written = [*files(lived.tracking), *files(lived.trained)]
    for place, data in (("mlflow.db", text.encode()), *((path.name, told(path)) for path in written)):
        assert not found_in(data), place
        assert not [word for word in own if word.encode() in data], place
    assert {"held_out.parquet", "model_card.md", "figures.json"} <= {path.name for path in written}
    assert len(numbers) > 200 and any(numbers[0].encode() in told(path) for path in files(lived.clinic.to_payers))


@contextmanager
def _served(today: date) -> Iterator[str]:
    """A real uvicorn with the API, its access log on."""
    config = uvicorn.Config(
        create_app(settings.read(), FixedClock(today)), port=0, log_config=None, log_level="debug", access_log=True
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    for _ in range(600):
        if server.started:
            break
        time.sleep(0.05)
    assert server.started
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(30)


def _hurt_a_record(lived: Lived, patient_id: str) -> None:
    """A stored record is damaged, as a failing disk or a careless hand would."""
    with sqlite3.connect(lived.clinic.root / "home" / "cleanclaim.db") as connection:
        connection.execute(
            "UPDATE patient SET body = replace(body, '1980-02-03', 'Zyxlast') WHERE id = ?", (patient_id,)
        )
    connection.close()


def test_no_refusal_and_no_line_of_the_access_log_names_a_patient(
    lived: Lived, heard: Heard, capfd: pytest.CaptureFixture[str]
) -> None:
    heard.lines.clear()
    person = PEOPLE[1]
    with lived.clinic.books() as books:
        claim = claims_of(books, person.key)[0].claim
    _hurt_a_record(lived, f"patient-{PEOPLE[2].key}")
    wrong = {"encounter_id": person.encounter_id, "amount": person.name.last, "method": person.name.first}
    seen, refused = [], []
    with _served(LAST_NIGHT) as address, httpx.Client(base_url=address) as client:
        form = {"username": person.name.last, "password": person.member}
        refused.append(client.post("/token", data=form))
        form = {"username": lived.clinic.login(Role.MANAGER), "password": PASSWORD}
        client.headers["Authorization"] = f"Bearer {client.post('/token', data=form).json()['access_token']}"
        seen += [client.get(f"/encounters/{person.encounter_id}"), client.get(f"/claims/{claim.id}")]
        seen.append(client.get("/queue"))
        refused += [
            client.post("/payments", json=wrong),
            client.post("/payments", content=json.dumps(wrong)[:-4], headers={"Content-Type": "application/json"}),
            client.post(
                f"/claims/{claim.id}/mend", json={"action": "correct", "reason": "x", "member_id": "Zyxlast~:*"}
            ),
            client.post(f"/claims/{claim.id}/mend", json={"action": person.name.last, "reason": person.member}),
            client.put(
                f"/encounters/{person.encounter_id}/decisions", json={"system": "CPT", "code": person.name.last}
            ),
            client.post("/files", content=f"ISA*00*{person.name.last}".encode(), headers={"X-File-Name": "a.835"}),
            client.post("/files", content=person.note.encode(), headers={"X-File-Name": "a.835"}),
            client.get(f"/encounters/visit-{PEOPLE[2].key}"),
        ]
    assert [answer.status_code for answer in seen] == [200, 200, 200]
    assert all(found_in(answer.content) for answer in seen), "the doors do show patients to who may see them"
    for answer in refused:
        assert 400 <= answer.status_code <= 500 and not found_in(answer.content), answer.text
        assert NOTE_WORD not in answer.text
    logged = "\n".join(heard.lines) + "".join(capfd.readouterr())
    assert f"GET /claims/{claim.id}" in logged, "the access log was read"
    assert not found_in(logged.encode()) and NOTE_WORD not in logged


def test_statements_and_files_are_named_by_numbers_alone(lived: Lived) -> None:
    for folder in (lived.clinic.to_payers, lived.clinic.from_payers, lived.clinic.root / "payer"):
        assert not found_in("\n".join(str(path) for path in files(folder)).encode())

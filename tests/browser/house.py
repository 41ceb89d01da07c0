"""A small practice behind a real `cleanclaim serve`: books in a new home, the shipped suggester, one port each.

Visits lie a few days back from today, because the server goes by the real clock. Invented people.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import TimeoutError as TookTooLong

from billing_core.chargemaster import Price
from billing_core.encounter import Encounter, Setting
from billing_core.registration import Guarantor, PersonName
from serving import artifacts, settings
from serving.ids import SystemClock, uuid7
from serving.settings import Settings
from serving.store.books import Books, Store
from tests.billing_core import specimens
from tests.browser import loop_house, money_house
from tests.doors import PATIENCE, free_port, until_they_answer
from tests.serving.people import PASSWORD, enrol
from tests.serving.store import filled
from training.coding import build

MARKUP = "<script>window.harmed = 1</script><img src=x onerror='window.harmed = 1'>"
NOTE = """Chief complaint: follow-up.

Family history: father with type 2 diabetes. Denies chest pain.

Assessment and plan:
1. Essential hypertension, well controlled. Continue lisinopril 10 mg.
2. Type 2 diabetes mellitus without complications. Continue metformin; labs ordered.

I spent 25 minutes on this established patient's visit.
"""
KNEE = "Assessment and plan:\n1. Knee pain. Continue ibuprofen 400 mg.\n"
# name of the visit -> the patient's last name and the note
VISITS = {
    "keys": ("Arden", NOTE),
    "fast": ("Avery", NOTE),
    "query": ("Avis", KNEE),
    "close": ("Axel", NOTE),
    "sign": ("Barlow", NOTE),
    "unsure": ("Boyle", NOTE),
    "refresh": ("Cutler", NOTE),
    "markup": ("Dunn</script><b>", f"{NOTE}\nPatient's own words: {MARKUP}\n"),
    "paper": ("Falk", NOTE),
    "short": ("Gale", NOTE),
    "knee": ("Hale", f"{NOTE}\nMRI of the knee without contrast was done.\n"),
    "images": ("Ember", f"{NOTE}\nMRI of the knee without contrast was done.\n"),
}
PRACTICES = {
    "elm": ("ELMF", "Elm Family Medicine"),
    "oak": ("OAKS", "Oak Street Clinic"),
    "ash": ("ASHM", "Ash Street Practice"),  # the money screens' own: `money_house`
    "fir": ("FIRS", "Fir Street Practice"),  # the model's own: `loop_house`
}
USERS = {
    "coder": {"elm": ["coder"]},
    "biller": {"elm": ["biller"]},
    "both": {"elm": ["coder", "biller", "manager"], "oak": ["biller"]},
    "nobody": {"elm": ["administrator"]},
    "cashier": {"ash": ["biller"]},
    "chief": {"ash": ["manager"]},
    "scientist": {"fir": ["data_scientist"]},
    "appellant": {"fir": ["biller"]},
    "warden": {"fir": ["manager"]},
}


@dataclass(frozen=True)
class Served:
    """Where the two servers answer."""

    api: str
    screens: str

    def token(self, login: str) -> dict[str, str]:
        """The headers of a signed-in program."""
        answer = httpx.post(f"{self.api}/token", data={"username": login, "password": PASSWORD})
        practice = next(iter(USERS[login]))
        return {"Authorization": f"Bearer {answer.json()['access_token']}", "X-Cleanclaim-Practice": practice}

    def ask(self, login: str, method: str, path: str, body: Any = None) -> Any:
        """What the API answers a program of this user."""
        answer = httpx.request(method, self.api + path, json=body, headers=self.token(login), timeout=PATIENCE)
        assert answer.is_success, answer.text
        return answer.json()

    def fetch(self, login: str, path: str) -> bytes:
        """A file of the API, byte for byte."""
        return httpx.get(self.api + path, headers=self.token(login), timeout=PATIENCE).raise_for_status().content


def practice_day() -> date:
    """The day it is in the practices, as the server sees it."""
    return SystemClock().today(filled.practice("elm", "ELMF").zone)


def furnish(home: Path) -> Settings:
    """The books of two practices, their people, visits to code, and a suggester in service."""
    ours = settings.read({"CLEANCLAIM_HOME": str(home)})
    home.mkdir()
    store = Store(ours.database_url, SystemClock(), uuid7)
    with store.access() as access:
        for practice_id, (mark, name) in PRACTICES.items():
            access.add_practice(replace(filled.practice(practice_id, mark), name=name))
    enrol(store, USERS)
    model = home / "model"
    build(model)
    with store.open("elm") as books:
        _register(books)
        artifacts.activate(books, ours.artifacts, "coding", model, "scientist")
    today = practice_day()
    money_house.fill(store, ours, today)
    (home / "trained").mkdir()
    loop_house.fill(store, ours, today, home / "trained")
    store.close()
    return ours


def _register(books: Books) -> None:
    books.save_payer(specimens.PAYER)
    books.save_contract(specimens.CONTRACT)
    books.save_prices([Price(code, 15000, date(2024, 1, 1)) for code in ("99213", "99214", "73721")])
    books.save_provider(specimens.PROVIDER)
    books.save_location(specimens.LOCATION)
    books.save_guarantors([Guarantor("guarantor", specimens.NAME, specimens.HOME)])
    seen = practice_day() - timedelta(days=5)
    for number, (name, (last, note)) in enumerate(VISITS.items()):
        called = PersonName(last, "Ann")
        patient = replace(specimens.PATIENT, id=f"patient-{name}", record_number=str(number), name=called)
        books.save_patients([patient])
        if name != "paper":  # who pays for that visit: the guarantor alone
            books.save_coverages([replace(specimens.COVERAGE, id=f"coverage-{name}", patient_id=patient.id)])
        sha256 = hashlib.sha256(note.encode()).hexdigest()
        visit = Encounter(name, patient.id, "provider", "location", seen, Setting.OUTPATIENT, sha256)
        books.save_encounter(visit, note)


@contextmanager
def serve(home: Path) -> Iterator[Served]:
    """`cleanclaim serve` on this home, until the end of the tests. Both servers answer when it is given."""
    api, screens = free_port(), free_port()
    told = {"CLEANCLAIM_HOME": str(home), "CLEANCLAIM_API_PORT": str(api), "CLEANCLAIM_APP_PORT": str(screens)}
    program = Path(sys.executable).with_name("cleanclaim")
    with (home / "serve.log").open("wb") as log:
        process = subprocess.Popen([program, "serve"], env=os.environ | told, stdout=log, stderr=log)
    try:
        served = Served(f"http://127.0.0.1:{api}", f"http://127.0.0.1:{screens}")
        health = (f"{served.api}/health", f"{served.screens}/_stcore/health")
        until_they_answer(process, health, home / "serve.log")
        yield served
    finally:
        process.terminate()
        process.wait(20)


LISTENER = """
    const send = WebSocket.prototype.send
    WebSocket.prototype.send = function (...frame) {
        if (!this.listened) this.addEventListener('message', () => { window.answeredAt = performance.now() })
        this.listened = true
        window.askedAt = performance.now()
        return send.apply(this, frame)
    }
"""


def listen(context: Any) -> None:
    """Let the pages of this browser session note when they last asked the server, and when it last answered."""
    context.add_init_script(LISTENER)


def at_rest(page: Any) -> None:
    """Wait until the page is drawn, owes no answer and stays so for a fifth of a second.

    What is done while it is drawn may be lost: a button can move between the press and the release. A busy server
    begins to draw late, so a page may look at rest while what was typed last is still on its way: then no answer has
    come since it was sent (waited for two seconds: not all that is sent is answered).
    """
    page.evaluate("window.restingSince = 0")
    page.wait_for_function(
        """() => {
            const state = document.querySelector('[data-testid=stApp]')?.dataset.testScriptState
            const now = performance.now()
            const owed = window.askedAt > (window.answeredAt || 0) && now - window.askedAt < 2000
            if (state !== 'notRunning' || owed) { window.restingSince = 0; return false }
            window.restingSince ||= now
            return now - window.restingSince > 200
        }"""
    )


def press(page: Any, button: str) -> None:
    """Press the one button of exactly that name, once it is there and the page rests."""
    found = page.get_by_role("button", name=button, exact=True)
    found.wait_for()
    at_rest(page)
    found.click()


def said(page: Any, words: str) -> str:
    """What the page says of the last act; it holds these words, and the page rests."""
    found = page.locator(".said", has_text=words).first
    try:
        found.wait_for()
    except TookTooLong:
        raise AssertionError(f"{words!r} was not said, but {page.locator('.said').all_inner_texts()}") from None
    at_rest(page)
    return str(found.inner_text())


def type_into(page: Any, label: str, text: str) -> None:
    """Type into the one field of that label and leave it."""
    field = page.get_by_label(label, exact=True)
    field.wait_for()
    at_rest(page)
    field.fill(text)
    field.press("Tab")
    at_rest(page)

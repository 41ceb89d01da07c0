"""Two practices in one installation, each with a visit in every stage, and the ids that are not the other's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from billing_core.encounter import Span
from billing_core.provider_query import OTHER, UNDETERMINED, ProviderQuery
from billing_core.registration import PersonName
from models import artifact
from serving import settings
from serving.desk import people as people_desk
from serving.desk import write_off
from serving.desk.case import Desk, open_desk
from serving.ids import FixedClock, uuid7
from serving.schemas.access import KeyIn
from serving.schemas.billing import WriteOffIn
from serving.security import Actor, Role
from serving.store.appeals import StoredAppeal
from serving.store.books import Store
from serving.store.states import AppealState, Direction
from tests.stories.clinic import Clinic, Person, claims_of, environment

TODAY = date(2026, 2, 10)
SURNAME = {"ELMF": "Elmcanary", "OAKS": "Oakcanary"}


@dataclass(frozen=True)
class Ids:
    """What names things in a practice's books."""

    encounter: str
    open_encounter: str
    claim: str
    claim_number: str
    rejected: str
    outbound: str
    inbound: str
    statement: str
    coverage: str
    write_off: str
    appeal: str
    patient: str
    user: str
    key: str
    remittance: str
    entry: str
    query: str


def small_model(folder: Path, words: str = "none") -> Path:
    """A sound model directory that knows nothing; other words, another seal."""
    fields = {"kind": "denial", "code_set_release": "none", "threshold": 1, "card": {"data": words}}
    artifact.write(folder, {"trees.txt": b"none"}, fields)
    return folder


def people(mark: str) -> tuple[Person, ...]:
    """Paid with a patient's share, rejected, self-pay, and one that nobody has coded yet."""
    key, name = mark[0].lower(), PersonName(SURNAME[mark], "Ann")
    return (
        Person(f"{key}1", ("SHARE",), name=name),
        Person(f"{key}2", ("FULL1",), member_at_desk="W99999999", name=name),
        Person(f"{key}3", (), name=name),
        Person(f"{key}4", ("FULL1",), name=name),
    )


def _lived(root: Path, mark: str) -> Clinic:
    root.mkdir()
    clinic = Clinic(root, people(mark), mark).open()
    coded = Clinic(root, people(mark)[:3], mark)
    coded.sign()
    for day in (date(2026, 1, 8), date(2026, 1, 30), date(2026, 1, 31)):
        clinic.night(day)
    return clinic


@dataclass(frozen=True)
class Two:
    """The installation with elm and oak, and the store that holds both."""

    root: Path
    elm: Clinic
    oak: Clinic
    store: Store

    def desk(self, clinic: Clinic, *roles: Role) -> Desk:
        """A desk in that practice for somebody with these roles (all, when none is given)."""
        actor = Actor("", "somebody", clinic.practice_id, frozenset(roles or Role))
        return open_desk(settings.read(), self.store, actor, FixedClock(TODAY), uuid7)

    def ids(self, clinic: Clinic) -> Ids:
        """The ids of that practice's things."""
        key = clinic.mark[0].lower()
        with self.store.read(clinic.practice_id) as books:
            paid, rejected = claims_of(books, f"{key}1")[0].claim, claims_of(books, f"{key}2")[0].claim
            return Ids(
                encounter=paid.encounter_id,
                open_encounter=f"visit-{key}4",
                claim=paid.id,
                claim_number=paid.number,
                rejected=rejected.id,
                outbound=books.files(Direction.OUTBOUND)[0].id,
                inbound=books.files(Direction.INBOUND, "835")[0].id,
                statement=books.statements()[0].id,
                coverage=f"coverage-{key}1-1",
                patient=f"patient-{key}1",
                write_off=books.work("write-off", status=None)[0].id,
                appeal=books.appeals()[0].id,
                user=next(m.user_id for m in books.members() if m.roles == {Role.FRONT_DESK}),
                key=books.api_keys()[0].id,
                remittance=books.remittances()[0].id,
                entry=books.entries(limit=1)[0].id,
                query=f"query-{key}",
            )


def _asked(key: str) -> ProviderQuery:
    """A query about the visit that nobody has coded yet."""
    options = ("left", "right", OTHER, UNDETERMINED)
    words = "Which side does this concern?"
    return ProviderQuery(
        f"query-{key}", f"visit-{key}4", "provider", "0" * 64, "M17.10", "side", (Span(0, 4),), words, options, "coder",
        TODAY,
    )  # fmt: skip


def _appealed(mark: str, claim_id: str) -> StoredAppeal:
    """A drafted appeal of a claim."""
    body = {
        "sentences": [{"words": "It was needed.", "source": "chart: note"}], "sources": ["chart: note"], "denied": [],
        "remitted_on": "2026-01-30", "trace": "T1", "denied_cents": 0,
    }  # fmt: skip
    return StoredAppeal(f"appeal-{mark}", claim_id, 1, AppealState.DRAFT, TODAY, None, None, None, 0, body)


@contextmanager
def two_practices(root: Path) -> Iterator[Two]:
    """Both practices, having lived the same nights."""
    with environment(root / "home"):
        elm, oak = _lived(root / "elm", "ELMF"), _lived(root / "oak", "OAKS")
        store = Store(settings.read().database_url, FixedClock(TODAY))
        two = Two(root, elm, oak, store)
        for clinic in (elm, oak):
            with store.read(clinic.practice_id) as books:
                shared = claims_of(books, f"{clinic.mark[0].lower()}1")[0].claim.id
            with store.open(clinic.practice_id) as books:
                books.save_query(_asked(clinic.mark[0].lower()))
                books.save_appeals([_appealed(clinic.mark, shared)])
            write_off.ask(two.desk(clinic), shared, WriteOffIn(reason="hardship"))
            people_desk.make_key(two.desk(clinic), KeyIn(name="scanner", roles=["front_desk"]))
        yield two
        store.close()

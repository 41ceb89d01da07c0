"""A use case: who asks, in which practice, may they; one transaction; one line in the event log.

Every function of the desk is made by `use_case(action)`. It asks `may(actor, action, practice)` before anything is
read, opens the practice's books for one transaction (all of it or nothing), and leaves an event; one that only reads
sees one unchanging moment instead. A route and a command
are two doors to the same function.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from billing_core.codesets.tables import Tables
from billing_core.day_sheet import business_day
from serving.ids import Clock, NewId
from serving.security import Actor, may
from serving.settings import Settings

if TYPE_CHECKING:
    from serving.artifacts import Shelf
    from serving.store.books import Books, Store

Given = ParamSpec("Given")
Result = TypeVar("Result")

READING = ".read"  # an action of this name changes nothing; only that it was done is written down
USE_CASES: dict[str, str] = {}  # name of the function -> action it asks for


@dataclass(frozen=True, slots=True)
class Desk:
    """One actor at work in one practice."""

    settings: Settings
    store: Store
    actor: Actor
    clock: Clock
    new_id: NewId
    tables: Tables
    shelf: Shelf

    @property
    def practice_id(self) -> str:
        """The practice the actor works for."""
        return self.actor.practice_id

    def today(self, books: Books) -> date:
        """The business date in the practice's zone; after its close, the next one."""
        return business_day(self.clock.today(books.practice().zone), books.closed_through())


def open_tables(settings: Settings) -> Tables:
    """The installed code tables; none installed means that codes are not checked, which the findings say."""
    folder = settings.home / "tables"
    return Tables.open(folder) if folder.is_dir() else Tables.empty()


def open_shelf(settings: Settings) -> Shelf:
    """The models in service, opened when first asked for."""
    from serving.artifacts import Shelf, shadow_of

    def suggester(folder: Path) -> object:
        from models.coding.suggester import Suggester

        return Suggester.load(folder)

    def predictor(folder: Path) -> object:
        from models.denial.predictor import Predictor

        return Predictor.load(folder)

    def overturn(folder: Path) -> object:
        from models.denial.overturn import load

        return load(folder)[1]

    shadowed = {"coding": suggester, "denial": predictor}
    openers = shadowed | {"overturn": overturn}
    return Shelf(settings.artifacts, openers | {shadow_of(kind): opener for kind, opener in shadowed.items()})


def open_desk(
    settings: Settings,
    store: Store,
    actor: Actor,
    clock: Clock,
    new_id: NewId,
    tables: Tables | None = None,
    shelf: Shelf | None = None,
) -> Desk:
    """A desk for the actor. Pass `tables` and `shelf` to share them between requests."""
    return Desk(settings, store, actor, clock, new_id, tables or open_tables(settings), shelf or open_shelf(settings))


def use_case(
    action: str, noted: bool = True
) -> Callable[
    [Callable[Concatenate[Desk, Books, Given], Result]],
    Callable[Concatenate[Desk, Given], Result],
]:
    """Make a function of the desk: asks for `action`, opens the books, leaves an event.

    Not `noted` is only what changes nothing and shows nothing of anybody in the books.
    """

    def made(body: Callable[Concatenate[Desk, Books, Given], Result]) -> Callable[Concatenate[Desk, Given], Result]:
        USE_CASES[f"{body.__module__}.{body.__qualname__}"] = action

        @wraps(body)
        def asked(desk: Desk, *given: Given.args, **named: Given.kwargs) -> Result:
            may(desk.actor, action, desk.practice_id)
            if not noted:
                with desk.store.read(desk.practice_id) as books:
                    return body(desk, books, *given, **named)
            subject = str(given[0]) if given and isinstance(given[0], str) and len(given[0]) == 36 else ""
            if action.endswith(READING):  # a long look at the books keeps no writer waiting
                with desk.store.read(desk.practice_id) as books:
                    result = body(desk, books, *given, **named)
                with desk.store.open(desk.practice_id) as books:
                    books.log(desk.actor, action, subject)
                return result
            with desk.store.open(desk.practice_id) as books:
                last = books.event_count()
                result = body(desk, books, *given, **named)
                if not books.events(action=action, after_position=last, limit=1):  # it has not said it better itself
                    books.log(desk.actor, action, subject)
                return result

        return asked  # type: ignore[return-value]  # mypy keeps the name of the first parameter

    return made

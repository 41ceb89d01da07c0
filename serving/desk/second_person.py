"""Who may decide what somebody asked for: a person whose role allows it and who is not the one who asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from serving.desk.case import Desk
from serving.schemas.access import SecondPerson
from serving.security import ACTIONS

if TYPE_CHECKING:
    from serving.store.books import Books


def has_role(desk: Desk, action: str) -> bool:
    """Whether a role of the one who looks opens this action. For showing, not for guarding."""
    return not ACTIONS[action].isdisjoint(desk.actor.roles)


def second_person(desk: Desk, books: Books, action: str, asked_by: str) -> SecondPerson:
    """What the one who looks may do about it, and the logins of those who may approve it.

    Who asked may take the wish back (decline it) where their role decides such wishes, and never approves it. The use
    case that decides asks again: this is for showing, not for guarding.
    """
    allowed, decides = ACTIONS[action], has_role(desk, action)
    return SecondPerson(
        may_approve=decides and desk.actor.login != asked_by,
        may_decline=decides,
        waits_for=[
            member.login
            for member in books.members()
            if member.active and member.login != asked_by and not allowed.isdisjoint(member.roles)
        ],
    )

"""The practice's own people and machines: who works here as what, the keys of its machines, and what happened.

A user's roles here say nothing of any other practice. A user is added by the operator of the installation alone
(`cleanclaim user add`): from inside one practice nobody can learn which logins exist elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from serving.desk.case import Desk, use_case
from serving.errors import Conflict
from serving.schemas.access import EventView, KeyIn, KeyView, NewKeyView, RolesIn, UserView
from serving.security import Role, parse_roles

if TYPE_CHECKING:
    from serving.store.books import Books
    from serving.store.members import Member, StoredKey

EVENTS_AT_ONCE = 200


def _user(member: Member) -> UserView:
    return UserView(id=member.user_id, login=member.login, active=member.active, roles=sorted(member.roles))


def _key(key: StoredKey) -> KeyView:
    return KeyView(
        id=key.id,
        name=key.name,
        begins=key.prefix,
        roles=sorted(key.roles),
        made_at=key.created_at.isoformat(),
        revoked_at=key.revoked_at.isoformat() if key.revoked_at else "",
    )


def another_administers(books: Books, user_id: str) -> None:
    """Conflict unless somebody else who may sign in is an administrator of the practice."""
    others = (member for member in books.members() if member.user_id != user_id and member.active)
    if not any(Role.ADMINISTRATOR in member.roles for member in others):
        raise Conflict("the practice would be left without an administrator", mend="make another one first")


@use_case("user.read")
def users(desk: Desk, books: Books) -> list[UserView]:
    """Who works in this practice, and as what."""
    return [_user(member) for member in books.members()]


@use_case("user.manage")
def set_roles(desk: Desk, books: Books, user_id: str, wish: RolesIn) -> list[UserView]:
    """Give a member exactly these roles; none takes the membership away. One administrator stays."""
    before, roles = books.member(user_id), parse_roles(wish.roles)
    if Role.ADMINISTRATOR not in roles:
        another_administers(books, user_id)
    books.grant(user_id, roles)
    was, now = {"roles": sorted(before.roles)}, {"roles": sorted(roles)}
    books.log(desk.actor, "user.manage", user_id, reason="roles", before=was, after=now)
    return [_user(member) for member in books.members()]


@use_case("user.read")
def keys(desk: Desk, books: Books) -> list[KeyView]:
    """The keys of the practice's machines, revoked ones too. A key's text is not kept."""
    return [_key(key) for key in books.api_keys()]


@use_case("user.manage")
def make_key(desk: Desk, books: Books, wish: KeyIn) -> NewKeyView:
    """A key for a machine, with roles of its own. Its text is told here once and never again."""
    kept, fresh = books.add_api_key(wish.name, wish.roles)
    books.log(desk.actor, "user.manage", kept.id, reason="key made", after={"roles": sorted(kept.roles)})
    return NewKeyView(**_key(kept).model_dump(), text=fresh.text)


@use_case("user.manage")
def revoke_key(desk: Desk, books: Books, key_id: str) -> list[KeyView]:
    """Let the key open nothing any more."""
    books.revoke_api_key(key_id)
    books.log(desk.actor, "user.manage", key_id, reason="key revoked")
    return [_key(key) for key in books.api_keys()]


@use_case("event.read")
def events(desk: Desk, books: Books, after: int = 0) -> list[EventView]:
    """The event log after that position, oldest first, a page at a time."""
    return [
        EventView(
            position=event.position,
            at=event.at.isoformat(),
            actor=event.actor,
            action=event.action,
            subject=event.subject,
            reason=event.reason,
            hash=event.hash,
        )
        for event in books.events(after_position=after, limit=EVENTS_AT_ONCE)
    ]

"""The administrator's doors: members and their roles, the keys of machines; and the log of what happened."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from serving.desk import people
from serving.routes.entrance import AtDesk, Id
from serving.schemas.access import EventView, KeyIn, KeyView, NewKeyView, RolesIn, UserView

router = APIRouter(tags=["access"])


@router.get("/users")
def users(desk: AtDesk) -> list[UserView]:
    """Who works in this practice, and as what."""
    return people.users(desk)


@router.post("/users/{user_id}/roles")
def set_roles(desk: AtDesk, user_id: Id, wish: RolesIn) -> list[UserView]:
    """Give a member exactly these roles; none takes the membership away."""
    return people.set_roles(desk, user_id, wish)


@router.get("/keys")
def keys(desk: AtDesk) -> list[KeyView]:
    """The keys of the practice's machines."""
    return people.keys(desk)


@router.post("/keys")
def make_key(desk: AtDesk, wish: KeyIn) -> NewKeyView:
    """A key for a machine; its text is told once."""
    return people.make_key(desk, wish)


@router.post("/keys/{key_id}/revoke")
def revoke_key(desk: AtDesk, key_id: Id) -> list[KeyView]:
    """Let the key open nothing any more."""
    return people.revoke_key(desk, key_id)


@router.get("/events")
def events(desk: AtDesk, after: Annotated[int, Query(ge=0)] = 0) -> list[EventView]:
    """What happened, oldest first, after that position."""
    return people.events(desk, after)

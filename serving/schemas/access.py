"""Who is asking: tokens, the signed-in user, users and keys."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Schema(BaseModel):
    """Unknown fields are refused, so that a misspelt one is an error and not a silence."""

    model_config = ConfigDict(extra="forbid")


class Problem(Schema):
    """Every refusal (RFC 9457): what is wrong, where, and what would mend it. Never patient data."""

    title: str
    status: int
    detail: str
    where: str = ""
    mend: str = ""


class Token(Schema):
    """A bearer token (RFC 6749, password grant)."""

    access_token: str
    token_type: str = "bearer"
    expires_in: int


class PracticeChoice(Schema):
    """One practice the user may work for, and as what."""

    id: str
    name: str
    roles: list[str]


class Me(Schema):
    """The signed-in user in the practice chosen, and the others to choose from; `today` is the day it is there."""

    login: str
    practice_id: str
    practice_name: str
    today: str
    roles: list[str]
    practices: list[PracticeChoice]


class SecondPerson(Schema):
    """What the one who looks may do about a wish that needs a second person, and who may approve it (logins)."""

    may_approve: bool = False
    may_decline: bool = False
    waits_for: list[str] = Field(default_factory=list)


class UserView(Schema):
    """A user of this practice."""

    id: str
    login: str
    active: bool
    roles: list[str]


class RolesIn(Schema):
    """The roles a member shall have here; none takes the membership away."""

    roles: list[str] = Field(max_length=10)


class KeyIn(Schema):
    """A key to make for a machine: what it is for, and its roles."""

    name: str = Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._ -]+$")
    roles: list[str] = Field(min_length=1, max_length=10)


class KeyView(Schema):
    """A key of this practice; `begins` is enough to know it by."""

    id: str
    name: str
    begins: str
    roles: list[str]
    made_at: str
    revoked_at: str


class NewKeyView(KeyView):
    """A key just made. `text` is told this once and kept nowhere."""

    text: str


class EventView(Schema):
    """One line of the event log."""

    position: int
    at: str
    actor: str
    action: str
    subject: str
    reason: str
    hash: str

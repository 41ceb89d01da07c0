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
    """The signed-in user in the practice chosen, and the others to choose from."""

    login: str
    practice_id: str
    practice_name: str
    roles: list[str]
    practices: list[PracticeChoice]


class NewUser(Schema):
    """A user to add to this practice."""

    login: str = Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._@-]+$")
    password: str = Field(min_length=12, max_length=256)
    roles: list[str] = Field(min_length=1)


class UserView(Schema):
    """A user of this practice."""

    id: str
    login: str
    roles: list[str]


class ApiKeyView(Schema):
    """A new API key. `key` is shown this once."""

    id: str
    key: str


class EventView(Schema):
    """One line of the event log."""

    position: int
    at: str
    actor: str
    action: str
    subject: str
    reason: str
    hash: str

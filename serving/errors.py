"""Every error the doors may answer with, on one page: what went wrong, and what would put it right.

    ServingError (500)            anything a use case refuses
    ├── SignInFailed (401)        wrong login, password, token or key; never says which
    │   └── TooManyAttempts (429) the login is locked for a while
    ├── Forbidden (403)           this role may not do this
    ├── NotFound (404)            not in this practice; the same words whether it exists elsewhere or nowhere
    ├── Conflict (409)            the books already hold something else, or the step is not allowed from here
    │   └── SealedBooks (409)     the ledger, the event log or a decision was to be changed; they only grow
    ├── InputError (422)          a field that cannot be read: which field, at which place, and the mend
    │   └── NotTaken (422)        a payer's file that cannot be taken in: not X12, cut off, or against its guide
    ├── ArtifactProblem (422)     a model artifact that is damaged or of another format
    │   └── NoModel (503)         no sound artifact is active for this practice
    └── Busy (503)                the books were locked too long; nothing was changed

A message never carries patient data: ids, names, amounts and dates of patients stay out of it. The HTTP door turns
each into its status in one place; the command line prints message and mend.
"""

from __future__ import annotations

from collections.abc import Iterable


class ServingError(Exception):
    """Something a use case refuses. `message` says what is wrong, `mend` what would put it right."""

    status = 500

    def __init__(self, message: str, *, mend: str = "") -> None:
        self.message, self.mend = message, mend
        super().__init__(f"{message}; {mend}" if mend else message)


class SignInFailed(ServingError):
    """The caller could not be identified. Says nothing about which half was wrong."""

    status = 401

    def __init__(
        self, message: str = "sign-in failed", *, mend: str = "check the login and the password, or sign in again"
    ) -> None:
        super().__init__(message, mend=mend)


class TooManyAttempts(SignInFailed):
    """Too many wrong passwords for this login; it opens again by itself after `seconds`."""

    status = 429

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        super().__init__("too many failed sign-ins", mend=f"wait {seconds} seconds and try again")


class Forbidden(ServingError):
    """The actor's roles do not allow the action in this practice."""

    status = 403

    def __init__(self, action: str, roles: Iterable[str] = ()) -> None:
        self.action = action
        who = " or ".join(sorted(role.replace("_", " ") for role in roles))
        takes = f"ask a {who}, or ask an administrator for that role" if who else "ask an administrator for the role"
        super().__init__(f"not allowed in your role ({action})", mend=takes)


class NotFound(ServingError):
    """Nothing of that kind in this practice. Another practice's id and an invented one get the same words."""

    status = 404

    def __init__(self, noun: str, mend: str = "check the id within this practice") -> None:
        self.noun = noun
        super().__init__(f"{noun} not found", mend=mend)


class Conflict(ServingError):
    """The books already hold something that contradicts this."""

    status = 409


class SealedBooks(Conflict):
    """An attempt to alter what only grows: the ledger, the event log, the coders' decisions."""

    def __init__(self, message: str = "the books are append-only") -> None:
        super().__init__(message, mend="correct by a new entry; nothing that was written is changed")


class InputError(ServingError):
    """Input that cannot be read. `field` names it, `place` says where (line, column, file), `mend` how to correct."""

    status = 422

    def __init__(self, message: str, *, field: str = "", place: str = "", mend: str = "") -> None:
        self.field, self.place = field, place
        where = " ".join(part for part in (field, place) if part)
        super().__init__(f"{where}: {message}" if where else message, mend=mend)


class NotTaken(InputError):
    """A file of a payer that cannot be taken in: not X12, cut off, or not as its guide says. Its sender can be told."""


class ArtifactProblem(ServingError):
    """A model artifact cannot be opened. The one that served before keeps serving."""

    status = 422


class NoModel(ArtifactProblem):
    """No sound artifact of this kind is active for the practice."""

    status = 503


class Busy(ServingError):
    """The books stayed locked by another writer. Nothing was changed."""

    status = 503

    def __init__(self) -> None:
        super().__init__("the books are busy", mend="try again in a moment; nothing was changed")

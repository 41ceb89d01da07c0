"""Every error has a status and its mend, and the page that draws them draws all of them."""

from __future__ import annotations

import re

from serving import errors
from serving.errors import ServingError


def tree(cls: type[ServingError]) -> list[type[ServingError]]:
    return [cls, *(child for sub in cls.__subclasses__() for child in tree(sub))]


def test_the_drawing_shows_every_error_with_its_status() -> None:
    drawn = dict(re.findall(r"(\w+) \((\d{3})\)", errors.__doc__ or ""))
    assert {cls.__name__: str(cls.status) for cls in tree(ServingError)} == drawn


def test_a_message_holds_the_place_and_the_mend() -> None:
    error = errors.InputError("not a date", field="service_date", place="line 3", mend="write YYYY-MM-DD")
    assert str(error) == "service_date line 3: not a date; write YYYY-MM-DD" and error.status == 422
    assert errors.NotFound("claim").message == "claim not found" and errors.SignInFailed().mend

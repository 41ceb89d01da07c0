"""Signing in against a real store: wrong passwords, locks, keys, memberships."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from serving import settings
from serving.errors import Conflict, InputError, NotFound, SignInFailed, TooManyAttempts
from serving.security import FAILURES_ALLOWED, LOCK_SECONDS, Role
from serving.settings import Settings
from serving.sign_in import SESSION_LONGEST, check_password, identify, renew, sign_in
from serving.store.books import Store
from tests.serving.store import filled

PASSWORD = "correct horse battery"


@dataclass
class MovingClock:
    moment: datetime = datetime(2026, 4, 9, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def today(self, zone: str) -> date:
        return self.moment.date()

    def wait(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


@pytest.fixture
def ours(tmp_path: Path) -> Settings:
    return settings.read({"CLEANCLAIM_HOME": str(tmp_path)})


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()


@pytest.fixture
def store(database_url: str, clock: MovingClock) -> Any:
    store = filled.new_store(database_url)
    store.clock = clock
    with store.access() as access:
        user_id = access.add_user("Coder", PASSWORD, "Ann Coder").id
    for practice_id in ("elm", "oak"):
        with store.open(practice_id) as books:
            books.grant(user_id, ["coder", "manager"] if practice_id == "elm" else ["biller"])
    yield store
    store.close()


def test_the_right_password_gives_a_token_that_names_the_actor(store: Store, ours: Settings) -> None:
    token = sign_in(store, ours, " coder ", PASSWORD)
    actor = identify(store, ours, token, "elm")
    assert (actor.login, actor.practice_id, actor.roles) == ("coder", "elm", {Role.CODER, Role.MANAGER})
    assert identify(store, ours, token, "oak").roles == {Role.BILLER}


def test_a_user_of_several_practices_names_one_and_a_stranger_finds_none(store: Store, ours: Settings) -> None:
    token = sign_in(store, ours, "coder", PASSWORD)
    with pytest.raises(SignInFailed, match="several practices"):
        identify(store, ours, token)
    for practice_id in ("nowhere", "' OR 1=1 --"):
        with pytest.raises(NotFound, match="practice not found"):
            identify(store, ours, token, practice_id)


def test_taking_a_role_away_works_at_once(store: Store, ours: Settings) -> None:
    token = sign_in(store, ours, "coder", PASSWORD)
    user_id = identify(store, ours, token, "elm").user_id
    with store.open("oak") as books:
        books.grant(user_id, [])
        assert books.members() == ()
    assert identify(store, ours, token).practice_id == "elm"  # only one is left: it need not be named
    with pytest.raises(NotFound):
        identify(store, ours, token, "oak")
    with store.access() as access:
        access.set_active(user_id, False)
    with pytest.raises(SignInFailed):
        identify(store, ours, token, "elm")
    with pytest.raises(SignInFailed):
        sign_in(store, ours, "coder", PASSWORD)


def test_who_is_at_work_stays_signed_in_for_a_day_and_who_pauses_does_not(
    store: Store, ours: Settings, clock: MovingClock
) -> None:
    token, minutes = sign_in(store, ours, "coder", PASSWORD), timedelta(minutes=10)
    with pytest.raises(SignInFailed, match="long enough"):
        for _ in range(SESSION_LONGEST // minutes + 1):
            clock.wait(minutes.seconds)
            token = renew(store, ours, token)
    assert clock.moment - MovingClock().moment > SESSION_LONGEST
    token = sign_in(store, ours, "coder", PASSWORD)
    clock.wait(15 * 60)
    with pytest.raises(SignInFailed, match="run out"):
        renew(store, ours, token)


def test_a_user_put_out_is_not_renewed(store: Store, ours: Settings) -> None:
    token = sign_in(store, ours, "coder", PASSWORD)
    with store.access() as access:
        access.set_active(identify(store, ours, token, "elm").user_id, False)
    with pytest.raises(SignInFailed):
        renew(store, ours, token)


def test_wrong_login_wrong_password_and_locked_out_user_get_the_same_words(store: Store) -> None:
    said = set()
    for login, password in (("coder", "wrong"), ("nobody", PASSWORD), ("", ""), ("coder", "")):
        with pytest.raises(SignInFailed) as caught:
            check_password(store, login, password)
        said.add(str(caught.value))
    assert len(said) == 1


def test_a_stranger_takes_as_long_as_a_user(store: Store) -> None:
    def seconds(login: str) -> float:
        began = time.process_time()
        with pytest.raises(SignInFailed):
            check_password(store, login, "wrong password")
        return time.process_time() - began

    seconds("warm-up")
    known, unknown = seconds("coder"), seconds("nobody")
    assert unknown > known / 3


def fail(store: Store, times: int) -> None:
    for _ in range(times):
        with pytest.raises(SignInFailed):
            check_password(store, "coder", "wrong password")


def test_five_failures_lock_the_login_for_a_minute_even_for_the_right_password(
    store: Store, clock: MovingClock
) -> None:
    fail(store, FAILURES_ALLOWED)
    clock.wait(LOCK_SECONDS - 1)
    with pytest.raises(TooManyAttempts) as caught:
        check_password(store, "CODER", PASSWORD)
    assert (caught.value.seconds, caught.value.status) == (1, 429)
    clock.wait(1)
    assert check_password(store, "coder", PASSWORD).login == "coder"


def test_the_right_password_wipes_the_slate_and_old_failures_are_forgotten(store: Store, clock: MovingClock) -> None:
    fail(store, FAILURES_ALLOWED - 1)
    check_password(store, "coder", PASSWORD)
    fail(store, FAILURES_ALLOWED - 1)
    clock.wait(LOCK_SECONDS)
    fail(store, FAILURES_ALLOWED - 1)
    check_password(store, "coder", PASSWORD)


def test_one_login_s_failures_lock_no_other(store: Store) -> None:
    for _ in range(FAILURES_ALLOWED):
        with pytest.raises(SignInFailed):
            check_password(store, "nobody", "wrong password")
    assert check_password(store, "coder", PASSWORD)


def test_a_key_opens_its_own_practice_until_it_is_revoked(store: Store, ours: Settings) -> None:
    with store.open("elm") as books:
        kept, fresh = books.add_api_key("clearinghouse", ["biller"])
    actor = identify(store, ours, fresh.text)
    assert (actor.login, actor.practice_id, actor.roles) == ("key:clearinghouse", "elm", {Role.BILLER})
    with pytest.raises(NotFound):
        identify(store, ours, fresh.text, "oak")
    with store.engine.connect() as connection:
        assert fresh.text not in repr(connection.exec_driver_sql("SELECT * FROM api_key").all())
    for wrong in (fresh.text[:-1], fresh.text + "x", kept.prefix, "cck_", "cck_\ud800"):
        with pytest.raises(SignInFailed):
            identify(store, ours, wrong)
    with store.open("elm") as books:
        books.revoke_api_key(kept.id)
        assert books.api_keys()[0].revoked_at is not None
    with pytest.raises(SignInFailed):
        identify(store, ours, fresh.text)


def test_users_and_their_passwords(store: Store) -> None:
    with store.access() as access:
        with pytest.raises(Conflict, match="taken"):
            access.add_user("CODER", PASSWORD)
        with pytest.raises(InputError):
            access.add_user("new", "short")
        user = access.user_by_login("coder")
        assert user is not None and user.password_hash not in repr(user) and access.user(user.id) == user
        access.set_password(user.id, "another long password")
        with pytest.raises(NotFound):
            access.set_password("nobody", "another long password")
        assert [practice.id for practice in access.practices()] == ["elm", "oak"]
    assert check_password(store, "coder", "another long password")


def test_a_member_is_seen_by_his_practices_only(store: Store) -> None:
    with store.access() as access:
        stranger = access.add_user("stranger", PASSWORD).id
    with store.read("elm") as books:
        assert [member.login for member in books.members()] == ["coder"]
        with pytest.raises(NotFound):
            books.member(stranger)

"""Signing in: a password becomes a token, a token or a key becomes an actor in one practice.

A wrong login and a wrong password take as long and get the same words. Five attempts within a minute lock the login
for a minute; the count is kept in the store, so it holds across processes and restarts.
"""

from __future__ import annotations

from datetime import timedelta

from serving.errors import NotFound, SignInFailed, TooManyAttempts
from serving.security import KEY_MARK, Actor, issue_token, password_fits, read_session, read_token
from serving.settings import Settings
from serving.store.access import User
from serving.store.books import Store

SESSION_LONGEST = timedelta(hours=12)  # a working day; a password is asked for again on the next


def check_password(store: Store, login: str, password: str) -> User:
    """The active user with this login and password. Raises SignInFailed, TooManyAttempts."""
    with store.access() as access:
        locked = access.begin_attempt(login)
        user = access.user_by_login(login)
    if locked:
        raise TooManyAttempts(locked)
    # The slow part is outside any transaction: nobody waits for somebody else's password.
    fits = password_fits(user.password_hash if user else None, password)
    if user is None or not fits or not user.active:
        raise SignInFailed
    with store.access() as access:
        access.forget_failures(login)
    return user


def sign_in(store: Store, settings: Settings, login: str, password: str) -> str:
    """A token for the user. Raises SignInFailed, TooManyAttempts."""
    user = check_password(store, login, password)
    return issue_token(user.id, settings.secret(), settings.token_minutes, store.clock.now())


def renew(store: Store, settings: Settings, token: str) -> str:
    """A fresh token for a user at work, whose token still opens: who pauses for long signs in again, and so does who
    signed in more than SESSION_LONGEST ago. Raises SignInFailed."""
    now = store.clock.now()
    user_id, signed_in = read_session(token, settings.secret(), now)
    if now - signed_in > SESSION_LONGEST:
        raise SignInFailed("the session has lasted long enough", mend="sign in again")
    with store.access(reading=True) as access:
        if not access.user(user_id).active:
            raise SignInFailed
    return issue_token(user_id, settings.secret(), settings.token_minutes, now, signed_in)


def identify(store: Store, settings: Settings, credential: str, practice_id: str = "") -> Actor:
    """Who presents this token or API key, in which practice.

    A key belongs to one practice. A user names the practice, and need not when there is only one. Raises
    SignInFailed for a credential that opens nothing, NotFound for a practice that is not the caller's.
    """
    if credential.startswith(KEY_MARK):
        return _machine(store, credential, practice_id)
    user_id = read_token(credential, settings.secret(), store.clock.now())
    with store.access(reading=True) as access:
        memberships = access.memberships(user_id)
    if not memberships:
        raise SignInFailed("this user works in no practice", mend="ask an administrator for a role")
    chosen = [actor for actor in memberships if actor.practice_id == practice_id or not practice_id]
    if not chosen:
        raise NotFound("practice")
    if len(chosen) > 1:
        raise SignInFailed("this user works in several practices", mend="name the practice")
    return chosen[0]


def _machine(store: Store, key_text: str, practice_id: str) -> Actor:
    with store.access(reading=True) as access:
        actor = access.actor_by_key(key_text)
    if actor is None:
        raise SignInFailed("the API key is not valid", mend="ask an administrator for a new key")
    if practice_id and actor.practice_id != practice_id:
        raise NotFound("practice")
    return actor

"""Signing in by token (RFC 6749 section 4.3) and by form, who I am, and whether the house is open."""

from __future__ import annotations

import html
import os
import re
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Header, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.security import OAuth2PasswordRequestForm

from serving.errors import Forbidden, SignInFailed
from serving.routes.entrance import Credential, House, PracticeId, TheHouse
from serving.schemas.access import Me, PracticeChoice, Token
from serving.security import KEY_MARK, Actor, read_token
from serving.sign_in import identify, renew, sign_in

COOKIE = "cleanclaim_session"

router = APIRouter(tags=["access"])

FetchSite = Annotated[str, Header(alias="Sec-Fetch-Site", include_in_schema=False)]

# No script, nothing from elsewhere. form-action is left open: browsers apply it to the redirect to the screens' port.
_POLICY = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"}
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Sign in - Cleanclaim</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body{{font:15px/1.5 system-ui,sans-serif;color:#1b2733;background:#f2f5f8;margin:0}}
main{{max-width:21rem;margin:14vh auto 0;padding:1.6rem 1.8rem 1.2rem;background:#fff;border:1px solid #d3dce4;
border-radius:8px}}
h1{{font-size:1.35rem;margin:0 0 .2rem;color:#0b4a8f}} p{{margin:0 0 1.1rem;color:#51616f}}
label{{display:block;font-weight:600;font-size:.85rem}}
input,button{{display:block;width:100%;box-sizing:border-box;font:inherit;padding:.5rem .6rem;margin:.2rem 0 1rem;
border-radius:5px;border:1px solid #8a99a8}}
button{{background:#0b5cad;border-color:#0b5cad;color:#fff;font-weight:600;cursor:pointer}}
p[role=alert]{{background:#fdecea;border:1px solid #d9534a;color:#7a1610;border-radius:5px;padding:.5rem .7rem}}
</style></head>
<body><main><h1>Cleanclaim</h1><p>Medical coding and billing</p>{notice}
<form method="post" action="/signin">{page}
<label for="username">Login</label>
<input id="username" name="username" autocomplete="username" maxlength="200" required autofocus>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" maxlength="256" required>
<button type="submit">Sign in</button>
</form></main></body></html>
"""


@router.get("/health")
def health(house: TheHouse) -> dict[str, str]:
    """Open for business: the books can be read."""
    with house.store.access(reading=True):
        return {"status": "ok"}


@router.post("/token")
def token(house: TheHouse, form: Annotated[OAuth2PasswordRequestForm, Depends()]) -> Token:
    """A bearer token for a login and its password."""
    issued = sign_in(house.store, house.settings, form.username, form.password)
    return Token(access_token=issued, expires_in=house.settings.token_minutes * 60)


@router.post("/token/renew")
def renew_token(house: TheHouse, credential: Credential) -> Token:
    """A fresh token for one that still opens, so that who is at work is not sent away."""
    issued = renew(house.store, house.settings, credential)
    return Token(access_token=issued, expires_in=house.settings.token_minutes * 60)


@router.get("/me")
def me(house: TheHouse, credential: Credential, practice_id: PracticeId = "") -> Me:
    """Who I am in the practice named, or in my first, and where else I work."""
    memberships = _memberships(house, credential)
    first = memberships[0].practice_id if memberships else ""
    actor = identify(house.store, house.settings, credential, practice_id or first)
    with house.store.access(reading=True) as access:
        practices = {practice.id: practice for practice in access.practices()}
    choices = [
        PracticeChoice(id=each.practice_id, name=practices[each.practice_id].name, roles=sorted(each.roles))
        for each in memberships or (actor,)
    ]
    chosen = practices[actor.practice_id]
    return Me(
        login=actor.login,
        practice_id=chosen.id,
        practice_name=chosen.name,
        today=house.store.clock.today(chosen.zone).isoformat(),
        roles=sorted(actor.roles),
        practices=choices,
    )


def _memberships(house: House, credential: str) -> tuple[Actor, ...]:
    """Where a user works; nothing for a key, which belongs to one practice and says so itself."""
    if credential.startswith(KEY_MARK):
        return ()
    user_id = read_token(credential, house.settings.secret(), house.store.clock.now())
    with house.store.access(reading=True) as access:
        return access.memberships(user_id)


# --- the form in the browser ----------------------------------------------------------------------------------------


# A page of the screens by its name alone: nobody is led elsewhere by an address that was made for them.
PageName = r"^[a-z]{0,40}$"


@router.get("/signin", response_class=HTMLResponse)
def sign_in_page(page: Annotated[str, Query(pattern=PageName)] = "") -> HTMLResponse:
    """The sign-in form; it leads to that page of the screens."""
    return _page("", page)


@router.post("/signin", response_class=RedirectResponse, status_code=303)
def sign_in_form(
    request: Request,
    house: TheHouse,
    username: Annotated[str, Form(max_length=200)],
    password: Annotated[str, Form(max_length=256)],
    page: Annotated[str, Form(pattern=PageName)] = "",
    fetch_site: FetchSite = "",
) -> Response:
    """Sign in, keep the token in a cookie that scripts cannot read, and go to the screens."""
    _own_page(fetch_site)
    try:
        issued = sign_in(house.store, house.settings, username, password)
    except SignInFailed as error:
        return _page(f"{error.message}; {error.mend}".capitalize(), page, error.status)
    screens = _screens(request, house)
    answer = RedirectResponse(f"{screens.rstrip('/')}/{page}" if page else screens, 303)
    _keep(answer, issued, request, house)
    return answer


@router.get("/session", response_class=Response, status_code=204)
def renew_cookie(request: Request, house: TheHouse) -> Response:
    """Renew the cookie of who is at work in the screens; nothing else is done by cookie, and no other site sends it."""
    answer = Response(status_code=204)
    _keep(answer, renew(house.store, house.settings, request.cookies.get(COOKIE, "")), request, house)
    return answer


def _keep(answer: Response, token: str, request: Request, house: House) -> None:
    """The token in a cookie that scripts cannot read and other sites do not send."""
    answer.set_cookie(
        COOKIE,
        token,
        max_age=house.settings.token_minutes * 60,
        httponly=True,
        samesite="strict",
        secure=_cookie_secure(request),
    )


@router.post("/signout", response_class=RedirectResponse, status_code=303)
def sign_out(request: Request, fetch_site: FetchSite = "") -> Response:
    """Take the cookie back and show the form."""
    _own_page(fetch_site)
    answer = RedirectResponse("/signin", 303)
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict", secure=_cookie_secure(request))
    return answer


def _page(notice: str, page: str = "", status: int = 200) -> HTMLResponse:
    wanted = f'<input type="hidden" name="page" value="{html.escape(page)}">' if page else ""
    said = f'<p role="alert">{html.escape(notice)}</p>' if notice else ""
    return HTMLResponse(_PAGE.format(notice=said, page=wanted), status, _POLICY)


def _own_page(fetch_site: str) -> None:
    """Refuse a form that another site sent: nobody is signed in as somebody else behind their back."""
    if fetch_site == "cross-site":
        raise Forbidden("a form of another site")


def _cookie_secure(request: Request) -> bool:
    """Over TLS the cookie never travels without it; a proxy that hides the scheme is told so by the environment."""
    return os.environ.get("CLEANCLAIM_COOKIE_SECURE", "").strip() == "1" or request.url.scheme == "https"


def _screens(request: Request, house: House) -> str:
    """Where the screens are: as configured, else on the browser's own host by its own scheme, at the screens' port."""
    return house.settings.app_url or f"{request.url.scheme}://{_host(request, house)}:{house.settings.app_port}/"


def _host(request: Request, house: House) -> str:
    """The host name the browser used, when it is one; an IPv6 address in brackets."""
    name = request.url.hostname or ""
    if re.fullmatch(r"[0-9a-f:]+", name) and ":" in name:
        return f"[{name}]"
    return name if re.fullmatch(r"[A-Za-z0-9.-]+", name) else house.settings.host

"""The screens' one door to the API: HTTP with the user's own token, answers as the API's schemas.

The screens know nothing the API did not tell them, and may do nothing the API does not allow the user. Every failure
is an ApiProblem that says what is wrong and what would mend it; none carries patient data or the insides of a program.
"""

from __future__ import annotations

import os
import ssl
import time
from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Literal, TypeVar
from urllib.parse import quote, urlsplit

import httpx
import streamlit as st

from serving.schemas.access import Me, Schema, Token
from serving.schemas.billing import (
    AnalyticsView,
    ClaimItem,
    ClaimView,
    LedgerProof,
    MendIn,
    MendView,
    StatementItem,
    SubmissionView,
    WriteOffIn,
    WriteOffItem,
)
from serving.schemas.coding import (
    AnswerIn,
    CloseIn,
    DecisionIn,
    EncounterItem,
    EncounterView,
    QueryIn,
    QueryView,
    SignatureIn,
    SignatureView,
    SymmetryView,
)
from serving.schemas.contracts import (
    ContractCheck,
    ContractIn,
    ContractItem,
    ContractView,
    EstimateIn,
    EstimateView,
    PatientOption,
    ReckoningView,
    UnderpaymentsView,
    WhatIfIn,
)

SESSION_COOKIE = "cleanclaim_session"
PRACTICE = "practice"
TODAY = "today"
SESSION = "session"
ASKED_PAGE = "asked_page"  # the page of the address, to come back to after signing in
WAIT_SECONDS = 30.0

Answer = TypeVar("Answer", bound=Schema)


Door = TypeVar("Door", bound="Client")


class ApiProblem(Exception):
    """What went wrong, in words, and what would mend it. `status` is the HTTP status, 0 when no answer came."""

    def __init__(self, error: str, mend: str = "", status: int = 0) -> None:
        super().__init__(error)
        self.error = error
        self.mend = mend
        self.status = status


def api_address() -> str:
    """Where the API is."""
    return os.environ.get("CLEANCLAIM_API", "http://127.0.0.1:8000").rstrip("/")


def door(path: str) -> str:
    """A page of the API as the browser reaches it: where it is told to be, else on the host the browser used."""
    public = os.environ.get("CLEANCLAIM_API_URL", "").rstrip("/")
    if not public:
        inside, seen = urlsplit(api_address()), urlsplit(str(st.context.url or ""))
        host = f"[{seen.hostname}]" if seen.hostname and ":" in seen.hostname else seen.hostname or inside.hostname
        public = f"{seen.scheme or inside.scheme}://{host}:{inside.port or 80}"
    return f"{public}/{path}"


def sign_in_address() -> str:
    """The page where a user signs in; it sets the session cookie and goes to the page that was asked for."""
    page = str(st.session_state.get(ASKED_PAGE, ""))
    return door(f"signin?page={quote(page)}" if page else "signin")


def sign_out_address() -> str:
    """The door that takes the session cookie back."""
    return door("signout")


def session_token() -> str:
    """The token of the browser's session; "" when nobody is signed in."""
    cookie = str(st.context.cookies.get(SESSION_COOKIE, ""))
    seen, token, _ = st.session_state.get(SESSION, ("", "", 0.0))
    return str(token) if token and seen == cookie else cookie


def stay_signed_in() -> str:
    """Renew the token of a user at work when a third of its time is over; who pauses past its end signs in again.

    Returns the address that renews the browser's cookie, to be fetched by the browser, or "" when it is not time.
    """
    cookie, now = str(st.context.cookies.get(SESSION_COOKIE, "")), time.monotonic()
    seen, _, due = st.session_state.get(SESSION, ("", "", 0.0))
    if not cookie or (seen == cookie and now < due):
        return ""
    fresh = Client(session_token()).renew()
    st.session_state[SESSION] = (cookie, fresh.access_token, now + fresh.expires_in / 3)
    return door(f"session?{now:.0f}")


@cache
def _trust() -> ssl.SSLContext:
    """Read once: it takes longer than a request."""
    return ssl.create_default_context()


class Client:
    """The API as the signed-in user sees it. Every method raises ApiProblem."""

    def __init__(self, token: str, practice_id: str = "", transport: httpx.BaseTransport | None = None) -> None:
        self._headers = {"Authorization": f"Bearer {token}", "X-Cleanclaim-Practice": practice_id}
        self._transport = transport

    def me(self) -> Me:
        """The user, the practice and the roles."""
        return _one(Me, self._send("GET", "/me"))

    def renew(self) -> Token:
        """A fresh token in place of this one."""
        return _one(Token, self._send("POST", "/token/renew"))

    def worklist(self, status: str = "waiting", limit: int = 50) -> list[EncounterItem]:
        """The coder's worklist."""
        return _many(EncounterItem, self._send("GET", "/encounters", {"status": status, "limit": str(limit)}))

    def encounter(self, encounter_id: str) -> EncounterView:
        """One visit: note, suggestions, findings."""
        return _one(EncounterView, self._send("GET", f"/encounters/{_part(encounter_id)}"))

    def suggest(self, encounter_id: str) -> None:
        """Ask the model for its suggestions; read them with `encounter`."""
        self._send("POST", f"/encounters/{_part(encounter_id)}/suggestions")

    def decide(self, encounter_id: str, decision: DecisionIn) -> None:
        """Record one decision of the coder."""
        self._send("PUT", f"/encounters/{_part(encounter_id)}/decisions", body=decision)

    def sign(self, encounter_id: str, signature: SignatureIn) -> SignatureView:
        """Sign the codes."""
        return _one(SignatureView, self._send("POST", f"/encounters/{_part(encounter_id)}/signature", body=signature))

    def close_visit(self, encounter_id: str, wish: CloseIn) -> None:
        """End a visit without a charge."""
        self._send("POST", f"/encounters/{_part(encounter_id)}/close", body=wish)

    def queries(self) -> list[QueryView]:
        """The queries to providers that hold a claim."""
        return _many(QueryView, self._send("GET", "/queries"))

    def ask(self, encounter_id: str, query: QueryIn) -> None:
        """Ask the note's author what a code leaves open."""
        self._send("POST", f"/encounters/{_part(encounter_id)}/queries", body=query)

    def answer(self, query_id: str, said: AnswerIn) -> None:
        """Enter what the note's author answered."""
        self._send("POST", f"/queries/{_part(query_id)}/answer", body=said)

    def end_query(self, query_id: str, verb: Literal["settle", "withdraw"]) -> None:
        """Settle an answered query, or take one back."""
        self._send("POST", f"/queries/{_part(query_id)}/{verb}")

    def symmetry(self) -> SymmetryView:
        """Whether suggestions lean."""
        return _one(SymmetryView, self._send("GET", "/coding/symmetry"))

    def claim(self, claim_id: str) -> ClaimView:
        """Everything about one claim."""
        return _one(ClaimView, self._send("GET", f"/claims/{_part(claim_id)}"))

    def mend(self, claim_id: str, mend: MendIn) -> MendView:
        """Change a claim and send it on."""
        return _one(MendView, self._send("POST", f"/claims/{_part(claim_id)}/mend", body=mend))

    def ask_write_off(self, claim_id: str, wish: WriteOffIn) -> WriteOffItem:
        """Ask that what is open of a claim be written off."""
        return _one(WriteOffItem, self._send("POST", f"/claims/{_part(claim_id)}/write-off", body=wish))

    def write_offs(self) -> list[WriteOffItem]:
        """The write-offs that wait for a second person."""
        return _many(WriteOffItem, self._send("GET", "/write-offs"))

    def decide_write_off(self, work_id: str, verb: Literal["approve", "decline"]) -> WriteOffItem:
        """Approve or decline what somebody else asked for."""
        return _one(WriteOffItem, self._send("POST", f"/write-offs/{_part(work_id)}/{verb}"))

    def submit(self) -> SubmissionView:
        """Send the claims that are ready."""
        return _one(SubmissionView, self._send("POST", "/claims/submissions"))

    def ready(self, limit: int = 1000) -> list[ClaimItem]:
        """The claims that are ready to be sent."""
        return _many(ClaimItem, self._send("GET", "/claims", {"state": "ready", "limit": str(limit)}))

    def analytics(self) -> AnalyticsView:
        """The manager's figures."""
        return _one(AnalyticsView, self._send("GET", "/analytics"))

    def statements(self) -> list[StatementItem]:
        """Statements sent to guarantors."""
        return _many(StatementItem, self._send("GET", "/statements"))

    def statement_pdf(self, statement_id: str) -> bytes:
        """One statement as it was printed."""
        return self._send("GET", f"/statements/{_part(statement_id)}/pdf").content

    def contracts(self) -> list[ContractItem]:
        """Every contract, by payer and first day."""
        return _many(ContractItem, self._send("GET", "/contracts"))

    def contract(self, payer_id: str, on: str) -> ContractView:
        """The contract in force with the payer on a day: its clauses, and its vectors run."""
        return _one(ContractView, self._send("GET", f"/contracts/{_part(payer_id)}", {"on": on}))

    def check_contract(self, text: str) -> ContractCheck:
        """What is wrong with a contract file; nothing is kept."""
        return _one(ContractCheck, self._send("POST", "/contracts/check", body=_contract_in(text)))

    def save_contract(self, text: str) -> ContractCheck:
        """Put a contract file in force, when it is sound."""
        return _one(ContractCheck, self._send("POST", "/contracts", body=_contract_in(text)))

    def what_if(self, claim_id: str, given: WhatIfIn) -> ReckoningView:
        """What a claim should pay, as it is or with something changed."""
        return _one(ReckoningView, self._send("POST", f"/claims/{_part(claim_id)}/what-if", body=given))

    def patients(self, find: str) -> list[PatientOption]:
        """Patients to estimate for, by last name or record number."""
        return _many(PatientOption, self._send("GET", "/estimates/patients", {"find": find}))

    def estimate(self, given: EstimateIn) -> EstimateView:
        """What the patient will owe."""
        return _one(EstimateView, self._send("POST", "/estimates", body=given))

    def good_faith_pdf(self, given: EstimateIn) -> bytes:
        """The good-faith estimate as it is handed over."""
        return self._send("POST", "/estimates/good-faith", body=given).content

    def underpayments(self) -> UnderpaymentsView:
        """Paid against expected."""
        return _one(UnderpaymentsView, self._send("GET", "/underpayments"))

    def ledger_proof(self) -> LedgerProof:
        """What verifying the ledger found."""
        return _one(LedgerProof, self._send("GET", "/ledger/proof"))

    def _send_file(self, path: str, name: str, data: bytes) -> httpx.Response:
        """A file as it is, under the name its owner gave it."""
        plain = "".join(c if c.isascii() and c.isprintable() and c not in "/\\" else "_" for c in name)[:200]
        return self._send("POST", path, content=data, headers={"X-File-Name": plain or "file"})

    def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Schema | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        # A client of its own for every call: a shared one would carry one user's cookies into another's request.
        # The environment's proxies are not used: notes go to the API and nowhere else.
        try:
            with httpx.Client(
                base_url=api_address(),
                timeout=WAIT_SECONDS,
                trust_env=False,
                transport=self._transport,
                verify=_trust(),
            ) as http:
                response = http.request(
                    method,
                    path,
                    params=query,
                    json=None if body is None else body.model_dump(mode="json"),
                    content=content,
                    headers={**self._headers, **(headers or {})},
                )
        except (httpx.HTTPError, httpx.InvalidURL) as failure:
            raise ApiProblem(
                "The API gave no answer.", "Try again in a moment; if it persists, check that the API is running."
            ) from failure
        if not response.is_success:
            raise _problem(response)
        return response


def _contract_in(text: str) -> ContractIn:
    try:
        return ContractIn(text=text)
    except ValueError:
        mend = "Give a contract of at least one and at most 900,000 characters."
        raise ApiProblem("The file is empty or too long for a contract.", mend) from None


def _part(identifier: str) -> str:
    """An id as one part of a path, whatever characters it holds."""
    return quote(identifier, safe="")


def _problem(response: httpx.Response) -> ApiProblem:
    """The API's own words when it gave any."""
    try:
        told = response.json()
    except ValueError:
        told = None
    if isinstance(told, dict) and isinstance(told.get("detail"), str):
        return ApiProblem(told["detail"], str(told.get("mend") or ""), response.status_code)
    return ApiProblem(f"The API refused with status {response.status_code}.", "Try again.", response.status_code)


def _unreadable() -> ApiProblem:
    return ApiProblem(
        "The API's answer could not be read.", "Check that the API and the screens are of the same version."
    )


def _one(kind: type[Answer], response: httpx.Response) -> Answer:
    try:
        return kind.model_validate(response.json())
    except ValueError:
        # The cause is dropped on purpose: a validation error quotes the answer, and the answer holds patient data.
        raise _unreadable() from None


def _many(kind: type[Answer], response: httpx.Response) -> list[Answer]:
    try:
        rows = response.json()
        if not isinstance(rows, list):
            raise _unreadable()
        return [kind.model_validate(row) for row in rows]
    except ValueError:
        raise _unreadable() from None


def who() -> Me:
    """The user in front of the screen, in the practice they chose; the choice outlives a refresh in the address."""
    asked = str(st.session_state.get(PRACTICE) or st.query_params.get(PRACTICE, ""))
    try:
        me = _signed_in(asked, Client).me()
    except ApiProblem as problem:
        if not asked or problem.status != 404:
            raise
        me = _signed_in("", Client).me()  # an address kept from another practice: begin in one of the user's own
    st.session_state[PRACTICE], st.session_state[TODAY] = me.practice_id, me.today
    if len(me.practices) > 1:
        st.query_params[PRACTICE] = me.practice_id
    return me


def practice_day() -> date:
    """The day it is in the practice's zone, which the machine's own clock need not share."""
    return date.fromisoformat(str(st.session_state.get(TODAY) or who().today))


def current() -> Client:
    """The client of the user in front of the screen. Raises ApiProblem when nobody is signed in."""
    return current_as(Client)


def current_as(kind: type[Door]) -> Door:
    """The same, as a client that knows more doors."""
    return _signed_in(str(st.session_state.get(PRACTICE, "")), kind)


def _signed_in(practice_id: str, kind: type[Door]) -> Door:
    token = session_token()
    if not token:
        raise ApiProblem("You are not signed in.", "Sign in to go on; what you decided is kept.", 401)
    return kind(token, practice_id)

"""The tables of the books. Every row belongs to one practice: practice_id begins every key and every reference.

Core records are kept whole, as canonical JSON text (`body`), beside the columns that queries need. Money is BIGINT
cents. A reference is composite, (practice_id, x_id), so a row cannot point into another practice's books. Only
`practice`, `app_user` and `sign_in_attempt` stand above the practices.

The migrations in `migrations/versions` build these tables; a test holds the two against each other. The triggers that
seal the ledger, the event log and the coders' decisions are in migration 0002.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.types import TypeDecorator

from billing_core.money import whole_cents


class Money(TypeDecorator[int]):
    """Whole cents in a BIGINT; a float raises MoneyError before it reaches the database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> int | None:
        """Refuse what is not whole cents."""
        return None if value is None else whole_cents(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> int | None:
        """PostgreSQL sums BIGINT to NUMERIC; cents are an int all the same."""
        return None if value is None else int(value)


class Moment(TypeDecorator[datetime]):
    """A moment in UTC; one without a zone raises ValueError."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Only aware moments, written in UTC."""
        if value is not None and value.tzinfo is None:
            raise ValueError("a moment needs its zone")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """SQLite forgets the zone; it was UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# Ids, codes and numbers compare byte by byte on both databases, whatever the server's language.
KEY = Text().with_variant(Text(collation="C"), "postgresql")

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

practice = Table(
    "practice",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("mark", KEY, nullable=False, unique=True),  # begins every claim number, so CLM01 never repeats
    Column("body", Text, nullable=False),
)
app_user = Table(
    "app_user",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("login", KEY, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("created_at", Moment, nullable=False),
)
sign_in_attempt = Table(
    "sign_in_attempt",
    metadata,
    Column("login", KEY, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_at", Moment, nullable=False),
    Column("locked_until", Moment),
)


def _own(
    name: str,
    *parts: Any,
    key: tuple[str, ...] = ("id",),
    refers: dict[str, str] | None = None,
    rowid: bool = True,
) -> Table:
    """A table of one practice's rows: practice_id first in the key, and in every reference.

    `key` are the key columns after practice_id ("id" is added by itself); `refers` maps column -> table it points to.
    Without `rowid` SQLite keeps the rows in the order of the key: for narrow rows that are written in bulk.
    """
    identity = [Column("id", KEY, nullable=False)] if key == ("id",) else []
    references = [
        ForeignKeyConstraint(["practice_id", column], [f"{table}.practice_id", f"{table}.id"])
        for column, table in (refers or {}).items()
    ]
    always = {part.name for part in parts if isinstance(part, Column) and not part.nullable} & (refers or {}).keys()
    if not always:  # a reference that is always there leads to the practice by itself
        references.append(ForeignKeyConstraint(["practice_id"], ["practice.id"]))
    return Table(
        name,
        metadata,
        Column("practice_id", KEY, nullable=False),
        *identity,
        *parts,
        PrimaryKeyConstraint("practice_id", *key),
        *references,
        sqlite_with_rowid=rowid,
    )


# --- who may, and what happened -------------------------------------------------------------------------------------

membership = _own(
    "membership",
    Column("user_id", KEY, nullable=False),
    Column("roles", Text, nullable=False),
    Column("granted_at", Moment, nullable=False),
    ForeignKeyConstraint(["user_id"], ["app_user.id"]),
    Index(None, "user_id"),
    key=("user_id",),
)
api_key = _own(
    "api_key",
    Column("name", Text, nullable=False),
    Column("prefix", KEY, nullable=False),
    Column("sha256", KEY, nullable=False, unique=True),
    Column("roles", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("revoked_at", Moment),
)
chain_head = _own(  # the last link of each hash chain; also the row that serialises one practice's writers
    "chain_head",
    Column("chain", KEY, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("hash", KEY, nullable=False),
    key=("chain",),
)
control_number = _own(
    "control_number",
    Column("kind", KEY, nullable=False),
    Column("value", BigInteger, nullable=False),
    key=("kind",),
)
event = _own(
    "event",
    Column("position", BigInteger, nullable=False),
    Column("at", Moment, nullable=False),
    Column("actor", KEY, nullable=False),
    Column("actor_id", KEY, nullable=False),
    Column("action", KEY, nullable=False),
    Column("subject", KEY, nullable=False),
    Column("reason", Text, nullable=False),
    Column("before_hash", KEY, nullable=False),
    Column("after_hash", KEY, nullable=False),
    Column("detail", Text, nullable=False),
    Column("prev_hash", KEY, nullable=False),
    Column("hash", KEY, nullable=False),
    UniqueConstraint("practice_id", "position"),
    Index(None, "practice_id", "subject"),
)

# --- the parties ----------------------------------------------------------------------------------------------------

payer = _own(
    "payer",
    Column("number", KEY, nullable=False),
    Column("body", Text, nullable=False),
    UniqueConstraint("practice_id", "number"),
)
contract = _own(
    "contract",
    Column("payer_id", KEY, nullable=False),
    Column("effective", Date, nullable=False),
    Column("terminated", Date),
    Column("body", Text, nullable=False),
    key=("payer_id", "effective"),
    refers={"payer_id": "payer"},
)
price = _own(
    "price",
    Column("procedure", KEY, nullable=False),
    Column("effective", Date, nullable=False),
    Column("terminated", Date),
    Column("amount", Money, nullable=False),
    key=("procedure", "effective"),
)
refund_rule = _own(  # what the states say of credits, as the site has read it
    "refund_rule",
    Column("state", KEY, nullable=False),
    Column("whose", KEY, nullable=False),
    Column("effective", Date, nullable=False),
    Column("body", Text, nullable=False),
    key=("state", "whose", "effective"),
)
provider = _own("provider", Column("npi", KEY, nullable=False), Column("body", Text, nullable=False))
location = _own("location", Column("body", Text, nullable=False))
guarantor = _own("guarantor", Column("body", Text, nullable=False))
patient = _own(
    "patient",
    Column("record_number", KEY, nullable=False),
    Column("guarantor_id", KEY, nullable=False),
    Column("last_name", KEY, nullable=False),  # lower case, for the front desk's search
    Column("birth_date", Date, nullable=False),
    Column("body", Text, nullable=False),
    UniqueConstraint("practice_id", "record_number"),
    Index(None, "practice_id", "last_name"),
    Index(None, "practice_id", "guarantor_id"),
    refers={"guarantor_id": "guarantor"},
)
coverage = _own(
    "coverage",
    Column("patient_id", KEY, nullable=False),
    Column("payer_id", KEY, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("member_id", KEY, nullable=False),
    Column("effective", Date, nullable=False),
    Column("terminated", Date),
    Column("body", Text, nullable=False),
    Index(None, "practice_id", "patient_id"),
    Index(None, "practice_id", "member_id"),
    refers={"patient_id": "patient", "payer_id": "payer"},
)
prior_authorization = _own(
    "prior_authorization",
    Column("patient_id", KEY, nullable=False),
    Column("payer_id", KEY, nullable=False),
    Column("number", KEY, nullable=False),
    Column("body", Text, nullable=False),
    Index(None, "practice_id", "patient_id"),
    refers={"patient_id": "patient", "payer_id": "payer"},
)

# --- from the note to the charge ------------------------------------------------------------------------------------

encounter = _own(
    "encounter",
    Column("patient_id", KEY, nullable=False),
    Column("provider_id", KEY, nullable=False),
    Column("location_id", KEY, nullable=False),
    Column("service_date", Date, nullable=False),
    Column("status", KEY, nullable=False),
    Column("status_reason", Text, nullable=False),
    Column("body", Text, nullable=False),
    Index(None, "practice_id", "status", "service_date"),
    Index(None, "practice_id", "patient_id"),
    refers={"patient_id": "patient", "provider_id": "provider", "location_id": "location"},
)
note = _own(
    "note",
    Column("encounter_id", KEY, nullable=False),
    Column("sha256", KEY, nullable=False),
    Column("text", Text, nullable=False),
    key=("encounter_id",),
    refers={"encounter_id": "encounter"},
)
suggestion = _own(  # one run of the suggester over one note
    "suggestion",
    Column("encounter_id", KEY, nullable=False),
    Column("artifact_sha256", KEY, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("body", Text, nullable=False),
    Index(None, "practice_id", "encounter_id"),
    refers={"encounter_id": "encounter"},
)
decision = _own(  # append-only; the latest per code counts
    "decision",
    Column("encounter_id", KEY, nullable=False),
    Column("suggestion_id", KEY),
    Column("position", Integer, nullable=False),  # 1, 2, 3 within the encounter
    Column("system", KEY, nullable=False),
    Column("code", KEY, nullable=False),
    Column("decision", KEY, nullable=False),
    Column("reason", Text, nullable=False),
    Column("actor", KEY, nullable=False),
    Column("at", Moment, nullable=False),
    Column("detail", Text, nullable=False),
    UniqueConstraint("practice_id", "encounter_id", "position"),
    refers={"encounter_id": "encounter", "suggestion_id": "suggestion"},
)
provider_query = _own(  # what a note's author was asked; each change is in the event log
    "provider_query",
    Column("encounter_id", KEY, nullable=False),
    Column("state", KEY, nullable=False),
    Column("asked_on", Date, nullable=False),
    Column("body", Text, nullable=False),
    Index(None, "practice_id", "encounter_id"),
    Index(None, "practice_id", "state"),
    refers={"encounter_id": "encounter"},
)
sign_off = _own(  # every signing is kept; the latest counts
    "sign_off",
    Column("encounter_id", KEY, nullable=False),
    Column("version", Integer, nullable=False),
    Column("signed_by", KEY, nullable=False),
    Column("signed_on", Date, nullable=False),
    Column("at", Moment, nullable=False),
    Column("body", Text, nullable=False),
    key=("encounter_id", "version"),
    refers={"encounter_id": "encounter"},
)
charge = _own(
    "charge",
    Column("encounter_id", KEY, nullable=False),
    Column("patient_id", KEY, nullable=False),
    Column("line", Integer, nullable=False),
    Column("procedure", KEY, nullable=False),
    Column("service_date", Date, nullable=False),
    Column("amount", Money, nullable=False),
    Column("body", Text, nullable=False),
    Index(None, "practice_id", "encounter_id"),
    Index(None, "practice_id", "patient_id"),
    refers={"encounter_id": "encounter", "patient_id": "patient"},
)

# --- claims, files, answers -----------------------------------------------------------------------------------------

claim = _own(
    "claim",
    Column("number", KEY, nullable=False),
    Column("encounter_id", KEY, nullable=False),
    Column("patient_id", KEY, nullable=False),
    Column("payer_id", KEY, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("frequency", KEY, nullable=False),
    Column("state", KEY, nullable=False),
    Column("total", Money, nullable=False),
    Column("service_date", Date, nullable=False),
    Column("created_on", Date, nullable=False),
    Column("submitted_on", Date),
    Column("deadline", Date),
    Column("replaces", KEY),
    Column("findings", Text, nullable=False),
    Column("body", Text, nullable=False),
    UniqueConstraint("practice_id", "number"),
    Index(None, "practice_id", "state"),
    Index(None, "practice_id", "encounter_id"),
    Index(None, "practice_id", "patient_id"),
    refers={"encounter_id": "encounter", "patient_id": "patient", "payer_id": "payer", "replaces": "claim"},
)
transmission = _own(  # every X12 file that came or went, byte for byte
    "transmission",
    Column("direction", KEY, nullable=False),
    Column("kind", KEY, nullable=False),
    Column("name", Text, nullable=False),
    Column("control", KEY, nullable=False),
    Column("sha256", KEY, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("at", Moment, nullable=False),
    Column("outcome", Text, nullable=False),
    UniqueConstraint("practice_id", "direction", "sha256"),
    Index(None, "practice_id", "direction", "control"),
)
verification = _own(  # a coverage on a day: what its payer was asked (270) and what it answered (271)
    "verification",
    Column("coverage_id", KEY, nullable=False),
    Column("service_date", Date, nullable=False),
    Column("trace", KEY, nullable=False),
    Column("asked_on", Date),
    Column("answered_on", Date),
    Column("transmission_id", KEY),  # the file of the answer
    Column("body", Text, nullable=False),
    Index(None, "practice_id", "coverage_id"),
    Index(None, "practice_id", "trace"),
    refers={"coverage_id": "coverage", "transmission_id": "transmission"},
)
sent_claim = _own(  # which claims an outbound file carried
    "sent_claim",
    Column("transmission_id", KEY, nullable=False),
    Column("claim_id", KEY, nullable=False),
    Index(None, "practice_id", "claim_id"),
    key=("transmission_id", "claim_id"),
    refers={"transmission_id": "transmission", "claim_id": "claim"},
)
remittance = _own(  # the 835 without its claims, which are rows of claim_payment
    "remittance",
    Column("transmission_id", KEY),
    Column("set_number", Integer, nullable=False),  # its place in that file, from 1
    Column("first_entry", BigInteger, nullable=False),  # the places in the ledger of what it posted, one after another
    Column("entries", Integer, nullable=False),
    Column("payer_number", KEY, nullable=False),
    Column("trace", KEY, nullable=False),
    Column("origin", KEY, nullable=False),
    Column("paid_on", Date, nullable=False),
    Column("amount", Money, nullable=False),
    Column("state", KEY, nullable=False),
    Column("reasons", Text, nullable=False),
    Column("body", Text, nullable=False),
    UniqueConstraint("practice_id", "payer_number", "trace", "origin", "paid_on"),
    Index(None, "practice_id", "state"),
    refers={"transmission_id": "transmission"},
)
claim_payment = _own(
    "claim_payment",
    Column("remittance_id", KEY, nullable=False),
    Column("position", Integer, nullable=False),
    Column("claim_id", KEY),  # null: matched to no claim of ours yet
    Column("number", KEY, nullable=False),
    Column("status", KEY, nullable=False),
    Column("paid", Money, nullable=False),
    Column("body", Text, nullable=False),
    UniqueConstraint("practice_id", "remittance_id", "position"),
    Index(None, "practice_id", "claim_id"),
    refers={"remittance_id": "remittance", "claim_id": "claim"},
)
denial = _own(
    "denial",
    Column("claim_id", KEY, nullable=False),
    Column("claim_payment_id", KEY, nullable=False),
    Column("line", Integer, nullable=False),  # 0: the claim as a whole
    Column("category", KEY, nullable=False),
    Column("amount", Money, nullable=False),
    Column("found_on", Date, nullable=False),
    Column("deadline", Date),
    Column("status", KEY, nullable=False),
    Column("body", Text, nullable=False),
    Index(None, "practice_id", "claim_id"),
    Index(None, "practice_id", "status"),
    refers={"claim_id": "claim", "claim_payment_id": "claim_payment"},
)
appeal = _own(  # one level of one claim's appeal: drafted, filed, decided
    "appeal",
    Column("claim_id", KEY, nullable=False),
    Column("level", Integer, nullable=False),
    Column("state", KEY, nullable=False),
    Column("drafted_on", Date, nullable=False),
    Column("deadline", Date),
    Column("filed_on", Date),
    Column("decided_on", Date),
    Column("recovered", Money, nullable=False),
    Column("body", Text, nullable=False),
    Column("pdf", LargeBinary),  # as it was filed
    UniqueConstraint("practice_id", "claim_id", "level"),
    refers={"claim_id": "claim"},
)
work_item = _own(
    "work_item",
    Column("queue", KEY, nullable=False),
    Column("subject", KEY, nullable=False),
    Column("claim_id", KEY),
    Column("denial_id", KEY),
    Column("amount", Money, nullable=False),
    Column("risk_ppm", Integer),
    Column("due", Date),
    Column("created_on", Date, nullable=False),
    Column("status", KEY, nullable=False),
    Column("assigned_to", KEY, nullable=False),
    Column("reason", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("body", Text, nullable=False),
    Index(None, "practice_id", "queue", "status"),
    Index(None, "practice_id", "claim_id"),
    refers={"claim_id": "claim", "denial_id": "denial"},
)
model_score = _own(
    "model_score",
    Column("claim_id", KEY, nullable=False),
    Column("artifact_sha256", KEY, nullable=False),
    Column("probability_ppm", Integer, nullable=False),
    Column("at", Moment, nullable=False),
    Column("shadow", Boolean, nullable=False),  # the challenger's: kept for comparison, never shown as advice
    Column("withheld", Boolean, nullable=False),  # the champion's, of a claim drawn into the slice without advice
    Column("body", Text, nullable=False),
    Index(None, "practice_id", "claim_id"),
    refers={"claim_id": "claim"},
)
choice = _own(  # what a manager has chosen for the practice; the latest per name holds
    "choice",
    Column("name", KEY, nullable=False),
    Column("version", Integer, nullable=False),
    Column("value", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("chosen_at", Moment, nullable=False),
    Column("chosen_by", KEY, nullable=False),
    key=("name", "version"),
)
artifact = _own(  # activation history; the latest per kind serves
    "artifact",
    Column("kind", KEY, nullable=False),
    Column("version", Integer, nullable=False),
    Column("sha256", KEY, nullable=False),
    Column("folder", Text, nullable=False),
    Column("activated_at", Moment, nullable=False),
    Column("activated_by", KEY, nullable=False),
    key=("kind", "version"),
)

# --- money ----------------------------------------------------------------------------------------------------------

ledger_entry = _own(  # the seal: inserted after its legs, which it makes final
    "ledger_entry",
    Column("position", BigInteger, nullable=False),
    Column("kind", KEY, nullable=False),
    Column("effective", Date, nullable=False),
    Column("source", KEY, nullable=False),
    Column("reference", KEY, nullable=False),
    Column("reason", Text, nullable=False),
    Column("reverses", KEY),
    Column("leg_count", Integer, nullable=False),
    Column("sealed_at", Moment, nullable=False),
    Column("prev_hash", KEY, nullable=False),
    Column("hash", KEY, nullable=False),
    UniqueConstraint("practice_id", "position"),
    Index(None, "practice_id", "effective"),
    refers={"reverses": "ledger_entry"},
    rowid=False,
)
ledger_leg = _own(
    "ledger_leg",
    Column("entry_id", KEY, nullable=False),
    Column("leg", Integer, nullable=False),
    Column("account", KEY, nullable=False),
    Column("owner", KEY),
    Column("party", KEY, nullable=False),
    Column("charge_id", KEY),
    Column("amount", Money, nullable=False),
    # Legs come before their seal, so this reference waits for the commit: a leg that nobody sealed cannot stay.
    ForeignKeyConstraint(
        ["practice_id", "entry_id"],
        ["ledger_entry.practice_id", "ledger_entry.id"],
        deferrable=True,
        initially="DEFERRED",
    ),
    Index(None, "practice_id", "charge_id"),
    Index(
        "ix_ledger_leg_unapplied",
        *("practice_id", "account", "party", "amount"),
        sqlite_where=text("account = 'unapplied'"),
        postgresql_where=text("account = 'unapplied'"),
    ),
    key=("entry_id", "leg"),
    refers={"charge_id": "charge"},
    rowid=False,
)
open_balance = _own(  # what each debtor owes of each charge: the sum of its legs, kept beside them
    "open_balance",
    Column("charge_id", KEY, nullable=False),
    Column("owner", KEY, nullable=False),
    Column("party", KEY, nullable=False),
    Column("provider_id", KEY, nullable=False),  # who gave the care
    Column("service_date", Date, nullable=False),
    Column("amount", Money, nullable=False),
    Column("since", Date, nullable=False),  # the first business date of the debtor's share
    # What is open, in the order of the aging: it is read from this index alone.
    Index(
        "ix_open_balance_open",
        *("practice_id", "owner", "party", "service_date", "since", "amount", "provider_id"),
        sqlite_where=text("amount <> 0"),
        postgresql_where=text("amount <> 0"),
    ),
    key=("charge_id", "owner", "party"),
    refers={"charge_id": "charge"},
    rowid=False,
)
day_total = _own(  # what a business date moved on each kind of account: the sum of its legs, kept beside them
    "day_total",
    Column("effective", Date, nullable=False),
    Column("account", KEY, nullable=False),
    Column("amount", Money, nullable=False),
    key=("effective", "account"),
    rowid=False,
)
statement = _own(
    "statement",
    Column("guarantor_id", KEY, nullable=False),
    Column("statement_on", Date, nullable=False),
    Column("total", Money, nullable=False),
    Column("body", Text, nullable=False),
    Column("pdf", LargeBinary, nullable=False),
    Index(None, "practice_id", "guarantor_id"),
    refers={"guarantor_id": "guarantor"},
)

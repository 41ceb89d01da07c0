"""A payer's habits: the `[payer.habits]` tables of a world file, read strictly, and the causes of denial they describe.

This is the one place where synthetic denials come from. A *mechanism* is a cause with a probability, some dates and a
refusal (group, CARC, RARCs). `KINDS` lists every cause there is:

    missing_authorization   the contract asks for prior authorization; the claim carries none that this payer gave
    missing_referral        the contract asks for a referral; the claim carries none
    missing_modifier_25     an office visit and a minor procedure on one day, without modifier 25 on the visit
    diagnosis_mismatch      none of the diagnoses a line points at begins with one of `supported_by`
    frequency_limit         already `limit` or more such services paid for this member in the `days` before
    other_payer_primary     the payer knows another insurance that must pay first, and no payment of it is on the claim
    habit                   nothing but the payer's own taste, wherever the filters match

Filters of any mechanism, all optional: `procedures`, `modifiers`, `diagnoses` (prefixes), `places` (of service),
`taxonomies` (prefixes, of the rendering provider), `charge_over` (line charge). `from` and `to` bound the day the
claim was received: habits drift. `probability` is the chance that the payer acts on the cause once it is there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from billing_core.claim import Claim, ClaimLine
from billing_core.codesets.tables import plain_code
from billing_core.contract import Contract
from billing_core.denial import denying
from billing_core.errors import BillingError, MoneyError
from billing_core.money import Cents, parse_amount
from billing_core.refusal import Refusal
from billing_core.registration import Authorization
from billing_core.remittance import Adjustment, Group


class WorldError(BillingError):
    """A world file or payer file that does not say what this payer needs to know."""


@dataclass(frozen=True, slots=True)
class Service:
    """One service this payer has paid for a member: what its history shows of it."""

    claim: str
    service_date: date
    procedure: str


@dataclass(frozen=True, slots=True)
class Circumstances:
    """All a payer looks at when it decides: the claim, its own files, and the member's earlier services."""

    claim: Claim
    received_on: date
    contract: Contract | None
    authorizations: tuple[Authorization, ...] = ()
    earlier: tuple[Service, ...] = ()
    primary_elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class Mechanism:
    """One cause of denial as the world file states it. `name` is unique per payer; draws are made from it."""

    name: str
    kind: str
    probability: Fraction
    refusal: Refusal
    starts: date = date.min
    ends: date = date.max
    procedures: frozenset[str] = frozenset()
    modifiers: frozenset[str] = frozenset()
    diagnoses: tuple[str, ...] = ()
    places: frozenset[str] = frozenset()
    taxonomies: tuple[str, ...] = ()
    charge_over: Cents = -1
    supported_by: tuple[str, ...] = ()
    limit: int = 1
    days: int = 365

    def lines(self, about: Circumstances) -> tuple[int, ...]:
        """The numbers of the lines this cause concerns; empty when it does not apply to the claim."""
        if not self.starts <= about.received_on <= self.ends:
            return ()
        if not about.claim.rendering.taxonomy.startswith(self.taxonomies or ("",)):
            return ()
        condition = KINDS[self.kind].condition
        return tuple(
            line.number
            for line in about.claim.lines
            if self._concerns(line, about.claim) and condition(self, line, about)
        )

    def _concerns(self, line: ClaimLine, claim: Claim) -> bool:
        return (
            (not self.procedures or line.procedure in self.procedures)
            and (not self.modifiers or not self.modifiers.isdisjoint(line.modifiers))
            and (not self.diagnoses or any(code.startswith(self.diagnoses) for code in pointed(claim, line)))
            and (not self.places or (line.place_of_service or claim.location.place_of_service) in self.places)
            and line.amount > self.charge_over
        )


def pointed(claim: Claim, line: ClaimLine) -> tuple[str, ...]:
    """The diagnoses a line points at, without dots."""
    return tuple(plain_code(claim.diagnoses[p - 1]) for p in line.pointers if 1 <= p <= len(claim.diagnoses))


def is_visit(procedure: str) -> bool:
    """Whether the code is an office or outpatient visit, evaluation and management (99202 to 99215, 99381 to 99397)."""
    return "99202" <= procedure <= "99215" or "99381" <= procedure <= "99397"


def is_minor_procedure(procedure: str) -> bool:
    """Whether the code is from the surgery section (10004 to 69990), or an injection or infusion (96360 to 96379).

    Venipuncture (36415) stands in that section and is no procedure of its own: NCCI pairs it with no visit code.
    """
    return (
        len(procedure) == 5
        and procedure != "36415"
        and ("10004" <= procedure <= "69990" or "96360" <= procedure <= "96379")
    )


Condition = Callable[[Mechanism, ClaimLine, Circumstances], bool]


def _authorization_missing(_: Mechanism, line: ClaimLine, about: Circumstances) -> bool:
    if about.contract is None or line.procedure not in about.contract.authorization_required:
        return False
    return not any(
        a.number == about.claim.authorization
        and a.procedure == line.procedure
        and a.effective <= line.service_date <= a.terminated
        for a in about.authorizations
    )


def _referral_missing(_: Mechanism, line: ClaimLine, about: Circumstances) -> bool:
    required = about.contract is not None and line.procedure in about.contract.referral_required
    return required and not about.claim.referral


def _modifier_25_missing(_: Mechanism, line: ClaimLine, about: Circumstances) -> bool:
    return (
        is_visit(line.procedure)
        and "25" not in line.modifiers
        and any(
            is_minor_procedure(other.procedure) and other.service_date == line.service_date
            for other in about.claim.lines
        )
    )


def _diagnosis_mismatch(mechanism: Mechanism, line: ClaimLine, about: Circumstances) -> bool:
    return not any(code.startswith(mechanism.supported_by) for code in pointed(about.claim, line))


def _frequency_reached(mechanism: Mechanism, line: ClaimLine, about: Circumstances) -> bool:
    alike = mechanism.procedures or {line.procedure}
    before = [
        s
        for s in about.earlier
        if s.procedure in alike and 0 <= (line.service_date - s.service_date).days < mechanism.days
    ]
    return len(before) >= mechanism.limit


def _other_payer_primary(_: Mechanism, line: ClaimLine, about: Circumstances) -> bool:
    return about.primary_elsewhere and not about.claim.prior_payers


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of cause: when it is there, and how the refusal reads unless the world file says otherwise."""

    condition: Condition
    refusal: Refusal
    needs: tuple[str, ...] = ()


KINDS: Mapping[str, Kind] = {
    "missing_authorization": Kind(_authorization_missing, Refusal(Group.CONTRACTUAL, "197")),
    "missing_referral": Kind(_referral_missing, Refusal(Group.CONTRACTUAL, "288")),
    "missing_modifier_25": Kind(_modifier_25_missing, Refusal(Group.CONTRACTUAL, "97", ("M15",))),
    "diagnosis_mismatch": Kind(
        _diagnosis_mismatch, Refusal(Group.CONTRACTUAL, "11"), needs=("procedures", "supported_by")
    ),
    "frequency_limit": Kind(_frequency_reached, Refusal(Group.CONTRACTUAL, "119", ("N362",)), needs=("procedures",)),
    "other_payer_primary": Kind(_other_payer_primary, Refusal(Group.CONTRACTUAL, "22", ("MA04",))),
    "habit": Kind(lambda *_: True, Refusal(Group.CONTRACTUAL, "96", ("N130",)), needs=("reason",)),
}


@dataclass(frozen=True, slots=True)
class Habits:
    """How one payer behaves. Rates are chances per claim; `days_to_pay` is the range of days from receipt to decision.

    `reject_rate`: turned away at the front door for no reason the claim shows. `pend_rate`: held `pend_days` longer.
    `takeback_rate`: a paid claim is taken back later. `underpay_rate`: priced at `underpay_percent` of the contract.
    `noise_denial`: denied without any cause. `interest_rate` is per year, owed after `interest_after` days.
    """

    reject_rate: Fraction = Fraction(0)
    pend_rate: Fraction = Fraction(0)
    days_to_pay: tuple[int, int] = (7, 21)
    pend_days: tuple[int, int] = (21, 45)
    takeback_rate: Fraction = Fraction(0)
    underpay_rate: Fraction = Fraction(0)
    underpay_percent: Decimal = Decimal("0.85")
    noise_denial: Fraction = Fraction(0)
    interest_after: int = 30
    interest_rate: Decimal = Decimal("0.10")
    pay_weekday: int = 4
    mechanisms: tuple[Mechanism, ...] = ()


_RATES = ("reject_rate", "pend_rate", "takeback_rate", "underpay_rate", "noise_denial")
_DECIMALS = ("underpay_percent", "interest_rate")
_RANGES = ("days_to_pay", "pend_days")
_WHOLE = ("interest_after", "pay_weekday")


def _wrong(where: str, what: str, mend: str) -> WorldError:
    return WorldError(what, where=where, mend=mend)


def _number(value: Any, where: str) -> Decimal:
    # tomllib is told to read decimals as Decimal; a float here means another reader was used.
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        raise _wrong(where, "not a number", "write a decimal such as 0.03")
    return Decimal(value)


def _chance(value: Any, where: str) -> Fraction:
    number = _number(value, where)
    if not 0 <= number <= 1:
        raise _wrong(where, "a probability outside 0..1", "write a decimal between 0 and 1")
    return Fraction(number)


def _whole(value: Any, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise _wrong(where, "not a whole number", "write 0 or more")
    return value


def _texts(value: Any, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(text, str) and text for text in value):
        raise _wrong(where, "not a list of texts", 'write a list such as ["99213"]')
    return tuple(value)


def _prefixes(value: Any, where: str) -> tuple[str, ...]:
    return tuple(plain_code(text) for text in _texts(value, where))


def _amount(value: Any, where: str) -> Cents:
    try:
        return parse_amount(value)
    except MoneyError as error:
        raise _wrong(where, "not an amount", 'write a decimal text such as "60.00"') from error


def _day(value: Any, where: str) -> date:
    try:
        day = value if isinstance(value, date) else date.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise _wrong(where, "not a date", "write YYYY-MM-DD") from error
    if isinstance(day, datetime):
        raise _wrong(where, "a moment, not a date", "write YYYY-MM-DD")
    return day


def _refusal(plain: Mapping[str, Any], kind: Kind, where: str) -> Refusal:
    reason = plain.get("reason", kind.refusal.reason)
    try:
        group = Group(plain.get("group", kind.refusal.group))
    except ValueError as error:
        raise _wrong(f"{where}.group", "not a CAS group", "write CO, OA, PI or PR") from error
    if not isinstance(reason, str) or not reason:
        raise _wrong(f"{where}.reason", "not a CARC", 'write the code as a text, such as "197"')
    if not denying(0, (Adjustment(group, reason, 1),)):
        raise _wrong(f"{where}.reason", "a reason that denies nothing", "name a CARC that denies, such as 96")
    remarks = _texts(plain["remarks"], f"{where}.remarks") if "remarks" in plain else ()
    return Refusal(group, reason, remarks or (kind.refusal.remarks if "reason" not in plain else ()))


_MECHANISM_READERS: Mapping[str, tuple[str, Callable[[Any, str], Any]]] = {
    "from": ("starts", _day),
    "to": ("ends", _day),
    "procedures": ("procedures", lambda v, w: frozenset(_texts(v, w))),
    "modifiers": ("modifiers", lambda v, w: frozenset(_texts(v, w))),
    "diagnoses": ("diagnoses", _prefixes),
    "places": ("places", lambda v, w: frozenset(_texts(v, w))),
    "taxonomies": ("taxonomies", _texts),
    "charge_over": ("charge_over", _amount),
    "supported_by": ("supported_by", _prefixes),
    "limit": ("limit", _whole),
    "days": ("days", _whole),
}


def read_mechanism(plain: Any, where: str, position: int) -> Mechanism:
    """One mechanism of a world file. Raises WorldError naming the field that is wrong or missing."""
    if not isinstance(plain, Mapping):
        raise _wrong(where, "a table expected", "write one table per mechanism")
    name = plain.get("kind")
    if not isinstance(name, str) or name not in KINDS:
        raise _wrong(f"{where}.kind", "no such kind of cause", f"write one of {', '.join(KINDS)}")
    kind = KINDS[name]
    for needed in ("probability", *kind.needs):
        if needed not in plain:
            raise _wrong(f"{where}.{needed}", f"a {name} mechanism needs it", "add it")
    known = {"kind", "name", "probability", "group", "reason", "remarks", *_MECHANISM_READERS}
    if unknown := sorted(set(plain) - known):
        raise _wrong(f"{where}.{unknown[0]}", "unknown field", f"use one of {', '.join(sorted(known))}")
    fields = {
        field: reader(plain[key], f"{where}.{key}")
        for key, (field, reader) in _MECHANISM_READERS.items()
        if key in plain
    }
    return Mechanism(
        name=str(plain.get("name", f"{name}-{position}")),
        kind=name,
        probability=_chance(plain["probability"], f"{where}.probability"),
        refusal=_refusal(plain, kind, where),
        **fields,
    )


def read_habits(plain: Any, where: str) -> Habits:
    """A `[payer.habits]` table. Raises WorldError naming the field; a field left out keeps its default."""
    if not isinstance(plain, Mapping):
        raise _wrong(where, "a table expected", "write [payer.habits]")
    known = {*_RATES, *_DECIMALS, *_RANGES, *_WHOLE, "mechanisms"}
    if unknown := sorted(set(plain) - known):
        raise _wrong(f"{where}.{unknown[0]}", "unknown habit", f"use one of {', '.join(sorted(known))}")
    fields: dict[str, Any] = {key: _chance(plain[key], f"{where}.{key}") for key in _RATES if key in plain}
    fields |= {key: _number(plain[key], f"{where}.{key}") for key in _DECIMALS if key in plain}
    fields |= {key: _whole(plain[key], f"{where}.{key}") for key in _WHOLE if key in plain}
    for key in _RANGES:
        if key in plain:
            value = plain[key]
            if not isinstance(value, list) or len(value) != 2:
                raise _wrong(f"{where}.{key}", "not a range", "write [low, high]")
            low, high = (_whole(v, f"{where}.{key}") for v in value)
            if not 1 <= low <= high:
                raise _wrong(f"{where}.{key}", "not a range", "write [low, high] with 1 <= low <= high")
            fields[key] = (low, high)
    if not 0 <= fields.get("pay_weekday", 4) <= 6:
        raise _wrong(f"{where}.pay_weekday", "not a day of the week", "write 0 (Monday) to 6 (Sunday)")
    mechanisms = tuple(
        read_mechanism(m, f"{where}.mechanisms[{n}]", n) for n, m in enumerate(plain.get("mechanisms", ()))
    )
    if len({m.name for m in mechanisms}) != len(mechanisms):
        raise _wrong(f"{where}.mechanisms", "two mechanisms of one name", "give each its own name")
    return Habits(mechanisms=mechanisms, **fields)

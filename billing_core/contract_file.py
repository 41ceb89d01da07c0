"""The open contract format: a TOML file becomes a Contract with its vectors, or findings: field, place and mend.

Amounts and shares are decimal strings ("92.00", "0.20"), days TOML dates, so that no value passes through a float. An
unknown field is a finding, never passed over. docs/contracts.md teaches the format with three contracts.

    format = 1
    payer = "northern-health"
    effective = 2026-01-01
    [fees]
    99213 = "92.00"
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from enum import StrEnum
from types import SimpleNamespace
from typing import Any, TypeVar, cast

from billing_core.contract import (
    NO_MAXIMUM,
    BenefitPlan,
    CobMethod,
    Contract,
    Limit,
    Remedy,
    RemedyTerm,
    ServiceShare,
    Since,
    contradictions,
)
from billing_core.contract_vector import (
    Expected,
    ExpectedLine,
    Vector,
    VectorAuthorization,
    VectorLine,
    VectorPrior,
    VectorUsed,
)
from billing_core.credit_balance import RefundSince, RefundTerm
from billing_core.errors import MoneyError
from billing_core.fee_terms import (
    ONE,
    ZERO,
    Basis,
    Bilateral,
    Cap,
    CapPer,
    ConversionFactor,
    Gpci,
    MultipleProcedures,
    PaymentReduction,
    Rate,
    Reduction,
    Rvu,
    Schedule,
)
from billing_core.money import Cents, parse_amount
from billing_core.rule import Finding, Severity

FORMAT = 1
BYTES_MAX = 4 * 1024 * 1024
REFUND_DAYS_MOST = 3650
Choice = TypeVar("Choice", bound=StrEnum)
Item = TypeVar("Item")
_CODES = re.compile(r"[0-9A-Z]{1,11}(\*|-[0-9A-Z]{4,11})?", re.ASCII)
_ADJUSTMENT = re.compile(r"(CO|OA|PI|PR|CR)-[0-9A-Z]{1,5}", re.ASCII)
_FEE_KEY = re.compile(r"[0-9A-Z]{4,11}(-[0-9A-Z]{2})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class ContractFile:
    """What a file holds: the contract with its vectors when nothing is wrong, and what was found."""

    contract: Contract | None
    findings: tuple[Finding, ...]


def read(data: bytes) -> ContractFile:
    """Read a contract file. Never raises: what is wrong is in the findings, every fault at once."""
    if len(data) > BYTES_MAX:
        return _unreadable(f"longer than {BYTES_MAX} bytes", "file", "leave out the codes that are not yours")
    try:
        text = data.decode("utf-8")
        plain = tomllib.loads(text, parse_float=_Number)
    except UnicodeDecodeError as error:
        return _unreadable("not UTF-8 text", f"byte {error.start}", "save the file as UTF-8")
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        found = re.search(r"at (line \d+, column \d+|end of document)", str(error))
        return _unreadable(
            "not TOML", found[1] if found else "file", "correct the line: a quote or a bracket is missing"
        )
    findings: list[Finding] = []
    top = Table(plain, "", findings)
    fields = _fields(top)
    top.finish()
    if not findings:  # the terms are whole: do they contradict each other?
        terms = cast(Contract, SimpleNamespace(**fields))
        findings += [finding("contradiction", *one) for one in contradictions(terms)]
    if findings:
        return ContractFile(None, tuple(replace(f, where=_placed(f.where, text)) for f in findings))
    return ContractFile(Contract(**fields), ())


def finding(rule: str, message: str, where: str, mend: str) -> Finding:
    """A fault of a file of terms: what is wrong, where, and what would mend it."""
    return Finding(f"contract-{rule}", Severity.ERROR, message, where, mend)


def _unreadable(message: str, where: str, mend: str) -> ContractFile:
    return ContractFile(None, (finding("unreadable", message, where, mend),))


class _Number(str):
    """A number with a point, kept as written: no value of a contract passes through a float."""


def _placed(where: str, text: str) -> str:
    """The place with its line: the header of its table, or its own line below that."""
    table, _, key = where.rpartition(".")
    lines = text.splitlines()
    start, number = 0, re.search(r"\[(\d+)\]", where)
    name = re.split(r"[.\[]", where)[0]
    headers = [n for n, line in enumerate(lines) if re.match(rf"\[\[?{re.escape(name)}[\].]", line.strip())]
    if headers:
        nth = int(number[1]) if number else 0
        exact = [n for n in headers if lines[n].strip() == f"[[{name}]]"] or headers
        start = exact[min(nth, len(exact) - 1)]
        called = [n for n in range(headers[0], len(lines)) if lines[n].strip() in _named(where)]
        start = called[-1] if called and not number else start
    wanted = key if table else name
    for n in range(start, len(lines)):
        if re.match(rf'"?{re.escape(wanted)}"?\s*=', lines[n].strip()):
            return f"{where} (line {n + 1})"
    return f"{where} (line {start + 1})" if headers else where


def _named(where: str) -> list[str]:
    """The lines that give a name of the place: plans.silver.services.therapy is below name = "silver", "therapy"."""
    return [f'name = "{part}"' for part in where.split(".")[1:]]


# --- reading values ---------------------------------------------------------------------------------------------------


class Table:
    """One TOML table while it is read: each field asked for once; a fault becomes a finding and a harmless value."""

    def __init__(self, plain: Mapping[str, Any], path: str, findings: list[Finding]) -> None:
        self.plain, self.path, self.findings = plain, path, findings
        self.asked: set[str] = set()

    def at(self, name: str) -> str:
        """The place of a field."""
        return f"{self.path}.{name}" if self.path else name

    def wrong(self, name: str, message: str, mend: str) -> None:
        """Note a fault at a field."""
        self.findings.append(finding("field", message, self.at(name), mend))

    def has(self, name: str) -> bool:
        """Whether the file gives the field."""
        return name in self.plain

    def finish(self) -> None:
        """Name every field that nothing asked for."""
        for name in self.plain:
            if name not in self.asked:
                near = get_close_matches(name, sorted(self.asked), 1)
                mend = f"did you mean {near[0]}?" if near else f"known here: {', '.join(sorted(self.asked))}"
                self.wrong(name, "an unknown field", mend)

    def value(self, name: str, read: Callable[[Any], Item], expected: str, default: Item | None = None) -> Item:
        """The field as `read` makes it; `default` when the file leaves it out (None: it must be there)."""
        self.asked.add(name)
        if name not in self.plain:
            if default is None:
                self.wrong(name, "the field is missing", f"give {expected}")
                return cast(Item, None)
            return default
        try:
            return read(self.plain[name])
        except (ValueError, TypeError, MoneyError, InvalidOperation):
            self.wrong(name, f"not {expected}", f"give {expected}")
            return cast(Item, default)

    def text(self, name: str, default: str | None = None) -> str:
        """A text."""
        return self.value(name, _text, "a text", default)

    def amount(self, name: str, default: Cents | None = None) -> Cents:
        """An amount in cents."""
        return self.value(name, _amount, 'an amount in quotes, such as "92.00"', default)

    def share(self, name: str, default: Decimal | None = None) -> Decimal:
        """A share or rate."""
        return self.value(name, _decimal, 'a number in quotes, such as "0.20"', default)

    def whole(self, name: str, default: int | None = None) -> int:
        """A whole number."""
        return self.value(name, _whole, "a whole number", default)

    def flag(self, name: str, default: bool) -> bool:
        """True or false."""
        return self.value(name, _flag, "true or false", default)

    def day(self, name: str) -> date | None:
        """A date, or None when left out."""
        self.asked.add(name)
        return self.value(name, _date, "a date such as 2026-01-01", None) if name in self.plain else None

    def needed_day(self, name: str) -> date:
        """A date that must be there."""
        return self.value(name, _date, "a date such as 2026-01-01")

    def choice(self, name: str, kind: type[Choice], default: Choice | None = None) -> Choice:
        """One of an enumeration's values."""
        names = {_choice_name(one): one for one in kind}
        return self.value(name, lambda plain: names[_known(plain, names)], f"one of: {', '.join(names)}", default)

    def codes(self, name: str, *, ranges: bool = True) -> tuple[str, ...]:
        """Codes in upper case: each a code, or (with `ranges`) a range "70010-79999" or a beginning "J*"."""

        def read(plain: Any) -> tuple[str, ...]:
            found = tuple(_text(code) for code in _list(plain))
            for code in found:
                first, _, last = code.partition("-")
                if not _CODES.fullmatch(code) or (not ranges and not code.isalnum()) or (last and last < first):
                    raise ValueError(code)
            return found

        how = (
            'a list of codes, such as ["99213", "70010-79999", "J*"]'
            if ranges
            else 'a list of codes, such as ["73721"]'
        )
        return self.value(name, read, how, ())

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts."""
        return self.value(name, lambda plain: tuple(_text(one) for one in _list(plain)), "a list of texts", ())

    def shares(self, name: str, default: tuple[Decimal, ...] | None = None) -> tuple[Decimal, ...]:
        """A list of shares."""
        how = 'a list of shares in quotes, such as ["1", "0.5"]'
        return self.value(name, lambda plain: tuple(_decimal(one) for one in _list(plain)), how, default)

    def mapping(
        self, name: str, read: Callable[[Any], Item], expected: str, key: re.Pattern[str] | None = None
    ) -> dict[str, Item]:
        """A table of values of one kind, by name."""
        self.asked.add(name)
        table = self.plain.get(name, {})
        if not isinstance(table, Mapping):
            self.wrong(name, "not a table", f"write [{self.at(name)}]")
            return {}
        inner, found = Table(table, self.at(name), self.findings), {}
        for one in table:
            if key is not None and not key.fullmatch(one):
                inner.wrong(
                    one[:20], "not a code", 'a code in upper case, with its modifier after a hyphen: "73721-26"'
                )
            else:
                found[one] = inner.value(one, read, expected)
        return found

    def table(self, name: str) -> Table | None:
        """A table of its own, or None when left out."""
        self.asked.add(name)
        if name not in self.plain:
            return None
        if not isinstance(self.plain[name], Mapping):
            self.wrong(name, "not a table", f"write [{self.at(name)}], or {{ ... }}")
            return None
        return Table(self.plain[name], self.at(name), self.findings)

    def records(self, name: str, read: Callable[[Table], Item]) -> tuple[Item, ...]:
        """A list of tables, each read and finished."""
        self.asked.add(name)
        plain = self.plain.get(name, [])
        if not isinstance(plain, list) or any(not isinstance(one, Mapping) for one in plain):
            self.wrong(name, "not a list of tables", f"write [[{self.at(name)}]]")
            return ()
        found = []
        for place, one in enumerate(plain):
            table = Table(one, f"{self.at(name)}[{place}]", self.findings)
            found.append(read(table))
            table.finish()
        return tuple(found)


def _text(plain: Any) -> str:
    if not isinstance(plain, str) or isinstance(plain, _Number) or len(plain) > 500:
        raise ValueError("a text")
    return plain


def _amount(plain: Any) -> Cents:
    return parse_amount(_text(plain))


def _decimal(plain: Any) -> Decimal:
    made = Decimal(_text(plain))
    if not made.is_finite() or abs(made) > 10**9:
        raise ValueError("a number")
    return made


def _whole(plain: Any) -> int:
    if isinstance(plain, bool) or not isinstance(plain, int) or not -(10**9) < plain < 10**9:
        raise ValueError("a whole number")
    return plain


def _flag(plain: Any) -> bool:
    if not isinstance(plain, bool):
        raise ValueError("true or false")
    return plain


def _date(plain: Any) -> date:
    if not isinstance(plain, date) or isinstance(plain, datetime):
        raise ValueError("a date")
    return plain


def _list(plain: Any) -> list[Any]:
    if not isinstance(plain, list):
        raise ValueError("a list")
    return plain


def _known(plain: Any, names: Iterable[str]) -> str:
    if plain not in names:
        raise ValueError("not one of the choices")
    return str(plain)


def _choice_name(one: StrEnum) -> str:
    """How a choice is written: its value, or its name where the value is a sentence."""
    return one.name.lower().replace("_", " ") if isinstance(one, Remedy) else one.value


# --- reading the terms ------------------------------------------------------------------------------------------------


def _fields(top: Table) -> dict[str, Any]:
    """Every field of Contract, as far as the file gives it."""
    if top.whole("format") != FORMAT:
        top.wrong("format", "not a format this version reads", f"write format = {FORMAT}")
    percent = top.share("default_percent") if top.has("default_percent") else None
    return {
        "payer_id": top.text("payer"),
        "name": top.text("name", ""),
        "effective": top.needed_day("effective"),
        "terminated": top.day("terminated"),
        "fees": top.mapping("fees", _amount, 'an amount in quotes, such as "92.00"', _FEE_KEY),
        "default_percent": percent,
        "lesser_of": top.flag("lesser_of", True),
        "coordination": top.choice("coordination", CobMethod, CobMethod.STANDARD),
        "authorization_required": frozenset(top.codes("authorization_required", ranges=False)),
        "referral_required": frozenset(top.codes("referral_required", ranges=False)),
        "not_covered": frozenset(top.codes("not_covered", ranges=False)),
        **_windows(top),
        "rates": top.records("rates", _rate),
        "schedules": _schedules(top),
        "multiple_procedures": top.records("multiple_procedures", _multiple_procedures),
        "bilateral": _bilateral(top),
        "modifier_percents": top.mapping("modifiers", _decimal, 'a share in quotes, such as "0.16"'),
        "provider_percents": top.mapping("provider_percents", _decimal, 'a share in quotes, such as "0.85"'),
        "caps": top.records("caps", _cap),
        "payment_reductions": top.records("payment_reductions", _payment_reduction),
        "plans": top.records("plans", _plan),
        "refund": _refund(top),
        "remedies": top.records("remedies", _remedy),
        "vectors": top.records("vectors", _vector),
    }


def _windows(top: Table) -> dict[str, Any]:
    """Filing, corrected claims and appeals: how long, and from which day."""
    found: dict[str, Any] = {"filing_days": 365, "corrected_days": 365, "appeal_days": 180}
    found["corrected_by"] = Remedy.REPLACEMENT
    for name in ("filing", "corrected", "appeal"):
        table = top.table(name)
        if table is None:
            top.wrong(name, "the window is missing", f"give {name} = {{ days = 90 }}")
            continue
        if name == "filing":
            found["filing_months"] = table.whole("months", 0)
            found["filing_since"] = table.choice("from", Since, Since.SERVICE)
        if name == "corrected":
            found["corrected_by"] = table.choice("by", Remedy, Remedy.REPLACEMENT)
        if name != "filing" or table.has("days") or not table.has("months"):
            found[f"{name}_days"] = table.whole("days")
        table.asked.add("days")
        table.finish()
    second = top.table("secondary_filing")
    if second is not None:
        found["secondary_filing_days"] = second.whole("days")
        second.finish()
    return found


def _refund(top: Table) -> RefundTerm | None:
    """When money of the payer that no charge has taken goes back to it."""
    table = top.table("refund")
    if table is None:
        return None
    found = refund_term(table)
    table.finish()
    return found


def refund_term(t: Table) -> RefundTerm:
    """Days, from which day, in whose words; its worked days (`vectors`) must come out as they say."""
    days = t.whole("days")
    made = RefundTerm(days or 1, t.choice("from", RefundSince, RefundSince.IDENTIFIED), t.text("says", ""))
    if days is not None and not 0 < days <= REFUND_DAYS_MOST:
        t.wrong("days", "no number of days", f"give 1 to {REFUND_DAYS_MOST}")
    for place, (identified, requested, due) in enumerate(t.records("vectors", _refund_vector)):
        came = made.clock(identified, requested, "").due if identified else due
        if came != due:
            t.wrong(f"vectors[{place}]", f"the days lead to {came or 'no day'}", "correct the days or the vector")
    return made


def _refund_vector(t: Table) -> tuple[date, date | None, date | None]:
    return t.needed_day("identified"), t.day("requested"), t.day("due")


def _rate(t: Table) -> Rate:
    return Rate(
        name=t.text("name"),
        basis=t.choice("basis", Basis),
        codes=t.codes("codes"),
        modifiers=t.texts("modifiers"),
        places=t.texts("places"),
        amount=t.amount("amount") if t.has("amount") else None,
        percent=t.share("percent", ONE),
        schedule=t.text("schedule", ""),
        effective=t.day("effective"),
        terminated=t.day("terminated"),
    )


def _schedules(top: Table) -> dict[str, Schedule]:
    outer = top.table("schedules")
    found = {}
    for name in outer.plain if outer else ():
        assert outer is not None
        table = outer.table(name)
        if table is None:
            continue
        gpci = table.table("gpci")
        found[name] = Schedule(
            fees=table.mapping("fees", _amount, 'an amount in quotes, such as "92.00"', _FEE_KEY),
            conversion_factors=table.records("conversion_factors", _factor),
            gpci=_gpci(gpci) if gpci else Gpci(),
            rvus=_rvus(table),
            locality=table.text("locality", ""),
        )
        table.finish()
    return found


def _factor(t: Table) -> ConversionFactor:
    return ConversionFactor(t.needed_day("effective"), t.day("terminated"), t.share("factor"))


def _gpci(t: Table) -> Gpci:
    made = Gpci(t.share("work", ONE), t.share("practice_expense", ONE), t.share("malpractice", ONE))
    t.finish()
    return made


def _rvus(schedule: Table) -> dict[str, Rvu]:
    outer = schedule.table("rvus")
    found = {}
    for code in outer.plain if outer else ():
        assert outer is not None
        if not _FEE_KEY.fullmatch(code):
            outer.wrong(code[:20], "not a code", 'a code in upper case, with its modifier after a hyphen: "73721-26"')
            outer.asked.add(code)
            continue
        t = outer.table(code)
        if t is not None:
            found[code] = Rvu(
                work=t.share("work"),
                office=t.share("office"),
                facility=t.share("facility"),
                malpractice=t.share("malpractice"),
                status=t.text("status", ""),
                multiple=t.text("multiple", ""),
                bilateral=t.text("bilateral", ""),
                assistant=t.text("assistant", ""),
                endoscopy_base=t.text("endoscopy_base", ""),
            )
            t.finish()
    return found


def _multiple_procedures(t: Table) -> MultipleProcedures:
    return MultipleProcedures(
        name=t.text("name"),
        kind=t.choice("kind", Reduction),
        percents=t.shares("percents"),
        codes=t.codes("codes"),
        indicators=t.texts("indicators"),
        exempt=t.codes("exempt"),
        professional_percents=t.shares("professional_percents", (ONE,)),
        bases=t.mapping("bases", _text, "the code of the base endoscopy"),
    )


def _bilateral(top: Table) -> Bilateral | None:
    t = top.table("bilateral")
    if t is None:
        return None
    made = Bilateral(t.share("percent"), t.codes("codes"))
    t.finish()
    return made


def _cap(t: Table) -> Cap:
    return Cap(t.text("name"), t.choice("per", CapPer), t.amount("amount"), t.codes("codes"))


def _payment_reduction(t: Table) -> PaymentReduction:
    return PaymentReduction(
        t.text("name"), t.share("percent"), t.text("reason"), t.day("effective"), t.day("terminated")
    )


def _plan(t: Table) -> BenefitPlan:
    return BenefitPlan(
        plan=t.text("name"),
        copay=t.amount("copay", 0),
        deductible=t.amount("deductible", 0),
        coinsurance=t.share("coinsurance", ZERO),
        out_of_pocket_max=t.amount("out_of_pocket_max", NO_MAXIMUM),
        family_deductible=t.amount("family_deductible") if t.has("family_deductible") else None,
        family_out_of_pocket_max=t.amount("family_out_of_pocket_max") if t.has("family_out_of_pocket_max") else None,
        family_aggregate=t.flag("family_aggregate", False),
        deductible_first=t.flag("deductible_first", False),
        year_begins=t.whole("year_begins", 1),
        services=t.records("services", _service_share),
    )


def _service_share(t: Table) -> ServiceShare:
    limit = t.table("limit")
    made = None
    if limit is not None:
        made = Limit(
            limit.whole("visits") if limit.has("visits") else None,
            limit.amount("amount") if limit.has("amount") else None,
        )
        limit.asked |= {"visits", "amount"}
        limit.finish()
    return ServiceShare(
        name=t.text("name"),
        codes=t.codes("codes"),
        copay=t.amount("copay") if t.has("copay") else None,
        coinsurance=t.share("coinsurance") if t.has("coinsurance") else None,
        deductible_applies=t.flag("deductible", True),
        covered=t.flag("covered", True),
        limit=made,
    )


def _remedy(t: Table) -> RemedyTerm:
    return RemedyTerm(
        remedy=t.choice("remedy", Remedy),
        since=t.choice("from", Since),
        days=t.whole("days", 0),
        months=t.whole("months", 0),
        level=t.whole("level", 1),
        name=t.text("name", ""),
    )


# --- reading the vectors ----------------------------------------------------------------------------------------------


def _vector(t: Table) -> Vector:
    used, expect = t.table("used"), t.table("expect")
    if expect is None:
        t.wrong("expect", "a vector that expects nothing", 'give expect = { paid = "0.00" }')
    return Vector(
        name=t.text("name"),
        source=t.text("source"),
        on=t.needed_day("on"),
        plan=t.text("plan"),
        lines=t.records("lines", _line),
        expect=_expected(expect) if expect else Expected(),
        published=t.flag("published", False),
        received=t.day("received"),
        rank=t.whole("rank", 1),
        used=_used(used) if used else VectorUsed(),
        prior=t.records("prior", _prior),
        prior_paid_on=t.day("prior_paid_on"),
        taxonomy=t.text("taxonomy", ""),
        authorization=t.text("authorization", ""),
        authorized=t.records("authorized", _authorized),
        referral=t.text("referral", ""),
        coverage_begins=t.day("coverage_begins"),
        coverage_ends=t.day("coverage_ends"),
        coordination=t.choice("coordination", CobMethod).value if t.has("coordination") else "",
    )


def _line(t: Table) -> VectorLine:
    return VectorLine(
        code=t.text("code"),
        charge=t.amount("charge"),
        units=t.whole("units", 1),
        modifiers=t.texts("modifiers"),
        place=t.text("place", ""),
        on=t.day("on"),
        prior=t.records("prior", _prior),
    )


def _adjustments(t: Table) -> dict[str, Cents]:
    return t.mapping("adjustments", _amount, 'an amount in quotes, such as "20.00"', _ADJUSTMENT)


def _prior(t: Table) -> VectorPrior:
    return VectorPrior(t.amount("paid", 0), _adjustments(t))


def _authorized(t: Table) -> VectorAuthorization:
    return VectorAuthorization(t.text("number"), t.text("code"), t.whole("units"))


def _used(t: Table) -> VectorUsed:
    def count(plain: Any) -> int:
        return _whole(plain) if isinstance(plain, int) else _amount(plain)

    made = VectorUsed(
        year=t.whole("year") if t.has("year") else None,
        deductible=t.amount("deductible", 0),
        out_of_pocket=t.amount("out_of_pocket", 0),
        family_deductible=t.amount("family_deductible", 0),
        family_out_of_pocket=t.amount("family_out_of_pocket", 0),
        services=t.mapping("services", count, "visits as a whole number, or an amount in quotes"),
    )
    t.asked.add("year")
    t.finish()
    return made


def _expected(t: Table) -> Expected:
    made = Expected(
        **{name: t.amount(name) if t.has(name) else None for name in ("allowed", "paid", "patient")},
        adjustments=_adjustments(t) if t.has("adjustments") else None,
        lines=t.records("lines", _expected_line),
        error=t.text("error", ""),
    )
    if made == Expected():
        t.wrong("paid", "a vector that expects nothing", "give an amount, lines, or the words of an error")
    t.asked |= {"allowed", "paid", "patient", "adjustments"}
    t.finish()
    return made


def _expected_line(t: Table) -> ExpectedLine:
    made = ExpectedLine(
        **{name: t.amount(name) if t.has(name) else None for name in ("allowed", "paid", "patient")},
        adjustments=_adjustments(t) if t.has("adjustments") else None,
    )
    t.asked |= {"allowed", "paid", "patient", "adjustments"}
    return made

"""What a contract allows for each line of a claim, with the steps that led there, to the cent.

A line takes the first rate that speaks of it (its fee, a rate, the default percentage), then what its modifiers and its
provider make of it, then what the other services of the day take from it, then the lesser of that and the charge, then
the caps. Everything is exact until the end of a line, where it is rounded once, half away from zero; a fee that a
schedule publishes (relative values x conversion factor) is a rounded amount by itself, as CMS publishes it.
A code without a rate raises ContractError: never a silent zero. Services of other claims of the day are not seen here.
Sources: those of fee_terms.py.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple, TypeAlias

from billing_core.claim import ClaimLine
from billing_core.codesets.tables import Tables
from billing_core.contract import Contract
from billing_core.errors import ContractError
from billing_core.fee_terms import (
    ONE,
    Basis,
    CapPer,
    MultipleProcedures,
    Rate,
    Reduction,
    Rvu,
    Schedule,
    listed,
)
from billing_core.money import Cents, amount_text, split

# CMS place of service codes that take the facility practice expense (Claims Processing Manual ch. 26 section 10.5).
FACILITY = frozenset({"02", "19", "21", "22", "23", "24", "26", "31", "34", "41", "42", "51", "52", "53", "56", "61"})
_INDICATED_SIDES = {"0": ONE, "2": ONE, "3": Decimal(2), "9": ONE}  # bilateral indicator 1 takes the contract's percent
_BILATERAL, _ASSISTANT_AT_85 = "50", "AS"

Amount: TypeAlias = int | Decimal  # cents, exact


class Step(NamedTuple):
    """One step of the reckoning: the clause of the contract, what stood after it, and its words.

    An operand that is an int is an amount in cents; units and percentages come as text. Words are made when asked for.
    """

    clause: str
    amount: Cents
    template: str
    operands: tuple[object, ...] = ()

    @property
    def words(self) -> str:
        """The step as a biller reads it."""
        return self.template.format(*[amount_text(o) if isinstance(o, int) else o for o in self.operands])


class Priced(NamedTuple):
    """What is allowed for one line, and the steps. The last step's clause is the one that decided."""

    allowed: Cents
    steps: tuple[Step, ...]


class _Draft:
    """A line on its way to its price: `unit` x `count` x `factor`, or `total` x `factor` once a rule has spoken."""

    __slots__ = ("count", "factor", "family", "line", "place", "rate", "rvu", "schedule", "steps", "total", "unit")

    def __init__(self, line: ClaimLine, place: str, unit: Amount, step: Step) -> None:
        self.line, self.place, self.unit, self.steps = line, place, unit, [step]
        self.count = line.units
        self.factor: Decimal | None = None
        self.total: Amount | None = None
        self.rate: Rate | None = None
        self.schedule: Schedule | None = None
        self.rvu: Rvu | None = None
        self.family = ""

    @property
    def by_unit(self) -> bool:
        """Whether the line has a fee a unit: rules for several services speak of such lines alone."""
        return self.rate is None or self.rate.basis in (Basis.FEE, Basis.SCHEDULE)

    def exact(self) -> Amount:
        """The amount so far, not rounded."""
        amount = self.unit * self.count if self.total is None else self.total
        return amount if self.factor is None else amount * self.factor

    def say(self, clause: str, template: str, *operands: object) -> None:
        """Note a step; what stands after it is what the draft now comes to."""
        self.steps.append(Step(clause, rounded(self.exact()), template, operands))


def rounded(amount: Amount) -> Cents:
    """Whole cents, half away from zero."""
    return amount if isinstance(amount, int) else int(amount.to_integral_value(ROUND_HALF_UP))


def percent_text(share: Decimal) -> str:
    """A share as people write it: 0.136 is 13.6%."""
    return f"{(share * 100).normalize():f}%"


def price(
    lines: Sequence[ClaimLine], contract: Contract, tables: Tables, place: str = "", taxonomy: str = ""
) -> tuple[Priced, ...]:
    """What is allowed for each of the lines, in their order. `place` is the claim's place of service, `taxonomy` the
    rendering provider's code. Raises ContractError for a code without a rate, naming it and the mend.
    """
    drafts = []
    for line in lines:
        draft = _start(line, contract, tables, line.place_of_service or place)
        if line.modifiers or contract.provider_percents:
            _by_modifiers(draft, contract, taxonomy)
        drafts.append(draft)
    if len(drafts) > 1 or any(draft.count > 1 for draft in drafts):
        for rule in contract.multiple_procedures:
            _reduce(rule, drafts, contract, tables)
    allowed = _at_most_the_charge(drafts, contract)
    if contract.caps:
        _cap(drafts, allowed, contract)
    return tuple(Priced(amount, tuple(draft.steps)) for draft, amount in zip(drafts, allowed, strict=True))


# --- the rate ---------------------------------------------------------------------------------------------------------


def _start(line: ClaimLine, contract: Contract, tables: Tables, place: str) -> _Draft:
    """The line at the first rate that speaks of it."""
    code, modifiers = line.procedure, line.modifiers
    fees = contract.fees
    for key in (*(f"{code}-{modifier}" for modifier in modifiers), code) if modifiers else (code,):
        fee = fees.get(key)
        if fee is not None:
            return _Draft(
                line, place, fee, Step(f"fees.{key}", fee * line.units, "fee {} x {}", (fee, str(line.units)))
            )
    for rate in contract.rates:
        if rate.takes(code, modifiers, place, line.service_date):
            return _rated(line, rate, contract, tables, place)
    share = contract.default_percent
    if share is None:
        raise _no_rate(contract, line, "add the fee, or a default percentage, to the contract")
    return _of_charge(line, place, share, "default_percent")


def _of_charge(line: ClaimLine, place: str, share: Decimal, clause: str) -> _Draft:
    exact = line.amount * share
    step = Step(clause, rounded(exact), "{} of the charge {}", (percent_text(share), line.amount))
    draft = _Draft(line, place, exact, step)
    draft.count = 1
    return draft


def _rated(line: ClaimLine, rate: Rate, contract: Contract, tables: Tables, place: str) -> _Draft:
    clause = f"rates.{rate.name}"
    if rate.basis is Basis.CHARGE:
        draft = _of_charge(line, place, rate.percent, clause)
    elif rate.basis is Basis.SCHEDULE:
        draft = _scheduled(line, rate, contract, tables, place)
    else:
        amount = rate.amount or 0
        words = {"fee": "fee {} x {}", "per day": "{} a day", "case": "{} for the case"}[rate.basis]
        operands = (amount, str(line.units)) if rate.basis is Basis.FEE else (amount,)
        draft = _Draft(line, place, amount, Step(clause, amount, words, operands))
        if rate.basis is not Basis.FEE:
            draft.count = 1
    draft.rate = rate
    return draft


def _scheduled(line: ClaimLine, rate: Rate, contract: Contract, tables: Tables, place: str) -> _Draft:
    schedule = contract.schedules[rate.schedule]
    component = next((m for m in line.modifiers if m in ("26", "TC", "53")), "")
    fee, rvu, words = _schedule_fee(schedule, line, line.procedure, component, place, contract, tables)
    unit: Amount = fee if rate.percent == ONE else fee * rate.percent
    template = f"{words} {{}} x {{}}" if rate.percent == ONE else f"{words} {{}} x {{}} x {percent_text(rate.percent)}"
    step = Step(f"rates.{rate.name}", rounded(unit * line.units), template, (fee, str(line.units)))
    draft = _Draft(line, place, unit, step)
    draft.schedule, draft.rvu = schedule, rvu
    return draft


def _schedule_fee(
    schedule: Schedule, line: ClaimLine, code: str, component: str, place: str, contract: Contract, tables: Tables
) -> tuple[Cents, Rvu | None, str]:
    """The schedule's fee of the code (with its component modifier, where it lists one), its RVUs, and in what words."""
    keys = (f"{code}-{component}", code) if component else (code,)
    for key in keys:
        fee = schedule.fees.get(key)
        if fee is not None:
            return fee, schedule.rvus.get(key), "schedule"
    on = line.service_date
    rvu = next((found for key in keys if (found := _rvu(schedule, key, on, tables)) is not None), None)
    if rvu is None:
        raise _no_rate(contract, line, "add its fee or relative values to the schedule, or import the year's RVU file")
    factor = _factor(schedule, line, contract)
    return rounded(_adjusted(rvu, schedule, place, ONE) * factor * 100), rvu, f"RVU at {factor}"


def _factor(schedule: Schedule, line: ClaimLine, contract: Contract) -> Decimal:
    factor = schedule.factor(line.service_date)
    if factor is None:
        raise ContractError(
            f"no rate: no conversion factor for {line.service_date.isoformat()}",
            where=f"payer {contract.payer_id}, schedules, line {line.number}",
            mend="add the conversion factor of that day to the schedule",
        )
    return factor


def _rvu(schedule: Schedule, key: str, on: date, tables: Tables) -> Rvu | None:
    found = schedule.rvus.get(key)
    if found is None and not schedule.rvus:
        code, _, component = key.partition("-")
        found = tables.rvu(code, on, modifier=component)
    return found


def _practice_expense(rvu: Rvu, schedule: Schedule, place: str) -> Decimal:
    return (rvu.facility if place in FACILITY else rvu.office) * schedule.gpci.practice_expense


def _adjusted(rvu: Rvu, schedule: Schedule, place: str, expense_share: Decimal) -> Decimal:
    """The geographically adjusted relative value, with that share of its practice expense (42 CFR 414.20)."""
    gpci = schedule.gpci
    expense = _practice_expense(rvu, schedule, place) * expense_share
    return rvu.work * gpci.work + expense + rvu.malpractice * gpci.malpractice


def _no_rate(contract: Contract, line: ClaimLine, mend: str) -> ContractError:
    return ContractError(
        f"no rate for the procedure {line.procedure}",
        where=f"payer {contract.payer_id}, line {line.number}, code {line.procedure}",
        mend=mend,
    )


# --- modifiers and provider -------------------------------------------------------------------------------------------


def _by_modifiers(draft: _Draft, contract: Contract, taxonomy: str) -> None:
    """Both sides, assistants, reduced services, and what this kind of provider is paid."""
    modifiers = draft.line.modifiers
    if _BILATERAL in modifiers and contract.bilateral is not None and draft.by_unit:
        rule = contract.bilateral
        indicator = draft.rvu.bilateral if draft.rvu is not None else ""
        applies = indicator == "1" or not rule.codes or listed(rule.codes, draft.line.procedure)
        sides = _INDICATED_SIDES.get(indicator, rule.percent if applies else ONE)
        _multiply(draft, sides, "bilateral", "both sides")
    for modifier in modifiers:
        share = contract.modifier_percents.get(modifier)
        if share is not None:
            _multiply(draft, share, f"modifiers.{modifier}", f"modifier {modifier}")
    if contract.provider_percents and _ASSISTANT_AT_85 not in modifiers and draft.by_unit:
        kinds = [kind for kind in contract.provider_percents if kind and taxonomy.startswith(kind)]
        if kinds:
            kind = max(kinds, key=len)
            _multiply(draft, contract.provider_percents[kind], f"provider_percents.{kind}", f"provider {kind}")


def _multiply(draft: _Draft, share: Decimal, clause: str, words: str) -> None:
    if share != ONE:
        draft.factor = share if draft.factor is None else draft.factor * share
        draft.say(clause, f"{words} x {percent_text(share)}")


# --- several services of one day --------------------------------------------------------------------------------------


def _reduce(rule: MultipleProcedures, drafts: list[_Draft], contract: Contract, tables: Tables) -> None:
    days: dict[date, list[_Draft]] = defaultdict(list)
    for draft in drafts:
        if draft.by_unit and draft.line.amount and _under(rule, draft):
            days[draft.line.service_date].append(draft)
    for same_day in days.values():
        if rule.kind is Reduction.ENDOSCOPY:
            _endoscopies(rule, same_day, drafts, contract, tables)
        elif rule.kind is Reduction.RANKED:
            _ranked(rule, same_day)
        elif rule.kind is Reduction.PRACTICE_EXPENSE:
            _practice_expenses(rule, same_day, contract)
        else:
            _components(rule, same_day, contract, tables)


def _under(rule: MultipleProcedures, draft: _Draft) -> bool:
    code = draft.line.procedure
    if rule.exempt and listed(rule.exempt, code):
        return False
    indicated = draft.rvu is not None and draft.rvu.multiple in rule.indicators
    return indicated or bool(rule.codes and listed(rule.codes, code))


def _endoscopies(
    rule: MultipleProcedures, same_day: list[_Draft], drafts: list[_Draft], contract: Contract, tables: Tables
) -> None:
    """The highest of a family in full, every other less the fee of the base that is part of it."""
    families: dict[str, list[_Draft]] = defaultdict(list)
    for draft in same_day:
        base = rule.bases.get(draft.line.procedure) or (draft.rvu.endoscopy_base if draft.rvu else "")
        if base:
            families[base].append(draft)
    for base, members in families.items():
        day = members[0].line.service_date
        members += [d for d in drafts if d.line.procedure == base and d.line.service_date == day and d not in members]
        if len(members) < 2:
            continue
        members.sort(key=lambda d: (-d.unit, d.line.number))
        for draft in members:
            draft.family = base
        for draft in members[1:]:
            base_fee = _fee_like(draft, base, "", contract, tables)
            draft.unit = max(0, draft.unit - base_fee)
            draft.say(f"multiple_procedures.{rule.name}", "less {}, the fee of base {}", rounded(base_fee), base)


def _fee_like(draft: _Draft, code: str, component: str, contract: Contract, tables: Tables) -> Amount:
    """What a unit of another code, or of this one's component, is allowed on the same terms as the draft's line."""
    if draft.rate is not None and draft.rate.basis is Basis.SCHEDULE and draft.schedule is not None:
        fee, _, _ = _schedule_fee(draft.schedule, draft.line, code, component, draft.place, contract, tables)
        return fee if draft.rate.percent == ONE else fee * draft.rate.percent
    found = contract.fees.get(f"{code}-{component}" if component else code)
    if found is None:
        raise _no_rate(contract, draft.line, f"add the fee of {code}{component and '-' + component} to the contract")
    return found


def _ranked(rule: MultipleProcedures, same_day: list[_Draft]) -> None:
    """Each unit, and each endoscopic family as one, takes the percentage of its rank by amount."""
    ranks: list[tuple[Amount, int, list[_Draft]]] = []
    families: dict[str, list[_Draft]] = defaultdict(list)
    for draft in same_day:
        if draft.family:
            families[draft.family].append(draft)
        else:
            one = draft.exact() / draft.count if draft.count > 1 else draft.exact()
            ranks += [(Decimal(one), draft.line.number, [draft])] * draft.count
    for members in families.values():
        ranks.append((sum(d.exact() for d in members), members[0].line.number, members))
    if len(ranks) < 2:
        return
    ranks.sort(key=lambda rank: (-rank[0], rank[1]))
    shares: dict[int, list[Decimal]] = defaultdict(list)
    for place, (_, _, members) in enumerate(ranks):
        for draft in members:
            shares[draft.line.number].append(rule.percent(place))
    for draft in same_day:
        given = shares[draft.line.number]
        if all(share == ONE for share in given):
            continue
        whole = draft.family != "" or draft.count == 1
        base = draft.unit * draft.count if draft.total is None else draft.total
        draft.total = base * given[0] if whole else base * sum(given, Decimal(0)) / draft.count
        words = " + ".join(percent_text(share) for share in given)
        draft.say(f"multiple_procedures.{rule.name}", f"by rank among the day's procedures: {words}")


def _practice_expenses(rule: MultipleProcedures, same_day: list[_Draft], contract: Contract) -> None:
    """The unit with the highest practice expense in full; every other with a share of its practice expense."""
    units = [draft for draft in same_day for _ in range(draft.count)]
    if len(units) < 2:
        return
    for draft in same_day:
        if draft.rvu is None or draft.schedule is None:
            raise _no_rate(contract, draft.line, "its practice expense is not known: price it by relative values")

    def rank(draft: _Draft) -> tuple[Amount, Amount, int]:
        assert draft.rvu is not None and draft.schedule is not None
        return -_practice_expense(draft.rvu, draft.schedule, draft.place), -draft.unit, draft.line.number

    units.sort(key=rank)
    sums: dict[int, Amount] = defaultdict(int)
    for place, draft in enumerate(units):
        share = rule.percent(place)
        sums[draft.line.number] += draft.unit if share == ONE else _with_expense(draft, share, contract)
    for draft in same_day:
        if sums[draft.line.number] != draft.unit * draft.count:
            draft.total = sums[draft.line.number]
            words = f"practice expense at {percent_text(rule.percent(1))} for all units of the day but the highest"
            draft.say(f"multiple_procedures.{rule.name}", words)


def _with_expense(draft: _Draft, share: Decimal, contract: Contract) -> Amount:
    """A unit's fee with that share of its practice expense."""
    assert draft.rvu is not None and draft.schedule is not None and draft.rate is not None
    factor = _factor(draft.schedule, draft.line, contract)
    fee = rounded(_adjusted(draft.rvu, draft.schedule, draft.place, share) * factor * 100)
    return fee if draft.rate.percent == ONE else fee * draft.rate.percent


def _components(rule: MultipleProcedures, same_day: list[_Draft], contract: Contract, tables: Tables) -> None:
    """The highest technical part in full, the others at their rank's share; the professional parts likewise."""
    if len(same_day) < 2:
        return
    parts = {draft.line.number: _parts(draft, contract, tables) for draft in same_day}
    by_technical = sorted(same_day, key=lambda d: (-parts[d.line.number][0], d.line.number))
    by_professional = sorted(same_day, key=lambda d: (-parts[d.line.number][1], d.line.number))
    technical_place = {draft.line.number: place for place, draft in enumerate(by_technical)}
    professional_place = {draft.line.number: place for place, draft in enumerate(by_professional)}
    for draft in same_day:
        number = draft.line.number
        technical, professional = parts[number]
        share = rule.percent(technical_place[number]) if technical else ONE
        other = ONE
        if rule.kind is Reduction.COMPONENTS and professional:
            other = rule.professional_percent(professional_place[number])
        if share == ONE and other == ONE:
            continue
        draft.total = (technical * share + professional * other) * draft.count
        template = "technical {} at " + percent_text(share) + ", professional {} at " + percent_text(other)
        draft.say(f"multiple_procedures.{rule.name}", template, rounded(technical), rounded(professional))


def _parts(draft: _Draft, contract: Contract, tables: Tables) -> tuple[Amount, Amount]:
    """A unit's technical and professional part; a line billed for one part has the other at nothing."""
    code, modifiers = draft.line.procedure, draft.line.modifiers
    if "26" in modifiers:
        return 0, draft.unit
    if "TC" in modifiers:
        return draft.unit, 0
    return _fee_like(draft, code, "TC", contract, tables), _fee_like(draft, code, "26", contract, tables)


# --- the charge, days and cases, caps ---------------------------------------------------------------------------------


def _at_most_the_charge(drafts: list[_Draft], contract: Contract) -> list[Cents]:
    """The lesser of rate and charge where the contract says so; day and case rates are shared out by the charges."""
    allowed = []
    groups: dict[tuple[str, date | None], list[int]] = defaultdict(list)
    for place, draft in enumerate(drafts):
        rate = draft.rate
        if rate is not None and rate.basis in (Basis.PER_DAY, Basis.CASE):
            day = draft.line.service_date if rate.basis is Basis.PER_DAY else None
            groups[rate.name, day].append(place)
        amount = rounded(draft.exact())
        if contract.lesser_of and amount > draft.line.amount:
            amount = draft.line.amount
            if rate is None or rate.basis not in (Basis.PER_DAY, Basis.CASE):
                draft.steps.append(Step("lesser_of", amount, "at most the charge {}", (amount,)))
        allowed.append(amount)
    for members in groups.values():
        _share_out([drafts[place] for place in members], members, allowed, contract)
    return allowed


def _share_out(drafts: list[_Draft], places: list[int], allowed: list[Cents], contract: Contract) -> None:
    """One amount for several lines, by their charges; what the first line's modifiers say holds for all."""
    amount, charges = rounded(drafts[0].exact()), [draft.line.amount for draft in drafts]
    if contract.lesser_of:
        amount = min(amount, sum(charges))
    parts = split(amount, charges if any(charges) else [1] * len(charges))
    for draft, place, part in zip(drafts, places, parts, strict=True):
        allowed[place] = part
        if part != draft.steps[-1].amount:
            draft.steps.append(
                Step(f"rates.{draft.rate.name if draft.rate else ''}", part, "{} of {} for these lines", (part, amount))
            )


def _cap(drafts: list[_Draft], allowed: list[Cents], contract: Contract) -> None:
    for cap in contract.caps:
        left: dict[object, Cents] = {}
        for place, draft in enumerate(drafts):
            line = draft.line
            if cap.codes and not listed(cap.codes, line.procedure):
                continue
            whole = cap.amount * line.units if cap.per is CapPer.UNIT else cap.amount
            key: object = line.number
            if cap.per is CapPer.DAY:
                key = line.service_date
            elif cap.per is CapPer.CLAIM:
                key = "claim"
            room = left.get(key, whole)
            if allowed[place] > room:
                allowed[place] = room
                draft.steps.append(Step(f"caps.{cap.name}", room, "{} left of the cap {}", (room, whole)))
            left[key] = room - allowed[place]


def allowed_amount(contract: Contract, line: ClaimLine, tables: Tables | None = None) -> Cents:
    """What the contract allows for one line by itself."""
    return price((line,), contract, tables or Tables.empty())[0].allowed


def deciding_clause(steps: Iterable[Step]) -> str:
    """The clause that decided the amount: the last one that spoke, the lesser-of and the caps included."""
    return [step.clause for step in steps][-1]

"""Claims made by chance over the whole range of what a claim may carry: the same seed makes the same claims.

Values stand as a file carries them (upper case), so that a claim read back is `as_carried` of the claim written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import TypeVar

from billing_core.claim import Claim, ClaimLine, Frequency, PriorPayer
from billing_core.claim_detail import (
    AmountOf,
    Attachment,
    ClaimDetail,
    Dated,
    Drug,
    Indicator,
    Institutional,
    LineDetail,
    LineVerdict,
    Note,
    OnDay,
    Party,
    PriorDetail,
    Reference,
    Transport,
    ValueCode,
)
from billing_core.identifiers import npi_from
from billing_core.registration import (
    Address,
    Coverage,
    Location,
    Patient,
    Payer,
    PersonName,
    Practice,
    Provider,
    Relationship,
    Sex,
    Subscriber,
)
from billing_core.remittance import Adjustment, Group

LATEST = date(2026, 3, 31)  # of service; files are written after it
Made = TypeVar("Made")

LAST = ("DOE", "ROE", "O'HARA", "SMITH-JONES", "LEE", "DE LA CRUZ", "NGUYEN", "MACDONALD")
FIRST = ("ANN", "BO", "CARLA", "DEV", "EVE", "FRANK JR", "GUS", "HELEN")
CITIES = (
    ("ALBANY", "NY", "122051234"),
    ("TROY", "NY", "121801111"),
    ("MIAMI", "FL", "331010001"),
    ("AUSTIN", "TX", "787010001"),
)
DIAGNOSES = (
    *("E11.9", "E11.65", "I10", "E78.5", "N18.30", "Z79.4", "M54.50", "J45.909", "F41.1", "K21.9", "G47.33", "R05.9"),
    *("Z00.00", "J02.0", "S52.501A", "W19.XXXA", "Z3A.12", "H61.23", "B34.9", "L03.115", "R07.9", "I48.91", "N39.0"),
)
PROCEDURES = ("99213", "99214", "36415", "80053", "93000", "J3420", "G0439", "97110", "20610", "0001A", "90471")
MODIFIERS = ("25", "59", "RT", "LT", "GT", "76", "XU", "95")
FILINGS = ("CI", "MB", "MC", "BL", "HM", "CH", "12", "16", "OF", "VA", "WC")
REVENUE = ("0120", "0250", "0300", "0360", "0450", "0636", "0730")
REASONS = ("45", "97", "96", "1", "2", "3", "59", "253", "P12", "23", "94")


def some(dice: Random, share: float, make: Callable[[], Made]) -> Made | None:
    return make() if dice.random() < share else None


def many(dice: Random, most: int, make: Callable[[], Made]) -> tuple[Made, ...]:
    return tuple(make() for _ in range(dice.choice((0, 0, 0, *range(1, most + 1)))))


def npi(dice: Random) -> str:
    return npi_from(f"1{dice.randrange(10**8):08d}")


def text(dice: Random, length: int) -> str:
    return "".join(dice.choice("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789") for _ in range(length))


def words(dice: Random, most: int) -> str:
    return " ".join(
        dice.choice(("FELL", "AT HOME", "LEFT KNEE", "NO CHANGE", "SEE CHART")) for _ in range(dice.randint(1, most))
    )


def day(dice: Random) -> date:
    return LATEST - timedelta(days=dice.randrange(300))


def address(dice: Random) -> Address:
    city, state, code = dice.choice(CITIES)
    return Address(f"{dice.randrange(1, 9999)} ELM ST", city, state, code, dice.choice(("", "", "APT 4", "FLOOR 2")))


def name(dice: Random) -> PersonName:
    middle, suffix = dice.choice(("", "", "Q", "MARIA")), dice.choice(("", "", "", "III"))
    return PersonName(dice.choice(LAST), dice.choice(FIRST), middle, suffix)


def provider(dice: Random, taxonomy: str = "") -> Provider:
    return Provider("", name(dice), npi(dice), taxonomy)


def party(dice: Random, role: str, *, addressed: bool = False) -> Party:
    """A provider of another role; pick-up and drop-off are places."""
    if role in ("PW", "45"):
        return Party(role, PersonName("TROY HOSPITAL" if role == "45" else "", ""), False, address=address(dice))
    references = many(dice, 1, lambda: Reference("G2", text(dice, 8)))
    return Party(role, name(dice), id=npi(dice), references=references, address=address(dice) if addressed else None)


def person(dice: Random) -> tuple[PersonName, date, Sex]:
    return name(dice), date(dice.randint(1930, 2024), dice.randint(1, 12), dice.randint(1, 28)), dice.choice(list(Sex))


def payer(dice: Random) -> Payer:
    place = address(dice) if dice.random() < 0.5 else Address("", "", "", "")
    return Payer("", f"PAYER {dice.randrange(99)}", text(dice, 5), dice.choice(FILINGS), place)


def practice(dice: Random) -> Practice:
    taxonomy = dice.choice(("207Q00000X", "208000000X", ""))
    tin, where = f"{dice.randrange(10**8, 10**9)}", address(dice)
    return Practice(
        "", f"CLINIC {dice.randrange(99)}", "", tin, npi(dice), taxonomy, where, f"518555{dice.randrange(10**4):04d}"
    )


def adjustments(dice: Random, total: int) -> tuple[Adjustment, ...]:
    """Adjustments that sum to `total`, by chance one to seven of them in one or two groups."""
    count = dice.randint(1, 7) if total else 0
    cuts = sorted(dice.randrange(total + 1) for _ in range(count - 1)) if count else []
    amounts = [right - left for left, right in zip([0, *cuts], [*cuts, total], strict=True)] if count else []
    half = dice.randint(0, count)
    return tuple(
        Adjustment(
            Group.CONTRACTUAL if place < half else Group.PATIENT,
            REASONS[place % len(REASONS)],
            amount,
            dice.choice(("", "1")),
        )
        for place, amount in enumerate(amounts)
    )


def coverage(dice: Random, rank: int, relationship: Relationship, holder: Subscriber) -> Coverage:
    group = dice.choice(("", f"GRP{dice.randrange(999)}"))
    plan = "" if group else dice.choice(("", "SILVER"))
    member = f"W{dice.randrange(10**8):08d}"
    return Coverage("", "", "", rank, member, relationship, holder, date.min, None, group, plan)


def prior(dice: Random, claim: Claim, rank: int) -> PriorPayer:
    """An earlier payer that balances, by line or by claim; or one that has not adjudicated yet."""
    relationship = dice.choice(list(Relationship))
    who, born, sex = person(dice)
    holder = Subscriber(who, born, sex, dice.choice((Address("", "", "", ""), address(dice))))
    covered = coverage(dice, rank, relationship, holder)
    paid_on = LATEST - timedelta(days=dice.randrange(20))
    kind = dice.choice(("lines", "lines", "claim", "none"))
    entries: list[tuple[int, int, tuple[Adjustment, ...]]] = []
    verdicts: list[LineVerdict] = []
    if kind == "lines":
        for line in claim.lines:
            taken = dice.randrange(line.amount + 1)
            entries.append((line.number, line.amount - taken, adjustments(dice, taken)))
            verdicts.append(
                LineVerdict(
                    dice.choice(PROCEDURES), (), "1", paid_on, amounts=many(dice, 1, lambda: AmountOf("EAF", 100))
                )
            )
    elif kind == "claim":
        taken = dice.randrange(claim.total + 1)
        entries.append((0, 0, adjustments(dice, taken)))
    paid = (
        sum(amount for _, amount, _ in entries)
        if kind == "lines"
        else claim.total - sum(a.amount for _, _, many_ in entries for a in many_)
    )
    detail = PriorDetail(
        amounts=many(dice, 1, lambda: AmountOf("A8", 500)),
        benefits_assigned=dice.choice("YN"),
        release=dice.choice("YI"),
        verdicts=tuple(verdicts) if dice.random() < 0.2 and claim.institutional is None else (),
    )
    first = PriorPayer(
        payer(dice),
        covered,
        paid if kind != "none" else 0,
        paid_on if kind != "none" else date.min,
        tuple(entries),
        detail,
    )
    return first


def base(dice: Random, serial: int) -> Claim:
    """What both claims have: people, payers, numbers."""
    who, born, sex = person(dice)
    relationship = dice.choice(
        (Relationship.SELF, Relationship.SELF, Relationship.SPOUSE, Relationship.CHILD, Relationship.OTHER)
    )
    holder = Subscriber(who, born, sex, address(dice))
    mine = relationship is Relationship.SELF
    treated, birth, patient_sex = (who, born, sex) if mine else person(dice)
    billing = practice(dice)
    rank = dice.choice((1, 1, 2, 3))
    place = dice.choice(("11", "22", "23", "12", "31", "41"))
    where = Location("", billing.name, place, billing.address, billing.npi)
    if dice.random() < 0.4:
        where = Location("", "TROY HOSPITAL", place, address(dice), dice.choice(("", npi(dice))))
    frequency = dice.choice((Frequency.ORIGINAL, Frequency.ORIGINAL, Frequency.REPLACEMENT, Frequency.VOID))
    return Claim(
        id="",
        number=f"ELMF{serial:08d}",
        frequency=frequency,
        rank=rank,
        encounter_id="",
        practice=billing,
        payer=payer(dice),
        coverage=coverage(dice, rank, relationship, holder),
        patient=Patient("", "", treated, birth, patient_sex, holder.address if mine else address(dice), ""),
        rendering=provider(dice, dice.choice(("", "207Q00000X"))),
        location=where,
        diagnoses=tuple(dice.sample(DIAGNOSES, dice.randint(1, 12))),
        lines=(),
        created_on=LATEST,
        authorization=dice.choice(("", text(dice, 9))),
        referral=dice.choice(("", text(dice, 9))),
        referring=some(dice, 0.3, lambda: provider(dice)),
        payer_reference="" if frequency is Frequency.ORIGINAL else text(dice, 12),
    )


def professional(dice: Random, serial: int) -> Claim:
    """A professional claim."""
    claim = base(dice, serial)
    solo = dice.random() < 0.2
    lines = tuple(_line(dice, number, claim) for number in range(1, dice.choice((1, 2, 2, 3, 6, 50)) + 1))
    claim = replace(claim, lines=lines)
    claim = replace(
        claim,
        rendering=replace(claim.rendering, npi=claim.practice.npi, taxonomy="") if solo else claim.rendering,
        supervising=some(dice, 0.2, lambda: provider(dice)),
        detail=_claim_detail(dice, claim) if dice.random() < 0.6 else None,
    )
    return _with_priors(dice, claim)


def _with_priors(dice: Random, claim: Claim) -> Claim:
    """Earlier payers of a claim that is not the first payer's."""
    if claim.rank == 1:
        return claim
    priors = tuple(prior(dice, claim, rank) for rank in range(1, claim.rank))
    numbers = {one.payer.number for one in priors}
    return replace(claim, prior_payers=priors) if len(numbers) == len(priors) else claim


def _line(dice: Random, number: int, claim: Claim) -> ClaimLine:
    units = dice.choice((1, 1, 1, 2, 3, 12))
    pointers = tuple(dice.sample(range(1, len(claim.diagnoses) + 1), min(len(claim.diagnoses), dice.randint(1, 4))))
    served = day(dice)
    return ClaimLine(
        number=number,
        control=dice.choice(("", f"{claim.number}L{number}")),
        charge_id="",
        procedure=dice.choice(PROCEDURES),
        modifiers=tuple(dice.sample(MODIFIERS, dice.choice((0, 0, 1, 2, 4)))),
        units=units,
        pointers=pointers,
        amount=dice.choice((0, 1, 5, 50, 100, 15000, 99999, dice.randrange(10**6))),
        service_date=served,
        place_of_service=dice.choice(("", "", "11", "22")),
        detail=_line_detail(dice, served) if dice.random() < 0.4 else None,
    )


def _line_detail(dice: Random, served: date) -> LineDetail:
    minutes = dice.random() < 0.1
    return LineDetail(
        measure="MJ" if minutes else "UN",
        description=dice.choice(("", "", "COMPOUNDED DRUG")),
        emergency=dice.random() < 0.2,
        epsdt=dice.random() < 0.1,
        family_planning=dice.random() < 0.1,
        copay_exempt=dice.random() < 0.1,
        through=some(dice, 0.2, lambda: served),
        dates=many(dice, 1, lambda: Dated("471", served)),
        references=many(dice, 1, lambda: Reference("9B", text(dice, 10))),
        notes=many(dice, 1, lambda: Note("ADD", words(dice, 3))),
        attachments=many(dice, 2, lambda: Attachment("OZ", dice.choice(("BM", "EL", "FX")), text(dice, 6))),
        amounts=many(dice, 1, lambda: AmountOf("T", dice.randrange(1, 999))),
        drug=some(
            dice,
            0.3,
            lambda: Drug(f"{dice.randrange(10**11):011d}", "2.5", dice.choice(("ML", "UN", "GR")), text(dice, 7)),
        ),
        providers=tuple(party(dice, role) for role in ("DK",) if dice.random() < 0.3),
    )


def _claim_detail(dice: Random, claim: Claim) -> ClaimDetail:
    accident = dice.random() < 0.2
    onset = min(line.service_date for line in claim.lines)
    ambulance = claim.location.place_of_service == "41"
    return ClaimDetail(
        dates=(*many(dice, 1, lambda: Dated("431", onset)), *((Dated("439", onset),) if accident else ())),
        references=(
            *many(dice, 1, lambda: Reference("EA", text(dice, 9))),
            *many(dice, 1, lambda: Reference("X4", "33D0000001")),
        ),
        notes=many(dice, 1, lambda: Note("ADD", words(dice, 5))),
        attachments=many(
            dice, 3, lambda: Attachment(dice.choice(("OZ", "B4", "DG")), dice.choice(("BM", "EL", "FX")), text(dice, 8))
        ),
        amounts=many(dice, 1, lambda: AmountOf("F5", dice.randrange(1, 5000))),
        transport=Transport("175", "A", "21", "", words(dice, 1)) if ambulance else None,
        indicators=(Indicator("07", True, ("04", "06")),) if ambulance else (),
        anesthesia=dice.choice(((), (), ("47562",), ("47562", "49320"))),
        conditions=dice.choice(((), (), ("17",), ("17", "A1"))),
        causes=dice.choice((("AA",), ("OA",), ("EM", "OA"))) if accident else (),
        cause_state="NY" if accident else "",
        special_program=dice.choice(("", "", "02", "05")),
        delay_reason=dice.choice(("", "", "1", "11")),
        assignment=dice.choice("ABC"),
        benefits_assigned=dice.choice("YNW"),
        release=dice.choice("YI"),
        signed_for=dice.choice(("", "P")),
        providers=tuple(party(dice, role) for role in ("PW", "45")) if ambulance else (),
        pay_to=some(dice, 0.2, lambda: address(dice)),
    )


def institutional(dice: Random, serial: int) -> Claim:
    """An institutional claim."""
    claim = base(dice, serial)
    inpatient = dice.random() < 0.5
    first = day(dice)
    last = first + timedelta(days=dice.randrange(9) if inpatient else 0)
    codes = tuple(dice.sample(DIAGNOSES, dice.randint(1, len(DIAGNOSES))))
    bill = Institutional(
        statement_from=first,
        statement_to=last,
        admission_type=dice.choice("1235"),
        admission_source=dice.choice(("1", "7", "")),
        patient_status=dice.choice(("01", "03", "20")),
        admitted_on=first if inpatient else None,
        admitted_at="0915" if inpatient else "",
        discharged_at=dice.choice(("1430", "")) if inpatient else "",
        present=tuple(dice.choice("YNUW") for _ in codes) if inpatient else (),
        admitting="R079" if inpatient else "",
        reasons=() if inpatient else dice.choice(((), ("R079",), ("R079", "R05"))),
        external_causes=many(dice, 2, lambda: "W19XXXA"),
        drg=dice.choice(("", "247")) if inpatient else "",
        procedures=many(dice, 14, lambda: OnDay(dice.choice(("02703DZ", "4A023N7", "0DTJ4ZZ")), first))
        if inpatient
        else (),
        occurrences=many(dice, 14, lambda: OnDay(dice.choice(("11", "A1", "05")), first)),
        spans=many(dice, 3, lambda: OnDay("71", first - timedelta(days=9), first - timedelta(days=5))),
        values=many(dice, 3, lambda: ValueCode(dice.choice(("80", "A1")), dice.choice(("2", "1676", "0.5")))),
    )
    lines = tuple(_bill_line(dice, number, claim, first) for number in range(1, dice.choice((1, 3, 8)) + 1))
    claim = replace(
        claim,
        location=replace(claim.location, place_of_service=dice.choice(("11", "13", "21"))),
        diagnoses=codes,
        lines=lines,
        institutional=bill,
        detail=_bill_detail(dice),
    )
    return _with_priors(dice, claim)


def _bill_line(dice: Random, number: int, claim: Claim, first: date) -> ClaimLine:
    coded = dice.random() < 0.6
    detail = LineDetail(
        measure=dice.choice(("UN", "DA")),
        revenue=dice.choice(REVENUE),
        not_covered=dice.choice((0, 0, 500)),
        undated=not coded,
        attachments=many(dice, 1, lambda: Attachment("OZ", "EL", text(dice, 6))),
        drug=some(dice, 0.2, lambda: Drug(f"{dice.randrange(10**11):011d}", "2.5", "ML")),
        providers=tuple(party(dice, "72") for _ in range(1) if dice.random() < 0.2),
    )
    modifiers = tuple(dice.sample(MODIFIERS, dice.choice((0, 1, 2)))) if coded else ()
    control = dice.choice(("", f"{claim.number}L{number}"))
    procedure, units = (dice.choice(PROCEDURES) if coded else ""), dice.choice((1, 2, 4))
    return ClaimLine(number, control, "", procedure, modifiers, units, (), dice.randrange(10**6), first, detail=detail)


def _bill_detail(dice: Random) -> ClaimDetail:
    return ClaimDetail(
        references=many(dice, 1, lambda: Reference("EA", text(dice, 9))),
        notes=many(dice, 1, lambda: Note("ADD", words(dice, 5))),
        attachments=many(dice, 2, lambda: Attachment("OZ", "EL", text(dice, 8))),
        amounts=many(dice, 1, lambda: AmountOf("F3", dice.randrange(1, 5000))),
        conditions=many(dice, 14, lambda: dice.choice(("09", "17", "A1"))),
        assignment=dice.choice("ABC"),
        benefits_assigned=dice.choice("YNW"),
        release=dice.choice("YI"),
        providers=tuple(party(dice, role) for role in ("72", "82") if dice.random() < 0.3),
        pay_to=some(dice, 0.2, lambda: address(dice)),
    )


def claims(make: Callable[[Random, int], Claim], seed: int, count: int) -> Iterator[Claim]:
    """`count` claims of that kind, the same for the same seed."""
    dice = Random(seed)
    return (make(dice, serial) for serial in range(1, count + 1))

"""`python -m training.synthetic.drawn_world NAME SEED BASE > FILE`: a world with payers of another temper.

BASE is midtown or rural: its doctors, patients and notes stay, its town is renamed, its slips are made more or less
often, and its payers give way to payers drawn at random. The same name, seed and base give the same bytes: which draw
comes after which is part of what a seed means, so a draw is made also where its outcome goes unused. The denial
model's starting weights are learned on such worlds (training/trade.py says which). lakeside.toml (seed 101, midtown),
foothill.toml (102, rural) and harborview.toml (977, midtown) are such worlds, as drawn; the last gave no weights.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import TypeVar

from training.synthetic.reading import WorldError
from training.synthetic.world import OWN_WORLDS

Item = TypeVar("Item")
Range = tuple[int, int]
Shares = tuple[float, float]

# ---- what may be drawn ------------------------------------------------------
#
# By our own judgment: ranges around what midtown.toml and rural.toml say, wide enough that payers differ plainly. The
# procedures are those that worlds/clinical bills. Nothing is taken from a real payer.


@dataclass(frozen=True, slots=True)
class Base:
    """A committed world: what bears its town's name and what is written instead, and how many payers may stand.

    `others` is the range of payers besides Medicare; None where all of PAYERS stand.
    """

    names: tuple[tuple[str, str], ...]
    others: Range | None


BASES: Mapping[str, Base] = {
    "midtown": Base(
        names=(("Midtown Medical Group", "{town} Health Partners"), ("Midtown Main Office", "{town} Main Office")),
        others=None,
    ),
    "rural": Base(names=(("Three Rivers Clinic", "{town} Clinic"),), others=(3, 4)),
}
TOWNS = ("Lakeside", "Coalport", "Ferndale", "Saltmarsh", "Westover", "Pinecrest")
MARK_LETTERS = "BCDFGHJKLMNPRSTVW"

SLIP_FACTOR: Shares = (0.6, 1.6)  # each slip's share in the base, times this
SLIP_MOST = 0.9
SLIP_DAYS: Mapping[str, tuple[Range, Range]] = {  # the soonest and the latest day
    "coverage_learned_days": ((20, 60), (100, 220)),
    "late_charge_days": ((45, 75), (110, 240)),
}
COVERAGE_CHANGE: Shares = (0.08, 0.16)
ENROLLMENT_DELAY: tuple[Range, Range] = ((20, 50), (20, 60))  # the shortest, and how much longer the longest

PAYER_NAMES = (
    *("Granite", "Larkspur", "Tidewater", "Juniper", "Summit", "Heron"),
    *("Copper", "Willow", "Beacon", "Sable", "Orchard", "Falcon"),
)
CALLED = {"MB": "Federal Part B", "MC": "State Medicaid", "BL": "Mutual", "CI": "Health Plan", "HM": "HMO"}
PAYERS: tuple[tuple[str, Range], ...] = (  # filing (X12 claim filing indicator) and weight; all aged are Medicare's
    ("MB", (280, 420)),
    ("MC", (14, 36)),
    ("BL", (20, 45)),
    ("CI", (15, 30)),
    ("HM", (10, 24)),
    ("CI", (6, 16)),
)
FEE_RATE: Shares = (0.95, 1.3)
PUBLIC_FEE_RATE = {"MB": 1.0, "MC": 0.7}
DEFAULT_PERCENT: Range = (35, 60)
MEDICARE_FILING_DAYS = 365  # 42 CFR 424.44: one calendar year
FILING_DAYS = {"MC": (90, 120, 180), "BL": (120, 180, 365), "CI": (90, 120, 180), "HM": (60, 90, 120)}
REMEDY_DAYS = (60, 90, 120, 180)
REMEDIES = ("new claim", "replacement", "replacement")
COPAYS = (0, 15, 20, 30)
DEDUCTIBLES = (0, 250, 500, 1000, 2500)
COINSURANCES = ("0", "0.10", "0.20")
MOST_OUT_OF_POCKET = (3000, 5000, 7000)

VISITS = ("99202", "99203", "99204", "99205", "99212", "99213", "99214", "99215")
CHECK_UPS = (
    *("99381", "99382", "99383", "99384", "99385", "99386", "99387"),
    *("99391", "99392", "99393", "99394", "99395", "99396", "99397"),
)
ADULT_CHECK_UPS = tuple(code for code in CHECK_UPS if code[-1] in "567")  # Medicare pays G0438, G0439 in their place
OFFICE_TESTS = ("36415", "83036", "80053", "81002", "87880", "87804", "85610", "93000", "94010", "94640")
X_RAYS = ("71046", "72100", "73562", "73030", "73610", "73110")
AUTHORIZED = (  # what a payer may want to be asked about beforehand
    *("93306", "93015", "93224", "73721", "J7325", "20610", "11900"),
    *("11102", "96110", "94010", "17110", "20550", "93000"),
)
REFERRED = ("20610", "20550", "11102", "17000", "17110", "93224", "73721")
LEFT_OUT = (  # what a plan may leave out
    *("96110", "96127", "92551", "99406", "69210", "17110", "11900", "90715"),
    *("90686", "90471", "93224", "94010", "94640", "80053", "83036", "36415"),
)
LIMITED = ("20610", "93306", "80053", "83036", "93000")
UNSPECIFIC = (  # diagnoses that a payer may find too vague, or too slight for the visit billed
    *("E11.9", "J44.9", "R51.9", "R07.9", "N18.9", "M17.9", "L70.9", "L40.9", "K21.9"),
    *("J30.9", "J20.9", "J06.9", "J02.9", "I50.9", "F90.9", "F41.9", "E66.9", "E55.9"),
    *("E03.9", "D64.9", "E78.5", "I10", "N39.0", "M25.569", "G43.909", "H66.90", "K59.00"),
)
SUPPORT: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (  # procedures, and diagnoses that make them plausible
    (("93000", "93224", "93015"), ("I", "R00", "R07", "R55", "R06", "E78", "E11")),
    (("20610", "20550"), ("M", "S")),
    (("17000", "17110", "11102", "10060"), ("D", "L", "B07", "C")),
    (("87880", "87804", "81002"), ("J", "N", "R")),
    (("94010", "94640"), ("J", "R")),
    (("90471", "90472", "90686", "90715", "90707"), ("Z23", "Z00")),
    (("83036",), ("E", "R73", "Z")),
    (("73562", "73030", "73610", "72100"), ("M", "S")),
    (("80053",), ("E", "I", "N", "Z", "R", "K")),
)

JANUARY = date(2025, 1, 1)  # days are counted from here; the period is that of the bases
UNANNOUNCED_FROM: Range = (10, 500)
HABIT_FROM: Range = (30, 480)
HABIT_TO: Range = (250, 600)
AUDIT_FROM: Range = (60, 420)


@dataclass(frozen=True, slots=True)
class Odds:
    """The share of payers that have a habit, and the range of its probability once they have it."""

    payers: float
    probability: Shares


ODDS: Mapping[str, Odds] = {
    "missing_referral": Odds(0.8, (0.8, 0.99)),
    "missing_modifier_25": Odds(0.85, (0.4, 0.98)),
    "other_payer_primary": Odds(0.7, (0.7, 0.98)),
    "check-up-yearly": Odds(0.8, (0.85, 0.99)),
    "limit-a": Odds(0.3, (0.7, 0.95)),
    "unspecified": Odds(0.5, (0.3, 0.75)),
    "necessity": Odds(0.35, (0.2, 0.6)),
    "modifier-25-audit": Odds(0.3, (0.1, 0.35)),
    "records-asked": Odds(0.35, (0.04, 0.12)),
    "drug-units": Odds(0.3, (0.6, 0.95)),
    "carved-out": Odds(0.3, (0.3, 0.8)),
}
UNAUTHORIZED: Shares = (0.85, 0.99)
UNSUPPORTED: Shares = (0.75, 0.98)
NOT_COVERED: Shares = (0.2, 0.75)

# ---- draws, and how TOML says them ------------------------------------------


def _some(chance: Random, items: Sequence[str], fewest: int, most: int) -> list[str]:
    """From `fewest` to `most` of them, sorted."""
    return sorted(chance.sample(items, min(len(items), chance.randint(fewest, most))))


def _share(chance: Random, within: Shares) -> str:
    return f"{chance.uniform(*within):.2f}"


def _day(chance: Random, within: Range) -> str:
    return (JANUARY + timedelta(days=chance.randint(*within))).isoformat()


def _texts(values: Iterable[str]) -> str:
    return "[" + ", ".join(f'"{value}"' for value in values) + "]"


def _drift(chance: Random) -> str:
    """A habit begins or ends within the period in two of five payers that have it."""
    begins, ends = f", from = {_day(chance, HABIT_FROM)}", f", to = {_day(chance, HABIT_TO)}"
    return chance.choice(("", "", "", begins, ends))


# ---- the practice -----------------------------------------------------------


def _line_of(text: str, key: str, value: str) -> str:
    """The text with the value of the first line that sets `key` replaced."""
    return re.sub(rf"^{key} = .*", lambda _: f"{key} = {value}", text, count=1, flags=re.MULTILINE)


def _renamed(text: str, base: str, name: str, seed: int, chance: Random) -> str:
    """The base's head as another practice: its name, its mark, its town. The comment of the base goes."""
    town = chance.choice(TOWNS)
    mark = "".join(chance.choice(MARK_LETTERS) for _ in range(4))
    text = re.sub(r"^#.*?\n\n", "", text, count=1, flags=re.DOTALL)
    said = (
        f"A practice like those of {base}.toml with other doctors' slips and payers of another temper; "
        f"drawn at random, seed {seed}."
    )
    for key, value in (("name", name), ("description", said), ("mark", mark)):
        text = _line_of(text, key, f'"{value}"')
    for old, new in BASES[base].names:
        text = text.replace(old, new.format(town=town))
    return text


def _with_slips(text: str, chance: Random) -> str:
    """Every share of [slips] anew, in the order of the file, then the days."""

    def changed(line: re.Match[str]) -> str:
        return f"{line[1]} = {min(float(line[2]) * chance.uniform(*SLIP_FACTOR), SLIP_MOST):.3f}"

    start, end = text.index("[slips]"), text.index("[notes]")
    slips = re.sub(r"^(\w+) = (0\.\d+)$", changed, text[start:end], flags=re.MULTILINE)
    for key, (soonest, latest) in SLIP_DAYS.items():
        slips = _line_of(slips, key, f"[{chance.randint(*soonest)}, {chance.randint(*latest)}]")
    return text[:start] + slips + text[end:]


def _practice(text: str, base: str, name: str, seed: int, chance: Random) -> str:
    """All of the base that stands before its payers, with the practice's own slips and delays."""
    head = text[: text.index("[[payers]]")]
    head = re.sub(r"^# ---- payers -*\n", "", head, flags=re.MULTILINE).rstrip()
    head = _with_slips(_renamed(head, base, name, seed, chance), chance)
    head = _line_of(head, "coverage_change", f"{chance.uniform(*COVERAGE_CHANGE):.3f}")
    shortest = chance.randint(*ENROLLMENT_DELAY[0])
    return _line_of(head, "enrollment_delay_days", f"[{shortest}, {shortest + chance.randint(*ENROLLMENT_DELAY[1])}]")


# ---- a payer's terms --------------------------------------------------------


def _identity(filing: str, weight: int, name: str, place: int) -> list[str]:
    lines = [
        "[[payers]]",
        f'name = "{name} {CALLED[filing]}"',
        f'number = "{name[:3].upper()}{place + 20}"',
        f'filing = "{filing}"',
        f"weight = {weight}",
    ]
    return [*lines, "ages = [65, 120]"] if filing == "MB" else lines


def _address_and_rates(filing: str, name: str, place: int, chance: Random) -> list[str]:
    member_ids = {
        "MB": "#@##@@#@@##",
        "MC": chance.choice(("@@#####@", "##########")),
        "BL": "@@@#########",
        "CI": name[:2].upper() + "########",
        "HM": "K####-####",
    }
    drawn = chance.uniform(*FEE_RATE)
    return [
        f'member_id = "{member_ids[filing]}"',
        'city = "Calder"',
        'state = "NJ"',
        f'postal_code = "0707704{place:02d}"',
        f'fee_rate = "{PUBLIC_FEE_RATE.get(filing, drawn):.2f}"',
        f'default_percent = "0.{chance.randint(*DEFAULT_PERCENT)}"',
    ]


def _deadlines(filing: str, chance: Random) -> list[str]:
    filing_days = {which: chance.choice(days) for which, days in FILING_DAYS.items()}
    return [
        f"filing_days = {filing_days.get(filing, MEDICARE_FILING_DAYS)}",
        f"corrected_days = {chance.choice(REMEDY_DAYS)}",
        f"appeal_days = {chance.choice(REMEDY_DAYS)}",
        f'corrected_by = "{"appeal" if filing == "MB" else chance.choice(REMEDIES)}"',
    ]


def _asked_beforehand(filing: str, chance: Random) -> list[str]:
    lines = []
    if filing == "MB":
        lines.append(f"not_covered = {_texts(ADULT_CHECK_UPS)}")
    elif chance.random() < 0.8:
        lines.append(f"authorization_required = {_texts(_some(chance, AUTHORIZED, 2, 5))}")
    if filing in ("HM", "MC") and chance.random() < 0.7:
        lines.append(f"referral_required = {_texts(_some(chance, REFERRED, 2, 5))}")
    return lines


def _plan(filing: str, letter: str, chance: Random) -> list[str]:
    weight = chance.randint(1, 3)
    copay = 0 if filing in ("MB", "MC") else chance.choice(COPAYS)
    deductible, coinsurance = chance.choice(DEDUCTIBLES), chance.choice(COINSURANCES)
    most = chance.choice(MOST_OUT_OF_POCKET)
    public = {"MB": (240, "0.20", 99999), "MC": (0, "0", 0)}  # Part B's share; Medicaid's members pay nothing
    deductible, coinsurance, most = public.get(filing, (deductible, coinsurance, most))
    return [
        "[[payers.plans]]",
        f'name = "Plan {letter}"',
        f"weight = {weight}",
        f'copay = "{copay}.00"',
        f'deductible = "{deductible}.00"',
        f'coinsurance = "{coinsurance}"',
        f'out_of_pocket_max = "{most}.00"',
    ]


def _plans(filing: str, chance: Random) -> list[str]:
    several = chance.randint(1, 2)
    count = 1 if filing in ("MB", "MC") else several
    return [line for letter in "AB"[:count] for line in _plan(filing, letter, chance)]


def _new_rule(chance: Random) -> list[str]:
    """One change that the practice is not told: a shorter deadline, authorizations, services left out, or two."""
    lines = ["[[payers.unannounced]]", f"from = {_day(chance, UNANNOUNCED_FROM)}"]
    sort = chance.random()
    if sort < 0.35:
        lines.append(f"filing_days = {chance.choice((30, 45, 60, 75))}")
    if 0.25 < sort < 0.7:
        lines.append(f"authorization_required = {_texts(_some(chance, AUTHORIZED, 1, 3))}")
    if sort > 0.6:
        lines.append(f"not_covered = {_texts(_some(chance, LEFT_OUT, 1, 2))}")
    return lines


def _unannounced(filing: str, chance: Random) -> list[str]:
    """Up to three; Medicare, which publishes its rules, seldom has any."""
    if filing == "MB" and chance.random() >= 0.2:
        return []
    return [line for _ in range(chance.randint(0, 3)) for line in _new_rule(chance)]


# ---- a payer's habits -------------------------------------------------------


def _rates(chance: Random) -> list[str]:
    lines = [
        "[payers.habits]",
        f"reject_rate = 0.0{chance.randint(0, 20):02d}",
        f"pend_rate = 0.{chance.randint(2, 12):02d}",
    ]
    soonest = chance.randint(7, 28)
    return [
        *lines,
        f"days_to_pay = [{soonest}, {soonest + chance.randint(8, 40)}]",
        f"takeback_rate = 0.0{chance.randint(5, 35):02d}",
        f"underpay_rate = 0.0{chance.randint(0, 50):02d}",
        f"noise_denial = 0.0{chance.randint(5, 32):02d}",
    ]


def _has(chance: Random, habit: str) -> bool:
    return chance.random() < ODDS[habit].payers


def _acts(chance: Random, habit: str) -> str:
    return _share(chance, ODDS[habit].probability)


def _mechanism(kind: str, filters: str, probability: str, drift: str = "") -> str:
    between = f", {filters}, " if filters else ", "
    return f'{{ kind = "{kind}"{between}probability = {probability}{drift} }}'


def _habit(name: str, filters: str, probability: str, drift: str = "") -> str:
    return _mechanism("habit", f'name = "{name}", {filters}', probability, drift)


def _missing(filing: str, chance: Random) -> list[str]:
    """What the claim ought to carry and does not."""
    found = []
    if filing != "MB":
        probability = chance.choice(("1", _share(chance, UNAUTHORIZED)))
        found.append(_mechanism("missing_authorization", "", probability))
    if filing in ("HM", "MC") and _has(chance, "missing_referral"):
        found.append(_mechanism("missing_referral", "", _acts(chance, "missing_referral")))
    if _has(chance, "missing_modifier_25"):
        probability = _acts(chance, "missing_modifier_25")
        found.append(_mechanism("missing_modifier_25", "", probability, _drift(chance)))
    if filing != "MB" and _has(chance, "other_payer_primary"):
        found.append(_mechanism("other_payer_primary", "", _acts(chance, "other_payer_primary")))
    return found


def _limit(name: str, codes: Sequence[str], limit: int, days: int, probability: str) -> str:
    filters = f'name = "{name}", procedures = {_texts(codes)}, limit = {limit}, days = {days}'
    return _mechanism("frequency_limit", filters, probability)


def _limits(filing: str, chance: Random) -> list[str]:
    """How often a service is paid: the yearly check-up (Medicare's wellness visit), and one service besides."""
    found = []
    if filing == "MB":
        found.append(_limit("wellness-yearly", ("G0438", "G0439"), 1, 330, "1"))
    elif _has(chance, "check-up-yearly"):
        days = chance.choice((330, 330, 364))
        found.append(_limit("check-up-yearly", CHECK_UPS, 1, days, _acts(chance, "check-up-yearly")))
    if _has(chance, "limit-a"):
        codes = _some(chance, LIMITED, 1, 1)
        limit, days = chance.randint(1, 3), chance.choice((90, 180, 365))
        found.append(_limit("limit-a", codes, limit, days, _acts(chance, "limit-a")))
    return found


def _support(_: str, chance: Random) -> list[str]:
    """Diagnoses that services must have, for one to five groups of services."""
    found = []
    for number, (codes, support) in enumerate(chance.sample(SUPPORT, chance.randint(1, 5))):
        filters = f'name = "support-{number}", procedures = {_texts(codes)}, supported_by = {_texts(support)}'
        probability = _share(chance, UNSUPPORTED)
        found.append(_mechanism("diagnosis_mismatch", filters, probability, _drift(chance)))
    return found


def _exclusions(_: str, chance: Random) -> list[str]:
    """Services refused as not covered (96) or another's to pay (109) though no contract says so; at most three sets."""
    found = []
    for number in range(chance.randint(0, 3)):
        codes = _texts(_some(chance, (*LEFT_OUT, *X_RAYS, *OFFICE_TESTS), 1, 4))
        filters = f'procedures = {codes}, reason = "{chance.choice(("96", "96", "96", "109"))}"'
        probability = _share(chance, NOT_COVERED)
        found.append(_habit(f"not-covered-{number}", filters, probability, _drift(chance)))
    return found


def _diagnosis_habits(_: str, chance: Random) -> list[str]:
    """Diagnoses found too vague (16), or too slight for the level of the visit (50, 150)."""
    found = []
    if _has(chance, "unspecified"):
        filters = f'diagnoses = {_texts(_some(chance, UNSPECIFIC, 3, 9))}, reason = "16", remarks = ["M76"]'
        probability = _acts(chance, "unspecified")
        found.append(_habit("unspecified", filters, probability, _drift(chance)))
    if _has(chance, "necessity"):
        codes, diagnoses = _some(chance, VISITS, 1, 3), _some(chance, UNSPECIFIC, 2, 6)
        reason = chance.choice(("50", "150"))
        filters = f'procedures = {_texts(codes)}, diagnoses = {_texts(diagnoses)}, reason = "{reason}"'
        probability = _acts(chance, "necessity")
        found.append(_habit("necessity", filters, probability, _drift(chance)))
    return found


def _audits(_: str, chance: Random) -> list[str]:
    """What a payer looks at twice: modifier 25, dear lines, units of drugs, tests at a check-up."""
    found = []
    if _has(chance, "modifier-25-audit"):
        probability = _acts(chance, "modifier-25-audit")
        begins = f", from = {_day(chance, AUDIT_FROM)}"
        filters = 'modifiers = ["25"], reason = "97", remarks = ["M15"]'
        found.append(_habit("modifier-25-audit", filters, probability, begins))
    if _has(chance, "records-asked"):
        over, reason = chance.choice((120, 150, 200, 300)), chance.choice(("252", "16"))
        filters = f'charge_over = "{over}.00", reason = "{reason}", remarks = ["N706"]'
        found.append(_habit("records-asked", filters, _acts(chance, "records-asked")))
    if _has(chance, "drug-units"):
        filters = 'procedures = ["J3301", "J0696", "J1885"], charge_over = "60.00", reason = "151"'
        found.append(_habit("drug-units", filters, _acts(chance, "drug-units")))
    if _has(chance, "carved-out"):
        codes = _texts(_some(chance, OFFICE_TESTS, 2, 5))
        filters = f'procedures = {codes}, diagnoses = ["Z00"], reason = "96", remarks = ["N130"]'
        found.append(_habit("carved-out", filters, _acts(chance, "carved-out")))
    return found


CAUSES: tuple[Callable[[str, Random], list[str]], ...] = (  # in the order of their draws
    _missing,
    _limits,
    _support,
    _exclusions,
    _diagnosis_habits,
    _audits,
)


def _mechanisms(filing: str, chance: Random) -> list[str]:
    found = [mechanism for causes in CAUSES for mechanism in causes(filing, chance)]
    return ["mechanisms = [", *(f"  {mechanism}," for mechanism in found), "]"]


# ---- the world --------------------------------------------------------------


def _payer(filing: str, weight: int, name: str, place: int, chance: Random) -> str:
    lines = [
        *_identity(filing, weight, name, place),
        *_address_and_rates(filing, name, place, chance),
        *_deadlines(filing, chance),
        *_asked_beforehand(filing, chance),
        *_plans(filing, chance),
        *_unannounced(filing, chance),
        *_rates(chance),
        *_mechanisms(filing, chance),
    ]
    return "\n".join(lines)


def _shuffled(chance: Random, items: Sequence[Item]) -> list[Item]:
    found = list(items)
    chance.shuffle(found)
    return found


def _payers(base: str, chance: Random) -> list[str]:
    names = _shuffled(chance, PAYER_NAMES)
    medicare, *others = [(filing, chance.randint(*weights)) for filing, weights in PAYERS]
    if (count := BASES[base].others) is not None:
        others = chance.sample(others, chance.randint(*count))
    return [
        _payer(filing, weight, names.pop(), place, chance) for place, (filing, weight) in enumerate((medicare, *others))
    ]


def drawn(name: str, seed: int, base: str) -> str:
    """The text of the world file. Raises WorldError for a base that is not one, or a name that is not one word."""
    if base not in BASES:
        raise WorldError(f"no such base: {base}", where="BASE", mend=f"one of {', '.join(BASES)}")
    if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
        raise WorldError("the name is not one word", where="NAME", mend="plain letters, digits, - and _ only")
    chance = Random(seed)
    practice = _practice((OWN_WORLDS / f"{base}.toml").read_text(encoding="utf-8"), base, name, seed, chance)
    about = f"# {name}: {base}.toml's patients and doctors before other payers. Documented in data/synthetic/README.md."
    return "\n\n".join((about, practice, *_payers(base, chance))) + "\n"


def main(argv: Sequence[str] | None = None) -> int:
    """Print the world file; 2 when an argument is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m training.synthetic.drawn_world",
        description="Print a world file with payers of another temper, drawn at random from a seed.",
    )
    parser.add_argument("name", help="what the world is called, one word")
    parser.add_argument("seed", type=int, help="the same seed gives the same bytes")
    parser.add_argument("base", help=f"whose doctors and patients: {' or '.join(BASES)}")
    args = parser.parse_args(argv)
    try:
        text = drawn(args.name, args.seed, args.base)
    except WorldError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())

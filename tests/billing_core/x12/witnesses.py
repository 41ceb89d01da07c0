"""Independent readers of X12, asked for their verdict, and the reviewed table of where theirs and ours differ.

pyx12 validates against the guides' maps, oxedi reads and balances 835s, x12sdk types most guides, ansi-x12 parses
envelopes. A witness that is not installed is not asked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.util import find_spec

from billing_core.rule import Severity
from billing_core.x12.check import CheckReport
from serving.clearinghouse.outbound_check import refusals

PYX12 = ("837P", "837I", "835", "999", "277CA")
X12SDK = ("837P", "837I", "835", "270", "271", "276", "277")
_ENVELOPE = re.compile(r"x12-(isa|set|group|interchange|segment|misplaced|trailer|unreadable)")


def ask_pyx12(data: bytes) -> str:
    """What pyx12 refuses, in one line; empty when it accepts."""
    return "; ".join(f"{f.rule} {f.where}" for f in refusals(data))


def ask_ansi_x12(data: bytes) -> str:
    """What ansi-x12 refuses of the envelopes."""
    import x12

    try:
        x12.parse_x12_interchange(x12.tokenize_x12(data))
    except x12.X12Error as error:
        return f"{type(error).__name__} {error}"
    return ""


def ask_x12sdk(data: bytes) -> str:
    """What x12sdk's typed models refuse."""
    from x12sdk.io import X12ModelReader

    try:
        with X12ModelReader(data.decode("utf-8-sig").strip()) as reader:
            for _ in reader.models():
                pass
    except Exception as error:  # it raises many kinds
        return " ".join(f"{type(error).__name__} {error}".split())[:400]
    return ""


def ask_oxedi(data: bytes) -> str:
    """What oxedi diagnoses in an 835."""
    import oxedi

    try:
        return "; ".join(str(one) for one in oxedi.parse(data).diagnostics)
    except oxedi.ParseError as error:
        return f"ParseError {error}"


def installed(witness: str) -> bool:
    """Whether the witness can be asked here."""
    return find_spec({"ansi-x12": "x12"}.get(witness, witness)) is not None


def verdicts(data: bytes, report: CheckReport) -> dict[str, tuple[str, str]]:
    """By witness that knows the file's kind: (what it refuses, what we refuse of the same matter)."""
    errors = [f for f in report.findings if f.severity is Severity.ERROR]
    ours = "; ".join(f"{f.rule} {f.where}" for f in errors)
    found: dict[str, tuple[str, str]] = {}
    if installed("ansi-x12"):
        found["ansi-x12"] = ask_ansi_x12(data), "; ".join(f.rule for f in errors if _ENVELOPE.match(f.rule))
    if report.kind in PYX12:
        found["pyx12"] = ask_pyx12(data), ours
    if report.kind in X12SDK and installed("x12sdk"):
        found["x12sdk"] = ask_x12sdk(data), ours
    if report.kind == "835" and installed("oxedi"):
        found["oxedi"] = ask_oxedi(data), ours
    return found


@dataclass(frozen=True, slots=True)
class Difference:
    """One reviewed kind of difference: patterns over the whole of what each says, and who is right by which rule."""

    witness: str
    theirs: str
    ours: str
    right: str
    rule: str

    def explains(self, witness: str, theirs: str, ours: str) -> bool:
        """Whether the difference is of this kind."""
        return (
            witness == self.witness
            and re.fullmatch(self.theirs, theirs, re.DOTALL) is not None
            and re.fullmatch(self.ours, ours, re.DOTALL) is not None
        )


_NPI = r"(?:[a-z0-9]+-npi segment \d+ NM109(?:; )?)+"
TABLE: tuple[Difference, ...] = (
    Difference(
        "ansi-x12",
        "X12EnvelopeError .*must begin with an ISA.*",
        "",
        "ours",
        "a byte-order mark or blanks before the ISA carry no data; what follows is an interchange (X12.5)",
    ),
    Difference(
        "x12sdk",
        "UnboundLocalError .*",
        "",
        "ours",
        "it stumbles over indentation or line ends between segments, which carry no data (appendix B.1.1.2.5)",
    ),
    *(
        Difference(
            witness, "", _NPI, "ours", "an NPI has a check digit (45 CFR 162.406); the witness does not count it"
        )
        for witness in ("pyx12", "x12sdk")
    ),
    Difference(
        "x12sdk",
        "",
        r"x12-required segment \d+ SBR; .*",
        "ours",
        "2330B, the other payer's name, is required in every loop 2320 (X222A1 and X223A2)",
    ),
    Difference(
        "x12sdk",
        "",
        r"x12-code segment \d+ CLM05-1; .*",
        "ours",
        "the ISA declares : as component separator and the file uses another: CLM05 and HI hold no code of their lists",
    ),
    Difference(
        "x12sdk",
        "",
        r"(?:837p-hierarchy segment \d+ HL01(?:; )?)+.*",
        "ours",
        "HL01 begins with 1 and goes up by 1 within a transaction set (X222A1, HL)",
    ),
    Difference(
        "x12sdk",
        r".*loop_2100c\.aaa_segment.*reject_reason_code.*",
        "",
        "ours",
        "AAA03 of the subscriber's name (2100C) may be 72, invalid or missing member id (X279A1)",
    ),
    Difference(
        "x12sdk",
        r".*loop_2120c.*identifica.*",
        "",
        "ours",
        "NM108 and NM109 of 2120C are situational (X279A1)",
    ),
    Difference(
        "x12sdk",
        r".*loop_2100.*nm1_segment.*name_last.*",
        "",
        "ours",
        "NM103 of the rendering provider (2100 NM1*82) is situational (X221A1)",
    ),
    Difference(
        "x12sdk", "KeyError .*not supported.*", "", "neither", "a 277 of another guide: we say it is not checked"
    ),
    Difference(
        "pyx12",
        r"pyx12-3 segment \d+ STC; pyx12-8 segment \d+ DTP03",
        "",
        "witness",
        "a provider's level with TRN has an STC (X214 2200C): we warn, since each claim's own status can be read;"
        " the year 1001 is a date, if no date of service",
    ),
    *(
        Difference(
            witness,
            theirs,
            "",
            "witness",
            "PER*BL is required of the payer, BPR16 is a date, TS306 to TS312 are not used, N402 is a state, GS08 is"
            " 005010X221A1 (X221A1): we warn and read, since the money can be read",
        )
        for witness, theirs in (
            (
                "pyx12",
                r"(?:pyx12-\d+ segment \d+ (?:PER|BPR16|TS3\d\d|N402)(?:; )?)+",
            ),
            ("oxedi", r"(?:[^;]*(?:payer_technical_contact|BPR16|GS08)[^;]*(?:; )?)+"),
        )
    ),
    Difference(
        "pyx12",
        "pyx12-stopped segment 1 ISA",
        "",
        "ours",
        "it has no map of this version of the guide (005010X222A2, 005010X221); the loops are the same",
    ),
    Difference(
        "pyx12",
        r"(?:pyx12-1 segment \d+ \w+(?:; )?)+.*",
        "",
        "ours",
        "the file is indented and its version is 005010X231, of which the witness has no map; the loops are the same",
    ),
    Difference(
        "pyx12",
        r"pyx12-5 segment \d+ CTX",
        "",
        "ours",
        "CTX of a situation and CTX of the business unit may both follow an IK3 (X231A1 2110)",
    ),
)


def explained(witness: str, theirs: str, ours: str) -> Difference | None:
    """The row of the table that explains a difference, or None."""
    return next((row for row in TABLE if row.explains(witness, theirs, ours)), None)

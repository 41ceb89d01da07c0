"""An X12 file told segment by segment, for people: what each one is called, and how deep in the file it stands.

The words are ours; the names of the segments are the guides'.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from billing_core.x12.segment import Segment, read_segments

WORDS = {
    "ISA": "interchange begins: who sends to whom",
    "TA1": "interchange acknowledgment",
    "GS": "functional group begins",
    "ST": "transaction set begins",
    "SE": "transaction set ends",
    "GE": "functional group ends",
    "IEA": "interchange ends",
    "BHT": "what this transaction is, its number and date",
    "HL": "a level of the hierarchy",
    "NM1": "a person or organization",
    "N1": "a party",
    "N3": "street address",
    "N4": "city, state, postal code",
    "PER": "contact",
    "REF": "a reference number",
    "PRV": "provider's specialty (taxonomy)",
    "SBR": "subscriber: rank of the payer, relationship, group",
    "PAT": "patient's relationship to the subscriber",
    "DMG": "birth date and sex",
    "CLM": "claim: number, charge, place of service, frequency",
    "HI": "diagnoses",
    "OI": "other insurance: assignment and release",
    "LX": "line number",
    "SV1": "professional service: procedure, charge, units, diagnosis pointers",
    "SV2": "institutional service: revenue code, procedure, charge, units",
    "CL1": "admission type, source and patient status",
    "PWK": "a document that goes with the claim",
    "NTE": "a note",
    "CR1": "ambulance transport",
    "CR2": "spinal manipulation",
    "CR3": "durable medical equipment",
    "CRC": "conditions that apply or do not",
    "HCP": "repricing",
    "CN1": "contract",
    "K3": "file information",
    "LIN": "a drug: its NDC",
    "CTP": "a drug: quantity and unit",
    "MEA": "a test result",
    "PS1": "a purchased service",
    "FRM": "an answer of a form",
    "CUR": "currency",
    "RDM": "how the remittance is delivered",
    "TS2": "inpatient summary of a provider",
    "TS3": "summary of a provider",
    "INS": "relationship to the subscriber",
    "AAA": "the request is refused: why, and what to do",
    "MSG": "a message",
    "HSD": "delivery of a benefit",
    "III": "further information on a benefit",
    "LS": "a loop begins",
    "LE": "a loop ends",
    "SVD": "line as an earlier payer adjudicated it",
    "DTP": "a date",
    "DTM": "a date",
    "AMT": "an amount",
    "QTY": "a quantity",
    "CAS": "adjustments: group, reason, amount",
    "BPR": "payment: amount and method",
    "TRN": "trace number",
    "CLP": "claim payment: number, status, charge, paid",
    "SVC": "service payment: procedure, charge, paid",
    "MOA": "remarks on an outpatient claim",
    "MIA": "remarks on an inpatient claim",
    "LQ": "remark code",
    "PLB": "provider-level adjustment",
    "STC": "status of a claim",
    "AK1": "which functional group is acknowledged",
    "AK2": "which transaction set is acknowledged",
    "IK3": "a segment in error",
    "CTX": "context of an error",
    "IK4": "an element in error",
    "IK5": "verdict on the transaction set",
    "AK9": "verdict on the functional group",
    "EB": "eligibility or benefit",
    "EQ": "benefit inquired about",
}
_DEPTH = {"ISA": 0, "IEA": 0, "TA1": 1, "GS": 1, "GE": 1, "ST": 2, "SE": 2}


@dataclass(frozen=True, slots=True)
class Explained:
    """One segment: its number and depth, its id, its words ("" when unknown), and its elements as the file has them."""

    number: int
    depth: int
    id: str
    words: str
    elements: tuple[str, ...]


def explain(data: bytes) -> Iterator[Explained]:
    """Every segment of a file in words. X12Error when the bytes are not X12. The elements may be patient data."""
    return (_explained(segment) for segment in read_segments(data))


def _explained(segment: Segment) -> Explained:
    depth = _DEPTH.get(segment.id, 3)
    return Explained(segment.number, depth, segment.id, WORDS.get(segment.id, ""), segment.elements[1:])

"""An encounter, and the codes a person signed for it.

`AssignedCode` is the only code the core knows: signed by a coder, with the evidence it stands on. What a model
suggests is a `models.coding` type and does not type-check here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class CodeSystem(StrEnum):
    """Which code set a code belongs to."""

    ICD10CM = "ICD-10-CM"
    CPT = "CPT"
    HCPCS = "HCPCS"


class Setting(StrEnum):
    """Where the note was written; the uncertain-diagnosis rule differs (ICD-10-CM guidelines II.H, IV.H)."""

    OUTPATIENT = "outpatient"
    INPATIENT = "inpatient"


@dataclass(frozen=True, slots=True)
class Span:
    """Evidence: characters start..end (end excluded) of the note whose sha256 the encounter carries."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class AssignedCode:
    """A code signed by a person. `pointers` (procedures only) number the diagnoses it is for, from 1."""

    system: CodeSystem
    code: str
    signed_by: str
    evidence: tuple[Span, ...] = ()
    modifiers: tuple[str, ...] = ()
    units: int = 1
    pointers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Encounter:
    """One visit of one patient. `note_sha256` fixes the note's bytes."""

    id: str
    patient_id: str
    provider_id: str
    location_id: str
    service_date: date
    setting: Setting
    note_sha256: str
    referring_provider_id: str = ""
    supervising_provider_id: str = ""
    authorization_id: str = ""


@dataclass(frozen=True, slots=True)
class SignedEncounter:
    """An encounter whose coding a person has finished: diagnoses in order (first-listed first), procedures in order."""

    encounter: Encounter
    diagnoses: tuple[AssignedCode, ...]
    procedures: tuple[AssignedCode, ...]
    signed_by: str

"""Doors to the contracts: clauses and vectors, what a claim should pay, estimates, underpayments."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Response

from serving.desk import contracts
from serving.routes.entrance import AtDesk, Id
from serving.routes.money import PDF
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

router = APIRouter(tags=["contracts"])


@router.get("/contracts")
def list_contracts(desk: AtDesk) -> list[ContractItem]:
    """Every contract, by payer and first day."""
    return contracts.contracts(desk)


@router.post("/contracts/check")
def check_contract(desk: AtDesk, given: ContractIn) -> ContractCheck:
    """What is wrong with a contract file, and which of its vectors fail; nothing is kept."""
    return contracts.check_contract(desk, given)


@router.post("/contracts")
def save_contract(desk: AtDesk, given: ContractIn) -> ContractCheck:
    """Put a contract file in force, when it is sound and every vector holds."""
    return contracts.save_contract(desk, given)


@router.get("/contracts/{payer_id}")
def read_contract(desk: AtDesk, payer_id: Id, on: date | None = None) -> ContractView:
    """The contract in force with the payer on a day, its clauses, and its vectors run."""
    return contracts.read_contract(desk, payer_id, on)


@router.post("/claims/{claim_id}/what-if")
def what_if(desk: AtDesk, claim_id: Id, given: WhatIfIn) -> ReckoningView:
    """What the claim should pay by its contract, as it is or with something changed."""
    return contracts.what_if(desk, claim_id, given)


@router.get("/estimates/patients")
def patients(desk: AtDesk, find: Annotated[str, Query(max_length=80)] = "") -> list[PatientOption]:
    """Patients whose last name begins so, or whose record number it is, with their coverages; the first twenty."""
    return contracts.patients(desk, find)


@router.post("/estimates")
def make_estimate(desk: AtDesk, given: EstimateIn) -> EstimateView:
    """What the patient will owe for planned services, with its bounds and arithmetic."""
    return contracts.make_estimate(desk, given)


@router.post(
    "/estimates/good-faith",
    response_class=Response,
    responses={200: {"content": {PDF: {"schema": {"type": "string", "format": "binary"}}}}},
)
def good_faith(desk: AtDesk, given: EstimateIn) -> Response:
    """The good-faith estimate for a patient who pays alone."""
    attachment = {"Content-Disposition": 'attachment; filename="good-faith-estimate.pdf"'}
    return Response(contracts.good_faith_pdf(desk, given), media_type=PDF, headers=attachment)


@router.get("/underpayments")
def underpayments(desk: AtDesk) -> UnderpaymentsView:
    """Paid against expected, by payer and clause and line by line."""
    return contracts.underpayments(desk)

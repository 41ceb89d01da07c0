"""Doors to the manager's figures and to the cases behind each."""

from __future__ import annotations

from datetime import date

from fastapi import APIRouter, Response

from serving.desk import report as figures
from serving.routes.entrance import AtDesk
from serving.routes.spreadsheet import SHEETS, Sheet, sheet
from serving.schemas.report import CaseItem, CasesView, Part, ReportView

router = APIRouter(prefix="/report", tags=["figures"])


@router.get("")
def report(desk: AtDesk, since: date | None = None, until: date | None = None) -> ReportView:
    """The figures of a period, each with what it is made of and what is not known yet."""
    return figures.report(desk, since, until)


@router.get("/{figure}/{part}")
def cases(desk: AtDesk, figure: str, part: Part, since: date | None = None, until: date | None = None) -> CasesView:
    """The claims or charges behind one part of a figure."""
    return figures.cases(desk, figure, part, since, until)


@router.get("/{figure}/{part}/{kind}", response_class=Response, responses=SHEETS)
def cases_sheet(
    desk: AtDesk, figure: str, part: Part, kind: Sheet, since: date | None = None, until: date | None = None
) -> Response:
    """The same for a spreadsheet."""
    found = figures.cases(desk, figure, part, since, until)
    return sheet(kind, f"{found.figure}-{part}", list(CaseItem.model_fields), [r.model_dump() for r in found.rows])

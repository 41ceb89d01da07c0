"""The files of the clearinghouse: those we wrote, those we received, and the door they come in by."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request, Response

from serving.desk import answers, billing
from serving.routes.entrance import AtDesk, Id
from serving.schemas.billing import FileView, ReceiptView

RECEIVING = "/files"  # the path whose body may be long
OCTETS = "application/octet-stream"

router = APIRouter(prefix=RECEIVING, tags=["files"])

FileName = Annotated[str, Header(alias="X-File-Name", min_length=1, max_length=200, pattern=r"^[^/\\\x00-\x1f\x7f]+$")]
_OCTETS_BODY = {"required": True, "content": {OCTETS: {"schema": {"type": "string", "format": "binary"}}}}


async def received(request: Request, desk: AtDesk) -> bytes:
    """The body, read after the caller is known, as it streams in; the threshold cuts off one that is too long."""
    return b"".join([chunk async for chunk in request.stream()])


@router.get("")
def files(desk: AtDesk) -> list[FileView]:
    """The files sent and received."""
    return billing.files(desk)


@router.get(
    "/{file_id}/content",
    response_class=Response,
    responses={200: {"content": {OCTETS: {"schema": {"type": "string", "format": "binary"}}}}},
)
def file_content(desk: AtDesk, file_id: Id) -> Response:
    """A file, byte for byte."""
    attachment = {"Content-Disposition": f'attachment; filename="{file_id}"'}
    return Response(billing.file_bytes(desk, file_id), media_type=OCTETS, headers=attachment)


@router.post("", openapi_extra={"requestBody": _OCTETS_BODY})
def receive(desk: AtDesk, name: FileName, data: Annotated[bytes, Depends(received)]) -> ReceiptView:
    """Take in a TA1, 999, 277CA, 277, 271 or 835. The same file twice changes nothing."""
    return answers.receive(desk, name, data)

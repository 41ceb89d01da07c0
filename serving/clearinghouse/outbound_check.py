"""The last look before a file leaves: pyx12's validator reads it against the implementation guide's own map.

A file is sent only when `refusals` is empty. pyx12 knows the guide's loops, segments, elements and code lists; it
does not know sums, check digits, pointers or whether a code exists: those are our claim edits' and `billing_core.x12.
check`'s. Everything runs in this process, in memory; pyx12's log, which quotes values, is silenced.
"""

from __future__ import annotations

import io
import json
import logging
import threading
from collections.abc import Iterator
from typing import Any

from billing_core.errors import X12Error
from billing_core.rule import Finding, Severity
from billing_core.x12.acknowledgment_999 import ELEMENT_ERRORS, SEGMENT_ERRORS
from billing_core.x12.segment import decode

_MEND = "correct the claim's data; if the data are right, report a defect of Cleanclaim's writer"
_lock = threading.Lock()  # pyx12 keeps state in module-level objects


def refusals(data: bytes) -> tuple[Finding, ...]:
    """Every reason for which pyx12 refuses the file; empty when it accepts it. No finding holds a value.

    `where` is the segment's number in the file with its id and element; `rule` is "pyx12-" and pyx12's code: IK304
    for a segment, IK403 for an element.
    """
    try:
        text = decode(data)
    except X12Error as error:
        return (Finding("pyx12-unreadable", Severity.ERROR, error.message, error.where, error.mend),)
    accepted, report, stopped = _validate(text)
    if stopped:
        why = "it has no map of this version of the guide" if stopped == "EngineError" else stopped
        message = f"the validator could not walk the file ({why})"
        return (Finding("pyx12-stopped", Severity.ERROR, message, "segment 1 ISA", _MEND),)
    found = tuple(_findings(report))
    if accepted or found:
        return found
    return (
        Finding("pyx12-envelope", Severity.ERROR, "the file's envelope or kind is refused", "segment 1 ISA", _MEND),
    )


def _validate(text: str) -> tuple[bool, dict[str, Any], str]:
    """pyx12's verdict, the tree of its errors, and the kind of error at which it stopped ("": it did not)."""
    import pyx12.errors
    import pyx12.params
    import pyx12.x12n_document

    with _lock:
        _silence()
        _keep_maps()
        tree = io.StringIO()
        try:
            accepted = pyx12.x12n_document.x12n_document(
                pyx12.params.ParamsBase(), io.StringIO(text), None, None, fd_json=tree
            )
        except Exception as error:  # many kinds, where it loses its way; only the kind holds no value
            return False, {}, type(error).__name__
    return bool(accepted), json.loads(tree.getvalue() or "{}"), ""


def _keep_maps() -> None:
    """Let pyx12 read each guide's map once a process, not once a file: the maps (3 MB of XML) hold no state of a walk.

    Counts are kept by pyx12's walker, made anew for each document; the key is the map's file name.
    """
    import pyx12.map_if

    load = pyx12.map_if.load_map_file
    if hasattr(load, "maps"):
        return
    maps: dict[str, Any] = {}

    def kept(map_file: str, param: Any, map_path: str | None = None) -> Any:
        if map_path is not None:
            return load(map_file, param, map_path)
        if map_file not in maps:
            maps[map_file] = load(map_file, param)
        return maps[map_file]

    kept.maps = maps  # type: ignore[attr-defined]  # the mark that says it is done
    pyx12.map_if.load_map_file = kept


def _silence() -> None:
    """Switch pyx12's loggers off: their messages quote patient data, and nothing of it may reach a log."""
    for name in list(logging.root.manager.loggerDict):
        if name == "pyx12" or name.startswith("pyx12."):
            logging.getLogger(name).disabled = True


def _findings(report: dict[str, Any]) -> Iterator[Finding]:
    for interchange in report.get("interchanges", ()):
        yield from _own(interchange, "ISA")
        for group in interchange["groups"]:
            yield from _own(group, "GS")
            for one in group["transactions"]:
                for segment in one["segments"]:
                    yield from _segment(segment)
                yield from _own(one, "ST")


def _own(node: dict[str, Any], id: str) -> Iterator[Finding]:
    """The errors of an envelope itself: counts and control numbers."""
    for error in node["errors"]:
        where = f"segment {node['cur_line']} {id}"
        message = "the envelope's counts, control numbers or codes are wrong"
        yield Finding(f"pyx12-{id}-{error['err_cde']}", Severity.ERROR, message, where, _MEND)


def _segment(segment: dict[str, Any]) -> Iterator[Finding]:
    where = f"segment {segment['cur_line']} {segment['seg_id']}"
    for error in segment["errors"]:
        code = str(error["err_cde"])
        message = SEGMENT_ERRORS.get(code, "the segment is refused")
        yield Finding(f"pyx12-{code}", Severity.ERROR, message, where, _MEND)
    for element in segment["elements"]:
        place = f"{where}{element['ele_pos']:02d}"
        if element["subele_pos"]:
            place = f"{place}-{element['subele_pos']}"
        for error in element["errors"]:
            code = str(error["err_cde"])
            message = f"{element['name']}: {ELEMENT_ERRORS.get(code, 'the element is refused')}"
            yield Finding(f"pyx12-{code}", Severity.ERROR, message, place, _MEND)

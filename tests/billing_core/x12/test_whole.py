"""Nothing of a published claim or remittance is lost: it is read into records, written again, and compared segment by
segment. And records stored before the details existed are still read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from billing_core.claim import Claim
from billing_core.errors import X12Error
from billing_core.record import from_plain, to_plain
from billing_core.remittance import Remittance
from billing_core.x12 import claim_837i, claim_837p, remittance_835
from billing_core.x12.segment import Segment, read_segments, standard_text
from tests.billing_core.x12.people import (
    AMBULANCE,
    ANESTHESIA,
    ANSWER,
    ENVELOPE,
    INFUSION,
    INPATIENT,
    OUTPATIENT_BILL,
    PAID,
    SECONDARY,
    SEVEN_ADJUSTMENTS,
    remittance,
)
from tests.billing_core.x12.test_published_files import EDI, name
from tests.real_data import needs

ENVELOPES = ("ISA", "GS", "ST", "SE", "GE", "IEA", "BHT", "HL")
# What is written in another way, or on purpose not at all. Each is the segment as compared, up to the *.
OTHERWISE = re.compile(
    r"NM1\*4[01]\*|PER\*|"  # the submitter is whoever writes
    r"SBR\*P\*\*\*\*\*\*\*CI|SBR\*P$|"  # a filing code that the sender wrote in SBR08, which is not used
    r"CLM\*|SV1\*|"  # the facility qualifier B, and a place of service that is the claim's own
    r"NM1\*PR\*2\*R&R|"  # the payer id's qualifier XV, of a plan id that never came (45 CFR 162.506 was withdrawn)
    r"N[34]\*|NM1\*8[57]\*|REF\*EI|"  # a subscriber who is not the patient has no address; equals share a level
    r"BPR\*.*\*(20002316|20990080|20020314|20220805)$|DTM\*405"  # BPR16 that is no date: the production date stands in
)


def plain(segment: Segment) -> str:
    """The segment without what carries no meaning: case, trailing zeros and blanks, old qualifiers of diagnoses."""
    text = standard_text(segment).upper()
    text = re.sub(r"(?<=[*:])(-?\d+)\.(\d*?)0*(?=[*:]|$)", lambda m: m[1] + ("." + m[2] if m[2] else ""), text)
    text = re.sub(r" +(?=\*|$)", "", re.sub(r":+(?=\*|$)", "", text)).rstrip("*:")
    return re.sub(r"  +", " ", text).replace("HI*BK", "HI*ABK").replace("*BF:", "*ABF:")


def segments(data: bytes) -> Counter[str]:
    return Counter(plain(segment) for segment in read_segments(data) if segment.id not in ENVELOPES)


def published(*folders: str) -> Iterator[Path]:
    return (path for folder in folders for path in sorted((EDI / folder).glob("*.edi")))


@pytest.mark.real_data
@needs("edi")
@pytest.mark.parametrize("path", list(published("837P", "837I", "835")), ids=name)
def test_no_segment_of_a_published_file_is_lost(path: Path) -> None:
    data = path.read_bytes()
    guide: Any = {"837P": claim_837p, "837I": claim_837i, "835": remittance_835}[path.parent.name]
    try:
        records = guide.read(data)
        written = guide.write(records, ENVELOPE, *(() if guide is remittance_835 else ("RECEIVER",)))
    except X12Error as error:
        assert error.mend
        return
    before, after = segments(data), segments(written)
    lost = [text for text in (before - after) if not OTHERWISE.match(text)]
    new = [text for text in (after - before) if not OTHERWISE.match(text)]
    assert not lost and not new, (lost, new)


@pytest.mark.parametrize("claim", [AMBULANCE, INFUSION, ANESTHESIA, INPATIENT, OUTPATIENT_BILL, SECONDARY])
def test_every_detail_comes_back(claim: Claim) -> None:
    guide: Any = claim_837i if claim.institutional else claim_837p
    assert guide.read(guide.write([claim], ENVELOPE, "X")) == (guide.as_carried(claim, ENVELOPE.on.date()),)
    assert from_plain(Claim, to_plain(claim)) == claim


def without(plain: Any, *names: str) -> Any:
    """The plain record as it was stored before the fields of these names existed."""
    if isinstance(plain, dict):
        return {key: without(value, *names) for key, value in plain.items() if key not in names}
    return [without(value, *names) for value in plain] if isinstance(plain, list) else plain


def test_records_stored_before_the_details_are_still_read() -> None:
    assert from_plain(Claim, without(to_plain(SECONDARY), "detail", "institutional")) == SECONDARY
    paid = remittance(PAID, SEVEN_ADJUSTMENTS)
    assert from_plain(Remittance, without(to_plain(paid), "detail")) == paid


def test_a_remittance_keeps_what_stands_beside_the_money() -> None:
    text = remittance_835.write([remittance(PAID)], ANSWER).decode()
    more = {
        "NM1*QC*1*DOE*ANN****MI*W1234567~\n": "NM1*QC*1*DOE*ANN*Q***MI*W1234567~\nNM1*74*1*DOE-LEE~\n"
        "NM1*82*1*ROE*****XX*1234567893~\n",
        "MOA***MA01~\n": "MIA*1**3*500*MA01~\nREF*EA*1001~\n",
        "SVC*HC:99213*150*88**1~\n": "SVC*HC:99213*150*88*0510*1*HC:99214:25*2~\n",
        "AMT*B6*110~\n": "AMT*B6*110~\nQTY*ZK*3~\nLQ*RX*70~\n",
        "DTM*405*": "REF*EV*RECEIVER1~\nDTM*405*",
        "LX*1~\n": "LX*7~\nTS3*1234567893*11*20261231*1*150~\n",
        "*CHK************": "*ACH*CCP*01*111000025*DA*4567*1512345678**01*999988880*DA*98765*",
    }
    for old, new in more.items():
        assert old in text, old
        text = text.replace(old, new, 1)
    body = text[text.index("ST*") : text.index("SE*")]
    text = re.sub(r"SE\*\d+", f"SE*{len(body.splitlines()) + 1}", text)
    (got,) = remittance_835.read(text.encode())
    assert segments(remittance_835.write([got], ANSWER)) == segments(text.encode())
    (claim,) = got.claims
    assert claim.detail and [party.role for party in claim.detail.parties] == ["74", "82"]
    assert claim.remarks == ("MA01",) and claim.services[0].submitted == "99214"
    assert got.detail and got.detail.bank[1] == "111000025" and got.detail.sections[0].number == "7"

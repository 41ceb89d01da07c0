"""X12: bytes in, records out, and back. One module per implementation guide, all of the same shape.

    separators, segment      the bytes: delimiters, the gates in and out, limits
    envelope                 ISA, GS, ST and their trailers; whole files only
    claim_837p               claims out (and in, for a payer)          005010X222A1
    remittance_835           remittances in (and out, for a payer)     005010X221A1
    adjustment_segment       CAS, which both of them carry
    acknowledgment_ta1, acknowledgment_999, acknowledgment_277ca       what the payer's front door says
    guide, *_rules           what each guide asks, as tables
    check, explain           any file judged, any file told in words

A guide module has KIND, SET_ID, GROUP_ID, VERSION, VERSIONS, `write(records, envelope)` and `read(bytes)`. Bytes that
cannot be read raise X12Error and nothing else.
"""

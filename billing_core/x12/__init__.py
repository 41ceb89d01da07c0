"""X12: bytes in, records out, and back. One module per implementation guide, all of the same shape.

    separators, segment, stream     the bytes: delimiters, the gates in and out, limits, files of any size
    document                        any file, kept to the byte
    envelope                        ISA, GS, ST and their trailers; whole files only
    claim_837p, claim_837i          claims out (and in, for a payer)                    005010X222A1, 005010X223A2
    claim_levels, claim_body, claim_segments, claim_coordination                        what both of them share
    remittance_835                  remittances in (and out, for a payer)               005010X221A1
    remittance_stream               a remittance of any size, in two passes
    adjustment_segment              CAS, which claims and remittances carry
    eligibility_270, eligibility_271, status_276, status_277, inquiry_levels, status_lines    005010X279A1, 005010X212
    acknowledgment_ta1, acknowledgment_999, acknowledgment_277ca                        what the payer's front door says
    sent_claims                     which claims of our 837 an acknowledgment speaks of
    acknowledge                     our own answer to a file: the 999s and TA1s that are due
    guide, *_rules, claim_codes     what each guide asks, as tables; codes looked up on their day
    check, explain, narrate         any file judged, named segment by segment, and told in sentences

A guide module has KIND, SET_ID, GROUP_ID, VERSION, VERSIONS, `write(records, envelope)`, `read(bytes)` and
`read_set(transaction set)`. Bytes that cannot be read raise X12Error and nothing else. Figures: docs/x12.md.
"""

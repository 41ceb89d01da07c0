"""The path of a dollar: the deterministic core of Cleanclaim.

Start reading here. The modules follow one dollar from the note to the patient's statement, in this order:

    registration   who the patient is, who guarantees, which coverages pay in which order
    eligibility    is the coverage active on the date of service
    encounter      what happened, and the codes a person signed (AssignedCode)
    provider_query what the note's author is asked, and that the claim waits for the answer
    chargemaster   what we charge for a code on a day
    charge         one priced, signed line of service
    claim_build    charges become claims; an answer becomes a corrected, void or secondary claim
    claim          what we send to one payer; its legal steps (ClaimState)
    edits          what would make a payer refuse the claim, before it is sent
    x12            the files: 837P out; TA1, 999, 277CA, 835 in
    contract       what the payer promised: fees, deadlines, remedies (contract_file reads it, pricing prices by it)
    adjudication   what the payer owes by contract, and what is left for the patient (coordination: after another payer)
    estimate       what the patient will owe, before the visit
    remittance     what the payer says it paid (the 835), and whether it balances
    ledger         accounts, entries, legs that sum to zero
    underpayment   paid against expected, with the clause
    account        the books by charge: what is open, who owes it
    matching       which claim and which line an answer speaks of
    posting        one function per movement of money
    denial         the published definition: which lines are denied, and why (reason: what each code means)
    appeal         by when each remedy must be used, and a letter's facts
    statement      what the guarantor owes, with each line's reason
    work_queue     what to work first
    receivable     who owes us how much, for how long
    cycle          the whole path in one short function

Law of the core: the standard library only; no clock, no randomness, no environment, no I/O but the memory-mapped
code tables it is handed. Dates, ids, tables and control numbers are arguments. Same input, same bytes out.
"""

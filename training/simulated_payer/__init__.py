"""The simulated payer: bytes in, bytes out. The one source of synthetic outcomes; there is no second.

It imports the core alone and shares no object with the practice: an 837P file comes in by the folder or the HTTP
door; TA1, 999, 277CA and 835 files go out. In the order of the path:

    known          what the payers know: members, authorizations, contracts, habits
    habits         the mechanisms of denial a world file states
    chance         draws that belong to a claim and a cause alone
    front_door     bytes -> TA1, 999, claims
    admission      which claims enter adjudication (277CA)
    examiner       the answer to one claim, and the true probability of denial
    pay_day        answers due -> balanced 835
    claims_office  day by day: acknowledge, decide, take back, pay
    docket         what is remembered from run to run, and oracle.csv
    command, http_door
"""

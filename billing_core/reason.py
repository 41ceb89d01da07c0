"""Claim adjustment reason codes (CARC): what each means to a biller and a patient, and what mends it.

The numbers are facts (X12 external code list 139; RARC: list 411). The words are ours, not the list's; a site with a
licence may show the official texts instead. A reason is told from the patient's side of the counter, so that one
sentence serves the work queue and the statement. What is *contractual* and what is the *patient's share* is here too:
`denial.py` and `posting.py` stand on these sets and on nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class DenialCategory(StrEnum):
    """Why a line was not paid, in the words of a denial report."""

    ELIGIBILITY = "eligibility"
    AUTHORIZATION = "authorization"
    CODING = "coding"
    DUPLICATE = "duplicate"
    TIMELY_FILING = "timely filing"
    NOT_COVERED = "not covered"
    MEDICAL_NECESSITY = "medical necessity"
    INFORMATION = "information requested"
    OTHER_PAYER = "other payer"
    ENROLLMENT = "provider enrollment"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Reason:
    """One CARC: our words, its category when it denies, what mends it, and whether work can still recover the money."""

    words: str
    category: DenialCategory
    remedy: str
    recoverable: bool = True


# The payer's cut by contract, law or agreement: an adjustment, never a denial. "45, 253, 23, 24, 131 and their kin".
# fmt: off
CONTRACTUAL = frozenset({
    "24", "42", "44", "45", "59", "94", "102", "103", "104", "105", "121", "131", "132", "137", "139", "144",
    "161", "172", "203", "205", "209", "223", "232", "237", "245", "246", "253", "271", "278", "A2", "P12",
})
# fmt: on
# What earlier payments did to this answer. OA-23 is never posted: the earlier payer's own remittance posted it.
PRIOR_IMPACT = frozenset({"23"})
PREVIOUSLY_PAID = "B13"  # with money beside it, like OA-23; alone on an unpaid line, a denial (duplicate)
# Deductible, coinsurance, copay: the definition of a denial counts these as payment.
PATIENT_SHARE = frozenset({"1", "2", "3"})
# Other amounts that belong to the patient by the plan's rules and are not denials.
PATIENT_SHARE_KIN = frozenset({"66", "85", "100", "122", "142", "178", "187", "241", "247", "248"})
# The payer has not decided: neither paid nor denied.
UNDECIDED = frozenset({"101", "133", "257", "277"})
UNPROCESSABLE = "MA130"  # RARC: the claim was never adjudicated on its merits; no appeal, send a new claim

_E, _A, _C = DenialCategory.ELIGIBILITY, DenialCategory.AUTHORIZATION, DenialCategory.CODING
_D, _T, _N = DenialCategory.DUPLICATE, DenialCategory.TIMELY_FILING, DenialCategory.NOT_COVERED
_M, _I, _P = DenialCategory.MEDICAL_NECESSITY, DenialCategory.INFORMATION, DenialCategory.OTHER_PAYER
_R, _O = DenialCategory.ENROLLMENT, DenialCategory.OTHER

_CARD = "check the insurance card, correct the coverage, send a corrected claim"
_CODES = "have a coder check the codes against the note, send a corrected claim"
_NOTE = "send the records that support the service"
_AUTH = "find or request the authorization, put its number on a corrected claim"
_CONTRACT = "nothing: the contract says so"
_PLAN = "bill the patient, or appeal if the plan document covers it"
_ENROLL = "check the provider's enrollment and NPI with the payer, then resubmit"
_COB = "ask the patient which insurance pays first, bill that one, attach its answer"
_FILING = "send the proof of timely filing (277CA or 999) with an appeal"
_RECORDS = "send what the payer asks for, within its deadline"

REASONS: dict[str, Reason] = {
    # the patient's shares
    "1": Reason("your plan's deductible", _N, "bill the patient", False),
    "2": Reason("your share of the cost (coinsurance)", _N, "bill the patient", False),
    "3": Reason("your copay", _N, "bill the patient", False),
    "66": Reason("your plan's deductible for blood", _N, "bill the patient", False),
    "85": Reason("interest you owe under the plan", _N, "bill the patient", False),
    "100": Reason("your insurance paid you directly for this service", _N, "bill the patient", False),
    "122": Reason("your plan pays a smaller share for this kind of care", _N, "bill the patient", False),
    "142": Reason("your monthly share under Medicaid", _N, "bill the patient", False),
    "178": Reason("your Medicaid spend-down for the month is not met", _N, "bill the patient", False),
    "187": Reason("paid from your health spending account", _N, "bill the patient", False),
    "241": Reason("your reduced copay under the low-income program", _N, "bill the patient", False),
    "247": Reason("your deductible for professional services in a facility", _N, "bill the patient", False),
    "248": Reason("your coinsurance for professional services in a facility", _N, "bill the patient", False),
    # contractual and prior payment: adjustments, never denials
    "23": Reason("already settled by your other insurance", _P, _CONTRACT, False),
    "24": Reason("included in the plan's monthly payment to us", _O, _CONTRACT, False),
    "42": Reason("above the plan's fee schedule (what 45 says since 2007)", _O, _CONTRACT, False),
    "44": Reason("discount for prompt payment", _O, _CONTRACT, False),
    "45": Reason("your plan's agreed discount", _O, _CONTRACT, False),
    "59": Reason("reduced because several procedures were done together", _O, _CONTRACT, False),
    "94": Reason("your plan allows more than we charged", _O, _CONTRACT, False),
    "102": Reason("adjusted under the plan's major medical rules", _O, _CONTRACT, False),
    "103": Reason("a discount we gave", _O, _CONTRACT, False),
    "104": Reason("withheld under our contract with the plan", _O, _CONTRACT, False),
    "105": Reason("tax withheld by the plan", _O, _CONTRACT, False),
    "121": Reason("adjusted under an indemnity agreement", _O, _CONTRACT, False),
    "131": Reason("a discount agreed for this claim", _O, _CONTRACT, False),
    "132": Reason("a discount under a demonstration project", _O, _CONTRACT, False),
    "137": Reason("a state or federal surcharge or assessment", _O, _CONTRACT, False),
    "139": Reason("settled under a funding agreement", _O, _CONTRACT, False),
    "144": Reason("a quality or incentive adjustment", _O, _CONTRACT, False),
    "161": Reason("a performance bonus", _O, _CONTRACT, False),
    "172": Reason("adjusted for the provider's specialty", _O, _CONTRACT, False),
    "203": Reason("reduced because the service was stopped or shortened", _O, _CONTRACT, False),
    "205": Reason("a pharmacy card fee", _O, _CONTRACT, False),
    "209": Reason("a rule says this may not be billed to you", _O, _CONTRACT, False),
    "223": Reason("adjusted as a law requires", _O, _CONTRACT, False),
    "232": Reason("adjusted because of a transfer between facilities", _O, _CONTRACT, False),
    "237": Reason("reduced under a law on reporting or performance", _O, _CONTRACT, False),
    "245": Reason("withheld under a performance program", _O, _CONTRACT, False),
    "246": Reason("reported for information only, with no payment due", _O, _CONTRACT, False),
    "253": Reason("federal budget reduction (sequestration)", _O, _CONTRACT, False),
    "271": Reason("settled under an earlier contract", _O, _CONTRACT, False),
    "278": Reason("adjusted under a performance program", _O, _CONTRACT, False),
    "A2": Reason("the plan's agreed discount (what 45 says since 2008)", _O, _CONTRACT, False),
    "P12": Reason("reduced to the workers' compensation fee schedule", _O, _CONTRACT, False),
    # eligibility
    "26": Reason("the service came before the coverage began", _E, _CARD),
    "27": Reason("the service came after the coverage ended", _E, _CARD),
    "31": Reason("the plan does not find the patient among its members", _E, _CARD),
    "32": Reason("the plan does not count the patient as a covered dependent", _E, _CARD),
    "33": Reason("the plan does not cover dependents", _E, _CARD),
    "34": Reason("the plan does not cover newborns", _E, _CARD),
    "140": Reason("the member number and the name do not belong together", _E, _CARD),
    "166": Reason("the plan was no longer responsible when the claim came", _E, _CARD),
    "177": Reason("the patient does not meet the plan's conditions", _E, _CARD),
    "179": Reason("the plan's waiting period was not over", _E, _CARD),
    "180": Reason("the plan's residency condition is not met", _E, _CARD),
    "200": Reason("the coverage had lapsed on that day", _E, _CARD),
    "238": Reason("covered on some of the days of the claim and not on others", _E, "split the claim by days"),
    "257": Reason("waiting: the premium's grace period is running", _E, "wait; ask the patient to pay the premium"),
    "277": Reason("waiting: the premium's grace period is running", _E, "wait; ask the patient to pay the premium"),
    # authorization and referral
    "15": Reason("the authorization number is missing or not for this service", _A, _AUTH),
    "38": Reason("not given or authorized by the plan's own providers", _A, _AUTH),
    "39": Reason("the plan had refused the service beforehand", _A, "appeal with the records"),
    "61": Reason("a second opinion was required", _A, _AUTH),
    "95": Reason("the plan's procedure was not followed", _A, _AUTH),
    "165": Reason("a referral is missing or used up", _A, "get the referral, put its number on a corrected claim"),
    "197": Reason("the plan requires approval beforehand, and none was found", _A, _AUTH),
    "198": Reason("more was done than the plan had approved", _A, _AUTH),
    "210": Reason("approval was asked for too late", _A, _AUTH),
    "243": Reason("not approved by the plan's network or primary doctor", _A, _AUTH),
    "284": Reason("the authorization is valid, but not for this service", _A, _AUTH),
    "287": Reason("the referral is used up", _A, "get a new referral, put its number on a corrected claim"),
    "288": Reason("a referral is required and was not found", _A, "get the referral, put its number on the claim"),
    "296": Reason("the authorization is valid, but not for this provider", _A, _AUTH),
    # coding
    "4": Reason("the modifier does not go with the procedure", _C, _CODES),
    "5": Reason("the procedure does not go with the place of service", _C, _CODES),
    "6": Reason("the procedure does not go with the patient's age", _C, _CODES),
    "7": Reason("the procedure does not go with the patient's sex", _C, _CODES),
    "9": Reason("the diagnosis does not go with the patient's age", _C, _CODES),
    "10": Reason("the diagnosis does not go with the patient's sex", _C, _CODES),
    "11": Reason("the diagnosis does not go with the procedure", _C, _CODES),
    "12": Reason("the diagnosis does not go with the kind of provider", _C, _CODES),
    "54": Reason("an assistant or second surgeon is not paid for this procedure", _C, _CODES),
    "58": Reason("not payable in that place of service", _C, _CODES),
    "97": Reason("paid as part of another service of the day", _C, _CODES),
    "107": Reason("the claim it belongs to was not found", _C, "name the related claim, send a corrected claim"),
    "134": Reason("the technical part of the charge is billed by another", _C, _CODES),
    "146": Reason("the diagnosis code was not valid on the day of service", _C, _CODES),
    "181": Reason("the procedure code was not valid on the day of service", _C, _CODES),
    "182": Reason("the modifier was not valid on the day of service", _C, _CODES),
    "186": Reason("paid at another level of care", _C, _CODES),
    "189": Reason("a general code was used where a precise one exists", _C, _CODES),
    "199": Reason("revenue code and procedure code do not match", _C, _CODES),
    "222": Reason("more than the number the contract allows", _C, _CODES),
    "231": Reason("two procedures that exclude each other on one day", _C, _CODES),
    "234": Reason("not paid separately", _C, _CODES),
    "236": Reason("paired with another service of the day that includes it (NCCI)", _C, _CODES),
    "261": Reason("does not fit the patient's earlier care", _C, _CODES),
    "267": Reason("the claim covers more than one month", _C, "split the claim by month"),
    "282": Reason("the procedure does not go with the type of bill", _C, _CODES),
    "B10": Reason("reduced because part of it was paid in another service", _C, _CODES),
    "B14": Reason("only one visit a day is paid", _C, _CODES),
    "B15": Reason("needs a qualifying service that was not paid", _C, _CODES),
    "B16": Reason("not a new patient by the plan's rule", _C, _CODES),
    "B22": Reason("adjusted because of the diagnosis", _C, _CODES),
    # duplicate
    "18": Reason(
        "the same service was already decided", _D, "find the first answer; resubmit only with a reason", False
    ),
    "B13": Reason("the plan says it paid this before", _D, "find the earlier payment and post it", False),
    # timely filing
    "29": Reason("the plan received the claim after its deadline", _T, _FILING),
    "164": Reason("the attachment came too late", _T, _FILING),
    "286": Reason("the appeal came too late", _T, "nothing more with this payer; review before writing off", False),
    # not covered: with group PR the patient owes it
    "35": Reason("your plan's lifetime maximum is used up", _N, _PLAN, False),
    "49": Reason("your plan does not cover this routine or preventive service", _N, _PLAN, False),
    "53": Reason("services by a relative are not covered", _N, _PLAN, False),
    "96": Reason("your plan does not cover this service", _N, _PLAN, False),
    "119": Reason("your plan's maximum for this benefit is used up", _N, _PLAN, False),
    "149": Reason("your plan's lifetime maximum for this service is used up", _N, _PLAN, False),
    "160": Reason("your plan excludes this kind of injury", _N, _PLAN, False),
    "167": Reason("your plan does not cover this diagnosis", _N, _PLAN, False),
    "168": Reason("covered by another part of your insurance", _P, _COB),
    "169": Reason("your plan paid for a less costly alternative", _N, _PLAN, False),
    "170": Reason("not paid when given by this kind of provider", _R, _ENROLL),
    "171": Reason("not paid for this kind of provider in this kind of place", _R, _ENROLL),
    "188": Reason("covered only when used as approved by the FDA", _N, _PLAN),
    "202": Reason("a personal comfort item, which your plan does not cover", _N, _PLAN, False),
    "204": Reason("not a benefit of your current plan", _N, _PLAN, False),
    "256": Reason("not payable under the managed care contract", _N, "check the contract; appeal if it says otherwise"),
    "258": Reason("not covered while in custody", _N, _PLAN, False),
    "269": Reason("anesthesia is not covered for this procedure", _N, _PLAN),
    "272": Reason("the plan's coverage rules are not met", _N, "compare with the plan's rule, appeal with the records"),
    "273": Reason("more than the plan's coverage rules allow", _N, "compare with the plan's rule, appeal"),
    "B1": Reason("your plan does not cover this visit", _N, _PLAN, False),
    "114": Reason("not approved by the FDA", _N, _PLAN, False),
    # medical necessity
    "40": Reason("the plan does not see an emergency", _M, _NOTE),
    "50": Reason("the plan does not find the service medically necessary", _M, "appeal with the records that show why"),
    "55": Reason("the plan considers the service experimental", _M, "appeal with the records and the literature"),
    "56": Reason("the plan does not consider the service proven", _M, "appeal with the records and the literature"),
    "150": Reason("the records do not support this level of service", _M, _NOTE),
    "151": Reason("the records do not support this many services", _M, _NOTE),
    "152": Reason("the records do not support this length of service", _M, _NOTE),
    "153": Reason("the records do not support this dose", _M, _NOTE),
    "154": Reason("the records do not support this day's supply", _M, _NOTE),
    "193": Reason("the plan looked again and stands by its decision", _M, "appeal at the next level, if there is one"),
    "216": Reason("a review organization decided against it", _M, "appeal with the records"),
    "249": Reason("counted as a readmission", _M, _NOTE),
    "B5": Reason("the plan's coverage rules are not met", _M, _NOTE),
    "B12": Reason("not found in the patient's records", _M, _NOTE),
    # information requested
    "16": Reason("the claim lacks something or has an error", _I, "read the remark codes, correct, resend"),
    "101": Reason("an estimate only: nothing was decided", _I, "nothing: it was a predetermination", False),
    "125": Reason("there is an error in the claim", _I, "read the remark codes, correct, resend"),
    "129": Reason(
        "what the claim says of an earlier answer is wrong", _I, "correct the earlier payer's figures, resend"
    ),
    "133": Reason("waiting: the plan is still reviewing", _I, "wait, then ask for the status"),
    "148": Reason("another provider did not send what was asked", _I, _RECORDS),
    "163": Reason("an attachment the claim speaks of did not come", _I, _RECORDS),
    "175": Reason("the prescription is incomplete", _I, _RECORDS),
    "176": Reason("the prescription is out of date", _I, _RECORDS),
    "226": Reason("we did not send what the plan asked for, or not all of it", _I, _RECORDS),
    "227": Reason(
        "your plan asked you for information and has not received it", _I, "ask the patient to answer the plan"
    ),
    "228": Reason("someone did not send what the plan asked for", _I, _RECORDS),
    "250": Reason("the attachment does not say what the plan needs", _I, _RECORDS),
    "251": Reason("the attachment is incomplete", _I, _RECORDS),
    "252": Reason("the plan asks for records before it decides", _I, _RECORDS),
    # another payer
    "19": Reason("a work injury: workers' compensation pays first", _P, _COB),
    "20": Reason("an accident: the liability insurance pays first", _P, _COB),
    "21": Reason("an accident: the no-fault insurance pays first", _P, _COB),
    "22": Reason("another insurance may have to pay first", _P, _COB),
    "109": Reason("this plan does not pay; the claim belongs to another", _P, _COB),
    "136": Reason("the other insurance's rules were not followed", _P, _COB),
    "190": Reason("paid within the nursing facility's stay", _P, "bill the facility"),
    "201": Reason("settled under workers' compensation", _P, _COB),
    "215": Reason("settled by a claim against a third party", _P, _COB),
    "254": Reason("the dental plan passed it to the medical plan", _P, _COB),
    "275": Reason("the other insurance's patient share is not covered here", _P, "bill the patient"),
    "276": Reason("refused by the other insurance, so not covered here", _P, "mend it with the other insurance first"),
    "280": Reason("belongs to the pharmacy plan", _P, _COB),
    "B9": Reason(
        "the patient is in hospice care, which pays", _P, "bill the hospice, or add the modifier if unrelated"
    ),
    "B11": Reason("passed on to the insurance that pays", _P, "wait for the other insurance"),
    "B20": Reason("given in part by another provider", _P, "agree with the other provider who bills"),
    # provider enrollment
    "8": Reason("the procedure does not go with the provider's specialty", _R, _ENROLL),
    "52": Reason("the referring or rendering provider may not order this service", _R, _ENROLL),
    "147": Reason("the provider's contracted rate has ended or is not on file", _R, _ENROLL),
    "183": Reason("the referring provider may not refer this service", _R, _ENROLL),
    "184": Reason("the ordering provider may not order this service", _R, _ENROLL),
    "185": Reason("the rendering provider may not perform this service", _R, _ENROLL),
    "206": Reason("the provider's NPI is missing", _R, _ENROLL),
    "207": Reason("the provider's NPI is not well formed", _R, _ENROLL),
    "208": Reason("the payer does not know the provider's NPI", _R, _ENROLL),
    "242": Reason("not given by a provider of the plan's network", _R, _ENROLL),
    "279": Reason("not given by a preferred provider", _R, _ENROLL),
    "283": Reason("the attending provider may not give this service", _R, _ENROLL),
    "299": Reason("the billing provider may not be paid for this service", _R, _ENROLL),
    "B7": Reason("the provider was not certified for this service on that day", _R, _ENROLL),
    "B23": Reason("the laboratory's certificate does not cover this test", _R, _ENROLL),
    # other
    "13": Reason("the service is dated after the patient's death", _O, "check the dates"),
    "14": Reason("the service is dated before the patient's birth", _O, "check the dates"),
    "106": Reason("the patient chose another way to pay", _O, "read the patient's choice"),
    "110": Reason("the claim is dated before the service", _O, "check the dates"),
    "111": Reason("not paid unless assignment is accepted", _O, "read the payer's rule"),
    "112": Reason("not given to the patient directly, or not documented", _O, _NOTE),
    "115": Reason("the procedure was postponed or cancelled", _O, "check the note"),
    "116": Reason("the notice given to the patient did not meet the rule", _O, "check the signed notice"),
    "155": Reason("the patient refused the service", _O, "check the note"),
    "192": Reason("a reason that has no standard code", _O, "call the payer"),
    "224": Reason("possible identity theft", _O, "prove the patient's identity to the payer"),
    "285": Reason("the appeal did not follow the plan's procedure", _O, "appeal again as the plan asks"),
    "A1": Reason("the plan refused the claim", _O, "read the remark codes, or call the payer"),
    "A6": Reason("a hospital stay must come first", _O, "check the dates of the stay"),
    "B4": Reason("a penalty for filing late", _T, _FILING),
    "B8": Reason("another service was available and should have been used", _O, _NOTE),
}

# Remark codes (RARC) that tell what a vague CARC means: the first telling one decides.
VAGUE = frozenset({"16", "125", "129", "A1"})
REMARK_CATEGORY: dict[str, DenialCategory] = {
    **dict.fromkeys(("MA27", "MA36", "MA61", "N30", "N329", "N382"), _E),
    **dict.fromkeys(("M62", "N54"), _A),
    **dict.fromkeys(("M20", "M44", "M51", "M53", "M64", "M76", "M77", "M78", "M81", "MA63"), _C),
    **dict.fromkeys(("N20", "N56", "N519", "N657"), _C),
    **dict.fromkeys(("M86", "N522"), _D),
    **dict.fromkeys(("N130", "N429"), _N),
    **dict.fromkeys(("M25", "N115", "N362"), _M),
    **dict.fromkeys(("M60", "M127", "N26", "N29", "N102", "N705", "N706"), _I),
    **dict.fromkeys(("MA04", "MA64", "MA92", "N4", "N8", "N104", "N418"), _P),
    **dict.fromkeys(("M57", "N77", "N95", "N257", "N264", "N265", "N285", "N286", "N290"), _R),
}

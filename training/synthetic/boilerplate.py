"""What notes hold besides the problems: openings, reviews, examinations, histories, closings. All our own words.

Nothing in here supports a code: what is denied, past, in the family or only suspected must not be coded.
"""

from __future__ import annotations

OPENINGS = (
    "{name} is a {age}-year-old {noun} who {presents|comes in|is here|is seen} {today |}for {why}.",
    "{name} is a {age}-year-old {noun} presenting {today |}for {why}.",
    "This is a {age}-year-old {noun} {here for|who comes for|with a visit for} {why}.",
    "{age}-year-old {noun} {here for|in for|seen for|presents for} {why}.",
    "{title} {last} {is|was} seen {today|in the office|on {date}} for {why}.",
    "{title} {last}, {age} years old, {comes|came} in {for|because of} {why}.",
    "The patient is a {age}-year-old {noun} with {a visit|an appointment} for {why}.",
    "The patient {presents|comes in|arrives} {today |}for {why}.",
    "{first} is {age} and {comes|is brought} in for {why}.",
    "Reason for today: {why}. {name}, {age}, {noun}.",
    "I saw {title} {last} {today|on {date}} for {why}.",
    "Visit for {why} in a {age}-year-old {noun}.",
)
NEW = (
    "New patient to this practice.",
    "New to our office, here to establish care.",
    "This is the first visit with us.",
    "New patient visit.",
    "Establishing care today; not seen here before.",
    "First time seen in this clinic.",
)
RETURNING = (
    "Established patient, last seen {last_seen}.",
    "Last seen here {last_seen}.",
    "Returns for follow-up.",
    "Established patient.",
    "Known to me from earlier visits.",
    "Here in follow-up, last visit {last_seen}.",
    "Follow-up visit.",
)
KNOWN = (
    "{Pos} {problem} {is|has been} {steady|about the same|under fair control|unchanged}; {s1}.",
    "Regarding {pos} {problem}: {s1}.",
    "{He} has {problem}; {s1}, {s2}.",
    "For {problem}: {s1}; {s2}.",
    "As for the {problem}: {s1}.",
    "{Problem}: {s1}, {s2}.",
    "{He} is followed for {problem} - {s1}.",
    "On review of {problem}: {s1}; {s2}.",
    "{He} {continues|is} on treatment for {problem} ({s1}).",
    "{He} is here {also |}about {problem}: {s1}, {s2}.",
    "{Problem} since {some years|about <2-12> years|last year}; {s1}.",
)
FRESH = (
    "{s1C}, {s2}.",
    "{s1C}; {s2}.",
    "What {he} describes: {s1}, {s2}.",
    "Over this time: {s1}; {s2}; {s3}.",
    "Associated: {s1}, {s2}.",
    "{He} says: {s1}. Also {s2}.",
    "History: {s1}, {s2}, {s3}.",
    "In {pos} words: {s1}, {s2}.",
    "Symptoms: {s1}, {s2}, {s3}.",
    "For about <2-20> days: {s1}; {s2}.",
    "Onset {gradual|sudden|some time ago}. {s1C}, {s2}.",
)
WELL = (
    "{s1C}, {s2}.",
    "{s1C}; {s2}.",
    "{He} says: {s1}. Also {s2}.",
    "In {pos} words: {s1}, {s2}.",
    "On asking: {s1}, {s2}, {s3}.",
    "Overall: {s1}; {s2}.",
)
DENIED = (
    "fevers", "chills", "night sweats", "weight loss", "nausea", "vomiting", "blood in the stool", "dizziness",
    "fainting", "leg swelling", "new medications", "recent travel", "recent falls", "double vision", "chest pain",
    "shortness of breath", "palpitations", "abdominal pain", "numbness", "weakness", "headaches", "wheezing",
    "dysuria", "hematuria", "rash", "joint swelling", "cough", "hemoptysis", "calf pain", "black stools",
)  # fmt: skip
DENIALS = (
    "{He} denies {a}, {b} or {c}.",
    "Denies {a}, {b}, {c}.",
    "No {a}, {b}, or {c}.",
    "There has been no {a} and no {b}.",
    "Negative for {a}, {b}, {c}, {d}.",
    "{He} has not had {a} or {b}.",
)
# Conditions that the note says are not there. Filled with words from the world's other conditions or these.
ABSENT = (
    "deep vein thrombosis", "pneumonia", "cellulitis", "gout", "septic arthritis", "melanoma", "fracture",
    "diabetes", "coronary artery disease", "kidney disease", "heart failure", "DVT", "PE", "thyroid disease",
)  # fmt: skip
ABSENCES = (
    "No evidence of {x}.",
    "No signs of {x} today.",
    "{He} does not have {x}.",
    "No history of {x}.",
    "Nothing to suggest {x}.",
    "{x} has been ruled out.",
    "Without {x}.",
    "Work-up in the past was negative for {x}.",
    "Screened for {x}: negative.",
)
PAST = (
    "appendectomy in {year}", "status post cholecystectomy {year}", "tonsillectomy as a child", "hernia repair {year}",
    "history of pneumonia in {year}", "remote history of kidney stones", "C-section {year}",
    "wrist fracture {year}, healed",
    "history of concussion", "history of chickenpox", "gestational diabetes {year}, resolved",
    "status post ACL repair {year}",
    "history of shingles {year}", "history of Bell's palsy {year}, recovered", "history of gastritis, resolved",
    "cataract surgery {year}", "history of anemia in pregnancy, resolved", "deviated septum repair {year}",
    "history of childhood asthma, outgrown", "history of plantar fasciitis, resolved", "history of peptic ulcer {year}",
)  # fmt: skip
PAST_SENTENCES = (
    "Past history: {x}; {y}.",
    "{He} has a past history of note: {x}.",
    "Background: {x}, {y}.",
    "Previously: {x}.",
    "Surgical and past history includes {x} and {y}.",
)
RELATIVES = ("Mother", "Father", "Brother", "Sister", "Maternal grandmother", "Paternal uncle", "Grandfather", "Aunt")
FAMILY_ILLS = (
    "breast cancer", "colon cancer at 61", "type 2 diabetes", "hypertension", "myocardial infarction at 54", "stroke",
    "rheumatoid arthritis", "melanoma", "hypothyroidism", "atrial fibrillation", "depression", "asthma", "psoriasis",
    "osteoporosis", "glaucoma", "gout", "heart failure", "COPD", "migraine", "dementia",
)  # fmt: skip
FAMILY = (
    "{rel} with {x}.",
    "{rel} had {x}.",
    "{rel}: {x}.",
    "{rel} - {x}; {rel2l} - {y}.",
    "Family history of {x} ({rell}).",
    "{rel} died of {x}.",
    "FH positive for {x} in {rell}.",
    "{rel} has {x}, {rel2l} has {y}.",
)
SOCIAL = (
    "Never smoker.", "Former smoker, quit {year}.", "No tobacco.", "Drinks socially.", "No alcohol.",
    "Works as a {job}.", "Retired {job}.", "Lives with family.", "Lives alone.", "Married.", "Two cats at home.",
    "Exercises {2|3|4} days a week.", "No drug use.", "Wine with dinner on weekends.",
)  # fmt: skip
CHILD_SOCIAL = ("Lives with parents.", "In {daycare|school}.", "No smokers at home.", "One dog at home.")
JOBS = ("teacher", "driver", "electrician", "nurse", "cook", "clerk", "welder", "librarian", "mechanic", "farmer")
REVIEW = (
    ("Constitutional", ("no fever or chills", "denies weight loss", "negative", "no night sweats", "appetite fair")),
    ("Eyes", ("no vision change", "negative", "wears glasses", "no eye pain")),
    ("ENT", ("no sore throat", "negative", "no ear pain", "no hearing loss")),
    ("Cardiovascular", ("no chest pain", "no palpitations", "negative", "denies orthopnea", "no edema")),
    ("Respiratory", ("no cough", "no wheezing", "negative", "denies shortness of breath")),
    ("GI", ("no nausea", "no change in bowel habits", "negative", "denies abdominal pain")),
    ("GU", ("no dysuria", "negative", "no frequency", "denies hematuria")),
    ("Musculoskeletal", ("no new joint pain", "otherwise negative", "no muscle aches")),
    ("Skin", ("no rash", "otherwise negative", "no new lesions")),
    ("Neurologic", ("no numbness", "no headaches", "negative", "no weakness")),
    ("Psychiatric", ("sleeping fair", "negative", "mood good")),
    ("Endocrine", ("no heat intolerance", "no polyuria", "negative")),
)
REVIEW_LINES = (
    "All other systems reviewed and negative.",
    "A 10-point review of systems is otherwise negative.",
    "ROS as per HPI, otherwise negative.",
    "Remaining review of systems unremarkable.",
    "Pertinent positives and negatives as above.",
)
EXAM = (
    ("General", ("no acute distress", "well appearing", "alert, comfortable", "NAD", "pleasant, well nourished")),
    ("HEENT", ("normocephalic, moist mucosa", "pupils equal", "oropharynx clear", "TMs clear", "NC/AT")),
    ("Neck", ("supple", "no adenopathy", "no thyromegaly", "no JVD")),
    ("Lungs", ("clear to auscultation", "CTAB", "no wheezes or rales", "good air entry", "unlabored")),
    ("Heart", ("regular rate and rhythm", "RRR, no murmur", "S1 S2 normal", "no murmurs, rubs or gallops")),
    ("Abdomen", ("soft, nontender", "no masses", "bowel sounds normal", "soft, NT/ND", "no hepatomegaly")),
    ("Extremities", ("no edema", "warm, pulses intact", "no clubbing or cyanosis", "no calf tenderness")),
    ("Skin", ("warm and dry", "no rash elsewhere", "intact")),
    ("Neuro", ("nonfocal", "gait normal", "alert and oriented x3", "sensation grossly intact")),
    ("Psych", ("appropriate mood and affect", "cooperative", "normal speech")),
)
STATES = (
    "Stable.", "Chronic and stable.", "Improving.", "Not yet at goal.", "Symptoms persist.", "Doing well.",
    "No change since the last visit.", "Reviewed today.", "Options discussed.", "Controlled on the present regimen.",
    "Tolerating treatment.", "Monitoring.",
)  # fmt: skip
FRESH_STATES = (
    "New problem.", "Uncomplicated.", "Discussed the course and warning signs.", "Findings reviewed with the patient.",
    "Diagnosis explained.", "Clinical diagnosis.", "Expect recovery in the coming days.", "Options discussed.",
)  # fmt: skip
SUSPICIONS = (
    "Possible {x}.", "Probable {x}, not confirmed.", "Rule out {x}.", "{X} is suspected.", "Cannot exclude {x}.",
    "Differential includes {x}.", "Concern for {x}.", "Suspect {x} vs {y}.", "Likely {x}; await tests.",
    "Questionable {x}.", "Need to rule out {x}.", "?{x}", "{x} remains in the differential.",
)  # fmt: skip
CLOSINGS = (
    "All questions were answered.", "The patient understands and agrees with the plan.", "Return sooner if worse.",
    "Call with concerns.", "Follow up as scheduled.", "Plan reviewed; patient agrees.", "Handout given.",
    "Return in {2|3|4|6} months.", "Return precautions reviewed.", "Medication list reconciled.",
    "Follow up in {1|2|4} weeks.", "Patient portal message with results to follow.",
)  # fmt: skip
MINUTES = (
    "Total time on the day of the visit: {spent} minutes.",
    "{spent} minutes were spent on this visit, charting included.",
    "Time: {spent} min.",
    "I spent {spent} min in total today on care and records.",
)
FORWARDED = (
    "Copied from the note of {when}:",
    "Previous assessment ({when}), carried forward:",
    "Plan at the last visit, {when}:",
    "[Text carried forward from {when}]",
    "Prior A/P {when}:",
    "From last note ({when}) -",
    "Interval summary; on {when} we treated:",
    "Old problem list as of {when}:",
)
ALLERGIES = (
    "No known drug allergies.",
    "NKDA.",
    "Penicillin (rash).",
    "Sulfa (hives).",
    "None known.",
    "Codeine: nausea.",
)
SIGNATURES = (
    "Electronically signed by {doctor} on {date}.",
    "{doctor}",
    "Signed: {doctor}, {date}",
    "Dictated by {doctor}; not proofread.",
    "{doctor}, {specialty}",
    "- {doctor}",
    "Sincerely,\n{doctor}",
)
TITLES = ("{name}, MD", "Dr. {last}", "{name} MD", "{last}, MD", "{name}, M.D.", "Dr. {name}")
HEADS = (
    "Patient: {name}  DOB: {born}  Date: {date}",
    "{name}\nMRN {record}\nDate of service: {date}",
    "NAME: {name}\nDOB: {born}\nDOS: {date}",
    "{date}  {name} ({age} {sex})",
    "Progress note, {date}\nRe: {name}",
    "OFFICE VISIT {date}\n{last}, {first}  {record}",
    "Visit date {date}. Patient {last}, {first}. Provider {doctor}.",
    "{record} | {last}, {first} | {born} | seen {date}",
)

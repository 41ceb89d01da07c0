"""The phrases that say that a mention is not simply so: data, read by `context`.

A line is a template: `{a|b|}` stands for any of its alternatives (an empty one: may be left out), `{name}` for a
group of WORDS. Numbers are `<n>`, years `<year>`; "'s" is dropped and "isn't" is "not". The kinds of trigger are
those of NegEx (Chapman 2001), ConText (Harkema 2009) and DEEPEN (Mehrabi 2015); the phrases are our own.
"""

from __future__ import annotations

import re
from enum import StrEnum
from itertools import pairwise


class Context(StrEnum):
    """Why a mention does not simply say that the patient has the condition now; strongest first."""

    FAMILY = "family"
    OTHER_PERSON = "someone else"
    HYPOTHETICAL = "hypothetical"
    NEGATED = "negated"
    RESOLVED = "resolved"
    UNCERTAIN = "uncertain"
    HISTORICAL = "historical"


FORWARD, BACKWARD = "forward", "backward"
NEXT = "next"  # forward, where a word of the clause follows: "negative strep", not "strep negative, asthma stable"
CLOSING = "closing"  # backward, where the clause ends: "fever denied.", not "has pain and denied fever"

RELATIVES = (
    "mother|father|mom|dad|mum|mommy|daddy|parent|parents|both parents|sister|sisters|brother|brothers|twin|sibling"
    "|siblings|grandmother|grandfather|grandmothers|grandfathers|grandma|grandpa|grandparent|grandparents|great"
    " grandmother|great grandfather|aunt"
    "|aunts|uncle|uncles|cousin|cousins|niece|nieces|nephew|nephews|half brother|half sister|half sibling"
    "|pgf|pgm|mgf|mgm|maternal aunt|paternal aunt|first degree relative|first degree relatives"
    "|second degree relative|relative|relatives|family member|family members|blood relative"
)
CHILDREN = "son|sons|daughter|daughters|child|children|kid|kids|grandson|granddaughter|grandchild|grandchildren|toddler"
NOT_KIN = (
    "wife|husband|spouse|ex wife|ex husband|fiance|fiancee|boyfriend|girlfriend|partner|partners|sexual partner"
    "|roommate"
    "|roommates|housemate|housemates|flatmate|room mate|bunkmate|coworker|coworkers|co worker|co workers"
    "|colleague|colleagues"
    "|boss|supervisor|classmate|classmates|schoolmate|teammate|teammates|playmate|playmates|friend|friends"
    "|neighbor|neighbors"
    "|neighbour|babysitter|nanny|teacher|landlord|tenant|cellmate|bandmate|donor|cohabitant|officemate"
    "|officemates|deskmate|carpool|date|guy she is dating|man she is dating|woman he is dating|girl he is"
    " dating|{student|child|kid|boy|girl|someone} in {his|her|their} {class|school|daycare|dorm}|passenger"
    "|passengers|driver|teacher|{child} teacher|preschool teacher|kindergarten teacher|stranger|client|customer"
    "|patient next door|lodger|nurse|carer|aide|paramour|daughter in law|son in law"
    "|mother in law|father in law|sister in law|brother in law|in laws"
)
PETS = "dog|dogs|cat|cats|puppy|kitten|pet|pets|horse|hamster|rabbit|parrot|guinea pig"

WORDS = {
    "relative": RELATIVES,
    "child": CHILDREN,
    "unrelated": NOT_KIN,
    "pet": PETS,
    "be": "is|are|was|were|be|been|being|has been|have been|had been|",
    "have": "has|have|had|",
    "fully": "completely|fully|entirely|since|now|spontaneously|all|totally|also|clinically|radiographically|finally|"
    "essentially|promptly|quickly|",
    "degree": "significant|real|appreciable|much|major|interval|clinical|further|obvious|any|clear|substantial"
    "|sustained|"
    "lasting|adequate|good|great|notable|marked|recent|new|",
    "fh": "family history|family hx|family h/o|family medical history|fh|fhx|famhx|fam hx|fam history|familial history",
    "hx": "history|hx|h/o|histories",
    "lately": "last year|last month|last summer|last winter|last fall|last spring|in the past|years ago|year"
    " ago|months ago|"
    "decades ago|weeks ago|long ago|years back|years prior|years earlier|years previously|years before|a while back|"
    "several years back",
    "youth": "as a child|as a kid|as an infant|as a baby|as a toddler|as a teen|as a teenager|as an adolescent|"
    "as a young {adult|man|woman}|as a newborn|as a neonate|as a youth|as a boy|as a girl|in childhood|in infancy|"
    "in adolescence|during childhood|during infancy|in {her|his|their|} {teens|twenties|thirties|forties"
    "|fifties|youth}|"
    "in {her|his|their|the|} {early|late|mid|} <n> s|in college|in high school|in grade school|in elementary school|"
    "in middle school|while in college|in medical school|in the military|in the army|in the navy|at birth|growing up|"
    "when {he|she|they} {was|were} {<n>|a child|a kid|young|younger|little|a teenager|a baby|in college|in high school|"
    "a teen|an infant|a toddler|pregnant with}|when {younger|young}",
    "pregnancy": "{with|in|during} {her|a|the|} {first|last|prior|previous|second|third|earlier|past} "
    "{pregnancy|delivery|gestation}",
}

NEGATED_FORWARD = """
no; not; denies {any|all|}; denied {any|}; deny; denying; without {any|}; w/o {any|}; sans; never; neither; nor
<not>; {negative|neg|unremarkable|nondiagnostic|reassuring} for
{negative|neg} {workup|work up|testing|test|screen|eval} for
no {clear|definite|clinical|radiographic|radiologic|sonographic|imaging|ct|histologic|objective|obvious|\
convincing|good|} {evidence|concern|concerns|suspicion|sign|signs|symptom|symptoms|finding|findings|criteria|\
indication|suggestion|support} {for|of|to suggest|suggesting|suggestive of|concerning for}
without {clear|clinical|any|} {evidence|signs|sign|symptoms|history|hx|risk factors|suggestion} {of|for}
no {known|personal|prior|previous|past|reported|} {hx|history|h/o} {of|for}
no {known|} {risk factors|diagnosis} {for|of}; absence of; lack of; lacks; lacking; {free|clear|cleared} {of|from}
void of; devoid of; rules out; ruled out for; {does|did|do} not have
never {had|has|have|experienced|developed|noticed|reported|}; never {been|} {diagnosed|dx'd|dx} with
not {have|having|had|has|show|showing|reveal|demonstrate|suggest|support|endorse|endorsing|report|reporting|\
experience|exhibit|experiencing|experienced|develop|developed|display|noticed|notice|noticing|noted|observed|\
required|received|detect|identify|find|see|any|meet criteria for|meet {the|} {full|} criteria for|appear to have|\
appear to be|seem to have|complain of|complaining of|diagnosed with|been diagnosed with|dx'd with|suggestive of|\
suggestive for|consistent with|c/w|compatible with|indicative of|in keeping with|typical of|typical for|\
positive for|due to|thought to be|felt to be|believed to be|suspicious for|concerning for|suspected to have|\
evidence of|the cause of}
{failed|fails|failing} to {show|reveal|demonstrate|provoke|elicit|identify|detect|find|reproduce|confirm|uncover|\
disclose|produce|induce|document|support}
{argues|argue|arguing|speaks|speak|evidence|weighs|militates|goes} against; inconsistent with; rather than
nothing {on imaging|on exam|on ct|} {to suggest|suggestive of|suggesting|concerning for|consistent with|to indicate}
ruling out; as opposed to; instead of; cannot {see|feel|appreciate|identify|find|palpate|hear}
ros {negative|neg} for; {nil|zero} for
unable to {elicit|appreciate|identify|palpate|find|detect|reproduce|demonstrate}; declines any
no {known|prior|significant|} {fh} {of|for|significant for|}
{denies|denied|denying|without} {any|known|} {fh} {of|for|}
{fh} {is|was|} {negative|neg|noncontributory|unremarkable} for; {negative|neg} {fh} {for|of}
{no one|nobody|none} {in the family|in {her|his|the} family|} {has|had|with}
{nor|neither} {her|his|their|the|any|} {relative} {has|have|had|reports|report|}
{nor|neither} {her|his|their|} {{unrelated}|family} {has|have|had|}
no {sick contacts|exposure|exposures|contacts} {with|to}; {ruling|rule} out {for|} other; mistaken for
misdiagnosed {as|with}; erroneously {diagnosed|labeled} {with|as}
"""

NEGATED_NEXT = "negative; neg; ruled out; r/o'd; excluded; excludes; absent; denied; disproved"

NEGATED_BACKWARD = """
{is|are|was|were|be|been|being|has been|have been|had been} {definitively|effectively|now|reliably|confidently|\
clinically|essentially|} {ruled out|excluded|r/o'd|discarded|discounted|disproven|disproved|refuted|denied}
not {clinically|grossly|readily|definitely|clearly|} {present|seen|identified|appreciated|found|noted|detected|\
visualized|visualised|demonstrated|observed|evident|elicited|reported|endorsed|palpated|palpable|heard|felt|\
confirmed|apparent|supported|shown|experienced|reproduced|visible|suspected|noticed|documented|audible|discovered|\
a concern|the cause|a factor|likely to be present}; not known {to have|to be}
not been {seen|identified|found|noted|detected|observed|reported|demonstrated|present|diagnosed|confirmed|\
appreciated|heard|felt}
{is|are|was|were|} never {found|confirmed|diagnosed|documented|seen|identified|proven|present|demonstrated|\
substantiated}
{could|can} not be {appreciated|felt|identified|seen|palpated|heard|found|elicited|demonstrated|reproduced}
not {occur|develop|materialize}; {is|was|are|were} not the {cause|diagnosis|etiology|explanation}
{is|was} {a|an|} incorrect diagnosis; diagnosis {was|is} incorrect
"""

NEGATED_CLOSING = """
denied {today|currently|by patient|by pt|}
{is|was|are|were|all|both|came back|returned|come back} {negative|neg|absent|nil}; denies; negative; neg; absent
none; nil; : no; : none; : negative; ( no; r/o'd; ( none; ( denied; excluded; ruled out; unremarkable; not it
"""

UNCERTAIN_FORWARD = """
possible; possibly; probable; probably; likely; suspect; suspects; suspected; suspecting; suspiciously like
{high|low|moderate|clinical|strong|index of|} suspicion {of|for|that}; suspicious {of|for}
{raises|raising|raised} {the|} {concern|suspicion|question|possibility} {for|of|about}
{concern|concerns} {for|of|that|about|re}; {concerning|worrisome|worry|worried} for; concerned about; concerned for
worried {this|that|it} {is|may be|could be|might be}; worried about; worrying for; questionable; question of; ? of
query; queried; r/o {for|}; ro; rule out; to rule out; cannot rule out
{differential|ddx|d/dx|dx ddx|differentials} {diagnosis|diagnoses|dx|} {includes|include|including|of|:|}; consider
considering; consideration of; consideration for; vs; versus; may be; may have; might be; might have; could be
could have; may well {be|have}; must have
{appears|appear|seems|seem} {to be|to have|like|consistent with|most like|}; consistent with; c/w; compatible with
most {consistent|compatible|c/w} {with|}; indicative of; suggestive {of|for}; suggests; suggest; suggesting
suggested; presumed; presumptive; presumably; presumptively
{working|provisional|tentative|preliminary|leading|presumptive} {diagnosis|dx|impression} {of|is|:|}; ddx :; dx :?
provisional; provisionally; tentative; tentatively; favor; favors; favoring; favored; leaning {toward|towards}
{being|} {evaluate|evaluated|evaluating|evaluation|eval|workup|work up|w/u|worked up|investigated|investigation|\
assess|assessed|checking} for; to exclude; cannot {exclude|r/o|be excluded}; can not rule out
not {rule out|exclude|excluded|exclude the possibility of|r/o}; unable to {exclude|rule out|r/o}
difficult to {exclude|rule out}; hard to {exclude|rule out}; not {ruled out}; perhaps; maybe; comparable with
most likely; very likely; {could|may|might} be {due|related|secondary|attributable} to
{could|may|might} be {from|caused by|explained by|attributed to}
could {represent|reflect|indicate|suggest|signify|explain|well be}
{may|might} {represent|reflect|indicate|suggest|signify}; {likely|probably} represents
{looks|look|looking|looked|sounds|sound|feels|acts|behaves} {most|} like; {has|have|with|had} the appearance of; c/f
s/f; thought to {be|have|represent|reflect}
{believed|felt|assumed|considered|presumed|suspected} to {be|have|represent|reflect}
{possibility|probability|likelihood|chance} {of|that}; possibilities include; equivocal for; an element of
a component of; some degree of; in keeping with; {points|point|pointing} {to|toward|towards}; characteristic of
typical {of|for}; {reminiscent|indeterminate} {of|for}; potential; potentially; either
{unclear|uncertain|unsure|not sure|not clear|unknown} {if|whether} {this is|she has|he has|}
{could|can|might|may} {this|it|these|that|he|she|they|the rash|symptoms|her symptoms|his symptoms} {be|represent|\
have|reflect|indicate}; {is|are} {this|it|these|that} {a|an|the|}; doubt; doubtful {for|}; doubts; less likely
{more|as} likely; not convinced {of|this is|}; {empirically|empiric} {treat|treated|treating|treatment} for
{does|do} {he|she|this|the patient|pt} have; {treat|treated|treating} {empirically|presumptively} for
{rash|picture|presentation|features|story} {fits|fit|fitting} {with|}
"""

UNCERTAIN_BACKWARD = """
{is|was|are|were|be|remains|highly|strongly|clinically|still} {suspected|possible|probable|questionable|likely|\
presumed|uncertain|unlikely|favored|less likely|more likely|most likely|very likely|highly suspected|suspected|\
considered|entertained|queried|equivocal|doubtful}; vs; versus
{cannot|can not|could not} be {completely|entirely|definitively|reliably|} {excluded|ruled out}; cannot be r/o'd
not {been|be|yet|yet been|entirely|completely|fully|definitively|reliably|} {entirely|completely|definitively|\
formally|} {excluded|ruled out|r/o'd}; not yet confirmed; not been confirmed
{to|must|needs to|should|needs|will|still to} be {ruled out|excluded|considered|r/o'd|confirmed|entertained}
{is|remains|are|as} {a|the|one|on|under|in|high|also} {leading|working|strong|top|real|main|distinct|\
} {consideration|possibility|concern|suspicion|differential|the differential|diagnosis of exclusion|\
working diagnosis|on the differential|question}
{is|are|remains|high|low|higher|lower|up|also|} {on|in} {the|our|my|} {differential|ddx}
{is|being|under|being} consideration; {is|are|being} {being|} {considered|entertained|worked up|evaluated}
until proven otherwise; until ruled out; not {out of the question|off the table}; unlikely; less likely
felt to be {likely|possible|unlikely|probable}; favored; may be {present|contributing|playing a role}
{could|might} be {contributing|present}; {being|not} {definitively|} {established|proven}
thought {likely|possible|unlikely|probable}; {is|was} {raised|in question}; ( ? )
remains {unclear|unconfirmed|a question|a concern}
"""

UNCERTAIN_CLOSING = """
suspected; likely; most likely; very likely; more likely; possible; probable; questionable; doubtful; presumed
presumptive; not excluded; not ruled out; provisional; unconfirmed; tbd; equivocal; ?
"""

FAMILY_FORWARD = """
{fh} {is|was|} {strongly|} {of|for|includes|include|including|significant for|positive for|pos for|notable for|\
remarkable for|:|+|strong for|with|}; {relative}; {maternal|paternal|biological|birth|bio} {side|}
{identical|fraternal|biological|birth|bio|twin} {mother|father|sister|brother|son|daughter|twin|parents}
{biological|bio} {child|children|daughter|son}; runs in {the|her|his|their} family; familial
genetic {predisposition|risk} for
"""

FAMILY_BACKWARD = """
{runs|run|running} in {the|her|his|their} family
in {her|his|the|their|a|both|one|two|multiple|several|an|} {maternal|paternal|biological|older|younger|} {relative}
in {the|her|his} family; ( {maternal|paternal|} {relative}
on {the|her|his|} {maternal|paternal|mother|father|dad|mom} side; {on|among} {both|} sides of the family
"""

OTHER_FORWARD = """
{unrelated}; {his|her|their|pt|patient|a|older|younger|oldest|youngest} {child}; son; daughter; grandson
granddaughter; grandchild; sick {contact|contacts|child|kids|kid|children|family}
{step|adopted|adoptive|foster|god|host} {relative}; {relative} by marriage
{step|adopted|adoptive|foster|god} {child}; stepfather; stepmother; stepbrother; stepsister; stepson; stepdaughter
stepdad; stepmom; stepchild; stepparent; stepchildren; {exposure|exposures|exposed|exposing} to {a|an|}
close {contact|contacts}; {contact|contacts} with; contact was; contact has
{household|school|family|work|sexual|index|daycare} {contact|contacts|case|exposure}; household {member|members}
housekeeper
{several|other|many|multiple|two|three|some|most|few|another} {kids|children|students|residents|people|employees|\
child|resident|student|patient|patients|kid|workers|classmates|players|passengers|inmates|person}
{kids|children|students|residents|staff|people|someone|somebody|everyone|kid|child} {in|at|from|who}
{outbreak|outbreaks} of; {cases|case} of {flu|covid} at
{pet} {has|have|had|was|were|with|is|recently|just|tested|being|died}; {pet} who; students
{caring|care|cares|caretaker|caregiver|cared} {for|of} {a|an|her|his|their} {elderly|disabled|sick|}; organ donor
going around
"""

OTHER_BACKWARD = """
{in|among} {her|his|the|a|their|} {unrelated|classroom|class|daycare|household}; {going around|outbreak} {at|in|}
in {her|his|the} {pet}; exposure; exposures; outbreak; is going around; going around
in {her|his|their|the|a|an|one} {adopted|foster|step} {child|relative}
"""

HYPOTHETICAL_FORWARD = """
if; should {he|she|they|you|pt|patient|the patient|this|it} {develop|have|experience|notice|get|become|show}; unless
lest; in {the|} {case|event} of; in case {of|}; in the event {of|that}; for fear of; whether or not
{return|ed|er|l d|labor|strict|safety|standard|usual|warning|} precautions {were|was|} {given|reviewed|discussed|\
provided|explained|understood|verbalized|gone over|} {for|re|regarding|about|including|incl|include|if|:|with}
{return|come back|come in|rtc|rted|follow up|f/u|go|go back|head|proceed|be seen|present|report} {to {the|} {ed|\
er|clinic|office|hospital|emergency room|emergency department|l d|urgent care}|sooner|immediately|earlier|\
right away|} {for|if|should|with any|with new|for any|w/ any}; return with; {ed|er} if
{call|contact|notify|page|message|phone|alert|tell} {us|the office|office|clinic|the clinic|md|provider|doctor|\
<n>|our office|back|nurse|your doctor|him|her|} {immediately|right away|promptly|} {for|if|should|with any|with|\
for any|about any}; bring {him|her|baby|the baby|child|the child|infant} {back|in|to the ed} {for|if|with}
{seek|seeking} {care|medical attention|medical care|emergency care|help|immediate care|attention|urgent care|\
immediate attention} {immediately|promptly|} {for|if|with}
{at|high|increased|higher|low|elevated|greater|lower|moderate|average|} {risk|risks} {of|for|include|including|\
incl|such as|from|:}; risk factor for; risk factors {for|include}
{risks|risk} {and benefits|} {of|discussed} {including|incl|:}; {odds|chances|threat|danger} of
{predispose|predisposes|predisposed|predisposing|susceptible|prone|vulnerable|progression|progress} to
{prevent|prevents|preventing|preventive for|preventative for|prevention of|avoid|avoids|avoiding|avoidance of|\
precipitate}; {prophylaxis|ppx|chemoprophylaxis|prophylactic|prophylactically} {for|against|}
{protect|protects|protection|protecting|immunize|immunized|immunity|immune|immunization|vaccinate|vaccinated|\
vaccination|vaccine|vaccines|shot|shots|booster|boosters|guard|safeguard|inoculated} {against|for|from|to}
{screen|screened|screening|screens|surveillance|test|tested|testing|tests|checked|check} {negative|} for
{watch|watching|watched|monitor|monitoring|monitored|look|looking|observe|observing|alert|vigilant|vigilance|\
be aware of|lookout|checks|on guard} {out|closely|carefully|} for {any|} {signs of|signs and symptoms of|s/s of|\
symptoms of|}; {warning signs|red flags|alarm symptoms} {of|for|including|such as}
{review|reviewed|taught|discussed|discuss|know|knows|explained|recognize|educated on|educated about} {the|\
} {signs|symptoms|signs and symptoms|s/s|risks|dangers} of; be aware of; educated {on|about|re|regarding} {signs|}
{warned|cautioned|warn|caution} {about|of|re|regarding|that|against}
{counseled|counselled|counsel} {on|about|regarding|re} {risk of|}; anticipatory guidance {for|re|about|on|}
{fear|fears|afraid|scared|fearful|terrified|anxious about|phobia} {of|that|having|getting|about|}
worries {about|that}; {is|was|she|he|patient|pt} worried about {having|getting|developing|}
concerned about {getting|developing|having}; risk reduction for
{complications|side effects|adverse effects|sequelae|risks|consequences|dangers|adverse reactions} {of treatment|\
of the drug|} {include|including|incl|such as|like|may include|can include|could include|}
{can|may|could|might|would|will} {eventually|also|potentially|further|} {cause|lead to|result in|trigger|\
precipitate|provoke|progress to|increase the risk of|raise the risk of|develop|develop into|increase risk of|\
induce|unmask|bring on|put {him|her|them|you} at risk for|put {him|her|them|you} at risk of}
{reduce|reduces|reducing|lower|lowers|lowering|decrease|decreases|minimize|mitigate|increase|increases|increasing|\
raise|raises|cut} {the|her|his|your|} {lifetime|future|} {risk|chance|chances|likelihood|odds|incidence} {of|for}
to avoid; were {he|she|you|they|this} to {develop|have|occur|recur}; were to {develop|have|occur|recur}
potential {complications|for|complication} {including|of|}; {rescue|standby} {plan|meds|} for
low threshold {for|to treat for|to evaluate for}; {candidate|eligible|due} for {screening|vaccination}
pretest probability of; {threatened|impending} if; reason to {call|return|come back} {is|are|:|if|include|}
deficiency screening for; hypothetical; theoretical {risk|}; {at|be at} {considerable|} risk
{rule|protocol} for future; as {a|} precaution {for|against}; precaution against; precautions against
to {ward off|forestall|stave off}; {develops|develop} any; {allergy|reaction} {precautions}
{plan|contingency} for {possible|potential} future
"""

HYPOTHETICAL_BACKWARD = """
screening; screen; screens; protection; prophylaxis; ppx; proph; chemoprophylaxis; prevention; vaccine; vaccines
vaccination; vaccinations; immunization; booster; shot; shots; precautions; protocol; risk; education; clinic
risk assessment; risk reduction; precautions {given|reviewed|discussed|in place|provided|maintained|ordered} {with|}
risk score; risk calculator; awareness; surveillance {is|was|due|}
{develops|develop|occurs|occur|arises|arise}, call; prevention program; hotline; titer; titers; watch
support group for families
"""

RESOLVED_FORWARD = """
{interval|complete|full|near complete|spontaneous|rapid|prompt|clinical|} resolution of
{fully|completely|has|have|} recovered {fully|completely|well|} from; cured of; {successful|} eradication of
no longer on treatment for; in full remission
{disappearance|normalization|correction|healing|clearance|clearing} of
{got|gotten|getting|is|finally} over {her|his|the|a|their}; {got|gotten} over
{cleared|beat|beaten|overcame|overcome|eradicated|shaken} {her|his|the|their|off}
recovered {fully|completely|well} from; {graduated|released} from treatment for
no longer {has|have|having|had|experiencing|experiences|complains of|complaining of|reports|reporting|\
suffers from|suffering from|meets criteria for|bothered by|troubled by|any|with|endorses|endorsing|feels|feeling|\
gets|getting|shows|demonstrates|diabetic|febrile|in|carries a diagnosis of|notices|noticing|symptomatic {from|\
with}|evidence of|wakes with|showing|exhibits}; without further; no further {episodes of|}; no more
"""

RESOLVED_NEXT = "resolved; healed; {completely|fully|recently|now|previously} {resolved|healed}"

RESOLVED_BACKWARD = """
{have} {been|} {fully} {resolved|abated|remitted|vanished|disappeared|dissipated|subsided|gone away|normalized|\
normalised|gone into full remission|repleted|eradicated|cured|faded away|quieted down|receded|run its course|\
passed|lifted|settled}
{has|have|had} {fully} {cleared|cleared up|healed|corrected|stopped|ceased|recovered|reversed|gone|faded|ended|\
quit|abated|calmed down|been cured|been treated and resolved|been corrected|been eradicated|not recurred|\
not returned|not come back}; {completely|entirely|all|now} clear; closed and healed
{is|are|was|were|all|now} {fully} {gone|healed|over|behind her|behind him|cured|cleared up|better now|gone now}
{has|have} {never|not} {recurred|returned|come back}; cleared up; went away; gone away; {has|is|} back to normal
{returned|back|improved|recovered|came back} to {normal|baseline|wnl}
no longer {present|a problem|an issue|a concern|bothers|bothering|bothersome|visible|detectable|palpable|seen|\
symptomatic|evident|active|there|noted|apparent|troubles|requires treatment|requiring treatment|needs treatment|\
identified|appreciated|an active problem}
{treated|corrected|repleted|cured|cleared} and {resolved|cleared|healed|normalized|gone}
{did not|has not|have not|without} {recur|recurred|come back|recurrence}; without recurrence; faded completely
{is|} history now; resolves; {have} {fully} dried up; disappeared; is a thing of the past; completely better
dissolved; wore off; {has|have|} {gone|cleared} {completely|entirely|fully}; off {all|} treatment and resolved
stopped on its own; cleared {on|with|after|by|following|w|w/|since|without}
{healed|corrected|recovered|stopped} {on|with|after|by|following|w|w/|since|without|nicely|well|completely|fully|\
uneventfully}; no longer
"""

RESOLVED_CLOSING = """
cleared {completely|fully|nicely|}; healed; corrected; cured; gone; over; reversed; recovered; resolved
better now; resolution; ceased; ended; mended; {fully|well} mended; normal now; none now; wnl now
passed; stopped
"""

HISTORICAL_FORWARD = """
{past|prior|previous|personal|remote|distant|significant|childhood|medical|ob|obstetric|psychiatric|psych|\
surgical|old|past medical|past surgical|} {history|hx} {of|significant for|notable for|positive for|pos for|\
remarkable for|includes|include|included|for|:}; h/o; hx; status post; s/p; sp; p/s; prior; previous
previously {had|treated for|diagnosed with|suffered|hospitalized for|admitted for|}; remote; remotely; past
childhood; former; formerly; old; past {psychiatric|} history; personal history {of|}
{pmh|pmhx|past medical history|pmhx sig} {of|significant for|notable for|positive for|sig for|remarkable for|\
includes|included|} {for|}; psh {of|:|}; pshx {of|:|}
{past surgical history|surgical history|surgical hx} {of|:|includes}; in the past {,|} {he|she|pt|patient} {had|}
{youth} {,|} {he|she|pt|patient|the patient|they} {had|was|developed|suffered|}
{lately} {,|} {he|she|pt|patient|the patient|they} {had|suffered|was {treated|hospitalized|admitted} for|}
{hospitalized|treated|admitted|surgery|operated|hospitalization|hospitalisation|admission} {back|} {in <year>|\
in <n>|last year|<n> years ago|years ago|in {youth}|at age <n>|{lately}} {for|with}; in <year> for; <year> for
at age <n> for; back in; {used to|once} {have|had|get|suffer from}; survivor of; survived
{had|recalls|remembers|recalled} {a|an|} {bout|episode|case} of
completed {treatment|therapy|chemo|chemotherapy|radiation|abx|antibiotics} for; {recovered|recovering} alcoholic
{last|first} {episode|bout|flare} of; at age <n> {,|} {he|she|pt|patient} {had|was hospitalized for|was treated for}
ex; in <year> {,|} {he|she|pt|patient|the patient} {had|suffered|was {treated|hospitalized|admitted} for}
<n> {years|months|weeks} ago {,|} {he|she|pt|patient} {had|suffered}; {distant|old} {hx|history|episode} {of|}
{prior|previous|past|remote} {episode|episodes|bout|bouts|admission|admissions} {of|for|with}
"""

HISTORICAL_BACKWARD = """
{lately}; {youth}; {pregnancy}
{in|now in|currently in} {complete|full|sustained|long term|clinical|partial|} remission; <year>; in <year>; back in
in {early|late|mid|the|} <year>; at age <n>; at <n> years {of age|old}; at {the|} age of <n>; age <n>; survivor
{remote|distant} past
in {jan|january|feb|february|march|april|may|june|july|august|september|sept|october|november|december} <year>
many years ago; {as|back} in; in {her|his} past; decades before; {last|prior|previous} admission; s/p treatment
s/p resection; ned; previously; in the {distant|remote} past; a long time ago; {years|months} {ago|earlier|back}
in {his|her|the} {previous|prior|last} {marriage|job}; before {menopause|puberty|college}
during {her|his} deployment; {treated|resected|excised|repaired|cured|ablated} {in|} <year>
<n> {years|yrs|yr|months|mos|weeks|wks} ago; {yrs|mos} ago; s/p {lumpectomy|mastectomy|resection}
"""

RULES: tuple[tuple[Context, str, str], ...] = (
    (Context.NEGATED, FORWARD, NEGATED_FORWARD),
    (Context.NEGATED, NEXT, NEGATED_NEXT),
    (Context.NEGATED, BACKWARD, NEGATED_BACKWARD),
    (Context.NEGATED, CLOSING, NEGATED_CLOSING),
    (Context.UNCERTAIN, FORWARD, UNCERTAIN_FORWARD),
    (Context.UNCERTAIN, BACKWARD, UNCERTAIN_BACKWARD),
    (Context.UNCERTAIN, CLOSING, UNCERTAIN_CLOSING),
    (Context.FAMILY, FORWARD, FAMILY_FORWARD),
    (Context.FAMILY, BACKWARD, FAMILY_BACKWARD),
    (Context.OTHER_PERSON, FORWARD, OTHER_FORWARD),
    (Context.OTHER_PERSON, BACKWARD, OTHER_BACKWARD),
    (Context.HYPOTHETICAL, FORWARD, HYPOTHETICAL_FORWARD),
    (Context.HYPOTHETICAL, BACKWARD, HYPOTHETICAL_BACKWARD),
    (Context.RESOLVED, FORWARD, RESOLVED_FORWARD),
    (Context.RESOLVED, NEXT, RESOLVED_NEXT),
    (Context.RESOLVED, BACKWARD, RESOLVED_BACKWARD),
    (Context.RESOLVED, CLOSING, RESOLVED_CLOSING),
    (Context.HISTORICAL, FORWARD, HISTORICAL_FORWARD),
    (Context.HISTORICAL, BACKWARD, HISTORICAL_BACKWARD),
)

PSEUDO = """
{no|without|not much|little|denies {any|}|denied {any|}|minimal} {degree} {change|changes|improvement|relief|\
response|benefit|progress|progression|worsening|growth|increase|decrease|difference|reduction|success|help|control}
{no|without} evidence of {progression|worsening|improvement}; no {better|worse|different}; no further
without {good|adequate}; no acute distress; no distress; no {question|doubt} {that|about|}
without {a|} {doubt|question}; not in {doubt|question}
{no|without} {trouble|difficulty|problems|problem|issues|issue|complications|complication|side effects|\
adverse effects|barriers} {with|from|of|on|about|tolerating|sleeping|breathing}
{no|without} {new|prior|current|additional|active|specific|previous|} {meds|medication|medications|refills|refill|\
treatment|treatments|therapy|questions|contraindication|contraindications|need|insurance|role|plan|plans|interest|\
intervention|surgery|follow up|appointment|transportation|transport|cure|antibiotics|indication|coverage|access|\
workup|imaging|labs|adherence|inhaler|insulin|doses|missed doses|steroids|supplements|assistance|help|\
treatment plan|urgent need}; denies that
denies {missing|missed|skipping|problems with|issues with|side effects|difficulty with|trouble with|taking|using|\
stopping} {any|} {doses|meds|medication|}
no {matter|wonder|surprise|later than|less than|more than|sooner|charge|show|shows}
not {resolved|improve|improved|improving|better|worse|worsened|controlled|intractable|well|at goal|at target|only|\
just|certain|getting|responding {to|}|respond {to|}|responded {to|}|responsive {to|}|sleeping|sleep|taking|take|\
taken|been taking|tolerate|tolerating|tolerated|yet|adequately|optimally|fully|completely|seem to help|help|\
helped|helping|relieved|alleviated|optimal|optimized|been able|able|candidate|recall|remember|know|understand|\
want|wish|compliant|adherent|using|use|used|follow|following|followed|working|work|worked|effective|sufficient|\
enough|going away|gone|gone away|cleared|clear|healed|healing|subsided|abated|stopped|started|filled|refilled|\
missed|missing|treated|been treated|managed|addressed|been addressed|surgical|changed|change|a candidate|\
a good candidate|a surgical candidate|an operative candidate|an ideal candidate|eligible|interested|known|ready|\
willing|let up|letting up|due for|due until|safe|appropriate|recommended|indicated|a surprise|bothered by|aware|\
been aware|realize|allowed|permitted|afford|always|every|as|so|too|until|evaluated for|had relief|had improvement|\
had any relief|had any improvement|free of|been free of|had a day free of|a day free of|go a day without|\
gone a day without|without|been without|been controlled|been well|drive|walk|climb|stand|sit|lie|lift|bend|keep|\
eat|return|lost|losing|been seen|been evaluated|stable|surprisingly|unexpected|uncommon|new|acute|limited|\
limiting|responded to|been compliant|been adherent|been using|been sleeping|been responding|been treated|\
been helping|improved|be controlled|under control|under good control|in remission|quite|necessarily|a fan|keen|\
think {metformin|it|the}}; never {goes|go|went|gone} {a day|a week|an hour|a night} without
{day|night|week|hour} {goes by|goes|passes} without
never {without|free of|free from|fully|completely|really|quite|resolved|improved|responded|recovered|controlled|\
took|taken|started|filled|got better|gets better|followed|seen|well controlled|went away|goes away|cleared|healed|\
stopped|stops}; rarely without; hardly without
no longer {able|smokes|smoking|drinks|drinking|drives|driving|works|working|takes|taking|uses|using|controlled|\
responds|responding|tolerates|tolerating|wants|wishes|lives|a candidate|effective|well controlled|helps|helping|\
relieved|walks|on|sees|followed|relieves|adequately|adequate|sleeps|needs|managing|manage|ambulatory|attends|\
covered|interested|eligible|adherent|compliant|working for|controls}; gram negative; triple negative; node negative
rh negative
{her <n>|hormone receptor|er|pr|receptor|culture|rf|ana|antibody|hpv|brca|seizure|lymph node|kras|egfr|ph|alk|\
acid fast|coagulase|duffy|smear|cd <n>|ige|jak <n>} {negative|neg}; negative pressure
negative {symptoms|thoughts|mood|self talk|balance|experience}; none {since|in|recently}; history of present illness
{history|hx} {unobtainable|obtained|provided|given|limited|per|from|taken|is limited|and physical|reviewed}
natural history; {year|month|week|day|hour|years|months|weeks|days|hours|yr|mo|wk|hr} {history|hx|h/o} of
<n> {d|wk|mo|yr} {history|hx} of
{long|longstanding|long standing|known|lifelong|life long|chronic|ongoing|current|active|well documented|\
well known|established|many year|several year|multi year|decades long|decade long|years long} {history|hx|h/o} of
several year history; medical history; past medical history reviewed; {known|chronic} h/o
past {few|week|month|year|several|couple|two|three|four|six|<n>|day|days|weeks|months|hour|hours|decade|night|\
evening|summer|winter}; last year or; prior to
prior {auth|authorization|visit|ct|mri|study|imaging|exam|film|films|labs|note|records|level|levels|to|x|xray|\
scan|echo|dose|medications|meds|treatment|treatments|therapy|appointment}
{compared|comparison|unchanged|similar|stable|relative} {to|from|with} {prior|previous}; since {prior|previous|last}
previous {visit|dose|imaging|note|study|exam|ct|mri|labs|level|scan|records|appointment|treatment|medications|\
provider|doctor|pcp}
previously {prescribed|seen|scheduled|stable|well|healthy|controlled|noted|documented|on|known|responded|\
tolerated|discussed|effective|active|independent}; old {age|records|chart|notes}
remote {monitoring|visit|area|work}; {year|years|month|months|week|weeks|day|days|yr|y|mo} old
former {smoker|pcp|provider|employer}; hx {obtained|unobtainable|limited|per}; if any; even if; if not; if possible
if {she|he|pt|patient|they} {is|are} {interested|willing|agreeable}; risk stratification; high risk; low risk
asks {if|whether}; asked {if|whether}; asking {if|whether}
{wonders|wondering|wondered|inquires|inquired|knows|know} {if|whether}; {could|may|might} be causing
{could|may|might} be {contributing|worsening|exacerbating|aggravating|making|triggering} {to|}; {could|can} be worse
as soon as possible; when possible
{confirmed|confirming|confirms} the {suspicion|suspicions|suspected diagnosis} of
{confirmed|confirms|confirming} {suspected|presumed|the suspected|the presumptive diagnosis of}
{likely|possible|possibly|probable|probably|suspected|presumed|presumably|potentially} {to need|to require|\
to benefit|candidate|discharge|dc|d/c|to be discharged}
consider {adding|starting|increasing|switching|stopping|decreasing|changing|trial|referral|referring|repeat|mri|\
ct|pt|physical therapy|injection|steroid|surgery|a|an|trying|titrating|initiating|restarting|holding|reducing|\
biologic|weaning|escalating|adjusting}; considering {surgery|adding|starting|switching|a}
considered {stable|mild|severe|moderate}; vs {stable|wnl|reviewed|:|noted|as|normal|s}; vital signs
{appears|appear|seems} {stable|well|comfortable|improved|unchanged|in|worse|better|to be {improving|worsening|\
controlled|doing|responding|getting|well|stable|tolerating|at}|anxious|nontoxic|tired|uncomfortable|more|controlled}
non {insulin|pressure|rheumatic|st|small|hodgkin|traumatic|allergic|alcoholic|displaced|healing|obstructive|\
ischemic|proliferative|specific|compliant|compliance|union|toxic|exudative|union}
{chief|main|primary|biggest|her|his} {concern|concerns}
{has|have} {yet|still} to {clear|resolve|improve|respond|heal|subside|normalize}
yet to {clear|resolve|improve|heal|subside}
{partially|partly|incompletely|nearly|almost|mostly|not|slowly|gradually|largely|near} {resolved|cleared|healed|\
corrected|recovered|normalized|subsided|gone|over}
{until|once|when|before|pending|awaiting|for|hopes for|partial|incomplete|expect|after} {resolved|cleared|\
resolution {of|}|healed}
{not|never|incompletely|not yet|not been} {fully|completely|entirely|totally|really|} {resolved|cleared|healed|\
gone away|subsided|abated|normalized|recovered|corrected|disappeared|gone|remitted|stopped|cleared up|\
returned to baseline|back to baseline|back to normal}
failed to {resolve|improve|respond|clear|heal|subside|control|relieve|normalize}
{was|been|is|medically|} cleared {for|by|to|her|him|from}; resolved {to|not to}
corrected {qt|calcium|qtc|age|vision|gestational|sodium|for}
over {the|counter|<n>|last|past|weekend|time|several|a|night|wt|weight}
stopped {taking|his|her|the|smoking|using|drinking|it|working|by}; passed {out|away|gas|flatus|stool}
gone {to|up|down|through|from|for}; back to {clinic|ed|work|school}; {mother|father} of
{new|single|first time|expectant|breastfeeding|nursing|surrogate|teen|stay at home|working|teenage|young} {mother|\
father|mom|dad|parent}
{mother|mom|father|dad|wife|husband|daughter|son|sister|brother|parent|parents} {at|in} {bedside|room|the room}
sister {mary|joseph}; brother {sister}; parent {child|training}; {child|children} {abuse|psych|protective|pugh|life}
twin {a|b|gestation|pregnancy|peaks|pregnancies}; twins; {child|pediatric} {visit|well}; well child
well {child|baby}; maternal {fetal|fever|age|hypertension|obesity|weight|serum}; paternal {age}
partner {violence|abuse}; spouse abuse; foster care; donor site; pet {scan|ct|dander}
cat {scan|scratch|bite|dander}; dog {bite|bites|dander}; friend {request}
familial {hypercholesterolemia|adenomatous|mediterranean|tremor|hyperlipidemia|dysautonomia}
risk {adjusted|adjustment|factor modification}; clinic {visit|today|for|note|follow}; in clinic; to clinic
{this|our|the|pain|urgent care|walk in} clinic; shot in; shots in; watch and wait; {education|counseling} on
no family; side effects of; side effects from; rule of; screening {labs|visit}; check {in|up}; tests {today|ordered}
{call|called|calls} in; {call|calls|called} {about|regarding}; called for; no {longer} than
{cannot|can not|unable to} {walk|sleep|work|stand|sit|lie|bend|climb|lift|function|eat|drive|move|exercise} without
neg {pressure}; absent {minded|from}; absence {seizure|seizures|epilepsy}; {risk|risks} benefits
without {severe features|exacerbation|acute exacerbation|behavioral|aura|status}; {suspect|suspicious} {activity}
"""

# (opening word, closing phrase, context): what stands between the two within a few words is coloured.
_ONCE = """
in <year>; back in; at age <n>; at {the|} age of <n>; at <n> {months|years|weeks} {of age|old|}
{lately}; {youth}; {pregnancy}
"""
FRAMES: tuple[tuple[str, str, Context], ...] = (
    (
        "{had|hospitalized|underwent|suffered|survived|sustained|treated|experienced|admitted|contracted|caught"
        "|ablated|broke|fractured|tore}",
        _ONCE,
        Context.HISTORICAL,
    ),
    (
        "should",
        "develop; occur; recur; arise; develops; appear; present; return; reappear; ensue; become",
        Context.HYPOTHETICAL,
    ),
    ("if", "then; develops; occurs; arises; appears; recurs", Context.HYPOTHETICAL),
)


def phrases(templates: str) -> list[tuple[str, ...]]:
    """The phrases, as words, that the templates of a block stand for.

    >>> phrases("{no|without} {clear|} change; vs")
    [('no', 'clear', 'change'), ('no', 'change'), ('without', 'clear', 'change'), ('without', 'change'), ('vs',)]
    """
    lines = [line.strip() for line in re.split(r"[;\n]", templates)]
    found = (tuple(phrase.replace("-", " ").split()) for line in lines for phrase in _readings(line))
    return list(dict.fromkeys(phrase for phrase in found if phrase))


def _readings(template: str) -> list[str]:
    """Every reading of one template, in the order of writing."""
    start = template.find("{")
    if start < 0:
        return [template]
    cuts, depth = [start], 0
    for at in range(start, len(template)):
        depth += {"{": 1, "}": -1}.get(template[at], 0)
        if depth == 0 or (depth == 1 and template[at] == "|"):
            cuts.append(at)
        if depth == 0:
            break
    choices = [template[a + 1 : b] for a, b in pairwise(cuts)]
    if len(choices) == 1 and choices[0] in WORDS:
        return _readings(template[:start] + "{" + WORDS[choices[0]] + template[cuts[-1] :])
    after = _readings(template[cuts[-1] + 1 :])
    return [template[:start] + said + rest for choice in choices for said in _readings(choice) for rest in after]

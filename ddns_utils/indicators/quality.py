"""How good the data is: does it come, in time, whole, and does it make sense?

The vocabulary is Kahn's (conformance, completeness, plausibility), as in OHDSI's DataQualityDashboard: timeliness is
completeness at the time it is due, linkage is conformance between registers, uniqueness is plausibility.
"""

from __future__ import annotations

from ddns_utils import areas
from ddns_utils.completeness import EVENTS
from ddns_utils.deliveries import DUE_DAILY, DUE_DAYS, KL_GATEWAY, WITH_SYSTEMS
from ddns_utils.indicators import quality_rows as q
from ddns_utils.indicators.declare import Mean, Proportion
from ddns_utils.indicators.quality_registers import OF_REGISTER, slug
from ddns_utils.indicators.quality_rules import RULES_KEPT
from ddns_utils.indicators.quality_words import DUE, FIRST_RECEIPT, KAHN, LIVES_IN, NAMES, SENT_BY
from ddns_utils.language import Text

# Who sends: the other registers are national extracts, each from one sender.
SENDERS_AT = {register: areas.SYSTEM if register in WITH_SYSTEMS else "municipality" for register in DUE_DAILY}
LEVELS = {  # at which a register has senders
    register: (*areas.USUAL_LEVELS, areas.SYSTEM) if register in WITH_SYSTEMS else areas.USUAL_LEVELS
    for register in NAMES
}


def deliverer(register: str, sender: str) -> str:
    """Whose deliveries say when a sender's rows came: its own if it sends for the register, else those of everybody."""
    level = areas.level_of(sender)
    sends = level == areas.SYSTEM if register in WITH_SYSTEMS else register == KL_GATEWAY
    return sender if sends else areas.COUNTRY


LAG_DAYS = (0, 1, 3, 7, 14, 30, 60, 90)  # where the lag curve is read
ENCOUNTER = Text(
    da="en kommunal kontakt i perioden, som ikke blev aflyst",
    en="a municipal encounter of the period that was not cancelled",
)
PLAN = Text(da="en genoptræningsplan modtaget i perioden", en="a rehabilitation plan received in the period")
CONTACT = Text(da="en sygehuskontakt, der begyndte i perioden", en="a hospital contact that began in the period")
MUNICIPAL = {"direction": "higher is better", "source": KAHN, "caveats": (SENT_BY,), "lacking": q.silent_municipalities}

ROWS_ACCEPTED = Proportion(
    id="quality_rows_accepted",
    title=Text(da="Rækker uden fejl", en="Rows without faults"),
    one_row_is=Text(da="en række i en leverance modtaget i perioden", en="a row of a delivery received in the period"),
    counted=Text(da="Rækker, der ikke kom i karantæne", en="Rows that were not put in quarantine"),
    remedy=Text(
        da="Ret årsagerne, som modtageren kan oplyse, i fagsystemet, og send rækkerne igen.",
        en="Mend the reasons, which the receiver can tell, in the records, and send the rows again.",
    ),
    denominator=q.rows_read(KL_GATEWAY), numerator=q.not_refused, needs=("delivery",), category="conformance",
    **MUNICIPAL,
)  # fmt: skip
OFFER_GIVEN = Proportion(
    id="quality_offer_given",
    title=Text(da="Planer med dato for første tilbud", en="Plans with a day of first offer"),
    one_row_is=PLAN,
    counted=Text(da="Planer, hvor datoen er udfyldt", en="Plans where the day is filled in"),
    remedy=Text(
        da="Registrér datoen for det første tilbud, også når borgeren aflyser, og send planen igen.",
        en="Record the day of the first offer, also when the person cancels, and send the plan again.",
    ),
    denominator=q.plans_received, numerator=q.offer_given, needs=("referral",), follow_up_days=14,
    category="completeness", **MUNICIPAL,
)  # fmt: skip
HOSPITAL = {
    "one_row_is": CONTACT, "denominator": q.hospital_contacts, "needs": ("hospital_contact",), "source": KAHN,
    "category": "completeness", "direction": "higher is better", "caveats": (LIVES_IN,),
}  # fmt: skip
CONTACT_ENDED = Proportion(
    id="quality_contact_ended",
    title=Text(da="Sygehuskontakter med sluttidspunkt", en="Hospital contacts with an end"),
    counted=Text(da="Kontakter, der nu har et sluttidspunkt", en="Contacts that have an end by now"),
    remedy=Text(da="Sygehuset afslutter de kontakter, der står åbne.", en="The hospital ends contacts left open."),
    numerator=q.ended, follow_up_days=q.OPEN_AFTER_DAYS, **HOSPITAL,
)  # fmt: skip
DIAGNOSIS_GIVEN = Proportion(
    id="quality_diagnosis_given",
    title=Text(da="Sygehuskontakter med aktionsdiagnose", en="Hospital contacts with an action diagnosis"),
    counted=Text(da="Kontakter med aktionsdiagnose", en="Contacts with an action diagnosis"),
    remedy=Text(da="Sygehuset angiver en aktionsdiagnose.", en="The hospital gives an action diagnosis."),
    numerator=q.with_diagnosis, **HOSPITAL,
)  # fmt: skip
ENCOUNTER_UNIQUE = Proportion(
    id="quality_encounter_unique",
    title=Text(da="Kommunale kontakter uden dubletter", en="Municipal encounters that are not duplicates"),
    one_row_is=ENCOUNTER,
    counted=Text(
        da="Kontakter; af flere med samme borger, type og starttidspunkt kun den ene",
        en="Encounters; of several with one person, type and start only one",
    ),
    remedy=Text(
        da="Find ud af, om fagsystemet giver samme kontakt et nyt id, og træk dubletterne tilbage (entered-in-error).",
        en="See whether the records give one encounter several ids, and withdraw the duplicates (entered-in-error).",
    ),
    denominator=q.encounters, numerator=q.first_of_its_kind, needs=("encounter",), category="plausibility", **MUNICIPAL,
)  # fmt: skip
OFFER_PLAUSIBLE = Proportion(
    id="quality_offer_plausible",
    title=Text(da="Planer med et muligt første tilbud", en="Plans with a possible first offer"),
    one_row_is=Text(
        da="en genoptræningsplan modtaget i perioden med udskrivning og første tilbud",
        en="a rehabilitation plan received in the period with a discharge and a first offer",
    ),
    counted=Text(
        da="Planer, hvor tilbuddet ligger højst 30 dage før udskrivningen",
        en="Plans whose offer is at most 30 days before the discharge",
    ),
    remedy=Text(
        da="Kontrollér datoerne for udskrivning og første tilbud på planerne, og send dem igen.",
        en="Check the days of discharge and first offer of these plans, and send them again.",
    ),
    denominator=q.plans_with_offer_and_discharge, numerator=q.offer_plausible, needs=("referral",),
    category="plausibility", **MUNICIPAL,
)  # fmt: skip
ENCOUNTER_ALIVE = Proportion(
    id="quality_encounter_alive",
    title=Text(da="Kommunale kontakter med levende borgere", en="Municipal encounters with living persons"),
    one_row_is=ENCOUNTER,
    counted=Text(
        da="Kontakter, der ikke ligger efter borgerens død",
        en="Encounters that are not after the person's death",
    ),
    remedy=Text(
        da="Afslut forløb, når en borger dør, og træk kontakter efter dødsdagen tilbage.",
        en="End courses when a person dies, and withdraw encounters after that day.",
    ),
    denominator=q.encounters, numerator=q.before_death, needs=("encounter",), category="plausibility", **MUNICIPAL,
)  # fmt: skip
ENCOUNTER_RESIDENT = Proportion(
    id="quality_encounter_resident",
    title=Text(da="Kommunale kontakter med bosatte borgere", en="Municipal encounters with residents"),
    one_row_is=ENCOUNTER,
    counted=Text(
        da="Kontakter, hvor borgeren bor i Danmark den dag",
        en="Encounters of persons who live in Denmark that day",
    ),
    remedy=Text(
        da="Kontrollér CPR-nummeret på kontakterne; borgeren står ikke i CPR den dag.",
        en="Check the CPR number of these encounters; CPR has no such resident that day.",
    ),
    denominator=q.encounters, numerator=q.resident, needs=("encounter",), category="conformance", **MUNICIPAL,
)  # fmt: skip
CONTACT_RESIDENT = Proportion(
    id="quality_contact_resident",
    title=Text(da="Sygehuskontakter med bosatte borgere", en="Hospital contacts with residents"),
    one_row_is=CONTACT,
    counted=Text(
        da="Kontakter, hvor patienten bor i Danmark den dag",
        en="Contacts of patients who live in Denmark that day",
    ),
    remedy=Text(
        da="Kontrollér CPR-numrene og leverancen af BEF; turister og erstatningsnumre er en del af forklaringen.",
        en="Check CPR numbers and the delivery of BEF; visitors and replacement numbers are part of it.",
    ),
    denominator=q.hospital_contacts_anywhere, numerator=q.resident, needs=("hospital_contact",),
    category="conformance", direction="higher is better", source=KAHN, lacking=q.nobody,
    caveats=(Text(da="Findes kun for hele landet.", en="Only for the whole country."),),
)  # fmt: skip
PLAN_HAS_STAY = Proportion(
    id="quality_plan_has_stay",
    title=Text(da="Genoptræningsplaner med et sygehusophold", en="Rehabilitation plans with a hospital stay"),
    one_row_is=Text(
        da="en genoptræningsplan med udskrivning i perioden",
        en="a rehabilitation plan with discharge in the period",
    ),
    counted=Text(
        da="Planer, hvor et ophold slutter på udskrivningsdagen, dagen før eller dagen efter",
        en="Plans where a stay ends on the day of discharge, the day before or after",
    ),
    remedy=Text(
        da="Kontrollér udskrivningsdatoen på planen, og at sygehuset har indberettet opholdet.",
        en="Check the day of discharge on the plan, and that the hospital has reported the stay.",
    ),
    denominator=q.plans_from_hospital, numerator=q.stay_behind, needs=("referral", "hospital_contact"),
    category="conformance", **MUNICIPAL,
)  # fmt: skip
STAY_HAS_PLAN = Proportion(
    id="quality_stay_has_plan",
    title=Text(da="Udskrivninger før genoptræning med en plan", en="Discharges before rehabilitation with a plan"),
    one_row_is=Text(
        da="en udskrivning i perioden, hvor borgeren møder kommunens genoptræning inden for 30 dage",
        en="a discharge in the period after which the person meets municipal rehabilitation within 30 days",
    ),
    counted=Text(
        da="Udskrivninger med en genoptræningsplan fra samme dag, dagen før eller dagen efter",
        en="Discharges with a rehabilitation plan of that day, the day before or after",
    ),
    remedy=Text(
        da="Kontrollér, at kommunen sender den modtagne plan, og at planen har udskrivningsdatoen.",
        en="Check that the municipality sends the plan it received, with the day of discharge.",
    ),
    denominator=q.stays_before_training, numerator=q.plan_after, needs=("hospital_contact", "encounter", "referral"),
    follow_up_days=q.TRAINING_WITHIN_DAYS, category="conformance", direction="higher is better", source=KAHN,
    caveats=(
        LIVES_IN,
        Text(
            da="Et tidligere forløb, der stadig er i gang, tæller også som genoptræning efter udskrivningen.",
            en="An earlier course that is still going on counts as rehabilitation after the discharge too.",
        ),
    ),
)  # fmt: skip


def _timeliness(register: str) -> dict:
    """What all indicators of a register's lag share."""
    by_sender = register == KL_GATEWAY
    name = NAMES[register]
    return {
        "one_row_is": Text(da=f"en række i perioden: {name.da}", en=f"a row of the period: {name.en}"),
        "denominator": q.arrived(register),
        "needs": (EVENTS[register][0], "delivery"),
        "category": "completeness",
        "source": DUE,
        "caveats": (SENT_BY if by_sender else LIVES_IN, FIRST_RECEIPT),
        "lacking": q.silent_municipalities if by_sender else None,
        "version": 2,
    }


DAYS_TO_RECEIPT = {
    register: Mean(
        id=f"quality_days_to_receipt_{slug(register)}",
        title=Text(da=f"Dage fra hændelse til modtagelse, {name.da}", en=f"Days from event to receipt, {name.en}"),
        counted=Text(da="Dage fra hændelsen til leverancen", en="Days from the event to the delivery"),
        numerator=q.days_to_receipt, unit=Text(da="dage", en="days"), direction="lower is better",
        **_timeliness(register),
    )
    for register, name in NAMES.items()
}  # fmt: skip
DAYS_WITH_DELIVERY = {
    register: Proportion(
        id=f"quality_days_with_delivery_{slug(register)}",
        title=Text(da=f"Dage med leverance, {name.da}", en=f"Days with a delivery, {name.en}"),
        one_row_is=Text(
            da="en dag i perioden for en afsender, fra dens første leverance",
            en="a day of a sender in the period, from its first delivery",
        ),
        counted=Text(da="Dage, hvor afsenderen leverede", en="Days on which the sender delivered"),
        denominator=q.days_due(register), numerator=q.delivered, needs=("delivery",), category="completeness",
        rows_about="deliveries", direction="higher is better", source=DUE, lacking=q.nobody, decimals=0,
        caveats=(Text(
            da="En dag uden leverance kan være en dag uden noget at indberette. Kun en tom fil siger det.",
            en="A day without a delivery may be a day with nothing to report. Only an empty file says so.",
        ),),
    )
    for register, name in NAMES.items()
}  # fmt: skip
IN_TIME = {
    register: Proportion(
        id=f"quality_in_time_{slug(register)}",
        title=Text(da=f"Modtaget til tiden, {name.da}", en=f"Received in time, {name.en}"),
        counted=Text(
            da=f"Rækker modtaget senest {DUE_DAYS} dage efter udgangen af hændelsens måned",
            en=f"Rows received at most {DUE_DAYS} days after the end of the month of the event",
        ),
        remedy=Text(
            da="Send dagligt, senest 14 dage efter månedens udløb; spørg leverandøren, hvad der forsinker rækkerne.",
            en="Send daily, and at most 14 days after the month; ask the supplier what holds the rows back.",
        ),
        numerator=q.in_time, direction="higher is better", **_timeliness(register),
    )
    for register, name in NAMES.items() if register in DUE_DAILY
}  # fmt: skip
LAG_CURVE = {
    register: tuple(
        Proportion(
            id=f"quality_received_within_{days}_days_{slug(register)}",
            title=Text(da=f"Modtaget inden for {days} dage, {name.da}", en=f"Received within {days} days, {name.en}"),
            counted=Text(da=f"Rækker modtaget højst {days} dage efter", en=f"Rows received at most {days} days after"),
            numerator=q.within_days(days), direction="higher is better", follow_up_days=days, **_timeliness(register),
        )
        for days in LAG_DAYS
    )
    for register, name in NAMES.items()
}  # fmt: skip
# What is followed from month to month: what is due, else what has come within 30 days.
TIMELY = {register: IN_TIME.get(register, LAG_CURVE[register][LAG_DAYS.index(30)]) for register in NAMES}
CHECKS: dict[str, tuple[Proportion, ...]] = {
    register: (*OF_REGISTER[register], *([IN_TIME[register]] if register in IN_TIME else [])) for register in NAMES
}
CHECKS[KL_GATEWAY] = (
    ROWS_ACCEPTED, OFFER_GIVEN, ENCOUNTER_UNIQUE, OFFER_PLAUSIBLE, ENCOUNTER_ALIVE, ENCOUNTER_RESIDENT, PLAN_HAS_STAY,
    STAY_HAS_PLAN, *CHECKS[KL_GATEWAY],
)  # fmt: skip
CHECKS["LPR_A"] = (CONTACT_ENDED, DIAGNOSIS_GIVEN, CONTACT_RESIDENT, *CHECKS["LPR_A"])
RULES = dict.fromkeys(NAMES, ()) | {KL_GATEWAY: RULES_KEPT}  # of the reports' profiles
INDICATORS = (
    *RULES_KEPT,
    *(check for checks in CHECKS.values() for check in checks),
    *DAYS_WITH_DELIVERY.values(),
    *DAYS_TO_RECEIPT.values(),
)

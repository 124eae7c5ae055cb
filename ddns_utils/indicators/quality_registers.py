"""Checks of what every register sends, and of what only hospitals and practice send, as indicators of data quality."""

from __future__ import annotations

from ddns_utils.completeness import EVENTS
from ddns_utils.deliveries import KL_GATEWAY, WITH_SYSTEMS
from ddns_utils.indicators import quality_register_rows as r
from ddns_utils.indicators import quality_rows as q
from ddns_utils.indicators import weekly_rows as weekly
from ddns_utils.indicators.declare import Proportion, Source
from ddns_utils.indicators.quality_words import KAHN, NAMES, SENT_BY, SENT_FROM
from ddns_utils.language import Text
from ddns_utils.model import TABLES

NATIONAL = tuple(register for register in NAMES if register != KL_GATEWAY)
SENT = {"direction": "higher is better", "source": KAHN, "caveats": (SENT_FROM,)}
JUMPS = Source(
    title="Iglewicz og Hoaglin 1993, How to Detect and Handle Outliers: modificeret z på højst 3,5",
    retrieved="2026-11",
    confidence="medium",
)


def slug(register: str) -> str:
    """A register's name as part of an indicator's id."""
    return register.lower().replace(" ", "_")


def _event(register: str) -> Text:
    name = NAMES[register]
    return Text(da=f"en række fra perioden: {name.da}", en=f"a row of the period: {name.en}")


ROWS_ACCEPTED = {
    register: Proportion(
        id=f"quality_rows_accepted_{slug(register)}",
        title=Text(da=f"Rækker uden fejl, {register}", en=f"Rows without faults, {register}"),
        one_row_is=Text(
            da="en række i en leverance modtaget i perioden", en="a row of a delivery received in the period"
        ),
        counted=Text(da="Rækker, der ikke kom i karantæne", en="Rows that were not put in quarantine"),
        remedy=Text(
            da="Ret årsagerne, som modtageren kan oplyse, og send rækkerne igen.",
            en="Mend the reasons, which the receiver can tell, and send the rows again.",
        ),
        denominator=q.rows_read(register), numerator=q.not_refused, needs=("delivery",),
        category="conformance", lacking=q.silent_systems(register), **SENT,
    )
    for register in NATIONAL
}  # fmt: skip
WITHIN_LIFE = {
    register: Proportion(
        id=f"quality_within_life_{slug(register)}",
        title=Text(da=f"Mellem fødsel og død, {name.da}", en=f"Between birth and death, {name.en}"),
        one_row_is=_event(register),
        counted=Text(
            da="Rækker, der hverken ligger før personens fødsel eller efter dødsdagen",
            en="Rows that are neither before the person's birth nor after the day of death",
        ),
        remedy=Text(
            da="Kontrollér dato og CPR-nummer på rækkerne, og send dem rettet igen.",
            en="Check day and CPR number of these rows, and send them corrected.",
        ),
        denominator=r.events(register), numerator=r.within_life, needs=(EVENTS[register][0],), category="plausibility",
        lacking=q.silent_systems(register), **SENT,
    )
    for register, name in NAMES.items() if register != KL_GATEWAY
}  # fmt: skip
RESIDENT = {
    register: Proportion(
        id=f"quality_resident_{slug(register)}",
        title=Text(da=f"Om bosatte borgere, {name.da}", en=f"About residents, {name.en}"),
        one_row_is=_event(register),
        counted=Text(da="Rækker om personer, der bor i Danmark den dag",
                     en="Rows about persons who live in Denmark that day"),
        remedy=Text(
            da="Kontrollér CPR-numrene og leverancen af BEF; turister og erstatningsnumre er en del af forklaringen.",
            en="Check CPR numbers and the delivery of BEF; visitors and replacement numbers are part of it.",
        ),
        denominator=r.events(register), numerator=q.resident, needs=(EVENTS[register][0],), category="conformance",
        lacking=q.silent_systems(register), **SENT,
    )
    for register, name in NAMES.items() if register not in (KL_GATEWAY, "LPR_A")
}  # fmt: skip
UNIQUE = {
    register: Proportion(
        id=f"quality_unique_{slug(register)}",
        title=Text(da=f"Uden dubletter, {NAMES[register].da}", en=f"Not duplicates, {NAMES[register].en}"),
        one_row_is=_event(register),
        counted=Text(
            da="Rækker; af flere, der kun har forskellige nøgler, tæller den ene",
            en="Rows; of several that differ by their keys alone one counts",
        ),
        remedy=Text(
            da="Find ud af, om systemet giver samme registrering flere nøgler, når den sendes igen.",
            en="See whether the system gives one entry several keys when it is sent again.",
        ),
        denominator=r.events(register), numerator=r.first_of_equals, needs=(EVENTS[register][0],),
        category="plausibility", lacking=q.silent_systems(register), **SENT,
    )
    for register in WITH_SYSTEMS
}  # fmt: skip
SENT_ONCE = {
    register: Proportion(
        id=f"quality_sent_once_{slug(register)}",
        title=Text(da=f"Ikke i en tidligere leverance, {name.da}", en=f"Not in an earlier delivery, {name.en}"),
        one_row_is=_event(register),
        counted=Text(
            da="Rækker, som ingen tidligere leverance har magen til",
            en="Rows that no earlier delivery has the same of",
        ),
        remedy=Text(
            da="Er et nyt udtræk af en periode modtaget, indlæses det igen som erstatning for perioden "
            "(ddns intake --replaces).",
            en="If a new extract of a period has come, land it again as replacing the period (ddns intake --replaces).",
        ),
        denominator=r.events(register), numerator=r.of_first_delivery, needs=(EVENTS[register][0],),
        category="plausibility", lacking=q.silent_systems(register), **SENT,
    )
    for register, name in NAMES.items() if not TABLES[EVENTS[register][0]].key
}  # fmt: skip
DIAGNOSIS_GIVEN = Proportion(
    id="quality_diagnosis_given_sentinel",
    title=Text(da="Speciallægekontakter med diagnose", en="Specialist contacts with a diagnosis"),
    one_row_is=_event("SENTINEL"),
    counted=Text(da="Kontakter, hvor diagnosen er udfyldt", en="Contacts where the diagnosis is filled in"),
    remedy=Text(da="Klinikken angiver en diagnose.", en="The clinic gives a diagnosis."),
    denominator=r.events("SENTINEL"), numerator=r.has_diagnosis, needs=("specialist_record",), category="completeness",
    lacking=q.silent_systems("SENTINEL"), **SENT,
)  # fmt: skip
PREGNANCY_OF_WOMEN = Proportion(
    id="quality_pregnancy_of_women",
    title=Text(da="Graviditets- og fødselsdiagnoser hos kvinder", en="Diagnoses of pregnancy and birth of women"),
    one_row_is=Text(
        da="en diagnose i kapitlet om graviditet og fødsel (DO) ved en sygehuskontakt i perioden",
        en="a diagnosis of the chapter on pregnancy and birth (DO) at a hospital contact of the period",
    ),
    counted=Text(da="Diagnoser hos kvinder", en="Diagnoses of women"),
    remedy=Text(
        da="Kontrollér CPR-numre og diagnoser på kontakterne.", en="Check CPR numbers and diagnoses of these contacts."
    ),
    denominator=r.pregnancy_diagnoses, numerator=r.of_women, needs=("hospital_diagnosis",), category="plausibility",
    direction="higher is better", source=KAHN, lacking=q.nobody,
    caveats=(Text(
        da="Køn er det seneste CPR-nummers. En person, der har skiftet juridisk køn, kan være gravid.",
        en="Sex is that of the latest CPR number. A person whose legal sex has changed may be pregnant.",
    ),),
)  # fmt: skip
WEEKS_AS_EXPECTED = {
    register: Proportion(
        id=f"quality_weeks_as_expected_{slug(register)}",
        title=Text(
            da=f"Uger med et antal som ventet, {name.da}", en=f"Weeks with as many as expected, {name.en}"
        ),
        one_row_is=Text(
            da="en afsenders uge, der begyndte i perioden, og som mindst 12 uger går forud for",
            en="a sender's week that began in the period, with at least 12 weeks before it",
        ),
        counted=Text(
            da="Uger, hvis antal ligger højst 3,5 spredninger fra medianen af de op til 26 uger før",
            en="Weeks whose number is at most 3.5 spreads from the median of the up to 26 weeks before",
        ),
        remedy=Text(
            da="Undersøg, om noget er gået i stå eller sendt to gange. Send det, der mangler, eller træk det "
            "overflødige tilbage.",
            en="See whether something has stopped or was sent twice; send what is missing, or withdraw the rest.",
        ),
        denominator=weekly.weeks(register), numerator=weekly.as_expected, needs=("delivery",),
        category="plausibility", rows_about="deliveries", direction="higher is better", source=JUMPS, decimals=0,
        lacking=q.nobody,
        caveats=(SENT_BY if register == KL_GATEWAY else SENT_FROM, Text(
            da="Helligdage og ferier er også spring: historien er ugerne lige før, ikke samme uger året før.",
            en="Holidays are jumps too: the history is the weeks just before, not those weeks of the year before.",
        )),
    )
    for register, name in NAMES.items()
}  # fmt: skip
OF_REGISTER: dict[str, tuple[Proportion, ...]] = {
    register: tuple(
        checks[register] for checks in (ROWS_ACCEPTED, UNIQUE, SENT_ONCE, WITHIN_LIFE, RESIDENT, WEEKS_AS_EXPECTED)
        if register in checks
    )
    for register in NAMES
}  # fmt: skip
OF_REGISTER["SENTINEL"] = (DIAGNOSIS_GIVEN, *OF_REGISTER["SENTINEL"])
OF_REGISTER["LPR_A"] = (PREGNANCY_OF_WOMEN, *OF_REGISTER["LPR_A"])

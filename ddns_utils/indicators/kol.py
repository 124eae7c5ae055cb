"""How well people with KOL (COPD) are looked after in general practice and hospitals, as DrKOL asks."""

from __future__ import annotations

import ibis

from ddns_utils import courses
from ddns_utils.indicators.cross_sector import READMISSION_DAYS, discharges, readmitted
from ddns_utils.indicators.declare import LookAtRows, Proportion, Source
from ddns_utils.indicators.look_back import KNOWN_YEARS, LookBack, known
from ddns_utils.indicators.medicine import INHALED, buyers, days_covered
from ddns_utils.indicators.rows import dead_within, ill_before, residents, with_any, within
from ddns_utils.language import Text
from ddns_utils.period import Period
from ddns_utils.phenotypes import DISEASES
from ddns_utils.phenotypes.diseases import diagnosis_codes, medicine_codes, starts_with
from ddns_utils.snapshot import Snapshot

BREATHLESS_FROM = 3
INHALERS = medicine_codes("obstructive airway")
LONG_ACTING = medicine_codes("LABA", "LAMA", "LABA+ICS", "LAMA+LABA(+ICS)")
MORTALITY_DAYS = 30
EXACERBATION = diagnosis_codes("KOL-exacerbation", "event")
CODED_BEFORE = (LookBack(tables=("practice_record",), years=KNOWN_YEARS),)
DRKOL = Source(title="DrKOL, tilpasninger (rkkp.dk); koder uverificerede", retrieved="2026-11", confidence="unverified")


def people_with_kol_in_general_practice(snapshot: Snapshot, period: Period) -> ibis.Table:
    """People whom general practice had coded R95 when the period began, still living in Denmark on its last day."""
    records = snapshot.table("practice_record")
    coded = records.filter(records.kind == "diagnosis", records.code == "R95", records.recorded_on < period.start)
    return residents(snapshot, period.last_day).semi_join(coded, "person_id")


def measured_in_practice(code: str) -> LookAtRows:
    """A function that flags those with a measurement ``code`` in general practice in the period."""

    def measured(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
        records = snapshot.table("practice_record")
        records = records.filter(records.kind == "measurement", records.code == code)
        entries = records.select("person_id", day="recorded_on")
        return with_any(rows, entries, ibis.literal(period.start), ibis.literal(period.last_day))

    return measured


def with_kol(snapshot: Snapshot, period: Period) -> ibis.Table:
    """People with KOL by any rule when the period began who live in Denmark on its last day."""
    return ill_before(snapshot, DISEASES["kol"], period.start, period.last_day)


def breathless(snapshot: Snapshot, period: Period) -> ibis.Table:
    """People with KOL in general practice whose latest breathlessness (MRC) of the period is 3 or more.

    Those without one are unknown and not among them; how many they are, ``kol_mrc_yearly`` tells.
    """
    records = snapshot.table("practice_record")
    scores = records.filter(
        records.kind == "measurement",
        records.code == "MRC",
        within(records.recorded_on, period),
        records.value.notnull(),
    )
    last = scores.group_by("person_id").aggregate(recorded_on=scores.recorded_on.max())
    latest = (
        scores.inner_join(last, ["person_id", "recorded_on"]).group_by("person_id").aggregate(mrc=ibis._.value.max())
    )
    return people_with_kol_in_general_practice(snapshot, period).semi_join(
        latest.filter(latest.mrc >= BREATHLESS_FROM), "person_id"
    )


def referred(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
    """Flags a standing referral to the municipality in the period, for prevention (§119) or rehabilitation (§140)."""
    referrals = snapshot.table("referral")
    referrals = referrals.filter(~referrals.status.isin(["revoked", "entered-in-error"]))
    events = referrals.select("person_id", day="received_on")
    return with_any(rows, events, ibis.literal(period.start), ibis.literal(period.last_day))


def exacerbations(snapshot: Snapshot) -> ibis.Table:
    """Acute admissions for KOL getting worse: the stay's main diagnosis."""
    stays = courses.admissions(snapshot)
    return stays.filter(stays.acute, starts_with(stays.main_diagnosis, EXACERBATION).fill_null(False))


def exacerbations_begun(snapshot: Snapshot, period: Period) -> ibis.Table:
    """Such admissions that begin in the period."""
    stays = exacerbations(snapshot)
    return stays.filter(within(stays.started_on, period)).select("person_id", on="started_on")


def exacerbations_survived(snapshot: Snapshot, period: Period) -> ibis.Table:
    """Discharges in the period from such admissions of people who live at least 30 days more."""
    rows = discharges(snapshot, period)
    rows = rows.semi_join(exacerbations(snapshot).select("person_id", on="discharged_on"), ["person_id", "on"])
    person = snapshot.table("person").select("person_id", "death_date")
    rows = rows.inner_join(person, "person_id")
    days = rows.death_date.delta(rows.on, unit="day")
    return rows.filter((days > READMISSION_DAYS).fill_null(True)).drop("death_date")


def _kol_yearly(id: str, number: int, code: str, what: Text) -> Proportion:
    return Proportion(
        id=id,
        title=Text(da=f"Borgere med KOL, der fik {what.da} i året", en=f"People with COPD with {what.en} in the year"),
        one_row_is=Text(
            da="en borger med KOL-diagnosen R95 i almen praksis, da perioden begyndte",
            en="a person with COPD coded R95 in general practice when the period began",
        ),
        counted=Text(
            da=f"{what.da[0].upper()}{what.da[1:]} mindst én gang i perioden",
            en=f"{what.en[0].upper()}{what.en[1:]} in the period",
        ),
        denominator=people_with_kol_in_general_practice,
        numerator=measured_in_practice(code),
        needs=("practice_record",),
        look_back=CODED_BEFORE,
        direction="higher is better",
        standard=0.90,
        source=Source(title=f"DrKOL-GP{number}: DSAM's KOL-vejledning 2017", retrieved="2026-11", confidence="high"),
        caveats=(
            Text(
                da="Det, klinikken har målt uden at kode det, ses ikke.",
                en="What the clinic measured without coding it is not seen.",
            ),
        ),
    )


KOL_FEV1 = _kol_yearly(
    "kol_fev1_yearly", 1, "FEV1", Text(da="målt lungefunktion (FEV1)", en="lung function (FEV1) measured")
)
KOL_SMOKING = _kol_yearly(
    "kol_smoking_yearly", 4, "RYG", Text(da="registreret rygestatus", en="smoking status recorded")
)
KOL_BMI = _kol_yearly("kol_bmi_yearly", 2, "BMI", Text(da="målt BMI", en="BMI measured"))
KOL_MRC = _kol_yearly(
    "kol_mrc_yearly", 3, "MRC", Text(da="registreret åndenød (MRC)", en="breathlessness (MRC) recorded")
)
KOL_REFERRED = Proportion(
    id="kol_rehabilitation_offered",
    title=Text(
        da="Borgere med KOL og åndenød, der blev henvist til kommunen",
        en="People with COPD and breathlessness referred to the municipality",
    ),
    one_row_is=Text(
        da="en borger med KOL-diagnosen R95 i almen praksis, hvis seneste MRC i perioden er 3 eller mere",
        en="a person with COPD coded R95 in general practice whose latest MRC of the period is 3 or more",
    ),
    counted=Text(
        da="En henvisning efter §119 eller en genoptræningsplan efter §140 i perioden",
        en="A referral under §119 or a rehabilitation plan under §140 in the period",
    ),
    denominator=breathless,
    numerator=referred,
    needs=("practice_record", "referral"),
    look_back=CODED_BEFORE,
    direction="higher is better",
    source=Source(title="DrKOL-GP5: DSAM's KOL-vejledning 2017", retrieved="2026-11", confidence="medium"),
    caveats=(
        Text(
            da="Borgere uden registreret MRC er uoplyste og indgår ikke.",
            en="People without a recorded MRC are unknown and left out.",
        ),
        Text(
            da="Tilbud, som borgeren takkede nej til, ses ikke, og henvisninger af anden grund tæller med.",
            en="Offers that were declined are not seen, and referrals for other reasons count too.",
        ),
    ),
)
KOL_READMISSION = Proportion(
    id="kol_readmission_30d",
    title=Text(
        da="Akut genindlæggelse inden for 30 dage efter KOL-forværring",
        en="Acute readmission within 30 days after worsening COPD",
    ),
    one_row_is=Text(
        da="en udskrivning efter akut forværring af KOL, hvor borgeren levede mere end 30 dage efter",
        en="a discharge after acute worsening of COPD where the person lived more than 30 days after it",
    ),
    counted=Text(
        da="En akut somatisk indlæggelse senest 30 dage efter udskrivningen",
        en="An acute somatic admission at most 30 days after the discharge",
    ),
    denominator=exacerbations_survived,
    numerator=readmitted,
    needs=("hospital_contact",),
    follow_up_days=READMISSION_DAYS,
    direction="lower is better",
    standard=0.15,
    source=DRKOL,
)
KOL_MORTALITY = Proportion(
    id="kol_mortality_30d",
    title=Text(da="Død inden for 30 dage efter KOL-forværring", en="Death within 30 days after worsening COPD"),
    one_row_is=Text(da="en akut indlæggelse med forværring af KOL", en="an acute admission with worsening COPD"),
    counted=Text(
        da="Død senest 30 dage efter indlæggelsens første dag", en="Death at most 30 days after the day of admission"
    ),
    denominator=exacerbations_begun,
    numerator=dead_within(MORTALITY_DAYS),
    needs=("hospital_contact",),
    follow_up_days=MORTALITY_DAYS,
    direction="lower is better",
    standard=0.15,
    source=DRKOL,
)

KOL_TECHNIQUE = Proportion(
    id="kol_inhalation_technique",
    title=Text(
        da="Borgere med KOL, der fik kontrolleret inhalationsteknik",
        en="People with COPD whose inhalation technique was checked",
    ),
    one_row_is=Text(
        da="en borger med KOL-diagnosen R95 i almen praksis, da perioden begyndte, der købte inhalationsmedicin i den",
        en="a person with COPD coded R95 in general practice when the period began who bought inhaled medicine in it",
    ),
    counted=Text(
        da="Inhalationsteknik registreret mindst én gang i perioden, uanset resultat",
        en="Inhalation technique recorded in the period, whatever the result",
    ),
    denominator=buyers(people_with_kol_in_general_practice, INHALERS),
    numerator=measured_in_practice("INHAL"),
    needs=("practice_record", "prescription"),
    look_back=CODED_BEFORE,
    direction="higher is better",
    source=Source(title="DrKOL-GP6: DSAM's KOL-vejledning 2017", retrieved="2026-11", confidence="medium"),
    caveats=KOL_FEV1.caveats,
)
KOL_DAYS_COVERED = days_covered(
    "kol_long_acting_80_per_cent_covered", Text("KOL", "COPD"), Text("LABA eller LAMA", "long-acting bronchodilators"),
    with_kol, LONG_ACTING, known(DISEASES["kol"]), INHALED,
)  # fmt: skip

INDICATORS = (
    KOL_FEV1, KOL_BMI, KOL_MRC, KOL_SMOKING, KOL_TECHNIQUE, KOL_REFERRED, KOL_DAYS_COVERED, KOL_READMISSION,
    KOL_MORTALITY,
)  # fmt: skip

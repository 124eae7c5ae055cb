"""How hospitals' outpatients with KOL (COPD) are looked after, as DrKOL asks: rehabilitation and medicine."""

from __future__ import annotations

import ibis

from ddns_utils.indicators.declare import FindRows, LookAtRows, Proportion, Source
from ddns_utils.indicators.kol import BREATHLESS_FROM, LONG_ACTING, exacerbations
from ddns_utils.indicators.look_back import LookBack
from ddns_utils.indicators.medicine import bought_before
from ddns_utils.indicators.rows import aged, with_any, with_number, within
from ddns_utils.kept import keep_for
from ddns_utils.language import Text
from ddns_utils.period import Period
from ddns_utils.phenotypes import DISEASES
from ddns_utils.phenotypes.diseases import medicine_codes, starts_with
from ddns_utils.snapshot import Snapshot

ADULT = 30  # DrKOL has patients aged 30 or over
YEAR = 365
MANY_EXACERBATIONS = 2
STEROIDS = medicine_codes("ICS", "LABA+ICS", "LAMA+LABA+ICS")
(KOL_CODES,) = (rule.codes for rule in DISEASES["kol"].rules if rule.name == "hospital diagnosis")


def outpatients(snapshot: Snapshot, period: Period) -> ibis.Table:
    """People aged 30 or over with planned hospital contacts for KOL in the period, on the day of the latest."""
    contacts, said = snapshot.table("hospital_contact"), snapshot.table("hospital_diagnosis")
    said = said.filter(starts_with(said.code, KOL_CODES), said.kind.isin(["A", "B"]), ~said.retracted.fill_null(False))
    contacts = contacts.filter(contacts.priority == "ATA3").semi_join(said, "contact_id")
    contacts = contacts.select("person_id", day=contacts.start.date())
    contacts = contacts.filter(within(contacts.day, period))
    latest = contacts.group_by("person_id").aggregate(on=contacts.day.max())
    return aged(latest, snapshot, ADULT, period.last_day)


def breathlessness(snapshot: Snapshot, period: Period) -> ibis.Table:
    """Those with a known MRC in the year until that contact, with ``mrc``, the latest (of one day the highest)."""
    return keep_for(snapshot, period, "kol_breathlessness", lambda snapshot: _breathlessness(snapshot, period))


def _breathlessness(snapshot: Snapshot, period: Period) -> ibis.Table:
    rows, records = outpatients(snapshot, period), snapshot.table("practice_record")
    scores = records.filter(records.kind == "measurement", records.code == "MRC", records.value.notnull())
    scores = scores.select(who="person_id", day="recorded_on", value="value")
    found = rows.inner_join(
        scores,
        [rows.person_id == scores.who, scores.day <= rows.on, scores.day >= rows.on - ibis.interval(days=YEAR)],
    )
    found = found.mutate(last=found.day.max().over(group_by=found.person_id))
    found = found.filter(found.day == found["last"])
    return found.group_by("person_id", "on").aggregate(mrc=found.value.max())


def breathless_outpatients(snapshot: Snapshot, period: Period) -> ibis.Table:
    """Those with MRC 3 or more. Unknown is not among them; how many that is, ``kol_outpatient_mrc_known`` tells."""
    rows = breathlessness(snapshot, period)
    return rows.filter(rows.mrc >= BREATHLESS_FROM).drop("mrc")


def breathless_with_exacerbations(snapshot: Snapshot, period: Period) -> ibis.Table:
    """Those who also buy long-acting bronchodilators and had two acute admissions for KOL getting worse in the year."""
    rows = bought_before(LONG_ACTING, YEAR)(breathless_outpatients(snapshot, period), snapshot, period)
    rows = rows.filter(rows.counts).drop("counts")
    worse = exacerbations(snapshot).select("person_id", day="started_on")
    rows = with_number(rows, worse, rows.on - ibis.interval(days=YEAR), rows.on)
    return rows.filter(rows.counts >= MANY_EXACERBATIONS).drop("counts")


def known(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
    """Flags those whose MRC is known."""
    mrc = breathlessness(snapshot, period).select("person_id", counts=True)
    rows = rows.left_join(mrc, "person_id").drop("person_id_right")
    return rows.mutate(counts=rows.counts.fill_null(False))


def referred_in_the_year(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
    """Flags a standing referral to the municipality (§119 or §140) in the year until the contact."""
    referrals = snapshot.table("referral")
    referrals = referrals.filter(~referrals.status.isin(["revoked", "entered-in-error"]))
    events = referrals.select("person_id", day="received_on")
    return with_any(rows, events, rows.on - ibis.interval(days=YEAR), rows.on)


BREATHLESS = Text(
    "en borger på mindst 30 år, der i perioden var ambulant på sygehus for KOL, med MRC 3 eller mere i året før",
    "an outpatient with COPD aged 30 or over, with MRC 3 or more in the year before the latest contact",
)
UNKNOWN = Text(
    "Borgere uden MRC i året før seneste kontakt er uoplyste og indgår ikke. MRC er almen praksis' egen, da sygehusets "
    "ikke er i registrene.",
    "People without MRC in the year before are unknown and left out. MRC is that of general practice, since the "
    "hospital's is not in the registers.",
)


def _declare(
    id: str, number: str, title: Text, row: Text, counted: Text, denominator: FindRows, numerator: LookAtRows,
    tables: tuple[str, ...], confidence: str, standard: float | None, *caveats: Text,
) -> Proportion:  # fmt: skip
    looked_at = (*tables, "practice_record")
    return Proportion(
        id=id, title=title, one_row_is=row, counted=counted, denominator=denominator, numerator=numerator,
        needs=("hospital_contact", "hospital_diagnosis", *looked_at), direction="higher is better", standard=standard,
        look_back=(LookBack(tables=looked_at, days=YEAR),), caveats=caveats,
        source=Source(title=f"DrKOL {number} (rkkp.dk, tilpasninger)", retrieved="2026-11", confidence=confidence),
    )  # fmt: skip


MRC_KNOWN = _declare(
    "kol_outpatient_mrc_known", "5 og 8, uoplyste",
    Text("Ambulante borgere med KOL, hvis åndenød (MRC) er kendt", "Outpatients with COPD with known breathlessness"),
    Text("en borger på mindst 30 år, der i perioden var ambulant på sygehus for KOL",
         "an outpatient with COPD aged 30 or over in the period"),
    Text("MRC i almen praksis i året til seneste kontakt", "MRC in general practice in the year until that contact"),
    outpatients, known, (), "medium", None,
)  # fmt: skip
OUTPATIENT_REFERRED = _declare(
    "kol_outpatient_rehabilitation", "5",
    Text("Ambulante borgere med KOL og åndenød, der blev henvist til rehabilitering",
         "Outpatients with COPD and breathlessness referred to rehabilitation"),
    BREATHLESS,
    Text("En henvisning efter §119 eller en genoptræningsplan efter §140 i året til seneste kontakt",
         "A referral under §119 or a rehabilitation plan under §140 in the year until the latest contact"),
    breathless_outpatients, referred_in_the_year, ("referral",), "unverified", 0.90, UNKNOWN,
    Text("Databasen tæller dem, der blev spurgt; her ses kun henvisningen.",
         "The database counts those who were asked; here only the referral is seen."),
)  # fmt: skip
OUTPATIENT_LONG_ACTING = _declare(
    "kol_outpatient_long_acting", "8a",
    Text("Ambulante borgere med KOL og åndenød i behandling med LABA eller LAMA",
         "Outpatients with COPD and breathlessness on a long-acting bronchodilator"),
    BREATHLESS,
    Text("Et køb af LABA eller LAMA (langtidsvirkende luftvejsudvidende medicin) i året til seneste kontakt",
         "A purchase of a long-acting bronchodilator in the year until the latest contact"),
    breathless_outpatients, bought_before(LONG_ACTING, YEAR), ("prescription",), "high", None, UNKNOWN,
)  # fmt: skip
OUTPATIENT_STEROID = _declare(
    "kol_outpatient_steroid", "8b",
    Text("Ambulante borgere med svær KOL i behandling med inhalationssteroid",
         "Outpatients with severe COPD on an inhaled steroid"),
    Text(BREATHLESS.da + ", LABA eller LAMA og mindst to akutte indlæggelser for forværring",
         BREATHLESS.en + ", a long-acting bronchodilator and two acute admissions for worsening"),
    Text("Et køb af inhalationssteroid i året til seneste kontakt",
         "A purchase of an inhaled steroid in the year until the latest contact"),
    breathless_with_exacerbations, bought_before(STEROIDS, YEAR), ("prescription",), "high", None, UNKNOWN,
    Text("Forværringer, der blev behandlet uden indlæggelse, ses ikke.",
         "Worsening that was treated without admission is not seen."),
)  # fmt: skip

INDICATORS = (MRC_KNOWN, OUTPATIENT_REFERRED, OUTPATIENT_LONG_ACTING, OUTPATIENT_STEROID)

"""Made-up against published: the same figures counted in the delivered files. ``python -m`` writes the docs page."""

from __future__ import annotations

import csv
import sys
import tempfile
from pathlib import Path

import duckdb
import pandas as pd

from ddns_utils import codelists
from ddns_utils.synthetic.home_care import HOME
from ddns_utils.synthetic.people import PUBLISHED
from ddns_utils.synthetic.reading import delivered, municipal

# A disease is found by a diagnosis (not retracted) or two purchases on different days. Our own rules for calibration;
# RUKS's own are not public. Diabetes: two events as in the Open Source Diabetes Classifier, type 1 by DE10 and insulin.
RULES = {
    "asthma": ("DJ4[56]", "R03(AK|BA)"),
    "osteoporosis": ("DM8[01]", "M05B"),
    "copd": ("DJ44", "R03(AC1[89]|AL0[345]|BB0[456])"),
    "heart_failure": ("DI50", None),
    "dementia": ("D(F0[0-3]|G30)", "N06D"),
    "rheumatoid_arthritis": ("DM0[56]", None),
    "schizophrenia": ("DF20", None),
    "atrial_fibrillation": ("DI48", None),
    "ischaemic_heart_disease": ("DI2[0-5]", None),
    "cancer": ("DC[0-9]", None),
}

PAGE = """# The made-up Denmark against the real one

Nobody in the made-up Denmark is a real person: CPR numbers fail modulus 11 on purpose, provider and organisation
numbers are invented, and every event is drawn at random. It is there to build and test on, never to learn about people.

The figures below are counted in the delivered files of {citizens:,} made-up citizens over {years} years (seed 1), for
{year} (population: at the start). Written by `python -m ddns_utils.synthetic.calibration`; a test holds every row
within 10 %. Disease is found by our own rules, because RUKS's are not public: a hospital diagnosis that is not
retracted or two purchases of its medicine; diabetes by two events over diagnoses, podiatry, medicine and HbA1c.

What is planted on purpose stands in `truth.json` beside the deliveries, and tests find it again: municipalities that
differ in HbA1c, in follow-up by general practice and in early rehabilitation; an effect of early rehabilitation that
frailty, age and disease confound; a winter peak of acute contacts; persons who get another CPR number; lag from event
to register and to the gateway.

Care in atrial fibrillation and heart failure is drawn so that the databases' published shares (treatment,
echocardiography, education, stroke, bleeding) lie within what chance allows; a test of the indicators holds it.

What is simpler than life: every municipality has the country's ages; nobody immigrates or emigrates; households and
kinship exist only between mothers and children born in the years covered; a hospital unit stands for a chapter of
diagnoses; codes marked unverified in the code lists are placeholders.
"""


def compare(folder: Path, year: int) -> pd.DataFrame:
    """One row per published figure: figure, published, made_up, ratio, unit, en, source, confidence."""
    with (PUBLISHED / "figures.csv").open(encoding="utf-8") as file:
        published = list(csv.DictReader(file))
    database = delivered(folder)
    found = _population(database, year) | _hospital(database, year) | _practice(database, year)
    found |= _municipal(database, municipal(folder), year) | _diseases(database, year)
    rows = [row | {"published": float(row["published"]), "made_up": found[row["figure"]]} for row in published]
    frame = pd.DataFrame(rows)
    return frame.assign(ratio=frame["made_up"] / frame["published"])


def _one(database: duckdb.DuckDBPyConnection, query: str) -> float:
    return float(database.execute(query).fetchone()[0])


def _by(database: duckdb.DuckDBPyConnection, query: str) -> dict:
    return dict(database.execute(query).fetchall())


def _residents(day: str) -> str:
    return f"homes WHERE BOP_VFRA <= DATE '{day}' AND (BOP_VTIL IS NULL OR BOP_VTIL > DATE '{day}')"


def _population(database, year: int) -> dict[str, float]:
    first = _one(database, "SELECT min(year(EKSD)) FROM LMDB")
    day = f"{int(first)}-01-01"
    age = f"date_diff('day', FOED_DAG, DATE '{day}') / 365.25"
    share, senior, old, women = database.execute(f"""
        SELECT avg((KOM = '101')::INT), avg(({age} >= 65)::INT), avg(({age} >= 80)::INT), avg((KOEN = '2')::INT)
        FROM {_residents(day)}""").fetchone()
    deaths = _one(database, f"SELECT count(*) FROM persons WHERE year(DOED_DAG) = {year}")
    return {
        "population_copenhagen": 100 * share, "population_65": 100 * senior, "population_80": 100 * old,
        "population_women": 100 * women, "deaths_per_1000": 1000 * deaths / _middle(database, year),
    }  # fmt: skip


def _middle(database, year: int, where: str = "TRUE") -> float:
    return _one(database, f"SELECT count(*) FROM {_residents(f'{year}-07-01')} AND {where}")


def _hospital(database, year: int) -> dict[str, float]:
    inside = f"year(starts) = {year}"
    found = {}
    regions = {row["code"]: row["region"] for row in codelists.rows("municipality")}
    database.execute(
        "CREATE TABLE regions AS SELECT unnest($1) KOM, unnest($2) region", [[*regions], [*regions.values()]]
    )
    by_region = _by(database, f"""
        SELECT region, count(*) FROM stays JOIN homes USING (PNR) JOIN regions USING (KOM)
        WHERE admission AND {inside} AND starts >= BOP_VFRA AND (BOP_VTIL IS NULL OR starts < BOP_VTIL)
        GROUP BY region""")  # fmt: skip
    for name, region in (("sjaelland", "1085"), ("midtjylland", "1082")):
        people = _middle(database, year, f"KOM IN {tuple(k for k, r in regions.items() if r == region)}")
        found[f"admissions_{name}"] = 1000 * by_region[region] / people
    mix = _by(database, f"""
        SELECT (CASE WHEN acute THEN 'acute' ELSE 'planned' END) ||
               (CASE WHEN admission THEN '_inpatient' ELSE '_outpatient' END), count(*)
        FROM stays WHERE {inside} GROUP BY ALL""")  # fmt: skip
    found |= {f"stays_{kind}": 100 * number / sum(mix.values()) for kind, number in mix.items()}
    admissions = mix["acute_inpatient"] + mix["planned_inpatient"]
    women = _one(
        database, f"SELECT count(*) FROM stays JOIN persons USING (PNR) WHERE admission AND KOEN = '2' AND {inside}"
    )
    again = _one(database, f"""
        SELECT avg((EXISTS (SELECT 1 FROM stays b WHERE b.PNR = a.PNR AND b.admission AND b.acute AND b.starts > a.ends
                            AND b.starts::DATE <= a.ends::DATE + 30))::INT)
        FROM stays a WHERE a.admission AND year(a.ends) = {year} AND a.specialty <> 'psykiatri'""")  # fmt: skip
    return found | {
        "admissions_per_1000": 1000 * admissions / _middle(database, year), "readmission_30d": 100 * again,
        "admissions_women": 100 * women / admissions,
    }  # fmt: skip


def _practice(database, year: int) -> dict[str, float]:
    contacts = codelists.codes("practice_service", gp_contact="yes")
    database.execute(f"""
        CREATE TABLE seen AS SELECT PNR, BEHANDLINGSDATO AS day, YDLANT AS number FROM SSSY
        WHERE SPECIALE IN {contacts} AND year(BEHANDLINGSDATO) = {year}""")
    total = _one(database, "SELECT sum(number) FROM seen")
    women = _one(database, "SELECT sum(number) FROM seen JOIN persons USING (PNR) WHERE KOEN = '2'")
    senior = (
        "SELECT sum(number) FROM seen JOIN persons USING (PNR) WHERE date_diff('day', FOED_DAG, day) / 365.25 >= 65"
    )
    reached = _one(database, f"SELECT count(DISTINCT PNR) FROM seen JOIN {_residents(f'{year}-12-31')}".replace(
        "JOIN homes WHERE", "JOIN homes USING (PNR) WHERE"))  # fmt: skip
    found = {
        "gp_contacts": total / _middle(database, year), "gp_women": 100 * women / total,
        "gp_65": 100 * _one(database, senior) / total,
        "gp_reach": 100 * reached / _one(database, f"SELECT count(*) FROM {_residents(f'{year}-12-31')}"),
    }  # fmt: skip
    for name, code in (("copenhagen", "101"), ("egedal", "240"), ("langeland", "482")):
        here = _one(database, f"""
            SELECT sum(number) FROM seen JOIN homes USING (PNR)
            WHERE KOM = '{code}' AND day >= BOP_VFRA AND (BOP_VTIL IS NULL OR day < BOP_VTIL)""")  # fmt: skip
        found[f"gp_contacts_{name}"] = here / _middle(database, year, f"KOM = '{code}'")
    return found


def _municipal(database, tables: dict[str, pd.DataFrame], year: int) -> dict[str, float]:
    plans = tables["plans"][tables["plans"]["received"].str.startswith(str(year))]
    kinds = plans["kind"].map({r["code"]: r["short"] for r in codelists.rows("rehabilitation_plan_kind")})
    wait = (pd.to_datetime(plans["received"]) - pd.to_datetime(plans["discharged"])).dt.days
    day = f"{year}-12-31"
    care = tables["care"]
    helped = care[
        care["code"].isin(HOME.values()) & (care["start"] <= day) & (care["end"].isna() | (care["end"] > day))
    ]
    residents = database.execute(
        f"SELECT DISTINCT PNR, date_diff('day', FOED_DAG, DATE '{day}') / 365.25 AS age FROM {_residents(day)}"
    ).df()
    with_help = residents["PNR"].isin(helped["PNR"])
    return {
        "plans_per_1000": 1000 * plans["PNR"].nunique() / _middle(database, year),
        "plans_general": 100 * (kinds == "general").mean(), "plans_specialised": 100 * (kinds == "specialised").mean(),
        "plans_within_a_day": 100 * (wait <= 1).mean(), "home_help_per_1000": 1000 * with_help.mean(),
        "home_help_80": 100 * with_help[residents["age"] >= 80].mean(),
    }  # fmt: skip


def _diseases(database, year: int) -> dict[str, float]:
    day = f"{year}-12-31"
    residents = _one(database, f"SELECT count(*) FROM {_residents(day)}")
    database.execute(f"""
        CREATE TABLE alive AS SELECT DISTINCT PNR FROM {_residents(day)};
        CREATE TABLE diagnoses AS
        SELECT PNR, KONT_STARTTIDSPUNKT::DATE AS day, DIAG_KODE AS code, DIAG_KODE_TYPE AS kind
        FROM LPR_A_DIAGNOSE JOIN (SELECT DISTINCT DW_EK_KONTAKT, PNR, KONT_STARTTIDSPUNKT FROM LPR_A_KONTAKT)
            USING (DW_EK_KONTAKT)
        WHERE DIAG_KODE_TYPE IN ('A', 'B') AND SENERE_AFKRAEFTET = 'Nej' AND KONT_STARTTIDSPUNKT::DATE <= DATE '{day}';
        CREATE VIEW bought AS SELECT PNR, EKSD AS day, ATC AS atc, INDO AS indication
        FROM LMDB WHERE EKSD <= DATE '{day}';
        CREATE VIEW sweet AS
        SELECT PNR, day FROM diagnoses WHERE regexp_matches(code, '^DE1[0-4]')
        UNION SELECT PNR, BEHANDLINGSDATO FROM SSSY WHERE SPECIALE LIKE '54%' AND BEHANDLINGSDATO <= DATE '{day}'
        UNION SELECT PNR, SAMPLINGDATE FROM LAB WHERE ANALYSISCODE = 'NPU27300' AND SAMPLINGDATE <= DATE '{day}'
            AND try_cast(VALUE AS DOUBLE) >= 48
        UNION SELECT PNR, day FROM bought WHERE atc LIKE 'A10%' AND NOT regexp_matches(atc, '^(A10BJ|A10BK0[13])')
            AND indication IS DISTINCT FROM '0000276';
        CREATE TABLE diabetes AS SELECT PNR FROM sweet GROUP BY PNR HAVING count(*) >= 2;
        CREATE TABLE ones AS SELECT DISTINCT PNR FROM diagnoses JOIN bought USING (PNR)
        WHERE code LIKE 'DE10%' AND kind = 'A' AND atc LIKE 'A10A%';
    """)
    found = {}
    for name, (diagnosis, medicine) in RULES.items():
        rules = [f"SELECT PNR FROM diagnoses WHERE regexp_matches(code, '^{diagnosis}')"]
        if medicine:
            rules.append(f"""SELECT PNR FROM bought WHERE regexp_matches(atc, '^{medicine}')
                             GROUP BY PNR HAVING count(DISTINCT day) >= 2""")
        found[name] = _one(database, f"SELECT count(*) FROM alive SEMI JOIN ({' UNION '.join(rules)}) USING (PNR)")
    found["type1_diabetes"] = _one(
        database, "SELECT count(*) FROM alive SEMI JOIN diabetes USING (PNR) SEMI JOIN ones USING (PNR)"
    )
    found["type2_diabetes"] = _one(
        database, "SELECT count(*) FROM alive SEMI JOIN diabetes USING (PNR) ANTI JOIN ones USING (PNR)"
    )
    return {name: 1000 * number / residents for name, number in found.items()}


def as_markdown(frame: pd.DataFrame, citizens: int, years: int, year: int) -> str:
    """The comparison as a page of documentation."""
    lines = [
        PAGE.format(citizens=citizens, years=years, year=year),
        "| figure | published | made up | ratio | source | confidence |",
        "|---|--:|--:|--:|---|---|",
    ]
    for row in frame.itertuples():
        lines.append(
            f"| {row.en} ({row.unit}) | {row.published:g} | {row.made_up:.2f} | {row.ratio:.2f} | {row.source} | "
            f"{row.confidence} |"
        )
    return "\n".join(lines) + "\n"


def main(target: str = "docs/made_up_denmark.md", citizens: int = 60_000, years: int = 4, year: int = 2025) -> None:
    """Make a Denmark, compare it with the published figures and write the page."""
    from ddns_utils.synthetic.denmark import synthesize

    with tempfile.TemporaryDirectory() as folder:
        synthesize(Path(folder), citizens, years, until_year=year)
        page = as_markdown(compare(Path(folder), year), citizens, years, year)
    Path(target).write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:2])

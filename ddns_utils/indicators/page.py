"""The page of indicators. ``python -m ddns_utils.indicators.page`` writes it from the declarations."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ddns_utils.indicators import INDICATORS
from ddns_utils.indicators.declare import Indicator

PAGE = Path(__file__).parents[2] / "docs" / "indicators.md"
# What clinical databases, guidelines and the national goals ask, and what is the nearest that registers can answer.
ASKED: dict[str, tuple[str, ...]] = {
    "DVDD-1f1": ("hba1c_below_59",),
    "DVDD-1f2": ("hba1c_75_or_more",),
    "DVDD-BT": ("diabetes_blood_pressure_yearly",),
    "DVDD-ALB": ("diabetes_albumin_2_years",),
    "DVDD-OEJE": ("diabetes_eye_2_years",),
    "DVDD-FOD": ("diabetes_foot_2_years",),
    "DrKOL-GP1": ("kol_fev1_yearly",),
    "DrKOL-GP2": ("kol_bmi_yearly",),
    "DrKOL-GP3": ("kol_mrc_yearly",),
    "DrKOL-GP4": ("kol_smoking_yearly",),
    "DrKOL-GP5": ("kol_rehabilitation_offered",),
    "DrKOL-GP6": ("kol_inhalation_technique",),
    "DrKOL-H5": ("kol_outpatient_rehabilitation", "kol_outpatient_mrc_known"),
    "DrKOL-H8a": ("kol_outpatient_long_acting", "kol_outpatient_mrc_known"),
    "DrKOL-H8b": ("kol_outpatient_steroid", "kol_outpatient_mrc_known"),
    "DrKOL-H12": ("kol_readmission_30d",),
    "DrKOL-H13": ("kol_mortality_30d",),
    "AFDK-1": ("af_anticoagulant_30d",),
    "AFDK-2": ("af_echocardiography",),
    "AFDK-3": ("af_tsh_measured",),
    "AFDK-4a": ("af_anticoagulant_kept_1y", "af_anticoagulant_kept_2y", "af_anticoagulant_kept_5y"),
    "AFDK-4b": ("af_creatinine_yearly",),
    "AFDK-5": ("af_ischaemic_stroke",),
    "AFDK-6": ("af_intracranial_bleeding",),
    "AFDK-7": ("af_other_severe_bleeding",),
    "AFDK-8": ("af_patient_education_1y",),
    "DHD-SGLT2": ("hf_sglt2_90d",),
    "DHD-mort": ("hf_mortality_1y",),
    "DrAstma-2": ("asthma_relievers_without_steroid",),
    "DrAstma-3": ("asthma_long_acting_without_steroid",),
    "DrAstma-4a": ("asthma_spirometry_6_months", "asthma_fev1_yearly"),
    "NM-READM-S": ("readmission_30d",),
    "NM-READM-P": ("psychiatric_readmission_30d",),
    "NM-PREV65": ("preventable_admissions_65",),
    "NM-GOP-WAIT": ("rehabilitation_offer_within_7_days", "rehabilitation_days_to_offer"),
    "NM-FAERDIG": ("bed_days_after_treatment",),
    "NM-GOP": ("rehabilitation_plans_per_1000",),
}
HEAD = """# What is asked, and which indicator answers

Written from the declarations by `python -m ddns_utils.indicators.page`; a test holds it to them. The first table goes
through the indicators of the clinical databases (DVDD diabetes, DrKOL, AFDK atrial fibrillation, DHD heart failure,
DrAstma) and the national goals (NM) row by row; the second has what is measured beside them. *Looks at* is what
registers must cover besides the period, *confidence* is that of the definition and its codes, and *differs* says how
registers' answer is not quite what was asked. Indicators of data quality are in [data_quality.md](data_quality.md).

Where a database counts patients as unknown, they are unknown here too: they are in no denominator, and an indicator of
its own tells how many are known (`kol_outpatient_mrc_known`, `kol_mrc_yearly`, `hba1c_measured`).
"""


def page() -> str:
    """Every indicator of care, by the row that asks for it, as Markdown."""
    asked = [(row, id) for row, ids in ASKED.items() for id in ids]
    answering = {id for _, id in asked}
    beside = [("", id) for id, one in INDICATORS.items() if id not in answering and not one.category]
    return "\n".join([HEAD, *_table(asked, "asked"), "", "## Beside them", "", *_table(beside, ""), ""])


def _table(rows: Iterable[tuple[str, str]], first: str) -> list[str]:
    heads = [*([first] if first else []), "indicator", "what", "standard", "looks at", "confidence", "differs"]
    lines = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    for row, id in rows:
        one = INDICATORS[id]
        cells = [*([row] if first else []), f"`{id}`", one.title.en, _standard(one), _looks_at(one)]
        cells += [one.source.confidence, " ".join(caveat.en for caveat in one.caveats)]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _standard(one: Indicator) -> str:
    if one.standard is None:
        return ""
    return f"{'at least' if one.direction == 'higher is better' else 'at most'} {100 * one.standard:g}%"


def _looks_at(one: Indicator) -> str:
    parts = [back.words.en for back in one.look_back if back.refuses]
    parts += [f"{one.follow_up_days} days after it"] if one.follow_up_days else []
    return "; ".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")

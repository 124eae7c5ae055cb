"""What is planted in the made-up Denmark: the true values that an analysis should find again.

Written to ``truth.json`` beside the deliveries. Analyses never read it; tests do.
"""

from __future__ import annotations

import math

NOTICE = (
    "Made up by a computer program. Nobody in these files is a real person: CPR numbers fail modulus 11 on purpose, "
    "provider numbers and organisation numbers are invented, and every event is drawn at random. "
    "Opdigtet af et computerprogram. Ingen i disse filer er en virkelig person."
)

# Shown on every report, in its language
READERS_NOTICE = (
    "da: Opdigtede data. Tallene kommer fra et computerprogram og siger intet om virkelige borgere eller kommuner.\n"
    "en: Made-up data. The numbers come from a computer program; they say nothing of real citizens or municipalities.\n"
)

# Municipalities that differ, and by how much. All others are alike.
HBA1C_SHIFT = {"461": 6.0, "851": -5.0, "561": 5.0, "265": -4.0}  # mmol/mol added to each HbA1c of diabetes patients
GP_FOLLOW_UP_EXTRA = {"751": 0.22, "851": 0.18, "461": -0.2, "330": -0.2}  # added chance of a GP contact, 14 days
GP_FOLLOW_UP_BASE = 0.30  # chance of an arranged GP contact within 14 days of discharge, besides chance contacts
EARLY_START_LOGIT = {"851": 1.2, "751": 0.7, "101": -0.6, "461": -1.1}  # added to the log odds of a start in 7 days

# Early start of rehabilitation: log odds of an offered first contact at most 7 days after discharge.
EARLY_BASE = 0.65
EARLY_PER_LOG_FRAILTY = -0.5
EARLY_PER_15_YEARS_ABOVE_60 = -0.3
EARLY_PER_CHRONIC_DISEASE = -0.25
EARLY_RATE_RATIO = 0.75  # acute hospital contacts on days 1–90 after discharge, early against later start
FOLLOW_UP_DAYS = 90

# Acute contacts follow frailty, and the number of chronic diseases.
FRAILTY_SD = 0.7  # of log frailty, mean frailty 1
ACUTE_PER_CHRONIC_DISEASE = 0.35  # added to the rate, per disease

SEASON_AMPLITUDE = 0.15  # acute hospital contacts: 1 + amplitude × cos(2π (day of year − peak) / 365.25)
SEASON_PEAK_DAY = 20

# Persons who get another CPR number: 283 with more than one in LPR of 2024 (dst.dk, Sygehusbenyttelse), 5.96 million
# residents. Small countries have a few anyhow.
NUMBER_CHANGES_PER_PERSON_YEAR = 283 / 5_960_000
FEWEST_NUMBER_CHANGES = 4

SYSTEMS = ("ALFA", "BETA", "GAMMA")  # invented clinic systems of general and specialist practice

# Reporting lag of the flat registers, in days: a minimum plus an exponential part with this mean.
LAG = {
    "LPR_A": (1.0, 9.0),
    "SSSY": (7.0, 21.0),
    "LMDB": (1.0, 6.0),
    "LAB": (0.0, 2.0),
    "AIM": (1.0, 6.0),
    "SENTINEL": (7.0, 14.0),
}
MUNICIPAL_LAG = 0  # days from the night after a day's changes until they are sent
LATE_MUNICIPALITIES = {"265": 9, "370": 30, "540": 6, "813": 25}


def describe(citizens: int, years: int, seed: int, until_year: int, counted: dict[str, int]) -> dict:
    """The truth of one made-up Denmark, ready for JSON."""
    return {
        "notice": NOTICE,
        "citizens": citizens,
        "years": years,
        "seed": seed,
        "until_year": until_year,
        "first_day": f"{until_year - years + 1}-01-01",
        "extraction": f"{until_year + 1}-05-01",
        "rows": counted,
        "quality": {
            "hba1c": {"what": "added to HbA1c of diabetes patients, mmol/mol", "municipalities": HBA1C_SHIFT},
            "gp_follow_up_14_days": {
                "what": "added to the chance of an arranged GP contact within 14 days of discharge from an admission",
                "elsewhere": GP_FOLLOW_UP_BASE,
                "municipalities": GP_FOLLOW_UP_EXTRA,
            },
            "rehabilitation_within_7_days": {
                "what": "added to the log odds of a first contact offered at most 7 days after discharge",
                "odds_ratio": {code: round(math.exp(value), 3) for code, value in EARLY_START_LOGIT.items()},
                "municipalities": EARLY_START_LOGIT,
            },
        },
        "rehabilitation_effect": {
            "treatment": "first contact offered at most 7 days after discharge",
            "outcome": f"acute hospital contacts starting 1 to {FOLLOW_UP_DAYS} days after discharge",
            "rate_ratio": EARLY_RATE_RATIO,
            "confounders_of_early_start": {
                "log_odds_base": EARLY_BASE,
                "per_log_frailty": EARLY_PER_LOG_FRAILTY,
                "per_15_years_above_60": EARLY_PER_15_YEARS_ABOVE_60,
                "per_chronic_disease": EARLY_PER_CHRONIC_DISEASE,
            },
            "frailty": f"log-normal, mean 1, standard deviation of the logarithm {FRAILTY_SD}; never delivered",
        },
        "seasonality": {
            "what": "acute hospital contacts: 1 + amplitude × cos(2π (day of year − peak day) / 365.25)",
            "amplitude": SEASON_AMPLITUDE,
            "peak_day": SEASON_PEAK_DAY,
        },
        "number_changes": {
            "what": "persons who get another CPR number: earlier events are delivered under the former one",
            "persons": counted["CPR"],
        },
        "reporting_lag_days": {
            "registers": {name: {"least": low, "mean": low + mean} for name, (low, mean) in LAG.items()},
            "municipalities": {
                "what": "days from the night after a report's day until it is sent",
                "usual": MUNICIPAL_LAG,
                "late": LATE_MUNICIPALITIES,
            },
        },
    }

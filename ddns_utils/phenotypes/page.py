"""The page of diseases and their rules. ``python -m ddns_utils.phenotypes.page`` writes it from the declarations."""

from __future__ import annotations

from pathlib import Path

from ddns_utils import codelists
from ddns_utils.phenotypes import DISEASES, Disease
from ddns_utils.phenotypes.comorbidity import LOOK_BACK_DAYS

PAGE = Path(__file__).parents[2] / "docs" / "phenotypes.md"
COMPARED = """## Against RUKS

RUKS counts nine chronic diseases in Danish registers and publishes how many have them, not how it knows them. A test
counts those nine, by our rules, in a made-up Denmark of 20,000 citizens that is itself calibrated to RUKS's counts, and
holds each within 15 per cent of the published prevalence for 2025. That shows that rules, registers and made-up data
agree; it does not validate a rule, which takes real registers and a gold standard. Hypertension and ischaemic heart
disease are not among the nine; the latter, like cancer, is calibrated to other published counts (made_up_denmark.md).

## One person

`ddns explain PERSON` tells for one pseudonym which rows of which register each rule found (`+`), which it passed over
(`–`), and from which day which rule knew the disease; `--disease ID` asks for one disease. With `--indicator ID
--period 2025` it tells whether and where the person is among the indicator's rows, whether it counts, and the rows of
the registers it reads. It is for those who make and check rules and may see persons' rows: it writes to a terminal
only, refuses files, pipes and runs, and never names a person in an error.
"""


def page() -> str:
    """Every disease with its rules, and the comorbidity index, as Markdown."""
    head = [
        "# Diseases and how registers know them",
        "",
        "Written from the declarations by `python -m ddns_utils.phenotypes.page`; a test holds it to them. A disease",
        "counts from the first day on which any of its rules knew it, and never ends. Certainty comes before",
        "completeness. *Confidence* is that of the codes: unverified ones are background knowledge, for the owner of",
        "the register to check.",
        "",
    ]
    seen: set[tuple] = set()
    parts = [part for disease in DISEASES.values() for part in _disease(disease, seen)]
    return "\n".join([*head, *parts, *_charlson(), COMPARED])


def _disease(disease: Disease, seen: set[tuple]) -> list[str]:
    lines = [f"## {disease.title.en} ({disease.title.da})", "", f"`{disease.id}`. {disease.note.en}", ""]
    if disease.rules in seen:
        return [*lines, "The rules are those above.", ""]
    seen.add(disease.rules)
    lines += ["| rule | | register | finds | codes | source | confidence |", "|---|---|---|---|---|---|---|"]
    for rule in disease.rules:
        cells = (rule.name, rule.role, f"`{rule.register}`", rule.finds.en, ", ".join(rule.codes), rule.source)
        lines.append(f"| {' | '.join(cells)} | {rule.confidence} |")
    return [*lines, ""]


def _charlson() -> list[str]:
    return [
        "## Charlson's comorbidity index",
        "",
        f"Action and secondary diagnoses of the last {LOOK_BACK_DAYS} days, not retracted. A diagnosis counts in the",
        "group with the longest prefix of its code, a group counts once. "
        f"Source: {codelists.about('charlson')['source']}.",
        "",
        "| group | weight | codes | confidence |",
        "|---|--:|---|---|",
        *(
            f"| {row['en']} | {row['weight']} | {row['code'].replace('|', ', ')} | {row['confidence']} |"
            for row in codelists.rows("charlson")
        ),
        "",
    ]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")

"""What a report says of its registers: about how much there is, and nothing that follows about a few persons."""

import dataclasses
from collections import Counter
from datetime import date

import pytest
from drawing import draw
from made_results import POLICY

from ddns_utils.coverage import months
from ddns_utils.display import coverage, show_coverage


def meetings(folder, *given):
    """Registers with meetings, given as (person, day)."""
    return draw("encounter\nperson_id start\n" + "\n".join(f"{person} {day}T10:00" for person, day in given), folder)


@pytest.mark.parametrize(
    ("value", "words"),
    [(None, "–"), (0, "0"), (1, "<100"), (94, "<100"), (95, "100"), (104, "100"), (105, "110"), (62_576, "63.000"),
     (2_074_655, "2.100.000")],
)  # fmt: skip
def test_a_count_is_given_with_two_digits_and_never_finer_than_tens(value, words):
    assert coverage.about(value, POLICY, "da") == words


@pytest.mark.parametrize(("threshold", "words"), [(6, "110"), (10, "110"), (11, "<1.000")])
def test_steps_are_as_wide_as_what_the_policy_calls_small(threshold, words):
    assert coverage.about(105, dataclasses.replace(POLICY, threshold=threshold), "da") == words


def test_nought_is_not_told_apart_where_the_policy_hides_it():
    assert coverage.about(0, dataclasses.replace(POLICY, zeros_are_safe=False), "da") == "<100"


def test_no_change_of_a_few_persons_can_be_told_from_none_or_from_many():
    behind = Counter(coverage.about(value, POLICY, "da") for value in range(1, 20_000))
    behind.pop("20.000")  # cut off by the range
    assert min(behind.values()) >= 2 * POLICY.threshold


def test_the_first_and_last_month_are_those_with_enough_persons(tmp_path):
    few = [(f"p{one}", date(2024, 12, 31)) for one in range(4)] + [("p0", date(2024, 12, 30))]
    snapshot = meetings(
        tmp_path,
        *few,
        *((f"p{one}", date(2025, month, 1 + one)) for one in range(5) for month in (1, 3)),
        ("p0", date(2027, 2, 6)),
    )
    assert months(snapshot, "encounter", 5) == (date(2025, 1, 1), date(2025, 3, 1))
    assert months(snapshot, "encounter", 4) == (date(2024, 12, 1), date(2025, 3, 1))
    assert months(snapshot, "encounter", 6) is None
    assert months(snapshot, "person", 1) is None


def test_a_correction_of_two_persons_does_not_show(tmp_path, monkeypatch):
    shown = []
    monkeypatch.setattr(coverage, "publish_display_data", lambda data, metadata: shown.append(data["text/plain"]))
    monkeypatch.setattr(coverage.Policy, "read", lambda: POLICY)
    everybody = [(f"p{one}", date(2025, 1, 1 + one % 28)) for one in range(210)]
    for services in (everybody, [*everybody, ("late", date(2024, 6, 1)), ("later", date(2025, 1, 31))]):
        show_coverage(meetings(tmp_path / str(len(services)), *services), ["encounter"], "en")
    first, second = (words.partition("\n")[2] for words in shown)
    assert "210  210  January 2025  January 2025" in first
    assert first == second

"""Estimates of nearly as many persons as others that readers have: found by number, and judged by somebody."""

import dataclasses

import pandas as pd
import pytest
from house import FIRST, SECOND, House
from made_results import POLICY

from ddns_utils.disclosure import disclose_quantiles, disclose_survival, session
from ddns_utils.disclosure.alike import alike
from ddns_utils.disclosure.ledger import RELEASED, Ledger
from ddns_utils.display import estimates, show_estimates
from ddns_utils.publish.checker import build_pack
from ddns_utils.runs.release import withdraw


@pytest.fixture
def house(new_toys):
    made = House(new_toys)
    made.policy(POLICY)
    return made


def near(house, run, policy=POLICY):
    return [(one["title"], other["title"]) for one, other in alike(run.id, house.ledger, policy)]


@pytest.mark.parametrize(
    ("persons", "events", "found"),
    [(200, 60, False), (201, 60, True), (196, 60, True), (204, 60, True), (205, 60, False), (205, 61, True), (200, 64, True),
     (200, 65, False), (200, None, False)],
)  # fmt: skip
def test_numbers_that_differ_by_less_than_the_threshold_are_found(house, persons, events, found):
    house.release(house.run(FIRST, estimates=[("A", 200, 60)]))
    run = house.run(SECOND, estimates=[("B", persons, events), ("C", persons + 1, events, "survival")])
    assert near(house, run) == ([("B", "A")] if found else [])


def test_what_readers_do_not_have_is_no_matter_and_what_they_had_is(house):
    first = house.run(FIRST, estimates=[("A", 200, 60)])
    run = house.run(SECOND, estimates=[("B", 201, 60)])
    assert near(house, run) == []
    house.release(first)
    withdraw(first, house.ledger, "Bo")
    assert near(house, run) == [("B", "A")]
    assert near(house, run, dataclasses.replace(POLICY, hide_small_changes=False)) == []


def test_two_estimates_of_one_run_are_compared_and_a_run_is_not_compared_with_itself(house):
    run = house.run(FIRST, estimates=[("A", 200, 60), ("B", 203, 60), ("C", 300, 90)])
    house.release(run)
    assert near(house, run) == [("B", "A")]


def test_such_a_run_reaches_the_site_when_somebody_has_released_it_and_not_before(house):
    house.run(FIRST, estimates=[("A", 200, 60)])
    assert house.site() == ([FIRST], {})
    run = house.run(SECOND, estimates=[("B", 203, 60)])
    there, why = house.site()
    assert there == [FIRST]
    assert f"'B' rests on nearly as many persons as 'A' of {FIRST}" in why[SECOND]
    house.release(run)
    assert house.site() == ([FIRST, SECOND], {})


def test_the_pack_says_on_how_many_estimates_rest_and_asks_whether_they_are_the_same(house):
    house.release(house.run(FIRST, estimates=[("A", 200, 60)]))
    run = house.run(SECOND, estimates=[("B", 203, 60), ("C", 900, None)])
    index, asked = build_pack(house.project, run, house.ledger, "en")
    (look,) = [one for one in asked if not one.fine]
    assert f"“B” rests on nearly as many persons as “A” ({FIRST}): are they the same?" in look.answer
    page = index.read_text(encoding="utf-8")
    assert "<p>Rests on 203 persons. Of those, 60 had the event.</p>" in page
    assert "<p>Rests on 900 persons.</p>" in page


def test_a_run_keeps_on_how_many_its_estimates_rest(tmp_path, monkeypatch):
    ledger, made = Ledger(tmp_path / "registers" / "ledger"), []
    monkeypatch.setattr(estimates, "publish_display_data", lambda data, metadata: made.append(metadata["ddns"]))
    monkeypatch.setenv("DDNS_RECORD", str(ledger.begin("now")))
    session.forget()
    curve = pd.DataFrame({"time": [10, 20], "events": [20, 0], "censored": [0, 80]})
    for shown in (disclose_survival(curve, every=30, policy=POLICY), disclose_quantiles(range(40), policy=POLICY)):
        show_estimates(shown, language="da", caption="T")
    session.forget()
    ledger.keep("now")
    assert ledger.estimates("now") == [
        {"kind": "table", "title": "T", "estimates": kind, "persons": persons, "events": events, "run": "now"}
        for kind, persons, events in (("survival", 100, 20), ("quantiles", 40, None))
    ]
    assert made == [{"role": "table", "shown": 1}, {"role": "table", "shown": 2}]
    assert ledger.add(RELEASED, "now")["tables"] == {}

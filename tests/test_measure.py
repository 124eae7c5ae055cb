"""measure(): margins add up, order and outsiders change nothing, and periods must be covered."""

from datetime import date, timedelta

import numpy as np
import pytest
from drawing import draw
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ddns_utils import areas
from ddns_utils.errors import DataError, DefinitionError
from ddns_utils.indicators import INDICATORS
from ddns_utils.indicators.cross_sector import ADMISSIONS_PER_1000, READMISSION_30D
from ddns_utils.indicators.quality import CONTACT_ENDED
from ddns_utils.indicators.rehabilitation import DAYS_TO_OFFER, OFFER_WITHIN_7_DAYS
from ddns_utils.measure import COLUMNS, measure
from ddns_utils.period import Period

YEAR = Period.parse("2025")


def drawing(plans):
    persons = "\n".join(f"p{i} {sex} {birth}" for i, (_, sex, birth, _) in enumerate(plans))
    rows = "\n".join(f"p{i} {m} 2025-03-01 {offer}" for i, (m, _, _, offer) in enumerate(plans))
    return f"person\nperson_id sex birth_date\n{persons}\n\nreferral\nperson_id municipality discharged_on first_offer_on\n{rows}"


plans = st.lists(
    st.tuples(
        st.sampled_from(["101", "147", "851", "461"]), st.sampled_from("FM"), st.sampled_from(["1940-05-05", "1980-05-05", "2015-05-05"]),
        st.sampled_from(["-", "2025-03-02", "2025-03-08", "2025-03-09", "2025-04-20"]),
    ),
    min_size=1, max_size=12,
)  # fmt: skip
few = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@few
@given(plans)
def test_areas_sexes_and_ages_add_up(tmp_path_factory, drawn):
    snapshot = draw(drawing(drawn), tmp_path_factory.mktemp("drawn"))
    frame = measure(
        [OFFER_WITHIN_7_DAYS, DAYS_TO_OFFER],
        snapshot,
        YEAR,
        by=("sex", "age_band"),
        levels=areas.LEVELS,
        area="101+851",
    ).frame
    assert list(frame.columns) == [*COLUMNS, "largest"]
    for _, rows in frame.groupby("indicator"):
        for column in ("n", "of"):
            cube = rows.pivot_table(
                index="area", columns=["sex", "age_band"], values=column, dropna=False, aggfunc="sum"
            )
            for whole, parts in areas.sums(cube.index):
                if sum(len(areas.within(part)) for part in parts) == len(areas.within(whole)):
                    assert np.allclose(cube.loc[list(parts)].sum(), cube.loc[whole])
            assert np.allclose(cube["F"] + cube["M"], cube["all"])
            assert np.allclose(cube["all"].drop(columns="all").sum(axis=1), cube["all"]["all"])


@few
@given(plans, st.randoms())
def test_the_order_of_rows_changes_nothing(tmp_path_factory, drawn, random):
    shuffled = list(drawn)
    random.shuffle(shuffled)
    one, two = (
        measure(OFFER_WITHIN_7_DAYS, draw(drawing(plan), tmp_path_factory.mktemp("drawn")), YEAR, by=("sex",)).frame
        for plan in (drawn, shuffled)
    )
    assert one.equals(two)


def test_a_person_outside_the_population_changes_nothing(tmp_path):
    contact = "hospital_contact\nperson_id start end\nanna 2025-03-01T08:00 2025-03-03T08:00\n"
    abroad = f"{contact}abroad 2025-03-01T08:00 2025-03-03T08:00\n\nresidence\nperson_id start end\nabroad 2000-01-01 2020-01-01"
    one = measure(READMISSION_30D, draw(contact, tmp_path / "1"), YEAR).frame
    two = measure(READMISSION_30D, draw(abroad, tmp_path / "2"), YEAR).frame
    assert one.equals(two)


@pytest.fixture(autouse=True)
def _folders(tmp_path):
    for name in "12":
        (tmp_path / name).mkdir()


def ending(last, tmp_path):
    snapshot = draw("hospital_contact\nperson_id start end\nanna 2025-03-01T08:00 2025-03-03T08:00", tmp_path)
    object.__setattr__(snapshot, "span", lambda name: last and (date(2022, 1, 1), last))
    return snapshot


@pytest.mark.parametrize(("day", "home"), [("2025-03-09", "101"), ("2025-03-10", "851"), ("2025-03-11", "851")])
def test_a_row_counts_where_its_person_lives_from_the_day_they_move_in(tmp_path, day, home):
    drawn = (
        f"hospital_contact\nperson_id start end\nanna {day}T08:00 {day}T10:00\n\n"
        "residence\nperson_id start end municipality\nanna 2020-01-01 2025-03-10 101\nanna 2025-03-10 - 851"
    )
    rows = measure(CONTACT_ENDED, draw(drawn, tmp_path), YEAR).frame.set_index("area")
    assert rows.of[["DK", "101", "851"]].to_list() == [1, home == "101", home == "851"]


@pytest.mark.parametrize(("last", "covered"), [(date(2026, 1, 30), True), (date(2026, 1, 29), False)])
def test_follow_up_must_be_covered_to_the_day(tmp_path, last, covered):
    if covered:
        assert measure(READMISSION_30D, ending(last, tmp_path), YEAR).frame.of.max() == 1
    else:
        message = r"readmission_30d needs 30 days after 2025-12-31, but hospital_contact ends 2026-01-29\. Use 2024 or another period that ends by 2025-12-30"
        with pytest.raises(DataError, match=message):
            measure(READMISSION_30D, ending(last, tmp_path), YEAR)


def test_without_follow_up_the_message_speaks_of_the_period_alone(tmp_path):
    with pytest.raises(
        DataError,
        match=r"admissions_per_1000 needs hospital_contact until 2025-12-31, but it ends 2025-11-30\. Use 2024 or",
    ):
        measure(ADMISSIONS_PER_1000, ending(date(2025, 11, 30), tmp_path), YEAR)


def test_a_period_that_the_registers_do_not_have_either_is_not_named(tmp_path):
    with pytest.raises(DataError, match=r"it ends 2022-11-30\. Use a period that ends by 2022-11-30"):
        measure(ADMISSIONS_PER_1000, ending(date(2022, 11, 30), tmp_path), Period.parse("2022"))


def test_a_period_before_the_registers_begin_is_refused(tmp_path):
    with pytest.raises(
        DataError,
        match=r"needs hospital_contact from 2021-01-01, but it begins 2022-01-01\. Use 2022 or a later period",
    ):
        measure(READMISSION_30D, ending(date(2026, 5, 1), tmp_path), Period.parse("2021"))


def test_a_register_without_rows_is_refused(tmp_path):
    with pytest.raises(DataError, match="no rows of it have been delivered"):
        measure(READMISSION_30D, ending(None, tmp_path), YEAR)


def test_an_unknown_breakdown_or_level_is_refused(tmp_path):
    snapshot = ending(date(2026, 5, 1), tmp_path)
    with pytest.raises(DefinitionError, match="no breakdown 'gender'"):
        measure(READMISSION_30D, snapshot, YEAR, by=("gender",))
    with pytest.raises(DefinitionError, match="no area level 'parish'"):
        measure(READMISSION_30D, snapshot, YEAR, levels=("parish",))


def test_an_indicator_may_be_its_id_and_one_period_breakdown_level_or_area_its_text(tmp_path):
    snapshot = ending(date(2026, 5, 1), tmp_path)
    by_text = measure("readmission_30d", snapshot, "2025", by="sex", levels="region", area="751").frame
    declared = measure([READMISSION_30D], snapshot, [YEAR], by=("sex",), levels=("region",), area=("751",)).frame
    assert by_text.equals(declared)
    assert set(by_text["area_level"]) == {"region", "municipality"}
    assert set(by_text["sex"]) == {"all", "F", "M"}


@pytest.mark.parametrize(
    ("indicator", "where", "message"),
    [
        ("readmision_30d", {}, "There is no indicator 'readmision_30d'. Did you mean 'readmission_30d'"),
        (READMISSION_30D, {"levels_of": {"readmision_30d": ["country"]}}, "no indicator 'readmision_30d'"),
        (READMISSION_30D, {"area": 751}, "takes area as text, but was given 751. Write '751'"),
        (READMISSION_30D, {"periods": 2025}, "takes period as text, but was given 2025. Write '2025'"),
        (READMISSION_30D, {"periods": "last year"}, "'last year' is not a period"),
        (30, {}, "takes an indicator or its id, but was given int"),
    ],
)
def test_a_wrong_name_is_answered_with_what_to_write(tmp_path, indicator, where, message):
    with pytest.raises(DefinitionError, match=message):
        measure(indicator, ending(date(2026, 5, 1), tmp_path), **{"periods": YEAR} | where)


def test_kept_results_are_used_again_and_not_for_another_version(tmp_path):
    snapshot = ending(date(2026, 5, 1), tmp_path)
    first = measure(READMISSION_30D, snapshot, YEAR).frame
    object.__setattr__(snapshot, "drawn", lambda: pytest.fail("asked the engine again"))
    assert measure(READMISSION_30D, snapshot, YEAR).frame.equals(first)
    other = draw("hospital_contact\nperson_id start end\nbodil 2025-03-01T08:00 2025-03-03T09:00", tmp_path)
    assert measure(READMISSION_30D, other, YEAR, by=("sex",)).frame.of.max() == 1


def test_every_indicator_measures_nothing_where_there_is_nothing(tmp_path):
    snapshot = draw("person\nperson_id\nanna", tmp_path)
    object.__setattr__(snapshot, "span", lambda name: (date(2010, 1, 1), date(2030, 12, 31)))
    measured = measure(list(INDICATORS.values()), snapshot, YEAR, by=("sex", "age_band"))
    assert set(measured.frame.indicator) == set(INDICATORS)
    assert (measured.frame.n.fillna(0) == 0).all()
    country = measured.frame[
        (measured.frame.area == "DK") & (measured.frame.sex == "all") & (measured.frame.age_band == "all")
    ]
    statuses = country.set_index("indicator").status
    assert statuses["type_2_diabetes_prevalence"] == statuses[ADMISSIONS_PER_1000.id] == "ok"
    assert statuses[READMISSION_30D.id] == "no_data"


def delivered(tmp_path, last):
    """Contacts of 200 days that come the day they end, the last delivery on a given day."""
    days = [last - timedelta(days=back) for back in range(200)]
    deliveries = "\n".join(f"{day}-x LPR_A_KONTAKT LPR_A_KONTAKT" for day in days)
    contacts = "\n".join(f"anna {day}T01:00 {day}T15:00 {day}-x" for day in days)
    return draw(
        f"delivery\ndelivery_id source sender\n{deliveries}\n\nhospital_contact\nperson_id start end delivery_id\n{contacts}",
        tmp_path,
    )


@pytest.mark.parametrize(("last", "status"), [(date(2025, 7, 31), "ok"), (date(2025, 7, 30), "incomplete")])
def test_a_period_that_a_register_is_not_complete_for_has_a_value_and_is_marked(tmp_path, last, status):
    frame = measure(ADMISSIONS_PER_1000, delivered(tmp_path, last), Period.parse("2025-07")).frame.set_index("area")
    assert frame.status["DK"] == frame.status["101"] == status
    assert frame.n["DK"] > 0
    assert frame.value["DK"] > 0
    assert frame.status["851"] == "no_data"


@pytest.mark.parametrize("indicator", [READMISSION_30D, CONTACT_ENDED], ids=lambda indicator: indicator.id)
@pytest.mark.parametrize(("last", "status"), [(date(2025, 8, 30), "ok"), (date(2025, 8, 29), "incomplete")])
def test_follow_up_must_be_complete_too(tmp_path, last, status, indicator):
    frame = measure(indicator, delivered(tmp_path, last), Period.parse("2025-07")).frame.set_index("area")
    assert frame.status["DK"] == status


def test_periods_have_the_areas_of_the_latest_or_of_a_chosen_day(tmp_path):
    contact = "hospital_contact\nperson_id start end\nanna 2025-03-01T08:00 2025-03-03T08:00\n"
    snapshot = draw(contact, tmp_path)

    def regions(**chosen):
        frame = measure(READMISSION_30D, snapshot, [YEAR], levels=["region"], **chosen).frame
        return set(frame["area"])

    assert regions() == set(areas.codes("region", YEAR.last_day))
    assert regions(geography=date(2027, 1, 1)) == set(areas.codes("region", date(2027, 1, 1)))


def test_an_area_of_any_level_is_measured_when_it_is_named(tmp_path):
    contact = "hospital_contact\nperson_id start end\nanna 2025-03-01T08:00 2025-03-03T08:00\n"
    snapshot = draw(contact, tmp_path)
    frame = measure(READMISSION_30D, snapshot, YEAR, area=["council-hovedstaden", "101+147", "101"]).frame
    rows = frame.set_index("area")
    assert rows.loc[["council-hovedstaden", "101+147", "101"], "of"].nunique() == 1
    assert list(rows.loc[["council-hovedstaden", "101+147"], "area_level"]) == ["health_council", "chosen"]
    assert rows.index.is_unique
    with pytest.raises(DefinitionError, match="no area '999'"):
        measure(READMISSION_30D, snapshot, YEAR, area="999")

import ast
import dataclasses
import re
from html.parser import HTMLParser
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from made_results import EVENTS, SHARE, cube, measured

import ddns_utils
from ddns_utils import display, language
from ddns_utils.disclosure import PROTECTS, Policy, disclose
from ddns_utils.display import findings, show, tables, words
from ddns_utils.display.definitions import definition_html
from ddns_utils.display.style import value_label
from ddns_utils.errors import DataError, DefinitionError
from ddns_utils.indicators import quality
from ddns_utils.language import Text

PACKAGE = Path(ddns_utils.__file__).parent
POLICY = Policy.read(PACKAGE.parent / "parameters" / "disclosure.toml")
LAST = ("2024", "2025")
REGIONS = {"1081": 3, "1082": 50, "1083": 60, "1084": 70, "1085": 80}


@pytest.fixture(autouse=True)
def closed_figures():
    plt.switch_backend("Agg")
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def small():
    rows = [{"area": area, "n": n, "of": 200.0} for area, n in REGIONS.items()]
    return disclose(measured([*rows, {"area": "DK", "n": 263.0, "of": 1000.0}]), POLICY)


@pytest.fixture(scope="module")
def whole():
    return disclose(cube(1, LAST), POLICY)


PLOTS = {
    "trend": lambda d: display.plot_trend(d, language="da"),
    "areas": lambda d: display.plot_areas(d, language="da"),
    "age_sex": lambda d: display.plot_age_sex(d, language="da"),
    "indicators": lambda d: display.plot_indicators(d, language="da"),
    "table": lambda d: display.show_table(d, language="da", caption="Tal"),
    "words": lambda d: words.value(d, language="da"),
}


@pytest.mark.parametrize("plot", PLOTS.values(), ids=PLOTS)
def test_what_is_not_disclosed_is_refused_and_told_what_to_call(plot):
    with pytest.raises(DefinitionError, match=r"Call disclose\(measure"):
        plot(cube(1).frame)


@pytest.mark.parametrize("name", ["trend", "areas", "indicators"])
def test_a_figure_says_in_danish_what_it_shows_and_in_which_unit(whole, name):
    axes = PLOTS[name](whole)
    svg = show.figure_svg((axes[0] if isinstance(axes, list) else axes).figure, "Flere når målet")
    for said in ("HbA1c under 59", "procent", "Flere når målet", "95 %-interval"):
        assert said in svg
    assert re.search(r">\d+\xa0%<", svg)
    assert svg.count("<text") > 5


WRONG = {
    "There is no area 'Aarhus'. Did you mean '751'": lambda d: words.value(d, language="da", area="Aarhus"),
    "no area '751'. They have: .* Measure it as well": lambda d: words.value(d, language="da", area="751"),
    "no area_level 'regions'. Did you mean 'region'": lambda d: words.lowest(d, language="da", level="regions"),
    "no indicator 'shar' in these results. Did you mean 'share'": lambda d: words.value(d, "shar", language="da"),
    "There is no language 'dk'": lambda d: display.plot_areas(d, language="dk", level="region"),
    r"not broken down by sex or age_band. Measure them with by=\('sex', 'age_band'\)": PLOTS["age_sex"],
    "not broken down by sex": lambda d: display.plot_trend(d, language="da", hue="sex"),
}


@pytest.mark.parametrize("message", WRONG)
def test_a_wrong_name_is_answered_with_what_was_perhaps_meant(small, message):
    with pytest.raises((DataError, DefinitionError), match=message):
        WRONG[message](small)


def test_the_lowest_and_the_highest_are_said_to_be_alike_where_they_may_be():
    areas_, of = ("1081", "1082", "1083"), {"of": 200.0}
    near = disclose(
        measured([{"area": a, "n": n, **of} for a, n in zip(areas_, (90.0, 95.0, 100.0), strict=True)]), POLICY
    )
    apart = disclose(
        measured([{"area": a, "n": n, **of} for a, n in zip(areas_, (40.0, 95.0, 160.0), strict=True)]), POLICY
    )
    assert words.spread(near, language="da", level="region").endswith("), uden sikker forskel")
    assert "sikker forskel" not in words.spread(apart, language="da", level="region")


def test_the_same_figure_is_the_same_bytes(whole):
    once, again = (show.figure_svg(PLOTS["trend"](whole).figure, "T") for _ in range(2))
    assert once == again


def test_hidden_regions_are_marked_and_not_drawn(small):
    axes = display.plot_areas(small, language="da", level="region")
    axes.figure.canvas.draw()
    drawn = np.concatenate([c.get_offsets()[:, 0] for c in axes.collections if len(c.get_offsets())])
    said = [text.get_text() for text in axes.texts]
    assert "<5" in said
    assert "skjult" in said
    shown = small.frame[(small.frame["area_level"] == "region") & (small.frame["status"] == "ok")]
    drawn = drawn[drawn != 0] if (shown["value"] > 0).all() and not (drawn == 0).all() else drawn
    assert sorted(np.round(drawn, 9)) == sorted(np.round(shown["value"], 9))


class Checker(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.heads, self.tags = [], [], []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.tags.append(tag)
        if tag == "th":
            self.heads.append([dict(attrs).get("scope"), ""])

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] == "th":
            self.heads[-1][1] += data


def test_a_table_is_well_formed_escaped_and_explains_its_marks(small):
    html, text, _ = tables.table(small, language="da", caption="A <b> & B", rows=("area",), columns="period")
    page = Checker()
    page.feed(html)
    assert page.open == []
    assert "caption" in page.tags
    assert all(scope in ("col", "row") and words.strip() for scope, words in page.heads)
    assert "A &lt;b&gt; &amp; B" in html
    assert "<td>&lt;5</td>" in html
    assert "<td>skjult</td>" in html
    assert "1–4 personer" in html
    assert "26,3\xa0% (" in html
    assert "<td>0,0" not in html
    assert "A <b> & B" in text


def test_a_figure_is_shown_with_alt_text_and_its_data(small, monkeypatch):
    sent = []
    monkeypatch.setattr(show, "publish_display_data", lambda data, metadata: sent.append((data, metadata["ddns"])))
    axes = display.plot_areas(small, language="da", level="region")
    with pytest.raises(DefinitionError, match="alt text"):
        display.show_figure(axes, title="T", alt=" ", language="da")
    display.show_figure(axes, title="Fund", alt="Regionerne", language="da")
    ((data, about),) = sent
    assert data["text/plain"] == about["alt"] == "Regionerne"
    assert "&lt;5" in about["table"]
    assert not plt.get_fignums()
    with pytest.raises(DefinitionError, match="plot_trend"):
        display.show_figure(plt.figure().gca(), title="T", alt="A", language="da")


def test_words_are_honest_about_hidden_and_overlapping_numbers(small):
    assert words.value(small, language="da") == "26,3\xa0% (23,6–29,1)"
    assert words.value(small, language="en") == "26.3% (23.6–29.1)"
    assert words.value(small, language="da", area="1081") == "<5"
    assert "kan ikke sammenlignes" in words.against(small, language="da", area="1081")
    rows = [{"period": p, "n": n, "of": 1000.0} for p, n in (("2023", 400.0), ("2024", 410.0), ("2025", 600.0))]
    trend = disclose(measured(rows), POLICY)
    assert words.change(trend, language="da", last="2024").startswith("ingen sikker forskel mellem 40,0\xa0%")
    assert " i 2023 og " in words.change(trend, language="da", last="2024")
    assert words.change(trend, language="da").startswith("steget fra 40,0\xa0%")
    assert words.change(trend, language="en", first="2025", last="2023").startswith("fallen from 60.0%")


def test_where_no_area_may_be_shown_the_words_say_so_and_the_report_goes_on():
    none = disclose(measured([{"area": area, "n": 3.0, "of": 90.0} for area in REGIONS]), POLICY)
    for say in (words.spread, words.highest, words.lowest):
        assert say(none, language="da", level="region") == "intet, der kan vises"
        assert say(none, language="en", level="region") == "nothing that can be shown"


def test_one_period_is_not_compared_with_itself():
    one = disclose(measured([{"n": 400.0, "of": 1000.0}]), POLICY)
    assert words.change(one, language="da") == "40,0\xa0% (36,9–43,1) (2025)"


def test_a_drawing_has_no_digits_that_nobody_sees_and_keeps_those_that_are_read(whole):
    svg = show.figure_svg(PLOTS["trend"](whole).figure, "1.2345 of 1000.98765")
    assert "1.2345 of 1000.98765" in svg
    assert not re.search(r"<path[^>]*\d\.\d{3}", svg)
    assert "<!--" not in svg
    assert svg.count("DejaVu Sans") == 1


def test_a_definition_shows_itself_escaped():
    html = definition_html(SHARE, "da")
    for said in ("Borgere, der tælles", "en borger", "40,0\xa0%", "Opfundet &lt;til&gt; prøve", "Ikke standardiseret."):
        assert said in html
    assert "pr. 1.000 borgere om året" in definition_html(EVENTS, "da")


def said_in_package() -> tuple[set[str], set[str]]:
    """Messages given to say() directly, and every text in the package, which a name may carry there."""
    direct, texts = set(), set()
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts.add(node.value)
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "say" and node.args:
                inside = ast.walk(node.args[0])
                direct |= {n.value for n in inside if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    for file in PACKAGE.rglob("*.j2"):
        direct |= set(re.findall(r'say\("([^"]+)"', file.read_text(encoding="utf-8")))
    return direct, texts | direct


def test_every_message_said_is_in_the_danish_catalogue_and_none_is_unused():
    direct, texts = said_in_package()
    assert direct - set(language._danish()) == set()
    assert set(language._danish()) - texts == set()


@pytest.mark.parametrize("message", sorted(language._danish()))
def test_a_message_has_the_same_places_in_both_languages(message):
    places = re.compile(r"{(\w+)}")
    assert sorted(places.findall(message)) == sorted(places.findall(language._danish()[message]))


@pytest.fixture(scope="module")
def provisional():
    made = cube(1, LAST)
    frame = made.frame
    frame.loc[frame["period"] == "2025", "status"] = "incomplete"
    frame.loc[frame["area"] == "851", ["n", "of", "value", "lower", "upper", "status"]] = [
        *[np.nan] * 5,
        "not_applicable",
    ]
    return disclose(made, POLICY)


def hollow_dots(axes):
    """How many dots each collection of dots with nothing in them has."""
    return [len(c.get_offsets()) for c in axes.collections
            if c.get_facecolor().tolist()[:1] == [[1, 1, 1, 1]] and len(c.get_offsets())]  # fmt: skip


def test_a_provisional_value_is_hollow_and_dashed_and_said_to_be_so(provisional):
    trend = display.plot_trend(provisional, language="da")
    assert hollow_dots(trend) == [1]
    said = trend.figure.get_supxlabel().replace("\n", " ")
    assert "Åben eller stiplet: foreløbigt, fordi ikke alt er modtaget endnu." in said
    solid, dashed = trend.get_lines()
    assert np.isnan(solid.get_ydata()).tolist() == [False, True]
    assert (np.isnan(dashed.get_ydata()).tolist(), dashed.get_linestyle()) == ([False, False], "--")
    regions = display.plot_areas(provisional, language="da", level="region", period="2025")
    assert hollow_dots(regions) == [5]


def test_a_provisional_value_is_marked_in_tables_and_words_and_never_compared(provisional):
    html, *_ = tables.table(provisional, language="en", caption="C", rows=("area",), columns="period", level="country")
    before, after = re.findall(r"<td>(.*?)</td>", html)
    assert (before.endswith("*"), after.endswith(" *")) == (False, True)
    assert "*: provisional, because not everything has been received yet." in html
    assert words.value(provisional, language="da").endswith("; foreløbigt)")
    assert words.spread(provisional, language="da", level="region").endswith(", foreløbigt")
    assert words.change(provisional, language="en").endswith("they cannot be compared")


def test_what_does_not_apply_is_not_called_missing(provisional):
    html, *_ = tables.table(
        provisional, language="da", caption="C", rows=("area",), columns="period", level="municipality"
    )
    (row,) = re.findall(r"<tr><th[^>]*>Aalborg.*?</tr>", html)
    assert row.count("ikke relevant") == 2
    assert words.value(provisional, language="da", area="851") == "ikke relevant"


def weeks_of(shares):
    """A calendar: the share of each week's days on which a municipality delivered; None where it is no sender."""
    indicator = quality.DAYS_WITH_DELIVERY["KL Gateway"]
    rows = [
        {"indicator": indicator.id, "period": f"2026-W{week:02}", "area": area, "n": share and share * 7.0, "of": 0.0 if share is None else 7.0}
        for area, row in shares.items() for week, share in enumerate(row, 1)
    ]  # fmt: skip
    made = measured(rows, indicator)
    made.frame.loc[made.frame["of"] == 0, "status"] = "not_applicable"
    return disclose(made, POLICY)


def test_a_calendar_shows_senders_by_week_and_hides_no_count_of_deliveries():
    calendar = weeks_of({"DK": [2 / 7, 1], "101": [0, 1], "147": [1 / 7, 6 / 7], "851": [None, None]})
    assert set(calendar.frame["status"]) == {"ok", "not_applicable"}
    axes = display.plot_calendar(calendar, language="da", area="1084")
    assert [label.get_text() for label in axes.get_yticklabels()] == ["København", "Frederiksberg"]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["1", "2"]
    (image,) = axes.get_images()
    cells = image.get_array()[6::12, 6::12]
    assert cells.shape == (2, 2, 3)
    assert len({tuple(colour) for row in cells.tolist() for colour in row}) == 4
    svg = show.figure_svg(axes.figure, "T")
    for said in ("ingen leverance", "under halvdelen af dagene", "halvdelen eller flere", "alle dage"):
        assert said in svg


def test_a_municipality_is_pointed_out_among_those_of_its_region():
    axes = display.plot_calendar(weeks_of({"101": [0], "147": [1], "851": [1]}), language="da", area="101")
    assert [label.get_fontweight() for label in axes.get_yticklabels()] == ["bold", "normal"]


def test_a_register_without_municipal_senders_is_shown_for_the_country():
    axes = display.plot_calendar(weeks_of({"DK": [0, 1], "101": [None, None]}), language="en", area="101")
    assert [label.get_text() for label in axes.get_yticklabels()] == ["Denmark"]


def test_a_calendar_of_periods_without_deliveries_is_refused_and_they_are_named():
    with pytest.raises(
        DataError, match=r"no deliveries to show from 2026-W01 to 2026-W02: .* Choose a period in between"
    ):
        display.plot_calendar(weeks_of({"DK": [None, None], "101": [None, None]}), language="en")


def test_the_table_of_a_calendar_lies_across():
    axes = display.plot_calendar(weeks_of({"101": [0, 1], "147": [1 / 7, 6 / 7]}), language="da", area="1084")
    shown = show.shown_by(axes.figure)
    html = tables.wide_table(shown.disclosed, shown.rows, shown.dimensions, "T", "da", shown.across)
    assert re.findall(r"<td>(.*?)</td>", html) == ["0\xa0%", "100\xa0%", "14\xa0%", "86\xa0%"]


def test_a_lag_curve_rises_with_the_days_and_marks_what_is_hidden():
    curve = quality.LAG_CURVE["KL Gateway"]
    rows = [
        {"indicator": one.id, "n": n, "of": 100.0}
        for one, n in zip(curve, (0, 2, 50, 60, 70, 80, 90, 100), strict=True)
    ]
    axes = display.plot_lag(disclose(measured(rows, *curve), POLICY), language="da", indicators=curve)
    assert [label.get_text() for label in axes.get_xticklabels()] == ["0", "1", "3", "7", "14", "30", "60", "90"]
    drawn = axes.get_lines()[0].get_ydata()
    assert np.isnan(drawn[1])
    assert drawn[2:].tolist() == [0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
    assert "<5" in [text.get_text() for text in axes.texts]


FINDINGS = {
    "passed": ({"n": 990.0, "of": 1000.0}, "ok"), "needs attention": ({"n": 900.0, "of": 1000.0}, "ok"),
    "needs attention, provisional": ({"n": 900.0, "of": 1000.0}, "incomplete"),
    "nothing has come": ({"n": 0.0, "of": 0.0}, "no_data"), "nothing to check": ({"n": 0.0, "of": 0.0}, "not_applicable"),
    "too few to be shown": ({"n": 3.0, "of": 1000.0}, "ok"),
}  # fmt: skip


@pytest.mark.parametrize("said", FINDINGS)
def test_a_finding_says_what_it_is_and_what_to_do_only_where_something_is_wrong(said, monkeypatch):
    row, status = FINDINGS[said]
    made = measured([{"indicator": quality.OFFER_GIVEN.id, **row}], quality.OFFER_GIVEN)
    made.frame["status"] = status
    shown = []
    monkeypatch.setattr(findings, "publish_display_data", lambda data, metadata: shown.append(data["text/html"]))
    display.show_findings(
        disclose(made, POLICY), indicators=[quality.OFFER_GIVEN], area="DK", language="en", caption="C"
    )
    cells = re.findall(r"<td>(.*?)</td>", shown[0])
    assert cells[1] == said
    assert (quality.OFFER_GIVEN.remedy.en in cells[2]) == said.startswith("needs attention")


def test_a_number_hidden_to_protect_another_is_not_called_too_few():
    row = pd.Series({"status": "suppressed", "note": PROTECTS})
    assert findings.finding(row, quality.OFFER_GIVEN, "en") == "cannot be shown"


def test_one_week_that_jumps_is_enough_because_weeks_are_no_sample(monkeypatch):
    check = quality.CHECKS["KL Gateway"][8]
    assert check.rows_about == "deliveries"
    made = measured([{"indicator": check.id, "n": 12.0, "of": 13.0}], check)
    shown = []
    monkeypatch.setattr(findings, "publish_display_data", lambda data, metadata: shown.append(data["text/html"]))
    display.show_findings(disclose(made, POLICY), indicators=[check], area="DK", language="en", caption="C")
    assert re.findall(r"<td>(.*?)</td>", shown[0])[1] == "needs attention"


def test_findings_by_sender_name_the_worst_first_and_only_those_who_send(monkeypatch):
    check = quality.ROWS_ACCEPTED
    rates = {"DK": 2290.0, "101": 990.0, "147": 800.0, "751": 500.0, "system:ALFA": 510.0}
    rows = [{"indicator": check.id, "area": area, "n": n, "of": 3000.0 if area == "DK" else 1000.0}
            for area, n in rates.items()]  # fmt: skip
    shown = []
    monkeypatch.setattr(findings, "publish_display_data", lambda data, metadata: shown.append(data["text/html"]))
    made = disclose(measured(rows, check), POLICY)
    recorded = []
    monkeypatch.setattr(findings.session, "showed", lambda *about, title: recorded.append((*about[:2], title)) or {})
    for area, level in (("DK", "municipality"), ("147", "municipality"), ("DK", "system")):
        display.show_findings_by_sender(made, indicators=[check], area=area, level=level, language="en", caption="C")
    assert [re.findall(r"<td>(.*?)</td>", html)[:2] for html in shown] == [
        ["2", "Aarhus (50.0%), Frederiksberg (80.0%)"], ["1", "Frederiksberg (80.0%)"], ["1", "ALFA (51.0%)"],
    ]  # fmt: skip
    assert check.remedy.en in shown[0]
    assert recorded == [("table", made, "C")] * 3


def test_where_every_check_passes_no_sender_has_anything_to_do(monkeypatch):
    shown = []
    monkeypatch.setattr(findings, "publish_display_data", lambda data, metadata: shown.append(data["text/html"]))
    made = measured(
        [{"indicator": quality.ROWS_ACCEPTED.id, "area": "101", "n": 990.0, "of": 1000.0}], quality.ROWS_ACCEPTED
    )
    display.show_findings_by_sender(
        disclose(made, POLICY), indicators=[quality.ROWS_ACCEPTED], level="municipality", language="en", caption="C"
    )
    assert re.findall(r"<td>(.*?)</td>", shown[0]) == ["0", "–", "–"]


def test_what_is_no_check_has_no_findings(whole):
    with pytest.raises(DefinitionError, match="shows checks, proportions with a remedy; share is none"):
        display.show_findings(whole, indicators=["share"], area="DK", language="en", caption="C")


@pytest.mark.parametrize(
    ("title", "label"),
    [
        (Text(da="Kontakter med levende", en="Contacts with living persons"), "Contacts with living persons, per cent"),
        (Text(da="Procent syge", en="Per cent who are ill"), "Per cent who are ill"),
    ],
)
def test_a_unit_is_left_out_only_where_the_title_says_it(title, label):
    assert value_label(dataclasses.replace(SHARE, title=title), "en") == label


@pytest.mark.parametrize(
    ("title", "inside"), [("Borgere med KOL", "borgere med KOL"), ("KOL i alt", "KOL i alt"), ("Én dag", "én dag")]
)
def test_inside_a_sentence_only_the_first_letter_becomes_small(title, inside):
    assert Text(da=title, en="x").inside("da") == inside

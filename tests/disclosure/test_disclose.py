import dataclasses
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_results import EVENTS, measured
from scipy import sparse
from scipy.optimize import linprog

from ddns_utils.disclosure import PROTECTS, SMALL, Disclosed, Policy, disclose
from ddns_utils.disclosure.attack import ranges
from ddns_utils.disclosure.cells import Cells
from ddns_utils.disclosure.cover import cheapest_cover
from ddns_utils.disclosure.guard import guard
from ddns_utils.disclosure.history import Table
from ddns_utils.disclosure.system import System
from ddns_utils.errors import DataError, DefinitionError

ROOT = Path(__file__).parents[2]
POLICY = Policy.read(ROOT / "parameters" / "disclosure.toml")


def two_way(counts: np.ndarray) -> Cells:
    """A two-way table with its margins, as counts."""
    rows, columns = counts.shape
    keys = [(str(r), str(c)) for r in [*range(rows), "all"] for c in [*range(columns), "all"]]
    whole = np.vstack([np.hstack([counts, counts.sum(1, keepdims=True)]), np.append(counts.sum(0), counts.sum())])
    at = {key: position for position, key in enumerate(keys)}
    sums = [(at[str(r), "all"], tuple(at[str(r), str(c)] for c in range(columns))) for r in [*range(rows), "all"]]
    sums += [(at["all", str(c)], tuple(at[str(r), str(c)] for r in range(rows))) for c in [*range(columns), "all"]]
    padded = [(*key, "all", "2025") for key in keys]
    return Cells(padded, whole.ravel().tolist(), [1e6] * len(keys), len(keys), sums)


def intruder(cells: Cells, hidden: np.ndarray) -> int:
    """How many hidden numbers a linear programme of the test's own finds exactly."""
    true = np.array(cells.n)
    left = cells.matrix().toarray()[:, hidden]
    bounds = [(0, None)] * int(hidden.sum())
    found = 0
    for cell in range(int(hidden.sum())):
        objective = np.eye(int(hidden.sum()))[cell]
        right = left @ true[hidden]
        ends = [linprog(sign * objective, A_eq=left, b_eq=right, bounds=bounds).fun for sign in (1, -1)]
        found += abs(ends[0] + (ends[1] if ends[1] is not None else -np.inf)) < 1e-6
    return found


def test_nothing_of_statistics_norways_table_is_recovered_and_six_cells_are_hidden(shared):
    table = (
        pd.read_csv(shared / "reference" / "suppression_z1.csv")
        .pivot(index="region", columns="hovedint", values="ant")
        .to_numpy(float)
    )
    cells = two_way(table)
    hidden = guard([Table(cells, "rate")], dataclasses.replace(POLICY, threshold=4, minimum_denominator=0)).tables[0].n
    assert intruder(cells, hidden) == 0
    assert hidden.sum() == 6
    assert not any(0 < n < 4 for n in np.array(cells.n)[~hidden])


def test_two_hidden_in_every_line_is_no_protection_and_the_attack_says_so():
    counts = np.array([[30, 47, 64, 89], [90, 124, 5, 31], [92, 100, 59, 85], [800, 991, 651, 685]], dtype=float)
    sums = np.zeros((8, 16))
    for line in range(4):
        sums[line, 4 * line : 4 * line + 4] = 1
        sums[4 + line, line::4] = 1
    hidden = np.zeros((4, 4), dtype=bool)
    hidden[[0, 1, 1, 0, 2, 2, 3, 3, 0], [0, 0, 2, 2, 1, 3, 1, 3, 1]] = True  # 47 joins two blocks that are closed
    ties, pairs = sparse.csr_array(sums), sparse.csr_array((0, 16))
    system = System(ties, pairs, np.zeros(0), counts.ravel(), np.zeros(16), np.full(16, np.inf), np.full(16, True))
    assert hidden.sum(axis=0).min() >= 2
    assert hidden.sum(axis=1).min() >= 2
    low, high = ranges(system, hidden.ravel(), hidden.ravel().astype(float))
    assert counts.ravel()[hidden.ravel() & (high - low < 1)].tolist() == [47]


WHOLE_AND_PARTS = System(
    sums=sparse.csr_array([[1.0, -1.0, -1.0, -1.0]]), pairs=sparse.csr_array((0, 4)), slack=np.zeros(0),
    true=np.array([20.0, 3.0, 7.0, 10.0]), lower=np.zeros(4), upper=np.full(4, np.inf), whole=np.full(4, True),
)  # fmt: skip


@pytest.mark.parametrize(
    ("cost", "fixed", "hidden", "lost"),
    [
        ([5, 0, 1, 3], [], [1, 2], []),
        ([1, 0, 5, 3], [], [0, 1], []),
        ([5, 0, 1, 3], [2], [1, 3], []),
        ([5, 0, 1, 3], [0, 2, 3], [], [1]),  # alone it cannot move
    ],
)
def test_the_cheapest_number_that_can_move_with_a_hidden_one_is_hidden_too(cost, fixed, hidden, lost):
    nothing = np.zeros(4)
    cover, left = cheapest_cover(
        WHOLE_AND_PARTS, nothing, nothing, np.array([0.0, 2.0, 0.0, 0.0]), np.array(cost, dtype=float),
        np.isin(np.arange(4), fixed),
    )  # fmt: skip
    assert np.flatnonzero(cover).tolist() == hidden
    assert np.flatnonzero(left).tolist() == lost


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(2, 5), st.integers(2, 5), st.integers(0, 10_000))
def test_no_hidden_number_of_a_random_table_is_recovered_and_nothing_small_is_published(rows, columns, seed):
    dice = np.random.default_rng(seed)
    cells = two_way(dice.choice([0, 1, 2, 3, 4, 5, 9, 20, 60], (rows, columns)).astype(float))
    result = guard([Table(cells, "rate")], POLICY)
    assert not any(0 < n < 5 for n in np.array(cells.n)[~result.tables[0].n])
    assert (result.exact, result.narrow) == (0, 0)


def regions(**small) -> list[dict]:
    numbers = {"1081": (40, 100), "1082": (50, 120), "1083": (60, 130), "1084": (70, 140), "1085": (80, 150)} | small
    rows = [{"area": area, "n": float(n), "of": float(of)} for area, (n, of) in numbers.items()]
    return [*rows, {"area": "DK", "n": sum(r["n"] for r in rows), "of": sum(r["of"] for r in rows)}]


@pytest.mark.parametrize(("n", "hidden"), [(0, False), (1, True), (4, True), (5, False), (100, False), (99, True)])
def test_counts_from_one_to_four_are_hidden_and_so_are_small_complements(n, hidden):
    shown = disclose(measured(regions(**{"1081": (n, 100)})), POLICY).frame.set_index("area")
    assert (shown.loc["1081", "status"] == "suppressed") == hidden
    assert bool(pd.isna(shown.loc["1081", "value"])) == hidden


def test_a_second_region_is_hidden_so_that_the_country_does_not_give_the_first_away():
    result = disclose(measured(regions(**{"1081": (3, 100)})), POLICY)
    frame = result.frame.set_index("area")
    assert frame.loc["1081", "note"] == SMALL
    assert (frame["note"] == PROTECTS).sum() >= 1
    assert frame.loc["DK", "status"] == "ok"
    assert frame.loc[frame["status"] == "suppressed", ["n", "value", "lower", "upper"]].isna().all(axis=None)
    assert (result.audit.small, result.audit.recovered) == (1, 0)


def test_a_cell_that_nobody_printed_is_protected_too():
    rows = [row for row in regions(**{"1085": (3, 150)}) if row["area"] != "1085"]
    frame = disclose(measured(rows), POLICY).frame.set_index("area")
    assert (frame["status"] == "suppressed").any()


def test_published_numbers_are_true_and_a_small_denominator_is_hidden_with_its_value():
    before = measured(regions(**{"1081": (2, 3)}))
    frame = disclose(before, POLICY).frame
    ok = frame["status"] == "ok"
    pd.testing.assert_frame_equal(frame[ok], before.frame.loc[ok, frame.columns])
    assert frame.set_index("area")["of"].isna()["1081"]


def test_events_are_hidden_when_few_but_need_no_complement():
    frame = disclose(measured(regions(**{"1081": (99, 100)}), EVENTS), POLICY).frame
    assert (frame["status"] == "ok").all()


def test_only_disclose_makes_disclosed_and_nothing_changes_it():
    with pytest.raises(DefinitionError, match=r"Call disclose\(\)"):
        Disclosed(object(), pd.DataFrame(), {}, POLICY, None)
    result = disclose(measured(regions()), POLICY)
    with pytest.raises(DefinitionError, match="cannot be changed"):
        result.policy = POLICY
    copy = result.frame
    copy["value"] = 0.0
    assert (result.frame["value"] > 0).all()


def test_a_cell_given_twice_and_a_frame_that_was_not_measured_are_refused():
    with pytest.raises(DataError, match="occur twice"):
        disclose(measured([*regions(), regions()[0]]), POLICY)
    with pytest.raises(DefinitionError, match="takes what measure"):
        disclose(pd.DataFrame(), POLICY)


@pytest.mark.parametrize("file", sorted((ROOT / "parameters").glob("disclosure_*.toml")), ids=lambda file: file.stem)
def test_the_policies_beside_the_owners_can_take_its_place(file):
    other = Policy.read(file)
    assert other != POLICY
    assert other.release_required == POLICY.release_required


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"threshold": "5"}, "needs threshold as int, but it is '5'"),
        ({"threshold": 2}, "needs threshold from 3 to 1000, but it is 2. Write 5 to hide 1-4."),
        ({"zeros_are_safe": False, "threshold": 1}, "needs threshold from 2 to 1000, but it is 1"),
        ({"rule": "rows"}, "has no rule 'rows'. Choose one of: cells, groupings."),
        ({"method": "blur"}, "has no method 'blur'. Choose one of: suppress, round."),
        ({"rounding_base": 5}, "needs rounding_base from 0 to 0, but it is 5"),
        ({"method": "round", "rounding_base": 4}, "needs rounding_base from 5 to 1000, but it is 4"),
        ({"narrowest_interval": 4}, "needs narrowest_interval from 1 to 3, but it is 4. Whoever reads '<5' knows it"),
        ({"dominant_percent": 0}, "needs dominant_percent from 1 to 100, but it is 0. Write 100 to allow any share"),
        ({"narrowest_sum_percent": -1}, "needs narrowest_sum_percent from 0 to 100, but it is -1"),
        ({"publish_first": ("country", "parish")}, "names the level 'parish'. Choose among: country, region,"),
        ({"publish_first": "country"}, "needs publish_first as tuple"),
    ],
)
def test_a_policy_that_cannot_be_kept_is_refused(change, message):
    with pytest.raises(DefinitionError, match=re.escape(message)):
        dataclasses.replace(POLICY, **change)


def test_a_policy_file_must_set_everything_and_nothing_else(tmp_path):
    file = tmp_path / "disclosure.toml"
    file.write_text('owner = "X"\nthreshhold = 5\n')
    with pytest.raises(DefinitionError, match=r"Missing: .*threshold.*Unknown: threshhold"):
        Policy.read(file)
    with pytest.raises(DefinitionError, match="There is no disclosure policy"):
        Policy.read(tmp_path / "none.toml")

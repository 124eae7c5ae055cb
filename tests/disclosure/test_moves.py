import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from intruder import KINDS, Intruder, table
from made_results import EVENTS, SHARE, WAIT
from scipy import sparse

from ddns_utils import areas
from ddns_utils.disclosure import Policy, disclose, moves
from ddns_utils.disclosure.attack import FAR, World, worlds
from ddns_utils.disclosure.grid import Grid
from ddns_utils.disclosure.guard import guard
from ddns_utils.disclosure.history import Table, read_tables
from ddns_utils.disclosure.system import System, Together

POLICY = Policy.read(Path(__file__).parents[2] / "parameters" / "disclosure.toml")


def country(seed: int, kind: str = "rate") -> Table:
    """Counts of municipalities, two sexes and three diseases, with every sum; a third of them are small."""
    dice = np.random.default_rng(seed)
    places = areas.codes("municipality")[:29]
    rows = [
        {"area": area, "sex": sex, "disease": disease, "n": float(dice.choice([0, 1, 2, 3, 4, 5, 8, 20, 90]))}
        for area in places
        for sex in "FM"
        for disease in ("asthma", "copd", "dementia")
    ]
    frame = pd.DataFrame(rows)
    for column, whole in (("sex", "all"), ("disease", "all"), ("area", "1084")):
        rest = [key for key in ("area", "sex", "disease") if key != column]
        frame = pd.concat([frame, frame.groupby(rest, as_index=False)["n"].sum().assign(**{column: whole})])
    frame = frame.assign(indicator="sick", period="2025", age_band="all", of=1000.0, value=0.0)
    return read_tables(frame, {"sick": kind}, ["disease"], [])[0]


@pytest.mark.parametrize("seed", range(4))
def test_every_move_along_a_dimension_and_every_product_of_them_keeps_each_sum(seed):
    together = Together([country(seed)], POLICY)
    one, where = together.tables[0], together.where[0]
    grid = Grid(one, np.split(where, 2)[0], second=False)
    cell = int(np.random.default_rng(seed).integers(len(one.n)))
    tried = 0
    for places, steps in grid.moves(cell):
        for at, step in zip(places, steps, strict=True):
            change = np.zeros(together.count)
            np.add.at(change, at, step)
            assert change[np.split(where, 2)[0][cell]] == 1
            assert abs(together.sums @ change).max() == 0
            tried += 1
    assert tried >= 20


@pytest.mark.parametrize("kind", ["rate", "proportion"])
@pytest.mark.parametrize("seed", range(3))
def test_moves_are_worlds_in_which_every_hidden_number_is_far_enough_from_the_truth(kind, seed):
    together = Together([country(seed, kind)], POLICY)
    made = moves.Moves(together)
    made.cover()
    hidden = made.hidden()
    low, high = worlds(together.system(made.vague()), hidden, made.matrix())
    proved = high - low >= np.maximum(together.width, together.least)
    assert (low[~hidden], high[~hidden]) == pytest.approx((0, 0))
    assert not (together.small & ~hidden).any()
    assert proved[hidden & together.wanted].mean() > 0.9
    # Few are hidden beside the small ones, and in a table of this size each says why.
    assert hidden.sum() < 2.2 * together.small.sum()
    assert not made.vague().any()


LINE = System(
    sums=sparse.csr_array([[1.0, -1.0, -1.0, 0.0]]), pairs=sparse.csr_array([[0.0, -1.0, 0.0, 1.0]]),
    slack=np.array([1.0]), true=np.array([9.0, 3.0, 6.0, 4.0]), lower=np.array([0.0, 1.0, 5.0, 0.0]),
    upper=np.array([np.inf, 4.0, np.inf, np.inf]), whole=np.full(4, True),
)  # fmt: skip


@pytest.mark.parametrize(
    ("move", "is_a_world"),
    [
        ([0, 1, -1, 0], True),
        ([0, -2, 2, 0], True),
        ([1, 1, 0, 0], True),
        ([1, 0, 0, 0], False),  # the parts are not the whole any more
        ([0, -3, 3, 0], False),  # below the least that "<5" may be
        ([0, 2, -2, 0], False),  # above the most, and the other would be small, and a part above its whole
        ([2, 2, 0, 2], False),
        ([0, 1, -1, -1], False),  # a part above its whole
        ([0, 0.5, -0.5, 0], False),  # no whole numbers
    ],
)
def test_a_move_counts_as_a_world_only_if_all_that_is_published_stays_true(move, is_a_world):
    matrix = sparse.csc_array(np.array([move], dtype=float).T)
    low, high = worlds(LINE, np.full(4, True), matrix)
    assert (low.tolist(), high.tolist()) == (
        (np.minimum(move, 0).tolist(), np.maximum(move, 0).tolist()) if is_a_world else ([0] * 4, [0] * 4)
    )
    if np.all(np.round(move) == move):
        far = np.full(4, FAR)
        assert World(LINE).holds(np.array(move, dtype=float), -far, far) == is_a_world


@pytest.mark.parametrize(("least", "most", "holds"), [(-1, 1, True), (-0.5, 1, False), (-1, 0.5, False)])
def test_a_world_lies_within_what_is_looked_for(least, most, holds):
    assert World(LINE).holds(np.array([0.0, 1.0, -1.0, 0.0]), np.full(4, least), np.full(4, most)) == holds


def test_a_move_of_a_published_number_is_no_world():
    matrix = sparse.csc_array(np.array([[0.0, 1.0, -1.0, 0.0]]).T)
    low, high = worlds(LINE, np.array([True, True, False, True]), matrix)
    assert (high - low).max() == 0


@settings(max_examples=15, deadline=None, derandomize=True)
@given(st.sampled_from([EVENTS, SHARE, WAIT]), st.integers(2, 5), st.integers(0, 10_000))
def test_tables_too_large_for_linear_programmes_are_protected_as_well(indicator, regions, seed):
    dice = np.random.default_rng(seed)
    of = dice.choice([6, 9, 20, 60, 200], (regions, 2))
    n = dice.binomial(of, dice.choice([0.05, 0.3, 0.9], (regions, 2)))
    before = table(n * 7 if indicator is WAIT else n, of, indicator)
    few, moves.MANY = moves.MANY, 0
    try:
        after = disclose(before, POLICY)
    finally:
        moves.MANY = few
    assert (after.audit.recovered, after.audit.narrow) == (0, 0)
    intruder = Intruder().read(before.frame, after.frame, KINDS)
    intruder.add_up("", indicator.id)
    assert intruder.found(POLICY.narrowest_interval) == []


def test_a_small_number_says_no_more_that_it_is_small_where_that_lets_many_others_be_shown(monkeypatch):
    monkeypatch.setattr(moves, "MANY", 0)
    shown, said = [], []
    for price in (0.1, 10.0):
        monkeypatch.setattr(moves, "SMALL_UNSAID", price)
        tables = [
            guard([country(seed)], dataclasses.replace(POLICY, singletons_know_themselves=False)) for seed in (1, 2)
        ]
        shown.append(sum((~made.tables[0].n).sum() for made in tables))
        said.append(sum(made.tables[0].small.sum() for made in tables))
    assert shown[0] > shown[1]
    assert said[0] < said[1]

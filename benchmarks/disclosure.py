"""What protecting a table costs, in time and in numbers: `python benchmarks/disclosure.py`.

Two tables: Statistics Norway's z1 (where ../shared has it), and 18,720 counts of a made-up country (98 municipalities,
5 regions and the country × 5 diseases × sex × 9 ages, with all margins). Beside what `disclose()` does stands what a
careful analyst would write: hide 1-4, and where a line hides only one number, its next smallest too, until no line
does. Both are attacked. Small random tables are solved to the optimum as well.
"""

from __future__ import annotations

import dataclasses
import time
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from ddns_utils import areas
from ddns_utils.disclosure import Policy
from ddns_utils.disclosure.attack import ranges
from ddns_utils.disclosure.cells import Cells
from ddns_utils.disclosure.guard import guard
from ddns_utils.disclosure.history import Table, read_tables
from ddns_utils.disclosure.system import Together

ROOT = Path(__file__).parents[1]
POLICY = Policy.read(ROOT / "parameters" / "disclosure.toml")
EXACTLY = dataclasses.replace(POLICY, narrowest_interval=1, singletons_know_themselves=False)
BANDS = ("0-9", "10-19", "20-29", "30-39", "40-49", "50-59", "60-69", "70-79", "80+")
AGES = (0.105, 0.115, 0.125, 0.12, 0.12, 0.135, 0.115, 0.105, 0.06)
DISEASES = {
    "asthma": (0.02, 0.03, 0.03, 0.03, 0.035, 0.04, 0.045, 0.05, 0.05),
    "copd": (0, 0.00001, 0.0003, 0.001, 0.004, 0.02, 0.05, 0.09, 0.11),
    "dementia": (0, 0, 0, 0.00005, 0.0003, 0.002, 0.008, 0.03, 0.12),
    "arthritis": (0.0001, 0.0005, 0.001, 0.003, 0.006, 0.012, 0.02, 0.025, 0.03),
    "type_1_diabetes": (0.001, 0.004, 0.005, 0.005, 0.005, 0.006, 0.006, 0.005, 0.003),
}
KEYS = ["area", "sex", "age_band", "disease"]


def country(seed: int = 1) -> Table:
    """18,720 counts of persons with a disease."""
    dice = np.random.default_rng(seed)
    people = dice.gamma(1.6, 1.0, 98)
    people = np.maximum(people / people.sum() * 6e6, 1800)
    rows = [
        (area, sex, band, disease, dice.binomial(dice.poisson(size * share / 2), rates[at] * (1.15, 0.85)[sex == "M"]))
        for area, size in zip(areas.codes("municipality"), people, strict=True)
        for sex in "FM"
        for at, (band, share) in enumerate(zip(BANDS, AGES, strict=True))
        for disease, rates in DISEASES.items()
    ]
    frame = pd.DataFrame(rows, columns=[*KEYS, "n"])
    for column in KEYS[1:]:
        rest = [key for key in KEYS if key != column]
        frame = pd.concat([frame, frame.groupby(rest, as_index=False)["n"].sum().assign(**{column: "all"})])
    wider = [frame.assign(area=frame["area"].map(areas.region_of(date(2026, 1, 1)))), frame.assign(area=areas.COUNTRY)]
    frame = pd.concat([*(one.groupby(KEYS, as_index=False)["n"].sum() for one in wider), frame], ignore_index=True)
    frame = frame.assign(indicator="sick", period="2025", of=1e6, value=0.0, n=frame["n"].astype(float))
    return read_tables(frame, {"sick": "rate"}, ["disease"], [])[0]


def two_way(counts: np.ndarray) -> Table:
    """A two-way table with its margins."""
    whole = np.vstack([np.hstack([counts, counts.sum(1, keepdims=True)]), np.append(counts.sum(0), counts.sum())])
    rows, columns = whole.shape
    at = np.arange(whole.size).reshape(whole.shape)
    sums = [(at[r, -1], tuple(at[r, :-1])) for r in range(rows)]
    sums += [(at[-1, c], tuple(at[:-1, c])) for c in range(columns)]
    keys = [(str(r), str(c), "all", "2025") for r in range(rows) for c in range(columns)]
    return Table(Cells(keys, whole.ravel().tolist(), [1e6] * len(keys), len(keys), sums, told=len(keys)), "rate")


def by_hand(table: Table, threshold: int) -> np.ndarray:
    """What a careful analyst hides: 1-4, and in every line that hides one number the next smallest."""
    n = np.array(table.cells.n)
    hidden = (n > 0) & (n < threshold)
    again = True
    while again:
        again = False
        for parent, children in table.cells.sums:
            line = np.array([parent, *children])
            if hidden[line].sum() == 1 and (open_ := line[~hidden[line] & (n[line] > 0)]).size:
                hidden[open_[np.argmin(n[open_])]] = again = True
    return hidden


def found(table: Table, hidden: np.ndarray, policy: Policy) -> tuple[int, int]:
    """How many small numbers an intruder finds exactly, and how many more closely than the policy allows."""
    together = Together([table], policy)
    unknown = together.closed & ~together.now
    unknown[together.where[0][: len(hidden)][hidden]] = True
    small = unknown & together.small
    reasons_told = together.system(np.zeros(together.count, dtype=bool))
    low, high = ranges(reasons_told, unknown, np.where(small, together.width, 0))
    return int((small & (high - low < 1)).sum()), int((small & (high - low < together.width - 1e-6)).sum())


def fewest(table: Table) -> int:
    """The smallest number of cells that protects every small one exactly, by one mixed-integer programme for all."""
    n, sums = np.array(table.cells.n), table.cells.matrix()
    small, size, most = np.flatnonzero((n > 0) & (n < POLICY.threshold)), len(n), float(n.max())
    blocks, links, lower, upper = [], [], [], []
    for number in small:
        blocks.append(sums)
        lower.append(np.where(n == 0, 0, np.where(n < POLICY.threshold, 1, POLICY.threshold)) - n)
        upper.append(np.where((n > 0) & (n < POLICY.threshold), POLICY.threshold - 1 - n, most))
        lower[-1][number] = upper[-1][number] = 1.0 if n[number] < POLICY.threshold - 1 else -1.0
    moves = sparse.block_diag(blocks, format="csr")
    choice = sparse.vstack([sparse.eye_array(size)] * len(small))
    eye = sparse.eye_array(size * len(small))
    links = sparse.vstack([sparse.hstack([eye, -most * choice]), sparse.hstack([-eye, -most * choice])])
    ties = sparse.vstack([sparse.hstack([moves, sparse.csr_array((moves.shape[0], size))]), links]).tocsc()
    zeros = np.zeros(moves.shape[0])
    free = np.full(2 * size * len(small), -np.inf)
    answer = milp(
        np.concatenate([np.zeros(size * len(small)), np.ones(size)]),
        integrality=np.concatenate([np.zeros(size * len(small)), np.ones(size)]),
        bounds=Bounds(np.concatenate([*lower, np.zeros(size)]), np.concatenate([*upper, np.ones(size)])),
        constraints=LinearConstraint(ties, np.concatenate([zeros, free]), np.concatenate([zeros, np.zeros(len(free))])),
        options={"time_limit": 60.0},
    )
    return round(answer.fun)


def line(name: str, table: Table, policy: Policy = POLICY) -> None:
    """Print what is hidden of a table, by whom, in how long, and what the intruder finds."""
    n = np.array(table.cells.n)
    small = (n > 0) & (n < policy.threshold)
    began = time.process_time()
    hand = by_hand(table, policy.threshold)
    by_hand_took = time.process_time() - began
    exactly = dataclasses.replace(policy, narrowest_interval=1, singletons_know_themselves=False)
    began = time.process_time()
    ours = guard([table], policy)
    took = time.process_time() - began
    print(f"\n{name}: {len(n):,} numbers, {small.sum():,} small")
    for who, hidden in (("small only", small), ("by hand", hand)):
        print(f"  {who:<34}{hidden.sum():>7,} hidden, found exactly / too closely: {found(table, hidden, policy)}")
    print(f"  {'exactly only, as others do':<34}{guard([table], exactly).tables[0].n.sum():>7,} hidden")
    print(f"  {'disclose()':<34}{ours.tables[0].n.sum():>7,} hidden, found: ({ours.exact}, {ours.narrow})")
    print(f"  seconds of one processor, audit included: {took:.1f}; by hand {by_hand_took:.2f}")


def main() -> None:
    """Print all tables."""
    z1 = ROOT.parent / "shared" / "reference" / "suppression_z1.csv"
    if z1.is_file():
        counts = pd.read_csv(z1).pivot(index="region", columns="hovedint", values="ant").to_numpy(float)
        policy = dataclasses.replace(POLICY, threshold=4, minimum_denominator=0)
        line("z1 of Statistics Norway", two_way(counts), policy)
    line("98 municipalities", country())
    dice, hidden, best = np.random.default_rng(1), 0, 0
    for _ in range(20):
        counts = dice.choice([0, 2, 5, 9, 20, 60], (6, 5), p=[0.1, 0.15, 0.15, 0.2, 0.2, 0.2])
        table = two_way(counts.astype(float))
        hidden += int(guard([table], EXACTLY).tables[0].n.sum())
        best += fewest(table)
    print(f"\n20 tables of 6 × 5: {hidden} hidden when only exact numbers count, {best} by a mixed-integer programme")


if __name__ == "__main__":
    main()

"""Drawing with little chance variation, so that small populations meet their targets too."""

from __future__ import annotations

import numpy as np

PLASTIC = 1.324717957244746  # its powers give the evenest two-dimensional sequence known (Roberts' R2)
DAY = np.timedelta64(1, "D")


def generator(seed: int, *path: int) -> np.random.Generator:
    """An independent stream for one theme of one chunk: the same path gives the same numbers in any order of work."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=path)))


def spread(first: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Points ``first`` to ``first + count`` of a sequence that fills the unit square evenly at any length."""
    index = np.arange(first, first + count, dtype=float) + 0.5
    return (0.5 + index / PLASTIC) % 1, (0.5 + index / PLASTIC**2) % 1


def counts(rng: np.random.Generator, expected: np.ndarray, stratum: np.ndarray | None = None) -> np.ndarray:
    """Whole numbers with the given expectations, whose sum over everybody and over strata is nearly the expected."""
    expected = np.maximum(np.nan_to_num(np.asarray(expected, dtype=float)), 0)
    shuffled = rng.random(len(expected))
    order = np.lexsort((shuffled, np.zeros(len(expected), dtype=int) if stratum is None else stratum))
    reached = np.floor(np.cumsum(expected[order]) + rng.random())
    drawn = np.empty(len(expected), dtype=np.int64)
    drawn[order] = np.diff(reached, prepend=0.0).astype(np.int64)
    return drawn


def chosen(rng: np.random.Generator, chance: np.ndarray, stratum: np.ndarray | None = None) -> np.ndarray:
    """Who is chosen, when each has the given chance; the number chosen is nearly the sum of the chances."""
    return counts(rng, np.minimum(chance, 1), stratum) > 0


def scaled(weight: np.ndarray, total: float, most: float = 0.98) -> np.ndarray:
    """Chances in proportion to ``weight`` that sum to ``total``, none above ``most``."""
    weight = np.asarray(weight, dtype=float)
    factor = total / max(weight.sum(), 1e-12)
    for _ in range(100):
        chance = np.minimum(weight * factor, most)
        if chance.sum() <= 0 or abs(chance.sum() - total) < 1e-6 * max(total, 1):
            break
        factor *= total / chance.sum()
    return np.minimum(weight * factor, most)


def pick(rng: np.random.Generator, weights: dict, size: int) -> np.ndarray:
    """``size`` values drawn from ``value → weight``."""
    values = np.array(list(weights), dtype=object)
    shares = np.cumsum(np.array(list(weights.values()), dtype=float))
    return values[np.searchsorted(shares / shares[-1], rng.random(size), side="right").clip(0, len(values) - 1)]


def repeated(
    rng: np.random.Generator, start: np.ndarray, end: np.ndarray, interval: np.ndarray, fresh: np.ndarray | bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Repeated moments: for each span, which span it is and when, about every ``interval`` days, before its end.

    A fresh span begins with a moment; any other at a chance point of its own rhythm, so that no season arises.
    """
    number = np.maximum(np.ceil((end - start) / interval) + 1, 0).astype(np.int64)
    which = np.repeat(np.arange(len(start)), number)
    turn = np.arange(len(which)) - np.repeat(np.cumsum(number) - number, number)
    phase = np.where(fresh, -0.03, rng.random(len(start)))
    sure = np.broadcast_to(fresh, len(start))[which] & (turn == 0)
    wobble = np.where(sure, 0, 0.3 * (rng.random(len(which)) - 0.5))
    when = start[which] + (turn - phase[which] + wobble) * interval[which]
    kept = (when >= start[which]) & (when < end[which])
    return which[kept], when[kept]


def uuids(rng: np.random.Generator, count: int) -> list[str]:
    """``count`` random UUIDs (version 4)."""
    raw = bytearray(rng.bytes(16 * count))
    raw[6::16] = bytes((b & 0x0F) | 0x40 for b in raw[6::16])
    raw[8::16] = bytes((b & 0x3F) | 0x80 for b in raw[8::16])
    text = raw.hex()
    starts = range(0, 32 * count, 32)
    return ["-".join((text[i : i + 8], text[i + 8 : i + 12], text[i + 12 : i + 16], text[i + 16 : i + 20],
                      text[i + 20 : i + 32])) for i in starts]  # fmt: skip


def day_number(day: object) -> int:
    """Days since 1970-01-01."""
    return int(np.datetime64(day, "D").astype(int))


def days(moment: np.ndarray) -> np.ndarray:
    """Moments in days since 1970 as datetime64 days."""
    return np.floor(moment).astype("datetime64[D]")


def minutes(moment: np.ndarray) -> np.ndarray:
    """Moments in days since 1970 as datetime64 microseconds, on whole minutes; NaN becomes not-a-time."""
    missing = np.isnan(moment)
    whole = np.floor(np.where(missing, 0, moment) * 1440).astype("int64").astype("datetime64[m]")
    whole = whole.astype("datetime64[us]")
    whole[missing] = np.datetime64("NaT")
    return whole

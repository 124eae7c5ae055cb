"""Comparison with outside numbers at a declared precision; docs/conformance.md is made from the same declarations."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest


@pytest.fixture
def agree(request: pytest.FixtureRequest) -> Iterator[Callable[[object, object], None]]:
    """Asserts that ours are theirs at the precision of the test's ``reproduces`` mark, and that all were compared."""
    declared = request.node.get_closest_marker("reproduces").kwargs
    compared = []

    def check(ours: object, theirs: object) -> None:
        ours, theirs = np.atleast_1d(ours).ravel(), np.atleast_1d(theirs).ravel()
        if "digits" in declared:
            assert np.round(ours, declared["digits"]).tolist() == theirs.tolist()
        elif "rel" in declared or "abs" in declared:
            limits = {name: declared.get(name, 0) for name in ("rel", "abs")}
            assert ours.astype(float) == pytest.approx(theirs.astype(float), nan_ok=True, **limits)
        else:
            assert ours.tolist() == theirs.tolist()
        compared.extend(theirs)

    yield check
    assert len(compared) == declared["numbers"], "The mark must say how many numbers the test compares."

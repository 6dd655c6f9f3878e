"""What whoever writes a scorer runs: the conformance test, over the cases that the scorer itself shows."""

from polite_scorer import SCORER

from pilotage.evaluation.conformance import assert_conforms


def test_polite_conforms() -> None:
    """It finds what its cases say, survives hostile answers, and quotes nothing."""
    assert_conforms(SCORER)

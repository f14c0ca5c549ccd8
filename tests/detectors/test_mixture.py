"""The mixture of two Gaussians against scikit-learn's, against a plain one, and by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.detectors import reference
from yolo_feiou.detectors import mixture
from yolo_feiou.detectors.mixture import fit_two_gaussians


def fit_by_scikit_learn(values, **options):
    """As the authors of PAA call it, and how many steps it took."""
    sklearn = pytest.importorskip("sklearn.mixture", reason="scikit-learn is the oracle, and isn't installed")
    gaussians = sklearn.GaussianMixture(
        2,
        means_init=[[values.min()], [values.max()]],
        weights_init=[0.5, 0.5],
        precisions_init=[[[1.0]], [[1.0]]],
        **options,
    ).fit(values[:, None])
    return gaussians.predict(values[:, None]), gaussians.score_samples(values[:, None]), gaussians.n_iter_


def draw_losses(seed):
    """Losses as an object's candidates have them: some low, the rest high, more or less apart."""
    rng = np.random.default_rng(seed)
    low, high = rng.integers(1, 12), rng.integers(1, 34)
    values = np.concatenate(
        [rng.normal(rng.uniform(0.2, 1.5), rng.uniform(0.01, 0.5), low), rng.normal(2, rng.uniform(0.01, 0.8), high)]
    )
    return np.sort(np.round(values, 1) if seed % 4 == 0 else values)  # rounded: ties


def assert_like_scikit_learn(values):
    components, likelihoods = fit_two_gaussians(values)
    expected, density, steps = fit_by_scikit_learn(values)
    assert components.tolist() == expected.tolist()
    rounding = 4 * np.finfo(float).eps * np.abs(values).max()  # of values far from 0, and by processor
    assert likelihoods == pytest.approx(density, abs=max(1e-8, rounding))
    return steps


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_it_is_scikit_learns():
    """Fits of 2 to 46 values, with few steps and with many."""
    pytest.importorskip("sklearn", reason="scikit-learn is the oracle, and isn't installed")
    steps = [assert_like_scikit_learn(draw_losses(seed)) for seed in range(150)]
    assert min(steps) < 4
    assert max(steps) > 20


@pytest.mark.parametrize(
    "values",
    [
        [0.5, 2.5],
        [1.0, 1.0, 1.0, 1.0],
        [0.1, 0.1, 0.1, 3.0],
        [0.0, 1e-9],
        [1e8, 1e8 + 1],
        [0.1, 0.2, 0.3, 50.0],
        [0.1, 3.0, 3.0, 3.0],
    ],
)
def test_it_is_scikit_learns_at_the_edges(values):
    pytest.importorskip("sklearn", reason="scikit-learn is the oracle, and isn't installed")
    assert_like_scikit_learn(np.array(values))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_it_ends_when_scikit_learn_does(monkeypatch):
    """With its defaults; and after three steps, of more."""
    sklearn = pytest.importorskip("sklearn.mixture", reason="scikit-learn is the oracle, and isn't installed")
    defaults = sklearn.GaussianMixture()
    assert (defaults.tol, defaults.max_iter, defaults.reg_covar) == (mixture.TOLERANCE, mixture.STEPS, mixture.FLOOR)
    values = draw_losses(3)
    assert fit_by_scikit_learn(values)[2] > 3
    expected = fit_by_scikit_learn(values, max_iter=3)[1]
    assert fit_two_gaussians(values)[1] != pytest.approx(expected, abs=1e-4)
    monkeypatch.setattr(mixture, "STEPS", 3)
    assert fit_two_gaussians(values)[1] == pytest.approx(expected, abs=1e-8)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 300).map(lambda n: n / 64), min_size=1, max_size=30))
def test_likelihoods_are_the_plain_ones(values):
    """Components aren't compared here: a value in the middle of a symmetric list belongs to either."""
    assert fit_two_gaussians(np.array(values))[1].tolist() == pytest.approx(reference.fit(values)[1], abs=1e-6)


@pytest.mark.parametrize("seed", range(1, 12))
def test_components_are_the_plain_ones(seed):
    values = draw_losses(seed)
    assert fit_two_gaussians(values)[0].tolist() == reference.fit(values.tolist())[0]


def test_two_groups_far_apart_by_hand():
    """0, 2 and 100, 102: after the first step each group is its own component, μ = 1 and 101, v = 1 + 1e-6, w = ½.

    All have log ½ − ½ log 2π − ½·1/(1 + 1e-6) − ½ log(1 + 1e-6), which is −2.112086 to six digits.
    """
    components, likelihoods = fit_two_gaussians(np.array([0.0, 2, 100, 102]))
    assert components.tolist() == [0, 0, 1, 1]
    assert likelihoods.tolist() == pytest.approx([-2.112086] * 4, abs=1e-5)


def test_equal_values_are_of_the_first_component():
    """Both components are the same; a variance of 1e-6 alone makes the density √(1e6/2π) = 398.9, of log 5.9888."""
    components, likelihoods = fit_two_gaussians(np.full(5, 0.7))
    assert components.tolist() == [0] * 5
    assert likelihoods.tolist() == pytest.approx([5.9888] * 5, abs=1e-3)


def test_single_precision_is_raised():
    values = draw_losses(2).astype(np.float32)
    assert fit_two_gaussians(values)[1].tolist() == fit_two_gaussians(values.astype(np.float64))[1].tolist()


@pytest.mark.parametrize("values", [[], [[1.0, 2.0]], [1.0, np.nan], [1.0, np.inf]])
def test_what_can_not_be_fitted_says_so(values):
    with pytest.raises(ValueError, match="expected one dimension, at least one value, and finite ones"):
        fit_two_gaussians(np.array(values))

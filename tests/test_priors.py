import numpy as np
import pytest

from overtone.errors import ConfigError
from overtone.models.priors.by_class import ClassPriors
from overtone.models.priors.kernel import KernelPrior
from overtone.models.priors.mixture import MixturePrior
from overtone.models.priors.registry import PRIORS, get_prior_class

KINDS = sorted(PRIORS)


def fit_prior(kind, latents, *, rng):
    return get_prior_class(kind).fit(latents, rng=rng)


@pytest.fixture(autouse=True)
def short_flow(monkeypatch):
    monkeypatch.setattr("overtone.models.priors.flow.NUM_STEPS", 3)
    monkeypatch.setattr("overtone.models.priors.flow.NUM_SAMPLING_STEPS", 4)


def correlated(rng, count=4000):
    factor = np.array([[2.0, 0, 0], [1.0, 0.5, 0], [0, -0.3, 0.1]])
    return np.array([1.0, -2, 0.5]) + rng.standard_normal((count, 3)) @ factor.T


@pytest.mark.parametrize("kind", KINDS)
def test_arrays_round_trip(kind):
    prior = fit_prior(kind, correlated(np.random.default_rng(0)), rng=np.random.default_rng(1))
    again = get_prior_class(kind).from_arrays(prior.to_arrays())
    first, second = (p.sample(50, rng=np.random.default_rng(2)) for p in (prior, again))
    np.testing.assert_array_equal(first, second)
    assert first.shape == (50, 3)


@pytest.mark.parametrize("kind", KINDS)
def test_same_seed_same_samples(kind):
    latents = correlated(np.random.default_rng(0), 300)
    draws = [
        fit_prior(kind, latents, rng=np.random.default_rng(3)).sample(
            9, rng=np.random.default_rng(4)
        )
        for _ in range(2)
    ]
    np.testing.assert_array_equal(draws[0], draws[1])


@pytest.mark.parametrize("kind", ["gaussian", "kernel", "mixture"])
def test_fitted_moments_come_back(kind):
    latents = correlated(np.random.default_rng(0))
    prior = fit_prior(kind, latents, rng=np.random.default_rng(1))
    drawn = prior.sample(40_000, rng=np.random.default_rng(2))
    np.testing.assert_allclose(drawn.mean(0), latents.mean(0), atol=0.05)
    np.testing.assert_allclose(np.cov(drawn.T), np.cov(latents.T), atol=0.1)


def test_isotropic_has_the_root_mean_square():
    latents = correlated(np.random.default_rng(0))
    drawn = fit_prior("isotropic", latents, rng=np.random.default_rng(1)).sample(
        40_000, rng=np.random.default_rng(2)
    )
    np.testing.assert_allclose(np.square(drawn).mean(), np.square(latents).mean(), rtol=0.02)
    np.testing.assert_allclose(drawn.mean(0), 0, atol=0.05)


def test_mixture_finds_three_clusters():
    rng = np.random.default_rng(0)
    centres = np.array([[0.0, 0], [10, 0], [0, 10]])
    latents = np.concatenate([c + rng.standard_normal((500, 2)) for c in centres])
    prior = fit_prior("mixture", latents, rng=np.random.default_rng(1))
    assert isinstance(prior, MixturePrior)
    assert len(prior.weights) == 3
    order = np.lexsort(prior.means.round().T)
    np.testing.assert_allclose(prior.means[order], centres[np.lexsort(centres.T)], atol=0.3)


def test_mixture_of_one_cluster_is_one_component():
    latents = np.random.default_rng(0).standard_normal((1000, 4))
    prior = fit_prior("mixture", latents, rng=np.random.default_rng(1))
    assert isinstance(prior, MixturePrior)
    assert len(prior.weights) == 1


@pytest.mark.parametrize("kind", ["gaussian", "mixture"])
def test_temperature_zero_gives_means(kind):
    prior = fit_prior(kind, correlated(np.random.default_rng(0)), rng=np.random.default_rng(1))
    cold = prior.sample(20, rng=np.random.default_rng(2), temperature=0)
    arrays = prior.to_arrays()
    means = arrays["means"] if kind == "mixture" else arrays["mean"][None]
    assert all(np.isclose(vector, means).all(1).any() for vector in cold)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("temperature", [-1.0, np.nan, np.inf])
def test_bad_temperatures_are_refused(kind, temperature):
    prior = fit_prior(kind, correlated(np.random.default_rng(0), 50), rng=np.random.default_rng(1))
    with pytest.raises(ConfigError, match="temperature"):
        prior.sample(2, rng=np.random.default_rng(2), temperature=temperature)


@pytest.mark.parametrize("kind", KINDS)
def test_bad_latents_are_refused(kind):
    with pytest.raises(ConfigError, match="finite"):
        fit_prior(kind, np.full((5, 2), np.nan), rng=np.random.default_rng(0))
    with pytest.raises(ConfigError, match="at least"):
        fit_prior(kind, np.zeros((0, 2)), rng=np.random.default_rng(0))


@pytest.mark.parametrize("kind", KINDS)
def test_latents_without_variance_fit(kind):
    drawn = fit_prior(kind, np.ones((50, 3)), rng=np.random.default_rng(0)).sample(
        5, rng=np.random.default_rng(1)
    )
    assert np.isfinite(drawn).all()


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_arrays_are_refused(kind):
    prior = fit_prior(kind, correlated(np.random.default_rng(0), 50), rng=np.random.default_rng(1))
    arrays = prior.to_arrays()
    name = sorted(arrays)[0]
    with pytest.raises(ConfigError, match=kind):
        get_prior_class(kind).from_arrays({k: v for k, v in arrays.items() if k != name})
    with pytest.raises(ConfigError, match=kind):
        get_prior_class(kind).from_arrays({**arrays, name: arrays[name][None]})


def test_a_typo_names_the_nearest_kind():
    with pytest.raises(ConfigError, match="did you mean mixture"):
        get_prior_class("mixtur")


def test_a_kernel_stays_nearer_to_few_latents_than_a_gaussian():
    rng = np.random.default_rng(0)
    latents = rng.standard_normal((12, 6))

    def mean_distance(kind):
        prior = fit_prior(kind, latents, rng=np.random.default_rng(1))
        drawn = prior.sample(2000, rng=np.random.default_rng(2))
        return np.linalg.norm(drawn[:, None] - latents, axis=2).min(1).mean()

    assert mean_distance("kernel") < 0.8 * mean_distance("gaussian")


def test_a_kernel_has_a_bandwidth_between_the_latents_and_a_gaussian():
    latents = correlated(np.random.default_rng(0), 20)
    arrays = fit_prior("kernel", latents, rng=np.random.default_rng(1)).to_arrays()
    repeated = KernelPrior.from_arrays({**arrays, "bandwidth": np.zeros(1)})
    drawn = repeated.sample(9, rng=np.random.default_rng(2))
    assert all(np.isclose(vector, latents).all(1).any() for vector in drawn)
    with pytest.raises(ConfigError, match=r"one number in 0\.\.1"):
        KernelPrior.from_arrays({**arrays, "bandwidth": np.full(1, 1.5)})


def test_a_kernel_keeps_a_bounded_number_of_latents(monkeypatch):
    monkeypatch.setattr("overtone.models.priors.kernel.MAX_LATENTS", 40)
    latents = correlated(np.random.default_rng(0), 500)
    prior = fit_prior("kernel", latents, rng=np.random.default_rng(1))
    assert prior.to_arrays()["latents"].shape == (40, 3)
    np.testing.assert_allclose(
        prior.to_arrays()["factor"] @ prior.to_arrays()["factor"].T, np.cov(latents.T), rtol=1e-6
    )


def test_flow_learns_two_clusters(monkeypatch):
    monkeypatch.setattr("overtone.models.priors.flow.NUM_STEPS", 300)
    monkeypatch.setattr("overtone.models.priors.flow.NUM_SAMPLING_STEPS", 20)
    rng = np.random.default_rng(0)
    latents = np.concatenate([-2 + 0.1 * rng.standard_normal((900, 2)), [[3, 3]] * 100])
    prior = fit_prior("flow", latents, rng=np.random.default_rng(1))
    drawn = prior.sample(500, rng=np.random.default_rng(2))
    near_one, near_other = (np.abs(drawn - c).max(1) < 1 for c in (-2, 3))
    assert (near_one | near_other).mean() > 0.9
    assert 0.05 < near_other.mean() < 0.2


def test_class_priors_draw_what_was_asked_for():
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 2, 1, 3], [300, 200, 50, 1])
    latents = rng.standard_normal((551, 2)) + 20 * labels[:, None]
    priors = ClassPriors.fit(get_prior_class("gaussian"), latents, labels, 5, rng=rng)
    wanted = np.array([2, 0, 1, 1, 0, 2])
    drawn = priors.sample(wanted, rng=np.random.default_rng(1))
    np.testing.assert_array_equal(np.round(drawn / 20), np.repeat(wanted[:, None], 2, 1))
    with pytest.raises(ConfigError, match="class 3 had 1"):
        priors.sample(np.array([3]), rng=rng)
    with pytest.raises(ConfigError, match="class 4 had 0"):
        priors.sample(np.array([4]), rng=rng)

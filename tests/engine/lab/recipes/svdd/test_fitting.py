"""Pretraining, then the objective: what is handed on, what is fixed and what is learned."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.analysis.learning.loop import Epoch
from engine.core.progress import SILENT
from engine.features.taste.anomaly.threshold import auc
from engine.lab.recipes.svdd.fitting import FittedSvdd, Networks, encoded, fit_svdd, start
from engine.lab.recipes.svdd.network import Autoencoder
from engine.lab.recipes.svdd.objective import centre_of, fitting_radius, soft_boundary_loss
from engine.lab.recipes.svdd.settings import DeepSvddConfig
from tests.mostly_long import mostly_long

SMALL = DeepSvddConfig(hidden_dims=(8, 4), epochs=15, learning_rate=3e-3, batch_size=16)
SIZE = 12


def normal(count: int, seed: int) -> Tensor:
    """Vectors near a plane, shape (count, SIZE)."""
    plane = torch.randn(3, SIZE, generator=torch.Generator().manual_seed(99))
    generator = torch.Generator().manual_seed(seed)
    noise = 0.1 * torch.randn(count, SIZE, generator=generator)
    return torch.randn(count, 3, generator=generator) @ plane / 2.0 + noise


def fitted(**settings: object) -> FittedSvdd:
    config = DeepSvddConfig.model_validate(SMALL.model_dump() | settings)
    return fit_svdd(normal(200, 1), normal(64, 2), config, 0, SILENT)


def test_the_objective_starts_from_a_copy_of_the_pretrained_encoder() -> None:
    autoencoder = Autoencoder(SIZE, SMALL).eval()
    training = normal(50, 3)
    networks = start(autoencoder, training)
    theirs, ours = autoencoder.encoder.state_dict(), networks.encoder.state_dict()
    assert theirs.keys() == ours.keys()
    assert all(torch.equal(theirs[name], ours[name]) for name in theirs)
    assert all(theirs[name].data_ptr() != ours[name].data_ptr() for name in theirs)
    torch.testing.assert_close(networks.centre, centre_of(autoencoder.encoder(training)))


def test_codes_are_encoded_without_dropout_and_the_mode_is_left_as_it_was() -> None:
    encoder = Autoencoder(SIZE, SMALL).encoder.train()
    vectors = normal(20, 4)
    assert torch.equal(encoded(encoder, vectors), encoded(encoder, vectors))
    assert encoder.training


def test_both_losses_fall_while_the_centre_stays() -> None:
    centres: dict[int, Tensor] = {}

    def watch(epoch: Epoch, networks: Networks) -> None:
        centres[epoch.number] = networks.centre.clone()

    done = fit_svdd(normal(200, 1), normal(64, 2), SMALL, 0, SILENT, on_objective=watch)
    assert done.pretrained.history[-1].validation < 0.9 * done.pretrained.history[0].validation
    assert done.fitted.best.validation < 0.5 * done.fitted.history[0].validation
    assert list(centres) == [epoch.number for epoch in done.fitted.history]
    assert all(torch.equal(centre, done.networks.centre) for centre in centres.values())


@mostly_long("objective", ["one-class", "soft-boundary"], keep=("soft-boundary",))
@mostly_long("network", ["AE", "AEwRES", "Baseline"], keep=("AEwRES", "Baseline"))
def test_what_is_unlike_the_training_is_odder(network: str, objective: str) -> None:
    networks = fitted(network=network, objective=objective, epochs=40).networks
    unlike = 2.0 * torch.randn(100, SIZE, generator=torch.Generator().manual_seed(6))
    both = torch.cat([normal(100, 5), unlike])
    is_unlike = np.arange(200) >= 100
    assert auc(is_unlike, networks.distances(both).numpy()) > 0.8
    assert auc(is_unlike, networks.reconstruction_errors(both).numpy()) > 0.8


def test_the_same_seed_gives_the_same_weights() -> None:
    ours, theirs = fitted(epochs=3).networks, fitted(epochs=3).networks
    assert torch.equal(ours.centre, theirs.centre)
    for a, b in zip(ours.encoder.state_dict().values(), theirs.encoder.state_dict().values(), strict=True):
        assert torch.equal(a, b)


def test_the_soft_boundary_is_trained_with_the_radius_that_fits() -> None:
    seen: list[float] = []
    training, validation = normal(200, 1), normal(64, 2)
    config = DeepSvddConfig.model_validate(SMALL.model_dump() | {"objective": "soft-boundary", "epochs": 1})
    before: list[Networks] = []

    def watch(epoch: Epoch, networks: Networks) -> None:
        seen.append(epoch.validation)
        before.append(networks)

    fit_svdd(training, validation, config, 0, SILENT, on_objective=watch)
    # The radius was that of the encoder before its first epoch: the pretrained one.
    networks = before[0]
    start_again = start(networks.autoencoder, training)
    radius = fitting_radius(start_again.distances(training), config.nu)
    expected = soft_boundary_loss(networks.distances(validation), radius, config.nu)
    # The mean over batches of unlike sizes is weighted, so both are means over all of the validation.
    assert seen[0] == pytest.approx(float(expected), rel=1e-4)

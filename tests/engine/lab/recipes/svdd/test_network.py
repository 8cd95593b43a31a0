"""The published networks: what each has, and above all what none of them has."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from engine.lab.recipes.svdd.network import Autoencoder, ResidualLayer
from engine.lab.recipes.svdd.settings import DeepSvddConfig, NetworkName

NETWORKS: tuple[NetworkName, ...] = ("AE", "AEwRES", "Baseline")


def made(network: NetworkName, **settings: object) -> Autoencoder:
    torch.manual_seed(0)
    return Autoencoder(6, DeepSvddConfig.model_validate({"network": network, **settings}))


def test_the_defaults_are_those_published() -> None:
    config = DeepSvddConfig()
    assert config.hidden_dims == (512, 256, 128, 64, 32)
    assert (config.activation, config.dropout, config.batch_size) == ("ELU", 0.2, 32)
    assert (config.learning_rate, config.weight_decay) == (1e-5, 1e-5)
    assert (config.epochs, config.patience) == (1000, 10)
    assert (config.mel.rate_hz, config.window_s) == (32_000, 10.0)


@pytest.mark.parametrize("network", NETWORKS)
def test_no_layer_can_say_the_same_of_everything(network: NetworkName) -> None:
    autoencoder = made(network, hidden_dims=[5, 4, 3])
    # The linear layers' weights and nothing else: no bias, and no weights of a normalisation.
    assert all(name.endswith("weight") and value.dim() == 2 for name, value in autoencoder.named_parameters())
    widths = [tuple(value.shape) for value in autoencoder.parameters()]
    assert widths == [(5, 6), (4, 5), (3, 4), (4, 3), (5, 4), (6, 5)]
    assert not made("Baseline", hidden_dims=[5, 4, 3])(torch.zeros(2, 6)).any()


@pytest.mark.parametrize("network", NETWORKS)
def test_only_the_baseline_is_plain(network: NetworkName) -> None:
    kinds = {type(module) for module in made(network, hidden_dims=[5, 4, 3]).modules()}
    extras = {nn.BatchNorm1d, nn.Dropout}
    assert kinds & extras == (set() if network == "Baseline" else extras)
    assert (ResidualLayer in kinds) == (network == "AEwRES")


@pytest.mark.parametrize(
    ("activation", "expected"),
    [
        ("ELU", [2.0, float(torch.expm1(torch.tensor(-1.0)))]),
        ("ReLU", [2.0, 0.0]),
        ("LeakyReLU", [2.0, -0.1]),
    ],
)
def test_the_activation_is_the_one_asked_for(activation: str, expected: list[float]) -> None:
    baseline = made("Baseline", hidden_dims=[2, 2], activation=activation)
    first = baseline.encoder[0]
    with torch.no_grad():
        first[0].weight.copy_(torch.eye(2, 6))
        torch.testing.assert_close(
            first(torch.tensor([[2.0, -1.0, 0.0, 0.0, 0.0, 0.0]]))[0], torch.tensor(expected)
        )


def test_a_residual_layer_of_zero_weights_passes_its_shortcut_on() -> None:
    autoencoder = made("AEwRES", hidden_dims=[5, 4, 3]).eval()
    layer = autoencoder.decoder[0]
    assert isinstance(layer, ResidualLayer)
    for weight in layer.parameters():
        nn.init.zeros_(weight)
    numbers, shortcut = torch.randn(7, 3), torch.randn(7, 4)
    assert torch.equal(layer(numbers, shortcut), shortcut)


def test_aewres_adds_each_encoder_layer_to_the_decoder_layer_of_its_width() -> None:
    autoencoder = made("AEwRES", hidden_dims=[5, 4, 3]).eval()
    heard = torch.randn(7, 6)
    assert torch.allclose(autoencoder(heard), _slow_residual(autoencoder, heard), atol=1e-6)
    for layer in autoencoder.decoder:
        for weight in layer.parameters():
            nn.init.zeros_(weight)
    # With nothing to add, what the first layer of the encoder said goes straight to the last of the decoder.
    straight = autoencoder.out(autoencoder.encoder[0](heard))
    assert torch.allclose(autoencoder(heard), straight, atol=1e-6)


@torch.no_grad()
def _slow_residual(autoencoder: Autoencoder, heard: Tensor) -> Tensor:
    first = autoencoder.encoder[0](heard)
    second = autoencoder.encoder[1](first)
    code = autoencoder.encoder[2](second)
    up = autoencoder.decoder[0].layer(code) + second
    up = autoencoder.decoder[1].layer(up) + first
    return autoencoder.out(up)


def test_ae_knows_nothing_but_the_code() -> None:
    autoencoder = made("AE", hidden_dims=[5, 4, 3]).eval()
    heard = torch.randn(7, 6)
    nn.init.zeros_(autoencoder.encoder[2].weight)
    assert not autoencoder(heard).any()

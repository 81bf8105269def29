"""Small images, models and settings on which training takes a moment."""

from __future__ import annotations

import numpy as np

from overtone.data import ImageSet

# Of each registered model: settings of a network for images of 12x10, small but of full shape.
TOY_NETWORKS: dict[str, tuple[str, ...]] = {
    "fourier-generator": (
        "network.latent_dim=3",
        "network.encoder_hidden=[8]",
        "network.decoder_hidden=[8]",
        "network.net_hidden=[3, 3]",
        "network.latent_weight=0.1",
        "network.init_std=0.3",
        "network.prior.normal_std=1.0",
    ),
    "series-generator": (
        "network.latent_dim=3",
        "network.encoder_hidden=[8]",
        "network.decoder_hidden=[8]",
        "network.num_series=3",
        "network.num_frequencies=4",
        "network.net_hidden=[3]",
    ),
    "dct-transformer": (
        "network.width=12",
        "network.num_heads=2",
        "network.channel_layers=1",
        "network.position_layers=1",
        "network.value_layers=1",
        "network.feed_forward_width=1",
        "network.chunk_size=12",
        "network.overlap=4",
        "network.quality=30",
        "network.dropout=0.1",
    ),
    "dct-completer": (
        "network.task=upscale",
        "network.width=6",
        "network.fine_blocks=1",
        "network.coarse_blocks=1",
        "network.num_heads=2",
        "network.flow_width=4",
        "network.flow_fine_blocks=1",
        "network.flow_coarse_blocks=1",
        "network.num_steps=2",
    ),
    "local-series-generator": (
        "network.latent_dim=3",
        "network.cell_dim=2",
        "network.class_dim=2",
        "network.critic_width=4",
        "network.critic_blocks=1",
        "network.series.num_frequencies=3",
        "network.series.coarse_width=8",
        "network.series.coarse_blocks=1",
        "network.series.fine_width=6",
        "network.series.fine_blocks=1",
    ),
    "local-series-autoencoder": (
        *("network.latent_channels=2", "network.encoder_width=4", "network.encoder_blocks=1"),
        *("network.series.num_frequencies=3", "network.series.coarse_width=8"),
        *("network.series.coarse_blocks=1", "network.series.fine_width=6"),
        *("network.series.fine_blocks=1", "network.flow.net.coarse_width=16"),
        *("network.flow.net.width=16", "network.flow.net.num_blocks=2"),
        *("network.flow.net.coarse_blocks=1", "network.flow.net.condition_width=8"),
        "network.flow.num_steps=3",
    ),
    "local-series-flow": (
        *("network.num_frequencies=3", "network.flow.num_steps=3"),
        *("network.flow.net.width=16", "network.flow.net.num_blocks=2"),
        *("network.flow.net.coarse_width=16", "network.flow.net.coarse_blocks=1"),
        "network.flow.net.condition_width=8",
    ),
    "dct-flow": (
        *("network.flow.net.width=16", "network.flow.net.num_blocks=2"),
        *("network.flow.net.coarse_width=16", "network.flow.net.coarse_blocks=1"),
        *("network.flow.net.condition_width=8", "network.flow.num_steps=3"),
    ),
    "local-dictionary": (
        *("network.num_atoms=6", "network.fit_steps=3"),
        *("network.flow.net.width=16", "network.flow.net.num_blocks=2"),
        *("network.flow.net.coarse_width=16", "network.flow.net.coarse_blocks=1"),
        *("network.flow.net.condition_width=8", "network.flow.num_steps=3"),
    ),
    "pca": ("network.num_components=3",),
    "spectral-dictionary": (
        "network.num_atoms=4",
        "network.modulation_hidden=[6]",
        "network.modulation_waves=2",
    ),
    "vae": ("network.latent_dim=3", "network.channels=[4, 6]", "network.hidden=8"),
}
TOY_TRAINING = (
    "train.steps=24",
    "train.batch_size=16",
    "train.learning_rate=0.01",
    "train.warmup_steps=3",
    "train.clip_norm=50.0",
    "train.ema_decay=0.9",
    "train.num_threads=1",
    "train.log_every=4",
    "train.checkpoint_every=5",
    "train.sample_every=10",
    "train.evaluate_every=10",
    "train.num_samples=6",
)


def toy_settings(model: str) -> tuple[str, ...]:
    return (*TOY_NETWORKS[model], *TOY_TRAINING)


def toy_images(num_images: int = 40, *, channels: int = 3, name: str = "toy") -> ImageSet:
    """Images of 12 rows and 10 columns: a dark or a bright side, and noise; two classes."""
    rng = np.random.default_rng(5)
    labels = rng.integers(0, 2, num_images)
    ramp = np.linspace(30, 220, 10)[None, None, :, None]
    levels = np.where(labels[:, None, None, None] == 0, ramp, 250 - ramp)
    noise = rng.normal(0, 12, (num_images, 12, 10, channels))
    pixels = np.clip(levels + noise, 0, 255).astype(np.uint8)
    return ImageSet(name, pixels, labels.astype(np.int64), ("rising", "falling"))

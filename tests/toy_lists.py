"""Small DCTransformers and images for them."""

from __future__ import annotations

import dataclasses

import numpy as np
import torch
from helpers import scene
from toy_training import TOY_NETWORKS

from overtone.models.base import ImageSpec, from_pixels
from overtone.models.dct_transformer.model import DctTransformer
from overtone.training.plan import resolve_plan

SIZES = [(12, 10, 1), (20, 17, 3)]


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def images_of(height, width, channels, count=6):
    return np.stack([scene(height, width, channels, seed=seed) for seed in range(count)])


def build(height, width, channels, /, **changes):
    plan = resolve_plan(
        "dct-transformer", assignments=(*TOY_NETWORKS["dct-transformer"], "train.steps=1")
    )
    config = dataclasses.replace(plan.network, **changes)
    spec = ImageSpec(
        height=height, width=width, channels=channels, num_images=6, class_names=("a", "b")
    )
    model = DctTransformer(config, spec, generator=generator())
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("gates"):
                parameter.fill_(0.3)  # or nothing would attend to anything
    return model


def lists_of(model, images):
    return model.lists_of(from_pixels(torch.from_numpy(images)))

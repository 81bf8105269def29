"""Everything that changes while a model is trained, to and from named tensors."""

import contextlib
import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from overtone.errors import CheckpointError, ConfigError
from overtone.models.base import AbstractModel
from overtone.training.ema import Ema
from overtone.training.settings import TrainConfig
from overtone.training.watch import LossWatch

PROCESSOR = torch.device("cpu")


@dataclasses.dataclass
class TrainState:
    """The state of a run after a step.

    Attributes:
        model: The model with the weights of the last step.
        optimizer: Optimiser whose groups are the model's, in their order.
        ema: Average of the weights, or None.
        generator: Source of all randomness in steps.
        watch: Notices losses that explode.
        step: Number of steps done; also the position in the order of batches.
        spent_s: Processor time inside steps and in what is before the first, seconds; on a card
            the clock's time.
        unread: Losses of the latest steps that `watch` has not seen yet; never in a checkpoint.
    """

    model: AbstractModel
    optimizer: torch.optim.Optimizer
    ema: Ema | None
    generator: torch.Generator
    watch: LossWatch = dataclasses.field(default_factory=LossWatch)
    step: int = 0
    spent_s: float = 0.0
    unread: list[Tensor] = dataclasses.field(default_factory=list)

    @classmethod
    def start(
        cls, model: AbstractModel, settings: TrainConfig, device: torch.device = PROCESSOR
    ) -> "TrainState":
        """The state before the first step of a model that is on the device."""
        return cls(
            model,
            _optimizer(model, settings),
            None if settings.ema_decay is None else Ema(model, settings.ema_decay),
            derived_generator(settings.seed, "steps", device if model.steps_on_card else PROCESSOR),
        )

    @contextlib.contextmanager
    def averaged(self) -> Iterator[None]:
        """The model is as it is evaluated and stored: averaged weights, not in training mode."""
        self.model.eval()
        with contextlib.nullcontext() if self.ema is None else self.ema.in_place():
            yield
        self.model.train()

    def tensors(self) -> dict[str, Tensor]:
        """The state as named tensors, not copied.

        Names begin with "model.", "ema." or "optimizer.", or are "generator", of a card
        "generator.cuda".
        """
        named = {f"model.{name}": t for name, t in self.model.state_dict().items()}
        if self.ema is not None:
            named |= {f"ema.{name}": t for name, t in self.ema.shadow.items()}
        for number, values in self.optimizer.state_dict()["state"].items():
            named |= {f"optimizer.{number}.{name}": t for name, t in values.items()}
        return named | {self._generator_name: self.generator.get_state()}

    def record(self) -> dict[str, Any]:
        """The part of the state that is no tensor, ready for JSON."""
        return {
            "step": self.step,
            "spent_s": self.spent_s,
            "watch": dataclasses.asdict(self.watch),
        }

    def restore(self, tensors: dict[str, Tensor], record: dict[str, Any]) -> None:
        """Takes on the state that `tensors` and `record` were made of.

        Where they are of another device, the source of randomness begins anew, from its seed and
        the step.

        Raises:
            CheckpointError: They belong to another model or other settings.
        """
        try:
            named = self.model.current_tensors
            self.model.load_state_dict(named(_part(tensors, "model.")))
            if self.ema is not None:
                self._restore_ema(named(_part(tensors, "ema.")))
            self._restore_optimizer(_part(tensors, "optimizer."))
            self.watch = LossWatch(**record["watch"])
            self.step, self.spent_s = record["step"], record["spent_s"]
            self._restore_generator(tensors)
        except (AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
            raise CheckpointError(f"the checkpoint does not fit this run: {error}") from error

    @property
    def _generator_name(self) -> str:
        """States of a processor and of a card have nothing in common."""
        kind = self.generator.device.type
        return "generator" if kind == "cpu" else f"generator.{kind}"

    def _restore_generator(self, tensors: dict[str, Tensor]) -> None:
        if self._generator_name in tensors:
            self.generator.set_state(tensors[self._generator_name])
        elif any(name.startswith("generator") for name in tensors):
            self.generator.manual_seed(_derived_seed(self.generator.initial_seed(), str(self.step)))
        else:
            raise LookupError("it has no state of a generator")

    def _restore_ema(self, tensors: dict[str, Tensor]) -> None:
        assert self.ema is not None
        for name, average in self.ema.shadow.items():
            average.copy_(tensors[name])

    def _restore_optimizer(self, tensors: dict[str, Tensor]) -> None:
        state: dict[int, dict[str, Tensor]] = {}
        for path, tensor in tensors.items():
            number, _, name = path.partition(".")
            # A clone is aligned as PyTorch aligns, on which the last bit of a result can depend.
            state.setdefault(int(number), {})[name] = tensor.clone()
        groups = self.optimizer.state_dict()["param_groups"]
        self.optimizer.load_state_dict({"state": state, "param_groups": groups})


def compile_networks(model: AbstractModel) -> None:
    """Calls of the model's `networks` go through `torch.compile` from now on.

    Raises:
        ConfigError: It has none for which that pays.
    """
    if not model.networks:
        raise ConfigError(f"a {model.name} has no network to compile; leave out train.compile")
    for name in model.networks:
        model.get_submodule(name).compile()


def derived_generator(seed: int, purpose: str, device: torch.device = PROCESSOR) -> torch.Generator:
    """A generator of its own for each purpose of a seed."""
    return torch.Generator(device).manual_seed(_derived_seed(seed, purpose))


def _derived_seed(seed: int, purpose: str) -> int:
    words = np.random.SeedSequence([seed, *purpose.encode()]).generate_state(2, np.uint32)
    return int(words[0]) << 32 | int(words[1])


def _optimizer(model: AbstractModel, settings: TrainConfig) -> torch.optim.Optimizer:
    groups = [
        {
            "params": list(group.parameters),
            "rate_start": group.rate_start,
            "rate_end": group.rate_end,
        }
        for group in model.parameter_groups()
    ]
    kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[settings.optimizer]
    return kind(
        groups,
        lr=settings.learning_rate,
        betas=(settings.betas[0], settings.betas[1]),
        weight_decay=settings.weight_decay,
        fused=True,
    )


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in tensors.items()
        if name.startswith(prefix)
    }

"""The one training loop."""

import dataclasses
import math
import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from overtone.data import BatchOrder, ImageSet
from overtone.errors import TrainError
from overtone.imaging.image import to_grid
from overtone.models.base import Batch, to_pixels
from overtone.models.share import Share
from overtone.training.checkpoint import CheckpointFolder
from overtone.training.feed import ImageFeed
from overtone.training.log import RunLog
from overtone.training.processes import ALONE, Processes
from overtone.training.schedule import learning_rate, progress_of
from overtone.training.settings import TrainConfig
from overtone.training.signals import StopRequest
from overtone.training.state import TrainState, derived_generator
from overtone.training.watch import collapse_reason, spread

# Steps whose losses are read together on a card, which would stand idle at each reading.
READ_TOGETHER = {"cuda": 32}
# Training images whose spread the samples' is compared with.
_NUM_COMPARED = 1024


@dataclasses.dataclass(frozen=True, slots=True)
class TrainProgress:
    """How far a run has come, for whoever watches it.

    Attributes:
        step: Number of steps done.
        fraction: Part of the run that is done, 0..1.
        loss: Mean loss since the last report.
        images_per_s: Images a second since the last report, wall clock.
        remaining_s: Seconds until the end at the speed since the start or the resumption, wall
            clock.
        is_fitting: Whether all steps are done and priors are fitted to the latents; the losses and
            speeds are then of the last steps.
    """

    step: int
    fraction: float
    loss: float
    images_per_s: float
    remaining_s: float
    is_fitting: bool = False


_Losses = TypeVar("_Losses", dict[str, Tensor], dict[str, Tensor] | None)
TrainProgressCallback = Callable[[TrainProgress], None]


@dataclasses.dataclass(frozen=True)
class Loop:
    """The training loop: everything a run uses and does not change.

    Attributes:
        device: Where the model is and the batches go.
        settings: Settings of the training.
        images: The training set.
        held_out: Images to measure the loss on, or None.
        checkpoints: Folder that the state is kept in.
        log: Log that events are written to; None on all processes but the first.
        report: Called at every line of the log, or None.
        processes: Those that share each batch; the first one writes.
    """

    device: torch.device
    settings: TrainConfig
    images: ImageSet
    held_out: ImageSet | None
    checkpoints: CheckpointFolder
    log: RunLog | None
    report: TrainProgressCallback | None
    processes: Processes = ALONE

    def run(self, state: TrainState, stop: StopRequest) -> bool:
        """Trains until the end (True) or until it is asked to stop (False).

        Raises:
            TrainError: A loss or weight is not finite, the loss explodes or samples collapse.
            CheckpointError: The state cannot be written.
        """
        settings = self.settings
        order = BatchOrder(len(self.images), settings.batch_size, seed=settings.seed)
        feed, clock = ImageFeed(self.images, self.device), clock_of(self.device)
        share = self.processes.share_of(settings.batch_size)
        meter = _Meter(settings, state)
        if state.step == 0 and self._progress(state) >= 1:
            raise TrainError(
                f"the {settings.core_minutes:g} core-minutes were over before the first step, "
                f"which began after {state.spent_s / 60:.2f}; give a longer train.core_minutes"
            )
        while self._progress(state) < 1:
            started = clock()
            losses = self.step(state, feed.batch(order.indices(state.step), share))
            spent_s, num_stopping = self.processes.totals(clock() - started, float(stop.is_set))
            state.spent_s += spent_s
            meter.add(losses)
            done = self._progress(state) >= 1
            if state.step % settings.log_every == 0 or done:
                self._log(state, meter)
            if _is_due(state.step, settings.evaluate_every, done):
                self._evaluate(state)
            if _is_due(state.step, settings.sample_every, done):
                self._sample(state)
            # One of several hears of a stop that came since then with the next step.
            is_stopping = num_stopping > 0 or (self.processes.count == 1 and stop.is_set)
            if _is_due(state.step, settings.checkpoint_every, done or is_stopping):
                self.save(state)
            if is_stopping and not done:
                return False
        return True

    def save(self, state: TrainState) -> None:
        """Writes a checkpoint, but never one of weights that are not finite."""
        self._read(state)
        self._check_weights(state)
        if self.processes.is_first:
            self.checkpoints.save(state)

    def _check_weights(self, state: TrainState) -> None:
        if not all(bool(p.isfinite().all()) for p in state.model.parameters()):
            raise self._failure("a weight is not finite", state.step)

    def _progress(self, state: TrainState) -> float:
        return progress_of(self.settings, state.step, state.spent_s)

    def step(self, state: TrainState, batch: Batch) -> dict[str, Tensor]:
        """One step of training; the losses, not waited for on a card."""
        settings, progress = self.settings, self._progress(state)
        rate = learning_rate(settings, state.step, progress)
        for group in state.optimizer.param_groups:
            start, end = group["rate_start"], group["rate_end"]
            group["lr"] = rate * (start + (end - start) * progress)
        losses = self._differentiate(state, self._loss(state, state.model.loss, batch), batch.share)
        state.unread.append(losses["loss"])
        if len(state.unread) >= READ_TOGETHER.get(self.device.type, 1):
            self._read(state, num_under_way=1)
        self._descend(state)
        own = self._loss(state, state.model.second_loss, batch)
        if own is not None:
            losses = self._differentiate(state, own, batch.share) | losses
            self._descend(state)
        if state.ema is not None:
            state.ema.update(state.step)
        state.step += 1
        return losses

    def _read(self, state: TrainState, *, num_under_way: int = 0) -> None:
        """Shows the watch the losses that it has not seen."""
        if not state.unread:
            return
        losses = torch.stack(state.unread).tolist()
        state.unread.clear()
        for step, loss in enumerate(losses, state.step + num_under_way - len(losses) + 1):
            reason = state.watch.reason(loss)
            if reason is not None:
                raise self._failure(reason, step)

    def _loss(self, state: TrainState, loss: Callable[..., _Losses], batch: Batch) -> _Losses:
        is_16_bit = self.settings.precision == "bfloat16"
        try:
            with torch.autocast(self.device.type, torch.bfloat16, enabled=is_16_bit):
                return loss(batch, progress=self._progress(state), generator=state.generator)
        except ValueError:
            self._check_weights(state)  # a kernel refuses such before there is a loss
            raise

    def _differentiate(
        self, state: TrainState, own: dict[str, Tensor], share: Share
    ) -> dict[str, Tensor]:
        """Leaves the gradients of the whole batch's loss; its losses, detached."""
        state.optimizer.zero_grad(set_to_none=True)
        own["loss"].backward()
        return self.processes.average([*state.model.parameters()], own, share)

    def _descend(self, state: TrainState) -> None:
        """One step of the optimiser."""
        if self.settings.clip_norm is not None:
            torch.nn.utils.clip_grad_norm_(state.model.parameters(), self.settings.clip_norm)
        state.optimizer.step()

    def _log(self, state: TrainState, meter: "_Meter") -> None:
        means, images_per_s, remaining_s = meter.take(state, self._progress(state))
        rate = state.optimizer.param_groups[0]["lr"]
        timing = {"rate": rate, "images_per_s": images_per_s, "core_s": state.spent_s}
        if self.log is None:
            return
        self.log.write(state.step, "train", means | timing)
        if self.report is not None:
            progress = self._progress(state)
            self.report(
                TrainProgress(state.step, progress, means["loss"], images_per_s, remaining_s)
            )

    def _evaluate(self, state: TrainState) -> None:
        if self.log is None or self.held_out is None or not state.model.has_unseen_loss:
            return
        generator = derived_generator(self.settings.seed, "evaluate")
        num_images = min(len(self.held_out), self.settings.num_held_out)
        size = min(self.settings.batch_size, num_images)
        sums: dict[str, float] = {}
        num_batches = num_images // size
        feed = ImageFeed(self.held_out, self.device)
        with state.averaged(), torch.no_grad():
            for number in range(num_batches):
                indices = np.arange(number * size, (number + 1) * size, dtype=np.int64)
                losses = state.model.loss(
                    feed.batch(indices), progress=self._progress(state), generator=generator
                )
                for name, value in losses.items():
                    sums[name] = sums.get(name, 0.0) + float(value)
        means = {name: total / num_batches for name, total in sums.items()}
        self.log.write(state.step, "held-out", means)

    def _sample(self, state: TrainState) -> None:
        if self.log is None:
            return
        generator = derived_generator(self.settings.seed, "samples")
        with state.averaged(), torch.no_grad():
            samples = state.model.preview(
                self.settings.num_samples, self.images, generator=generator
            )
        pixels = to_pixels(samples)
        self.log.picture(state.step, to_grid(pixels))
        reason = collapse_reason(
            pixels,
            spread_of_images=spread(self.images.images[:_NUM_COMPARED]),
            progress=self._progress(state),
        )
        if reason is not None:
            raise self._failure(reason, state.step, "; train.sample_every=0 draws none")

    def _failure(self, reason: str, step: int, hint: str = "") -> TrainError:
        return TrainError(
            f"{reason} at step {step}; the last good checkpoint is {self.checkpoints.last()}; "
            f"try a smaller train.learning_rate or a train.clip_norm{hint}"
        )


class _Meter:
    """Sums of losses and times since the last line of the log."""

    def __init__(self, settings: TrainConfig, state: TrainState) -> None:
        self.settings = settings
        self.sums: dict[str, Tensor] = {}
        self.num_steps = 0
        self.first = self.last = time.monotonic()
        self.first_progress = progress_of(settings, state.step, state.spent_s)

    def add(self, losses: dict[str, Tensor]) -> None:
        for name, value in losses.items():
            self.sums[name] = self.sums[name] + value if name in self.sums else value
        self.num_steps += 1

    def take(self, state: TrainState, progress: float) -> tuple[dict[str, float], float, float]:
        """Means, images a second and seconds until the end; starts anew."""
        now = time.monotonic()
        means = {name: float(total) / self.num_steps for name, total in self.sums.items()}
        images_per_s = self.num_steps * self.settings.batch_size / max(now - self.last, 1e-9)
        gained = progress - self.first_progress
        remaining_s = (now - self.first) * (1 - progress) / gained if gained > 0 else math.inf
        self.sums, self.num_steps, self.last = {}, 0, now
        return means, images_per_s, remaining_s


def clock_of(device: torch.device) -> Callable[[], float]:
    """What the cost of a training is read from, seconds: processor time; on a card the clock."""
    return time.process_time if device.type == "cpu" else time.monotonic


def _is_due(step: int, every: int, anyway: bool) -> bool:
    return every > 0 and (anyway or step % every == 0)

"""Stage `train`: the best preset on CIFAR-10 for a time; a grid, the model's file, the log.

`--thesis` trains the thesis's generator instead, by its published schedule over that time; the
published length is 194,097 steps, and the row of its log says how many there were.
"""

import pathlib
import shutil

from experiments.gpu.stage import THESIS, TINY_BATCH, Stage, best_recipe, parsed
from overtone.bitstream.container import Metadata
from overtone.imaging.image import Picture, picture_to_bytes, to_grid
from overtone.models.store import load_model, read_summary, save_model
from overtone.tasks.sample import sample
from overtone.training.log import LOG_FILE
from overtone.training.loop import TrainProgress
from overtone.training.run import train

START_SECONDS = 40.0  # of the stage that are no training: imports, priors, grid
NUM_SHOWN = 100
MAX_MODEL_BYTES = 16 << 20


def main() -> None:
    """Trains, and writes what came of it."""
    stage, arguments = parsed("Trains on CIFAR-10.", "thesis")
    name, preset = THESIS if arguments.thesis else best_recipe()
    run = stage.work / run_name(is_thesis=arguments.thesis)
    if not (run / "run.json").exists():
        shutil.rmtree(run, ignore_errors=True)
    is_going_on = run.exists()
    minutes = max(stage.seconds - START_SECONDS, 1.0) / 60
    settings = (f"train.core_minutes={minutes:.4f}", "train.sample_every=0", *small(stage))
    result = train(
        None if is_going_on else name,
        stage.images("train"),
        out=run,
        preset=None if is_going_on else preset,
        settings=() if is_going_on else settings,
        resume=is_going_on,
        device=stage.device,
        progress=told,
    )
    print(f"{name} {preset}: {result.status} at step {result.step}", flush=True)
    if result.status != "finished":
        raise SystemExit(f"gpu: {name} was stopped before its end; the same command goes on")
    publish(stage, run, suffix="-thesis" if arguments.thesis else "")


def run_name(*, is_thesis: bool) -> str:
    """The folder of the run."""
    return "run-thesis" if is_thesis else "run-best"


def small(stage: Stage) -> tuple[str, ...]:
    """Changes that make a run a moment."""
    if not stage.tiny:
        return ()
    return (f"train.batch_size={TINY_BATCH}", "train.num_threads=1", "train.core_minutes=0.02")


def told(progress: TrainProgress) -> None:
    """A line now and then."""
    print(
        f"step {progress.step}, {progress.fraction:.1%}, loss {progress.loss:.4g}, "
        f"{progress.images_per_s:.0f} images/s",
        flush=True,
    )


def publish(stage: Stage, run: pathlib.Path, *, suffix: str) -> None:
    """Grid, log and, where it is small enough, the model's file with 16-bit weights."""
    model = load_model(run, device="auto" if stage.device != "cpu" else "cpu")
    pixels = sample(model, NUM_SHOWN, seed=1)
    picture = Picture(to_grid(pixels, num_columns=10), Metadata())
    (stage.out / f"grid{suffix}.png").write_bytes(picture_to_bytes(picture, ".png"))
    shutil.copy(run / LOG_FILE, stage.out / f"train{suffix}.jsonl")
    file = stage.out / f"model{suffix}.safetensors"
    save_model(file, model, read_summary(run)["summary"], dtype="float16")
    size = file.stat().st_size
    if size > MAX_MODEL_BYTES:
        file.unlink()
        print(f"gpu: the model's file has {size} bytes, over {MAX_MODEL_BYTES}; it is left out")


if __name__ == "__main__":
    main()

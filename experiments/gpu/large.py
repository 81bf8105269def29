"""Stage `large`: steps of the DCTransformer of 448 M parameters at full size; seconds and memory.

The preset `paper-lsun` on pictures of 384x384, with the chunks that one of 64 cards has of a batch
of 512. A row for each precision; `fits` says whether the memory at most is within 80 GB; it is
null where there is no card.
"""

import gc

import torch

from experiments.gpu.pictures import enlarged
from experiments.gpu.speed import described, measured
from experiments.gpu.stage import Stage, parsed
from overtone.data import ImageSet
from overtone.evaluate.provenance import provenance
from overtone.models.compute import card_name, torch_device
from overtone.training.plan import TrainPlan, resolve_plan

ROWS = "large.jsonl"
SIDES, NUM_CHUNKS = (384, 384), 8  # 512 chunks on 64 cards
CARD_BYTES = 80 * 10**9
PRECISIONS = ("tf32", "bfloat16", "float32")
TINY = (
    *("network.width=12", "network.num_heads=2", "network.channel_layers=1"),
    *("network.position_layers=1", "network.value_layers=1", "network.encoder_layers=1"),
    *("network.chunk_size=12", "network.overlap=4"),
)


def main() -> None:
    """One row a precision; what does not fit is a row that says so."""
    stage, _ = parsed("Steps of a large model.")
    device = torch_device(stage.device)
    sides, count = ((16, 24), 4) if stage.tiny else (SIDES, NUM_CHUNKS)
    found = stage.images("train")
    images = ImageSet("enlarged", enlarged(found.images[: 2 * count], sides))
    for precision in PRECISIONS[: 1 if stage.tiny else None]:
        plan = plan_of(stage, precision, count)
        try:
            row = measured(plan, images, device, warm_steps=1)
            peak = row["peak_bytes"]
            row["fits"] = None if peak is None else peak <= CARD_BYTES
        except RuntimeError as error:  # too little memory
            row = {"error": " ".join(str(error).split())[:300], "fits": False}
        stage.add_row(ROWS, described(plan) | row | provenance(card_name(device)))
        free(device)


def plan_of(stage: Stage, precision: str, num_chunks: int) -> TrainPlan:
    """The preset with the chunks of one card."""
    changes = [f"train.batch_size={num_chunks}", f"train.precision={precision}"]
    changes += [*TINY, "train.num_threads=1"] if stage.tiny else []
    return resolve_plan("dct-transformer", "paper-lsun", changes)


def free(device: torch.device) -> None:
    """Gives back what a model has taken, before the next one."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()


if __name__ == "__main__":
    main()

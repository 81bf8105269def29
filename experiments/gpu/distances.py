"""Stage `distances`: samples of the trained models against the test images, by two networks."""

from experiments.gpu.stage import Stage, parsed
from experiments.gpu.train import run_name
from overtone.data import ImageSet
from overtone.evaluate.distribution.measure import ReferenceSet, measure_samples
from overtone.evaluate.distribution.rows import append_distribution_rows
from overtone.evaluate.distribution.sample_source import draw
from overtone.metrics.distribution.features.registry import get_feature_network
from overtone.models.store import MODEL_FILE, load_model

ROWS = "distances.jsonl"
NUM_SAMPLES = 10_000


def main() -> None:
    """The best model's run, and the thesis's where there is one."""
    stage, _ = parsed("Measures samples.")
    names = [run_name(is_thesis=False), run_name(is_thesis=True)]
    names = [name for name in names if (stage.work / name / MODEL_FILE).is_file()]
    if not names:
        raise SystemExit(f"gpu: no trained model is in {stage.work}; stage train makes it")
    test, training = stage.images("test"), stage.images("train")
    for name in names:
        measure_run(stage, name, test, training)


def measure_run(stage: Stage, name: str, test: ImageSet, training: ImageSet) -> None:
    """Rows of a run; first those of the samples, since real images have been measured elsewhere."""
    folder = str(stage.work / name)
    drawn = draw(
        folder,
        min(NUM_SAMPLES, len(test)),
        seed=1,
        opened=load_model(folder, device="auto" if stage.device != "cpu" else "cpu"),
    )
    networks = ["efficientnet-lite0", "color32"]
    if not stage.weights.is_file():
        print(f"gpu: there are no weights at {stage.weights}; efficientnet-lite0 is left out")
        networks = networks[1:]
    for with_floors in (False, True):
        for network in networks:
            weights = str(stage.weights) if network == "efficientnet-lite0" else None
            reference = ReferenceSet(
                network=get_feature_network(network, weights, device=stage.device),
                images=test,
                other_split=training,
                cache=stage.work / "features",
            )
            rows = measure_samples(
                drawn.images, reference, source=drawn.source, with_floors=with_floors
            )
            found = rows[1:] if with_floors else rows
            append_distribution_rows(stage.out / ROWS, found)
            for row in found:
                values = {key: round(value, 4) for key, value in row.values.items()}
                print(f"{name} {network} {row.compared}: {values}", flush=True)


if __name__ == "__main__":
    main()

"""What a large corpus and a large model would take: reckoned from shapes and from rows."""

from __future__ import annotations

import json

from experiments.speed import processes, processes_page, reckon, scale


def test_a_full_step_of_the_large_model_fits_a_card_of_80_gb():
    eight = reckon.step_cost(8)
    assert abs(eight.num_parameters - 448e6) < 2e6  # as published
    # A product of a weight and a token is two operations, and twice that in the backward pass; the
    # encoder's tokens and attention are on top, the tables of embeddings are looked up.
    weights = 6 * eight.num_parameters * eight.num_chunks * eight.num_tokens
    assert 0.8 * weights < eight.flops < 1.5 * weights
    assert eight.state_bytes == 5 * 4 * eight.num_parameters
    # The rest is for what lives for a moment: one more set of gradients of the largest tensors.
    assert 20e9 < eight.state_bytes + eight.kept_bytes < 60e9


def test_costs_follow_from_rows(tmp_path):
    rows = tmp_path / scale.RESULTS
    rows.mkdir(parents=True)
    tables = (scale.corpus, scale.training, scale.processors)
    assert [table(tmp_path) for table in tables] == ["Not measured yet."] * 3
    cost = reckon.StepCost(1_000_000, 8, 16, 546 * 10**11, 2 * 10**9, 16_000_000)
    (rows / "reckoned.jsonl").write_text(json.dumps(reckon.row_of(cost)) + "\n")
    text = scale.training(tmp_path)
    # 54.6 TFLOP at 35 % of 156 and of 312 TFLOP/s; two times 63/64 of 4 MB at 12.5 GB/s.
    assert "| tf32 | 54.6 / (156 × 0.35) = 1.000 s | 0.001 s | 1.001 s | 182 h | 11,634 |" in text
    assert "| bfloat16 | 54.6 / (312 × 0.35) = 0.500 s |" in text
    assert "2.0 GB of 80." in text


def test_rows_of_training_replace_those_of_their_models_and_are_judged(tmp_path):
    def row(model, ratio):
        facts = {"preset": "cifar10", "batch_size": 8, "num_parameters": 10**6}
        rates = {"one_images_per_s": 10.0, "two_images_per_s": 10.0 * ratio}
        return {"model": model, **facts, **rates, "ratio": ratio}

    path = tmp_path / "rows" / "processes.jsonl"
    processes.write_rows(path, [row("series-generator", 1.2), row("vae", 1.71)])
    processes.write_rows(path, [row("series-generator", 1.6)])
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert [(each["model"], each["ratio"]) for each in rows] == [
        ("vae", 1.71),
        ("series-generator", 1.6),
    ]
    yes, no = processes_page.lines_of(rows)
    assert yes.endswith("| 10 | 17 | 1.71 | yes |")
    assert no.endswith("| 1.60 | no |")

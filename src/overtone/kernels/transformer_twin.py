"""The slow, obvious twin of `overtone.kernels.transformer.sample_top_p`."""

import numpy as np
from numpy.typing import NDArray


def probabilities_of(
    logits: NDArray[np.floating], is_legal: NDArray[np.bool_], temperature: float
) -> NDArray[np.float64]:
    """Softmax of (rows, tokens) over what is legal."""
    scores = np.where(is_legal, logits.astype(np.float64), -np.inf)
    sizes = np.exp((scores - scores.max(-1, keepdims=True)) / temperature)
    return sizes / sizes.sum(-1, keepdims=True)


def sample_top_p(
    logits: NDArray[np.floating],
    is_legal: NDArray[np.bool_],
    drawn: NDArray[np.float64],
    *,
    temperature: float,
    top_p: float,
) -> NDArray[np.int64]:
    """Inverts the cumulative distribution of each row; arguments are those of the kernel."""
    probabilities = probabilities_of(logits, is_legal, temperature)
    if top_p < 1:
        order = np.argsort(-probabilities, axis=-1, kind="stable")
        ordered = np.take_along_axis(probabilities, order, -1)
        ordered = np.where(ordered.cumsum(-1) - ordered < top_p, ordered, 0.0)
        np.put_along_axis(probabilities, order, ordered, -1)
    mass = probabilities.cumsum(-1)
    sampled = (mass <= drawn[:, None] * mass[:, -1:]).sum(-1)
    return np.minimum(sampled, (np.arange(mass.shape[-1]) * is_legal).max(-1))

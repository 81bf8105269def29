"""The slow, obvious twin of `overtone.kernels.transformer.pick`."""

import numpy as np
from numpy.typing import NDArray


def probabilities_of(
    logits: NDArray[np.floating], is_legal: NDArray[np.bool_], temperature: float
) -> NDArray[np.float64]:
    """Softmax of (rows, tokens) over what is legal."""
    scores = np.where(is_legal, logits.astype(np.float64), -np.inf)
    sizes = np.exp((scores - scores.max(-1, keepdims=True)) / temperature)
    return sizes / sizes.sum(-1, keepdims=True)


def pick(
    logits: NDArray[np.floating],
    is_legal: NDArray[np.bool_],
    drawn: NDArray[np.float64],
    *,
    temperature: float,
    top_p: float,
) -> NDArray[np.int64]:
    """See `overtone.kernels.transformer.pick`: inverts the cumulative distribution of each row."""
    probabilities = probabilities_of(logits, is_legal, temperature)
    if top_p < 1:
        order = np.argsort(-probabilities, axis=-1, kind="stable")
        ordered = np.take_along_axis(probabilities, order, -1)
        ordered = np.where(ordered.cumsum(-1) - ordered < top_p, ordered, 0.0)
        np.put_along_axis(probabilities, order, ordered, -1)
    mass = probabilities.cumsum(-1)
    picked = (mass <= drawn[:, None] * mass[:, -1:]).sum(-1)
    return np.minimum(picked, (np.arange(mass.shape[-1]) * is_legal).max(-1))

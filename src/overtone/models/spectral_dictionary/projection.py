"""Variable projection: the coefficients of a linear model eliminated by least squares.

With atoms S (K, V) the best coefficients of a signal x are w = (S Sᵀ)⁻¹ S x. The mean squared error
that is left depends on the data only through their second moments C = mean x xᵀ:

    L(S) = tr C - tr (S Sᵀ)⁻¹ S C Sᵀ

Since w is optimal, L has the gradient of the error at fixed coefficients (Golub & Pereyra, 1973):
with B = mean w xᵀ and H = mean w wᵀ,

    L = tr C - 2 ⟨S, B⟩ + ⟨H, S Sᵀ⟩,  dL/dS = 2 (H S - B)

so a step costs K V² multiplications, however many images there are.
"""

import dataclasses

import torch
from torch import Tensor

from overtone.models.base import from_pixels
from overtone.shapes import Float, UInt8

# Of more values an image, the images themselves stand for the covariance, so many at most.
MAX_VALUES = 4096
_CHUNK = 4096
# Added to the diagonal of S Sᵀ, relative to its mean, so that atoms may be collinear.
_RIDGE = 1e-7


@dataclasses.dataclass(frozen=True)
class SecondMoments:
    """The second moments C of signals: the mean of x xᵀ over centred signals x.

    Attributes:
        matrix: C, or with many values an image a factor R with RᵀR = C.
        is_factor: Which of them.
        trace: Trace of C.
    """

    matrix: Float[Tensor, "_rows v"]
    is_factor: bool
    trace: float

    @classmethod
    def of(
        cls,
        pixels: UInt8[Tensor, "n h w c"],
        mean: Float[Tensor, " v"],
        *,
        generator: torch.Generator,
    ) -> "SecondMoments":
        """The moments of all images, or with over 4096 values an image of as many random ones.

        Args:
            pixels: 8-bit pixels of the images.
            mean: Subtracted from each image, in [-1, 1].
            generator: Source of randomness for the choice.
        """
        num_values = mean.numel()
        if num_values > MAX_VALUES:
            chosen = torch.randperm(len(pixels), generator=generator)[:MAX_VALUES].sort().values
            factor = (from_pixels(pixels[chosen]).flatten(1) - mean) / len(chosen) ** 0.5
            return cls(factor, True, float(factor.double().square().sum()))
        matrix = torch.zeros(num_values, num_values)
        for chunk in pixels.split(_CHUNK):
            centred = from_pixels(chunk).flatten(1) - mean
            matrix.addmm_(centred.T, centred)
        matrix /= len(pixels)
        return cls(matrix, False, float(matrix.diagonal().double().sum()))

    def to(self, device: torch.device) -> "SecondMoments":
        """The same moments on another device."""
        return dataclasses.replace(self, matrix=self.matrix.to(device))

    def times(self, atoms: Float[Tensor, "k v"]) -> Float[Tensor, "k v"]:
        """The product S C of the atoms with the moments."""
        if self.is_factor:
            return (atoms @ self.matrix.T) @ self.matrix
        return atoms @ self.matrix

    def projected_error(self, atoms: Float[Tensor, "k v"]) -> Float[Tensor, ""]:
        """Mean over values and signals of the squared error with the best coefficients."""
        with torch.autocast(atoms.device.type, enabled=False):  # 16 bits cannot hold differences
            return self._projected_error(atoms.float())

    def _projected_error(self, atoms: Float[Tensor, "k v"]) -> Float[Tensor, ""]:
        with torch.no_grad():
            factor = gram_factor(atoms)
            by_value = torch.cholesky_solve(self.times(atoms).double(), factor)  # B
            by_each = torch.cholesky_solve(atoms.double() @ by_value.T, factor)  # H
        crossed = (atoms * by_value.float()).sum()
        power = (by_each.float() * (atoms @ atoms.T)).sum()
        return (self.trace - 2 * crossed + power) / atoms.shape[1]


def gram_factor(atoms: Float[Tensor, "k v"]) -> Float[Tensor, "k k"]:
    """Lower triangular Cholesky factor of S Sᵀ, float64."""
    gram = atoms.double() @ atoms.double().T
    ridge = _RIDGE * gram.diagonal().mean().clamp_min(1e-30)
    return torch.linalg.cholesky(gram + ridge * torch.eye(len(gram), dtype=gram.dtype).to(gram))


def best_coefficients(
    atoms: Float[Tensor, "k v"], signals: Float[Tensor, "b v"]
) -> Float[Tensor, "b k"]:
    """Coefficients with the least squared error, as constants: no gradient goes through them."""
    with torch.no_grad(), torch.autocast(atoms.device.type, enabled=False):
        against = (signals @ atoms.T).double()
        return torch.cholesky_solve(against.T, gram_factor(atoms)).T.to(signals)

"""Array annotations such as `UInt8[np.ndarray, "h w c"]`, checked by the tests and free otherwise.

They serve tensors of PyTorch the same way: `Float[Tensor, "b c h w"]`.

jaxtyping is a development tool and takes longer to import than a small file takes to decode, so a
program that has not imported it already (the tests have) gets annotations that are plain arrays.
"""

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING or "jaxtyping" in sys.modules:
    from jaxtyping import (
        Bool,
        Complex128,
        Float,
        Float32,
        Float64,
        Int,
        Int16,
        Int32,
        Int64,
        UInt,
        UInt8,
        UInt16,
        UInt32,
    )
else:

    class _Unchecked:
        """Stands for every dtype; `_Unchecked[array_type, shape]` is `array_type`."""

        def __class_getitem__(cls, item: tuple[type, str]) -> Any:
            return item[0]

    Bool = Complex128 = Float = Float32 = Float64 = Int = Int16 = Int32 = Int64 = _Unchecked
    UInt = UInt8 = UInt16 = UInt32 = _Unchecked

__all__ = [
    "Bool",
    "Complex128",
    "Float",
    "Float32",
    "Float64",
    "Int",
    "Int16",
    "Int32",
    "Int64",
    "UInt",
    "UInt8",
    "UInt16",
    "UInt32",
]

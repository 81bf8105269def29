"""What is changed in the codec `dfm-latent` to see what each part of it buys."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from experiments.latent.rows import STANDARD
from overtone.errors import unknown_name

TRUNKS, SIZES, PARTS = "trunks", "sizes", "parts"
GROUPS = (TRUNKS, SIZES, PARTS)
CONTROL = "rectified 48"  # what the other trunks are compared with: that of Cool-Chic's `hop`
# Of each Fourier trunk, the rectified ones of its arithmetic and of its weights.
RIVALS = {
    "fourier 4": ("rectified 21", "rectified 11"),
    "fourier 5": ("rectified 39", "rectified 21"),
    "fourier 6": ("rectified 72", "rectified 39"),
}
NUM_GRIDS, NUM_COLOURS = 7, 3  # of a Kodak picture


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A change.

    Attributes:
        text: What it is, for a table.
        group: The table it stands in; none of the codec as it is.
        preset: Of the encoder; None is its own choice of sizes.
        settings: Of the encoder.
        against: The variant it is compared with.
        trunk: Kind and units of the trunk, where it is that what is changed.
    """

    text: str
    group: str = ""
    preset: str | None = None
    settings: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    against: str = STANDARD
    trunk: tuple[str, int] | None = None


def _trunk(trunk: str, num_mixed: int, text: str) -> tuple[str, Variant]:
    name = f"{trunk} {num_mixed}" if num_mixed else trunk
    return name, Variant(
        text=text,
        group=TRUNKS,
        preset="hop",
        settings={"sizes.trunk": trunk, "sizes.num_mixed": num_mixed},
        against=CONTROL,
        trunk=(trunk, num_mixed),
    )


def _part(text: str, **settings: Any) -> Variant:
    """Settings by their dotted names, "__" for the dot."""
    dotted = {name.replace("__", "."): value for name, value in settings.items()}
    return Variant(text=text, group=PARTS, settings=dotted)


VARIANTS: dict[str, Variant] = {
    STANDARD: Variant(text="the codec as it is"),
    **dict(
        (
            _trunk("rectified", 48, "as in `hop` of Cool-Chic 5"),
            _trunk("linear", 0, "the linear map alone"),
            _trunk("rectified", 11, "the weights of `fourier 4`"),
            _trunk("rectified", 21, "the weights of `fourier 5`, the arithmetic of `fourier 4`"),
            _trunk("rectified", 39, "the weights of `fourier 6`, the arithmetic of `fourier 5`"),
            _trunk("rectified", 72, "the arithmetic of `fourier 6`"),
            _trunk("products", 5, "the products of `fourier 5` without its sinusoids"),
            _trunk("fourier", 4, "one Fourier layer of 4 phases"),
            _trunk("fourier", 5, "of 5 phases"),
            _trunk("fourier", 6, "of 6 phases"),
        )
    ),
    "lop": Variant(text="always the small sizes", group=SIZES, preset="lop"),
    "mop": Variant(text="always the middle sizes", group=SIZES, preset="mop"),
    "hop": Variant(text="always the large sizes", group=SIZES, preset="hop"),
    "one start": _part(
        "no short fits to choose a start by", train__num_starts=1, train__num_survivors=1
    ),
    "no features": _part("contexts without features of coarser grids", sizes__num_features=0),
    "wide features": _part("features from 3x3 symbols of the parent grid", sizes__parent_side=3),
}


def variants_named(names: Sequence[str]) -> list[str]:
    """The variants that names of variants and of groups, or "all", stand for, in their order.

    Raises:
        ConfigError: A name is none of these.
    """
    for name in names:
        if name not in (*VARIANTS, *GROUPS, "all"):
            raise unknown_name("variant", name, [*VARIANTS, *GROUPS, "all"])
    wanted = {*names}
    return [name for name, variant in VARIANTS.items() if wanted & {name, variant.group, "all"}]


def multiplications(trunk: str, num_mixed: int) -> int:
    """Multiplications of a trunk for one pixel of a Kodak picture, without the linear map.

    A pair of sine and cosine counts as 12, a product of complex numbers as 4.
    """
    mixing, num_products = NUM_GRIDS * num_mixed, 2**num_mixed - 1
    made = num_products - num_mixed
    return {
        "linear": 0,
        "rectified": mixing + num_mixed * NUM_COLOURS,
        "products": mixing + made + num_products * NUM_COLOURS,
        "fourier": mixing + 12 * num_mixed + 4 * made + 2 * num_products * NUM_COLOURS,
    }[trunk]

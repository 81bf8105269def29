"""What the classifiers of `experiments.balance.cifar` are trained on, arm by arm."""

import dataclasses


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """One way to treat rare classes.

    Attributes:
        label: In words, for the page.
        repeated: Share of what a rare class lacks that is filled by its own pictures again.
        mixed: Share filled as by `overtone balance --mix`.
        drawn: Share filled with pictures of a generator that was trained on the cut set.
        augmentation: "none"; "standard" mirrors and moves every picture of a batch; "strong" also
            changes brightness, contrast and saturation, and covers a square.
        is_adjusted: Whether the loss takes the logarithm of the classes' shares into account.
    """

    label: str
    repeated: float = 0.0
    mixed: float = 0.0
    drawn: float = 0.0
    augmentation: str = "standard"
    is_adjusted: bool = False


CONTROL = "repeat-augment"
ARMS = {
    "cut": Arm(label="nothing", augmentation="none"),
    "repeat": Arm(label="repetition", repeated=1, augmentation="none"),
    CONTROL: Arm(label="repetition, flips and shifts (control)", repeated=1),
    "repeat-strong": Arm(
        label="repetition, flips, shifts, colours and cutout", repeated=1, augmentation="strong"
    ),
    "adjusted": Arm(label="nothing, loss adjusted to the shares", is_adjusted=True),
    "mix": Arm(label="`overtone balance --mix`", mixed=1),
    "mix-half": Arm(label="half repetition, half `--mix`", repeated=0.5, mixed=0.5),
    "mix-strong": Arm(label="`--mix`, colours and cutout", mixed=1, augmentation="strong"),
    "drawn": Arm(label="`overtone balance --model`", drawn=1),
    "drawn-half": Arm(label="half repetition, half drawn", repeated=0.5, drawn=0.5),
    "drawn-quarter": Arm(label="a quarter drawn, else repetition", repeated=0.75, drawn=0.25),
    "mix-drawn": Arm(label="half `--mix`, half drawn", mixed=0.5, drawn=0.5),
}

"""Settings of the local series generator."""

import dataclasses

from overtone.models.latent import PriorConfig
from overtone.models.priors.grid_flow import GridFlowConfig

DEFAULT_PRIOR = PriorConfig(fitted=())


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SeriesNetConfig:
    """The network from a coarse grid to the coefficients of every tile.

    Attributes:
        cell_px: Distance between tiles, pixels of the training images; a tile is twice as wide.
        num_frequencies: Cosines along each axis of a tile.
        num_chroma_frequencies: Those of the two colour differences of colour pictures, where fewer
            do: in JPEG files they mostly have half of the pixels along each axis. 0 for
            `num_frequencies` in each of red, green and blue.
        coarse_width: Channels on the coarse grid, whose cells are twice `cell_px` wide.
        coarse_blocks: Residual blocks there.
        fine_width: Channels on the grid of the tiles.
        fine_blocks: Residual blocks there.
        composed_layers: Fourier layers of the thesis on top, from the values of the series to what
            is added to them; each picture has coefficients of its own.
    """

    cell_px: int = 4
    num_frequencies: int = 6
    num_chroma_frequencies: int = 0
    coarse_width: int = 256
    coarse_blocks: int = 2
    fine_width: int = 192
    fine_blocks: int = 3
    composed_layers: int = 0

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            least = 0 if field.name.endswith(("blocks", "layers", "chroma_frequencies")) else 1
            if value < least:
                raise ValueError(f"{field.name} must be at least {least}, got {value}")
        if self.num_chroma_frequencies > self.num_frequencies:
            raise ValueError(
                f"num_chroma_frequencies must be at most num_frequencies, {self.num_frequencies}, "
                f"got {self.num_chroma_frequencies}"
            )


DEFAULT_NET = SeriesNetConfig()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class LocalSeriesConfig:
    """Settings of a local series generator: table [network] of a preset.

    Attributes:
        latent_dim: Normal numbers that say what a whole image is, besides its class.
        cell_dim: Further ones of each tile, for details of its own.
        class_dim: Length of the vector that stands for a class.
        class_gain: What the differences of the class vectors from their mean are multiplied by
            after training: above 1 pictures keep nearer to their class.
        series: The network from a coarse grid to the coefficients.
        critic_width: Channels of the critic at half of the images' size; they double with each
            halving.
        critic_blocks: Residual blocks of the critic at each size.
        penalty_weight: Weight of the squared slopes of the critic at real and drawn images.
        penalty_share: Part of a batch that the slopes are taken at.
        generator_rate_start: Learning rate of the generator over that of the critic at the start;
            they are equal at the end.
        flips: Whether training images are mirrored left to right at random.
        prior: What is sampled; only the normal prior is there.
    """

    latent_dim: int = 64
    cell_dim: int = 0
    class_dim: int = 64
    class_gain: float = 1.0
    series: SeriesNetConfig = DEFAULT_NET
    critic_width: int = 64
    critic_blocks: int = 2
    penalty_weight: float = 0.2
    penalty_share: float = 0.0625
    generator_rate_start: float = 1.0
    flips: bool = True
    prior: PriorConfig = DEFAULT_PRIOR

    def __post_init__(self) -> None:
        for name in ("latent_dim", "class_dim", "critic_width"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        for name in ("cell_dim", "critic_blocks"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must not be below 0, got {getattr(self, name)}")
        if not 0 <= self.class_gain <= 100:
            raise ValueError(f"class_gain must be in 0..100, got {self.class_gain:g}")
        if not self.penalty_weight >= 0:
            raise ValueError(f"penalty_weight must not be below 0, got {self.penalty_weight:g}")
        if not self.generator_rate_start > 0:
            raise ValueError(
                f"generator_rate_start must be above 0, got {self.generator_rate_start:g}"
            )
        if self.prior.fitted:
            raise ValueError(
                "prior.fitted must be empty, got "
                f"{', '.join(self.prior.fitted)}: there is no encoder to fit priors with"
            )
        if not 0 < self.penalty_share <= 1:
            raise ValueError(f"penalty_share must be in (0, 1], got {self.penalty_share:g}")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class LocalSeriesAutoencoderConfig:
    """Settings of the same network trained as an autoencoder: table [network] of a preset.

    Attributes:
        latent_channels: Numbers in each cell of the coarse grid of latents.
        encoder_width: Channels of the encoder at half of the images' size; they double with each
            halving.
        encoder_blocks: Residual blocks of the encoder at each size.
        latent_noise: Standard deviation of what is added to latents in training; they are kept
            near a mean of 0 and a variance of 1.
        spread_weight: Weight of the penalty that keeps them there.
        flips: Whether training images are mirrored left to right at random.
        series: The network from the coarse grid to the coefficients.
        flow: The prior of the latents, which trains along.
    """

    latent_channels: int = 16
    encoder_width: int = 64
    encoder_blocks: int = 2
    latent_noise: float = 0.1
    spread_weight: float = 1.0
    flips: bool = True
    series: SeriesNetConfig = DEFAULT_NET
    flow: GridFlowConfig = dataclasses.field(default_factory=GridFlowConfig)

    def __post_init__(self) -> None:
        for name in ("latent_channels", "encoder_width"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if self.encoder_blocks < 0:
            raise ValueError(f"encoder_blocks must not be below 0, got {self.encoder_blocks}")
        for name in ("latent_noise", "spread_weight"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name} must not be below 0, got {getattr(self, name):g}")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class LocalSeriesFlowConfig:
    """Settings of a flow over the coefficients themselves: table [network] of a preset.

    Attributes:
        cell_px: Distance between tiles, pixels of the training images; a tile is twice as wide.
        num_frequencies: Cosines along each axis of a tile; as many as `cell_px` has pixels suffice
            for every picture.
        ridge: Added to squared singular values of the tiles, relative to the largest, when
            coefficients are found: larger keeps them small and costs precision.
        flips: Whether training images are mirrored left to right at random.
        flow: The prior of the coefficients.
    """

    cell_px: int = 4
    num_frequencies: int = 4
    ridge: float = 1e-3
    flips: bool = True
    flow: GridFlowConfig = dataclasses.field(default_factory=GridFlowConfig)

    def __post_init__(self) -> None:
        for name in ("cell_px", "num_frequencies"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if not 0 < self.ridge < 1:
            raise ValueError(f"ridge must be in (0, 1), got {self.ridge:g}")

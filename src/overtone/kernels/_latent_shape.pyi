class Shapes:
    def __init__(
        self,
        *,
        height: int,
        width: int,
        channels: int,
        trunk: str,
        num_mixed: int,
        num_residual_layers: int,
        num_grids: int,
        first_hyper_grid: int,
        num_context_layers: int,
        num_neighbours: int,
        num_features: int,
        num_feature_grids: int,
        parent_side: int,
    ) -> None: ...
    @property
    def tensors(self) -> list[tuple[str, list[int], int, int]]: ...
    @property
    def grids(self) -> list[tuple[int, bool, int, int, int]]: ...

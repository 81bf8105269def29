"""Principal components with a fitted prior: the control that any generator must beat."""

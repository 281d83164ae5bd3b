"""How each effect of a run is done, one file per effect."""

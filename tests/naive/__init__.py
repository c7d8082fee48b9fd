"""A slow and obvious recomputation of every number, written from the definitions alone."""

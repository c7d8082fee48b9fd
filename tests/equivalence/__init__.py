"""The product against the naive recomputation: every number, on the same rows."""

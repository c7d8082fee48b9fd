"""Values in, markup out: the pieces every page, wall and message is made of."""

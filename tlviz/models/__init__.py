"""Networks: what ships, how they load, their stages and heads."""

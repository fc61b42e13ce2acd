"""Networks: which there are, how they load, their stages and heads."""

"""The best model in a number of minutes: what is tried within the budget, and what the winner is worth."""

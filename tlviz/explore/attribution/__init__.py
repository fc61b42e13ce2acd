"""Why a network answers what it answers: the methods, where each applies, and whether to trust a map."""

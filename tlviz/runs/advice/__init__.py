"""What earlier runs say about the advice: how it turned out, range tests, gain over from scratch."""

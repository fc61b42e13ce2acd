"""Learning by trying: the course's statements as experiments, its words as a glossary."""

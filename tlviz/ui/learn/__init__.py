"""The Learn page: the path of cards, a card with its live run, the guided lesson, the glossary."""

"""The worksheet has a page a card, its numbers with their origin, and answers only where wanted."""

from __future__ import annotations

import re

from tests.unit.learn.made import made_card
from tlviz.learn.library import all_cards, measured_for
from tlviz.learn.worksheet import worksheet_html


def test_every_card_has_a_page_with_network_target_version_and_command() -> None:
    cards, _ = all_cards()
    html = worksheet_html(cards)
    assert html.count("<section>") == len(cards)
    assert not re.findall(r'(?:src|href)="?(?!#)', html)
    for card in cards:
        measured = measured_for(card)
        assert f"{card.subject} · tlviz {measured.version} · {measured.date}" in html
        assert measured.command in html
        assert card.answer not in html


def test_answers_are_at_the_end_and_what_was_not_measured_says_so() -> None:
    html = worksheet_html([made_card(title="A <b>bold</b> one")], has_answers=True)
    assert html.index("Because.") > html.index("Answers")
    assert "A &lt;b&gt;bold&lt;/b&gt; one" in html
    assert "Nothing was measured for the card" in html

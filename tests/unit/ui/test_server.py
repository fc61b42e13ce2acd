"""Which requests are welcome: those that name this machine, or what a person allowed, as their host."""

from __future__ import annotations

import pytest

from tlviz.ui.server import LOCAL, host_name, is_welcome

WELCOME = {
    "localhost": ("localhost", None),
    "a port": ("localhost:8501", "http://localhost:8501"),
    "another port than the page's": ("localhost:8502", "http://localhost:8501"),
    "an address": ("127.0.0.1:8501", "http://127.0.0.1:8501"),
    "IPv6": ("[::1]:8501", "http://[::1]:8501"),
    "IPv6 written out": ("[0:0:0:0:0:0:0:1]", "http://[::1]"),
    "capitals": ("LocalHost:8501", "http://LOCALHOST:8501"),
    "a dot at the end": ("localhost.:8501", "http://localhost.:8501"),
    "behind a proxy with encryption": ("localhost", "https://localhost"),
}
FOREIGN = {
    "another name": ("evil.example", None),
    "its own page": ("evil.example:8501", "http://evil.example:8501"),
    "a page of another name": ("localhost:8501", "http://evil.example"),
    "a page without a name": ("localhost:8501", "null"),
    "a file's page": ("localhost:8501", "file://"),
    "an extension's page": ("localhost:8501", "chrome-extension://localhost"),
    "a name that begins alike": ("localhost.evil.example", "http://localhost.evil.example"),
    "a name that ends alike": ("evil-localhost", None),
    "below localhost": ("evil.localhost", None),
    "two dots at the end": ("localhost..", None),
    "a person before the name": ("evil@localhost", None),
    "a person in the page's name": ("localhost", "http://localhost@evil.example"),
    "a path": ("localhost/evil", None),
    "a path after the page's name": ("localhost", "http://localhost/evil"),
    "another machine": ("192.168.1.5:8501", None),
    "any address": ("0.0.0.0:8501", None),
    "another address of this machine": ("127.0.0.2", None),
    "a short address": ("127.1", None),
    "a number": ("2130706433", None),
    "a port that is none": ("localhost:99999", None),
    "two ports": ("localhost:1:2", None),
    "two names": ("localhost, evil.example", None),
    "no bracket": ("[::1", None),
    "IPv4 in IPv6": ("[::ffff:10.0.0.1]", None),
    "letters that look alike": ("l\xf6calhost", None),
    "nothing": ("", None),
}


def headers(host: str | None, origin: str | None) -> list[tuple[bytes, bytes]]:
    given = {b"Host": host, b"Origin": origin}
    return [(name, value.encode("latin-1")) for name, value in given.items() if value is not None]


@pytest.mark.parametrize(("host", "origin"), WELCOME.values(), ids=WELCOME)
def test_this_machine_is_welcome(host: str, origin: str | None) -> None:
    assert is_welcome(headers(host, origin), LOCAL)


@pytest.mark.parametrize(("host", "origin"), FOREIGN.values(), ids=FOREIGN)
def test_nobody_else_is(host: str, origin: str | None) -> None:
    assert not is_welcome(headers(host, origin), LOCAL)


def test_a_request_names_one_host() -> None:
    assert not is_welcome([], LOCAL)
    assert not is_welcome(headers("localhost", None) + headers("evil.example", None), LOCAL)
    assert not is_welcome([*headers("localhost", "http://localhost"), (b"origin", b"http://localhost")], LOCAL)


def test_what_a_person_allows_is_welcome_and_nothing_beside_it() -> None:
    allowed = (*LOCAL, "Tlviz.Example.", "*.lab.example", "2001:db8::1")
    for host in ("tlviz.example", "a.lab.example:80", "a.b.lab.example", "[2001:DB8:0::1]:8501", "localhost"):
        assert is_welcome(headers(host, f"https://{host}"), allowed), host
    for host in ("lab.example", "evillab.example", "www.tlviz.example"):
        assert not is_welcome(headers(host, None), allowed), host
    assert is_welcome(headers("anything", None), ("*",))


def test_a_host_is_its_name_alone() -> None:
    assert [host_name(host) for host in ("A.b:80", "[::1]:80", "a b", "a:x")] == ["a.b", "::1", None, None]

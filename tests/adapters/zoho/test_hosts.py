from __future__ import annotations

import pytest

from desk_sync.adapters.zoho.hosts import DATA_CENTERS, allowed
from desk_sync.errors import ConfigurationError


@pytest.mark.parametrize("center", DATA_CENTERS.values(), ids=DATA_CENTERS)
def test_the_hosts_of_every_data_centre_are_allowed(center):
    assert allowed(f"https://{center.desk}/api/v1")
    assert allowed(f"https://{center.accounts}/oauth/v2/token")
    assert allowed(f"https://{center.store}/api/v1/partner")
    assert not center.apis or allowed(f"https://{center.apis}/billing/v1")


@pytest.mark.parametrize(
    ("center", "apis"),
    [
        ("us", "www.zohoapis.com"),
        ("eu", "www.zohoapis.eu"),
        ("in", "www.zohoapis.in"),
        ("au", "www.zohoapis.com.au"),
        ("jp", "www.zohoapis.jp"),
        ("ca", "www.zohoapis.ca"),
        ("sa", "www.zohoapis.sa"),
        ("cn", "www.zohoapis.com.cn"),
        ("sg", "www.zohoapis.sg"),
        ("ae", "www.zohoapis.ae"),
        ("uk", "www.zohoapis.uk"),
    ],
)
def test_each_data_centre_has_its_host_of_apis(center, apis):
    assert DATA_CENTERS[center].apis == apis
    assert allowed(f"https://{apis}/billing/v1")


@pytest.mark.parametrize("center", ["sg", "ae", "uk"])
def test_the_youngest_data_centres_have_their_own_domain(center):
    found = DATA_CENTERS[center]

    assert (found.desk, found.accounts) == (f"desk.zoho.{center}", f"accounts.zoho.{center}")
    assert (found.store, found.mail) == (f"store.zoho.{center}", f"mail.zoho.{center}")


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8080",
        "http://localhost:8080/api/v1/tickets/1?include=x",
        "http://[::1]:8080/",
        "https://DESK.zoho.eu:443/",
    ],
)
def test_the_simulated_desk_and_other_spellings_of_a_host_are_allowed(url):
    assert allowed(url) == url


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("http://desk.zoho.eu", id="a token in clear text"),
        pytest.param("https://desk.zoho.eu.evil.example", id="a host that begins like Zoho's"),
        pytest.param("https://evil.example/desk.zoho.eu", id="Zoho's host in the path"),
        pytest.param("https://desk.zoho.eu@evil.example", id="Zoho's host as a user name"),
        pytest.param("https://evil.example\\@desk.zoho.eu", id="parsers disagree about the backslash"),
        pytest.param("https://evil.example#@desk.zoho.eu", id="parsers disagree about the fragment"),
        pytest.param("https://desk.zoho.eu:8443", id="another port is another server"),
        pytest.param("https://desk.zoho.eu\n.evil.example", id="a line break"),
        pytest.param("https://desk.zoho.eu/\r\nHost: evil.example", id="a line break in the path"),
        pytest.param("https://desk.zoho.eu/\\evil.example", id="a backslash in the path"),
        pytest.param("http://127.0.0.1.evil.example", id="begins like this machine"),
        pytest.param("http://10.0.0.1", id="another machine of the network"),
        pytest.param("https://127.0.0.1", id="the simulated Desk uses http"),
        pytest.param("desk.zoho.eu", id="no scheme"),
        pytest.param("", id="nothing"),
    ],
)
def test_a_token_goes_nowhere_else(url):
    with pytest.raises(ConfigurationError):
        allowed(url)


def test_the_error_names_the_url_without_its_passwords():
    with pytest.raises(ConfigurationError) as caught:
        allowed("https://user:canary@evil.example/x?token=canary")

    assert "https://evil.example/x" in str(caught.value)
    assert "canary" not in str(caught.value)

"""The documents for people: whole, offline, and nothing that the API is not."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from flask.testing import FlaskClient


class Page(HTMLParser):
    """Collects what a reader and a browser would look for."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.headings: list[int] = []
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.elements.add(tag)
        self.attributes |= set(given)
        self.ids += [given["id"]] if "id" in given else []
        if tag == "a":
            self.links.append(given["href"])
        elif "href" in given or "src" in given:
            self.loaded.append(given.get("href") or given["src"])
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def page(client: FlaskClient) -> Page:
    return Page(client.get("/docs").text)


@pytest.fixture
def document(client: FlaskClient) -> dict[str, Any]:
    found = client.get("/openapi.json").json
    assert found is not None
    return found


def test_every_operation_and_record_is_there(page: Page, document: dict[str, Any]) -> None:
    operations = [o for item in document["paths"].values() for o in item.values()]
    assert len(operations) > 30
    for operation in operations:
        assert operation["operationId"] in page.ids
        assert operation["summary"] in page.text
    for name, schema in document["components"]["schemas"].items():
        assert name in page.ids
        for member in schema.get("properties", {}):
            assert member in page.text
    assert document["info"]["description"].split("\n\n")[1] in page.text  # how the API changes


def test_every_link_leads_somewhere_on_the_same_service(page: Page, client: FlaskClient) -> None:
    assert len(page.ids) == len(set(page.ids))
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)
    for link in {link for link in page.links if not link.startswith("#")} | set(page.loaded):
        assert link.startswith("/")
        assert client.get(link).status_code == 200


def test_nothing_is_run_and_nothing_is_fetched_from_elsewhere(
    page: Page, client: FlaskClient
) -> None:
    assert page.loaded == ["/docs/style.css"]
    assert not page.elements & {"script", "style", "iframe", "img", "form"}
    assert not {a for a in page.attributes if a == "style" or a.startswith("on")}
    policy = client.get("/docs").headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'self';")
    assert "unsafe" not in policy
    style = client.get("/docs/style.css")
    assert style.content_type.startswith("text/css")
    assert "url(" not in style.text
    assert "@import" not in style.text


def test_a_screen_reader_finds_its_way(page: Page, client: FlaskClient) -> None:
    assert page.links[0] == "#main"
    assert page.headings[0] == 1
    assert page.headings.count(1) == 1
    deeper = [b - a for a, b in zip(page.headings, page.headings[1:], strict=False)]
    assert max(deeper) == 1
    text = client.get("/docs").text
    assert text.count("<table>") == text.count("<caption>")
    assert not re.search(r"<th(?! scope=)[ >]", text)
    assert '<html lang="en">' in text


def test_every_call_that_is_shown_exists(page: Page, document: dict[str, Any]) -> None:
    calls = re.findall(r"curl ([^\n]*)\$HOST(/\S+)", page.text)
    assert len(calls) > 40
    for options, path in calls:
        named = re.search(r"-X (\w+)", options)
        sends = re.search(r" -[dF] ", f" {options}")
        method = named[1] if named else "POST" if sends else "GET"
        template = re.sub(r"/NAME\b", "/{name}", re.sub(r"/ID\b", "/{identifier}", path))
        assert method.lower() in document["paths"][template], (method, path)


def test_records_of_one_name_are_told_apart(document: dict[str, Any]) -> None:
    names = set(document["components"]["schemas"])
    assert not [name for name in names if "__" in name]
    assert {"GuardFinding", "ReforecastFinding"} <= names

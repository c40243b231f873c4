"""Reports are fetched whole, once, and by nobody else's hand.

Every test speaks HTTP to a server on this machine.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from admin_api import KEY, AdminApiServer, Reply, error, tokens
from example_buyer import run
from pydantic import SecretStr

from api.fetch import client
from api.fetch.client import AdminApi, Timeouts
from api.fetch.folder import LOCK_FILE, STATE_FILE, opened_folder
from api.fetch.pull import pull
from api.fetch.reports import Bucket, Question, Report, UsageGroup
from api.fetch.retrying import Patience
from forecast.errors import InputError
from forecast.usage.reading import read_usage

FIRST = date(2026, 3, 1)
NOW = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)


@pytest.fixture
def server():
    with AdminApiServer() as started:
        yield started


@pytest.fixture(autouse=True)
def key(monkeypatch):
    monkeypatch.setenv("ANTHROPIC_ADMIN_KEY", KEY)
    monkeypatch.setattr(client, "Patience", lambda: Patience(sleep=waits.append))
    waits.clear()


waits: list[float] = []


def fetch(server, out, *options, first=FIRST, last=date(2026, 5, 20)):
    days = ["--from", str(first), *(["--to", str(last)] if last else [])]
    return run("fetch-usage", *days, "--out", out, "--base-url", server.url, *options)


def pages(out):
    return {p.name: p.read_bytes() for p in sorted(out.glob("*.json")) if p.name[0] != "."}


def told(answer):
    """What a person sees, in one line."""
    return " ".join((answer.output + answer.stderr).split())


# --- what is fetched -------------------------------------------------------------------------


def test_both_reports_come_page_by_page(server, tmp_path):
    answer = fetch(server, tmp_path / "reports", "--json")
    assert answer.exit_code == 0, answer.output
    names = [f"{kind}_report-{n:06}.json" for kind in ("cost", "usage") for n in (1, 2, 3)]
    assert list(pages(tmp_path / "reports")) == names
    for report in json.loads(answer.stdout)["reports"]:
        assert report["pages"] == report["fetched_pages"] == 3
        assert (report["first_day"], report["last_day"]) == ("2026-03-01", "2026-05-20")


def test_the_pages_are_read_as_one_report(server, tmp_path):
    fetch(server, tmp_path, "--report", "usage")
    usage = read_usage(sorted(tmp_path.glob("usage_report-*.json")))
    days = [FIRST + timedelta(days=n) for n in range(81)]
    busy = [day for day in days if day.day % 7]
    assert len(usage.rows) == 2 * len(busy)
    wanted = sum(tokens(datetime.combine(d, datetime.min.time()), n) for d in busy for n in (0, 1))
    assert usage.rows["output_tokens"].sum() == wanted
    assert sorted(set(usage.rows["service_tier"])) == ["batch", "standard"]
    assert sorted(set(usage.rows["api_key"])) == ["apikey_0", "apikey_1"]
    assert usage.sources[-1].last_day == date(2026, 5, 20)
    assert not [w for source in usage.sources for w in source.warnings]


def test_what_is_asked_is_what_the_reference_names(server, tmp_path):
    fetch(server, tmp_path)
    usage, _, _, cost, *_ = server.asked
    assert usage.headers["x-api-key"] == KEY
    assert usage.headers["anthropic-version"] == "2023-06-01"
    assert usage.headers["anthropic-beta"] == "fast-mode-2026-02-01"
    assert usage.query == {
        "starting_at": ["2026-03-01T00:00:00Z"],
        "ending_at": ["2026-05-21T00:00:00Z"],
        "bucket_width": ["1d"],
        "limit": ["31"],
        "group_by[]": [g.value for g in UsageGroup if g is not UsageGroup.ACCOUNT_ID],
    }
    assert cost.path == "/v1/organizations/cost_report"
    assert cost.query["group_by[]"] == ["workspace_id", "description"]
    assert "anthropic-beta" not in cost.headers
    assert server.asked[1].query["page"][0].startswith("page_")


@pytest.mark.parametrize(("bucket", "n_pages"), [("1h", 3), ("1m", 15)])
def test_shorter_buckets_have_their_own_limits(server, tmp_path, bucket, n_pages):
    options = ("--report", "usage", "--bucket", bucket, "--group-by", "model")
    answer = fetch(server, tmp_path, *options, last=date(2026, 3, 15))
    assert answer.exit_code == 0, answer.output
    assert len(pages(tmp_path)) == n_pages
    assert {a.query["limit"][0] for a in server.asked} == {str(Bucket(bucket).most_per_page)}
    assert "anthropic-beta" not in server.asked[0].headers


def test_a_group_that_is_none_is_refused_before_anything_is_asked(server, tmp_path):
    answer = fetch(server, tmp_path, "--group-by", "modle")
    assert answer.exit_code == 2
    assert "'modle'" in told(answer)
    assert not server.asked


def test_progress_names_the_page_and_grows_with_the_days(server, tmp_path):
    seen = []
    ask(server, tmp_path, first=date(2026, 8, 23), tell=lambda *told: seen.append(told))
    assert seen == [
        ("usage report: page 1, from 2026-08-23", 0.0),
        ("usage report: page 2, from 2026-09-23", 31 / 93),
        ("usage report: page 3, from 2026-10-24", 62 / 93),
    ]


# --- days that are not over ------------------------------------------------------------------


def unheard(_what, _done):
    return None


def ask(
    server,
    out,
    *,
    now=NOW,
    last=date(2026, 11, 24),
    first=date(2026, 11, 1),
    tell=unheard,
    **options,
):
    question = Question.about(Report.USAGE, first, last)
    patience = Patience(sleep=waits.append)
    with (
        opened_folder(out) as folder,
        AdminApi(server.url, SecretStr(KEY), patience=patience, **options) as api,
    ):
        return pull(api, server.url, question, folder, now=now, tell=tell)


def test_days_that_are_not_over_are_left_out_and_added_by_a_later_run(server, tmp_path):
    early = ask(server, tmp_path)
    assert early.last_day == date(2026, 11, 23)
    assert early.notes == ("2026-11-24 and later are left out: a day is fetched once it is over",)
    first = pages(tmp_path)
    assert ask(server, tmp_path).n_fetched == 0
    server.now = NOW + timedelta(days=5)
    late = ask(server, tmp_path, now=NOW + timedelta(days=5), last=date(2026, 11, 30))
    assert (late.last_day, late.n_fetched) == (date(2026, 11, 28), 1)
    assert server.asked[-1].query["starting_at"] == ["2026-11-24T00:00:00Z"]
    assert {name: pages(tmp_path)[name] for name in first} == first
    usage = read_usage(sorted(tmp_path.glob("usage_report-*.json")))
    assert usage.rows["day"].dt.day.tolist() == [
        day for day in range(1, 29) if day % 7 for _ in range(2)
    ]


def test_a_day_is_final_an_hour_after_its_end(server, tmp_path):
    at_midnight = datetime(2026, 11, 24, 0, 59, tzinfo=UTC)
    assert ask(server, tmp_path, now=at_midnight).last_day == date(2026, 11, 22)


def test_a_question_about_days_to_come_fetches_nothing(server, tmp_path):
    pulled = ask(server, tmp_path, first=date(2026, 11, 24))
    assert (pulled.n_pages, pulled.last_day) == (0, None)
    assert not server.asked


def test_a_clock_that_is_ahead_does_not_make_a_day_final(server, tmp_path):
    server.now = NOW
    with pytest.raises(InputError, match="clock of this machine"):
        ask(server, tmp_path, now=NOW + timedelta(days=2), last=date(2026, 11, 25))
    assert not pages(tmp_path)


def test_buckets_that_the_api_leaves_out_are_told_and_asked_again(server, tmp_path):
    def short(_, reply):
        page = json.loads(reply.body)
        page["data"] = page["data"][:-2]
        return Reply(200, json.dumps(page).encode(), reply.headers)

    server.faults = {0: short}
    assert "from 2026-11-22 00:00 UTC on" in ask(server, tmp_path).notes[-1]
    again = ask(server, tmp_path)
    assert (again.last_day, again.n_fetched) == (date(2026, 11, 23), 1)
    assert server.asked[-1].query["starting_at"] == ["2026-11-22T00:00:00Z"]


def test_an_empty_answer_leaves_no_file(server, tmp_path):
    server.always = lambda _, reply: Reply(
        200, b'{"data": [], "has_more": false, "next_page": null}', reply.headers
    )
    pulled = ask(server, tmp_path)
    assert (pulled.n_pages, pulled.last_day) == (0, None)
    assert not pages(tmp_path)


# --- what goes wrong and passes --------------------------------------------------------------


def once(reply):
    return lambda _asked, _answer: reply


def changed(**members):
    def change(_, reply):
        document = json.loads(reply.body) | members
        return Reply(200, json.dumps(document).encode(), reply.headers)

    return change


PASSING = {
    "429": (once(error(429, "rate_limit_error", "slow down", **{"retry-after": "7"})), "429"),
    "500": (once(error(500, "api_error", "Internal server error")), "status 500 (Internal"),
    "529": (once(error(529, "overloaded_error", "Overloaded")), "status 529"),
    "truncated": (lambda _, r: Reply(r.status, r.body, r.headers, cut=40), "no whole answer"),
    "wrong type": (
        lambda _, r: Reply(200, b"<html>", {"content-type": "text/html"}),
        "the answer is text/html, not JSON",
    ),
    "half JSON": (lambda _, r: Reply(200, r.body[:-30], r.headers), "is not whole JSON"),
    "a list": (lambda _, r: Reply(200, b"[]", r.headers), "has no list `data`"),
    "no token": (changed(has_more=True, next_page=None), "gives no token"),
    "no has_more": (changed(has_more=None), "does not say whether more pages follow"),
    "other days": (
        lambda a, r: Reply(200, r.body.replace(b"2026-0", b"2025-0"), r.headers),
        "outside of 2026-03-01",
    ),
}


@pytest.mark.parametrize("kind", PASSING)
@pytest.mark.parametrize("at", [0, 1])
def test_a_fault_that_passes_changes_nothing(server, tmp_path, kind, at):
    calm = fetch(server, tmp_path / "calm", "--report", "usage")
    assert calm.exit_code == 0
    server.asked.clear()
    fault, what = PASSING[kind]
    server.faults = {at: fault, at + 1: fault}
    answer = fetch(server, tmp_path / "rough", "--report", "usage")
    assert answer.exit_code == 0, answer.output
    assert what in told(answer)
    assert len(waits) == 2
    assert pages(tmp_path / "rough") == pages(tmp_path / "calm")
    assert len(server.asked) == 5


def test_the_wait_that_is_asked_for_is_kept(server, tmp_path):
    server.faults = {0: once(error(429, "rate_limit_error", "slow", **{"retry-after": "7"}))}
    fetch(server, tmp_path, "--report", "usage")
    assert len(waits) == 1
    assert 7 < waits[0] <= 8


def test_a_long_wait_ends_the_run_and_is_told(server, tmp_path):
    server.faults = {1: once(error(429, "rate_limit_error", "no", **{"retry-after": "4000"}))}
    answer = fetch(server, tmp_path, "--report", "usage")
    assert answer.exit_code == 1
    assert "wait for 4000 seconds" in told(answer)
    assert list(pages(tmp_path)) == ["usage_report-000001.json"]


def test_waits_double_and_attempts_end(server, tmp_path):
    server.always = once(error(503, "api_error", "down"))
    answer = fetch(server, tmp_path, "--report", "usage")
    assert answer.exit_code == 1
    assert "status 503 (down), 8 times; run the command again" in told(answer)
    assert len(server.asked) == 8
    for wait, most in zip(waits, (1, 2, 4, 8, 16, 32, 60), strict=True):
        assert most / 2 <= wait <= most


def test_a_server_that_is_not_there(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody else gets the port
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        answer = run("fetch-usage", "--from", FIRST, "--out", tmp_path, "--base-url", address)
    assert answer.exit_code == 1
    assert "no whole answer" in told(answer)


@pytest.mark.parametrize(
    ("reply", "timeouts", "what"),
    [
        ({"delay_seconds": 30.0}, Timeouts(connect=1, read=0.3), "no whole answer"),
        ({"drip_seconds": 0.05}, Timeouts(read=60, whole_answer=0.4), "in 0 seconds"),
    ],
)
def test_a_slow_answer_is_given_up(server, tmp_path, reply, timeouts, what):
    server.always = lambda _, r: Reply(r.status, r.body, r.headers, **reply)
    started = time.monotonic()
    with pytest.raises(OSError, match=what):
        ask(server, tmp_path, timeouts=timeouts)
    assert time.monotonic() - started < 20


# --- what goes wrong and stays ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "what"),
    [
        (error(401, "authentication_error", "invalid x-api-key"), "admin key (sk-ant-admin…)"),
        (error(403, "permission_error", "no"), "individual accounts have none"),
        (error(404, "not_found_error", "Not found"), "no such report here"),
        (error(400, "invalid_request_error", "group_by[]: speed"), "leaves speed"),
        (Reply(418, b"tea", {}), "status 418"),
    ],
)
def test_a_refusal_is_explained_and_not_repeated(server, tmp_path, reply, what):
    server.always = once(reply)
    answer = fetch(server, tmp_path, "--report", "usage")
    assert answer.exit_code == 2
    assert what in told(answer)
    assert len(server.asked) == 1
    assert not pages(tmp_path)


def test_the_key_does_not_follow_a_redirect(server, tmp_path):
    with AdminApiServer() as stranger:
        location = stranger.url.replace("127.0.0.1", "localhost")
        for status in (301, 302, 303, 307, 308):
            server.always = once(Reply(status, b"", {"location": f"{location}/v1/x"}))
            answer = fetch(server, tmp_path / str(status), "--report", "usage")
            assert answer.exit_code == 2
            assert "sends on to localhost" in told(answer)
        assert not stranger.asked


def test_pages_that_lead_in_a_circle_are_refused(server, tmp_path):
    server.faults = {1: lambda a, r: changed(next_page=a.query["page"][0])(a, r)}
    answer = fetch(server, tmp_path, "--report", "usage")
    assert answer.exit_code == 1
    assert "page 2 of the usage report leads back to a page before it" in told(answer)
    assert len(server.asked) == 2


def test_the_first_page_again_and_again_is_refused(server, tmp_path):
    kept = []

    def first(_, reply):
        kept.append(reply)
        return kept[0]

    server.always = first
    answer = fetch(server, tmp_path, "--report", "usage")
    assert answer.exit_code == 1
    assert "repeats buckets of the page before" in told(answer)
    assert list(pages(tmp_path)) == ["usage_report-000001.json"]


def test_a_page_too_large_to_be_read_is_refused(server, tmp_path, monkeypatch):
    monkeypatch.setattr(client, "MAX_PAGE_BYTES", 5000)
    answer = fetch(server, tmp_path, "--report", "usage")
    assert answer.exit_code == 2
    assert "--limit" in told(answer)
    monkeypatch.setattr(client, "MAX_PAGE_BYTES", 10**6)
    assert fetch(server, tmp_path / "b", "--report", "usage", "--limit", "7").exit_code == 0
    assert len(pages(tmp_path / "b")) == 12


# --- the key ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "what"),
    [
        (None, "ANTHROPIC_ADMIN_KEY is not set"),
        ("  ", "ANTHROPIC_ADMIN_KEY is not set"),
        ("sk-ant-api03-secret", "ordinary API key"),
        ("sk-ant-admin\nx-evil: 1", "blanks or characters"),
        ("sk-ant-admin-é", "blanks or characters"),
    ],
)
def test_a_key_that_cannot_work_is_refused_unsent(server, tmp_path, monkeypatch, value, what):
    monkeypatch.delenv("ANTHROPIC_ADMIN_KEY")
    if value is not None:
        monkeypatch.setenv("ANTHROPIC_ADMIN_KEY", value)
    answer = fetch(server, tmp_path)
    assert answer.exit_code == 2
    assert what in told(answer)
    assert "secret" not in told(answer)
    assert not server.asked


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("http://example.com", "use https"),
        ("http://127.0.0.1.example.com", "use https"),
        ("ftp://example.com", "write https://host"),
        ("https://user:secret@example.com", "must not hold a user"),
        ("https://example.com/?x=1", "write https://host"),
        ("https://[", "write https://host"),
        ("example.com", "write https://host"),
    ],
)
def test_an_address_that_would_give_the_key_away_is_refused(tmp_path, url, what):
    answer = run("fetch-usage", "--from", FIRST, "--out", tmp_path, "--base-url", url)
    assert answer.exit_code == 2
    assert what in told(answer)
    assert "secret" not in told(answer)


def test_no_option_takes_the_key():
    shown = run("fetch-usage", "--help").output
    assert "ANTHROPIC_ADMIN_KEY" in shown
    assert "--key" not in shown


def test_the_key_stands_in_no_file_message_or_log(server, tmp_path, caplog, monkeypatch):
    caplog.set_level(logging.DEBUG)
    echo = f"invalid key {KEY}"
    answers = [fetch(server, tmp_path / "a")]
    for reply in (error(401, "x", echo), error(500, "x", echo), Reply(200, echo.encode(), {})):
        reply.headers["content-type"] = "application/json"
        server.always = once(reply)
        answers.append(fetch(server, tmp_path / "b", "--json", "--progress"))
    assert [a.exit_code for a in answers] == [0, 2, 1, 1]
    assert KEY not in "".join(a.output + a.stderr for a in answers)
    assert KEY not in caplog.text
    for path in tmp_path.rglob("*"):
        assert path.is_dir() or KEY.encode() not in path.read_bytes()
    with AdminApi(server.url, SecretStr(KEY)) as api:
        assert KEY not in repr(vars(api))


def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(server, tmp_path, monkeypatch):
    with AdminApiServer() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        assert fetch(server, tmp_path, "--report", "usage").exit_code == 0
        assert not proxy.asked


# --- going on --------------------------------------------------------------------------------


def test_a_run_that_is_killed_goes_on_and_leaves_the_same_bytes(server, tmp_path):
    assert fetch(server, tmp_path / "whole", "--limit", "5").exit_code == 0
    n_requests = len(server.asked)
    assert n_requests == 34
    server.asked.clear()
    server.always = lambda _, r: Reply(r.status, r.body, r.headers, delay_seconds=0.03)
    command = [
        *(sys.executable, "-m", "api.cli", "fetch-usage", "--from", str(FIRST)),
        *("--to", "2026-05-20", "--out", str(tmp_path / "killed"), "--base-url", server.url),
        *("--limit", "5"),
    ]
    kills = 0
    for stop_after in (3, 9, 14, 20, 26):
        with subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        ) as process:
            while len(server.asked) < stop_after and process.poll() is None:
                time.sleep(0.002)
            assert process.poll() is None, process.stderr.read()
            process.send_signal(signal.SIGKILL)
            kills += 1
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "of them fetched now" in " ".join(done.stdout.split())
    assert pages(tmp_path / "killed") == pages(tmp_path / "whole")
    state = [(tmp_path / name / STATE_FILE).read_text() for name in ("whole", "killed")]
    assert state[0] == state[1]
    assert len(server.asked) <= n_requests + kills, "a page that is there is not fetched again"


def test_a_whole_folder_is_not_fetched_again(server, tmp_path):
    fetch(server, tmp_path)
    first, n_requests = pages(tmp_path), len(server.asked)
    answer = fetch(server, tmp_path, "--json")
    assert [r["fetched_pages"] for r in json.loads(answer.stdout)["reports"]] == [0, 0]
    assert pages(tmp_path) == first
    assert len(server.asked) == n_requests


def test_another_question_needs_another_folder(server, tmp_path):
    fetch(server, tmp_path)
    for options in (
        ("--bucket", "1h"),
        ("--group-by", "model"),
        ("--limit", "3"),
    ):
        answer = fetch(server, tmp_path, *options)
        assert answer.exit_code == 2
        assert "name another folder" in told(answer)
    answer = fetch(server, tmp_path, first=date(2026, 2, 1))
    assert "begun with first_day 2026-03-01" in told(answer)


def test_two_runs_do_not_share_a_folder(server, tmp_path):
    with opened_folder(tmp_path):
        answer = fetch(server, tmp_path)
    assert answer.exit_code == 2
    assert "another run is fetching" in told(answer)
    assert fetch(server, tmp_path).exit_code == 0
    assert (tmp_path / LOCK_FILE).exists()


def test_pages_that_were_touched_are_not_built_upon(server, tmp_path):
    fetch(server, tmp_path, "--report", "usage")
    page = tmp_path / "usage_report-000002.json"
    kept = page.read_bytes()
    for change in (lambda: page.write_bytes(kept + b" "), page.unlink):
        change()
        answer = fetch(server, tmp_path, "--report", "usage", last=date(2026, 6, 1))
        assert answer.exit_code == 2
        assert "missing or was changed" in told(answer)
    (tmp_path / STATE_FILE).unlink()
    assert "no run left it" in told(fetch(server, tmp_path, "--report", "usage"))
    (tmp_path / STATE_FILE).write_text('{"layout": 2}')
    assert "run of this version" in told(fetch(server, tmp_path, "--report", "usage"))


def test_pages_are_written_whole(server, tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    answer = fetch(server, tmp_path, "--report", "usage")
    assert answer.exit_code == 1
    assert "No space left" in told(answer)
    assert not pages(tmp_path)
    assert sorted(p.name for p in Path(tmp_path).iterdir()) == [LOCK_FILE]

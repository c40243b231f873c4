"""Who may see which page: signing in, forms, other organisations, roles and keys."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from page_house import NOTHING, House
from page_visitor import HTML, Visitor, company, text_of, token_of
from running_service import served, store_of

from api.app import create_app
from api.pages.session import COOKIE, ROLES
from api.settings import Access, Settings
from api.store.organisations import Scope, keys_of, organisation_named, revoke_key


class TestSigningIn:
    def test_who_is_not_signed_in_is_asked_to_and_comes_back(self, house: House) -> None:
        visitor = Visitor(house.client)
        page = visitor.get(house.decision)
        assert page.status_code == 303
        assert page.headers["Location"] == f"/sign-in?next={house.decision}"
        form = visitor.get(page.headers["Location"])
        data = {"csrf_token": token_of(form), "key": house.keys[Scope.READ]}
        page = visitor.client.post(page.headers["Location"], data=data, headers=HTML)
        assert (page.status_code, page.headers["Location"]) == (303, house.decision)
        assert visitor.get(house.decision).status_code == 200

    @pytest.mark.parametrize(
        "elsewhere", ["//evil.example", "https://evil.example/x", "/\\evil.example", "javascript:x"]
    )
    def test_nobody_is_sent_elsewhere(self, house: House, elsewhere: str) -> None:
        visitor = Visitor(house.client)
        token = token_of(visitor.get("/sign-in"))
        page = visitor.client.post(
            "/sign-in",
            query_string={"next": elsewhere},
            data={"csrf_token": token, "key": house.keys[Scope.READ]},
        )
        assert (page.status_code, page.headers["Location"]) == (303, "/")

    def test_a_wrong_key_is_told_so_and_never_shown(self, house: House) -> None:
        page = Visitor(house.client).sign_in("commitment_wrong")
        assert page.status_code == 401
        assert "unknown, revoked or expired" in text_of(page)
        assert "commitment_wrong" not in page.text

    def test_the_session_is_closed_to_scripts_and_other_sites(self, house: House) -> None:
        page = Visitor(house.client).sign_in(house.keys[Scope.READ])
        cookie = page.headers["Set-Cookie"]
        assert cookie.startswith(f"{COOKIE}=")
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert house.keys[Scope.READ] not in cookie

    def test_away_from_this_machine_it_is_sent_over_tls_alone(self, tmp_path: Path) -> None:
        settings = Settings(
            data_dir=tmp_path, access=Access.KEYS, trusted_hosts=("sizing.example",)
        )
        with served(settings) as client:
            page = client.get("/sign-in", base_url="http://sizing.example")
        assert "Secure" in page.headers["Set-Cookie"]

    def test_a_session_that_was_tampered_with_opens_nothing(self, house: House) -> None:
        visitor = house.visitor()
        cookie = visitor.client.get_cookie(COOKIE)
        assert cookie is not None
        visitor.client.set_cookie(COOKIE, cookie.value[:-2] + "xx")
        assert visitor.get(house.decision).status_code == 303

    def test_a_session_ends_with_its_key(self, house: House) -> None:
        keys = company(house.client, "leaver")
        visitor = Visitor(house.client)
        visitor.sign_in(keys[Scope.READ])
        assert visitor.get("/").status_code == 200
        store = store_of(house.client)
        leaver = organisation_named(store, "leaver")
        for key in keys_of(store, leaver):
            revoke_key(store, leaver, key.id, now=key.created_at)
        assert visitor.get("/").status_code == 303

    def test_signing_out_ends_it(self, house: House) -> None:
        visitor = house.visitor()
        assert visitor.post("/sign-out").status_code == 303
        assert visitor.get("/").status_code == 303

    def test_a_session_opens_nothing_of_the_api(self, house: House) -> None:
        assert house.visitor(Scope.ADMIN).client.get("/v1/datasets").status_code == 401

    def test_processes_of_one_machine_take_each_others_sessions(self, tmp_path: Path) -> None:
        settings = Settings(data_dir=tmp_path, access=Access.KEYS)
        with served(settings) as client:
            keys = company(client, "acme")
            visitor = Visitor(client)
            visitor.sign_in(keys[Scope.READ])
            cookie = visitor.client.get_cookie(COOKIE)
            assert cookie is not None
            second = create_app(settings).test_client()
            second.set_cookie(COOKIE, cookie.value)
            assert second.get("/").status_code == 200
        assert (tmp_path / "session.secret").stat().st_mode & 0o777 == 0o600

    def test_every_scope_has_a_role(self) -> None:
        assert set(ROLES) == set(Scope)


class TestForms:
    def test_every_form_that_changes_something_is_refused_without_its_token(
        self, house: House
    ) -> None:
        visitor, n_tried = house.visitor(Scope.ADMIN), 0
        for rule in house.client.application.url_map.iter_rules():
            if rule.endpoint.startswith("pages.") and "POST" in (rule.methods or ()):
                path = re.sub("<identifier>", NOTHING, rule.rule).replace("<name>", "x")
                for data in ({}, {"csrf_token": "guessed"}, {"csrf_token": ""}):
                    page = visitor.client.post(path, data=data, headers=HTML)
                    assert page.status_code == 403, path
                    assert "not of this session" in text_of(page)
                    n_tried += 1
        assert n_tried >= 3 * 9

    def test_another_sessions_token_is_worth_nothing(self, house: House) -> None:
        theirs = token_of(house.stranger().get("/usage"))
        page = house.visitor().client.post("/sign-out", data={"csrf_token": theirs}, headers=HTML)
        assert page.status_code == 403

    def test_a_form_that_is_too_large_is_refused_before_it_is_read(self, house: House) -> None:
        visitor = Visitor(house.client)
        form = {"csrf_token": token_of(visitor.get("/sign-in")), "key": "x" * 5_000_000}
        page = visitor.client.post("/sign-in", data=form, headers=HTML)
        assert page.status_code == 413

    def test_a_form_of_another_site_is_refused(self, house: House) -> None:
        visitor = house.visitor()
        token = token_of(visitor.get("/usage"))
        page = visitor.client.post(
            "/sign-out",
            data={"csrf_token": token},
            headers={**HTML, "Origin": "https://evil.example"},
        )
        assert page.status_code == 403


class TestWhoSeesWhat:
    def paths(self, house: House) -> list[str]:
        """Every page that can be read about what acme has.

        Those of contracts and their quarters are held in test_quarter_pages.
        """
        identifiers = {"pages.one_upload": house.upload}
        found = []
        for rule in house.client.application.url_map.iter_rules():
            if not rule.endpoint.startswith("pages.") or "GET" not in (rule.methods or ()):
                continue
            if rule.rule.startswith(("/contracts/", "/reforecasts/")):
                continue
            own = identifiers.get(rule.endpoint, house.decision).rpartition("/")[2]
            named = {"pages.owner": "01-nightly-tags", "pages.decision_list": "workloads"}
            name = named.get(rule.endpoint, "renewal")
            path = rule.rule.replace("<identifier>", own).replace("<name>", name)
            if path != rule.rule and "<" not in path:
                found.append(path)
        return found

    def test_another_organisation_finds_nothing_of_ours(self, house: House) -> None:
        ours, theirs = house.visitor(Scope.ADMIN), house.stranger()
        paths = self.paths(house)
        assert len(paths) >= 10
        for path in paths:
            query = {"commitment_usd": "1"} if path.endswith("/commitment") else None
            assert ours.get(path, query_string=query).status_code == 200, path
            page = theirs.get(path, query_string=query)
            assert page.status_code == 404, path
        for address in (house.decision, house.upload, "/portfolios/renewal"):
            for action in ("offers", "cancellation", "portfolio", "deletion", "terms"):
                assert theirs.post(f"{address}/{action}").status_code in (404, 405)
        assert ours.get(house.decision).status_code == 200

    def test_a_viewer_reads_and_changes_nothing(self, house: House) -> None:
        visitor = house.visitor(Scope.READ)
        for path in (house.decision, "/", "/usage", "/portfolios/renewal"):
            page = visitor.get(path)
            assert page.status_code == 200
            forms = re.findall(r'<form method="post" action="([^"]+)"', page.text)
            allowed = {"/sign-out", "/portfolios/renewal/answers#questions"}
            allowed.add("/portfolios/renewal/terms#terms")
            assert set(forms) <= allowed, path
        refused = visitor.post(f"{house.decision}/offers", {"commitment_usd": "1"})
        assert refused.status_code == 403
        assert "may read" in text_of(refused)

    def test_pages_without_a_scope_are_those_that_have_to_be(self, house: House) -> None:
        app = house.client.application
        open_to_all = {
            rule.endpoint
            for rule in app.url_map.iter_rules()
            if rule.endpoint.startswith("pages.")
            and getattr(app.view_functions[rule.endpoint], "page_scope", None) is None
        }
        assert open_to_all == {"pages.sign_in", "pages.asset_file"}


class TestKeys:
    @pytest.fixture
    def admin(self, house: House) -> Visitor:
        return house.visitor(Scope.ADMIN)

    def test_a_key_is_made_shown_once_and_revoked(self, house: House, admin: Visitor) -> None:
        page = admin.post("/keys", {"name": "Ben <b>", "scope": "read", "days": "7"})
        assert page.status_code == 201
        secret = re.search(r"<code>(commitment_[^<]+)</code>", page.text)
        assert secret
        again = admin.get("/keys")
        assert secret[1] not in again.text
        assert "Ben &lt;b&gt;" in again.text
        ben = Visitor(house.client)
        assert ben.sign_in(secret[1]).status_code == 303
        assert "Signed in as viewer" in text_of(ben.get("/"))
        store = store_of(house.client)
        found = keys_of(store, organisation_named(store, "acme"))
        key = next(key for key in found if key.name == "Ben <b>")
        assert key.expires_at is not None
        assert admin.post(f"/keys/{key.id}/revocation").status_code == 303
        assert ben.get("/").status_code == 303

    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            ({"name": " "}, "name: "),
            ({"scope": "everything"}, "scope: "),
            ({"days": "soon"}, "must be a number of days"),
            ({"days": "0"}, "days: "),
        ],
    )
    def test_what_is_no_key_is_told(self, admin: Visitor, typed: dict[str, str], said: str) -> None:
        page = admin.post("/keys", {"name": "x", "scope": "read", "days": ""} | typed)
        assert page.status_code == 422
        assert said in text_of(page)
        assert "commitment_" not in page.text

    def test_the_log_names_who_did_what(self, house: House, admin: Visitor) -> None:
        house.visitor(Scope.READ).post("/usage", {"name": "x"})
        said = text_of(admin.get("/keys"))
        assert re.search(r"read Upload /usage 403", said)
        assert re.search(r"admin Sign in /sign-in 303", said)

    def test_only_an_administrator_sees_them(self, house: House) -> None:
        analyst = house.visitor(Scope.SIZE)
        assert analyst.get("/keys").status_code == 403
        assert analyst.post("/keys", {"name": "x", "scope": "admin"}).status_code == 403
        assert 'href="/keys"' not in analyst.get("/").text
        theirs = keys_of(
            store_of(house.client), organisation_named(store_of(house.client), "acme")
        )[0]
        assert house.stranger().post(f"/keys/{theirs.id}/revocation").status_code == 404

    def test_a_decision_is_deleted_by_an_administrator_alone(
        self, house: House, admin: Visitor
    ) -> None:
        assert house.visitor().post(f"{house.decision}/deletion").status_code == 403
        assert house.stranger().post(f"{house.decision}/deletion").status_code == 404
        assert admin.post(f"{house.refusal}/deletion").status_code == 404
        assert admin.get(house.decision).status_code == 200


class TestLocalMode:
    def test_nobody_signs_in(self, client: FlaskClient) -> None:
        visitor = Visitor(client)
        assert "Local user" in text_of(visitor.get("/"))
        assert visitor.get("/sign-in").status_code == 303

    def test_nobody_else_is_answered(self, client: FlaskClient) -> None:
        page = Visitor(client).get("/", environ_base={"REMOTE_ADDR": "192.168.1.9"})
        assert page.status_code == 403
        assert "its own machine" in text_of(page)

    def test_a_store_that_cannot_be_used_is_told_in_words(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("in the way")
        client = create_app(Settings(data_dir=tmp_path / "file")).test_client()
        page = Visitor(client).get("/")
        assert (page.status_code, page.mimetype) == (503, "text/html")
        assert "cannot reach or write its store" in text_of(page)

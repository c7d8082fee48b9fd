"""Signing in by name and password, codes from an app, and the page where admins look after people."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyotp
import pytest
from argon2 import PasswordHasher
from flask import Response
from flask.testing import FlaskClient

from data_access.store import passwords
from data_access.store.attempts import PER_ACCOUNT, WINDOW
from data_access.store.audit import Wanted, entries
from data_access.store.links import make_link
from data_access.store.passwords import set_password
from data_access.store.people import Person, people
from tests.dashboards.worlds import OURS, ROLES, Stage, a_stage
from tests.data_access.stores import change_person

GOOD, WRONG = "三月江边 tulips 27", "nothing like the right one"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module", autouse=True)
def quick() -> Iterator[None]:
    """Hashes that cost next to nothing."""
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_HASHER", cheap)
        patch.setattr(passwords, "_NOBODY_S", cheap.hash("nobody's"))
        yield


@pytest.fixture
def fresh(tmp_path: Path) -> Stage:
    """A site where everybody has the same good password."""
    return with_passwords(a_stage(tmp_path))


@pytest.fixture
def guarded(tmp_path: Path) -> Stage:
    """The same where codes are asked for."""
    return with_passwords(a_stage(tmp_path, told="[security]\ntotp = true"))


def with_passwords(stage: Stage) -> Stage:
    for one in stage.people.values():
        set_password(stage.store, one, GOOD, by="tests", now=stage.clock())
    return stage


def post(client: FlaskClient, path: str, source: str = "127.0.0.1", **told: str) -> Response:
    return client.post(path, data=told, content_type=FORM, headers=OURS, environ_base={"REMOTE_ADDR": source})


def sign_in(stage: Stage, role: str, password: str = GOOD, **more: Any) -> Response:
    return post(stage.client(), "/sign-in", name=f"某{role}", password=password, **more)


def audited(stage: Stage, action: str) -> list[tuple[str, str, dict[str, Any]]]:
    found = entries(stage.store, Wanted(action=action))
    return [(one.actor, one.about, dict(one.detail)) for one in found]


class TestPasswords:
    """The form on the sign-in page."""

    def test_the_page_asks_for_name_and_password_and_mentions_links(self, fresh: Stage) -> None:
        shown = fresh.client().get("/sign-in").text
        assert 'autocomplete="current-password"' in shown and "登录链接" in shown and "<script" not in shown
        assert "Password" in fresh.client().get("/sign-in?lang=en").text

    @pytest.mark.parametrize("role", ROLES)
    def test_the_right_password_opens_a_session(self, fresh: Stage, role: str) -> None:
        client = fresh.client()
        answer = post(client, "/sign-in", name=f"某{role}", password=GOOD)
        assert answer.status_code == 303
        assert answer.headers["Location"] == ("/wall/canteen" if role == "viewer" else "/")
        assert client.get("/live/wall/canteen").status_code == 200
        who = fresh.people[role].id
        assert audited(fresh, "sign_in") == [(who, who, {"how": "password", "source": "127.0.0.1"})]

    def test_it_leads_back_to_the_page_that_was_asked_for_and_nowhere_else(self, fresh: Stage) -> None:
        assert sign_in(fresh, "leader", next="/funnels?period=month").headers["Location"] == "/funnels?period=month"
        assert sign_in(fresh, "leader", next="//evil.example").headers["Location"] == "/"

    def test_the_way_back_stands_in_the_form(self, fresh: Stage) -> None:
        assert 'value="/funnels?period=month"' in fresh.client().get("/sign-in?next=/funnels%3Fperiod%3Dmonth").text

    def test_unknown_disabled_and_wrong_get_the_same_answer(self, fresh: Stage) -> None:
        head = fresh.people["head"]
        change_person(fresh.store, Person(head.id, head.name, head.role, head.project_id, enabled=False))
        answers = [sign_in(fresh, "leader", WRONG), sign_in(fresh, "head"), sign_in(fresh, "nobody")]
        assert {(one.status_code, one.text) for one in answers} == {(401, answers[0].text)}
        assert {str(sorted(one.headers)) for one in answers} == {str(sorted(answers[0].headers))}
        assert "Set-Cookie" not in answers[0].headers and "密码不对" in answers[0].text

    def test_a_refused_sign_in_is_audited_without_what_was_typed(self, fresh: Stage) -> None:
        sign_in(fresh, "leader", WRONG, source="10.1.2.3")
        sign_in(fresh, "nobody", WRONG)
        how = {"how": "password", "source": "10.1.2.3"}
        assert audited(fresh, "sign_in_refused")[::-1] == [
            ("", fresh.people["leader"].id, how),
            ("", "", {**how, "source": "127.0.0.1"}),
        ]
        assert WRONG not in str(entries(fresh.store))

    def test_who_signs_in_anew_leaves_no_older_session(self, fresh: Stage) -> None:
        client = fresh.client("leader")
        old = client.get_cookie("warboard")
        post(client, "/sign-in", name="某leader", password=GOOD)
        new = client.get_cookie("warboard")
        assert old and new and old.value != new.value
        client.set_cookie("warboard", old.value)
        assert client.get("/live/overview").status_code == 401

    def test_signing_out_is_audited(self, fresh: Stage) -> None:
        post(fresh.client("leader"), "/sign-out")
        who = fresh.people["leader"].id
        assert audited(fresh, "sign_out") == [(who, who, {})]

    def test_a_new_password_signs_out_everywhere(self, fresh: Stage) -> None:
        client = fresh.client("leader")
        set_password(fresh.store, fresh.people["leader"], GOOD + "!", by="tests", now=fresh.clock())
        assert client.get("/live/overview").status_code == 401


class TestOwnPassword:
    """The page where people give themselves a password."""

    NEW = "四月湖边 daisies 31"

    def set(self, client: FlaskClient, now: str = GOOD, new: str = NEW, again: str = NEW) -> Response:
        return post(client, "/password", now=now, new=new, again=again)

    def test_it_takes_the_new_one_and_this_device_stays(self, fresh: Stage) -> None:
        here, elsewhere = fresh.client("head"), fresh.client("head")
        before = here.get_cookie("warboard")
        answer = self.set(here)
        after = here.get_cookie("warboard")
        assert answer.status_code == 200 and "密码已更新" in answer.text
        assert before and after and before.value != after.value
        assert here.get("/live/overview").status_code == 200
        assert elsewhere.get("/live/overview").status_code == 401
        assert sign_in(fresh, "head").status_code == 401 and sign_in(fresh, "head", self.NEW).status_code == 303
        who = fresh.people["head"].id
        assert (who, who, {}) in audited(fresh, "password_set")

    @pytest.mark.parametrize(
        ("told", "said"),
        [
            ({"now": WRONG}, "现在的密码不对"),
            ({"now": ""}, "现在的密码不对"),
            ({"again": NEW + "x"}, "两次输入的新密码不一样"),
            ({"new": "short", "again": "short"}, "至少 12 个字符"),
            ({"new": "x" * 129, "again": "x" * 129}, "最多 128 个字符"),
            ({"new": "123456789012", "again": "123456789012"}, "太常见"),
            ({"new": "某head某head某head", "again": "某head某head某head"}, "不能只是姓名"),
        ],
    )
    def test_it_says_what_is_wrong_and_nothing_changes(self, fresh: Stage, told: dict[str, str], said: str) -> None:
        client = fresh.client("head")
        answer = self.set(client, **told)
        assert answer.status_code == 400 and said in answer.text
        assert client.get("/live/overview").status_code == 200 and sign_in(fresh, "head").status_code == 303

    def test_guesses_of_the_one_in_use_count_like_those_at_the_door(self, fresh: Stage) -> None:
        client = fresh.client("head")
        answers = [self.set(client, now=f"{WRONG} {n}") for n in range(PER_ACCOUNT + 1)]
        assert [one.status_code for one in answers] == [400] * PER_ACCOUNT + [429]
        assert answers[-1].headers["Retry-After"] == "901"
        assert sign_in(fresh, "head", source="10.0.0.9").status_code == 429

    def test_who_came_by_a_link_and_has_none_sets_the_first(self, stage: Stage) -> None:
        client = stage.client("head")
        assert 'name="now"' not in client.get("/password").text
        assert self.set(client, now="").status_code == 200
        assert 'name="now"' in client.get("/password").text

    def test_a_forgotten_one_is_taken_away_by_an_administrator(self, fresh: Stage) -> None:
        head, admin = fresh.people["head"], fresh.client("admin")
        assert "清除密码" in admin.get(f"/people/{head.id}").text
        assert post(admin, f"/people/{head.id}/password").status_code == 303
        assert "清除密码" not in admin.get(f"/people/{head.id}").text
        assert sign_in(fresh, "head").status_code == 401
        assert 'name="now"' not in fresh.client("head").get("/password").text
        assert audited(fresh, "password_forgotten") == [(fresh.people["admin"].id, head.id, {})]

    def test_nobody_else_takes_a_password_away(self, fresh: Stage) -> None:
        for role in set(ROLES) - {"admin"}:
            assert post(fresh.client(role), f"/people/{fresh.people['head'].id}/password").status_code == 403
        assert sign_in(fresh, "head").status_code == 303


class TestAccount:
    """The page about oneself."""

    OWN = {"/good-news"}
    KEEPS = {
        "admin": {"/people", "/screens", "/audit", "/outbox", "/peers"} | OWN,
        "leader": {"/screens", "/outbox", "/peers"} | OWN,
        "head": {"/peers"} | OWN,
        "champion": OWN,
        "salesperson": OWN,
    }

    @pytest.mark.parametrize("role", ROLES)
    def test_it_offers_just_the_pages_that_open(self, stage: Stage, role: str) -> None:
        client = stage.client(role)
        page = client.get("/account").text
        offered = set(re.findall(r'href="(/(?:people|screens|audit|outbox|peers|good-news|password))\?', page))
        assert offered == self.KEEPS.get(role, set()) | {"/password"}
        assert {client.get(path).status_code for path in offered} == {200}
        assert f"某{role}" in page and 'action="/sign-out"' in page

    def test_every_page_leads_to_it(self, stage: Stage) -> None:
        assert "/account?lang=zh" in stage.client("salesperson").get("/").text


class TestAttempts:
    """Guessing is slow, and nobody is locked out by somebody else."""

    def test_after_ten_tries_even_the_right_password_waits(self, fresh: Stage) -> None:
        for _ in range(PER_ACCOUNT):
            assert sign_in(fresh, "leader", WRONG).status_code == 401
        answer = sign_in(fresh, "leader", source="10.0.0.9")
        assert answer.status_code == 429 and answer.headers["Retry-After"] == "901"
        assert "10:16 以后再试" in answer.text
        fresh.clock.now += WINDOW
        assert sign_in(fresh, "leader").status_code == 303

    def test_a_name_nobody_has_waits_just_the_same(self, fresh: Stage) -> None:
        answers = [[sign_in(fresh, name, WRONG) for _ in range(11)][-1] for name in ("leader", "nobody")]
        assert {(one.status_code, one.text) for one in answers} == {(429, answers[0].text)}

    def test_a_link_still_opens_for_a_person_under_attack(self, fresh: Stage) -> None:
        for n in range(20):
            sign_in(fresh, "leader", WRONG, source=f"10.0.0.{n}")
        link = f"/enter/{make_link(fresh.store, fresh.people['leader'].id, fresh.clock())}"
        assert post(fresh.client(), link).status_code == 303

    def test_an_office_behind_one_address_comes_in_at_nine(self, fresh: Stage) -> None:
        assert {sign_in(fresh, "leader", source="10.0.0.1").status_code for _ in range(60)} == {303}

    @pytest.mark.parametrize(
        ("near", "told", "source"),
        [
            ("127.0.0.1", "1.2.3.4", "1.2.3.4"),
            ("127.0.0.1", "9.9.9.9, 1.2.3.4", "1.2.3.4"),
            ("127.0.0.1", "nonsense", "127.0.0.1"),
            ("10.0.0.9", "1.2.3.4", "10.0.0.9"),
            ("127.0.0.1", "1.2.3.4, 10.7.0.3", "10.7.0.3"),
            ("127.0.0.1", "1.2.3.4, 10.7.0.3, ::1", "10.7.0.3"),
            ("127.0.0.1", "1.2.3.4, nonsense, ::1", "::1"),
            ("127.0.0.1", "127.0.0.1", "127.0.0.1"),
            ("10.0.0.9", "127.0.0.1", "10.0.0.9"),
            ("", "1.2.3.4", ""),
        ],
    )
    def test_only_a_proxy_of_ours_may_tell_the_address(self, fresh: Stage, near: str, told: str, source: str) -> None:
        headers, typed = {**OURS, "X-Forwarded-For": told}, {"name": "某leader", "password": WRONG}
        client = fresh.client()
        client.post("/sign-in", data=typed, content_type=FORM, headers=headers, environ_base={"REMOTE_ADDR": near})
        assert audited(fresh, "sign_in_refused")[0][2]["source"] == source

    def test_a_flood_of_made_up_links_does_not_fill_the_audit(self, fresh: Stage) -> None:
        for n in range(70):
            assert post(fresh.client(), f"/enter/{n}").status_code == 410
        assert len(audited(fresh, "sign_in_refused")) == 50


class TestCodes:
    """The second proof for those who see much."""

    def test_the_first_sign_in_shows_the_code_to_scan_once(self, guarded: Stage) -> None:
        shown = sign_in(guarded, "leader")
        assert shown.status_code == 200 and "Set-Cookie" not in shown.headers
        secret, step = found(shown.text, r"secret=(\w+)"), found(shown.text, r'name="step" value="([^"]+)')
        client = guarded.client()
        wrong = post(client, "/sign-in/code", step=step, code="000000")
        assert wrong.status_code == 401 and secret not in wrong.text
        entered = post(client, "/sign-in/code", step=step, code=code_now(guarded, secret))
        assert entered.status_code == 303 and client.get("/live/overview").status_code == 200
        again = sign_in(guarded, "leader")
        assert again.status_code == 200 and secret not in again.text and "qr" not in found(again.text, r"<body>(.*)")

    def test_a_used_code_does_not_open_a_second_session(self, guarded: Stage) -> None:
        secret = enrolled(guarded, "leader")
        step = found(sign_in(guarded, "leader").text, r'name="step" value="([^"]+)')
        assert post(guarded.client(), "/sign-in/code", step=step, code=code_now(guarded, secret)).status_code == 401
        guarded.clock.now += timedelta(seconds=30)
        assert post(guarded.client(), "/sign-in/code", step=step, code=code_now(guarded, secret)).status_code == 303

    @pytest.mark.parametrize("role", ROLES)
    def test_admin_leader_and_head_are_asked_also_after_a_link(self, guarded: Stage, role: str) -> None:
        link = f"/enter/{make_link(guarded.store, guarded.people[role].id, guarded.clock())}"
        asked = role in ("admin", "leader", "head")
        assert post(guarded.client(), link).status_code == (200 if asked else 303)

    def test_a_waiting_sign_in_opens_nothing_by_itself(self, guarded: Stage) -> None:
        enrolled(guarded, "leader")
        assert post(guarded.client(), "/sign-in/code", step="made up", code="000000").status_code == 401
        client = guarded.client()
        post(client, "/sign-in", name="某leader", password=GOOD)
        assert client.get("/live/overview").status_code == 401

    def test_codes_can_be_guessed_ten_times(self, guarded: Stage) -> None:
        secret = enrolled(guarded, "leader")
        step = found(sign_in(guarded, "leader").text, r'name="step" value="([^"]+)')
        guarded.clock.now += timedelta(seconds=30)
        for _ in range(PER_ACCOUNT):
            assert post(guarded.client(), "/sign-in/code", step=step, code="000000").status_code == 401
        right = post(guarded.client(), "/sign-in/code", step=step, code=code_now(guarded, secret))
        assert right.status_code == 429 and "以后再试" in right.text

    def test_a_page_that_is_loaded_again_leads_to_the_sign_in(self, guarded: Stage) -> None:
        assert guarded.client().get("/sign-in/code").headers["Location"] == "/sign-in"

    def test_without_the_setting_nobody_is_asked(self, fresh: Stage) -> None:
        assert sign_in(fresh, "admin").status_code == 303


class TestPeople:
    """The page for admins."""

    def test_everybody_is_listed(self, fresh: Stage) -> None:
        shown = fresh.client("admin").get("/people").text
        assert all(one.name in shown for one in fresh.people.values()) and "云岫府" in shown
        assert "/people?lang=zh" in fresh.client("admin").get("/account").text
        assert "/people" not in fresh.client("leader").get("/").text
        assert "Add a person" in fresh.client("admin").get("/people?lang=en").text

    @pytest.mark.parametrize("role", [role for role in ROLES if role != "admin"])
    @pytest.mark.parametrize("more", ["", "/{id}", "/{id}/enabled", "/{id}/link", "/{id}/code"])
    def test_nobody_else_comes_near(self, stage: Stage, role: str, more: str) -> None:
        path = "/people" + more.format(id=stage.people["head"].id)
        assert post(stage.client(role), path, enabled="no").status_code == 403
        assert post(stage.client(), path).status_code == 401
        assert stage.client(role).get(f"/people/{stage.people['head'].id}").status_code == 403

    def test_a_person_is_added_and_let_in_by_a_link_that_is_shown_once(self, fresh: Stage) -> None:
        admin = fresh.client("admin")
        added = post(admin, "/people", name=" 王芳 ", role="head", project="p2", staff="")
        made = next(one for one in people(fresh.store) if one.name == "王芳")
        assert added.status_code == 303 and (made.role, made.project_id, made.staff_id) == ("head", "p2", None)
        link = found(post(admin, f"/people/{made.id}/link").text, r"http://localhost(/enter/[\w-]+)")
        assert link not in admin.get(f"/people/{made.id}").text
        client = fresh.client()
        assert post(client, link).status_code == 303 and "文昌学府" in client.get("/funnels").text
        by = fresh.people["admin"].id
        for action in ("person_added", "link_made"):
            assert [one[:2] for one in audited(fresh, action)] == [(by, made.id)]

    @pytest.mark.parametrize(
        ("told", "said"),
        [
            ({"name": " ", "role": "admin"}, "请填写姓名"),
            ({"name": "某head", "role": "admin"}, "已经有人用了"),
            ({"name": "王芳", "role": "head"}, "要选一个项目"),
            ({"name": "王芳", "role": "salesperson", "project": "p1"}, "要填员工编号"),
        ],
    )
    def test_what_does_not_fit_comes_back_with_what_to_do(self, fresh: Stage, told: dict[str, str], said: str) -> None:
        answer = post(fresh.client("admin"), "/people", **told)
        assert answer.status_code == 400 and said in answer.text and f'value="{told["name"]}"' in answer.text
        assert len(people(fresh.store)) == len(ROLES)

    def test_the_company_s_account_is_kept_and_belongs_to_one_person(self, fresh: Stage) -> None:
        admin, head = fresh.client("admin"), fresh.people["head"]
        told = {"name": head.name, "role": "head", "project": "p1", "staff": ""}
        assert post(admin, f"/people/{head.id}", **told, account=" WangFang ").status_code == 303
        assert 'value="WangFang"' in admin.get(f"/people/{head.id}").text
        (entry,) = audited(fresh, "person_changed")
        assert entry[2]["account"] is True and "WangFang" not in str(entry)
        again = post(admin, "/people", name="李娜", role="leader", account="WangFang")
        assert again.status_code == 400 and "已经是别人的了" in again.text
        other = fresh.people["leader"]
        again = post(admin, f"/people/{other.id}", name=other.name, role="leader", account="WangFang")
        assert again.status_code == 400 and "已经是别人的了" in again.text
        long = post(admin, "/people", name="李娜", role="leader", account="x" * 256)
        assert long.status_code == 400 and "255" in long.text

    def test_who_came_from_the_staff_table_is_marked(self, fresh: Stage) -> None:
        change_person(fresh.store, replace(fresh.people["head"], from_staff=True))
        assert "以员工表为准" in fresh.client("admin").get(f"/people/{fresh.people['head'].id}").text
        assert "以员工表为准" not in fresh.client("admin").get(f"/people/{fresh.people['leader'].id}").text

    def test_a_new_project_counts_at_once(self, fresh: Stage) -> None:
        head, client = fresh.people["head"], fresh.client("head")
        changed = post(fresh.client("admin"), f"/people/{head.id}", name=head.name, role="head", project="p2", staff="")
        assert changed.status_code == 303
        assert "文昌学府" in client.get("/funnels").text and "云岫府" not in client.get("/funnels").text

    def test_disabling_signs_out_at_once_and_enabling_lets_in_again(self, fresh: Stage) -> None:
        head, client, admin = fresh.people["head"], fresh.client("head"), fresh.client("admin")
        assert post(admin, f"/people/{head.id}/enabled", enabled="no").status_code == 303
        assert client.get("/live/overview").status_code == 401 and sign_in(fresh, "head").status_code == 401
        assert "已停用" in admin.get("/people").text
        assert post(admin, f"/people/{head.id}/link").status_code == 403
        post(admin, f"/people/{head.id}/enabled", enabled="yes")
        assert client.get("/live/overview").status_code == 401 and sign_in(fresh, "head").status_code == 303

    def test_an_admin_cannot_shut_out_themselves(self, fresh: Stage) -> None:
        me, client = fresh.people["admin"], fresh.client("admin")
        assert post(client, f"/people/{me.id}/enabled", enabled="no").status_code == 403
        post(client, f"/people/{me.id}", name=me.name, role="viewer", project="", staff="")
        assert client.get("/people").status_code == 200

    def test_a_lost_phone_is_forgotten(self, guarded: Stage) -> None:
        enrolled(guarded, "leader")
        leader, admin = guarded.people["leader"], guarded.client("admin")
        assert "重新绑定" in admin.get(f"/people/{leader.id}").text
        post(admin, f"/people/{leader.id}/code")
        assert "secret=" in sign_in(guarded, "leader").text

    @pytest.mark.parametrize("path", ["/people/nobody", "/people/nobody/link"])
    def test_whom_there_is_not_is_not_found(self, fresh: Stage, path: str) -> None:
        assert post(fresh.client("admin"), path, name="x", role="admin").status_code == 404

    def test_a_role_that_no_form_offers_is_refused(self, fresh: Stage) -> None:
        assert post(fresh.client("admin"), "/people", name="x", role="root").status_code == 400

    def test_a_name_is_shown_as_text(self, fresh: Stage) -> None:
        post(fresh.client("admin"), "/people", name="<b>x</b>", role="leader")
        assert "<b>x</b>" not in fresh.client("admin").get("/people").text


def enrolled(stage: Stage, role: str) -> str:
    """The secret of somebody who has just signed in with their first code."""
    shown = sign_in(stage, role).text
    secret, step = found(shown, r"secret=(\w+)"), found(shown, r'name="step" value="([^"]+)')
    assert post(stage.client(), "/sign-in/code", step=step, code=code_now(stage, secret)).status_code == 303
    return secret


def code_now(stage: Stage, secret: str) -> str:
    return pyotp.TOTP(secret).at(stage.clock())


def found(shown: str, pattern: str) -> str:
    match = re.search(pattern, shown, re.S)
    assert match, f"{pattern} is not there"
    return match[1]

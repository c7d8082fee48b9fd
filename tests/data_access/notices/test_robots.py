"""Robots are spoken to in their own protocols and judged by what they answer."""

import hashlib
import hmac
import json
import logging
from datetime import UTC, datetime

import pytest

from data_access.notices.egress import Egress
from data_access.notices.robots import Called, Sheet, send
from data_access.settings import Robot
from metrics.messages import Message
from tests.messengers import HOOK_SECRET, SECRET, messenger

NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
PATHS = {
    "wecom": "/cgi-bin/webhook/send?key=good",
    "dingtalk": "/robot/send?access_token=good",
    "feishu": "/open-apis/bot/v2/hook/good",
    "webhook": "/hook",
}
KINDS = tuple(PATHS)
HOSTILE = '[x](http://evil) <@all> @所有人 <at user_id="all"></at>'


@pytest.fixture
def there():
    with messenger() as there:
        yield there


def a_robot(there, kind, path=None, secret=None):
    known = {"wecom": "", "dingtalk": SECRET, "feishu": SECRET, "webhook": HOOK_SECRET}[kind]
    return Robot("leaders", kind, there.url(path or PATHS[kind]), ("leaders",), known if secret is None else secret)


def a_sheet(title="滨江一号 到访率偏低", lines=("留电客户只有 12% 到访",), **more):
    return Sheet(Message(title, lines), **{"link": "https://board.example.com/alerts", **more})


def sent(robot, sheet=None, key="k1", egress=Egress(("127.0.0.1",), 2)):
    return send(robot, sheet or a_sheet(), key, NOW, egress)


@pytest.mark.parametrize("kind", KINDS)
def test_a_message_is_taken(there, kind):
    assert sent(a_robot(there, kind)).outcome == "sent"
    assert "滨江一号" in json.dumps(there.taken[0].body, ensure_ascii=False)


@pytest.mark.parametrize(
    ("kind", "answer", "outcome", "wait"),
    [
        ("wecom", {"errcode": 45009, "errmsg": "api freq out of limit"}, "later", 60),
        ("wecom", {"errcode": 93000, "errmsg": "invalid webhook url"}, "refused", None),
        ("wecom", {"errcode": -1, "errmsg": "system busy"}, "later", 30),
        ("wecom", {"errcode": 99999, "errmsg": "new"}, "later", None),
        ("dingtalk", {"errcode": 310000, "errmsg": "sign not match"}, "refused", None),
        ("dingtalk", {"errcode": 130101, "errmsg": "send too fast, exceed 20 times per minute"}, "later", 600),
        ("dingtalk", {"errcode": 300005, "errmsg": "token is not exist"}, "refused", None),
        ("feishu", {"code": 19021, "msg": "sign match fail"}, "refused", None),
        ("feishu", {"code": 19024, "msg": "Key Words Not Found"}, "refused", None),
        ("feishu", {"code": 11232, "msg": "frequency limited"}, "later", 60),
        ("feishu", {"StatusCode": 0, "StatusMessage": "success"}, "sent", None),
        ("webhook", {"ok": False}, "refused", None),
        ("webhook", {"ok": False, "retry": True}, "later", None),
    ],
)
def test_the_body_decides_although_every_status_is_200(there, kind, answer, outcome, wait):
    there.will(answer)
    receipt = sent(a_robot(there, kind))
    assert (receipt.outcome, receipt.wait) == (outcome, wait)


@pytest.mark.parametrize("kind", ["wecom", "dingtalk", "feishu"])
@pytest.mark.parametrize(
    "body", [b"", b"<html>ok</html>", b"[]", b"{}", b'{"errcode": true, "code": "0"}', b"[" * 9000]
)
def test_an_answer_that_says_nothing_is_no_delivery(there, kind, body):
    there.will(body)
    assert sent(a_robot(there, kind)).outcome == "later"


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(204, "sent"), (302, "refused"), (400, "refused"), (410, "refused"), (429, "later"), (503, "later")],
)
def test_a_webhook_is_judged_by_its_status_too(there, status, outcome):
    there.will(b"", status, Retry_After="77", Location="http://127.0.0.1:1/")
    receipt = sent(a_robot(there, "webhook"))
    assert receipt.outcome == outcome
    assert receipt.wait == (77 if outcome == "later" else None)
    assert len(there.taken) == 1


@pytest.mark.parametrize(("kind", "code"), [("dingtalk", 310000), ("feishu", 19021)])
def test_a_wrong_secret_is_refused_by_the_receiver(there, kind, code):
    receipt = sent(a_robot(there, kind, secret="wrong"))
    assert (receipt.outcome, str(code) in receipt.answer) == ("refused", True)


def test_a_webhook_can_check_the_sign_and_knows_a_repeat(there):
    sent(a_robot(there, "webhook"), key="abc")
    (one,) = there.taken
    body = json.dumps(one.body, ensure_ascii=False).encode()
    stamp = one.headers["X-Warboard-Timestamp"].encode()
    wanted = hmac.new(HOOK_SECRET.encode(), stamp + b"." + body, hashlib.sha256).hexdigest()
    assert one.headers["X-Warboard-Signature"] == f"sha256={wanted}"
    assert (one.headers["Idempotency-Key"], one.body["key"]) == ("abc", "abc")


def test_people_are_called_by_id_where_it_is_known_and_by_phone_otherwise(there):
    both, phone = [Called("zhang", "13800001111")], [Called("", "13800001111")]
    for kind in ("wecom", "dingtalk", "feishu"):
        sent(a_robot(there, kind), a_sheet(called=both))
    sent(a_robot(there, "wecom"), a_sheet(called=phone))
    wecom, dingtalk, feishu, by_phone = (one.body for one in there.taken)
    assert "<@zhang>" in wecom["markdown"]["content"]
    assert dingtalk["at"] == {"atMobiles": ["13800001111"], "atUserIds": [], "isAtAll": False}
    assert "@13800001111" in dingtalk["markdown"]["text"]
    assert {"tag": "at", "user_id": "zhang"} in feishu["content"]["post"]["zh_cn"]["content"][-1]
    assert by_phone["text"]["mentioned_mobile_list"] == ["13800001111"]


@pytest.mark.parametrize("kind", ["wecom", "dingtalk", "feishu"])
def test_hostile_names_call_nobody_and_lead_nowhere(there, kind):
    sheet = a_sheet(HOSTILE, (HOSTILE,), link="", called=[Called("all"), Called("@all"), Called("ALL")])
    assert sent(a_robot(there, kind), sheet).outcome == "sent"
    told = json.dumps(there.taken[0].body, ensure_ascii=False)
    assert all(mark not in told for mark in ("](", "<@", "<at", '@all"', "@所有人", "://evil", '"user_id": "all"'))
    assert '"isAtAll": true' not in told


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("lines", [("👨‍👩‍👧‍👦好" * 3000,), tuple(f"项目{n}:到访率偏低" for n in range(5000))])
def test_a_long_message_fits_and_says_how_much_is_missing(there, kind, lines):
    assert sent(a_robot(there, kind), a_sheet(lines=lines, more="… 另有{}条".format)).outcome == "sent"
    told = json.dumps(there.taken[0].body, ensure_ascii=False)
    assert ("另有" in told) == (len(lines) > 1 and (kind != "webhook" or "另有" in told))
    assert "\ufffd" not in told


def test_nobody_who_listens_in_learns_the_key_of_a_robot(there, caplog):
    caplog.set_level(logging.DEBUG)
    logging.getLogger("urllib3").setLevel(logging.WARNING)
    robot = a_robot(there, "wecom", "/cgi-bin/webhook/send?key=canary-key")
    receipts = [sent(robot)]
    there.will(b'{"errcode": 93000, "errmsg": "canary-key"}')
    receipts.append(sent(robot))
    receipts.append(sent(Robot("x", "wecom", "https://evil.example/?key=canary-key", ("leaders",))))
    receipts.append(sent(Robot("x", "wecom", "http://127.0.0.1:9/?key=canary-key", ("leaders",))))
    assert "canary" not in caplog.text + repr(receipts) + repr(robot)
    assert [one.outcome for one in receipts] == ["refused", "refused", "refused", "later"]

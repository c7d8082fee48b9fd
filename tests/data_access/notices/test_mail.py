"""Mail goes through a real mail server, encrypted where that is set, under one Message-ID for each message."""

import email
from datetime import UTC, datetime
from email import policy

import pytest

from data_access.notices.mail import send
from data_access.notices.robots import Sheet
from data_access.settings import Mail
from metrics.messages import Message
from tests.messengers import mail_server

NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
SHEET = Sheet(
    Message("滨江一号 到访率偏低\nBcc: x@evil.example", ("留电客户只有 12% 到访", "第二行")), "https://b.example/alerts"
)


def a_server(port, **changes):
    given = {"security": "none", "user": "", "password": "", "sender": "warboard@b.example"} | changes
    return Mail(host="127.0.0.1", port=port, **given)


@pytest.fixture
def there():
    with mail_server() as there:
        yield there


def sent(server, to="head@b.example", sheet=SHEET, key="k1"):
    return send(server, to, sheet, key, NOW, 3)


def test_mail_arrives_as_plain_text_and_a_title_adds_no_header(there):
    assert sent(a_server(there.port)).outcome == "sent"
    (envelope,) = there.box.mails
    mail = email.message_from_bytes(envelope.content, policy=policy.default)
    assert mail["Subject"] == "滨江一号 到访率偏低 Bcc: x@evil.example"
    assert (mail["Bcc"], mail.get_content_type(), envelope.rcpt_tos) == (None, "text/plain", ["head@b.example"])
    assert mail.get_content().splitlines() == ["留电客户只有 12% 到访", "第二行", "→ https://b.example/alerts"]


def test_a_repeat_has_the_same_message_id(there):
    for _ in range(2):
        sent(a_server(there.port))
    ids = {email.message_from_bytes(one.content)["Message-ID"] for one in there.box.mails}
    assert ids == {"<k1@b.example>"}


@pytest.mark.parametrize(
    ("said", "outcome"),
    [("550 no such user", "refused"), ("451 later", "later"), ("452 full", "later"), ("553 no", "refused")],
)
def test_the_servers_word_decides(there, said, outcome):
    there.box.refuses["head@b.example"] = said
    assert sent(a_server(there.port)).outcome == outcome


@pytest.mark.parametrize(
    "changes", [{"security": "starttls"}, {"user": "w", "password": "canary"}, {"security": "tls"}]
)
def test_what_the_server_does_not_offer_is_tried_again_and_nothing_goes_in_clear(there, changes):
    receipt = sent(a_server(there.port, **changes))
    assert (receipt.outcome, "canary" in receipt.answer, there.box.mails) == ("later", False, [])


def test_a_server_that_is_not_there(there):
    assert sent(a_server(9)).outcome == "later"

"""What Apprise sends is sent only where its scheme was allowed."""

import pytest

from data_access.notices.long_tail import send
from data_access.notices.robots import Sheet
from data_access.settings import Robot
from metrics.messages import Message
from tests.messengers import messenger

SHEET = Sheet(Message("滨江一号", ("[x](http://evil)",)))


def a_robot(url):
    return Robot("chat", "apprise", url, ("leaders",))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_service_that_is_allowed_takes_the_message():
    with messenger() as there:
        assert send(a_robot(f"json://127.0.0.1:{there.port}/hook"), SHEET, ("json://",)).outcome == "sent"
        assert there.taken[0].body["title"] == "滨江一号"
        there.will(b"", 500)
        assert send(a_robot(f"json://127.0.0.1:{there.port}/hook"), SHEET, ("json://",)).outcome == "later"


def test_a_service_that_is_not_allowed_is_not_even_asked():
    with messenger() as there:
        receipt = send(a_robot(f"json://127.0.0.1:{there.port}/canary"), SHEET, ("tgram://", "127.0.0.1"))
        assert (receipt.outcome, "canary" in receipt.answer, there.taken) == ("refused", False, [])


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_an_address_apprise_does_not_know_is_refused():
    assert send(a_robot("nonsense://canary"), SHEET, ("nonsense://",)).outcome == "refused"

"""Messengers we have no sender of our own for, through Apprise; only those whose scheme stands in `messages.allow`."""

from data_access.notices.receipt import Receipt
from data_access.notices.robots import Sheet
from data_access.notices.text import cut, fitted, harmless
from data_access.settings import Robot

MOST = 3000


def send(robot: Robot, sheet: Sheet, allow: tuple[str, ...]) -> Receipt:
    """Send a message once by Apprise, which only says whether it went well."""
    scheme = f"{robot.url.partition('://')[0].lower()}://"
    if scheme not in allow:
        return Receipt("refused", f"{scheme} is not in messages.allow")
    # Only here: it brings a hundred services with it, which few installations use.
    import apprise

    service = apprise.Apprise.instantiate(robot.url, suppress_exceptions=True)
    if service is None:
        return Receipt("refused", f"the {scheme} address is not as Apprise wants it")
    lines = [harmless(one) for one in sheet.message.lines] or [""]
    body = fitted(lines, MOST, more=sheet.more) + (f"\n{sheet.link}" if sheet.link else "")
    went = service.notify(body=body, title=cut(harmless(sheet.message.title), 200))
    return Receipt("sent", f"{scheme} sent") if went else Receipt("later", f"{scheme} was not sent")

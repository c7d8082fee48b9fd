"""Robots in group chats: WeCom, DingTalk, Feishu and plain webhooks, each in its own protocol and judged by its answer's body."""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

from data_access.notices.egress import Answer, Egress, EgressError, Unreachable
from data_access.notices.receipt import Receipt
from data_access.notices.text import cut, fitted, harmless, plain, size
from data_access.settings import Robot
from metrics.messages import Message

MINUTE = 60
WECOM_MARKDOWN, WECOM_TEXT = 4096, 2048
DINGTALK_MOST, FEISHU_MOST, WEBHOOK_MOST = 18_000, 18_000, 60_000
"""Bytes of what is told; DingTalk and Feishu take 20,000 of the whole body."""


@dataclass(frozen=True)
class Called:
    """Somebody called by @: how the messenger knows them, and the phone."""

    account: str = ""
    phone: str = ""

    @property
    def id(self) -> str:
        """The account where a messenger can call it; "all" would call everybody."""
        fits = re.fullmatch(r"[\w.-]+", self.account) and self.account.lower() not in ("all", "所有人")
        return self.account if fits else ""


@dataclass(frozen=True)
class Sheet:
    """A message with what only its sender knows: the address it leads to, who is called, what is said of what did not fit."""

    message: Message
    link: str = ""
    called: Sequence[Called] = ()
    more: Callable[[int], str] = "… {}".format
    open_word: str = "→"


@dataclass(frozen=True)
class Post:
    """One request: address, body and headers."""

    url: str = field(repr=False)
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Codes:
    """What a messenger's codes mean: the field they stand in, those after which another try helps or does not, in words."""

    name: str
    fields: tuple[str, ...]
    later: Mapping[int, tuple[str, int]]
    refused: Mapping[int, str]


CODES = {
    "wecom": Codes(
        "WeCom",
        ("errcode",),
        {-1: ("busy", 30), 45009: ("too many messages in a minute", MINUTE)},
        {
            93000: "the webhook address is not valid (any more)",
            40058: "the message is not as it should be",
            40008: "this kind of message is not taken",
            44004: "the message is empty",
            45002: "the message is too long",
        },
    ),
    "dingtalk": Codes(
        "DingTalk",
        ("errcode",),
        {
            -1: ("busy", 30),
            130101: ("too many messages in a minute", 10 * MINUTE),
            410100: ("too many messages in a minute", 10 * MINUTE),
        },
        {
            310000: "refused by the robot's security: sign, keyword or address; check secret, clock and keywords",
            300001: "the token does not exist",
            300005: "the token does not exist",
            400101: "the token does not exist",
            400102: "the robot is stopped",
            400106: "the robot does not exist",
            400013: "the group does not exist any more",
            40035: "a parameter is missing",
            400105: "this kind of message is not taken",
        },
    ),
    "feishu": Codes(
        "Feishu",
        ("code", "StatusCode"),
        {11232: ("too many messages", MINUTE), 9499: ("too many messages, or not as they should be", MINUTE)},
        {
            19001: "the webhook address is not valid (any more)",
            19002: "the message is not as it should be",
            19021: "the sign does not match, or the clock is an hour off; check the secret",
            19022: "our address is not on the robot's list",
            19024: "the robot wants a keyword; add 营销 or take the keyword out",
            10003: "the message is not as it should be",
        },
    ),
}


def send(robot: Robot, sheet: Sheet, key: str, now: datetime, egress: Egress) -> Receipt:
    """Send a message to a robot once, under its key; what became of it."""
    request = _POSTS[robot.kind](robot, sheet, key, now)
    try:
        answer = egress.post(request.url, request.body, request.headers)
    except EgressError as error:
        return Receipt("refused", str(error))
    except Unreachable as error:
        return Receipt("later", f"not reached ({error})")
    return _judged_webhook(answer) if robot.kind == "webhook" else judged(CODES[robot.kind], answer)


def judged(codes: Codes, answer: Answer) -> Receipt:
    """What a messenger's answer means: its body decides, for a refusal comes with status 200 too."""
    code = _code(codes, answer.body)
    if code is None:
        return Receipt("later", f"{codes.name} answered {answer.status} without a code", answer.wait)
    if code == 0:
        return Receipt("sent", f"{codes.name} 0")
    if code in codes.refused:
        return Receipt("refused", f"{codes.name} {code}: {codes.refused[code]}")
    said, wait = codes.later.get(code, ("not known here", None))
    return Receipt("later", f"{codes.name} {code}: {said}", answer.wait or wait)


def _code(codes: Codes, body: bytes) -> int | None:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return None
    found = [told[name] for name in codes.fields if name in told] if isinstance(told, dict) else []
    return found[0] if found and type(found[0]) is int else None


def _judged_webhook(answer: Answer) -> Receipt:
    """A webhook of one's own: 2xx, and a body that does not say otherwise."""
    if answer.status in (408, 425, 429) or answer.status >= 500:
        return Receipt("later", f"webhook {answer.status}", answer.wait)
    if not 200 <= answer.status < 300:
        return Receipt("refused", f"webhook {answer.status}")
    try:
        told = json.loads(answer.body or b"{}")
    except (ValueError, RecursionError):
        told = {}
    if isinstance(told, dict) and told.get("ok") is False:
        return Receipt("later" if told.get("retry") else "refused", "webhook said ok: false", answer.wait)
    return Receipt("sent", f"webhook {answer.status}")


# ------------------------------------------------------------------------------------------------------------ protocols


def _wecom(robot: Robot, sheet: Sheet, key: str, now: datetime) -> Post:
    """Markdown, which calls people by user id; text where only phones are known, for markdown calls none by phone."""
    accounts = [one.id for one in sheet.called if one.id]
    phones = [one.phone for one in sheet.called if one.phone and not one.id]
    if phones and not accounts:
        content = _text(sheet, WECOM_TEXT, f"\n{sheet.link}" if sheet.link else "")
        return _json_post(
            robot.url, {"msgtype": "text", "text": {"content": content, "mentioned_mobile_list": list(phones)}}
        )
    calls = "".join(f" <@{one}>" for one in accounts)
    content = _markdown(sheet, WECOM_MARKDOWN, calls, "\n")
    return _json_post(robot.url, {"msgtype": "markdown", "markdown": {"content": content}})


def _dingtalk(robot: Robot, sheet: Sheet, key: str, now: datetime) -> Post:
    phones = [one.phone for one in sheet.called if one.phone]
    accounts = [one.id for one in sheet.called if one.id and not one.phone]
    calls = "".join(f" @{one}" for one in (*phones, *accounts))
    told = {
        "msgtype": "markdown",
        "markdown": {
            "title": cut(harmless(sheet.message.title), 200),
            "text": _markdown(sheet, DINGTALK_MOST, calls, "\n\n"),
        },
        "at": {"atMobiles": phones, "atUserIds": accounts, "isAtAll": False},
    }
    return _json_post(_signed_address(robot, now), told)


def _signed_address(robot: Robot, now: datetime) -> str:
    """The address with the time in milliseconds and its sign, where the robot has a secret."""
    if not robot.secret:
        return robot.url
    stamp = int(now.timestamp() * 1000)
    sign = _hmac(robot.secret.encode(), f"{stamp}\n{robot.secret}".encode())
    join = "&" if "?" in robot.url else "?"
    return f"{robot.url}{join}timestamp={stamp}&sign={quote(sign, safe='')}"


def _feishu(robot: Robot, sheet: Sheet, key: str, now: datetime) -> Post:
    """Rich text: every text is an element of its own, so that none is read as markup."""
    lines = fitted([harmless(one) for one in sheet.message.lines] or [""], FEISHU_MOST, more=sheet.more).split("\n")
    rows: list[list[dict[str, str]]] = [[{"tag": "text", "text": line}] for line in lines]
    if sheet.link:
        rows.append([{"tag": "a", "text": sheet.open_word, "href": sheet.link}])
    if calls := [{"tag": "at", "user_id": one.id} for one in sheet.called if one.id]:
        rows.append(calls)
    title = cut(harmless(sheet.message.title), 200)
    told: dict[str, Any] = {"msg_type": "post", "content": {"post": {"zh_cn": {"title": title, "content": rows}}}}
    if robot.secret:
        stamp = int(now.timestamp())
        # Feishu's own way: the time and the secret are the key, and nothing is what is signed.
        told |= {"timestamp": str(stamp), "sign": _hmac(f"{stamp}\n{robot.secret}".encode(), b"")}
    return _json_post(robot.url, told)


def _webhook(robot: Robot, sheet: Sheet, key: str, now: datetime) -> Post:
    """JSON under a key by which a receiver knows a repeat, signed over time and body where there is a secret."""
    lines = fitted([plain(one) for one in sheet.message.lines] or [""], WEBHOOK_MOST, more=sheet.more).split("\n")
    told = {"key": key, "title": plain(sheet.message.title), "lines": lines, "link": sheet.link}
    body = json.dumps(told, ensure_ascii=False).encode()
    stamp = str(int(now.timestamp()))
    headers = {"Content-Type": "application/json", "Idempotency-Key": key, "X-Warboard-Timestamp": stamp}
    if robot.secret:
        sign = hmac.new(robot.secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
        headers["X-Warboard-Signature"] = f"sha256={sign}"
    return Post(robot.url, body, headers)


_POSTS: Mapping[str, Callable[[Robot, Sheet, str, datetime], Post]] = {
    "wecom": _wecom,
    "dingtalk": _dingtalk,
    "feishu": _feishu,
    "webhook": _webhook,
}


def _markdown(sheet: Sheet, most: int, calls: str, join: str) -> str:
    """Title, lines, link and calls as markdown of at most so many bytes; only the lines are ever cut."""
    head = f"**{cut(harmless(sheet.message.title), 200)}**"
    link = f"{join}[{sheet.open_word}]({sheet.link})" if sheet.link else ""
    tail = f"{link}{join + calls.strip() if calls else ''}"
    room = most - size(head) - size(join) - size(tail)
    if not sheet.message.lines:
        return head + tail
    return head + join + fitted([harmless(one) for one in sheet.message.lines], room, more=sheet.more, join=join) + tail


def _text(sheet: Sheet, most: int, tail: str) -> str:
    lines = [harmless(one) for one in (sheet.message.title, *sheet.message.lines)]
    return fitted(lines, most - size(tail), more=sheet.more) + tail


def _json_post(url: str, told: Mapping[str, Any]) -> Post:
    return Post(url, json.dumps(told, ensure_ascii=False).encode(), {"Content-Type": "application/json; charset=utf-8"})


def _hmac(key: bytes, said: bytes) -> str:
    return base64.b64encode(hmac.new(key, said, hashlib.sha256).digest()).decode()

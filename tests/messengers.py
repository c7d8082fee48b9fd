"""Stand-ins on this machine that speak the protocols of WeCom, DingTalk, Feishu and plain webhooks, and a real mail server."""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiosmtpd.controller import Controller

SECRET = "SEC-of-the-robot"
HOOK_SECRET = "a secret of two houses"


@dataclass
class Taken:
    """One request: path, headers, body as JSON."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]


@dataclass
class Messenger:
    """What the stand-in was asked, and how it answers; `script` holds answers to be given first: (status, headers, body)."""

    port: int = 0
    taken: list[Taken] = field(default_factory=list)
    script: list[tuple[int, dict[str, str], bytes]] = field(default_factory=list)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def will(self, answer: dict[str, Any] | bytes, status: int = 200, **headers: str) -> None:
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.script.append((status, {name.replace("_", "-"): value for name, value in headers.items()}, body))

    def answer(self, one: Taken) -> dict[str, Any]:
        """What the real one says: success only for what it would take."""
        kind = urlsplit(one.path).path.split("/")[1]
        return {"cgi-bin": _wecom, "robot": _dingtalk, "open-apis": _feishu}.get(kind, lambda one: {"ok": True})(one)


def _wecom(one: Taken) -> dict[str, Any]:
    if parse_qs(urlsplit(one.path).query).get("key") != ["good"]:
        return {"errcode": 93000, "errmsg": "invalid webhook url, hint: [1700], from ip: 127.0.0.1"}
    kind = one.body.get("msgtype")
    if kind not in ("text", "markdown"):
        return {"errcode": 40008, "errmsg": "invalid message type"}
    content = one.body[kind]["content"]
    if not content or len(content.encode()) > {"text": 2048, "markdown": 4096}[kind]:
        return {"errcode": 45002, "errmsg": "content size out of limit"}
    return {"errcode": 0, "errmsg": "ok"}


def _dingtalk(one: Taken) -> dict[str, Any]:
    asked = parse_qs(urlsplit(one.path).query)
    if asked.get("access_token") != ["good"]:
        return {"errcode": 300005, "errmsg": "token is not exist"}
    stamp = asked.get("timestamp", [""])[0]
    wanted = base64.b64encode(hmac.new(SECRET.encode(), f"{stamp}\n{SECRET}".encode(), hashlib.sha256).digest())
    if asked.get("sign") != [wanted.decode()] or len(stamp) != 13:
        return {"errcode": 310000, "errmsg": "sign not match"}
    if len(json.dumps(one.body, ensure_ascii=False).encode()) > 20_000:
        return {"errcode": 400105, "errmsg": "message too long, exceed 20000 bytes"}
    return {"errcode": 0, "errmsg": "ok"}


def _feishu(one: Taken) -> dict[str, Any]:
    stamp = one.body.get("timestamp", "")
    wanted = base64.b64encode(hmac.new(f"{stamp}\n{SECRET}".encode(), digestmod=hashlib.sha256).digest()).decode()
    if one.body.get("sign") != wanted:
        return {
            "code": 19021,
            "data": {},
            "msg": "sign match fail or timestamp is not within one hour from current time",
        }
    if one.body.get("msg_type") != "post":
        return {"code": 9499, "msg": "Bad Request", "data": {}}
    return {"StatusCode": 0, "StatusMessage": "success", "code": 0, "data": {}, "msg": "success"}


@contextmanager
def messenger() -> Iterator[Messenger]:
    """A stand-in that listens on this machine."""
    kept = Messenger()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # noqa: N802
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            one = Taken(self.path, dict(self.headers), json.loads(body))
            kept.taken.append(one)
            if kept.script:
                status, headers, said = kept.script.pop(0)
            else:
                status, headers, said = 200, {}, json.dumps(kept.answer(one)).encode()
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(said))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield kept
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Box:
    """Takes mail for everybody but those it refuses."""

    def __init__(self) -> None:
        self.mails: list[Any] = []
        self.refuses: dict[str, str] = {}

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        if said := self.refuses.get(address):
            return said
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.mails.append(envelope)
        return "250 OK"


@dataclass
class MailServer:
    """A running mail server and what it took."""

    port: int
    box: _Box


@contextmanager
def mail_server(**options: Any) -> Iterator[MailServer]:
    """A real SMTP server on this machine."""
    box = _Box()
    with messenger() as free:
        port = free.port  # a port that is free a moment later
    running = Controller(box, hostname="127.0.0.1", port=port, **options)
    running.start()
    try:
        yield MailServer(port, box)
    finally:
        running.stop()

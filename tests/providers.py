"""Stand-ins for the other sites people sign in at: an OpenID Connect provider and WeCom, which speak the real protocols on loopback."""

import base64
import hashlib
import hmac
import json
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import unquote, urlencode

from flask import Flask, Response, jsonify, redirect, request
from joserfc import jwt
from joserfc.jwk import RSAKey
from werkzeug.serving import WSGIRequestHandler, make_server

BACK = "http://localhost/sign-in/{}/back"
"""Where the tests' browser comes back to."""


def utc_now() -> datetime:
    return datetime.now(UTC)


class Quiet(WSGIRequestHandler):
    """Logs nothing: what a test reads in the log is ours."""

    def log(self, *_: Any) -> None:
        """Nothing."""


class Site:
    """A small site in a thread of its own; `misbehaves` names what it does wrong, and `hanging` requests end with it."""

    def __init__(self) -> None:
        self.app = Flask(type(self).__name__)
        self.misbehaves = ""
        self.now: Callable[[], datetime] = utc_now
        self.codes: dict[str, dict[str, str]] = {}
        self.secrets: list[str] = []
        """Everything it told that nobody but our server may see."""
        self.asked: list[str] = []
        self._over = threading.Event()
        self.app.before_request(self._begin)

    @contextmanager
    def running(self) -> Iterator["Any"]:
        """Meanwhile it answers at `address`."""
        server = make_server("127.0.0.1", 0, self.app, threaded=True, request_handler=Quiet)
        self.address = f"http://127.0.0.1:{server.port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield self
        finally:
            self._over.set()
            server.shutdown()
            thread.join()
            server.server_close()

    def secret(self, length: int = 24) -> str:
        """A new secret, noted."""
        self.secrets.append(secrets.token_hex(length))
        return self.secrets[-1]

    def _begin(self) -> Response | None:
        self.asked.append(request.path)
        if self.misbehaves == f"hangs at {request.path}":
            self._over.wait()
        if self.misbehaves == f"breaks at {request.path}":
            return Response("<h1>Internal Server Error</h1>", 500)
        if self.misbehaves == f"babbles at {request.path}":
            return Response("[1, 2", 200, mimetype="application/json")
        return None


class OidcSite(Site):
    """An OpenID Connect provider with one client; `claims` is what its only user is."""

    def __init__(self) -> None:
        super().__init__()
        self.client_id, self.client_secret = "warboard", self.secret()
        self.key = _first_key()
        self.claims: dict[str, Any] = {"sub": "7", "preferred_username": "wangfang", "name": "王芳"}
        self.only_at_userinfo: tuple[str, ...] = ()
        self.auth_methods = ["client_secret_basic", "client_secret_post"]
        for path, view in (
            ("/.well-known/openid-configuration", self._configuration),
            ("/jwks", self._jwks),
            ("/authorize", self._authorize),
            ("/userinfo", self._userinfo),
        ):
            self.app.add_url_rule(path, path, view)
        self.app.add_url_rule("/token", "/token", self._token, methods=["POST"])

    def rotate(self) -> None:
        """Sign with another key from now on."""
        self.key = _new_key()

    def _configuration(self) -> Response:
        issuer = "https://elsewhere.example" if self.misbehaves == "names another issuer" else self.address
        return jsonify(
            issuer=issuer,
            authorization_endpoint=f"{self.address}/authorize",
            token_endpoint="ftp://x" if self.misbehaves == "names odd addresses" else f"{self.address}/token",
            jwks_uri=f"{self.address}/jwks",
            userinfo_endpoint=f"{self.address}/userinfo",
            response_types_supported=["code"],
            subject_types_supported=["public"],
            # A careless provider, or somebody in its place, may offer these.
            id_token_signing_alg_values_supported=["RS256", "HS256", "none"],
            token_endpoint_auth_methods_supported=self.auth_methods,
        )

    def _jwks(self) -> Response:
        return jsonify(keys=[self.key.as_dict(private=False)])

    def _authorize(self) -> Any:
        asked = request.args
        right = (
            asked["response_type"] == "code"
            and asked["client_id"] == self.client_id
            and asked["redirect_uri"] == BACK.format("oidc")
            and "openid" in asked["scope"].split()
            and asked["code_challenge_method"] == "S256"
            and len(asked["code_challenge"]) == 43
        )
        if not right:
            return Response("bad request", 400)
        if self.misbehaves == "refuses":
            answer = {"error": "access_denied", "error_description": "<b>no</b>", "state": asked["state"]}
            return redirect(f"{asked['redirect_uri']}?{urlencode(answer)}")
        code = secrets.token_hex(16)
        self.codes[code] = {name: asked[name] for name in ("nonce", "code_challenge", "redirect_uri")}
        answer = {"code": code, "state": asked["state"], "iss": self.address}
        if self.misbehaves == "answers for another issuer":
            answer["iss"] = "https://elsewhere.example"
        return redirect(f"{asked['redirect_uri']}?{urlencode(answer)}")

    def _token(self) -> Any:
        told = request.form
        if not self._is_the_client():
            return jsonify(error="invalid_client"), 401
        journey = self.codes.pop(told["code"], None)
        verifier = _base64(hashlib.sha256(told["code_verifier"].encode()).digest())
        if (
            told["grant_type"] != "authorization_code"
            or journey is None
            or journey["redirect_uri"] != told["redirect_uri"]
            or journey["code_challenge"] != verifier
        ):
            return jsonify(error="invalid_grant"), 400
        self.access_token = self.secret()
        id_token = self._id_token(journey["nonce"])
        self.secrets.append(id_token)
        if self.misbehaves == "gives no id token":
            return jsonify(access_token=self.access_token, token_type="Bearer")
        return jsonify(access_token=self.access_token, token_type="Bearer", expires_in=300, id_token=id_token)

    def _is_the_client(self) -> bool:
        if (given := request.authorization) is not None:
            pair = unquote(given.username or ""), unquote(given.password or "")
            return "client_secret_basic" in self.auth_methods and pair == (self.client_id, self.client_secret)
        pair = request.form.get("client_id", ""), request.form.get("client_secret", "")
        return "client_secret_post" in self.auth_methods and pair == (self.client_id, self.client_secret)

    def _userinfo(self) -> Any:
        if request.headers.get("Authorization") != f"Bearer {self.access_token}":
            return jsonify(error="invalid_token"), 401
        return jsonify({**self.claims, "sub": "8"} if self.misbehaves == "tells of another person" else self.claims)

    def _id_token(self, nonce: str) -> str:
        now = int(self.now().timestamp())
        claims = {name: value for name, value in self.claims.items() if name not in self.only_at_userinfo}
        claims |= {"iss": self.address, "aud": self.client_id, "iat": now, "exp": now + 300, "nonce": nonce}
        claims |= {
            "wrong nonce": {"nonce": "another"},
            "wrong audience": {"aud": "another"},
            "two audiences": {"aud": [self.client_id, "another"]},
            "authorized party": {"aud": [self.client_id], "azp": "another"},
            "expired": {"iat": now - 900, "exp": now - 600},
            "issued tomorrow": {"iat": now + 86400, "exp": now + 90000},
            "wrong issuer": {"iss": "https://elsewhere.example"},
            "odd time": {"exp": "soon"},
            "nobody": {"preferred_username": ""},
            "odd name": {"preferred_username": ["wangfang"]},
        }.get(self.misbehaves, {})
        if self.misbehaves == "no nonce":
            del claims["nonce"]
        header = {"alg": "RS256", "kid": self.key.kid}
        if self.misbehaves == "alg none":
            return _compact({"alg": "none"}, claims, lambda text: b"")
        if self.misbehaves == "signed with the public key":
            shared = self.key.as_pem(private=False)
            return _compact({**header, "alg": "HS256"}, claims, lambda text: hmac.digest(shared, text, "sha256"))
        if self.misbehaves == "signed by somebody else":
            return jwt.encode(header, claims, RSAKey.generate_key(2048))
        if self.misbehaves == "unknown key":
            return jwt.encode({**header, "kid": "unknown"}, claims, RSAKey.generate_key(2048))
        made = jwt.encode(header, claims, self.key)
        if self.misbehaves == "changed on the way":
            head, _, tail = made.split(".")
            return ".".join((head, _base64(json.dumps(claims | {"preferred_username": "chen"}).encode()), tail))
        return made


class WecomSite(Site):
    """WeCom: the page that gives codes, and the interface that says whose they are."""

    def __init__(self) -> None:
        super().__init__()
        self.corp_id, self.agent_id, self.corp_secret = "ww7f2", "1000002", self.secret()
        self.user: dict[str, str] = {"userid": "WangFang"}
        self.tokens: dict[str, str] = {}
        """How each access token stands: good, expired or unknown."""
        self.app.add_url_rule("/connect/oauth2/authorize", "authorize", self._authorize)
        self.app.add_url_rule("/cgi-bin/gettoken", "gettoken", self._gettoken)
        self.app.add_url_rule("/cgi-bin/auth/getuserinfo", "getuserinfo", self._getuserinfo)

    def _authorize(self) -> Any:
        asked = request.args
        right = (
            asked["appid"] == self.corp_id
            and asked["agentid"] == self.agent_id
            and asked["response_type"] == "code"
            and asked["scope"] == "snsapi_base"
            and asked["redirect_uri"] == BACK.format("wecom")
            # Its documentation: letters and digits, at most 128 bytes.
            and asked["state"].isalnum()
            and len(asked["state"]) <= 128
        )
        if not right:
            return Response("redirect_uri 参数错误", 400)
        code = secrets.token_hex(16)
        self.codes[code] = {}
        return redirect(f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}")

    def _gettoken(self) -> Response:
        if request.args["corpid"] != self.corp_id:
            return _errcode(40013, "invalid corpid")
        if request.args["corpsecret"] != self.corp_secret:
            return _errcode(40001, "invalid credential")
        if self.misbehaves == "is busy":
            return _errcode(-1, "system busy")
        token = self.secret()
        self.tokens[token] = "good"
        return jsonify(errcode=0, errmsg="ok", access_token=token, expires_in=7200)

    def _getuserinfo(self) -> Response:
        standing = self.tokens.get(request.args["access_token"], "unknown")
        if self.misbehaves == "takes no token" or standing == "unknown":
            return _errcode(40014, "invalid access_token")
        if standing == "expired":
            return _errcode(42001, "access_token expired")
        if self.misbehaves == "bars our address":
            return _errcode(60020, "not allow to access from your ip")
        if self.codes.pop(request.args["code"], None) is None:
            return _errcode(40029, "invalid code")
        return jsonify(errcode=0, errmsg="ok", **self.user)


def _new_key() -> RSAKey:
    return RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)


_first_key = cache(_new_key)


def _errcode(code: int, text: str) -> Response:
    return jsonify(errcode=code, errmsg=f"{text}, hint: [{secrets.token_hex(8)}]")


def _base64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _compact(header: dict[str, Any], claims: dict[str, Any], sign: Callable[[bytes], bytes]) -> str:
    """A token put together by hand, as no library would."""
    text = ".".join(_base64(json.dumps(part).encode()) for part in (header, claims))
    return f"{text}.{_base64(sign(text.encode()))}"

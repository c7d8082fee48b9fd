"""Single sign-on by OpenID Connect: authorization code with PKCE, and an ID token of which everything is checked."""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import BadSignatureError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from data_access.line import TIMEOUT, Line
from data_access.outside import OutsideError, Stranger, Told
from data_access.settings import Oidc
from data_access.store.journeys import Journey
from data_access.store.people import Role, known_role

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519"]
"""Signatures that the provider alone can make: none with a shared secret, and never none at all."""
KNOWN_SECONDS = 3600
"""How long what the provider says of itself, and its keys, are believed without asking again."""
LEEWAY_SECONDS = 60
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_UNUSABLE = (AuthlibBaseError, JoseError, ValueError, TypeError, KeyError, AttributeError)


class OidcProvider:
    """The provider; one per process, asked for nothing before the first sign-in."""

    def __init__(
        self, settings: Oidc, threads: int, now: Callable[[], datetime], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings = settings
        self._line = Line(threads, clock)
        self._now = now
        self._clock = clock
        self._about: Mapping[str, Any] = {}
        self._keys: KeySet | None = None
        self._known_until = 0.0

    def leads_to(self, journey: Journey, back: str) -> str:
        """The provider's page; OutsideError."""
        with self._asking(back) as client:
            address, _ = client.create_authorization_url(
                self._described(client)["authorization_endpoint"],
                state=journey.state,
                nonce=journey.nonce,
                code_verifier=journey.verifier,
            )
            return str(address)

    def told(self, answer: Mapping[str, str], journey: Journey, back: str) -> Told:
        """Who came back, by a token that is whole, meant for us, in time and of this very journey; OutsideError."""
        if "error" in answer:
            raise OutsideError("refused by the provider")
        if not (code := answer.get("code")):
            raise OutsideError("no code")
        if answer.get("iss", self._settings.issuer).rstrip("/") != self._settings.issuer:
            raise OutsideError("another issuer")
        with self._asking(back) as client:
            token = self._token(client, code, journey.verifier)
            claims = self._checked(client, token, journey.nonce)
            return told(self._completed(client, claims), self._settings)

    @contextmanager
    def _asking(self, back: str) -> Iterator[OAuth2Session]:
        """Meanwhile the provider may be asked; whatever goes wrong is told without its text, which may hold secrets."""
        given = self._settings
        with (
            self._line.open(),
            OAuth2Session(
                given.client_id,
                given.client_secret or None,
                scope=given.scope,
                redirect_uri=back,
                code_challenge_method="S256",
                default_timeout=TIMEOUT,
            ) as client,
        ):
            try:
                yield client
            except _UNUSABLE as error:
                raise OutsideError(_reason(error)) from None

    def _described(self, client: OAuth2Session) -> Mapping[str, Any]:
        """What the provider says of itself, read when it is first needed and again after an hour."""
        if self._clock() >= self._known_until:
            about = _read(client, f"{self._settings.issuer}/.well-known/openid-configuration")
            if about["issuer"].rstrip("/") != self._settings.issuer:
                raise OutsideError("another issuer")
            for name in _ENDPOINTS:
                self._safe(about[name])
            self._about, self._keys, self._known_until = about, None, self._clock() + KNOWN_SECONDS
        return self._about

    def _safe(self, address: str) -> str:
        """An address the provider named; OutsideError for one without TLS, unless it is itself a test's on this machine."""
        if not address.startswith(("https://", "http://" if self._settings.issuer.startswith("http:") else "https://")):
            raise OutsideError("an address without TLS")
        return address

    def _token(self, client: OAuth2Session, code: str, verifier: str) -> Mapping[str, Any]:
        about = self._described(client)
        methods = about.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        if self._settings.client_secret and "client_secret_basic" not in methods:
            client.token_endpoint_auth_method = "client_secret_post"
        found: Mapping[str, Any] = client.fetch_token(
            about["token_endpoint"],
            grant_type="authorization_code",
            code=code,
            code_verifier=verifier,
            redirect_uri=client.redirect_uri,
            allow_redirects=False,
        )
        return found

    def _checked(self, client: OAuth2Session, token: Mapping[str, Any], nonce: str) -> Mapping[str, Any]:
        """The claims of an ID token: signed by the provider, of this issuer, for us, in time, with our nonce."""
        us, text = self._settings.client_id, token["id_token"]
        try:
            signed = _decoded(text, self._signing_keys(client))
        except (InvalidKeyIdError, BadSignatureError):
            # The provider may have changed its keys since we read them.
            signed = _decoded(text, self._signing_keys(client, anew=True))
        options = {
            "iss": {"essential": True, "value": self._described(client)["issuer"]},
            "aud": {"essential": True, "value": us},
        }
        known = {"nonce": nonce, "client_id": us, "access_token": token.get("access_token")}
        claims = CodeIDToken(signed.claims, signed.header, options, known)
        claims.validate(now=int(self._now().timestamp()), leeway=LEEWAY_SECONDS)
        return dict(claims)

    def _signing_keys(self, client: OAuth2Session, *, anew: bool = False) -> KeySet:
        if self._keys is None or anew:
            self._keys = KeySet.import_key_set(_read(client, self._described(client)["jwks_uri"]))  # type: ignore[arg-type]
        return self._keys

    def _completed(self, client: OAuth2Session, claims: Mapping[str, Any]) -> Mapping[str, Any]:
        """The claims, and those of the provider's page about the person where the token leaves out one that is needed."""
        given = self._settings
        needed = {given.person_claim, given.project_claim, given.staff_claim, given.role_claim if given.roles else ""}
        address = self._described(client).get("userinfo_endpoint")
        if not address or needed - {""} <= claims.keys():
            return claims
        more = _read(client, self._safe(address), withhold_token=False)
        if more.get("sub") != claims["sub"]:
            raise OutsideError("another person")
        return {**more, **claims}


def told(claims: Mapping[str, Any], given: Oidc) -> Told:
    """Who the claims say somebody is; OutsideError without a name, Stranger where a role is needed and none is there."""
    account = _text(claims.get(given.person_claim))
    if not account:
        raise OutsideError("no person claim")
    role = _role(claims.get(given.role_claim), given.roles)
    if given.roles and role is None:
        raise Stranger("no role", account)
    project = _text(claims.get(given.project_claim))
    return Told(
        account,
        _text(claims.get("name")),
        role,
        (given.projects.get(project, "") if given.projects else project) if given.project_claim else None,
        _text(claims.get(given.staff_claim)) if given.staff_claim else None,
    )


def _role(groups: Any, roles: Mapping[str, str]) -> Role | None:
    """The role of the first group in the settings that somebody is in."""
    mine = groups if isinstance(groups, list) else [groups]
    return next((known_role(role) for group, role in roles.items() if group in mine), None)


def _text(value: Any) -> str:
    """A text, or a whole number as one; empty for anything else."""
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _reason(error: Exception) -> str:
    """What went wrong in a word or two of the protocol, never in words of the provider's own."""
    words = f"{getattr(error, 'error', '')} {getattr(error, 'claim', '')}".strip()
    return words if re.fullmatch(r"[a-z_ ]{3,60}", words) else type(error).__name__


def _decoded(text: str, keys: KeySet) -> jwt.Token:
    return jwt.decode(text, keys, registry=JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False))


def _read(client: OAuth2Session, address: str, *, withhold_token: bool = True) -> Mapping[str, Any]:
    """The JSON object at an address of the provider."""
    answer = client.get(address, withhold_token=withhold_token, allow_redirects=False)
    answer.raise_for_status()
    found = answer.json()
    if not isinstance(found, dict):
        raise ValueError("not an object")
    return found

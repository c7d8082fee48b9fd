"""Signing in from within WeCom: its page tells a code, its interface whose code that is."""

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import requests

from data_access.line import TIMEOUT, Line
from data_access.outside import OutsideError, ProviderDown, Stranger, Told
from data_access.settings import Wecom
from data_access.store.journeys import Journey

WRONG_TOKEN = (40014, 42001)
"""The access token is wrong, or over before its time; a new one helps."""
BUSY = -1
EARLY_SECONDS = 60
"""An access token is given up this long before it ends."""

# WeCom wants its secret in the address of a request, which urllib3 would write down where it is told to say everything.
logging.getLogger("urllib3").setLevel(logging.INFO)


class WeComError(OutsideError):
    """WeCom refused; the reason is its error code."""

    def __init__(self, code: int) -> None:
        super().__init__(f"errcode {code}")
        self.code = code


class WeCom:
    """The company's WeCom; one per process, which keeps the access token."""

    def __init__(self, settings: Wecom, threads: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._line = Line(threads, clock)
        self._clock = clock
        self._token, self._token_until = "", 0.0

    def leads_to(self, journey: Journey, back: str) -> str:
        """WeCom's page, which asks nothing and comes back with a code."""
        asked = {
            "appid": self._settings.corp_id,
            "redirect_uri": back,
            "response_type": "code",
            "scope": "snsapi_base",
            "state": journey.state,
            "agentid": self._settings.agent_id,
        }
        return f"{self._settings.authorize_url}?{urlencode(asked)}#wechat_redirect"

    def told(self, answer: Mapping[str, str], journey: Journey, back: str) -> Told:
        """Whose code this is; OutsideError, Stranger for somebody who is not of the company."""
        if not (code := answer.get("code")):
            raise OutsideError("no code")
        with self._line.open():
            found = self._whose(code)
        # Older installations in companies' own houses still write it with a capital.
        account = found.get("userid") or found.get("UserId")
        if not isinstance(account, str):
            raise Stranger("not of the company")
        return Told(account)

    def _whose(self, code: str) -> Mapping[str, Any]:
        try:
            return self._asked("auth/getuserinfo", access_token=self._access_token(), code=code)
        except WeComError as error:
            if error.code not in WRONG_TOKEN:
                raise
        self._token_until = 0.0
        return self._asked("auth/getuserinfo", access_token=self._access_token(), code=code)

    def _access_token(self) -> str:
        if self._clock() >= self._token_until:
            found = self._asked("gettoken", corpid=self._settings.corp_id, corpsecret=self._settings.secret)
            token, seconds = found.get("access_token"), found.get("expires_in")
            if not isinstance(token, str) or not isinstance(seconds, int):
                raise OutsideError("unreadable")
            self._token, self._token_until = token, self._clock() + seconds - EARLY_SECONDS
        return self._token

    def _asked(self, what: str, **parameters: str) -> Mapping[str, Any]:
        """What the interface answers; WeComError, ProviderDown, OutsideError for an answer of no use."""
        address = f"{self._settings.api_url}/cgi-bin/{what}"
        answer = requests.get(address, params=parameters, timeout=TIMEOUT, allow_redirects=False)
        answer.raise_for_status()
        try:
            found = answer.json()
        except ValueError:
            raise OutsideError("unreadable") from None
        if not isinstance(found, dict) or not isinstance(code := found.get("errcode", 0), int):
            raise OutsideError("unreadable")
        if code == BUSY:
            raise ProviderDown(f"errcode {code}")
        if code:
            raise WeComError(code)
        return found

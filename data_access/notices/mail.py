"""Mail to one person, through the group's own mail server."""

import smtplib
import ssl
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime

from data_access.notices.receipt import Receipt
from data_access.notices.robots import Sheet
from data_access.notices.text import cut, fitted, plain
from data_access.settings import Mail

MOST = 60_000
_AGAIN = (421, 450, 451, 452, 454)


def send(server: Mail, to: str, sheet: Sheet, key: str, now: datetime, timeout: float) -> Receipt:
    """Send a message to an address once; a repeat has the same Message-ID, by which mail programs know it."""
    try:
        with _connected(server, timeout) as connection:
            refused = connection.send_message(_mail(server, to, sheet, key, now))
    except smtplib.SMTPAuthenticationError:
        return Receipt("later", "mail: the account or its password is not taken")
    except smtplib.SMTPNotSupportedError:
        return Receipt("later", "mail: the server offers no encryption, or no account; check mail.security")
    except smtplib.SMTPRecipientsRefused as error:
        return _by_code(next(iter(error.recipients.values()))[0])
    except smtplib.SMTPResponseException as error:
        return _by_code(error.smtp_code)
    except (smtplib.SMTPException, OSError) as error:
        return Receipt("later", f"mail: not reached ({type(error).__name__})")
    return Receipt("sent", "mail 250") if not refused else _by_code(next(iter(refused.values()))[0])


def _connected(server: Mail, timeout: float) -> smtplib.SMTP:
    if server.security == "tls":
        connection: smtplib.SMTP = smtplib.SMTP_SSL(
            server.host, server.port, timeout=timeout, context=ssl.create_default_context()
        )
    else:
        connection = smtplib.SMTP(server.host, server.port, timeout=timeout)
    try:
        if server.security == "starttls":
            connection.starttls(context=ssl.create_default_context())
        if server.user:
            connection.login(server.user, server.password)
    except BaseException:
        connection.close()
        raise
    return connection


def _mail(server: Mail, to: str, sheet: Sheet, key: str, now: datetime) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"] = server.sender, to
    mail["Subject"] = cut(plain(sheet.message.title), 200)
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{key}@{server.sender.rpartition('@')[2]}>"
    mail["X-Idempotency-Key"] = key
    mail["Auto-Submitted"] = "auto-generated"
    lines = fitted([plain(one) for one in sheet.message.lines] or [""], MOST, more=sheet.more)
    mail.set_content("\n".join(filter(None, (lines, sheet.link and f"{sheet.open_word} {sheet.link}"))))
    return mail


def _by_code(code: int) -> Receipt:
    again = code in _AGAIN or 400 <= code < 500
    return Receipt("later" if again else "refused", f"mail {code}")

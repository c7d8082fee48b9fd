"""Only https to hosts on the list leaves the house, to the address that was checked, and no redirect is followed."""

import datetime as dt
import http.server
import ssl
import threading

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from data_access.notices.egress import Egress, EgressError, Unreachable
from tests.messengers import messenger

PUBLIC = ["93.184.216.34"]


def posts(url, *allow, addresses=PUBLIC, **more):
    return Egress(allow, 1, resolve=lambda host, port: addresses, **more).post(url, b"{}", {})


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://qyapi.weixin.qq.com/x", "only https"),
        ("ftp://qyapi.weixin.qq.com/x", "only https"),
        ("https://evil.example/x", "evil.example is not in messages.allow"),
        ("https://qyapi.weixin.qq.com.evil.example/x", "is not in messages.allow"),
        ("https://qyapi.weixin.qq.com@evil.example/x", "evil.example is not"),
        ("https://127.0.0.1/x", "127.0.0.1 is not in messages.allow"),
        ("http://localhost/x", "localhost is not in messages.allow"),
        ("https://[::1]/x", "::1 is not in messages.allow"),
        ("https://qyapi.weixin.qq.com:nine/x", "no number"),
    ],
)
def test_what_is_not_allowed_never_leaves(url, why):
    with pytest.raises(EgressError, match=why):
        posts(url, "qyapi.weixin.qq.com")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "192.168.0.9",
        "169.254.169.254",
        "100.64.0.1",
        "::1",
        "fe80::1%eth0",
        "fd00::1",
        "::ffff:10.0.0.1",
        "0.0.0.0",
        "224.0.0.1",
    ],
)
def test_an_allowed_host_with_a_private_address_is_refused(address):
    with pytest.raises(EgressError, match="private"):
        posts("https://hook.example/x", "hook.example", addresses=["93.184.216.34", address])


def test_no_redirect_is_followed():
    with messenger() as there, messenger() as elsewhere:
        there.will(b"", 307, Location=elsewhere.url("/"))
        answer = Egress(("127.0.0.1",), 1).post(there.url("/hook"), b"{}", {})
        assert (answer.status, elsewhere.taken) == (307, [])


def test_who_does_not_answer_in_time_is_unreachable():
    with pytest.raises(Unreachable):
        Egress(("127.0.0.1",), 1).post("http://127.0.0.1:9/x", b"{}", {})


@pytest.fixture
def secured(tmp_path, monkeypatch):
    """A server with a certificate for hook.example that this machine trusts; its port."""
    key, now = ec.generate_private_key(ec.SECP256R1()), dt.datetime.now(dt.UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "hook.example")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now - dt.timedelta(1)).not_valid_after(now + dt.timedelta(1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("hook.example")]), False)
    made = made.add_extension(x509.BasicConstraints(True, None), True).sign(key, hashes.SHA256())
    form = serialization.Encoding.PEM
    (tmp_path / "c.pem").write_bytes(made.public_bytes(form))
    plain = serialization.NoEncryption()
    (tmp_path / "k.pem").write_bytes(key.private_bytes(form, serialization.PrivateFormat.PKCS8, plain))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "c.pem"))

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            said = self.headers["Host"].encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "c.pem", tmp_path / "k.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_certificate_must_be_the_hosts_although_the_address_is_pinned(secured):
    url, other = f"https://hook.example:{secured}/x", f"https://other.example:{secured}/x"
    allow = ("hook.example", "other.example", "127.0.0.0/8")
    assert posts(url, *allow, addresses=["127.0.0.1"]).body == f"hook.example:{secured}".encode()
    with pytest.raises(Unreachable, match="SSLError"):
        posts(other, *allow, addresses=["127.0.0.1"])


def test_the_name_is_resolved_once(secured):
    asked = []

    def resolve(host, port):
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    Egress(("hook.example", "127.0.0.1"), 2, resolve=resolve).post(f"https://hook.example:{secured}/x", b"{}", {})
    assert asked == ["hook.example"]

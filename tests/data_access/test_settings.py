"""Settings: what may be said, what is filled in, and how a mistake is answered."""

from datetime import time
from decimal import Decimal
from pathlib import Path

import pytest

from data_access.settings import SettingError, Settings, documented
from data_access.store.secrets import secret

LEAD = '[entities.lead]\ntable = "t"\ncolumns = { id = "i", project_id = "p", created_at = "c" }\n'


def test_without_a_word_every_setting_has_its_default() -> None:
    settings = Settings.read("", {}, folder=Path("/srv/warboard"))
    assert settings.pack == "property"
    assert settings.group.time_zone == "Asia/Shanghai"
    assert settings.refresh.full_at == time(3)
    assert settings.refresh.guard_fall == Decimal("0.2")
    assert settings.snapshots.dir == Path("/srv/warboard/var/snapshots")
    assert settings.store.url == "sqlite:////srv/warboard/var/warboard.db"
    assert settings.gap.target is None
    assert dict(settings.entities) == {}


def test_what_is_said_is_taken() -> None:
    settings = Settings.read(
        '[group]\nname = "甲"\n[gap]\ntarget = 1500000000\nconversion = 0.042\n[overdue_days]\nA = 2\n'
        "[rules.F3]\norange_minutes = 30\n[rules.F3.P1]\norange_minutes = 45\n" + LEAD,
        {},
    )
    assert settings.group.name == "甲"
    assert settings.gap.conversion == Decimal("0.042")
    assert settings.overdue_days.A == 2
    assert settings.rules["F3"]["P1"]["orange_minutes"] == 45
    assert settings.entities["lead"].columns["id"] == "i"


def test_the_environment_outranks_the_file() -> None:
    env = {"WARBOARD_SOURCE_URL": "sqlite:////data/crm.db", "WARBOARD_METRICS_TOKEN": "t0ken-of-the-watch"}
    settings = Settings.read('[source]\nurl = "sqlite:///other.db"', env)
    assert settings.source.url == "sqlite:////data/crm.db"
    assert settings.server.metrics_token == "t0ken-of-the-watch"


def test_a_pack_file_and_a_relative_database_start_at_the_folder_of_the_settings() -> None:
    text = 'pack = "ours.toml"\n[source]\nurl = "sqlite:///crm.db"'
    settings = Settings.read(text, {}, folder=Path("/srv"))
    assert settings.pack == "/srv/ours.toml"
    assert settings.source.url == "sqlite:////srv/crm.db"


def test_no_secret_is_shown_with_the_settings() -> None:
    env = {"WARBOARD_SOURCE_URL": "postgresql://reader:hunter2@crm/sales", "WARBOARD_PERSON_KEY": "hunter2" * 3}
    assert "hunter2" not in repr(Settings.read("", env))


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        pytest.param("[grup]", "grup is no section. Did you mean 'group'?", id="unknown section"),
        pytest.param("[group]\nlangage = 'zh'", "Did you mean 'language'?", id="unknown setting"),
        pytest.param("[entities.leed]", "entities.leed is no entity. Did you mean 'lead'?", id="unknown entity"),
        pytest.param("[entities.lead]\nqerry = 'x'", "Did you mean 'query'?", id="unknown part of a mapping"),
        pytest.param(LEAD.replace("id =", "idd =", 1), "is no column of lead. Did you mean 'id'?", id="unknown column"),
        pytest.param(LEAD.replace('created_at = "c"', 'grade = "g"'), "no 'created_at'", id="required column missing"),
        pytest.param(LEAD + "query = 'select 1'", "exactly one of the two", id="query and table"),
        pytest.param("[entities.lead]", "exactly one of the two", id="neither query nor table"),
        pytest.param(LEAD + "constants = { id = 1 }", "in columns and in constants", id="column twice"),
        pytest.param(LEAD + "day_only = ['grade']", "is no time of lead", id="day_only of a grade"),
        pytest.param(LEAD + "day_only = ['lost_at']\ntimed = ['lost_at']", "Keep one of them", id="day and timed"),
        pytest.param(LEAD + "codes = { grade = 'A' }", "Give a table such as", id="codes without a table"),
        pytest.param("[group]\ntime_zone = 'Asia/Shangai'", "Give a time zone such as Asia/Shanghai", id="zone"),
        pytest.param("[group]\nlanguage = 'de'", "Give one of: zh, en.", id="language"),
        pytest.param("[server]\nport = 0", "server.port is 0. Give a whole number from 1 to 65535.", id="port"),
        pytest.param("[refresh]\nguard_fall = 20", "refresh.guard_fall is 20. Give a share", id="share"),
        pytest.param("[refresh]\nfull_at = '25:00'", "Give a time of day such as", id="time of day"),
        pytest.param("[group]\nup_is_red = 'yes'", "Give true or false.", id="flag"),
        pytest.param("[rules]\nF1 = 3", "Give a table: [rules.F1].", id="rule without a table"),
        pytest.param("group = 3", "group is 3. Give a table: [group].", id="section without a table"),
        pytest.param("[group", "not TOML", id="no TOML"),
        pytest.param("[oidc]\nissuer = 'https://id.example'", "oidc.client_id is empty.", id="sign-on by half"),
        pytest.param("[oidc]\nissuer = 'http://id.example'", "begins with https://", id="sign-on without TLS"),
        pytest.param("[oidc]\ncreate = true", "Say which group has which role.", id="new people without roles"),
        pytest.param("[oidc.roles]\nall = 'boss'", "'all' has none of the roles: leader, head", id="role"),
        pytest.param("[oidc]\nprojects = 'p1'", "Give a table of texts", id="projects without a table"),
        pytest.param("[wecom]\ncorp_id = 'ww1'\nagent_id = '1'", "wecom.secret is empty.", id="WeCom by half"),
        pytest.param("[people]\nfrom_staff = true", "Say which role in the source", id="staff without roles"),
        pytest.param("[people.roles]\nIT = 'admin'", "'IT' has none of the roles", id="an admin from the staff table"),
        pytest.param("[people]\naccount = 'phone'", "Give one of: none, id, name.", id="staff known by phone"),
    ],
)
def test_a_mistake_is_named_with_the_way_out(text: str, answer: str) -> None:
    with pytest.raises(SettingError) as caught:
        Settings.read(text, {})
    assert answer in str(caught.value)


def test_an_unusable_url_is_refused_without_its_password() -> None:
    with pytest.raises(SettingError) as caught:
        Settings.read("", {"WARBOARD_SOURCE_URL": "crm.example user=a password=hunter2"})
    assert "WARBOARD_SOURCE_URL is not usable" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_short_person_key_is_refused_and_not_shown() -> None:
    with pytest.raises(SettingError, match="16 characters") as caught:
        Settings.read("", {"WARBOARD_PERSON_KEY": "hunter2"})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("name", ["WARBOARD_PERSON_KEY", "WARBOARD_METRICS_TOKEN"])
@pytest.mark.parametrize(
    "key",
    ["x", "a" * 40, "0101010101010101", "changeme-changeme-1", "warboard-secret-key", "1234567890123456", " " * 20],
)
def test_a_key_that_can_be_guessed_is_refused(name: str, key: str) -> None:
    with pytest.raises(SettingError, match=f"{name} is not usable. Give a random text"):
        Settings.read("", {name: key})


@pytest.mark.parametrize(
    "told", ["'10.0.0.8'", "['10.0.0.8/99']", "['proxy.example']", "[1]", "['*']", "['10.0.0.8/24']"]
)
def test_a_proxy_is_an_address_or_a_network(told: str) -> None:
    with pytest.raises(SettingError, match=r"server.proxies is .*Give"):
        Settings.read(f"server.proxies = {told}", {})


def test_the_secrets_of_sign_ins_come_from_the_environment_and_are_not_shown() -> None:
    env = {"WARBOARD_OIDC_SECRET": "hunter2", "WARBOARD_WECOM_SECRET": "hunter3"}
    settings = Settings.read("[oidc]\nissuer = 'https://id.example/'\nclient_id = 'warboard'", env)
    assert (settings.oidc.client_secret, settings.wecom.secret) == ("hunter2", "hunter3")
    assert settings.oidc.issuer == "https://id.example" and "hunter" not in repr(settings)


def test_a_secret_that_slipped_below_another_heading_is_not_shown() -> None:
    with pytest.raises(SettingError, match="'client_secret' has none of the roles") as caught:
        Settings.read("[oidc.roles]\nheads = 'head'\nclient_secret = 'hunter2'", {})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("column", ["face_id", "客户人脸", "userFace", "facial_hash"])
def test_a_mapping_that_names_face_data_is_refused(column: str) -> None:
    with pytest.raises(SettingError, match="face data"):
        Settings.read(f'[entities.lead]\nquery = """select 1 as id, {column} as segment from t"""', {})


@pytest.mark.parametrize("column", ["surface", "interface_name", "facebook_spend", "typeface"])
def test_words_that_only_look_like_face_data_are_not(column: str) -> None:
    Settings.read(f"[entities.lead]\nquery = 'select 1 as id, {column} as segment from t'", {})


def test_every_setting_is_documented_with_its_default_and_meaning() -> None:
    rows = {key: (default, meaning) for key, default, meaning in documented()}
    assert rows["refresh.every_seconds"] == (15, "Seconds between two refreshes")
    assert rows["refresh.full_at"][0] == "03:00"
    assert "entities.<name>.codes" in rows
    assert all(meaning for _, meaning in rows.values())


def test_no_secret_has_a_value_before_somebody_gives_one(tmp_path: Path) -> None:
    settings = Settings.read("", {}, folder=tmp_path)
    assert (settings.security.person_key, settings.server.metrics_token, settings.source.url) == ("", "", "")
    installs = {secret(tmp_path / str(number) / "warboard.key") for number in range(20)}
    assert len(installs) == 20

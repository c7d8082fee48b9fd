"""What is opened from the settings, and what is refused before anything is read."""

from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

import app
from data_access.scheduler import RefreshFailed
from data_access.settings import Settings
from data_access.store import Store
from data_access.workplace import Refreshing, open_source, reads_only
from tests.data_access.stores import NOON

SETTINGS = """
source.url = "{url}"
source.allow_writable = {allowed}
store.url = "sqlite:///store.db"

[entities.lead]
table = "crm"
columns = {{ id = "id", created_at = "at", updated_at = "at" }}
constants = {{ project_id = "1" }}
"""


@pytest.fixture
def writable(postgresql_url: str) -> str:
    """A database whose account may write."""
    engine = create_engine(postgresql_url)
    with engine.begin() as connection:
        connection.execute(text("create table crm (id integer primary key, at timestamp)"))
        connection.execute(text("insert into crm values (1, '2026-03-01 10:00')"))
    engine.dispose()
    return postgresql_url


def settings(url: str, folder: Path, allowed: str = "false") -> Settings:
    return Settings.read(SETTINGS.format(url=url, allowed=allowed), {}, folder=folder)


def test_the_server_does_not_start_with_an_account_that_may_write(
    writable: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "warboard.toml"
    file.write_text(SETTINGS.format(url=writable, allowed="false"), encoding="utf-8")
    assert app.main(["serve", "--config", str(file)]) == 2
    said = "The account may write: crm. Give it SELECT only, or set source.allow_writable = true.\n"
    assert capsys.readouterr().err == said


def test_nothing_is_read_with_an_account_that_may_write(writable: str, tmp_path: Path) -> None:
    given = settings(writable, tmp_path)
    refreshing = Refreshing(given, app.read_pack(given), Store.open(given.store.url), lambda: NOON)
    with pytest.raises(RefreshFailed, match="may write: crm"):
        refreshing.run(1, "full")
    refreshing.close()


def test_it_may_when_the_settings_say_so(writable: str, tmp_path: Path) -> None:
    given = settings(writable, tmp_path, "true")
    source = open_source(given)
    assert reads_only(given, source)
    source.close()


def test_a_source_that_cannot_be_asked_is_asked_again_later(tmp_path: Path) -> None:
    given = settings("postgresql+psycopg://reader@127.0.0.1:9/crm", tmp_path)
    source = open_source(given)
    assert not reads_only(given, source)
    source.close()

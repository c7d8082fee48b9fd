"""A big operational database in PostgreSQL, made by the server itself in seconds."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, create_engine, text

PROJECTS, CHANNELS, STAFF, DAYS = 24, 12, 480, 730

TABLES = """
create unlogged table prj as select i::text as id, '项目' || i as name, '城市' || (i % 6) as city from generate_series(1, {projects}) i;
create unlogged table src as select i::text as id, '渠道' || i as name, (array['public','private','offline','referral','distribution'])[1 + i % 5] as kind
  from generate_series(1, {channels}) i;
create unlogged table emp as select i::text as id, '顾问' || i as name, (1 + i % {projects})::text as prj from generate_series(1, {staff}) i;
create unlogged table cust as
  select i as id, (1 + i % {projects})::text as prj, (1 + (i / 7) % {channels})::text as src, (1 + i % {staff})::text as emp,
    '1' || (30000000000 + (i::bigint * 7919) % 9000000000)::text as tel, at as created, at as mtime,
    (array['A','B','B','C','C','C','D','D'])[1 + i % 8] as grade, i % 5 < 3 as valid
  from (select i, (now() at time zone 'Asia/Shanghai') - make_interval(days => {days}) + make_interval(secs => i * (86400.0 * {days} / {leads})) as at
        from generate_series(1, {leads}) i) t;
create unlogged table foll as
  select i as id, 1 + i / 2 as cust, (c.created + make_interval(mins => 5 + (i % 2) * 2880 + i % 50)) as at,
    c.created + make_interval(mins => 6 + (i % 2) * 2880 + i % 50) as mtime
  from generate_series(0, {leads} - 1) i join cust c on c.id = 1 + i / 2;
create unlogged table vis as
  select i as id, i * 4 as cust, c.prj, c.tel, c.created + make_interval(days => (i % 25)::int, hours => 2) as at,
    c.created + make_interval(days => (i % 25)::int, hours => 3) as mtime
  from generate_series(1, {leads} / 4) i join cust c on c.id = i * 4 where c.created + make_interval(days => (i % 25)::int, hours => 2) < (now() at time zone 'Asia/Shanghai');
create unlogged table ord as
  select i as id, i * 40 as cust, c.prj, c.created + make_interval(days => (i % 40)::int, hours => 4) as at, 2500000.00 as amount,
    c.created + interval '40 days' as mtime
  from generate_series(1, {leads} / 40) i join cust c on c.id = i * 40 where c.created + interval '40 days' < (now() at time zone 'Asia/Shanghai');
create unlogged table con as
  select i as id, i * 80 as cust, c.prj, c.created + make_interval(days => (i % 50)::int, hours => 6) as at, 2480000.50 as amount,
    c.created + interval '50 days' as mtime, case when i % 20 = 0 then c.created + interval '90 days' end as cancelled
  from generate_series(1, {leads} / 80) i join cust c on c.id = i * 80 where c.created + interval '90 days' < (now() at time zone 'Asia/Shanghai');
create unlogged table cost as
  select p::text as prj, s::text as src, ((now() at time zone 'Asia/Shanghai')::date - d) as day, (100 + (p * s + d) % 900)::numeric(12, 2) as amount
  from generate_series(1, {projects}) p, generate_series(1, {channels}) s, generate_series(1, {days}) d;
create index on cust (mtime); create index on foll (mtime); create index on vis (mtime); create index on ord (mtime); create index on con (mtime);
alter table cust add primary key (id); alter table foll add primary key (id); alter table vis add primary key (id);
alter table ord add primary key (id); alter table con add primary key (id); analyze;
"""

SETTINGS = """
[source]
url = "{url}"
allow_writable = true
[refresh]
compare_every_seconds = 86400
[store]
url = "sqlite:///warboard.db"
[replica]
path = "replica.duckdb"
[snapshots]
dir = "snapshots"
[security]
key_file = "warboard.key"
[entities.project]
table = "prj"
columns = {{ id = "id", name = "name", city = "city" }}
[entities.channel]
table = "src"
columns = {{ id = "id", name = "name", kind = "kind" }}
[entities.staff]
table = "emp"
columns = {{ id = "id", name = "name", project_id = "prj" }}
[entities.lead]
query = "select id, prj as project_id, src as channel_id, emp as staff_id, tel as person, created as created_at, grade, valid, mtime as updated_at from cust"
[entities.follow_up]
query = "select id, cust as lead_id, at, mtime as updated_at from foll"
[entities.visit]
query = "select id, cust as lead_id, prj as project_id, tel as person, at, mtime as updated_at from vis"
[entities.subscription]
query = "select id, cust as lead_id, prj as project_id, at, amount, mtime as updated_at from ord"
[entities.contract]
query = "select id, cust as lead_id, prj as project_id, at as signed_at, amount, cancelled as cancelled_at, mtime as updated_at from con"
[entities.spend]
query = "select prj as project_id, src as channel_id, day, amount from cost"
"""


@dataclass(frozen=True)
class BigWorld:
    """The database and the settings that map it."""

    engine: Engine
    settings: str

    def change(self, rows: int) -> None:
        """Give the newest `rows` leads another grade and a new stamp, as a working day does."""
        with self.engine.begin() as connection:
            connection.execute(
                text(
                    "update cust set grade = case grade when 'A' then 'B' else 'A' end, "
                    "mtime = now() at time zone 'Asia/Shanghai' where id > (select max(id) from cust) - :rows"
                ),
                {"rows": rows},
            )


def big_world(url: str, leads: int) -> BigWorld:
    """Fill an empty PostgreSQL database with `leads` leads and everything that belongs to them."""
    engine = create_engine(url)
    sizes = {"leads": leads, "projects": PROJECTS, "channels": CHANNELS, "staff": STAFF, "days": DAYS}
    with engine.begin() as connection:
        for statement in TABLES.format(**sizes).split(";"):
            if statement.strip():
                connection.exec_driver_sql(statement.replace("%", "%%"))
    return BigWorld(engine, SETTINGS.format(url=url))


def folder_of(path: Path) -> Path:
    """A fresh folder for one benchmark."""
    path.mkdir(parents=True)
    return path

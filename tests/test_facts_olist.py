"""The facts of the Olist marketing funnel, told by `query` and by the snapshot through a mapping only.

One deal was won two days before its first contact. Facts that ignore order are told as the product's ordered value and
the one party that the funnel shows as out of order.
"""

from collections import Counter
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from metrics.heat import weekday_by_hour
from metrics.periods import Span
from tests.facts import Board, DataSet, Expressed, Variant, data_set, facts

NAME = "olist-funnel"
HERE = ZoneInfo("America/Sao_Paulo")
AS_OF = datetime(2018, 11, 15, 12, tzinfo=HERE)
ALL = Span(date(2017, 1, 1), date(2018, 12, 31))
EVER = "--from 2017-01-01 --to 2018-12-31"
COHORT = "--basis cohort --window none"

QUESTIONS = (
    f"leads contracts {EVER} --by channel",
    f"contracts {EVER} --by staff",
    f"leads contracts {EVER} --by month",
    f"lead_to_contract {EVER} {COHORT} --by channel",
    f"days_to_contract {EVER}",
)

LANDING_PAGES = Variant(
    """
[entities.project]
query = "select distinct landing_page_id as id, landing_page_id as name from olist_marketing_qualified_leads_dataset"

[entities.lead]
table = "olist_marketing_qualified_leads_dataset"
columns = { id = "mql_id", project_id = "landing_page_id", created_at = "first_contact_date", person = "mql_id" }

[entities.contract]
query = '''
select mql_id as id, mql_id as lead_id, null as project_id, won_date as signed_at
from olist_closed_deals_dataset
'''
"""
)
SEGMENTS = Variant(
    """
[entities.project]
query = '''
select distinct business_segment as id, business_segment as name
from olist_closed_deals_dataset where business_segment is not null
'''

[entities.contract]
table = "olist_closed_deals_dataset"

[entities.contract.columns]
id = "mql_id"
lead_id = "mql_id"
project_id = "business_segment"
staff_id = "sdr_id"
signed_at = "won_date"
amount = "declared_monthly_revenue"
""",
    measures="""
[measures.declaring_deals]
from = "contract"
at = "signed_at"
sql = "count(*)"
where = "amount > 0"
label = { zh = "有申报", en = "Deals that declare a revenue" }
unit = "row"

[measures.days_to_first_contract]
from = "party"
at = "created_at"
sql = "sum(date_diff('day', created_at, contracted_at))"
label = { zh = "签约天数", en = "Days to the first contract" }
unit = "day"

[measures.parties_with_contract]
from = "party"
at = "created_at"
sql = "count(contracted_at)"
label = { zh = "已签约", en = "Parties with a contract" }
unit = "party"

[metrics.mean_days_to_contract]
formula = "days_to_first_contract / parties_with_contract"
label = { zh = "平均签约天数", en = "Mean days to the contract" }
question = { zh = "平均要多少天?", en = "How many days on average?" }
unit = "day"
""",
)
SELLERS = Variant(
    """
[entities.project]
table = "olist_sellers_dataset"
columns = { id = "seller_id", name = "seller_id", region = "seller_state" }

[entities.contract]
table = "olist_closed_deals_dataset"
columns = { id = "mql_id", lead_id = "mql_id", project_id = "seller_id", signed_at = "won_date" }
"""
)
JUNE = Variant("\n[overdue_days]\nD = 90\n", as_of=datetime(2018, 6, 1, tzinfo=HERE))
VARIANTS = {"landing pages": LANDING_PAGES, "segments": SEGMENTS, "sellers": SELLERS, "june": JUNE}

CANNOT_EXPRESS = {
    "days_to_won_median_exact": "days between steps are whole calendar days; a lead is known to the day only"
}
expresses = Expressed()


@pytest.fixture(scope="session")
def olist(tmp_path_factory: pytest.TempPathFactory) -> DataSet:
    """The data set, refreshed once per variant of its mapping."""
    return data_set(NAME, "olist.toml", tmp_path_factory.mktemp("olist"), AS_OF, VARIANTS)


def shares(rows: list[dict[str, Any]], dimension: str) -> dict[Any, tuple[int, int]]:
    """Numerator and denominator of a rate by one dimension; nothing of nothing where the rate is missing."""
    return {row[dimension]: (row.get("numerator", 0), row.get("denominator", 0)) for row in rows}


def percent(part: int, whole: int) -> float:
    """A share as the facts write it."""
    return round(100 * part / whole, 3)


def months(first: date, last: date) -> tuple[date, ...]:
    """The first days of every month from one day to another."""
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    places = [first.year * 12 + first.month - 1 + place for place in range(count)]
    return tuple(date(place // 12, place % 12 + 1, 1) for place in places)


def month_of(name: str) -> Span:
    """The days of a month written YYYY-MM."""
    first = date.fromisoformat(f"{name}-01")
    return Span(first, date.fromordinal(months(first, date(2019, 12, 1))[1].toordinal() - 1))


ORDERED_DAYS = """
    select cast(julianday(date(d.won_date)) - julianday(l.first_contact_date) as integer) as days
    from olist_closed_deals_dataset d join olist_marketing_qualified_leads_dataset l on l.mql_id = d.mql_id
    where date(d.won_date) >= l.first_contact_date
"""


# ----------------------------------------------------------------------------------------------------------------- rows


@expresses("rows", "as mapped", "sellers")
def rows_as_entities(board: Board, sellers: Board, rows: list[int]) -> None:
    assert [board.value(f"leads {EVER}"), board.value(f"contracts {EVER}")] == rows[:2]
    assert [board.counts()["lead"], board.counts()["contract"], sellers.counts()["project"]] == rows


@expresses("keys")
def every_deal_belongs_to_a_lead(board: Board, keys: list[int]) -> None:
    leads, won, strangers = keys
    ordered, astray = board.value(f"contracted_parties {EVER} {COHORT}"), board.stage("contract", ALL).astray
    assert board.value(f"leads {EVER}") == leads
    assert board.value(f"contracted_parties {EVER}") == won == ordered + astray + strangers
    assert board.parties("select count(*), count(contracted_at), count(*) filter (where not has_lead)") == tuple(keys)


@expresses("span")
def first_and_last_days(board: Board, span: list[str]) -> None:
    contacts, deals = board.by("day", f"leads {EVER}"), board.by("day", f"contracts {EVER}")
    assert [min(contacts), max(contacts)] == span[:2]
    assert [min(deals), max(deals)] == [moment[:10] for moment in span[2:]]
    assert str(board.snapshot.newest_event) == span[3]
    moments = board.parties(
        "select min(created_at)::date, max(created_at)::date, min(contracted_at), max(contracted_at)"
    )
    assert [str(moment) for moment in moments] == span


# -------------------------------------------------------------------------------------------------- leads and won deals


@expresses("no_origin")
def leads_without_origin_have_no_channel(board: Board, leads: int) -> None:
    assert board.value(f"leads {EVER} --where channel=") == leads
    assert board.by("channel", f"leads {EVER}")[None] == leads
    assert board.mart("daily", "leads", "channel")[None] == leads


@expresses("leads_by_origin")
def leads_by_channel(board: Board, leads: list[Any]) -> None:
    assert board.by("channel", f"leads {EVER}") == board.mart("daily", "leads", "channel") == dict(leads)


@expresses("leads_by_month")
def leads_by_month(board: Board, leads: list[Any]) -> None:
    assert board.by("month", f"leads {EVER}") == board.mart("daily", "leads", "month") == dict(leads)


@expresses("origin_month_2018_03")
def leads_by_channel_in_march(board: Board, leads: list[Any]) -> None:
    assert board.by("channel", "leads --from 2018-03-01 --to 2018-03-31") == dict(leads)
    assert board.mart("daily", "leads", "channel", month="2018-03") == dict(leads)


@expresses("won_by_origin")
def contracts_by_the_channel_of_the_lead(board: Board, won: list[Any]) -> None:
    assert board.by("channel", f"contracts {EVER}") == board.mart("daily", "contracts", "channel") == dict(won)


@expresses("won_by_month")
def contracts_by_month(board: Board, won: list[Any]) -> None:
    assert board.by("month", f"contracts {EVER}") == board.mart("daily", "contracts", "month") == dict(won)


@expresses("week_2018_03_12")
def one_week(board: Board, week: list[int]) -> None:
    asked = board.query("leads contracts --from 2018-03-12 --to 2018-03-18 --by week")
    assert [row["value"] for row in asked] == week
    assert {row["week"] for row in asked} == {"2018-03-12"}
    assert [board.mart("daily", name, "week")["2018-03-12"] for name in ("leads", "contracts")] == week


@expresses("week_2018_03_12_days")
def the_days_of_one_week(board: Board, days: list[Any]) -> None:
    assert board.by("day", "leads --from 2018-03-12 --to 2018-03-18") == dict(days)
    assert board.mart("daily", "leads", "day", week="2018-03-12") == dict(days)


@expresses("leads_by_weekday")
def leads_by_weekday(board: Board, leads: list[Any]) -> None:
    """Leads known to the day stay out of the weekday x hour grid; their days say the weekday."""
    for days in (board.by("day", f"leads {EVER}"), board.mart("daily", "leads", "day")):
        weekdays: Counter[int] = Counter()
        for day, value in days.items():
            weekdays[date.fromisoformat(day).isoweekday()] += value
        assert weekdays == dict(leads)
    assert board.mart("clock", "leads", "weekday") == {}


@expresses("won_heat_top3")
def the_fullest_hours_of_the_week(board: Board, top: list[Any]) -> None:
    all_months = months(date(2017, 12, 1), date(2018, 11, 1))
    grid = weekday_by_hour(board.snapshot, board.pack, "contracts", all_months)
    cells = [
        [int(row), int(column), int(cell.reading.value or 0)]
        for row, line in zip(grid.rows, grid.cells, strict=True)
        for column, cell in zip(grid.columns, line, strict=True)
    ]
    assert sorted(cells, key=lambda cell: (-cell[2], cell[0], cell[1]))[:3] == top
    assert sum(cell[2] for cell in cells) == board.value(f"contracts {EVER}")


@expresses("paid_search_last_two_weeks")
def paid_search_in_two_weeks(board: Board, leads: list[int]) -> None:
    weeks = ("--from 2018-05-18 --to 2018-05-24", "--from 2018-05-25 --to 2018-05-31")
    assert [board.value(f"leads {days} --where channel=paid_search") for days in weeks] == leads
    by_day = board.mart("daily", "leads", "day", channel="paid_search")
    assert [sum(by_day.get(f"2018-05-{day}", 0) for day in days) for days in (range(18, 25), range(25, 32))] == leads


# ----------------------------------------------------------------------------------------------------------- conversion


@expresses("conversion_overall")
def conversion_of_all_leads(board: Board, conversion: float) -> None:
    (rate,) = board.query(f"lead_to_contract {EVER} {COHORT}")
    astray = board.stage("contract", ALL).astray
    assert astray == 1
    assert rate["value"] == rate["numerator"] / rate["denominator"]
    assert percent(rate["numerator"] + astray, rate["denominator"]) == conversion
    cohort = board.snapshot.marts["cohort"]
    in_mart = int((cohort["contract_ever"] + cohort["contract_astray"]).sum())
    assert percent(in_mart, int(cohort["leads"].sum())) == conversion


@expresses("conversion_by_origin")
def conversion_by_channel(board: Board, expected: list[Any]) -> None:
    rates = shares(board.query(f"lead_to_contract {EVER} {COHORT} --by channel"), "channel")
    leads, ordered = (board.mart("cohort", name, "channel") for name in ("leads", "contract_ever"))
    for origin, count, won, conversion in expected:
        astray = board.stage("contract", ALL, channel=origin or "").astray
        assert rates[origin] == (won - astray, count) == (ordered[origin], leads[origin])
        assert percent(rates[origin][0] + astray, count) == conversion
    assert sum(board.mart("cohort", "contract_astray", "channel").values()) == 1


@expresses("cohorts")
def cohorts_by_month(board: Board, expected: list[Any]) -> None:
    rates = shares(board.query(f"lead_to_contract {EVER} {COHORT} --by month"), "month")
    ordered = board.mart("cohort", "contract_ever", "month")
    assert list(rates) == [month for month, *_ in expected]
    for month, count, won, conversion in expected:
        astray = board.stage("contract", month_of(month)).astray
        assert rates[month] == (won - astray, count) == (ordered.get(month, 0), count)
        assert percent(rates[month][0] + astray, count) == conversion


@expresses("won_within_30_days_2018_01")
def january_leads_won_within_30_days(board: Board, won: int) -> None:
    january = "--from 2018-01-01 --to 2018-01-31 --basis cohort --window 30"
    assert board.value(f"contracted_parties {january}") == won
    (rate,) = board.query(f"lead_to_contract {january}")
    assert (rate["numerator"], rate["denominator"]) == (won, board.by("month", f"leads {EVER}")["2018-01"])
    lags = board.mart("lags", "parties", "lag", step="contract", month="2018-01")
    assert sum(parties for lag, parties in lags.items() if lag <= 30) == won


@expresses("landing_top3", "landing pages")
def landing_pages_as_projects(board: Board, expected: list[Any]) -> None:
    leads = board.by("project", f"leads {EVER}")
    rates = shares(board.query(f"lead_to_contract {EVER} {COHORT} --by project"), "project")
    ordered = board.mart("cohort", "contract_ever", "project")
    assert sorted(leads, key=lambda page: -leads[page])[:3] == [page for page, *_ in expected]
    for page, count, won, conversion in expected:
        astray = board.stage("contract", ALL, project=page).astray
        assert rates[page] == (won - astray, count) == (ordered[page], leads[page])
        assert percent(rates[page][0] + astray, count) == conversion
        assert board.value(f"contracts {EVER} --where project={page}") == won


# ---------------------------------------------------------------------------------------------------------- days to won


@expresses("days_to_won_median")
def median_days_of_ordered_deals(board: Board, median: float) -> None:
    ordered = sorted(board.source(ORDERED_DAYS))
    (asked,) = board.query(f"days_to_contract {EVER} --basis cohort")
    assert (asked["n"], asked["unit"]) == (len(ordered), "day")
    assert asked["value"] == ordered[len(ordered) // 2]
    astray = board.stage("contract", ALL).astray
    assert median == middle([*ordered, *[-2] * astray])
    assert board.mart("lags", "parties", "lag", step="contract") == Counter(ordered)


@expresses("days_to_won_median_by_origin")
def median_days_by_channel(board: Board, medians: list[Any]) -> None:
    asked = board.by("channel", f"days_to_contract {EVER}")
    for origin, median in medians:
        ordered = [days for days, of in board.source(ORDERED_DAYS.replace(" as days", ", l.origin")) if of == origin]
        astray = board.stage("contract", ALL, channel=origin).astray
        assert asked[origin] == middle(ordered)
        assert middle([*ordered, *[-2] * astray]) == median
        assert board.mart("lags", "parties", "lag", step="contract", channel=origin) == Counter(ordered)


@expresses("days_to_won_range", "as mapped", "segments")
def range_of_days(board: Board, measured: Board, expected: list[Any]) -> None:
    """The mean is a measure of the pack, in any order; the least and most are the ordered lags and the one astray."""
    least, mean, most, early = expected
    assert round(measured.value(f"mean_days_to_contract {EVER}"), 2) == mean
    assert board.stage("contract", ALL).astray == early
    lags = board.mart("lags", "parties", "lag", step="contract")
    assert (min(lags), max(lags)) == (min(board.source(ORDERED_DAYS)), most)
    within = [board.value(f"contracted_parties {EVER} --basis cohort --window {days}") for days in (most - 1, most)]
    assert within[1] == within[0] + 1 == sum(lags.values())
    days = "date_diff('day', created_at, contracted_at)"
    assert board.parties(f"select min({days}), max({days}), count(*) filter (where contract_astray)") == (
        least,
        most,
        early,
    )


@expresses("days_to_won_buckets")
def buckets_of_days(board: Board, buckets: list[Any]) -> None:
    ends = [int(label.partition("-")[2] or 10_000) for label, _ in buckets]
    starts = [int(label.partition("-")[0].rstrip("+")) for label, _ in buckets]
    assert starts == [0, *(end + 1 for end in ends[:-1])]
    within = [board.value(f"contracted_parties {EVER} --basis cohort --window {end}") for end in ends]
    assert [now - before for before, now in zip([0, *within], within, strict=False)] == [n for _, n in buckets]
    lags = board.mart("lags", "parties", "lag", step="contract")
    spans = zip(starts, ends, strict=True)
    assert [sum(n for lag, n in lags.items() if start <= lag <= end) for start, end in spans] == [n for _, n in buckets]


def middle(values: list[int]) -> float:
    """The mean of the two middle values."""
    ordered = sorted(values)
    return (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2


# ----------------------------------------------------------------------------------------- people, segments and sellers


@expresses("sr_top10")
def contracts_by_closing_staff(board: Board, top: list[Any]) -> None:
    for won in (board.by("staff", f"contracts {EVER}"), board.mart("staff", "contracts", "staff")):
        assert sorted(won.items(), key=lambda one: (-one[1], one[0]))[:10] == [tuple(one) for one in top]


@expresses("sdr_top5", "segments")
def contracts_by_first_calling_staff(board: Board, top: list[Any]) -> None:
    for won in (board.by("staff", f"contracts {EVER}"), board.mart("staff", "contracts", "staff")):
        assert sorted(won.items(), key=lambda one: (-one[1], one[0]))[:5] == [tuple(one) for one in top]


@expresses("sr_count", "as mapped", "segments")
def staff_by_what_they_do(board: Board, callers: Board, counts: list[int]) -> None:
    closing, calling = (set(one.by("staff", f"contracts {EVER}")) for one in (board, callers))
    assert [len(closing), len(calling), len(closing & calling)] == counts
    assert set(board.snapshot.staff) == closing | calling


@expresses("segments_top5", "segments")
def segments_as_projects(board: Board, top: list[Any]) -> None:
    for won in (board.by("project", f"contracts {EVER}"), board.mart("daily", "contracts", "project")):
        known = [(segment, count) for segment, count in won.items() if segment is not None]
        assert sorted(known, key=lambda one: (-one[1], one[0]))[:5] == [tuple(one) for one in top]


@expresses("declared_revenue", "segments")
def declared_revenue_as_amount(board: Board, expected: list[Any]) -> None:
    revenue, deals = expected
    assert board.value(f"contract_amount {EVER}") == str(int(revenue))
    assert board.value(f"declaring_deals {EVER}") == deals
    assert sum(board.mart("daily", "contract_amount", "project").values()) == revenue * 10_000
    assert sum(board.mart("daily", "declaring_deals", "project").values()) == deals


@expresses("sellers_state_top5", "sellers")
def contracts_by_the_region_of_the_seller(board: Board, top: list[Any]) -> None:
    for won in (board.by("project", f"contracts {EVER}"), board.mart("daily", "contracts", "project")):
        assert sorted(by_region(board, won).items(), key=lambda one: (-one[1], one[0]))[:5] == [
            tuple(one) for one in top
        ]


@expresses("sellers_known", "sellers")
def contracts_of_sellers_in_the_table(board: Board, known: int) -> None:
    for won in (board.by("project", f"contracts {EVER}"), board.mart("daily", "contracts", "project")):
        assert sum(by_region(board, won).values()) == known


def by_region(board: Board, values: dict[Any, int]) -> Counter[str]:
    """Values by project added up by the region of those that are in the source's table."""
    regions: Counter[str] = Counter()
    for project, value in values.items():
        region = board.snapshot.projects[project].region
        if region is not None:
            regions[region] += value
    return regions


# ---------------------------------------------------------------------------------------------------------------- stock


@expresses("open_over_90_days", "june")
def leads_open_in_june(board: Board, expected: list[int]) -> None:
    """The limit is set to 90 days; deals won after that moment do not count yet. Without follow-ups only the mart tells."""
    active, old = expected
    assert board.value(f"active_leads {EVER}") == active
    assert [int(board.snapshot.marts["state"][state].sum()) for state in ("active", "overdue")] == [active, old]
    assert board.value(f"contracts {EVER}") == board.value(f"leads {EVER}") - active


# ---------------------------------------------------------------------------------------------------------------- tests


@pytest.mark.shared
@pytest.mark.parametrize("fact", expresses.checks)
def test_fact(fact: str, olist: DataSet) -> None:
    expresses.check(fact, olist, facts(NAME)[fact])


@pytest.mark.shared
def test_every_fact_is_told_or_said_to_be_out_of_reach() -> None:
    assert sorted([*expresses.checks, *CANNOT_EXPRESS]) == sorted(facts(NAME))


@pytest.mark.shared
@pytest.mark.parametrize("database", ["postgresql", "mariadb"])
def test_the_mapping_reads_the_same_from_every_database(
    database: str, olist: DataSet, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = request.getfixturevalue(f"{database}_url")
    there = data_set(NAME, "olist.toml", tmp_path, AS_OF, {}, url).board()
    assert there.counts() == olist.board().counts()
    for words in QUESTIONS:
        assert there.query(words) == olist.board().query(words), words

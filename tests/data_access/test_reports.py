"""Reports are drafted once per week and project, frozen when issued; commitments are checked by the boards that follow, once."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from sqlalchemy import select, update

from data_access.boards import Publisher, commitments_scored
from data_access.report_records import issue_of, issue_text, report_of, report_text
from data_access.reports import Reporter
from data_access.rhythm import Moment
from data_access.settings import Settings
from data_access.store import StaleLeader, Store
from data_access.store.audit import broken_at, entries
from data_access.store.commitments import all_commitments, make_commitment, withdraw
from data_access.store.lease import acquire
from data_access.store.published import beat, publish
from data_access.store.reports import (
    DUE_AFTER,
    drafted_weeks,
    issue_report,
    overdue_reports,
    report,
    week_reports,
)
from data_access.store.sheets import frozen_sheets, frozen_years
from data_access.store.tables import reports as table
from metrics.commitments import Commitment, state
from metrics.health import Issue, reports, told_metric
from metrics.pack import Pack
from metrics.rules import findings
from metrics.snapshot import Snapshot
from metrics.totals import Frames
from tests.data_access.stores import at_once, opened
from tests.data_access.test_boards import FOREVER, LAST, NOW, WEEK, late
from tests.snapshots import AS_OF, property_pack, small_snapshot

PACK = property_pack()
HOUR = timedelta(hours=1)
ISSUE = Issue("somebody", "周健", NOW + HOUR, "本周补打 A 级")


@dataclass
class Office:
    """A store that leads, and what follows a refresh in it."""

    store: Store
    epoch: int
    told: str = ""

    def follow(self, snapshot: Snapshot | None = None, now: datetime = NOW, pack: Pack = PACK) -> None:
        """Show a snapshot and let the steps after a refresh happen."""
        settings, as_of = Settings.read(self.told, {}), (now + 8 * HOUR).replace(tzinfo=None)
        shown = snapshot or small_snapshot()
        shown = replace(shown, sequence=publish(self.store, self.epoch, shown.version, "m", now), as_of=as_of)
        beat(self.store, self.epoch, as_of, now)
        for step in (Publisher(settings, pack, self.store).step, Reporter(settings, pack, self.store).step):
            step(Moment(self.epoch, shown, now, True))

    def promise(
        self, metric: str = "leads", value: int = 10, due: date = LAST + WEEK, made: datetime = NOW - WEEK
    ) -> Commitment:
        """A promise for the first project."""
        told = told_metric(PACK, PACK.metric(metric))
        one = Commitment("", "p1", metric, Fraction(value), "week", due, "somebody", made, told)
        made = make_commitment(self.store, one)
        assert made is not None
        return made

    def states(self) -> list[str]:
        """How every promise stands."""
        return [state(one, said) for one, said in all_commitments(self.store)]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with opened(f"sqlite:///{tmp_path}/warboard.db") as store:
        epoch = acquire(store, "a", FOREVER, NOW - FOREVER / 2)
        assert epoch is not None
        yield Office(store, epoch)


# ---------------------------------------------------------------------------------------------------------------- drafts


def test_every_project_has_one_draft_once_the_board_is_published(office: Office) -> None:
    office.follow()
    office.follow(now=NOW + HOUR)
    found = week_reports(office.store, drafted_weeks(office.store))
    assert [(one.kept.week, one.kept.project) for one in found] == [(LAST, id) for id in ("p1", "p2", "p3")]


def test_a_board_that_waits_has_no_reports_yet(office: Office) -> None:
    office.follow(now=datetime(2026, 3, 8, 23, 59, tzinfo=UTC))
    assert LAST not in drafted_weeks(office.store)


def test_a_draft_holds_what_the_snapshot_says_just_as_it_was(office: Office) -> None:
    office.follow()
    frames = Frames(small_snapshot())
    made = reports(frames, PACK, LAST, found=findings(frames, PACK))
    for id, one in made.items():
        assert report_of(report_text(one)) == one
        found = report(office.store, LAST, id)
        assert found is not None and found.kept.is_whole and found.report == one


def test_what_is_added_is_read_back_just_as_it_was() -> None:
    one = reports(Frames(small_snapshot()), PACK, LAST)["p1"]
    issue = replace(ISSUE, commitments=({"id": "c", "value": "1/3"},))
    assert issue_of(issue_text(report_text(one), issue)) == (one, issue)


def test_two_refreshers_draft_each_report_once(office: Office, tmp_path: Path) -> None:
    settings = Settings.read("", {})
    shown = replace(small_snapshot(), sequence=publish(office.store, office.epoch, "v", "m", NOW), as_of=AS_OF)
    beat(office.store, office.epoch, AS_OF, NOW)
    Publisher(settings, PACK, office.store).step(Moment(office.epoch, shown, NOW, True))
    with opened(f"sqlite:///{tmp_path}/warboard.db") as other:
        steps = [Reporter(settings, PACK, each).step for each in (office.store, other)]
        at_once(2, lambda number: steps[number](Moment(office.epoch, shown, NOW, True)))
    with office.store.reading() as connection:
        rows = connection.execute(select(table.c.week, table.c.project)).all()
    assert sorted(rows) == [(LAST, "p1"), (LAST, "p2"), (LAST, "p3")]


def test_who_leads_no_more_drafts_nothing(office: Office) -> None:
    settings = Settings.read("", {})
    shown = replace(small_snapshot(), sequence=publish(office.store, office.epoch, "v", "m", NOW), as_of=AS_OF)
    beat(office.store, office.epoch, AS_OF, NOW)
    Publisher(settings, PACK, office.store).step(Moment(office.epoch, shown, NOW, True))
    assert acquire(office.store, "b", FOREVER, NOW + 2 * FOREVER) == office.epoch + 1
    with pytest.raises(StaleLeader):
        Reporter(settings, PACK, office.store).step(Moment(office.epoch, shown, NOW, True))
    assert drafted_weeks(office.store) == []


def test_later_data_changes_neither_a_draft_nor_an_issued_report(office: Office) -> None:
    office.follow()
    issue_report(office.store, LAST, "p1", ISSUE)
    before = [report(office.store, LAST, id) for id in ("p1", "p2")]
    office.follow(late(5), now=NOW + HOUR)
    assert [report(office.store, LAST, id) for id in ("p1", "p2")] == before


def test_a_definition_that_changes_later_changes_no_report(office: Office) -> None:
    office.follow()
    issue_report(office.store, LAST, "p1", ISSUE)
    before = report(office.store, LAST, "p1")
    metric = replace(PACK.metrics["visit_rate"], min_n=1, label=PACK.metrics["cost_per_lead"].label)
    office.follow(now=NOW + HOUR, pack=replace(PACK, metrics={**PACK.metrics, "visit_rate": metric}))
    assert report(office.store, LAST, "p1") == before


def test_an_exempt_project_s_report_says_so(office: Office) -> None:
    office.told = "[boards]\nexempt = { p1 = { first = 2026-03-01, last = 2026-03-31 } }"
    office.follow()
    assert {one.kept.project for one in week_reports(office.store, [LAST]) if one.report.exempt} == {"p1"}


# --------------------------------------------------------------------------------------------------------------- issuing


def test_a_report_is_issued_once_and_then_frozen(office: Office) -> None:
    office.follow()
    assert issue_report(office.store, LAST, "p1", ISSUE)
    first = report(office.store, LAST, "p1")
    assert not issue_report(office.store, LAST, "p1", replace(ISSUE, note="anders"))
    assert report(office.store, LAST, "p1") == first
    assert first is not None and first.issue == ISSUE and first.kept.issued_at == ISSUE.at and first.kept.is_whole


def test_what_was_never_drafted_cannot_be_issued(office: Office) -> None:
    office.follow()
    assert not issue_report(office.store, LAST, "p9", ISSUE)
    assert not issue_report(office.store, LAST - WEEK, "p1", ISSUE)


def test_two_who_issue_at_once_issue_one(office: Office, tmp_path: Path) -> None:
    office.follow()
    with opened(f"sqlite:///{tmp_path}/warboard.db") as other:
        stores = (office.store, other)
        done = at_once(2, lambda n: issue_report(stores[n], LAST, "p1", replace(ISSUE, note=str(n))))
    assert sorted(done) == [False, True]


def test_issuing_is_in_the_audit_with_the_digest_and_no_words(office: Office) -> None:
    office.follow()
    issue_report(office.store, LAST, "p1", ISSUE)
    (entry,) = [one for one in entries(office.store) if one.action == "report_issued"]
    found = report(office.store, LAST, "p1")
    assert found is not None and entry.detail["digest"] == found.kept.digest
    assert (entry.actor, entry.about) == ("somebody", "p1") and ISSUE.note not in str(entry.detail)
    assert broken_at(office.store) is None


@pytest.mark.parametrize("column", ["content", "issued"])
def test_a_report_that_was_touched_is_noticed(office: Office, column: str) -> None:
    office.follow()
    if column == "issued":
        issue_report(office.store, LAST, "p1", ISSUE)
    with office.store.writing() as connection:
        mine = table.c.project == "p1"
        content = connection.scalar(select(table.c[column]).where(mine))
        changed = str(content).replace('"exempt":false', '"exempt":true')
        connection.execute(update(table).where(mine).values({column: changed}))
    found = report(office.store, LAST, "p1")
    assert found is not None and not found.kept.is_whole


# ---------------------------------------------------------------------------------------------------------- due, overdue


def test_a_report_is_due_48_hours_after_the_board_and_overdue_a_moment_later(office: Office) -> None:
    office.follow()
    due = NOW + DUE_AFTER
    assert overdue_reports(office.store, due) == []
    late = overdue_reports(office.store, due + timedelta(microseconds=1))
    assert [one.project for one in late] == ["p1", "p2", "p3"] and {one.due_at for one in late} == {due}
    issue_report(office.store, LAST, "p1", ISSUE)
    assert [one.project for one in overdue_reports(office.store, due + HOUR)] == ["p2", "p3"]
    assert [one.project for one in overdue_reports(office.store, due + HOUR, frozenset(("p3",)))] == ["p3"]


def test_calendar_hours_run_over_weekends_month_ends_and_weeks(office: Office) -> None:
    friday = datetime(2026, 3, 27, 15, 30, tzinfo=UTC)  # 23:30 in Shanghai; clocks in Europe change that weekend
    office.follow(now=friday)
    (due,) = {one.kept.due_at for one in week_reports(office.store, drafted_weeks(office.store))}
    assert due == datetime(2026, 3, 29, 15, 30, tzinfo=UTC)
    office.follow(now=friday + WEEK)
    weeks = [one.week for one in overdue_reports(office.store, friday + 2 * WEEK)]
    assert weeks == sorted(weeks) and len(set(weeks)) == 2


# ------------------------------------------------------------------------------------------------------------ commitments


def test_the_board_that_reaches_the_date_decides_once(office: Office) -> None:
    office.promise("leads", value=10, due=LAST + timedelta(6))
    office.promise("leads", value=11, due=LAST + timedelta(6))
    office.promise("sop_rate", value=1, due=LAST + timedelta(6))
    office.promise("leads", value=11, due=LAST + timedelta(7))
    office.follow()
    found = {(one.metric, one.value, one.due): state(one, said) for one, said in all_commitments(office.store)}
    sunday, monday = LAST + timedelta(6), LAST + timedelta(7)
    assert found == {
        ("leads", 10, sunday): "kept",
        ("leads", 11, sunday): "missed",
        ("sop_rate", 1, sunday): "untold",
        ("leads", 11, monday): "open",
    }


def test_later_data_changes_no_outcome(office: Office) -> None:
    office.promise("leads", value=11, due=LAST + timedelta(6))
    office.follow()
    office.follow(late(5), now=NOW + HOUR)
    office.follow(late(5), now=NOW + WEEK)
    ((_, said),) = all_commitments(office.store)
    assert office.states() == ["missed"] and [each.reading.value for each in said] == [10]


def test_each_board_until_then_is_remembered(office: Office) -> None:
    office.promise("leads", value=100, due=LAST + 2 * WEEK)
    office.follow()
    office.follow(now=NOW + WEEK)
    ((_, said),) = all_commitments(office.store)
    assert [(each.week, each.outcome) for each in said] == [(LAST, None), (LAST + WEEK, None)]
    office.follow(now=NOW + 2 * WEEK)
    assert office.states() == ["missed"]


def test_a_board_from_before_the_promise_does_not_decide(office: Office) -> None:
    office.follow()
    office.promise("leads", value=1, due=LAST + timedelta(6), made=NOW + HOUR)
    office.follow(now=NOW + 2 * HOUR)
    assert office.states() == ["open"]


def test_a_withdrawn_promise_stays_visible_and_is_not_decided(office: Office) -> None:
    one = office.promise("leads", value=10, due=LAST + WEEK)
    assert withdraw(office.store, one.id, "another", "改用成本指标", NOW, one.due)
    assert not withdraw(office.store, one.id, "another", "noch einmal", NOW, one.due)
    office.follow(now=NOW + WEEK)
    ((kept, said),) = all_commitments(office.store)
    assert (office.states(), said) == (["withdrawn"], ())
    assert (kept.withdrawn_by, kept.withdrawn_why, kept.withdrawn_at) == ("another", "改用成本指标", NOW)


def test_whose_day_has_passed_waits_for_its_board(office: Office) -> None:
    one = office.promise("leads", value=11, due=LAST + timedelta(6))
    assert not withdraw(office.store, one.id, "another", "why", NOW, one.due + timedelta(1))
    office.follow()
    assert office.states() == ["missed"]


def test_the_same_promise_is_made_once_while_it_is_open(office: Office) -> None:
    one = office.promise("leads", value=10)
    assert make_commitment(office.store, one) is None
    assert withdraw(office.store, one.id, "another", "why", NOW, one.due)
    assert make_commitment(office.store, one) is not None and sorted(office.states()) == ["open", "withdrawn"]


def test_a_year_s_sheet_waits_for_the_promises_of_its_last_days(office: Office) -> None:
    settings, new_year = Settings.read("", {}), datetime(2027, 1, 4, 0, 0, tzinfo=UTC)
    office.promise("leads", value=1, due=date(2026, 12, 31))
    shown = replace(small_snapshot(), as_of=new_year.replace(tzinfo=None) + 8 * HOUR)
    shown = replace(shown, sequence=publish(office.store, office.epoch, shown.version, "m", new_year))
    beat(office.store, office.epoch, shown.as_of, new_year)
    publisher, reporter = Publisher(settings, PACK, office.store), Reporter(settings, PACK, office.store)
    moment = Moment(office.epoch, shown, new_year, True)
    publisher.step(moment)
    publisher.freeze(moment)
    assert frozen_years(office.store) == [] and office.states() == ["open"]
    reporter.step(moment)
    publisher.freeze(moment)
    assert frozen_years(office.store) == [2026] and office.states() != ["open"]
    sheet, _, _ = frozen_sheets(office.store, 2026)["p1"]
    line = next(one for one in sheet.lines if one.name == "commitments")
    assert (office.states(), line.reading.denominator) == (["missed"], 1)


def test_a_decided_promise_cannot_be_withdrawn(office: Office) -> None:
    one = office.promise("leads", value=11, due=LAST + timedelta(6))
    office.follow()
    assert not withdraw(office.store, one.id, "another", "why", NOW + HOUR, one.due) and office.states() == ["missed"]


def test_promises_and_withdrawals_are_in_the_audit(office: Office) -> None:
    one = office.promise()
    withdraw(office.store, one.id, "another", "geheim", NOW, one.due)
    told = [(each.actor, each.action, each.about) for each in entries(office.store)]
    assert told == [("another", "commitment_withdrawn", one.id), ("somebody", "commitment_made", one.id)]
    assert "geheim" not in str([each.detail for each in entries(office.store)])


def test_two_refreshers_check_each_promise_once(office: Office, tmp_path: Path) -> None:
    office.promise("leads", value=10, due=LAST + timedelta(6))
    settings = Settings.read("", {})
    shown = replace(small_snapshot(), sequence=publish(office.store, office.epoch, "v", "m", NOW), as_of=AS_OF)
    beat(office.store, office.epoch, AS_OF, NOW)
    Publisher(settings, PACK, office.store).step(Moment(office.epoch, shown, NOW, True))
    with opened(f"sqlite:///{tmp_path}/warboard.db") as other:
        steps = [Reporter(settings, PACK, each).step for each in (office.store, other)]
        at_once(2, lambda number: steps[number](Moment(office.epoch, shown, NOW, True)))
    ((_, said),) = all_commitments(office.store)
    assert [each.outcome for each in said] == ["kept"]


def test_the_yearly_sheet_counts_what_was_decided_in_the_year(office: Office) -> None:
    for value in (9, 10, 11):
        office.promise("leads", value=value, due=LAST + timedelta(6))
    office.promise("leads", value=1, due=LAST + 8 * WEEK)
    office.follow()
    found = commitments_scored(all_commitments(office.store), 2026, "p1")
    assert found.points == Fraction(200, 3) and (found.reading.numerator, found.reading.denominator) == (2, 3)
    assert commitments_scored(all_commitments(office.store), 2025, "p1").reading.missing == "nothing"

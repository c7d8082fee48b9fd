"""The demo's customers, visits, sales, referrals and registrations as rows of the CRM."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data_access import demo_customers as customers
from data_access import demo_sales as trade
from data_access import demo_world as places
from data_access.demo_customers import NONE, Leads, Parties, Traits, Visits
from data_access.demo_names import CITIES, PROJECTS, broker_phone, customer_phone, people_names
from data_access.demo_rhythm import DAY, Whole
from data_access.demo_sales import Sales
from data_access.demo_tables import day_text, days_text, insert, or_null, stamps
from data_access.demo_world import TEAM_SIZE, Staffing, World, emp_id

FIRST_CUSTOMER = 10_001


@dataclass(frozen=True)
class People:
    """Names and phones by person number; a person without a number has neither a phone nor a party in common."""

    names: list[str]
    phones: list[str]

    @classmethod
    def invented(cls, world: World, leads: Leads, seen: Visits) -> "People":
        rng = world.rng(42)
        count = int(max(leads.person.max(), seen.person.max())) + 2
        number = (np.arange(count) * 48_271 + 7) % 9_999_991
        planted = np.unique(leads.person[leads.plant == customers.BATCH])
        number[planted] = 99_000_000 + np.arange(len(planted))
        phones = [customer_phone(one) for one in number.tolist()]
        wrong = np.flatnonzero(rng.random(count) < 0.012)
        for person in np.setdiff1d(wrong, planted).tolist():
            phones[person] = f"0{phones[person][3:]}"
        phones[-1] = ""
        return cls(people_names(rng, count), phones)

    def named(self, person: Whole) -> list[str]:
        """The names of these persons."""
        return [self.names[one] for one in person.tolist()]

    def called(self, person: Whole, rng: np.random.Generator) -> list[str]:
        """The phones of these persons as people type them: some with +86, some with dashes, none where unknown."""
        habit = rng.random(len(person)).tolist()
        return [_typed(self.phones[one], way) for one, way in zip(person.tolist(), habit, strict=True)]


def _typed(phone: str, way: float) -> str:
    if len(phone) == 11 and way < 0.015:
        return f"+86{phone}"
    if len(phone) == 11 and way < 0.025:
        return f"{phone[:3]}-{phone[3:7]}-{phone[7:]}"
    return phone


@dataclass(frozen=True)
class Business:
    """Everything that happened in the demo, before it is written down."""

    world: World
    leads: Leads
    groups: Parties
    known: Traits
    seen: Visits
    sold: Sales
    people: People


def happened(world: World, staff: Staffing) -> Business:
    """Two years of the group's business, from the first lead to the last contract."""
    leads = customers.some_leads(world)
    groups = customers.parties(leads)
    known = customers.traits(world, leads, staff)
    seen = customers.visits(world, leads, groups, known, staff)
    sold = trade.sales(world, leads, groups, known, seen)
    return Business(world, leads, groups, known, seen, sold, People.invented(world, leads, seen))


def write_records(db: sqlite3.Connection, made: Business) -> None:
    """Write customers, visits, sales, referrals and registrations."""
    _write_customers(db, made)
    _write_visits(db, made)
    _write_sales(db, made)
    _write_sources(db, made)


def _write_customers(db: sqlite3.Connection, made: Business) -> None:
    rng, count = made.world.rng(43), len(made.groups.first)
    holds = trade.sold_parties(made.sold, made.seen, count)
    busy = trade.busy_until(made.sold, made.seen, count)
    lost, revived = customers.stock(made.world, made.leads, made.groups, made.known, holds, busy)
    done = customers.follow_ups(made.world, made.leads, made.known, lost, revived)
    mtime = np.maximum.reduce([made.leads.time, lost, revived, busy[made.groups.of_row]])
    np.maximum.at(mtime, done.row, done.time)
    visited = np.bincount(made.seen.party[made.seen.party != NONE], minlength=count) > 0
    status = np.where(holds, 5, np.where(visited, 3, 2))[made.groups.of_row]
    status = np.where((lost != NONE) & (revived == NONE), 6, status)
    _insert_customers(db, made, rng, (status, lost, revived, mtime))
    ids = FIRST_CUSTOMER + done.row
    follow = (
        np.arange(1, len(ids) + 1),
        ids,
        done.staff,
        stamps(done.time),
        done.way,
        done.result,
        stamps(done.time),
    )
    insert(db, "crm_follow", "follow_id, cst_id, emp_id, follow_time, way, result, mtime", *follow)
    _write_test_rows(db, made)
    _write_owner_changes(db, made, rng)


def _insert_customers(
    db: sqlite3.Connection, made: Business, rng: np.random.Generator, state: tuple[Whole, Whole, Whole, Whole]
) -> None:
    status, lost, revived, mtime = state
    project_ids = made.leads.project + PROJECTS[0].id
    code = project_ids * 100 + np.where(
        rng.random(len(made.leads)) < 0.5, rng.integers(50, 55, len(made.leads)), made.known.staff % 100
    )
    coded = np.isin(made.leads.channel, [1, 4, 5, 7]) & (rng.random(len(made.leads)) < 0.6) & (code % 100 > 0)
    pick = rng.integers(0, 12, len(made.leads)).tolist()
    names = [CITIES[one.city].districts for one in PROJECTS]
    wanted = [
        names[at][nth % len(names[at])] if whole else None
        for at, nth, whole in zip(made.leads.project.tolist(), pick, made.known.known.tolist(), strict=True)
    ]
    staffed = made.known.known | ~made.known.graded | (rng.random(len(made.leads)) < 0.3)
    insert(
        db,
        "crm_customer",
        "cst_id, cst_name, tel, proj_id, src_id, qr_id, emp_id, level, valid_flag, status, seg, want_district, price_band, "
        "created, lost_time, revive_time, mtime, is_test",
        FIRST_CUSTOMER + np.arange(len(made.leads)),
        made.people.named(made.leads.person),
        made.people.called(made.leads.person, rng),
        project_ids,
        made.leads.channel + 1,
        or_null(code, coded),
        or_null(made.known.staff, staffed),
        np.where(made.known.graded, made.known.grade, 0),
        made.known.valid,
        status,
        or_null(made.known.segment, made.known.known),
        wanted,
        or_null(made.known.band, made.known.known),
        stamps(made.leads.time),
        stamps(lost),
        stamps(revived),
        stamps(mtime),
        np.zeros_like(mtime),
    )


def _write_test_rows(db: sqlite3.Connection, made: Business) -> None:
    """Rows somebody typed to try the system out; the mapping leaves them out."""
    rng, count = made.world.rng(44), max(5, round(0.003 * made.world.leads))
    time = np.sort(made.world.end - rng.integers(DAY, 700 * DAY, count))
    ids = 9_001 + np.arange(count)
    project = PROJECTS[0].id + rng.integers(0, len(PROJECTS), count)
    name = [f"测试{nth % 20 + 1:02d}" for nth in range(count)]
    stamp, blank = stamps(time), np.zeros_like(ids)
    columns = "cst_id, cst_name, tel, proj_id, src_id, emp_id, level, valid_flag, status, created, mtime, is_test"
    who = (ids, name, ["16999999999"] * count, project, blank + 5, project * 100 + 1)
    insert(db, "crm_customer", columns, *who, blank + 1, blank + 1, blank + 1, stamp, stamp, blank + 1)
    last = db.execute("select max(follow_id) from crm_follow").fetchone()[0]
    follow = (last + 1 + np.arange(count), ids, project * 100 + 1, stamp, blank + 1, blank + 1, stamp)
    insert(db, "crm_follow", "follow_id, cst_id, emp_id, follow_time, way, result, mtime", *follow)
    seen = (ids - 9_000, ids, project, project * 100 + 1, blank + 7, name, stamp, blank + 1, stamp, blank + 1)
    columns = "visit_id, cst_id, proj_id, emp_id, src_id, guest_name, visit_time, visit_no, mtime, is_test"
    insert(db, "crm_visit", columns, *seen)


def _write_owner_changes(db: sqlite3.Connection, made: Business, rng: np.random.Generator) -> None:
    """Changes of salesperson, and the planted changes of source after a natural visit."""
    moved = np.flatnonzero((rng.random(len(made.leads)) < 0.04) & (made.leads.plant == 0))
    moved_at = made.leads.time[moved] + rng.integers(DAY, 40 * DAY, len(moved))
    moved, moved_at = moved[moved_at <= made.world.end], moved_at[moved_at <= made.world.end]
    claimed = np.flatnonzero(made.leads.plant == customers.RECLAIMED)
    row = np.append(moved, claimed)
    time = np.append(moved_at, made.leads.time[claimed] + 2 * DAY + 600)
    order = np.argsort(time, kind="stable")
    row, time = row[order], time[order]
    before = made.leads.project[row]
    other = emp_id(before, (made.known.staff[row] % 100 + 4) % TEAM_SIZE + 1)
    planted = made.leads.plant[row] == customers.RECLAIMED
    source = made.leads.channel[row] + 1
    insert(
        db,
        "assign_log",
        "log_id, cst_id, old_emp, new_emp, old_src, new_src, op_time",
        np.arange(1, len(row) + 1),
        FIRST_CUSTOMER + row,
        np.where(planted, made.known.staff[row], other),
        made.known.staff[row],
        np.where(planted, places.NATURAL + 1, source),
        source,
        stamps(time),
    )


def _customer_ids(groups: Parties, party: Whole, linked: npt.NDArray[np.bool_]) -> list[int | None]:
    row = groups.first[np.where(party == NONE, 0, party)]
    return or_null(FIRST_CUSTOMER + row, (party != NONE) & linked)


def _linked(world: World, part: int, person: Whole) -> npt.NDArray[np.bool_]:
    """Most events name the customer; some hold the phone only, and those without a phone must name the customer."""
    return np.asarray((world.rng(part).random(len(person)) < 0.88) | (person == NONE))


def _write_visits(db: sqlite3.Connection, made: Business) -> None:
    order = np.argsort(made.seen.time, kind="stable")
    person, stamp = made.seen.person[order], stamps(made.seen.time[order])
    planted = (made.seen.party != NONE) & (made.leads.plant[made.groups.first[made.seen.party]] == customers.RECLAIMED)
    channel = np.where(planted, places.NATURAL, made.seen.channel)[order] + 1
    insert(
        db,
        "crm_visit",
        "visit_id, cst_id, proj_id, emp_id, src_id, guest_name, guest_tel, visit_time, visit_no, mtime, is_test",
        FIRST_CUSTOMER + np.arange(len(order)),
        _customer_ids(made.groups, made.seen.party[order], _linked(made.world, 45, person)),
        made.seen.project[order] + PROJECTS[0].id,
        made.seen.staff[order],
        channel,
        made.people.named(person),
        made.people.called(person, made.world.rng(46)),
        stamp,
        made.seen.number[order],
        stamp,
        np.zeros_like(order),
    )


def _write_sales(db: sqlite3.Connection, made: Business) -> None:
    rng, visit = made.world.rng(47), made.sold.visit
    person, project = made.seen.person[visit], made.seen.project[visit] + PROJECTS[0].id
    room = [
        f"{one % 12 + 1}-{one % 27 + 2:02d}{one % 4 + 1:02d}" for one in rng.integers(1, 10**6, len(visit)).tolist()
    ]
    ids = _customer_ids(made.groups, made.seen.party[visit], _linked(made.world, 48, person))
    name, phone = made.people.named(person), made.people.called(person, rng)
    state = np.where(made.sold.cancelled != NONE, 9, np.where(made.sold.signed != NONE, 2, 1))
    changed = np.maximum.reduce([made.sold.time, made.sold.cancelled, made.sold.signed])
    insert(
        db,
        "sale_order",
        "order_id, room_code, cst_id, proj_id, emp_id, src_id, buyer_name, buyer_tel, order_time, total_amt, sign_limit, "
        "state, cancel_time, mtime",
        20_001 + np.arange(len(made.sold)),
        room,
        ids,
        project,
        made.seen.staff[visit],
        made.seen.channel[visit] + 1,
        name,
        phone,
        stamps(made.sold.time),
        made.sold.amount,
        days_text(made.sold.time // DAY + 10),
        state,
        stamps(made.sold.cancelled),
        stamps(changed),
    )
    _write_contracts(db, made, rng, ids, phone)
    _write_receipts(db, made)


def _write_contracts(
    db: sqlite3.Connection, made: Business, rng: np.random.Generator, ids: list[int | None], phone: list[str]
) -> None:
    signed = made.sold.contracts
    visit = made.sold.visit[signed]
    take = signed.tolist()
    joint = rng.random(len(take)) < 0.06
    spouse = made.people.called(_others(made.world, len(take)), rng)
    buyer = [other if shared else phone[at] for at, other, shared in zip(take, spouse, joint.tolist(), strict=True)]
    contract_ids = [ids[at] for at in take]
    # A contract that names neither the customer nor the customer's phone would be nobody's.
    buyer = [phone[at] if contract_ids[nth] is None else buyer[nth] for nth, at in enumerate(take)]
    insert(
        db,
        "sale_contract",
        "contract_id, order_id, cst_id, proj_id, emp_id, src_id, buyer_name, buyer_tel, sign_time, area, total_amt, state, "
        "cancel_time, mtime",
        30_001 + np.arange(len(take)),
        20_001 + signed,
        contract_ids,
        made.seen.project[visit] + PROJECTS[0].id,
        made.seen.staff[visit],
        made.seen.channel[visit] + 1,
        made.people.named(made.seen.person[visit]),
        buyer,
        stamps(made.sold.signed[signed]),
        made.sold.area[signed].astype(np.float64),
        made.sold.amount[signed],
        np.where(made.sold.left[signed] != NONE, 9, 1),
        stamps(made.sold.left[signed]),
        stamps(np.maximum(made.sold.signed, made.sold.left)[signed]),
    )


def _others(world: World, count: int) -> Whole:
    """Persons who never left a number themselves, such as a husband or wife who signs."""
    return world.leads + 100 + np.arange(count)


def _write_receipts(db: sqlite3.Connection, made: Business) -> None:
    paid = trade.payments(made.world, made.sold)
    number = np.zeros(len(made.sold), dtype=np.int64)
    number[made.sold.contracts] = 30_001 + np.arange(len(made.sold.contracts))
    stamp = stamps(paid.time)
    columns = "receipt_id, contract_id, pay_time, pay_type, amt, mtime"
    values = (np.arange(1, len(stamp) + 1), number[paid.sale], stamp, paid.kind, paid.amount, stamp)
    insert(db, "fin_receipt", columns, *values)


def _write_sources(db: sqlite3.Connection, made: Business) -> None:
    _write_referrals(db, made)
    named = trade.registrations(made.world, made.leads)
    order = np.argsort(named.time, kind="stable")
    row, time, broker = named.row[order], named.time[order], named.broker[order]
    insert(
        db,
        "channel_report",
        "report_id, cst_id, proj_id, src_id, broker_id, tel, report_time, protect_end, mtime",
        np.arange(1, len(row) + 1),
        FIRST_CUSTOMER + row,
        made.leads.project[row] + PROJECTS[0].id,
        made.leads.channel[row] + 1,
        broker,
        made.people.called(made.leads.person[row], made.world.rng(49)),
        stamps(time),
        stamps(time + 30 * DAY),
        stamps(time),
    )
    _write_commissions(db, made, dict(zip(named.row.tolist(), named.broker.tolist(), strict=True)))


def _write_referrals(db: sqlite3.Connection, made: Business) -> None:
    brought = trade.referrals(made.world, made.leads, made.sold)
    party = made.seen.party[made.sold.visit[made.sold.contracts]]
    owner = FIRST_CUSTOMER + made.groups.first[party]
    colleagues = people_names(made.world.rng(50), 61)
    kinds, by = brought.kind.tolist(), brought.by.tolist()
    owners = [
        int(owner[one]) if kind == 2 and party[one] != NONE else None for kind, one in zip(kinds, by, strict=True)
    ]
    # A walk-in owner has no customer record; a broker's name then stands in the CRM.
    kinds = [1 if kind == 2 and who is None else kind for kind, who in zip(kinds, owners, strict=True)]
    brokers = [
        (one if one >= 2001 else 2002 + one % 399) if kind == 1 else None for kind, one in zip(kinds, by, strict=True)
    ]
    colleague = [one if kind == 3 else None for kind, one in zip(kinds, by, strict=True)]
    stamp = stamps(brought.time)
    insert(
        db,
        "broker_referral",
        "ref_id, cst_id, proj_id, ref_type, broker_id, owner_cst, emp_no, emp_name, emp_tel, ref_time, mtime",
        np.arange(1, len(stamp) + 1),
        FIRST_CUSTOMER + brought.row,
        made.leads.project[brought.row] + PROJECTS[0].id,
        kinds,
        brokers,
        owners,
        [one and f"{one:04d}" for one in colleague],
        [one and colleagues[one] for one in colleague],
        [one and broker_phone(90_000 + one) for one in colleague],
        stamp,
        stamp,
    )


def _write_commissions(db: sqlite3.Connection, made: Business, brokers: dict[int, int]) -> None:
    """One commission of 1.8 % per contract of a registered customer, and one planted double."""
    rows: list[Sequence[object]] = []
    for nth, at in enumerate(made.sold.contracts.tolist()):
        party = int(made.seen.party[made.sold.visit[at]])
        broker = brokers.get(int(made.groups.first[party])) if party != NONE else None
        if broker is not None and (pay := int(made.sold.signed[at]) + 20 * DAY) <= made.world.end:
            rows.append((30_001 + nth, broker, int(made.sold.amount[at]) * 18 // 1000, day_text(pay)))
    rows += rows[-1:]
    if rows:
        insert(db, "sale_commission", "contract_id, broker_id, amt, pay_date", *zip(*rows, strict=True))

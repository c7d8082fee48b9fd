"""A live day in the demo: small, plausible events written into the demo's CRM database as time goes by."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random

from data_access.demo_names import SOP_ITEMS, customer_phone, person_name
from data_access.demo_rhythm import hour_weight
from data_access.demo_sales import PERSONAL_BROKERS, STAR_BROKER
from data_access.demo_world import local_time

NATURAL, OWNERS, BROKERS, AGENCIES, MINI_PROGRAM = 7, 9, 10, (11, 12), 5
DIGITAL = (1, 2, 3, 4, 5, 6)
RECENT = 4_000

Customer = sqlite3.Row


class Simulator:
    """Adds what happens in about a quarter of a minute with each step, some four times as busy as the history."""

    def __init__(self, path: Path, seed: int = 20, rng: Random | None = None) -> None:
        self._path = path
        self._rng = rng or Random(seed)
        self._opened: date | None = None

    def step(self, now: datetime) -> list[str]:
        """Write a few events stamped `now` (naive: Shanghai time) in one short transaction; say in Chinese what they were.

        There is always at least one; the same database, randomness and moments give the same events.
        """
        moment = local_time(now)
        # Each step has a connection of its own, so that steps may come from any thread.
        with closing(sqlite3.connect(self._path, timeout=5, isolation_level=None)) as db:
            db.row_factory = sqlite3.Row
            db.execute("pragma synchronous = normal")
            db.execute("begin immediate")
            step = _Moment(db, self._rng, moment)
            if self._opened != moment.date():
                step.open_day()
            events = step.happens()
            db.execute("commit")
        self._opened = moment.date()
        return events


class _Moment:
    """One step's transaction: where it writes, its dice and its time."""

    def __init__(self, db: sqlite3.Connection, rng: Random, now: datetime) -> None:
        self.db = db
        self.rng = rng
        self.now = now
        self.stamp = now.isoformat(sep=" ")
        self.newest = int(db.execute("select max(cst_id) from crm_customer").fetchone()[0])
        self.told: list[str] = []

    def open_day(self) -> None:
        """Book the spending of the days not booked yet, today's left out, and set today's tasks."""
        today = self.now.date()
        last = date.fromisoformat(str(self._value("select max(cost_date) from mkt_cost")))
        for after in range(1, (today - last).days):
            self.db.execute(
                "insert into mkt_cost (proj_id, src_id, cost_date, amt, mtime) "
                "select proj_id, src_id, ?, amt, ? from mkt_cost where cost_date = ? order by cost_id",
                (str(last + timedelta(days=after)), self.stamp, str(last)),
            )
        if str(self._value("select max(due_time) from sop_task")) < str(today):
            self._set_tasks()

    def _set_tasks(self) -> None:
        for (project,) in self.db.execute("select proj_id from base_project order by proj_id").fetchall():
            for hour in (12, 18, 20):
                who = {"proj_id": project, "emp_id": self._salesperson(project), "item": self.rng.choice(SOP_ITEMS)}
                self._add("sop_task", **who, due_time=f"{self.now.date()} {hour}:00:00", mtime=self.stamp)

    def happens(self) -> list[str]:
        """Everything that happens in this step."""
        weekend = self.now.weekday() >= 5
        online = max(0.3, hour_weight("online", self.now.hour, weekend))
        onsite = hour_weight("onsite", self.now.hour, weekend)
        at_work = 1.0 if 9 <= self.now.hour < 21 else 0.12
        for mean, event in self._programme(online, onsite, at_work):
            for _ in range(int(mean) + (self.rng.random() < mean % 1)):
                event()
        if not self.told:
            self._exposure()
        return self.told

    def _programme(self, online: float, onsite: float, at_work: float) -> list[tuple[float, Callable[[], None]]]:
        """Each kind of event with how often it comes in a step."""
        return [
            (1.4 * online, self._exposure),
            (0.15 * online, self._lead),
            (1.3 * at_work, self._follow_up),
            (0.25 * at_work, self._grade),
            (0.08 * at_work, self._loss),
            (0.2 * at_work, self._task),
            (0.05 * onsite, self._visit),
            (0.006 * onsite, self._subscription),
            (0.004 * onsite, self._contract),
            (0.0005 * onsite, self._cancellation),
        ]

    def _tell(self, project: int, what: str) -> None:
        self.told.append(f"{self._value('select proj_name from base_project where proj_id = ?', project)}:{what}")

    def _value(self, sql: str, *values: object) -> object:
        row = self.db.execute(sql, values).fetchone()
        return None if row is None else row[0]

    def _add(self, table: str, **values: object) -> int:
        marks = ", ".join("?" * len(values))
        sql = f"insert into {table} ({', '.join(values)}) values ({marks})"
        return self.db.execute(sql, tuple(values.values())).lastrowid or 0

    def _change(self, customer: int, **values: object) -> None:
        values["mtime"] = self.stamp
        parts = ", ".join(f"{name} = ?" for name in values)
        self.db.execute(f"update crm_customer set {parts} where cst_id = ?", (*values.values(), customer))

    def _customer(self, which: str, back: int = RECENT) -> Customer | None:
        """A random one of the newest `back` customers that fits, or None."""
        start = self.rng.randrange(max(0, self.newest - back), self.newest + 1)
        sql = f"select * from crm_customer where cst_id >= ? and is_test = 0 and {which} order by cst_id limit 1"
        row: Customer | None = self.db.execute(sql, (start,)).fetchone()
        return row

    def _salesperson(self, project: int) -> int:
        sql = "select emp_id from base_emp where proj_id = ? and post < 3 and left_date is null order by emp_id"
        return int(self.rng.choice(self.db.execute(sql, (project,)).fetchall())[0])

    def _exposure(self) -> None:
        like = self._customer("src_id <= 6")
        if like is None:
            return
        views = self.rng.choice((1, 1, 1, 2, 3))
        self._add(
            "mkt_exposure",
            proj_id=like["proj_id"],
            src_id=like["src_id"],
            view_time=self.stamp,
            pv=views,
            uv=1,
            clk=int(self.rng.random() < 0.3),
            view_district=like["want_district"],
            seg=self.rng.choice((1, 1, 2, 3)),
        )
        self._tell(like["proj_id"], f"曝光 +{views}")

    def _lead(self) -> None:
        """A new customer, from where a recent one came; at night only through a screen."""
        like = self._customer("1 = 1")
        if like is None:
            return
        project, source = like["proj_id"], like["src_id"]
        if not 9 <= self.now.hour < 19 and source not in DIGITAL:
            source = MINI_PROGRAM
        customer = self._add(
            "crm_customer",
            cst_name=person_name(self.rng),
            tel=customer_phone(50_000_000 + self.newest),
            proj_id=project,
            src_id=source,
            emp_id=self._salesperson(project),
            level=self.rng.choices((0, 1, 2, 3, 4), (3, 1, 2, 3, 2))[0],
            valid_flag=0,
            status=1,
            seg=self.rng.choice((1, 1, 2, 3)),
            want_district=like["want_district"],
            created=self.stamp,
            mtime=self.stamp,
            is_test=0,
        )
        self.newest = customer
        name = self._value("select src_name from base_source where src_id = ?", source)
        self._tell(project, f"新留电({name})")
        self._origin(customer, project, source)

    def _origin(self, customer: int, project: int, source: int) -> None:
        """What the CRM also writes for a natural visitor, a registered and a referred customer."""
        if source == NATURAL:
            self._seen(customer)
            emp = self._value("select emp_id from crm_customer where cst_id = ?", customer)
            contact = {"way": 4, "result": 1, "follow_time": self.stamp, "mtime": self.stamp}
            self._add("crm_follow", cst_id=customer, emp_id=emp, **contact)
        elif source in AGENCIES:
            brokers = self.db.execute("select distinct broker_id from channel_report where src_id = ?", (source,))
            tel = self._value("select tel from crm_customer where cst_id = ?", customer)
            times = {"report_time": self.stamp, "protect_end": str(self.now + timedelta(days=30)), "mtime": self.stamp}
            broker = self.rng.choice(sorted(row[0] for row in brokers))
            place = {"cst_id": customer, "proj_id": project, "src_id": source}
            self._add("channel_report", **place, broker_id=broker, tel=tel, **times)
        elif source in (OWNERS, BROKERS):
            broker = STAR_BROKER if self.rng.random() < 0.15 else self.rng.choice(PERSONAL_BROKERS)
            place = {"cst_id": customer, "proj_id": project, "broker_id": broker}
            self._add("broker_referral", **place, ref_type=1, ref_time=self.stamp, mtime=self.stamp)
            self._tell(project, "新转介")

    def _follow_up(self) -> None:
        """A call, first of all to those nobody has called yet, the best grades before the others."""
        sql = (
            "select * from crm_customer where cst_id > ? and is_test = 0 and status = 1 "
            "order by level = 0, level, cst_id limit 1"
        )
        customer: Customer | None = self.db.execute(sql, (self.newest - 500,)).fetchone()
        customer = customer or self._customer("status in (2, 3) and valid_flag <> 2")
        if customer is None:
            return
        reached = self.rng.random() < 0.85
        emp = customer["emp_id"] or self._salesperson(customer["proj_id"])
        contact = {"way": self.rng.choice((1, 1, 2)), "result": 1 if reached else 2}
        times = {"follow_time": self.stamp, "mtime": self.stamp}
        self._add("crm_follow", cst_id=customer["cst_id"], emp_id=emp, **contact, **times)
        judged = customer["valid_flag"] or (self.rng.choice((1, 1, 2)) if reached else 0)
        self._change(customer["cst_id"], status=max(2, customer["status"]), valid_flag=judged)
        self._tell(customer["proj_id"], "已跟进" if reached else "跟进未接通")

    def _grade(self) -> None:
        customer = self._customer("status in (2, 3) and level between 1 and 4")
        if customer is not None:
            level = min(4, max(1, customer["level"] + self.rng.choice((-1, 1))))
            self._change(customer["cst_id"], level=level)
            self._tell(customer["proj_id"], f"意向调整为{'ABCD'[level - 1]}级")

    def _loss(self) -> None:
        """An older customer gives up, so that the stock stays about as large as it is."""
        customer = self._customer("status in (2, 3) and level > 2 and lost_time is null", back=6 * RECENT)
        if customer is not None:
            self._change(customer["cst_id"], status=6, lost_time=self.stamp)
            self._tell(customer["proj_id"], "客户流失")

    def _visit(self) -> None:
        customer = self._customer("status = 2 and valid_flag = 1")
        if customer is not None:
            self._seen(customer["cst_id"])

    def _seen(self, number: int) -> None:
        customer = self.db.execute("select * from crm_customer where cst_id = ?", (number,)).fetchone()
        self._add(
            "crm_visit",
            cst_id=number,
            proj_id=customer["proj_id"],
            emp_id=customer["emp_id"],
            src_id=customer["src_id"],
            guest_name=customer["cst_name"],
            guest_tel=customer["tel"],
            visit_time=self.stamp,
            visit_no=1,
            mtime=self.stamp,
            is_test=0,
        )
        self._change(number, status=3)
        self._tell(customer["proj_id"], "客户到访")

    def _subscription(self) -> None:
        customer = self._customer("status = 3 and valid_flag <> 2 and lost_time is null")
        if customer is None:
            return
        usual = self._value("select avg_total from base_project where proj_id = ?", customer["proj_id"])
        amount = int(float(str(usual)) * self.rng.uniform(0.78, 1.3))
        self._add(
            "sale_order",
            room_code=f"{self.rng.randint(1, 12)}-{self.rng.randint(2, 28):02d}0{self.rng.randint(1, 4)}",
            cst_id=customer["cst_id"],
            proj_id=customer["proj_id"],
            emp_id=customer["emp_id"],
            src_id=customer["src_id"],
            buyer_name=customer["cst_name"],
            buyer_tel=customer["tel"],
            order_time=self.stamp,
            total_amt=amount,
            sign_limit=str(self.now.date() + timedelta(days=10)),
            state=1,
            mtime=self.stamp,
        )
        self._change(customer["cst_id"], status=4)
        self._tell(customer["proj_id"], f"认购 {amount / 10_000:.0f}万")

    def _open_order(self) -> Customer | None:
        row: Customer | None = self.db.execute(
            "select * from sale_order where state = 1 and order_time <= ? order by order_time, order_id limit 1",
            (str(self.now - timedelta(minutes=30)),),
        ).fetchone()
        return row

    def _contract(self) -> None:
        """The oldest open subscription is signed and its down payment received."""
        order = self._open_order()
        if order is None:
            return
        same = ("order_id", "cst_id", "proj_id", "emp_id", "src_id", "buyer_name", "buyer_tel", "total_amt")
        area = round(self.rng.uniform(85, 160), 1)
        values = {name: order[name] for name in same}
        signed = self._add("sale_contract", **values, sign_time=self.stamp, area=area, state=1, mtime=self.stamp)
        self.db.execute(
            "update sale_order set state = 2, mtime = ? where order_id = ?", (self.stamp, order["order_id"])
        )
        paid = int(order["total_amt"] * 0.3)
        self._add("fin_receipt", contract_id=signed, pay_time=self.stamp, pay_type=1, amt=paid, mtime=self.stamp)
        if order["cst_id"] is not None:
            self._change(order["cst_id"], status=5)
        self._tell(order["proj_id"], f"签约 {order['total_amt'] / 10_000:.0f}万")

    def _cancellation(self) -> None:
        order = self._open_order()
        if order is None:
            return
        sql = "update sale_order set state = 9, cancel_time = ?, mtime = ? where order_id = ?"
        self.db.execute(sql, (self.stamp, self.stamp, order["order_id"]))
        self._tell(order["proj_id"], "退订")

    def _task(self) -> None:
        """A task of today's SOP is ticked off."""
        task = self.db.execute(
            "select * from sop_task where due_time between ? and ? and done_time is null order by task_id % 7, task_id limit 1",
            (self.stamp, f"{self.now.date()} 23:59:59"),
        ).fetchone()
        if task is not None:
            sql = "update sop_task set done_time = ?, mtime = ? where task_id = ?"
            self.db.execute(sql, (self.stamp, self.stamp, task["task_id"]))
            self._tell(task["proj_id"], f"SOP 完成({task['item']})")

"""The demo's programme: two plans that began ten months ago, values somebody entered, accepted nodes, pilots and experiments."""

from datetime import datetime, timedelta
from fractions import Fraction

from data_access.store import Store
from data_access.store.experiments import add_experiment
from data_access.store.scorecard import Moved, Plan, accept, enter, keep_plan, move, plans
from metrics.experiments import Arm, Experiment
from metrics.scorecard import Entered

_DAYS = 300
_NOTE = "演示数据"
_VALUES = {
    "efficiency": {
        "scoring": ("0.5", "0.67"),
        "enquiry": ("6.5", "4.2"),
        "order_errors": ("0.18", "0.16"),
        "touches": ("45", "51"),
        "data_flow": ("0.6", "0.76"),
    },
    "stock": {"retention": ("0.42", "0.49"), "arpu": ("3200", "3400"), "partners": ("5", "18")},
}
_ACCEPTED = {"efficiency": (2, 25, -4), "stock": (3,)}
"""By plan: how many days late each of the first nodes was done."""


_TRIED = (
    Experiment("先打电话,再发资料", "到访率", "higher", Arm(420, 118), Arm(410, 82), Fraction(20_000), Fraction(1_500)),
    Experiment("朋友圈九宫格换短视频", "有效留电率", "higher", Arm(260, 61), Arm(255, 57), Fraction(12_000)),
)
_PILOTS = {"120": 400, "103": 150, "105": 140, "111": 120, "101": 90}
"""Projects that came in, and how many days ago."""


def demo_scorecard(store: Store, by: str, now: datetime) -> None:
    """Tell when the plans began, and what was reached, where nothing is told yet."""
    if plans(store):
        return
    start = now.date() - timedelta(_DAYS)
    for project, days in _PILOTS.items():
        move(store, project, Moved("pilot", now.date() - timedelta(days), _NOTE, by, now))
    move(store, "120", Moved("fixed", now.date() - timedelta(60), _NOTE, by, now))
    for tried in _TRIED:
        add_experiment(store, tried, by, now)
    for plan, values in _VALUES.items():
        keep_plan(store, plan, Plan(start), by, now)
        for kpi, (first, last) in values.items():
            for value, day in ((first, start), (last, now.date() - timedelta(10))):
                enter(store, (plan, kpi), Entered(Fraction(value), day, _NOTE, by, now))
        for at, late in enumerate(_ACCEPTED[plan]):
            accept(store, plan, at + 1, start + timedelta(91 * (at + 1) + late), _NOTE, by, now)

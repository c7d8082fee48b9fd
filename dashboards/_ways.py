"""Ways from the overview to the pages that help to decide."""

from dataclasses import dataclass

from htpy import Node, a, div, p

from components.shell import part
from dashboards._benchmark import BENCHMARKS, BENCHMARKS_WORD, READERS
from dashboards._due import COMMITMENTS, COMMITMENTS_WORD, REPORTS, REPORTS_WORD
from dashboards._page import View
from metrics.pack import Label
from metrics.scope import EVERYBODY, GROUP_ROLES, PROJECT_ROLES, Role


@dataclass(frozen=True)
class Way:
    """A page outside the five sections and who may open it."""

    path: str
    label: Label
    roles: frozenset[Role]


GAP, WHY, SANDBOX = "/gap", "/why", "/sandbox"
GAP_WORD, WHY_WORD = Label("目标缺口", "Target gap"), Label("为什么变了", "Why it changed")
SANDBOX_WORD = Label("沙盘", "Sandbox")
DRILL, DRILL_WORD = "/drill", Label("演练", "Drill")
FORECAST, FORECAST_WORD = "/forecast", Label("年底预测", "Forecast")
GAP_ROLES: frozenset[Role] = frozenset(("leader", "admin", "head"))
SANDBOX_ROLES: frozenset[Role] = GAP_ROLES
QUALITY, QUALITY_WORD = "/quality", Label("线索质量", "Lead quality")
CALLS, CALLS_WORD = "/calls", Label("先打谁", "Who to call now")
CALLERS: frozenset[Role] = frozenset(("salesperson", "champion", "head"))
SCORECARD, MILESTONES, BUDGET, ROLLOUT, EXPERIMENTS = "/scorecard", "/milestones", "/budget", "/rollout", "/experiments"
SCORECARD_WORD, MILESTONES_WORD = Label("记分卡", "Scorecard"), Label("里程碑", "Milestones")
BUDGET_WORD, ROLLOUT_WORD = Label("预算", "Budget"), Label("推广", "Roll-out")
EXPERIMENTS_WORD = Label("实验", "Experiments")
SCORECARD_ROLES: frozenset[Role] = frozenset(("leader", "admin", "head"))

GROUPS: tuple[tuple[Label, tuple[Way, ...]], ...] = (
    (
        Label("算清楚", "Work it out"),
        (
            Way(GAP, GAP_WORD, GAP_ROLES),
            Way(WHY, WHY_WORD, PROJECT_ROLES),
            Way(FORECAST, FORECAST_WORD, SANDBOX_ROLES),
            Way(SANDBOX, SANDBOX_WORD, SANDBOX_ROLES),
            Way("/channels", Label("渠道", "Channels"), frozenset(("leader", "admin", "head"))),
            Way("/compare", Label("同行差距", "Against peers"), frozenset(("leader", "admin", "head"))),
            Way("/demand", Label("需求洞察", "Demand"), GROUP_ROLES),
            Way(BENCHMARKS, BENCHMARKS_WORD, READERS),
        ),
    ),
    (
        Label("抓落实", "Follow it through"),
        (
            Way(SCORECARD, SCORECARD_WORD, SCORECARD_ROLES),
            Way(MILESTONES, MILESTONES_WORD, PROJECT_ROLES),
            Way(ROLLOUT, ROLLOUT_WORD, GROUP_ROLES),
            Way(BUDGET, BUDGET_WORD, SCORECARD_ROLES),
            Way(EXPERIMENTS, EXPERIMENTS_WORD, GROUP_ROLES),
            Way(REPORTS, REPORTS_WORD, PROJECT_ROLES),
            Way(COMMITMENTS, COMMITMENTS_WORD, PROJECT_ROLES),
        ),
    ),
    (
        Label("客户与消息", "Customers and messages"),
        (
            Way(CALLS, CALLS_WORD, CALLERS),
            Way(QUALITY, QUALITY_WORD, SANDBOX_ROLES),
            Way("/peers", Label("同行对比", "Peers"), frozenset(("leader", "admin", "head"))),
            Way("/good-news", Label("喜报与海报", "Good news and posters"), EVERYBODY),
            Way("/outbox", Label("发件箱", "Outbox"), GROUP_ROLES),
        ),
    ),
)
DECISIONS = tuple(way for _, ways in GROUPS for way in ways)


def decisions(view: View) -> Node:
    """What the viewer may open to decide, group by group; nothing when nothing."""
    groups = [(label, [one for one in ways if view.scope.role in one.roles]) for label, ways in GROUPS]
    shown: list[Node] = [_group(view, label, listed) for label, listed in groups if listed]
    return part("ways", *shown) if shown else None


def _group(view: View, label: Label, listed: list[Way]) -> Node:
    links = [a(href=view.address(one.path))[view.say(one.label)] for one in listed]
    return [p(".panel-note")[view.say(label)], div(".ways")[links]]

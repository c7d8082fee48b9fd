"""审计: who did what with rights and personal data, newest first, for the administrator."""

from collections.abc import Iterator
from datetime import timedelta
from zoneinfo import ZoneInfo

from flask import Response, g, request
from htpy import Element, a, button, div, form, input, li, ol, p, span, strong

from components.filters import address
from components.spreadsheet import BOM, csv_lines
from components.words import Words
from dashboards._assets import Assets
from dashboards._door import Door, Policy
from dashboards._forms import choice_field, other_language
from dashboards._page import World
from dashboards._plain import plain
from data_access.audit_records import COLUMNS, audit_records, names_of
from data_access.store.audit import Entry, Wanted, actions, all_entries, entries, record
from data_access.store.people import people
from metrics.pack import Label

PATH, FILE = "/audit", "/audit.csv"
PAGE = 50
_TITLE = Label("审计", "Audit")
_WHAT, _WHO = Label("操作", "Action"), Label("操作人", "By")
_ALL, _SHOW = Label("全部", "All"), Label("查看", "Show")
_OLDER, _EXPORT, _HOME = Label("更早", "Older"), Label("导出CSV", "Export CSV"), Label("首页", "Home")
_NONE = Label("没有记录", "No entries")
_BACKUP = Label("最近备份", "Last backup")
_NO_BACKUP = Label("没有备份", "There is no backup")
FRESH = timedelta(hours=26)
"""A daily backup that is older was missed."""
_ACTIONS = {
    "sign_in": Label("登录", "Signed in"),
    "sign_in_refused": Label("登录被拒", "Sign-in refused"),
    "sign_out": Label("退出", "Signed out"),
    "person_added": Label("新增人员", "Person added"),
    "person_changed": Label("更改人员", "Person changed"),
    "link_made": Label("生成登录链接", "Sign-in link made"),
    "password_set": Label("设置密码", "Password set"),
    "password_forgotten": Label("清除密码", "Password removed"),
    "code_forgotten": Label("重置验证码", "Code reset"),
    "contacts_shown": Label("查看客户", "Customers looked at"),
    "reveal": Label("查看完整号码", "Whole number shown"),
    "reveal_refused": Label("查看号码被拒", "Whole number refused"),
    "export": Label("导出名单", "List exported"),
    "screen_paired": Label("批准屏幕", "Screen approved"),
    "screen_changed": Label("更改屏幕", "Screen changed"),
    "screen_revoked": Label("停用屏幕", "Screen revoked"),
    "screen_copied": Label("屏幕凭证被复制", "Screen credential copied"),
    "message_retried": Label("重发消息", "Message sent again"),
    "message_cancelled": Label("取消消息", "Message cancelled"),
    "record_confirm": Label("稽核核实", "Record finding confirmed"),
    "record_reject": Label("稽核排除", "Record finding rejected"),
    "record_appeal": Label("稽核申诉", "Record finding appealed"),
    "record_reopen": Label("稽核重新核查", "Record finding checked again"),
    "board_published": Label("榜单发布", "Board published"),
    "sheet_frozen": Label("年度考核表定稿", "Yearly sheet frozen"),
    "alert_taken": Label("认领预警", "Alert taken"),
    "alert_closed": Label("关闭预警", "Alert closed"),
    "alert_judged": Label("评定预警", "Alert judged"),
    "silence_made": Label("设置静默", "Silence made"),
    "silence_ended": Label("结束静默", "Silence ended"),
    "watch_added": Label("新增外部关注", "Watch entry added"),
    "watch_changed": Label("更改外部关注", "Watch entry changed"),
    "watch_ended": Label("结束外部关注", "Watch entry ended"),
    "risk_added": Label("新增风险", "Risk added"),
    "risk_changed": Label("更改风险", "Risk changed"),
    "report_issued": Label("签发体检报告", "Health report issued"),
    "report_exported": Label("导出体检报告", "Health report exported"),
    "commitment_made": Label("作出承诺", "Commitment made"),
    "commitment_withdrawn": Label("撤回承诺", "Commitment withdrawn"),
    "benchmark_added": Label("新增标杆", "Benchmark added"),
    "benchmark_changed": Label("更改标杆", "Benchmark changed"),
    "benchmark_ended": Label("撤下标杆", "Benchmark taken off"),
    "benchmark_covered": Label("更换首页标杆", "Benchmark on the overview changed"),
    "scenario_saved": Label("保存沙盘方案", "Scenario saved"),
    "scenario_ruled": Label("登记方案审议", "Scenario ruled on"),
    "scenario_removed": Label("删除沙盘方案", "Scenario removed"),
    "scenario_exported": Label("导出可行性测算", "Feasibility document exported"),
    "scorecard_planned": Label("更改记分卡方案", "Scorecard plan changed"),
    "kpi_set": Label("更改记分卡指标", "KPI changed"),
    "kpi_entered": Label("录入记分卡数值", "KPI value entered"),
    "node_accepted": Label("验收方案节点", "Plan node accepted"),
    "rollout_moved": Label("更改推广阶段", "Roll-out stage changed"),
    "experiment_added": Label("新增实验", "Experiment added"),
    "experiment_counted": Label("更新实验数据", "Experiment counted"),
    "experiment_decided": Label("实验结论", "Experiment decided"),
    "audit_exported": Label("导出审计", "Audit exported"),
    "backup_made": Label("备份", "Backup made"),
    "backup_restored": Label("从备份恢复", "Restored from a backup"),
}
"""The words for what is recorded; what a newer version recorded is called as it is kept."""


def add(door: Door, world: World, assets: Assets) -> None:
    """Add the page and its file."""
    roles = frozenset(("admin",))
    door.route(PATH, Policy(roles, document=True), lambda: _page(world, assets))
    door.route(FILE, Policy(roles, document=True), lambda: _file(world))


def _wanted() -> Wanted:
    return Wanted(actor=_asked("by"), action=_asked("action"))


def _asked(name: str) -> str | None:
    """What is asked for; None for everything, and for what no entry can hold."""
    given = request.args.get(name, "")
    return given if given and given.isprintable() else None


def _page(world: World, assets: Assets) -> str:
    words, before = world.words(request.args.get("lang", "")), request.args.get("before", "")
    until = int(before) if before.isdecimal() and len(before) < 19 else None
    found = entries(world.store, _wanted(), before=until, limit=PAGE + 1)
    names, zone = names_of(world.store), world.settings.group.time_zone
    records = list(audit_records(found[:PAGE], names, zone))
    return plain(
        words.say(_TITLE),
        _backup(world, words),
        _choice(world, words),
        ol[[_item(one, words) for one in records]] if records else p(".nothing")[words.say(_NONE)],
        _ways(found, words),
        words=words,
        css=assets.css,
        is_wide=True,
    )


def _backup(world: World, words: Words) -> Element:
    """When the store was last backed up; marked when that is too long ago."""
    last = next(iter(entries(world.store, Wanted(action="backup_made"), limit=1)), None)
    if last is None:
        return p(".still")[words.say(_NO_BACKUP)]
    zone = ZoneInfo(world.settings.group.time_zone)
    said = f"{words.say(_BACKUP)} {last.at.astimezone(zone):%Y-%m-%d %H:%M}"
    return p(".still" if world.clock() - last.at > FRESH else ".panel-note")[said]


def _choice(world: World, words: Words) -> Element:
    """The filters, by action and by person."""
    names = {one.id: one.name for one in people(world.store)}
    known = {one: words.say(_ACTIONS.get(one, Label(one, one))) for one in actions(world.store)}
    lang = request.args.get("lang", "")
    return form(".asked", method="get", action=PATH)[
        lang and input(type="hidden", name="lang", value=lang),
        [
            choice_field(name, said, words, [("", words.say(_ALL)), *choices.items()], request.args.get(name, ""))
            for name, said, choices in (("action", _WHAT, known), ("by", _WHO, names))
        ],
        button(".button", type="submit")[words.say(_SHOW)],
    ]


def _item(one: dict[str, str], words: Words) -> Element:
    action = words.say(_ACTIONS.get(one["action"], Label(one["action"], one["action"])))
    return li(".entry")[
        div(".entry-head")[strong[action], span[one["by"]], span(".panel-note")[one["at"]]],
        p(".panel-note")[" · ".join(text for text in (f"#{one['id']}", one["about"], one["detail"]) if text)],
    ]


def _ways(found: list[Entry], words: Words) -> Element:
    kept = {name: request.args.get(name, "") for name in ("action", "by", "lang")}
    return div(".ways")[
        len(found) > PAGE and a(href=address(PATH, kept | {"before": str(found[PAGE - 1].id)}))[words.say(_OLDER)],
        a(href=address(FILE, kept))[words.say(_EXPORT)],
        a(href=address("/", {"lang": kept["lang"]}))[words.say(_HOME)],
        a(href=other_language(PATH, kept, words))[words.of("other_language")],
    ]


def _file(world: World) -> Response:
    """Every entry that is wanted, as CSV; that it was taken is an entry too."""
    wanted, zone = _wanted(), world.settings.group.time_zone
    asked = {"by": wanted.actor, "action": wanted.action}
    record(world.store, g.person.id, "audit_exported", world.clock(), detail=asked)
    records = audit_records(all_entries(world.store, wanted), names_of(world.store), zone)

    def lines() -> Iterator[str]:
        yield BOM
        yield from csv_lines([COLUMNS])
        yield from csv_lines([str(one[name]) for name in COLUMNS] for one in records)

    answer = Response(lines(), mimetype="text/csv")
    answer.headers["Content-Disposition"] = 'attachment; filename="audit.csv"'
    return answer

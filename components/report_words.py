"""The words of a health report, of the pack of a month and of commitments."""

from collections.abc import Mapping

from metrics.commitments import State
from metrics.pack import Label

VERDICTS = {
    "healthy": (Label("健康", "Healthy"), "green"),
    "watch": (Label("需关注", "Watch"), "orange"),
    "critical": (Label("告急", "Critical"), "red"),
    "unknown": (Label("无法判断", "Cannot be told"), "quiet"),
}
JUDGED = {
    "strong": (Label("优于参考", "Better"), "green"),
    "normal": (Label("在参考内", "Normal"), "quiet"),
    "weak": (Label("弱于参考", "Weak"), "red"),
    "few": (Label("样本不足", "Too few cases"), "quiet"),
    "size": (Label("规模,不评", "Size, not judged"), "quiet"),
    "no_range": (Label("无参考", "No range"), "quiet"),
    "missing": (Label("", ""), "quiet"),
}
STATES: Mapping[State, tuple[Label, str]] = {
    "open": (Label("进行中", "Open"), "accent"),
    "kept": (Label("已兑现", "Kept"), "green"),
    "missed": (Label("未兑现", "Missed"), "red"),
    "untold": (Label("无法判断", "Cannot be told"), "quiet"),
    "withdrawn": (Label("已撤回", "Withdrawn"), "quiet"),
}
OVERDUE = (Label("已到期,待榜单核对", "Due, awaits the board"), "orange")
WINDOWS = {
    "week": Label("近 7 天", "7 days"),
    "month": Label("近 28 天", "28 days"),
    "year": Label("年初至今", "year to date"),
}
NOW = Label("时点", "as it stands")
TITLES = {
    "verdict": Label("结论", "Verdict"),
    "remedies": Label("处方", "Prescriptions"),
    "vitals": Label("体征", "Vital signs"),
    "leaks": Label("漏斗流失", "Where the funnel leaks"),
    "channel_leaks": Label("流失在哪个渠道", "Leaks by channel"),
    "follow_up": Label("响应与跟进", "Response and follow-up"),
    "channels": Label("渠道质量", "Channel quality"),
    "team": Label("团队差异", "Team spread"),
    "complete": Label("数据完整度", "Data completeness"),
    "risks": Label("风险", "Risks"),
    "promised": Label("承诺", "Commitments"),
    "note": Label("项目说明", "Note"),
    "how": Label("口径", "How it is read"),
}
SAID = {
    "behind": Label(
        "年度目标完成 {done},应完成 {due},落后 {value} 个百分点",
        "{done} of the year's target done, {due} due: {value} points behind",
    ),
    "ahead": Label(
        "年度目标完成 {done},应完成 {due},领先 {value} 个百分点",
        "{done} of the year's target done, {due} due: {value} points ahead",
    ),
    "weak": Label(
        "{judged} 项可比体征中 {n} 项偏弱:{names}", "{n} of {judged} comparable vital signs are weak: {names}"
    ),
    "none_weak": Label("{judged} 项可比体征都不弱", "None of {judged} comparable vital signs is weak"),
    "none_judged": Label("没有可比的体征", "No vital sign can be compared"),
    "red": Label("另有红色预警 {n} 条", "{n} other red alerts"),
    "exempt": Label("试点免责:不排名,不述职", "Exempt pilot: neither ranked nor asked to explain"),
    "rule": Label(
        "判定:落后目标超过 {limit} 个百分点、三分之一以上体征偏弱、另有红色预警,占一项为需关注,占两项为告急。",
        "Rule: behind target by over {limit} points, a third of the vital signs weak, another red alert: one is Watch, two are Critical.",
    ),
    "range": Label("参考 {low}–{high} · {n} 个项目", "Range {low}–{high} · {n} projects"),
    "no_range": Label("可比项目不足 {least} 个", "Fewer than {least} projects to compare"),
    "of_active": Label("{name}占比", "{name}, share"),
    "week_note": Label("榜单周 {days} · 参考为全集团四分位", "Week {days} · range: the group's quartiles"),
    "cohort": Label("{days} 留电批次,观察期已满", "Leads of {days}, old enough for every step"),
    "no_cohort": Label("这段时间没有满观察期的留电", "No leads that are old enough"),
    "if": Label("若{rate}达到同组中位 {peers}(现 {own})", "If {rate} reached the peers' median {peers} (now {own})"),
    "worth": Label("{last} +{n}", "{last} +{n}"),
    "least_worth": Label("不足 0.1", "under 0.1"),
    "assumed": Label(
        "同组中位来自样本足够的 {n} 个项目;按未取整的数计算,未扣退订退房。",
        "Median of {n} peers with cases enough; computed unrounded, cancellations not deducted.",
    ),
    "borrowed": Label(
        "{steps}的转化本项目样本不足,用同组合计。", "Rate of {steps}: all peers together, the own cases are too few."
    ),
    "first": Label("先看{channel}", "Begin with {channel}"),
    "all_over": Label("差距不在某一个渠道", "No single channel explains it"),
    "small": Label(
        "各步就算达到同组中位,{last}也多不了 {n},不开处方",
        "Even at the peers' median no step would bring {n} of {last}: no prescription",
    ),
    "suspected": Label(
        "记录核查有 {n} 条未排除,核实前不计入结论", "{n} record findings are not ruled out and not part of the verdict"
    ),
    "healthy": Label("可比的各步转化都不低于同组中位", "No comparable step is below the peers' median"),
    "not_told": Label("样本不足或同组项目太少,不开处方", "Too few cases or peers: no prescription"),
    "costs": Label("合{last}", "In {last}"),
    "worst": Label("流失最多:{step}的{channel},合{last} {n}", "Worst leak: {step} by {channel}, {n} of {last}"),
    "four_weeks": Label("近 {n} 周", "Last {n} weeks"),
    "few_mark": Label("样本不足", "few"),
    "over": Label("※ 含此前留电或未留电的客户", "※ some left their number earlier or not at all"),
    "people": Label("{n} 人可比 · {left} 人样本不足 · {days}", "{n} people compared · {left} with too few · {days}"),
    "too_few_people": Label("样本足够的不足 {least} 人,不比较", "Fewer than {least} people with cases enough"),
    "mean": Label("各项平均 {value}", "Mean of the lines {value}"),
    "still": Label("{what}停更,自 {when}", "{what} stands still since {when}"),
    "alerts_now": Label("截至 {when} 的预警", "Alerts as of {when}"),
    "no_alerts": Label("没有未结预警", "No open alerts"),
    "no_record": Label("无数据:成稿时距该周已超过 7 天", "No data: drafted over 7 days after the week"),
    "findings": Label("记录核查:{why}", "Record findings: {why}"),
    "not_yet": Label("无数据(核查规则尚未接入)", "no data (not connected yet)"),
    "draft": Label("草稿 · 数据截至 {as_of}", "Draft · data as of {as_of}"),
    "issued": Label("{name} 于 {when} 签发 · 数据截至 {as_of}", "Issued by {name}, {when} · data as of {as_of}"),
    "snapshot": Label("数据版本 {version} · 口径 {pack}", "Snapshot {version} · pack {pack}"),
    "promise": Label("{metric}({window}) {sign} {value},{due} 前", "{metric} ({window}) {sign} {value} by {due}"),
    "formula": Label("{name} = {how}", "{name} = {how}"),
}
COMPLETE = {
    "owner": Label("留电有归属人", "Leads with a salesperson"),
    "channel": Label("留电有渠道", "Leads with a channel"),
    "grade": Label("留电已评级", "Leads with a grade"),
    "spend_weeks": Label("费用已录周数", "Weeks with spend"),
}
HEADS = {
    "step": Label("步骤", "Step"),
    "channel": Label("渠道", "Channel"),
    "entered": Label("进入", "Entered"),
    "reached": Label("到达", "Reached"),
    "rate": Label("转化", "Rate"),
    "peers": Label("同组中位", "Peers"),
    "metric": Label("指标", "Metric"),
    "best": Label("最好", "Best"),
    "middle": Label("中位", "Median"),
    "weakest": Label("最弱", "Weakest"),
    "item": Label("项目", "Item"),
    "share": Label("完整", "Share"),
    "quotient": Label("分子÷分母", "Quotient"),
    "promise": Label("承诺", "Commitment"),
    "state": Label("状态", "State"),
    "now": Label("最近读数", "Latest"),
    "week": Label("榜单周", "Week"),
    "rank": Label("名次", "Rank"),
    "points": Label("得分", "Points"),
    "behind": Label("落后目标", "Behind target"),
    "word": Label("体检", "Report"),
}
PACK = {
    "rule": Label(
        "规则:{board}末三分之一(名次 > n − n÷3 取整),或落后目标超过限值;当月至少 {n} 周如此。试点免责不计。",
        "Rule: in the lowest third of {board} (rank > n − n÷3, rounded down) or behind target by over the limit, in at least {n} weeks of the month. Exempt pilots are left out.",
    ),
    "none": Label("本月没有需要述职的项目", "Nobody has to explain this month"),
    "weeks": Label("{n} 周落后", "{n} weeks behind"),
    "no_promise": Label("没有承诺", "No commitments"),
    "low": Label("末1/3", "lowest third"),
    "over": Label("超限", "over the limit"),
    "title": Label("{name} · {weeks}", "{name} · {weeks}"),
    "few_boards": Label("本月已发布 {n} 周", "{n} weeks of this month are published"),
}

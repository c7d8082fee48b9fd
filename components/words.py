"""Every word and number format of the interface, in Chinese and in English."""

from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Literal

from metrics.pack import Label
from metrics.reading import Number, Reading

Language = Literal["zh", "en"]
Direction = Literal["up", "down", "flat", "unknown"]
Tone = Literal["better", "worse", "neutral"]

_TEXTS: dict[str, tuple[str, str]] = {
    # the frame
    "product": ("营销作战室", "Warboard"),
    "overview": ("总览", "Overview"),
    "funnels": ("漏斗", "Funnels"),
    "heat": ("热力", "Heat"),
    "boards": ("排行", "Boards"),
    "alerts": ("预警", "Alerts"),
    "sections": ("栏目", "Sections"),
    "all": ("全部", "All"),
    "other_language": ("English", "中文"),
    "account": ("账号", "Account"),
    "settings": ("设置", "Settings"),
    "theme_auto": ("外观:跟随系统", "Theme: as the system"),
    "theme_dark": ("外观:深色", "Theme: dark"),
    "theme_light": ("外观:浅色", "Theme: light"),
    "skip": ("跳到正文", "Skip to content"),
    "new_build": ("有新版本,点此刷新", "A new version is ready. Refresh"),
    "sign_in_again": ("登录已过期,点此重新登录", "Your session has ended. Sign in"),
    "screen_expired": ("本屏授权待续,请管理员查看", "This screen needs its pairing renewed"),
    "revoked": ("本屏已停用", "This screen has been revoked"),
    "panel_failed": ("本块暂时无法显示", "This panel cannot be shown"),
    "panel_kept": ("本块停在 {when}({age}),正在重试", "This panel stands at {when} ({age}); trying again"),
    # walls
    "scenes": ("大屏场景", "Scenes"),
    "scene_keys": ("↑↓选择 · 确定打开 · 返回关闭", "↑ ↓ choose · OK opens · Back closes"),
    "on_a_phone": ("手机扫码看本屏", "Scan to open on a phone"),
    "good_news": ("喜报", "New contract"),
    "signed_one": ("成功签约", "Signed"),
    "unknown_projects": ("没有编号为 {ids} 的项目", "There is no project {ids}"),
    "calm_short": ("正常", "Calm"),
    "more_projects": ("另有 {n} 个项目", "{n} more projects"),
    "no_region": ("未分区", "No region"),
    "duel_of": ("{board} · 上周前两名", "{board}, first two of last week"),
    # how fresh the data is
    "as_of": ("数据截至", "Data as of"),
    "live": ("实时", "Live"),
    "amber": ("更新延迟", "Delayed"),
    "grey": ("已停更", "Stopped"),
    "offline": ("连接中断", "Offline"),
    "ago_units": ("秒前|分钟前|小时前|天前", " s ago| min ago| h ago| d ago"),
    "pairing_title": ("等待配对", "Waiting to be paired"),
    "pairing_scan": ("管理员用手机扫码,确认后自动开屏", "An administrator scans this; the screen then opens by itself"),
    "pairing_type": ("或在手机打开 {address},输入配对码", "Or open {address} on a phone and type the code"),
    "pairing_life": ("配对码 10 分钟有效,过期自动更换", "A code lives for 10 minutes; then a new one comes"),
    "pairing_ended": ("本屏已停用,可重新配对", "This screen was closed; it can be paired again"),
    "pairing_full": ("等待配对的屏幕太多,请稍后", "Too many screens wait; one moment"),
    "pairing_lost": (
        "本屏的场景已不可用,请管理员更改",
        "This screen's scenes are gone; ask an administrator to change it",
    ),
    "left_out": (
        "链接里的{what}查不到或不在您的范围内,下面的数字没有按它筛选",
        "The link's {what} is unknown or outside what you may see; these numbers are not narrowed by it",
    ),
    "still": (
        "{what}数据停在{when},之后读取失败,相关数字暂不更新",
        "{what} stands at {when}: reading it failed since then",
    ),
    # missing
    "missing_absent": ("无数据", "No data"),
    "missing_no_target": ("未设目标", "No target"),
    "missing_spend_open": ("费用未结", "Spend open"),
    "missing_nothing": ("无数据", "No data"),
    "missing_immature": ("未成熟", "Too young"),
    "missing_no_record": ("无记录", "No record"),
    "missing_scope": ("无权限", "Not in scope"),
    "missing_part": ("缺项", "Part missing"),
    "missing_exempt": ("试点免责", "Exempt pilot"),
    "missing_gap": ("无可比", "Nothing to compare"),
    "missing_few_left": ("不排名", "Not ranked"),
    "missing_not_yet": ("无数据", "No data"),
    "reason_absent": ("源库没有{what}数据", "The source has no {what}"),
    "reason_absent_unnamed": ("源库没有这项数据", "The source does not have this"),
    "reason_no_target": ("本期没有录入目标", "No target was set for this period"),
    "reason_spend_open": ("本期投放费用还没录入", "Spend for this period is not in yet"),
    "reason_nothing": ("分母为零,算不出比率", "Nothing to divide by"),
    "reason_immature": ("留电还在观察期内", "The leads are still inside their window"),
    "reason_no_record": ("那一天没有留存记录", "No record was kept on that day"),
    "reason_part": ("有一项没有数据或样本不足,不能合计", "A part has no data or too few cases, so there is no total"),
    "reason_exempt": ("试点期内不参与排名", "A pilot is not ranked"),
    "reason_gap": ("前几周有一周没有数据", "A week before it has no data"),
    "reason_few_left": ("能比的太少,这周不排名", "Too few can be compared, so nobody is ranked"),
    "reason_not_yet": ("这一项还没有接入", "This is not connected yet"),
    "reason_scope": ("不在您的数据权限内", "Outside what you may see"),
    "few": ("样本不足", "Too few cases"),
    "few_reason": ("样本不足 {least} 例,仅供参考", "Fewer than {least} cases"),
    # comparisons
    "up": ("上升", "up"),
    "down": ("下降", "down"),
    "flat": ("持平", "flat"),
    "unknown": ("无可比数据", "no comparison"),
    "better": ("向好", "better"),
    "worse": ("转弱", "worse"),
    "points": ("{value}个百分点", "{value} pts"),
    "short_points": ("{value}个点", "{value} pts"),
    "same_point": ("同期", "Then"),
    # target
    "done": ("已完成", "Done"),
    "attainment": ("目标完成", "Of target"),
    "elapsed": ("时间进度", "Time elapsed"),
    "is_behind": ("落后时间进度 {value}", "{value} behind time"),
    "is_ahead": ("领先时间进度 {value}", "{value} ahead of time"),
    "is_level": ("与时间进度持平", "Level with time"),
    "behind": ("落后 {value}", "{value} behind"),
    "ahead": ("领先 {value}", "{value} ahead"),
    "level": ("持平", "Level"),
    "gap": ("目标缺口", "Target gap"),
    "gap_needed": ("还差 {gap} 组客户", "{gap} customers short"),
    "gap_none": ("现有客户已够,富余 {gap} 组", "Enough customers, {gap} to spare"),
    "gap_sum": (
        "{target} ÷ 均价 {price} ÷ 转化率 {conversion} = 需 {needed} 组,现有有效 {stock} 组",
        "{target} ÷ price {price} ÷ conversion {conversion} = {needed} needed, {stock} valid in stock",
    ),
    # why a number changed
    "why_said": ("{part}:{value}", "{part}: {value}"),
    "why_volume": ("{what}总量从 {before} 到 {now}", "{what} in all from {before} to {now}"),
    "why_volume_of": ("{child}的{what}从 {before} 到 {now}", "{child}: {what} from {before} to {now}"),
    "why_mix": ("{child}占{what}从 {before} 到 {now}", "{child}: share of {what} from {before} to {now}"),
    "why_rate": ("{child}的{what}从 {before} 到 {now}(n {n})", "{child}: {what} from {before} to {now} (n {n})"),
    "why_other": ("{child}的{what}从 {before} 到 {now}", "{child}: {what} from {before} to {now}"),
    "why_new": ("{child}上期没有、本期新增", "{child} is new in this period"),
    "why_apart": ("{child}没有走过上一步的部分", "{child}, without the step before"),
    "why_untold": (
        "{child}缺数据,说不清(占比从 {before} 到 {now})",
        "{child} lacks data and cannot be told (share from {before} to {now})",
    ),
    "why_all_volume": ("{what}总量", "{what} in all"),
    "why_all_mix": ("结构(各部分占比)", "Mix (shares of the parts)"),
    "why_all_new": ("本期新增", "New in this period"),
    "why_all_apart": ("没有走过上一步", "Without the step before"),
    "why_all_untold": ("缺数据,说不清", "Lacks data, not told"),
    "why_step": ("{of}→{to}", "{of} → {to}"),
    "why_each": ("每笔{of}的{to}", "{to} per {of}"),
    "why_own_rate": ("各部分自身的{what}", "The parts' own {what}"),
    "why_cut": ("横轴不从零开始", "The scale does not begin at zero"),
    "why_no_rate": ("无", "none"),
    "why_before": ("上期", "Before"),
    "why_now": ("本期", "Now"),
    "why_part": ("原因", "Part"),
    "why_effect": ("影响", "Effect"),
    "why_rest": ("其余 {n} 项合计", "The other {n} together"),
    "why_sum": ("合计", "Sum"),
    "group": ("集团", "Group"),
    # the target gap, step by step
    "gap_step_target": ("全年目标 {target}", "The target of the year is {target}"),
    "gap_step_sales": ("平均一套 {price},要卖 {sales} 套", "At {price} each, that is {sales} sales"),
    "gap_step_needed": (
        "每 100 组有效客户成交 {hundred} 组,要有 {exact} 组客户,记 {needed} 组",
        "Of 100 valid customers {hundred} sign, so it takes {exact} customers, counted as {needed}",
    ),
    "gap_step_stock": ("手上有效客户 {stock} 组", "{stock} valid customers are in stock"),
    "gap_step_gap": ("还差 {gap} 组客户", "{gap} customers are missing"),
    "gap_step_enough": ("现有客户已够,富余 {gap} 组", "There are enough customers, {gap} to spare"),
    "gap_step_phones": (
        "留电里 {share} 有效,要 {phones} 个新留电",
        "{share} of phones are valid, so it takes {phones} new phones",
    ),
    "gap_unknown_target": ("还没有目标,请填写", "There is no target yet: give one"),
    "gap_unknown_price": ("还没有均价,请填写", "There is no average price yet: give one"),
    "gap_unknown_conversion": ("还没有转化率,请填写", "There is no conversion yet: give one"),
    "gap_unknown_stock": ("现有客户数未知,请填写", "The customers in stock are not known: give them"),
    "gap_unknown_valid": ("留电有效率未知,请填写", "The valid share is not known: give one"),
    "gap_sum_line": ("需要 {needed} / 现有 {stock} / 缺口 {gap}", "Needed {needed} / in stock {stock} / gap {gap}"),
    "gap_needed_word": ("需要", "Needed"),
    "gap_stock_word": ("现有", "In stock"),
    "gap_gap_word": ("缺口", "Gap"),
    "gap_spare_word": ("富余", "To spare"),
    "gap_source_set": ("设定 · 集团配置", "Set · the group's settings"),
    "gap_source_plan": ("设定 · 目标表", "Set · the table of targets"),
    "gap_source_listed": ("设定 · 项目资料", "Set · the project's entry"),
    "gap_source_measured": ("测得", "Measured"),
    "gap_source_assumed": ("假设,可改", "Assumed, can be changed"),
    "gap_source_unknown": ("未填", "Not given"),
    "gap_measured": ("测得 {value}({days},{n})", "Measured {value} ({days}, {n})"),
    "gap_measured_plain": ("测得 {value}({days})", "Measured {value} ({days})"),
    "gap_not_measured": ("测不到:{why}", "Not measured: {why}"),
    "gap_kind": (
        "照现在的来源比例承担 {customers} 组,要 {phones} 个留电;全靠它要 {alone} 个",
        "At the present mix {customers} customers, {phones} phones; alone {alone} phones",
    ),
    "gap_run_done": (
        "到昨天净签约 {done},还差 {left};今天起还有 {days} 天,平均每天要签 {average},今天要 {today}",
        "{done} net by yesterday, {left} left; with {days} days left, today among them, {average} a day on average, {today} today",
    ),
    "gap_run_reached": ("到昨天净签约 {done},目标已完成", "{done} net by yesterday: the target is reached"),
    "gap_run_phones": (
        "新留电平均每天要 {average} 个,今天要 {today} 个",
        "New phones: {average} a day on average, {today} today",
    ),
    "gap_rhythm": ("{what}按星期强弱测得({days},n={n})", "{what} by weekday as measured ({days}, n={n})"),
    "gap_rhythm_even": (
        "{what}样本不足({n} 例),每天按相同强弱算",
        "{what}: too few cases ({n}), every day counts the same",
    ),
    "gap_day": ("日子", "Day"),
    "gap_days_left": ("剩余天数", "Days left"),
    "gap_each_amount": ("每天要签", "Sales a day"),
    "gap_each_phones": ("每天留电", "Phones a day"),
    "gap_holiday": ("法定假日", "Public holiday"),
    "gap_source_asked": ("本页填写", "Given here"),
    # the sandbox
    "sandbox_amount": ("全年净签约额(估计)", "Net amount of the year (estimate)"),
    "sandbox_contracts": ("全年净签约", "Net contracts of the year"),
    "sandbox_chance": ("达标概率", "Chance of the target"),
    "sandbox_cost": ("今天起投放", "Spend from today"),
    "sandbox_band": ("80%可能在 {low} 到 {high}", "80%: {low} to {high}"),
    "sandbox_no_cost": ("无投放记录", "No spend known"),
    "sandbox_over": ("目标 {target}", "Target {target}"),
    "sandbox_gain": (
        "比不改多签 {amount}(80%可能 {low} 到 {high}),{cost}",
        "{amount} more than if nothing changes (80%: {low} to {high}), {cost}",
    ),
    "sandbox_loss": (
        "比不改少签 {amount}(80%可能少 {low} 到 {high}),{cost}",
        "{amount} less than if nothing changes (80%: {low} to {high} less), {cost}",
    ),
    "sandbox_same": ("还没有改动:这是照现在的做法到年底的样子", "Nothing is changed: the year as it goes now"),
    "sandbox_costs_more": ("多投放 {cost}", "{cost} more spend"),
    "sandbox_costs_less": ("少投放 {cost}", "{cost} less spend"),
    "sandbox_costs_same": ("投放不变", "the same spend"),
    "sandbox_fan": (
        "到 {day},净签约额中位 {middle},80%可能在 {low} 到 {high};不改中位 {base}",
        "By {day} a net amount of {middle} in the middle, 80%: {low} to {high}; unchanged {base}",
    ),
    "sandbox_key_middle": ("中位", "Middle"),
    "sandbox_key_band": ("80%区间", "80% of draws"),
    "sandbox_key_base": ("不改", "Unchanged"),
    "sandbox_key_past": ("已签", "Done"),
    "sandbox_axis": ("纵轴 {low} 到 {high},不从零开始", "Scale {low} to {high}, not from zero"),
    "sandbox_minutes": ("分|小时", " min| h"),
    "sandbox_measured": ("测得,n={n}", "Measured, n={n}"),
    "sandbox_rate_measured": ("测得,不限时,n={n}", "Measured without a time limit, n={n}"),
    "sandbox_rate_borrowed": ("没有自己的样本,取集团值", "No cases of its own: the group's"),
    "sandbox_assumed": ("假设,可改", "Assumed, can be changed"),
    "sandbox_of_now": ("为现在的{value}", "{value} of now"),
    "sandbox_kind": ("渠道", "Channel"),
    "sandbox_leads_a_day": ("留电/天", "Leads a day"),
    "sandbox_walk_ins_a_day": ("直访/天", "Walk-ins a day"),
    "sandbox_spend_a_day": ("投放/天", "Spend a day"),
    "sandbox_power": ("投放弹性", "Power of spend"),
    "sandbox_power_value": ("{value}±{error}", "{value} ± {error}"),
    "sandbox_step_visit": ("留电→到访", "Lead → visit"),
    "sandbox_step_subscription": ("到访→认购", "Visit → subscription"),
    "sandbox_step_contract": ("认购→签约", "Subscription → contract"),
    "sandbox_lever_spend": ("{kind}投放", "Spend: {kind}"),
    "sandbox_lever_referrals": ("转介留电", "Referred leads"),
    "sandbox_lever_answer": ("首次响应时间", "First response"),
    "sandbox_lever_exponent": ("投放弹性(假设)", "Power of spend (assumed)"),
    "sandbox_lever_effect": ("响应快一倍,到访多(假设)", "Twice as fast: visits up by (assumed)"),
    "unassigned": ("未归属", "Unassigned"),
    "project": ("项目", "Project"),
    # funnel
    "basis_period": ("当期口径", "Period basis"),
    "basis_cohort": ("按留电批次", "By lead cohort"),
    "of_previous": ("较上一步", "of the step before"),
    "rate_note": ("% 较上一步", "% of the step before"),
    "of_first": ("占留电", "of leads"),
    "peers_median": ("同组中位", "Peers' median"),
    "walk_ins": ("未留电直接到访", "Walk-ins without a lead"),
    "walk_ins_counted": ("未留电直接到访 {n}(计入转化)", "Walk-ins {n} (in the rate)"),
    "immature_left_out": ("未成熟 {n}(不计转化)", "Too young {n} (not in the rate)"),
    "over_mark": ("※ 含本期之前走到上一步的客户", "※ some reached the step before earlier"),
    "over_whole": ("超过100%:含本期之前{before}的客户", "Over 100%: some reached {before} before this period"),
    "walk_ins_short": ("直接到访 {n}", "Walk-ins {n}"),
    "immature": ("未成熟", "Too young"),
    "astray": ("顺序不符", "Out of order"),
    "worst": ("最弱", "Weakest"),
    "see_leak": ("看{step}从哪里漏", "See where {step} leaks"),
    # leak table
    "channel": ("渠道", "Channel"),
    "entered": ("进入", "Entered"),
    "reached": ("到达", "Reached"),
    "rate": ("转化率", "Rate"),
    "lost": ("流失", "Lost"),
    "nothing_leaks": ("本期没有流失记录", "No losses in this period"),
    # heat map
    "legend": ("色阶", "Scale"),
    "nothing_level": ("无", "None"),
    "few_cells": ("斜纹格样本不足", "Hatched: too few cases"),
    "hours_each": ("每格 {hours} 小时,标的是起点", "{hours} hours a cell, named by the first"),
    "hour_runs": ("最后一列还没过完", "The last column is still running"),
    "in_percent": ("单位 %", "In %"),
    "day_alone": ("{day}日", "{day}"),
    "column_before": ("前一列", "Column before"),
    "column_after": ("后一列", "Next column"),
    "close": ("关闭", "Close"),
    # sharing
    "share": ("分享", "Share"),
    "share_link": ("链接", "Link"),
    "share_picture": ("图片", "Picture"),
    "copied": ("已复制", "Copied"),
    "more_on_page": ("另有 {n} 项,见页面", "{n} more on the page"),
    "everything": ("全部项目", "All projects"),
    "only_own": ("仅本人客户", "Own customers only"),
    # customers
    "no_customers": ("没有符合条件的客户", "No customers here"),
    "export": ("导出", "Export"),
    "next_page": ("下一页", "Next page"),
    "reveal": ("查看完整号码", "Show the whole number"),
    "reveal_why": ("查看原因", "Reason"),
    "reveal_details": ("补充说明(勿写姓名和号码)", "Details (no names, no numbers)"),
    "reveal_recorded": (
        "每次查看都会记录:谁、何时、看了谁、为什么。",
        "Every look is recorded: who, when, at whom, and why.",
    ),
    # boards
    "rank": ("名次", "Rank"),
    "name": ("名称", "Name"),
    "value": ("数值", "Value"),
    "raw": ("原值", "Raw"),
    "rank_change": ("变化", "Change"),
    "tied": ("并列", "tied"),
    "new": ("新上榜", "New"),
    "rank_up": ("升 {n} 位", "Up {n}"),
    "rank_down": ("降 {n} 位", "Down {n}"),
    "rank_same": ("未变", "Same"),
    "unranked": ("未参与排名", "Not ranked"),
    "rolling": ("近 {weeks} 周滚动", "Rolling {weeks} weeks"),
    "more_tied": ("另有 {n} 位与第 {rank} 名并列", "{n} more share rank {rank}"),
    "by_chance": ("各项目的差异未超出偶然波动,并列", "The differences are within chance: all are tied"),
    "shrunk": ("按样本量折算后排名,下行为原值", "Ranked after adjusting for sample size; raw value below"),
    "empty_board": ("本期还没有可排名的数据", "Nothing to rank in this period"),
    # alerts
    "red": ("红色", "Red"),
    "orange": ("橙色", "Orange"),
    "yellow": ("黄色", "Yellow"),
    "since": ("{when}起", "since {when}"),
    "next_step": ("下一步", "Next"),
    "evidence": ("依据", "Evidence"),
    "state_open": ("待确认", "To acknowledge"),
    "state_acknowledged": ("已确认", "Acknowledged"),
    "state_escalated": ("已升级", "Escalated"),
    "state_recovering": ("恢复中", "Recovering"),
    "state_no_data": ("无数据", "No data"),
    "state_pending": ("观察中", "First sign"),
    "state_resolved": ("已解除", "Resolved"),
    "calm": ("暂无预警", "No open alerts"),
    "calm_reason": ("规则全部检查过,没有触发", "Every rule was checked; none fired"),
    # latest events
    "event_lead": ("新增留电", "New lead"),
    "event_visit": ("到访", "Visit"),
    "event_subscription": ("认购", "Subscription"),
    "event_contract": ("签约", "Contract"),
    "grade": ("{grade}级", "Grade {grade}"),
    "no_events": ("今天还没有动态", "Nothing yet today"),
    # filters
    "filters": ("筛选", "Filter"),
    "apply": ("查看", "Show"),
    # units
    "unit_party": ("组", ""),
    "unit_time": ("次", ""),
    "unit_unit": ("套", ""),
    "unit_row": ("", ""),
    # what a source can lack
    "entity_project": ("项目", "projects"),
    "entity_channel": ("渠道", "channels"),
    "entity_staff": ("人员", "staff"),
    "entity_touchpoint": ("触点", "touchpoints"),
    "entity_exposure": ("曝光", "exposures"),
    "entity_lead": ("留电", "leads"),
    "entity_visit": ("到访", "visits"),
    "entity_subscription": ("认购", "subscriptions"),
    "entity_contract": ("签约", "contracts"),
    "entity_payment": ("回款", "payments"),
    "entity_referral": ("转介", "referrals"),
    "entity_registration": ("报备", "registrations"),
    "entity_assignment": ("分派", "assignments"),
    "entity_follow_up": ("跟进", "follow-ups"),
    "entity_spend": ("投放费用", "spend"),
    "entity_target": ("目标", "targets"),
    "entity_milestone": ("里程碑", "milestones"),
    "entity_budget": ("预算", "budgets"),
    "entity_sop_check": ("SOP执行", "SOP checks"),
    "entity_review": ("评价", "reviews"),
    "entity_source": ("源库", "the source"),
    "column_lead.valid": ("留电有效标记", "valid flag on leads"),
    "column_lead.grade": ("意向等级", "lead grades"),
    "column_lead.first_response_at": ("首次响应时间", "first response times"),
    "column_lead.last_follow_up_at": ("最近跟进时间", "latest follow-up times"),
    "column_lead.lost_at": ("流失时间", "loss times"),
    "column_lead.segment": ("需求类型", "demand segments"),
    "column_lead.district": ("意向区域", "districts"),
    "column_lead.price_band": ("意向价位", "price bands"),
    "column_exposure.district": ("浏览区域", "districts of exposures"),
    "column_exposure.segment": ("浏览需求类型", "segments of exposures"),
    "column_exposure.price_band": ("浏览价位", "price bands of exposures"),
    "column_exposure.clicks": ("点击", "clicks"),
    "column_subscription.amount": ("认购金额", "subscription amounts"),
    "column_contract.amount": ("签约金额", "contract amounts"),
}

FEW = 10
"""From fewer cases a percentage sounds like more than it is: from 1 to 5 is 4 more, not 400 %."""

_WEEKDAYS = (
    ("周一", "Mon"),
    ("周二", "Tue"),
    ("周三", "Wed"),
    ("周四", "Thu"),
    ("周五", "Fri"),
    ("周六", "Sat"),
    ("周日", "Sun"),
)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

# step, its sign, decimals, and where the next larger step takes over
_SCALES: dict[Language, tuple[tuple[int, str, int, int | None], ...]] = {
    "zh": ((1, "", 0, 10**4), (10**4, "万", 2, 10**4), (10**8, "亿", 2, None)),
    "en": ((1, "", 0, 10**4), (10**3, "K", 2, 10**3), (10**6, "M", 2, 10**3), (10**9, "B", 2, None)),
}


def rounded(value: Number, places: int) -> Fraction:
    """The value at so many decimals, halves away from zero."""
    near = Fraction(_units(value, places), 10**places)
    return -near if value < 0 else near


def _units(value: Number, places: int, step: int = 1) -> int:
    """The size of a value in steps as a whole number of its last decimal, halves away from zero.

    Whole numbers all the way: this is done for every number of a page, and fractions are slow.
    """
    size, whole = abs(value.numerator) * int(10**places), value.denominator * step
    return (2 * size + whole) // (2 * whole)


def digits(value: Number, places: int = 0, step: int = 1) -> str:
    """Decimal digits of a value in steps, with thousands separators, halves rounded away from zero; never a minus before zero."""
    units = _units(value, places, step)
    whole, rest = divmod(units, 10**places)
    text = f"{whole:,}.{rest:0{places}d}" if places else f"{whole:,}"
    return f"-{text}" if value < 0 and units else text


@dataclass(frozen=True)
class Change:
    """A change in words: where it points, whether that is good, and the amount as text."""

    direction: Direction
    tone: Tone
    text: str


@dataclass(frozen=True)
class Words:
    """The interface's language; `up_is_red` is the market's colour habit (红涨绿跌)."""

    language: Language = "zh"
    up_is_red: bool = True

    @property
    def lang(self) -> str:
        """The document's language tag."""
        return "zh-CN" if self.language == "zh" else "en"

    def say(self, label: Label) -> str:
        """A label of the pack in this language."""
        return label.zh if self.language == "zh" else label.en

    def of(self, key: str, **values: object) -> str:
        """A fixed word of the interface, its places filled."""
        zh, en = _TEXTS[key]
        return (zh if self.language == "zh" else en).format(**values)

    def amount(self, value: Number, plain_places: int = 0) -> str:
        """A number as people read it, from ten thousand on in 万 and 亿 (K, M, B): 1,234.57万, and 15亿 when it is exact."""
        for step, sign, places, limit in _SCALES[self.language]:
            kept = places if sign else plain_places
            units = _units(value, kept, step)
            if limit is None or units < limit * 10**kept:
                break
        text = digits(value, kept, step)
        is_exact = sign and units * step * value.denominator == abs(value.numerator) * 10**kept
        return (text.rstrip("0").rstrip(".") if is_exact else text) + sign

    def money(self, value: Number) -> str:
        """Yuan: 386元, 1,234.57万; fen only below a hundred."""
        text = self.amount(value, 2 if 0 < abs(Fraction(value)) < 100 else 0)
        if self.language == "en":
            return f"-¥{text[1:]}" if text.startswith("-") else f"¥{text}"
        return text if text[-1] in "万亿" else f"{text}元"

    def percent(self, value: Number) -> str:
        """A share with one decimal."""
        return f"{digits(value * 100, 1)}%"

    def points(self, value: Number) -> str:
        """A difference of two shares, in percentage points, without its sign."""
        return self.of("points", value=digits(abs(Fraction(value)) * 100, 1))

    def short_points(self, value: Number) -> str:
        """The same for a narrow column."""
        return self.of("short_points", value=digits(abs(Fraction(value)) * 100, 1))

    def minutes(self, value: Number) -> str:
        """A duration given in minutes: 35分, 2.1小时, 3.5天."""
        zh = self.language == "zh"
        if _units(value, 0) < 60:
            return digits(value) + ("分" if zh else " min")
        if _units(value, 1, 60) < 480:
            return digits(value, 1, 60) + ("小时" if zh else " h")
        return digits(value, 1, 1440) + ("天" if zh else " d")

    def days(self, value: Number) -> str:
        """A number of days, with one decimal unless it is whole."""
        text = digits(value, 0 if value.denominator == 1 else 1)
        return f"{text}天" if self.language == "zh" else f"{text} d"

    def value(self, value: Number, format: str) -> str:
        """A known value in a metric's format."""
        if format == "score":
            return digits(value, 1)
        formats = {"percent": self.percent, "money": self.money, "minutes": self.minutes, "days": self.days}
        return formats.get(format, self.amount)(value)

    def fact(self, value: Number | str, format: str) -> str:
        """A value inside a sentence or in an alert's evidence; an entity's name as format says the entity."""
        if isinstance(value, str):
            return value
        if f"entity_{format}" in _TEXTS:
            return self.of(f"entity_{format}")
        if format in ("times", "decimal"):
            return digits(value, 1)
        return digits(abs(Fraction(value)) * 100, 1) if format == "points" else self.value(value, format)

    def number(self, reading: Reading, format: str) -> str:
        """A reading in a metric's format, or the word for why there is none."""
        return self.missing(reading) if reading.value is None else self.value(reading.value, format)

    def unit(self, unit: str) -> str:
        """The short counter of a unit (组, 次, 套); empty where the number says it already."""
        key = f"unit_{unit}"
        return self.of(key) if key in _TEXTS else ""

    def missing(self, reading: Reading) -> str:
        """The word for a reading without a value."""
        return self.of(f"missing_{reading.missing or 'absent'}")

    def reason(self, reading: Reading) -> str:
        """Why a reading has no value, as a sentence."""
        if (reading.missing or "absent") != "absent":
            return self.of(f"reason_{reading.missing}")
        what = self._lacking(reading.detail)
        return self.of("reason_absent", what=what) if what else self.of("reason_absent_unnamed")

    def source(self, entity: str) -> str:
        """An entity's name as people say it."""
        return self._lacking(entity) or entity

    def _lacking(self, detail: str | None) -> str | None:
        name = (detail or "").split("|")[0].strip()
        for key in (f"column_{name}", f"entity_{name.partition('.')[0]}"):
            if key in _TEXTS:
                return self.of(key)
        return None

    def quotient(self, reading: Reading, format: str) -> str | None:
        """Numerator ÷ denominator of a rate, both as people read them; None for a plain count."""
        if reading.numerator is None or reading.denominator is None:
            return None
        above = self.money(reading.numerator) if format == "money" else self.amount(reading.numerator)
        return f"{above} ÷ {self.amount(reading.denominator)}"

    def change(
        self, change: Fraction | None, better: str, format: str = "count", *, before: Number | None = None
    ) -> Change:
        """A change as direction, tone and text; rates change in percentage points, counts from a few by whole cases."""
        if change is None:
            return Change("unknown", "neutral", self.of("unknown"))
        text = self.points(change) if format == "percent" else self.percent(abs(change))
        if format == "count" and before is not None and before < FEW:
            text = digits(abs(change) * Fraction(before))
        if rounded(change, 3) == 0:
            return Change("flat", "neutral", self.of("flat"))
        rising = change > 0
        good: Tone = "better" if rising == (better == "higher") else "worse"
        return Change("up" if rising else "down", good if better != "none" else "neutral", text)

    def age(self, seconds: int) -> str:
        """How long ago, in the largest unit that fits."""
        units = self.of("ago_units").split("|")
        for index, size in ((3, 86_400), (2, 3_600), (1, 60), (0, 1)):
            if seconds >= size or index == 0:
                return f"{max(seconds, 0) // size}{units[index]}"
        raise AssertionError("an age always fits the smallest unit")

    def day(self, day: date) -> str:
        """A day of the year."""
        return f"{day.month}月{day.day}日" if self.language == "zh" else f"{day.day} {_MONTHS[day.month - 1]}"

    def weekday(self, day: date) -> str:
        """A day of the week."""
        return _WEEKDAYS[day.weekday()][0 if self.language == "zh" else 1]

    def span(self, first: date, last: date) -> str:
        """Two days and what lies between; one day when they are the same."""
        return self.day(first) if first == last else f"{self.day(first)}–{self.day(last)}"

    def clock(self, at: datetime, now: datetime) -> str:
        """The time of the data: 10:42 today, 11-20 10:42 on another day, as the live script writes it."""
        return at.strftime("%H:%M" if at.date() == now.date() else "%m-%d %H:%M")

    def when(self, at: datetime | date, now: datetime) -> str:
        """A moment or day as people say it: 10:42, 昨天 10:42, 11月20日."""
        timed = isinstance(at, datetime)
        day = at.date() if isinstance(at, datetime) else at
        time = f"{at:%H:%M}" if timed else ""
        ago = (now.date() - day).days
        if ago == 0 and timed:
            return time
        today, yesterday = ("今天", "昨天") if self.language == "zh" else ("today", "yesterday")
        named = {0: today, 1: yesterday}.get(ago) or self._dated(day, now)
        return f"{named} {time}".strip()

    def _dated(self, day: date, now: datetime) -> str:
        if day.year == now.year:
            return self.day(day)
        return f"{day.year}年{self.day(day)}" if self.language == "zh" else f"{self.day(day)} {day.year}"

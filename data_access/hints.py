"""What tables and columns of sales systems are usually called, in English, pinyin and Chinese, the likeliest first."""

from collections.abc import Mapping

# ~ marks a word that other things are called by, too: enough for a suggestion, not for a decision.
TABLES: Mapping[str, str] = {
    "project": "project proj xiangmu xm loupan estate store shop ~building ~item 项目 楼盘 案场 门店",
    "channel": "channel source src qudao laiyuan ~origin ~media ~activity 渠道 来源 媒体 ~活动",
    "staff": "staff employee emp consultant salesman salesperson guwen yuangong user ~person ~sales 员工 顾问 销售人员 业务员 用户",
    "touchpoint": "touchpoint qrcode qr_code erweima ~material ~code 触点 二维码 ~物料",
    "exposure": "exposure impression baoguang page_view ~browse ~view ~pv ~traffic 曝光 ~浏览 ~访问量",
    "lead": "lead clue xiansuo liudian prospect mql customer cust cst kehu client ~enquiry ~inquiry 线索 留电 潜客 客户 ~咨询",
    "visit": "visit dafang daofang laifang daikan ~reception ~arrival ~tour 到访 来访 带看 ~接待",
    "subscription": "subscription subscribe rengou rengo order booking ~reserve ~reservation 认购 订单 ~认筹 ~预订",
    "contract": "contract qianyue hetong deal ~sign ~sale 签约 合同 ~成交",
    "payment": "payment receipt huikuan shoukuan ~pay ~collection 回款 收款 ~付款 ~缴费",
    "referral": "referral refer zhuanjie tuijian recommend laodaixin ~invite 转介 推荐 老带新",
    "registration": "registration baobei ~filing ~report 报备",
    "assignment": "assignment assign fenpei zhuanpai ~transfer ~allot 分配 转派 ~指派",
    "follow_up": "follow follow_up followup genjin huifang ~track ~call 跟进 回访 ~跟踪 ~沟通",
    "spend": "spend spending cost expense feiyong toufang ~fee ~ad ~advert 费用 投放 花费 ~成本",
    "target": "target goal mubiao zhibiao quota ~kpi ~plan 目标 指标",
    "milestone": "milestone jiedian ~node ~schedule 里程碑 节点",
    "budget": "budget yusuan 预算",
    "sop_check": "sop xuncha ~inspection ~checklist 巡检 ~检查",
    "review": "review nps satisfaction pingjia manyidu ~survey ~feedback 评价 满意度 ~问卷",
}

COLUMNS: Mapping[str, str] = {
    "project_id": "project_id proj_id xiangmu_id xm_id loupan_id lp_id project proj item_id building_id store_id shop_id "
    "所属项目 项目 楼盘 门店",
    "channel_id": "channel_id source_id src_id qudao_id laiyuan_id channel source src qudao laiyuan origin media_id 渠道 来源",
    "staff_id": "staff_id emp_id employee_id sales_id salesman_id consultant_id guwen_id owner_id user_id sr_id ywy_id "
    "new_emp emp consultant salesman owner 置业顾问 顾问 负责人 所属人 业务员 ~create_by ~creator ~created_by",
    "touchpoint_id": "touchpoint_id qrcode_id qr_id code_id",
    "lead_id": "lead_id clue_id xiansuo_id mql_id customer_id cust_id cst_id client_id kehu_id kh_id prospect_id 线索id 客户id",
    "contract_id": "contract_id hetong_id ht_id deal_id 合同id",
    "broker_id": "broker_id agent_id jingjiren_id 经纪人",
    "referrer_id": "referrer_id recommender_id tuijianren_id referee_id broker_id introducer_id 推荐人",
    "referrer_name": "referrer_name recommender_name tuijianren broker_name 推荐人姓名",
    "referrer_kind": "referrer_type referrer_kind ref_type 推荐人类型",
    "referrer_phone": "referrer_phone referrer_tel recommender_phone broker_tel 推荐人电话",
    "person": "phone mobile tel phone_number phonenumber mobile_phone cellphone telephone shouji shoujihao sjh lxdh dianhua "
    "手机号 手机 联系电话 电话 联系方式",
    "phone": "phone mobile tel phone_number phonenumber mobile_phone cellphone telephone shouji shoujihao lxdh 手机号 手机 电话",
    "name": "name title real_name nick_name full_name user_name label mingcheng xingming 名称 姓名 昵称",
    "created_at": "created_at create_time created gmt_create create_date created_time creation_date add_time insert_time "
    "input_time reg_time register_time ctime first_contact_date liudian_time cjsj 留电时间 创建时间 登记时间 录入时间 新增时间",
    "updated_at": "updated_at update_time mtime updated modify_time modified_time modified modified_at gmt_modified utime "
    "last_update_time last_modified edit_time gxsj xgsj 更新时间 修改时间",
    "at": "occurred_at happened_at ~created_at ~create_time ~created ~add_time ~ctime ~创建时间",
    "grade": "grade level intent_level yixiang_level customer_level dengji 意向等级 客户等级 意向级别 等级",
    "valid": "is_valid valid_flag valid youxiao 是否有效 有效",
    "reached": "is_reached reached connected is_connected 是否接通 接通",
    "first_response_at": "first_response_at first_response_time first_follow_time first_call_time 首次响应 首次跟进",
    "last_follow_up_at": "last_follow_up_at last_follow_time last_follow latest_follow_time 最近跟进 最后跟进",
    "lost_at": "lost_at lost_time liushi_time invalid_time 流失时间",
    "reactivated_at": "reactivated_at revive_time reactivate_time jihuo_time 激活时间",
    "segment": "segment seg customer_type demand_type 客群 需求类型",
    "price_band": "price_band price_range price_level 价格区间 意向总价",
    "district": "district want_district qu quyu 意向区域 区域",
    "region": "region daqu 大区",
    "city": "city chengshi 城市",
    "first_visit_at": "first_visit_at first_visit_time first_visit_date 首访时间",
    "subscribed_at": "subscribed_at subscribe_time rengou_time 认购时间",
    "signed_at": "signed_at sign_time sign_date signing_date qianyue_time qianyue_date qy_date contract_date deal_time "
    "deal_date won_date won_at 签约时间 签约日期 成交时间 ~created_at ~create_time ~创建时间",
    "amount": "amount total_amount total_amt amt contract_amount contract_amt money jine total_price deal_price price "
    "订单价格 成交价 总价 金额 价格",
    "units": "units taoshu 套数",
    "area": "area build_area mianji 面积",
    "due_on": "due_on due_date sign_limit deadline 应签日期",
    "cancelled_at": "cancelled_at cancel_time cancel_date cancelled canceled_at refund_time tuiding_time 退订时间 退房时间 取消时间",
    "commission_to": "commission_to commission_broker",
    "commission_records": "commission_records commission_count",
    "kind": "kind type category leixing fangshi 类型 方式 分类",
    "impressions": "impressions impression pv views exposure_count baoguangliang 曝光量 浏览量",
    "visitors": "visitors uv 访客数",
    "clicks": "clicks click clk click_count dianji 点击量 点击数",
    "role": "role post position job_title gangwei zhiwei 岗位 职务 角色",
    "team": "team team_name group_name dept_name team_id dept_id tuandui 团队 部门",
    "joined_on": "joined_on join_date entry_date hire_date ruzhi 入职",
    "left_on": "left_on left_date leave_date quit_date lizhi 离职",
    "certified_on": "certified_on cert_date 认证日期",
    "opened_on": "opened_on open_date kaipan_date 开盘",
    "closed_on": "closed_on close_date 清盘",
    "head_id": "head_id mgr_emp manager_id leader_id 项目总",
    "champion_id": "champion_id pioneer_emp",
    "rollout_stage": "rollout_stage promo_stage",
    "peer_group": "peer_group peer_grp",
    "average_price": "average_price avg_price avg_total junjia 均价",
    "units_released": "units_released total_units units 推出套数 套数",
    "lat": "lat latitude 纬度",
    "lon": "lon lng longitude 经度",
    "protected_until": "protected_until protect_end protect_time expire_time 保护期",
    "day": "day cost_date spend_date stat_date date riqi 日期",
    "metric": "metric kpi indicator zhibiao 指标",
    "starts_on": "starts_on begin_date start_date start_time begin_time 开始日期 开始时间",
    "ends_on": "ends_on end_date end_time finish_date 结束日期 结束时间",
    "value": "value plan_val target_value goal target mubiao 目标值",
    "planned_start": "planned_start plan_begin plan_start plan_start_date 计划开始",
    "planned_end": "planned_end plan_end plan_end_date plan_finish 计划完成 计划结束",
    "actual_end": "actual_end real_end actual_finish finish_date 实际完成",
    "owner_id": "owner_id owner_emp owner 负责人",
    "parent_id": "parent_id parent_node parent 上级",
    "depends_on": "depends_on pre_node predecessor 前置",
    "acceptance": "acceptance accept_std 验收标准",
    "accepted_at": "accepted_at accept_time 验收时间",
    "progress": "progress percent jindu 进度",
    "item": "item check_item content 检查项",
    "due_at": "due_at due_time deadline due_date 截止",
    "done_at": "done_at done_time finish_time finished_at 完成时间",
    "score": "score rating points pingfen fenshu 评分 得分",
}

# What an entity calls a column of its own, before the words above.
OWN_COLUMNS: Mapping[tuple[str, str], str] = {
    ("project", "name"): "project_name proj_name xiangmu_name store_name 项目名称",
    ("project", "district"): "district quxian 区县",
    ("channel", "name"): "channel_name source_name src_name 渠道名称",
    ("channel", "kind"): "channel_type source_type src_type 渠道类型",
    ("staff", "name"): "staff_name emp_name real_name nick_name full_name 姓名 昵称",
    ("touchpoint", "name"): "qrcode_name qr_name touchpoint_name",
    ("touchpoint", "kind"): "qrcode_type qr_type touchpoint_type",
    (
        "exposure",
        "at",
    ): "view_time exposure_time expose_time view_date exposure_date stat_time stat_date 曝光时间 浏览时间",
    ("exposure", "district"): "view_district district",
    ("visit", "at"): "visit_time visit_date visited_at arrive_time arrival_time dafang_time daofang_time laifang_time "
    "reception_time 到访时间 来访时间 带看时间 接待时间",
    ("subscription", "at"): "subscribe_time subscribed_at subscribe_date rengou_time rengou_date rg_date order_time "
    "order_date book_time booking_date 认购时间 认购日期 下单时间",
    (
        "payment",
        "at",
    ): "pay_time paid_at pay_date payment_date receipt_date receipt_time huikuan_date 回款日期 收款时间 付款时间",
    ("referral", "at"): "ref_time refer_time referral_time recommend_time tuijian_time 推荐时间 转介时间",
    ("registration", "at"): "report_time report_date baobei_time register_time 报备时间",
    ("assignment", "at"): "assign_time assigned_at op_time change_time fenpei_time 分配时间 转派时间",
    (
        "follow_up",
        "at",
    ): "follow_time follow_up_time follow_at follow_date genjin_time call_time contact_time 跟进时间 回访时间",
    ("follow_up", "kind"): "follow_type follow_way way 跟进方式",
    ("spend", "amount"): "cost spend amount amt fee feiyong 费用 金额 花费",
    ("milestone", "name"): "node_name milestone_name task_name 节点名称",
    ("budget", "kind"): "budget_type",
    ("review", "at"): "review_time comment_time submit_time 评价时间",
}

# Columns whose values are codes of the source's own until somebody says what they stand for.
CODED: Mapping[tuple[str, str], str] = {
    ("lead", "grade"): '{ "1" = "A", "2" = "B", "3" = "C", "4" = "D" }',
    ("channel", "kind"): '{ "1" = "public", "2" = "private", "3" = "offline", "4" = "referral", "5" = "distribution" }',
    ("referral", "referrer_kind"): '{ "1" = "broker", "2" = "owner", "3" = "employee" }',
    ("target", "metric"): '{ "1" = "net_contract_amount", "2" = "leads" }',
}

LABELS: Mapping[str, str] = {
    "project": "项目",
    "channel": "渠道",
    "staff": "置业顾问",
    "touchpoint": "触点",
    "exposure": "曝光",
    "lead": "留电",
    "visit": "到访",
    "subscription": "认购",
    "contract": "签约",
    "payment": "回款",
    "referral": "转介",
    "registration": "报备",
    "assignment": "分配",
    "follow_up": "跟进",
    "spend": "投放费用",
    "target": "目标",
    "milestone": "里程碑",
    "budget": "预算",
    "sop_check": "SOP 检查",
    "review": "评价",
}

GENERIC = "info information table tbl tab t tb record data dataset list main base master log task check entity view"
"""Words at the end of a table's name that do not say what it holds."""

GENERIC_ENDINGS = ("表", "信息", "记录", "数据", "管理", "明细", "日志", "主", "单")

STALE = "bak backup back tmp temp old history his hist archive copy del deleted test"
"""Words of a table that is a copy or a remainder of another."""

TWISTS = "old last pre prev original parent update modify cancel delete audit next is"
"""Words that turn a column into another one: an old owner, a cancelling user."""

DELETED = "is_deleted is_delete deleted del_flag is_del is_test delete_flag"
"""Columns that mark rows which should not be counted."""

-- The demo's CRM database: somebody else's tables, as a sales ERP of a Chinese developer would name them.
create table base_dict (dict_type varchar(32), code integer, label varchar(64), primary key (dict_type, code));
create table base_source (src_id integer primary key, src_name varchar(64), src_type integer, sort_no integer);
create table base_project (
    proj_id integer primary key, proj_name varchar(64), region varchar(32), city varchar(32), district varchar(32),
    open_date date, close_date date, mgr_emp integer, pioneer_emp integer, promo_stage integer, peer_grp varchar(32),
    avg_total decimal(18,2), units integer, lat double, lng double, mtime datetime);
create table base_emp (
    emp_id integer primary key, emp_name varchar(32), proj_id integer references base_project, team varchar(64),
    post integer, tel varchar(32), join_date date, left_date date, cert_date date, mtime datetime);
create table base_broker (
    broker_id integer primary key, broker_name varchar(32), tel varchar(32), org varchar(64), join_date date);
create table mkt_qrcode (
    qr_id integer primary key, qr_name varchar(64), qr_type integer, proj_id integer references base_project,
    emp_id integer references base_emp);
create table mkt_exposure (
    exp_id integer primary key, proj_id integer references base_project, src_id integer references base_source,
    emp_id integer references base_emp, qr_id integer references mkt_qrcode, view_time datetime, pv integer,
    uv integer, clk integer, view_district varchar(32), seg integer);
create table mkt_cost (
    cost_id integer primary key, proj_id integer references base_project, src_id integer references base_source,
    cost_date date, amt decimal(18,2), mtime datetime);
create table crm_customer (
    cst_id integer primary key, cst_name varchar(32), tel varchar(32), proj_id integer references base_project,
    src_id integer references base_source, qr_id integer references mkt_qrcode, emp_id integer references base_emp,
    level integer, valid_flag integer, status integer, seg integer, want_district varchar(32), price_band integer,
    created datetime, lost_time datetime, revive_time datetime, mtime datetime, is_test integer);
create table mkt_browse (
    browse_id integer primary key, cst_id integer references crm_customer, page_no integer, view_time datetime);
create table crm_follow (
    follow_id integer primary key, cst_id integer references crm_customer, emp_id integer references base_emp,
    follow_time datetime, way integer, result integer, mtime datetime);
create table crm_visit (
    visit_id integer primary key, cst_id integer references crm_customer, proj_id integer references base_project,
    emp_id integer references base_emp, src_id integer references base_source, guest_name varchar(32),
    guest_tel varchar(32), visit_time datetime, visit_no integer, mtime datetime, is_test integer);
create table assign_log (
    log_id integer primary key, cst_id integer references crm_customer, old_emp integer references base_emp,
    new_emp integer references base_emp, old_src integer references base_source,
    new_src integer references base_source, op_time datetime);
create table channel_report (
    report_id integer primary key, cst_id integer references crm_customer, proj_id integer references base_project,
    src_id integer references base_source, broker_id integer references base_broker, tel varchar(32),
    report_time datetime, protect_end datetime, mtime datetime);
create table broker_referral (
    ref_id integer primary key, cst_id integer references crm_customer, proj_id integer references base_project,
    ref_type integer, broker_id integer references base_broker, owner_cst integer references crm_customer,
    emp_no varchar(32), emp_name varchar(32), emp_tel varchar(32), ref_time datetime, mtime datetime);
create table sale_order (
    order_id integer primary key, room_code varchar(32), cst_id integer references crm_customer,
    proj_id integer references base_project, emp_id integer references base_emp,
    src_id integer references base_source, buyer_name varchar(32), buyer_tel varchar(32), order_time datetime,
    total_amt decimal(18,2), sign_limit date, state integer, cancel_time datetime, mtime datetime);
create table sale_contract (
    contract_id integer primary key, order_id integer references sale_order, cst_id integer references crm_customer,
    proj_id integer references base_project, emp_id integer references base_emp,
    src_id integer references base_source, buyer_name varchar(32), buyer_tel varchar(32), sign_time datetime,
    area double, total_amt decimal(18,2), state integer, cancel_time datetime, mtime datetime);
create table sale_commission (
    comm_id integer primary key, contract_id integer references sale_contract,
    broker_id integer references base_broker, amt decimal(18,2), pay_date date);
create table fin_receipt (
    receipt_id integer primary key, contract_id integer references sale_contract, pay_time datetime, pay_type integer,
    amt decimal(18,2), mtime datetime);
create table plan_target (
    plan_id integer primary key, proj_id integer references base_project, kpi integer, begin_date date, end_date date,
    plan_val decimal(18,2));
create table plan_budget (
    budget_id integer primary key, proj_id integer references base_project, begin_date date, end_date date,
    amt decimal(18,2), budget_type varchar(32));
create table plan_node (
    node_id integer primary key, proj_id integer references base_project, node_name varchar(64),
    owner_emp integer references base_emp, parent_node integer references plan_node,
    pre_node integer references plan_node, accept_std varchar(128), accept_time datetime, plan_begin date,
    plan_end date, real_end date, progress double);
create table sop_task (
    task_id integer primary key, proj_id integer references base_project, emp_id integer references base_emp,
    item varchar(32), due_time datetime, done_time datetime, mtime datetime);

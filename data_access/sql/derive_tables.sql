-- What the replica derives from its entities. One row per lead row, per stage event, per party. Dimensions are those a row is
-- booked under (project, channel, staff, first_grade). Whose party it is say pkey and key_project, and `whose`, the hash of both.
create table if not exists lead_party (
    lead_id varchar, whose ubigint, project varchar, channel varchar, staff varchar, first_grade varchar
);
create table if not exists stage_event (
    kind varchar, id varchar, pkey varchar, key_project varchar, whose ubigint, lead_id varchar, party_id varchar, "at" timestamp,
    day_only boolean, cancelled_at timestamp, cancelled_day_only boolean, project_id varchar, channel_id varchar, staff_id varchar,
    project varchar, channel varchar, staff varchar, first_grade varchar, referrer_id varchar
);
create table if not exists party (
    whose ubigint, project varchar, party_id varchar, has_lead boolean, first_lead_id varchar, last_lead_id varchar,
    lead_rows integer, created_at timestamp, created_at_day_only boolean, channel varchar, touchpoint varchar, first_grade varchar,
    staff varchar, grade varchar, valid boolean, lost_at timestamp, lost_at_day_only boolean, reactivated_at timestamp,
    reactivated_at_day_only boolean, contact_at timestamp, last_contact_at timestamp,
    first_visit_at timestamp, first_visit_at_day_only boolean, second_visit_at timestamp, second_visit_at_day_only boolean,
    subscribed_at timestamp, subscribed_at_day_only boolean, subscription_lost_at timestamp,
    subscription_lost_at_day_only boolean, contracted_at timestamp, contracted_at_day_only boolean,
    contract_lost_at timestamp, contract_lost_at_day_only boolean, has_contract boolean, referrer_id varchar,
    visit_step timestamp, visit_step_day_only boolean, visit_in boolean, visit_net boolean, visit_astray boolean,
    subscription_step timestamp, subscription_step_day_only boolean, subscription_in boolean, subscription_net boolean,
    subscription_astray boolean,
    contract_step timestamp, contract_step_day_only boolean, contract_in boolean, contract_net boolean, contract_astray boolean
);

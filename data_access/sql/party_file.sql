-- One row per party whose month this is, without the person key: ids of the source, dimensions, stage times.
select party_id, first_lead_id, last_lead_id, lead_rows, has_lead, project, channel, touchpoint, staff, first_grade, grade, valid,
    created_at, created_at_day_only, contact_at, last_contact_at, lost_at, lost_at_day_only, reactivated_at,
    reactivated_at_day_only, first_visit_at, first_visit_at_day_only,
    second_visit_at, second_visit_at_day_only, subscribed_at, subscribed_at_day_only, subscription_lost_at,
    subscription_lost_at_day_only, contracted_at, contracted_at_day_only, contract_lost_at, contract_lost_at_day_only,
    has_contract, referrer_id, visit_step, visit_step_day_only, visit_in, visit_net, visit_astray, subscription_step,
    subscription_step_day_only, subscription_in, subscription_net, subscription_astray, contract_step, contract_step_day_only,
    contract_in, contract_net, contract_astray
from (
    from party where created_at >= date '{month}' and created_at < date '{month}' + interval 1 month
    union all
    from party
    where created_at is null
        and date_trunc('month', coalesce(first_visit_at, subscribed_at, contracted_at))::date = date '{month}'
)
order by party_id

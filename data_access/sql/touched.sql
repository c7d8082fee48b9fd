-- Which leads, events and (person, project) keys a refresh touches: changed rows, and rows whose time has come since the last one.
create or replace temp table changed_lead as
select id from old_lead union select id from new_lead
union select id from lead where {lead_time_has_come}
union select lead_id from old_follow_up union select lead_id from new_follow_up
union select lead_id from follow_up where {at_has_come}
union select lead_id from old_referral union select lead_id from new_referral
union select lead_id from referral where {at_has_come};

create or replace temp table changed_event as
select 'visit' as kind, id from old_visit union select 'visit', id from new_visit
union select 'subscription', id from old_subscription union select 'subscription', id from new_subscription
union select 'contract', id from old_contract union select 'contract', id from new_contract
union select kind, id from event_source where ({at_has_come}) or ({cancelled_has_come})
union select kind, id from event_source where lead_id in (select id from changed_lead)
union select kind, id from stage_event where lead_id in (select id from changed_lead);

create or replace temp table keyed_event as
select e.kind, e.id, coalesce(l.pkey, e.person, '#' || e.kind || ':' || e.id) as pkey,
    coalesce(l.key_project, e.project_id, '') as key_project, l.id as lead_id, e."at", e.day_only,
    e.cancelled_at, e.cancelled_day_only, e.project_id, e.channel_id, e.staff_id
from event_source e
join changed_event c using (kind, id)
left join keyed_lead l on l.id = e.lead_id
where e."at" <= getvariable('as_of');

create or replace temp table touched as
select pkey, key_project from lead_party where lead_id in (select id from changed_lead)
union select pkey, key_project from keyed_lead where id in (select id from changed_lead)
union select pkey, key_project from stage_event join changed_event using (kind, id)
union select pkey, key_project from keyed_event;

-- What stands of the touched keys and will be put anew.
create or replace temp table stale_member as
select rowid as stale, lead_id from lead_party semi join touched using (pkey, key_project);

create or replace temp table stale_event as
select rowid as stale, kind, id, pkey, key_project, lead_id, "at", day_only, cancelled_at, cancelled_day_only, project_id, channel_id,
    staff_id
from stage_event semi join touched using (pkey, key_project);

create or replace temp table stale_party as
select p.rowid as stale, p.created_at, p.first_visit_at, p.second_visit_at, p.subscribed_at, p.subscription_lost_at, p.contracted_at,
    p.contract_lost_at
from party p semi join touched t on t.pkey = p.pkey and t.key_project = p.project;

-- Every lead a touched key had or may have: those it had, and those that changed.
create or replace temp table touched_lead_id as
select lead_id as id from stale_member union select id from changed_lead;

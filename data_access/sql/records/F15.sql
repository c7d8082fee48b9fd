-- One finding per project, colleague and referrer or broker whose phone is the colleague's, with every referral and registration they
-- made; and one per registration whose customer's phone is a colleague's. Who refers openly as an employee is left out unless asked for.
create or replace temp table case_f15 as
with colleague as (
    select id, phone from staff where phone is not null
), known as (
    select r.referrer_id as who, c.id as colleague, bool_and(coalesce(lower(r.referrer_kind) = 'employee', false)) as declared
    from referral r join colleague c on c.phone = r.referrer_phone
    where r."at" <= getvariable('as_of')
    group by all
), found as (
    select 'referral' as kind, r.id, coalesce(l.pkey, '#referral:' || r.id) as pkey, coalesce(r.project_id, l.project, '') as project,
        r."at", r.at_day_only as day_only, l.channel, l.staff, r.referrer_id as broker, k.colleague, k.declared
    from referral r join known k on k.who = r.referrer_id left join lead_row l on l.id = r.lead_id
    where r."at" <= getvariable('as_of')
    union all
    select 'registration', r.id, r.pkey, r.project, r."at", r.day_only, r.channel, r.staff, r.broker, k.colleague, k.declared
    from registered r join known k on k.who = r.broker
)
select 'referrer' as what, concat_ws(':', 'referrer', f.broker, f.colleague, f.project) as key, f.*
from found f join limit_F15 m using (project)
where not f.declared or m.employees > 0
union all
select 'customer', 'customer:' || r.id, 'registration', r.id, r.pkey, r.project, r."at", r.day_only, r.channel, r.staff, r.broker, c.id,
    false
from registered r join colleague c on c.phone = r.pkey;

insert into finding by name
select 'F15' as rule, key, project, mode(channel order by channel) as channel, min(colleague) as staff, broker, min("at") as since,
    map {'what': what, 'n': count(*)::varchar} as facts
from case_f15 group by key, what, project, broker;

insert into proof by name
select 'F15' as rule, key, kind, id, pkey, project, "at", day_only, channel, staff, broker from case_f15;

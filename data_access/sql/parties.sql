-- The parties of every touched (person, project), anew: leads opened into parties, events joined to them, walk-ins opened.
-- What is fresh is a table where its days are asked for, and a view where all is computed anew.
create or replace temp table repeated as
select pkey, key_project from touched_lead group by all having count(*) > 1;

-- Most people come once; only those with several lead rows need the 180-day rule.
create or replace temp table opened as
with after as (
    select *, lag(created_at) over mine as previous_at
    from touched_lead semi join repeated using (pkey, key_project)
    window mine as (partition by pkey, key_project order by created_at, id)
), turns as (
    select * exclude (previous_at),
        sum(case when previous_at is null or created_at - previous_at >= to_days({re_entry_days}) then 1 else 0 end)
            over (partition by pkey, key_project order by created_at, id rows unbounded preceding) as turn
    from after
)
select * exclude (turn), first_value(id) over mine as first_lead_id
from turns window mine as (partition by pkey, key_project, turn order by created_at, id);

create or replace temp table lead_side as
select pkey, key_project, 'lead:' || id as party_id, id as first_lead_id, id as last_lead_id, 1::integer as lead_rows, created_at,
    created_at_day_only, channel_id, touchpoint_id as touchpoint, grade as first_grade, staff_id, grade,
    coalesce(valid, true) as valid, lost_at, lost_at_day_only, reactivated_at, reactivated_at_day_only,
    case when last_follow_up_at <= getvariable('as_of') then last_follow_up_at end as last_follow_up_at
from touched_lead anti join repeated using (pkey, key_project)
union all
select pkey, key_project, 'lead:' || first_lead_id, first_lead_id, arg_max(id, (created_at, id)), count(*)::integer, min(created_at),
    arg_min(created_at_day_only, (created_at, id)), arg_min_null(channel_id, (created_at, id)),
    arg_min_null(touchpoint_id, (created_at, id)), arg_min_null(grade, (created_at, id)),
    arg_max_null(staff_id, (created_at, id)), arg_max_null(grade, (created_at, id)),
    coalesce(arg_max_null(valid, (created_at, id)), true), arg_max_null(lost_at, (created_at, id)),
    arg_max_null(lost_at_day_only, (created_at, id)), arg_max_null(reactivated_at, (created_at, id)),
    arg_max_null(reactivated_at_day_only, (created_at, id)),
    max(last_follow_up_at) filter (where last_follow_up_at <= getvariable('as_of'))
from opened
group by pkey, key_project, first_lead_id;

create or replace temp table member as
select first_lead_id as lead_id, party_id, pkey, key_project, created_at as opened_at from lead_side where lead_rows = 1
union all
select o.id, s.party_id, s.pkey, s.key_project, s.created_at from opened o join lead_side s using (first_lead_id) where s.lead_rows > 1;

create or replace temp table touched_event as
select e.kind, e.id, coalesce(m.pkey, e.person, '#' || e.kind || ':' || e.id) as pkey,
    coalesce(m.key_project, e.project_id, '') as key_project, m.lead_id, e."at", e.day_only, e.cancelled_at,
    e.cancelled_day_only, e.project_id, e.channel_id, e.staff_id, m.party_id
from arrived_event e left join member m using (lead_id)
where e."at" <= getvariable('as_of')
union all by name
select e.*, m.party_id from standing_event e left join member m using (lead_id);

create or replace temp table joined as
select e.kind, e.id, arg_max(p.party_id, (p.created_at, p.first_lead_id)) as party_id
from touched_event e
join lead_side p on e.pkey = p.pkey and e.key_project = p.key_project
    and case when e.day_only or p.created_at_day_only then p.created_at::date <= e."at"::date else p.created_at <= e."at" end
where e.party_id is null
group by all;

create or replace temp table walk_in as
select pkey, key_project, 'walk:' || kind || ':' || id as party_id, channel_id, staff_id
from touched_event anti join joined using (kind, id)
where party_id is null
qualify row_number() over (
    partition by pkey, key_project
    order by "at", case kind when 'visit' then 1 when 'subscription' then 2 else 3 end, id
) = 1;

create or replace temp table placed as
select e.* replace (coalesce(e.party_id, j.party_id, w.party_id) as party_id)
from touched_event e
left join joined j using (kind, id)
left join walk_in w on w.pkey = e.pkey and w.key_project = e.key_project;

create or replace temp table credited as
select m.party_id, arg_min(coalesce(r.referrer_id, ''), (r."at", r.id)) as referrer_id
from referral r join member m using (lead_id)
where r."at" <= getvariable('as_of')
group by all;

create or replace temp view booked as
with side as (
    select *, true as has_lead from lead_side
    union all by name
    select *, false as has_lead, true as valid from walk_in
)
select s.* exclude (key_project, channel_id, staff_id), s.key_project as project, coalesce(s.channel_id, '') as channel,
    coalesce(s.staff_id, '') as staff, c.referrer_id
from side s left join credited c using (party_id);

create or replace temp {fresh} fresh_event as
select p.*, hash(p.pkey, p.key_project) as whose, coalesce(p.project_id, b.project) as project,
    case when p.kind = 'visit' then coalesce(p.channel_id, b.channel) else coalesce(nullif(b.channel, ''), p.channel_id, '') end
        as channel,
    coalesce(p.staff_id, b.staff) as staff, b.first_grade, b.referrer_id
from placed p join booked b using (party_id);

insert into stage_event by name from fresh_event;

insert into lead_party by name
select first_lead_id as lead_id, hash(pkey, project) as whose, project, channel, staff, first_grade from booked where lead_rows = 1
union all
select m.lead_id, hash(b.pkey, b.project), b.project, b.channel, b.staff, b.first_grade
from booked b join member m using (party_id) where b.lead_rows > 1;

{earliest_dates}

create or replace temp table contact as
select m.party_id, min(c."at") filter (where not c.day_only and c."at" >= m.opened_at) as contact_at,
    max(c.followed_up_at) as last_contact_at
from ({contacts}) c join member m using (lead_id)
group by all;

create or replace temp table stages as
select party_id,
    arg_min(("at", day_only), ("at", id)) filter (where kind = 'visit') as visit_1,
    arg_min(("at", day_only), ("at", id), 2) filter (where kind = 'visit')[2] as visit_2,
    arg_min(("at", day_only), ("at", id)) filter (where kind = 'subscription') as subscription_1,
    arg_min(("at", day_only), ("at", id)) filter (where kind = 'contract') as contract_1,
    bool_and(cancelled_at is not null) filter (where kind = 'subscription') as subscription_lost,
    arg_max((cancelled_at, cancelled_day_only), (cancelled_at, id)) filter (where kind = 'subscription') as subscription_loss,
    bool_and(cancelled_at is not null) filter (where kind = 'contract') as contract_lost,
    arg_max((cancelled_at, cancelled_day_only), (cancelled_at, id)) filter (where kind = 'contract') as contract_loss
from placed
group by party_id;

create or replace temp table chain_0 as
select party_id, created_at as "at", created_at_day_only as day_only, true as in_window from lead_side;
{chain}

create or replace temp {fresh} fresh_party as
select b.* exclude (pkey, last_follow_up_at), hash(b.pkey, b.project) as whose, c.contact_at, coalesce(c.last_contact_at, b.last_follow_up_at) as last_contact_at,
    s.visit_1[1] as first_visit_at, s.visit_1[2] as first_visit_at_day_only,
    s.visit_2[1] as second_visit_at, s.visit_2[2] as second_visit_at_day_only,
    s.subscription_1[1] as subscribed_at, s.subscription_1[2] as subscribed_at_day_only,
    case when s.subscription_lost then s.subscription_loss[1] end as subscription_lost_at,
    case when s.subscription_lost then s.subscription_loss[2] end as subscription_lost_at_day_only,
    s.contract_1[1] as contracted_at, s.contract_1[2] as contracted_at_day_only,
    case when s.contract_lost then s.contract_loss[1] end as contract_lost_at,
    case when s.contract_lost then s.contract_loss[2] end as contract_lost_at_day_only,
    coalesce(not s.contract_lost, false) as has_contract{step_columns}
from booked b
left join contact c using (party_id) left join stages s using (party_id){step_joins};

insert into party by name from fresh_party;

-- The parties of every touched (person, project), anew: leads opened into parties, events joined to them, walk-ins opened.
delete from stage_event where (kind, id) in (select (kind, id) from changed_event);
insert into stage_event
select kind, id, pkey, project, lead_id, null, "at", day_only, cancelled_at, cancelled_day_only, channel_id, staff_id from keyed_event;

create or replace temp table opened as
with touched_lead as (
    select l.* from keyed_lead l semi join touched using (pkey, project)
), after as (
    select *, lag(created_at) over (partition by pkey, project order by created_at, id) as previous_at from touched_lead
)
select *, sum(case when previous_at is null or created_at - previous_at >= to_days({re_entry_days}) then 1 else 0 end)
    over (partition by pkey, project order by created_at, id rows unbounded preceding) as turn
from after;

delete from lead_party where (pkey, project) in (select (pkey, project) from touched)
    or lead_id in (select id from changed_lead);
insert into lead_party
select id, 'lead:' || first_value(id) over (partition by pkey, project, turn order by created_at, id), pkey, project from opened;

create or replace temp table lead_side as
select o.pkey, o.project, p.party_id, arg_min(o.id, (o.created_at, o.id)) as first_lead_id,
    arg_max(o.id, (o.created_at, o.id)) as last_lead_id, count(*)::integer as lead_rows, min(o.created_at) as created_at,
    arg_min(o.created_at_day_only, (o.created_at, o.id)) as created_at_day_only,
    arg_min_null(o.channel_id, (o.created_at, o.id)) as channel, arg_min_null(o.touchpoint_id, (o.created_at, o.id)) as touchpoint,
    arg_min_null(o.grade, (o.created_at, o.id)) as first_grade, arg_max_null(o.staff_id, (o.created_at, o.id)) as staff,
    arg_max_null(o.grade, (o.created_at, o.id)) as grade, coalesce(arg_max_null(o.valid, (o.created_at, o.id)), true) as valid,
    arg_max_null(o.lost_at, (o.created_at, o.id)) as lost_at,
    arg_max_null(o.reactivated_at, (o.created_at, o.id)) as reactivated_at,
    max(o.last_follow_up_at) filter (where o.last_follow_up_at <= getvariable('as_of')) as last_follow_up_at
from opened o join lead_party p on p.lead_id = o.id
group by all;

create or replace temp table touched_event as
select e.kind, e.id, e.pkey, e.project, e.lead_id, e."at", e.day_only, e.cancelled_at, e.cancelled_day_only, e.channel, e.staff,
    l.party_id
from stage_event e semi join touched using (pkey, project)
left join lead_party l on l.lead_id = e.lead_id;

create or replace temp table joined as
select e.kind, e.id, arg_max(p.party_id, (p.created_at, p.first_lead_id)) as party_id
from touched_event e
join lead_side p on e.pkey = p.pkey and e.project = p.project
    and case when e.day_only or p.created_at_day_only then p.created_at::date <= e."at"::date else p.created_at <= e."at" end
where e.party_id is null
group by all;

create or replace temp table walk_in as
select pkey, project, "at", day_only, channel, staff, 'walk:' || kind || ':' || id as party_id
from touched_event anti join joined using (kind, id)
where party_id is null
qualify row_number() over (
    partition by pkey, project
    order by "at", case kind when 'visit' then 1 when 'subscription' then 2 else 3 end, id
) = 1;

create or replace temp table placed as
select e.kind, e.id, e.pkey, e.project, e.lead_id, coalesce(e.party_id, j.party_id, w.party_id) as party_id, e."at", e.day_only,
    e.cancelled_at, e.cancelled_day_only, e.channel, e.staff
from touched_event e
left join joined j using (kind, id)
left join walk_in w on w.pkey = e.pkey and w.project = e.project;

delete from stage_event where (pkey, project) in (select (pkey, project) from touched);
insert into stage_event by name select * from placed;

create or replace temp table contact as
select l.party_id, min(l."at") filter (where not l.day_only and l."at" >= p.created_at) as contact_at, max(l."at") as last_contact_at
from contact_source l join lead_side p using (party_id)
group by all;

create or replace temp table credited as
select l.party_id, arg_min(r.referrer_id, (r."at", r.id)) as referrer_id
from referral r join lead_party l using (lead_id) semi join lead_side p using (party_id)
where r."at" <= getvariable('as_of')
group by all;

create or replace temp table stages as
select party_id,
    arg_min(("at", day_only), ("at", id)) filter (where kind = 'visit') as visit_1,
    list(("at", day_only) order by "at", id) filter (where kind = 'visit')[2] as visit_2,
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

delete from party where (pkey, project) in (select (pkey, project) from touched);
insert into party by name
with body as (
    select pkey, project, party_id, true as has_lead, first_lead_id, last_lead_id, lead_rows, created_at, created_at_day_only,
        channel, touchpoint, first_grade, staff, grade, valid, lost_at, reactivated_at, last_follow_up_at
    from lead_side
    union all by name
    select pkey, project, party_id, false as has_lead, channel, staff, true as valid from walk_in
)
select b.* exclude (last_follow_up_at, channel, staff, touchpoint),
    coalesce(b.channel, '') as channel, coalesce(b.staff, '') as staff, b.touchpoint,
    c.contact_at, coalesce(c.last_contact_at, b.last_follow_up_at) as last_contact_at, r.referrer_id,
    s.visit_1[1] as first_visit_at, s.visit_1[2] as first_visit_at_day_only,
    s.visit_2[1] as second_visit_at, s.visit_2[2] as second_visit_at_day_only,
    s.subscription_1[1] as subscribed_at, s.subscription_1[2] as subscribed_at_day_only,
    case when s.subscription_lost then s.subscription_loss[1] end as subscription_lost_at,
    case when s.subscription_lost then s.subscription_loss[2] end as subscription_lost_at_day_only,
    s.contract_1[1] as contracted_at, s.contract_1[2] as contracted_at_day_only,
    case when s.contract_lost then s.contract_loss[1] end as contract_lost_at,
    case when s.contract_lost then s.contract_loss[2] end as contract_lost_at_day_only,
    coalesce(not s.contract_lost, false) as has_contract{step_columns}
from body b
left join contact c using (party_id) left join credited r using (party_id) left join stages s using (party_id){step_joins};

-- What the record rules look at, as it stands at as_of: rows of every kind with the customer they belong to.
-- A customer is a person key at one project; nothing here leads from one project to another, so that a referral that moves through
-- the pool is never looked at. "at" and till are the first and the last moment at which a row can have happened: they differ where
-- only the day is known, and a rule finds only what holds whichever moment it was.
create or replace temp macro last_moment(moment, day_only) as
    case when day_only then date_trunc('day', moment) + interval 1 day - interval 1 microsecond else moment end;
create or replace temp macro is_paid(kind) as coalesce(kind = 'distribution', false);
create or replace temp macro is_natural(kind) as coalesce(kind in ('public', 'private', 'offline'), true);
create or replace temp macro seconds_between(earlier, later) as cast(floor(epoch(later - earlier)) as bigint);

create or replace temp table finding (
    rule varchar, key varchar, level varchar, project varchar, channel varchar, staff varchar, broker varchar, since timestamp,
    facts map(varchar, varchar)
);
create or replace temp table proof (
    rule varchar, key varchar, kind varchar, id varchar, pkey varchar, project varchar, "at" timestamp, day_only boolean,
    channel varchar, staff varchar, broker varchar
);

-- One row per lead.
create or replace temp view lead_row as
select l.id, coalesce(l.person, '#' || l.id) as pkey, l.person, coalesce(l.project_id, '') as project, l.channel_id as channel, c.kind,
    l.staff_id as staff, l.created_at as "at", last_moment(l.created_at, l.created_at_day_only) as till,
    l.created_at_day_only as day_only, l.phone_ok, l.lost_at, last_moment(l.lost_at, l.lost_at_day_only) as lost_till
from lead l left join channel c on c.id = l.channel_id
where l.created_at <= getvariable('as_of');

-- One row per registration. A registration without a channel is a paid one: that is what registering is for.
create or replace temp table registered as
select r.id, coalesce(r.person, l.person, '#' || r.lead_id, '#registration:' || r.id) as pkey,
    coalesce(r.project_id, l.project_id, '') as project, r.channel_id as channel, r.channel_id is null or is_paid(c.kind) as paid,
    r.broker_id as broker, r.lead_id, l.staff_id as staff, r."at", last_moment(r."at", r.at_day_only) as till,
    r.at_day_only as day_only, last_moment(r.protected_until, r.protected_until_day_only) as protected_until,
    r.protected_until_day_only,
    coalesce(case when r.person is not null then r.phone_ok end, case when l.person is not null then l.phone_ok end, false) as phone_ok,
    r.person as own_person
from registration r left join lead l on l.id = r.lead_id left join channel c on c.id = r.channel_id
where r."at" <= getvariable('as_of');

-- One row per visit and person it belongs to: the customer of its lead and the one whose phone it bears, where they differ.
create or replace temp table visited as
with entry as (
    select v.id, l.person as lead_person, v.person, v.lead_id, coalesce(v.project_id, l.project_id, '') as project,
        coalesce(v.channel_id, l.channel_id) as channel, v.channel_id as own_channel, coalesce(v.staff_id, l.staff_id) as staff,
        v.staff_id as own_staff, v."at", last_moment(v."at", v.at_day_only) as till, v.at_day_only as day_only
    from visit v left join lead l on l.id = v.lead_id
    where v."at" <= getvariable('as_of')
), keyed as (
    select *, coalesce(lead_person, person, '#' || lead_id, '#visit:' || id) as pkey from entry
    union all
    select *, person from entry where person <> lead_person
)
select k.* exclude (lead_person, person), is_natural(c.kind) as natural_way
from keyed k left join channel c on c.id = k.channel;

-- One row per change of owner or source, with the channel the lead was booked under before, where an earlier change tells.
create or replace temp table assigned as
select a.id, a.lead_id, coalesce(l.person, '#' || a.lead_id) as pkey, coalesce(l.project_id, '') as project, a.channel_id as channel,
    coalesce(a.staff_id, l.staff_id) as staff, a.staff_id as own_staff, is_paid(c.kind) as paid, a."at",
    last_moment(a."at", a.at_day_only) as till, a.at_day_only as day_only
from assignment a left join lead l on l.id = a.lead_id left join channel c on c.id = a.channel_id
where a."at" <= getvariable('as_of');

-- One row per subscription and person it belongs to.
create or replace temp table subscribed as
with entry as (
    select s.id, l.person as lead_person, s.person, s.lead_id, coalesce(s.project_id, l.project_id, '') as project,
        coalesce(s.channel_id, l.channel_id) as channel, coalesce(s.staff_id, l.staff_id) as staff, s."at",
        last_moment(s."at", s.at_day_only) as till, s.at_day_only as day_only
    from subscription s left join lead l on l.id = s.lead_id
    where s."at" <= getvariable('as_of')
)
select * exclude (lead_person, person), coalesce(lead_person, person, '#' || lead_id, '#subscription:' || id) as pkey from entry
union all
select * exclude (lead_person, person), person from entry where person <> lead_person;

-- One row per contract: the customer it is booked for, and the buyer where another phone stands in it.
create or replace temp table signed as
select c.id, coalesce(l.person, c.person, '#' || c.lead_id, '#contract:' || c.id) as pkey,
    case when c.person <> l.person then c.person end as buyer, coalesce(c.project_id, l.project_id, '') as project,
    coalesce(c.channel_id, l.channel_id) as channel, coalesce(c.staff_id, l.staff_id) as staff, c.signed_at as "at",
    last_moment(c.signed_at, c.signed_at_day_only) as till, c.signed_at_day_only as day_only,
    coalesce(c.cancelled_at <= getvariable('as_of'), false) as cancelled, c.amount, c.commission_amount as commission,
    c.commission_to, c.commission_records
from contract c left join lead l on l.id = c.lead_id
where c.signed_at <= getvariable('as_of');

-- The customers any of the rules on registrations, buyers and changed sources asks about.
create or replace temp table wanted as
select pkey, project from registered
union select buyer, project from signed where buyer is not null
union select pkey, project from assigned where paid;

-- One row per first-hand contact of these customers: a number left, a visit, a call that got through.
create or replace temp table touch as
with reached as materialized (
    select id, pkey, project, channel, is_natural(kind) as natural_way, staff, "at", till, day_only
    from lead_row semi join wanted using (pkey, project)
)
select 'lead' as kind, id, pkey, project, channel, natural_way, staff, "at", till, day_only from reached
union all
select 'visit', id, pkey, project, channel, natural_way, staff, "at", till, day_only from visited semi join wanted using (pkey, project)
union all
select 'follow_up', f.id, r.pkey, r.project, r.channel, r.natural_way, coalesce(f.staff_id, r.staff), f."at",
    last_moment(f."at", f.at_day_only), f.at_day_only
from follow_up f join reached r on r.id = f.lead_id
where f.reached is distinct from false and f."at" <= getvariable('as_of');

-- Every project any of them stands under, for the thresholds.
create or replace temp table place as
select coalesce(project_id, '') as project from lead union select project from registered union select project from visited
union select project from signed union select project from subscribed union select coalesce(project_id, '') from referral;

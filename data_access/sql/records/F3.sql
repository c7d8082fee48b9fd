-- One finding per first paid registration of a customer by a channel: the customer's first visit came less than so many minutes later.
create or replace temp table case_f3 as
with first_visit as (
    select pkey, project, arg_min(v, (v."at", v.id)) as seen
    from touch v
    where v.kind = 'visit'
    group by all
), first_claim as (
    from registered where paid
    qualify row_number() over (partition by pkey, project, channel order by "at", id) = 1
)
select r.id as key, v.seen, case when v.seen.till - r."at" < to_microseconds(cast(m.grave_minutes * 60000000 as bigint)) then 'red' end as level
from first_claim r join first_visit v using (pkey, project) join limit_F3 m using (project)
where v.seen."at" >= r.till and v.seen.till - r."at" < to_microseconds(cast(m.minutes * 60000000 as bigint));

insert into finding by name
select 'F3' as rule, r.id as key, f.level, r.project, r.channel, coalesce(f.seen.staff, r.staff) as staff, r.broker, r."at" as since,
    map {'seconds': seconds_between(r."at", f.seen."at")::varchar} as facts
from case_f3 f join registered r on r.id = f.key;

insert into proof by name
select 'F3' as rule, r.id as key, 'registration' as kind, r.id, r.pkey, r.project, r."at", r.day_only, r.channel, r.staff, r.broker
from registered r semi join case_f3 f on f.key = r.id
union all by name
select 'F3' as rule, key, 'visit' as kind, seen.id, seen.pkey, seen.project, seen."at", seen.day_only, seen.channel, seen.staff
from case_f3;

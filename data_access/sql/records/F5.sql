-- One finding per registration that came at most so many hours after another channel's protection had ended, when the customer
-- visited at most so many hours later. A protection that was renewed has not ended.
create or replace temp table case_f5 as
with ended as (
    select r.id as key, r.pkey, r.project, r."at", r.till, arg_max(p, (p.protected_until, p.id)) as before
    from registered r join registered p using (pkey, project) join limit_F5 m using (project)
    where p.channel <> r.channel and p.protected_until < r."at"
        and r.till - p.protected_until <= to_microseconds(cast(m.claim_hours * 3600000000 as bigint))
        and not exists (
            from registered o
            where o.pkey = p.pkey and o.project = p.project and o.channel = p.channel and o."at" <= r.till and o.protected_until >= r."at"
        )
    group by all
)
select e.key, e.before, arg_min(v, (v."at", v.id)) as seen
from ended e join visited v using (pkey, project) join limit_F5 m using (project)
where v."at" >= e.till and v.till - e."at" <= to_microseconds(cast(m.visit_hours * 3600000000 as bigint))
group by all;

insert into finding by name
select 'F5' as rule, r.id as key, r.project, r.channel, r.staff, r.broker, r."at" as since,
    map {'seconds': seconds_between(f.before.protected_until, r.till)::varchar} as facts
from case_f5 f join registered r on r.id = f.key;

insert into proof by name
select 'F5' as rule, key, 'registration' as kind, before.id, before.pkey, before.project, before."at", before.day_only, before.channel,
    before.staff, before.broker
from case_f5
union all by name
select 'F5' as rule, key, 'protection_end' as kind, before.id, before.pkey, before.project, before.protected_until as "at",
    before.protected_until_day_only as day_only, before.channel
from case_f5
union all by name
select 'F5' as rule, r.id as key, 'registration' as kind, r.id, r.pkey, r.project, r."at", r.day_only, r.channel, r.staff, r.broker
from registered r semi join case_f5 f on f.key = r.id
union all by name
select 'F5' as rule, key, 'visit' as kind, seen.id, seen.pkey, seen.project, seen."at", seen.day_only, seen.channel, seen.staff
from case_f5;

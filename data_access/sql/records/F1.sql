-- One finding per paid registration: a natural touch of the same customer under another channel, more than so many minutes and at most
-- so many days earlier.
create or replace temp table case_f1 as
select r.id as key, arg_min(t, (t."at", t.kind, t.id)) as touched
from registered r join touch t using (pkey, project) join limit_F1 m using (project)
where r.paid and t.natural_way and t.channel is distinct from r.channel and r."at" - t.till > to_microseconds(cast(m.minutes * 60000000 as bigint))
    and r.till - t."at" <= to_microseconds(cast(m.within_days * 86400000000 as bigint))
group by r.id;

insert into finding by name
select 'F1' as rule, r.id as key, r.project, r.channel, r.staff, r.broker, r."at" as since,
    map {'touch': f.touched.kind, 'seconds': seconds_between(f.touched."at", r.till)::varchar} as facts
from case_f1 f join registered r on r.id = f.key;

insert into proof by name
select 'F1' as rule, key, touched.kind, touched.id, touched.pkey, touched.project, touched."at", touched.day_only, touched.channel,
    touched.staff
from case_f1
union all by name
select 'F1' as rule, r.id as key, 'registration' as kind, r.id, r.pkey, r.project, r."at", r.day_only, r.channel, r.staff, r.broker
from registered r semi join case_f1 f on f.key = r.id;

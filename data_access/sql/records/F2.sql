-- One finding per contract that stands: its buyer is not the customer who was registered, and had a natural touch before the
-- registration. The registration is the customer's first paid one before the signing.
create or replace temp table case_f2 as
with bought as (
    select s.id as key, s.buyer, s.project, arg_min(r, (r."at", r.id)) as claimed
    from signed s join registered r on r.pkey = s.pkey and r.project = s.project
    where s.buyer is not null and not s.cancelled and r.paid and r.till <= s."at"
    group by all
)
select b.key, b.claimed, arg_min(t, (t."at", t.kind, t.id)) as touched
from bought b join touch t on t.pkey = b.buyer and t.project = b.project
where t.natural_way and t.till < b.claimed."at"
group by all;

insert into finding by name
select 'F2' as rule, s.id as key, s.project, f.claimed.channel, s.staff, f.claimed.broker, s."at" as since,
    map {'touch': f.touched.kind} as facts
from case_f2 f join signed s on s.id = f.key;

insert into proof by name
select 'F2' as rule, key, touched.kind, touched.id, touched.pkey, touched.project, touched."at", touched.day_only, touched.channel,
    touched.staff
from case_f2
union all by name
select 'F2' as rule, key, 'registration' as kind, claimed.id, claimed.pkey, claimed.project, claimed."at", claimed.day_only,
    claimed.channel, claimed.staff, claimed.broker
from case_f2
union all by name
select 'F2' as rule, s.id as key, 'contract' as kind, s.id, s.pkey, s.project, s."at", s.day_only, s.channel, s.staff
from signed s semi join case_f2 f on f.key = s.id;

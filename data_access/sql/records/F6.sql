-- One finding per change of a natural customer into a channel's, after the first visit or at most so many days before the subscription.
-- That the customer was natural_way is told by the change before this one, else by an earlier visit booked under a natural channel.
create or replace temp table case_f6 as
with turned as (
    select a.id as key, a.pkey, a.project, a."at", a.till,
        (select arg_max(is_paid(k.kind), (b."at", b.id)) from assigned b left join channel k on k.id = b.channel
            where b.lead_id = a.lead_id and b.channel is not null and b.till < a."at") as was_paid
    from assigned a
    where a.paid
), natural_visit as (
    select t.key, arg_min(v, (v."at", v.id)) as seen
    from turned t join visited v using (pkey, project)
    where v.own_channel is not null and v.natural_way and v.till < t."at"
    group by t.key
), any_visit as (
    select t.key, arg_min(v, (v."at", v.id)) as seen
    from turned t join visited v using (pkey, project)
    where v.till < t."at"
    group by t.key
), sold as (
    select t.key, arg_min(s, (s."at", s.id)) as bought
    from turned t join subscribed s using (pkey, project) join limit_F6 m using (project)
    where s."at" >= t.till and s.till - t."at" <= to_microseconds(cast(m.days * 86400000000 as bigint))
    group by t.key
)
select t.key, coalesce(n.seen, v.seen) as seen, s.bought
from turned t left join natural_visit n using (key) left join any_visit v using (key) left join sold s using (key)
where coalesce(not t.was_paid, n.key is not null) and (v.key is not null or s.key is not null);

insert into finding by name
select 'F6' as rule, a.id as key, a.project, a.channel, a.staff, a."at" as since,
    map {'when': case when f.seen is not null then 'visited' else 'subscribing' end} as facts
from case_f6 f join assigned a on a.id = f.key;

insert into proof by name
select 'F6' as rule, key, 'visit' as kind, seen.id, seen.pkey, seen.project, seen."at", seen.day_only, seen.channel, seen.staff
from case_f6 where seen is not null
union all by name
select 'F6' as rule, a.id as key, 'assignment' as kind, a.id, a.pkey, a.project, a."at", a.day_only, a.channel, a.staff
from assigned a semi join case_f6 f on f.key = a.id
union all by name
select 'F6' as rule, key, 'subscription' as kind, bought.id, bought.pkey, bought.project, bought."at", bought.day_only, bought.channel,
    bought.staff
from case_f6 where bought is not null;

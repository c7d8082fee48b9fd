-- One finding per subscription less than so many hours after a channel's first paid registration of the same customer.
create or replace temp table case_f7 as
with first_claim as (
    from registered where paid
    qualify row_number() over (partition by pkey, project, channel order by "at", id) = 1
)
select s.id as key, any_value(s) as bought, arg_min(r, (r."at", r.id)) as claimed
from subscribed s join first_claim r using (pkey, project) join limit_F7 m using (project)
where s."at" >= r.till and s.till - r."at" < to_microseconds(cast(m.hours * 3600000000 as bigint))
group by s.id;

insert into finding by name
select 'F7' as rule, key, bought.project, claimed.channel, bought.staff, claimed.broker, bought."at" as since,
    map {'seconds': seconds_between(claimed."at", bought."at")::varchar} as facts
from case_f7;

insert into proof by name
select 'F7' as rule, key, 'registration' as kind, claimed.id, claimed.pkey, claimed.project, claimed."at", claimed.day_only,
    claimed.channel, claimed.staff, claimed.broker
from case_f7
union all by name
select 'F7' as rule, key, 'subscription' as kind, bought.id, bought.pkey, bought.project, bought."at", bought.day_only, bought.channel,
    bought.staff
from case_f7;

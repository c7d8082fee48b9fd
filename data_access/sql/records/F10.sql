-- One finding per salesperson, project, year and broker: the broker's share of the salesperson's channel deals above the limit with at
-- least so many deals. A channel deal is a contract that stands of a customer whom a broker registered before the signing.
create or replace temp table case_f10 as
with deal as (
    select s.*, r.broker
    from (from signed union all select * replace (buyer as pkey) from signed where buyer is not null) s
    join registered r using (pkey, project)
    where not s.cancelled and s.staff is not null and r.broker is not null and r.till <= s."at"
    qualify row_number() over (partition by s.id order by r."at" desc, r.id desc) = 1
)
select *, year("at") as year, count(*) over (partition by staff, project, year("at")) as n,
    count(*) over (partition by staff, project, year("at"), broker) as k,
    concat_ws(':', staff, project, year("at"), broker) as key
from deal;

insert into finding by name
select 'F10' as rule, key, project, mode(channel order by channel) as channel, staff, broker, min("at") as since,
    map {'year': any_value(year)::varchar, 'k': any_value(k)::varchar, 'n': any_value(n)::varchar} as facts
from case_f10 join limit_F10 m using (project)
where n >= m.least and k > m.share * n
group by key, project, staff, broker;

insert into proof by name
select 'F10' as rule, c.key, 'contract' as kind, c.id, c.pkey, c.project, c."at", c.day_only, c.channel, c.staff, c.broker
from case_f10 c semi join finding f on f.rule = 'F10' and f.key = c.key;

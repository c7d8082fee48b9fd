-- One finding per broker, project and quarter of a year: the share of registrations without a valid phone, or of visits by the broker's
-- customers that no salesperson received, above the limit with at least so many cases. A visit belongs to the broker of the latest
-- registration before it.
create or replace temp table case_f9 as
with counted as (
    select 'phone' as what, 'registration' as kind, id, pkey, project, broker, channel, staff, "at", day_only, not phone_ok as bad
    from registered where broker is not null
    union all
    select 'visit', 'visit', v.id, v.pkey, v.project, r.broker, r.channel, v.own_staff, v."at", v.day_only, v.own_staff is null
    from visited v join registered r using (pkey, project)
    where getvariable('visit_staff') and r.broker is not null and r.till <= v."at"
    qualify row_number() over (partition by v.id order by r."at" desc, r.id desc) = 1
)
select *, year("at") || 'Q' || quarter("at") as quarter, concat_ws(':', what, broker, project, year("at") || 'Q' || quarter("at")) as key
from counted;

insert into finding by name
select 'F9' as rule, key, project, mode(channel order by channel) as channel, broker, min("at") as since,
    map {'what': what, 'quarter': quarter, 'k': (count(*) filter (where bad))::varchar, 'n': count(*)::varchar} as facts
from case_f9 join limit_F9 m using (project)
group by key, what, quarter, project, broker, m.least, m.share
having count(*) >= m.least and count(*) filter (where bad) > m.share * count(*);

insert into proof by name
select 'F9' as rule, c.key, c.kind, c.id, c.pkey, c.project, c."at", c.day_only, c.channel, c.staff, c.broker
from case_f9 c semi join finding f on f.rule = 'F9' and f.key = c.key
where c.bad;

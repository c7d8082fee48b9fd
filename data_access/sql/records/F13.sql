-- One finding per customer of a project whom so many salespeople followed within so many days, known by the customer's first lead;
-- and one per contract at a project to whose salesperson the customer's lead at another project had been given, when nobody referred
-- the customer: what goes through the referral pool is no finding.
create or replace temp table case_f13 as
with shared as (
    -- Most leads are in one pair of hands; only the others, and customers with several leads, are looked at.
    select lead_id as id from follow_up group by lead_id having min(staff_id) <> max(staff_id)
), again as (
    select hash(person, coalesce(project_id, '')) as whose from lead where person is not null group by all having count(*) > 1
), handed as (
    select hash(pkey, project) as whose from lead_row semi join shared using (id) union from again
), held_lead as materialized (
    from lead_row where hash(pkey, project) in (from handed)
), followed as materialized (
    select f.id, f.staff_id as staff, l.pkey, l.project, l.channel, f."at", last_moment(f."at", f.at_day_only) as till,
        f.at_day_only as day_only
    from follow_up f join held_lead l on l.id = f.lead_id
    where f.staff_id is not null and f."at" <= getvariable('as_of')
), many as (
    select pkey, project from followed join limit_F13 m using (project)
    group by pkey, project, m.hands having count(distinct staff) >= m.hands
), held as (
    from followed semi join many using (pkey, project)
), span as (
    select a.pkey, a.project, a."at" as opens
    from held a join held b using (pkey, project) join limit_F13 m using (project)
    where b."at" >= a."at" and b.till - a."at" <= to_microseconds(cast(m.days * 86400000000 as bigint))
    group by a.pkey, a.project, a.id, a."at", m.hands having count(distinct b.staff) >= m.hands
), earliest as (
    select pkey, project, min(opens) as opens from span group by all
), known as (
    select pkey, project, arg_min(id, ("at", id)) as first_lead from held_lead semi join earliest using (pkey, project) group by all
)
select 'many:' || k.first_lead as key, h.*
from earliest e join held h using (pkey, project) join known k using (pkey, project) join limit_F13 m using (project)
where h."at" >= e.opens and h.till - e.opens <= to_microseconds(cast(m.days * 86400000000 as bigint));

insert into finding by name
select 'F13' as rule, key, project, any_value(channel) as channel, arg_max(staff, ("at", id)) as staff, min("at") as since,
    map {'what': 'many', 'n': count(distinct staff)::varchar} as facts
from case_f13 group by key, project;

insert into proof by name
select 'F13' as rule, key, 'follow_up' as kind, id, pkey, project, "at", day_only, channel, staff from case_f13;

create or replace temp table moved_f13 as
with given as (
    select a.*, coalesce(s.project_id, '') as to_project
    from assigned a join staff s on s.id = a.own_staff
    where s.project_id <> a.project and a.project <> ''
), referred as (
    select l.pkey from referral r join lead_row l on l.id = r.lead_id where r."at" <= getvariable('as_of')
    union
    select pkey from lead_row where kind = 'referral'
)
select 'moved:' || s.id as key, s.id as contract, g.id as assignment, g.pkey, g.project as from_project
from signed s join given g on g.pkey = s.pkey and g.to_project = s.project
where not s.cancelled and g.till <= s."at" and s.pkey not in (select pkey from referred)
qualify row_number() over (partition by s.id order by g."at" desc, g.id desc) = 1;

insert into finding by name
select 'F13' as rule, m.key, s.project, s.channel, s.staff, s."at" as since, map {'what': 'moved', 'n': '1'} as facts
from moved_f13 m join signed s on s.id = m.contract;

insert into proof by name
select 'F13' as rule, m.key, 'assignment' as kind, a.id, a.pkey, a.project, a."at", a.day_only, a.channel, a.staff
from moved_f13 m join assigned a on a.id = m.assignment
union all by name
select 'F13' as rule, m.key, 'contract' as kind, s.id, s.pkey, s.project, s."at", s.day_only, s.channel, s.staff
from moved_f13 m join signed s on s.id = m.contract;

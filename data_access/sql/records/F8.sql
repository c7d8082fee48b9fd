-- One finding per burst: one broker registers so many customers of a project, each for the first time, within so many minutes.
-- Windows that overlap are one burst, known by its first registration. Times known to the day only say nothing about minutes.
create or replace temp table case_f8 as
with hasty as (
    select broker, project, "at", lead("at", cast(registrations as integer) - 1) over (partition by broker, project order by "at") as last,
        to_microseconds(cast(minutes * 60000000 as bigint)) as span
    from registered join limit_F8 using (project)
    where broker is not null and not day_only
), first_time as (
    from registered semi join (from hasty where last - "at" <= span) using (broker, project)
    where not day_only
    qualify row_number() over (partition by broker, project, pkey order by "at", id) = 1
), counted as (
    select r.*, count(*) over (
        partition by broker, project order by "at"
        range between current row and to_microseconds(cast(m.minutes * 60000000 as bigint)) following
    ) as n, m.registrations, to_microseconds(cast(m.minutes * 60000000 as bigint)) as span
    from first_time r join limit_F8 m using (project)
), covered as (
    select c.*, max(case when n >= registrations then "at" end) over (
        partition by broker, project order by "at", id rows unbounded preceding
    ) as opened
    from counted c
), inside as (
    select *, coalesce("at" - lag("at") over mine > span, true) as starts
    from covered where "at" - opened <= span
    window mine as (partition by broker, project order by "at", id)
), burst as (
    select *, sum(starts::integer) over (partition by broker, project order by "at", id rows unbounded preceding) as number from inside
)
select *, first_value(id) over (partition by broker, project, number order by "at", id) as key from burst;

insert into finding by name
select 'F8' as rule, key, project, any_value(channel) as channel, broker, min("at") as since,
    map {
        'n': count(*)::varchar, 'seconds': seconds_between(min("at"), max("at"))::varchar,
        'night': count(*) filter (where hour("at") >= 22 or hour("at") < 6)::varchar
    } as facts
from case_f8 group by key, project, broker;

insert into proof by name
select 'F8' as rule, key, 'registration' as kind, id, pkey, project, "at", day_only, channel, staff, broker from case_f8;

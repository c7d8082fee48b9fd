-- One finding per salesperson, project, two weeks (from every other Monday) and test: of the natural first visits received, the share
-- that was given up, or registered by or changed into a channel, within 14 days lies above the peers' mean by more than so many
-- deviations. Peers are the project's other salespeople with enough cases; the deviation is theirs, and at least what chance alone
-- gives; half a case is taken off, since one case more or less is chance.
create or replace temp table case_f11 as
with again as (
    -- Most people come once; only the others have to be put in order.
    select hash(pkey, project) as whose from visited group by all having count(*) > 1
), first_visit as (
    from visited where hash(pkey, project) not in (from again)
    union all
    from visited where hash(pkey, project) in (from again)
    qualify row_number() over (partition by pkey, project order by "at", id) = 1
), natural_visit as (
    select id, pkey, project, channel, own_staff as staff, "at", till, day_only,
        date '2018-01-01' + cast(date_diff('day', date '2018-01-01', "at"::date) // 14 * 14 as integer) as first_day
    from first_visit where natural_way and own_staff is not null
), gone as (
    select v.id, 'loss' as what from natural_visit v join lead_row l using (pkey, project)
    where l.lost_at > v.till and l.lost_till - v."at" <= interval 14 days
    union
    select v.id, 'channel' from natural_visit v join registered r using (pkey, project)
    where r.paid and r."at" > v.till and r.till - v."at" <= interval 14 days
    union
    select v.id, 'channel' from natural_visit v join assigned a using (pkey, project)
    where a.paid and a."at" > v.till and a.till - v."at" <= interval 14 days
), tested as (
    select 'loss' as what where getvariable('lead_lost') union all select 'channel' where getvariable('claims')
)
select v.*, t.what, g.id is not null as bad, concat_ws(':', t.what, v.staff, v.project, v.first_day) as key
from natural_visit v cross join tested t left join gone g on g.id = v.id and g.what = t.what
where v.first_day + 28 <= getvariable('as_of')::date;

create or replace temp table share_f11 as
select key, what, project, staff, first_day, mode(channel order by channel) as channel, count(*) as n,
    count(*) filter (where bad) as k, min("at") as since
from case_f11 join limit_F11 m using (project)
group by key, what, project, staff, first_day, m.least
having count(*) >= m.least;

insert into finding by name
with compared as (
    select s.key, s.n, s.k, s.project, s.staff, s.what, s.first_day, s.channel, s.since, count(*) as others,
        avg(p.k / p.n) as mean, coalesce(stddev_samp(p.k / p.n), 0) as spread, (s.k + sum(p.k)) / (s.n + sum(p.n)) as pooled
    from share_f11 s join share_f11 p using (what, project, first_day)
    where p.staff <> s.staff
    group by s.key, s.n, s.k, s.project, s.staff, s.what, s.first_day, s.channel, s.since
), judged as (
    select *, greatest(spread, sqrt(pooled * (1 - pooled) / n)) as deviation from compared
)
select 'F11' as rule, key, project, channel, staff, since,
    map {
        'what': what, 'first': first_day::varchar, 'k': k::varchar, 'n': n::varchar, 'peers': others::varchar,
        'mean': round(mean, 3)::varchar, 'z': round(((k - 0.5) / n - mean) / nullif(deviation, 0), 1)::varchar
    } as facts
from judged join limit_F11 m using (project)
where others >= m.peers and (k - 0.5) / n > mean + m.deviations::double * deviation + 1e-6;

insert into proof by name
select 'F11' as rule, c.key, 'visit' as kind, c.id, c.pkey, c.project, c."at", c.day_only, c.channel, c.staff
from case_f11 c semi join finding f on f.rule = 'F11' and f.key = c.key
where c.bad;

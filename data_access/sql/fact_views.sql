-- One view per source of measures: the entity's columns, and project, channel, staff, first_grade as the counting rules say.
create or replace temp view f_party as
select *, getvariable('as_of') as as_of from party;

-- What a party wanted is what its first row says.
create or replace temp view wanted_party as
select p.*, l.district, l.segment, l.price_band
from f_party p left join lead l on l.id = p.first_lead_id;

create or replace temp view f_visit as
select e.*, s.project, s.channel, s.staff, s.first_grade, s.referrer_id, getvariable('as_of') as as_of
from visit e join stage_event s on s.kind = 'visit' and s.id = e.id;

create or replace temp view f_subscription as
select e.* replace (coalesce(e.units, 1) as units), s.project, s.channel, s.staff, s.first_grade, s.referrer_id,
    getvariable('as_of') as as_of
from subscription e join stage_event s on s.kind = 'subscription' and s.id = e.id;

create or replace temp view f_contract as
select e.* replace (coalesce(e.units, 1) as units), s.project, s.channel, s.staff, s.first_grade, s.referrer_id,
    getvariable('as_of') as as_of
from contract e join stage_event s on s.kind = 'contract' and s.id = e.id;

create or replace temp view f_payment as
select e.*, coalesce(s.project, '') as project, coalesce(s.channel, '') as channel, coalesce(s.staff, '') as staff, s.first_grade,
    getvariable('as_of') as as_of
from payment e left join stage_event s on s.kind = 'contract' and s.id = e.contract_id;

create or replace temp view f_referral as
select e.*, coalesce(e.project_id, l.project, '') as project, coalesce(l.channel, '') as channel, coalesce(l.staff, '') as staff,
    l.first_grade, getvariable('as_of') as as_of
from referral e left join lead_party l using (lead_id);

create or replace temp view f_follow_up as
select e.*, coalesce(l.project, '') as project, coalesce(l.channel, '') as channel, coalesce(e.staff_id, l.staff, '') as staff,
    l.first_grade, getvariable('as_of') as as_of
from follow_up e left join lead_party l using (lead_id);

create or replace temp view f_exposure as
select * replace (coalesce(impressions, 1) as impressions), coalesce(project_id, '') as project,
    coalesce(channel_id, '') as channel, coalesce(staff_id, '') as staff, cast(null as varchar) as first_grade,
    getvariable('as_of') as as_of
from exposure;

create or replace temp view wanted_exposure as
select *, cast(null as varchar) as price_band from f_exposure;

create or replace temp view f_spend as
select *, true as day_day_only, coalesce(project_id, '') as project, coalesce(channel_id, '') as channel, '' as staff,
    cast(null as varchar) as first_grade, getvariable('as_of') as as_of
from spend;

create or replace temp view f_milestone as
select *, true as planned_end_day_only, coalesce(project_id, '') as project, '' as channel, '' as staff,
    cast(null as varchar) as first_grade, getvariable('as_of') as as_of
from milestone;

create or replace temp view f_sop_check as
select *, coalesce(project_id, '') as project, '' as channel, coalesce(staff_id, '') as staff,
    cast(null as varchar) as first_grade, getvariable('as_of') as as_of
from sop_check;

-- One view per source of measures: the entity's columns, and project, channel, staff, first_grade as the counting rules say.
create or replace temp view f_party as
select *, getvariable('as_of') as as_of from party;

create or replace temp view f_visit as
select e.*, coalesce(e.project_id, p.project, '') as project, coalesce(e.channel_id, p.channel, '') as channel,
    coalesce(e.staff_id, p.staff, '') as staff, p.first_grade, p.referrer_id, getvariable('as_of') as as_of
from visit e left join stage_event s on s.kind = 'visit' and s.id = e.id left join party p on p.party_id = s.party_id;

create or replace temp view f_subscription as
select e.* replace (coalesce(e.units, 1) as units), coalesce(e.project_id, p.project, '') as project,
    coalesce(nullif(p.channel, ''), e.channel_id, '') as channel, coalesce(e.staff_id, p.staff, '') as staff, p.first_grade,
    p.referrer_id, getvariable('as_of') as as_of
from subscription e left join stage_event s on s.kind = 'subscription' and s.id = e.id
left join party p on p.party_id = s.party_id;

create or replace temp view f_contract as
select e.* replace (coalesce(e.units, 1) as units), coalesce(e.project_id, p.project, '') as project,
    coalesce(nullif(p.channel, ''), e.channel_id, '') as channel, coalesce(e.staff_id, p.staff, '') as staff, p.first_grade,
    p.referrer_id, getvariable('as_of') as as_of
from contract e left join stage_event s on s.kind = 'contract' and s.id = e.id left join party p on p.party_id = s.party_id;

create or replace temp view f_payment as
select e.*, coalesce(c.project, '') as project, coalesce(c.channel, '') as channel, coalesce(c.staff, '') as staff,
    c.first_grade, getvariable('as_of') as as_of
from payment e left join f_contract c on c.id = e.contract_id;

create or replace temp view f_referral as
select e.*, coalesce(e.project_id, p.project, '') as project, coalesce(p.channel, '') as channel,
    coalesce(p.staff, '') as staff, p.first_grade, getvariable('as_of') as as_of
from referral e left join lead_party l using (lead_id) left join party p on p.party_id = l.party_id;

create or replace temp view f_follow_up as
select e.*, coalesce(p.project, '') as project, coalesce(p.channel, '') as channel,
    coalesce(e.staff_id, p.staff, '') as staff, p.first_grade, getvariable('as_of') as as_of
from follow_up e left join lead_party l using (lead_id) left join party p on p.party_id = l.party_id;

create or replace temp view f_exposure as
select * replace (coalesce(impressions, 1) as impressions), coalesce(project_id, '') as project,
    coalesce(channel_id, '') as channel, coalesce(staff_id, '') as staff, cast(null as varchar) as first_grade,
    getvariable('as_of') as as_of
from exposure;

create or replace temp view f_spend as
select *, true as day_day_only, coalesce(project_id, '') as project, coalesce(channel_id, '') as channel, '' as staff,
    cast(null as varchar) as first_grade, getvariable('as_of') as as_of
from spend;

create or replace temp view f_milestone as
select *, true as planned_end_day_only, coalesce(project_id, '') as project, '' as channel, coalesce(owner_id, '') as staff,
    cast(null as varchar) as first_grade, getvariable('as_of') as as_of
from milestone;

create or replace temp view f_sop_check as
select *, coalesce(project_id, '') as project, '' as channel, coalesce(staff_id, '') as staff,
    cast(null as varchar) as first_grade, getvariable('as_of') as as_of
from sop_check;

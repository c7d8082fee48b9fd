-- Everything of the (person, project) keys that changed leads and events touch: what stands of them goes, their rows are looked up.
-- Keys are compared by their hash, which is quick; another key that happens to share it is merely put anew as well.
create or replace temp table arrived_event as
select e.* from event_source e semi join changed_event using (kind, id);

create or replace temp table arrived_lead as
select * from keyed_lead
where id in (select id from changed_lead union all select lead_id from arrived_event);

create or replace temp table touched as
select hash(coalesce(person, '#' || id), coalesce(project_id, '')) as whose from old_lead
union select hash(pkey, key_project) from arrived_lead
union select whose from stage_event semi join changed_event using (kind, id)
union select hash(coalesce(person, '#' || kind || ':' || id), coalesce(project_id, '')) from arrived_event;

create or replace temp table stale_member as
select rowid as stale, lead_id from lead_party semi join touched using (whose);

create or replace temp table stale_event as
select rowid as stale, kind, id, pkey, key_project, lead_id, "at", day_only, cancelled_at, cancelled_day_only, project_id, channel_id,
    staff_id
from stage_event semi join touched using (whose);

create or replace temp table stale_party as
select rowid as stale, created_at, first_visit_at, second_visit_at, subscribed_at, subscription_lost_at, contracted_at, contract_lost_at
from party semi join touched using (whose);

delete from lead_party where rowid in (select stale from stale_member);
delete from stage_event where rowid in (select stale from stale_event);
delete from party where rowid in (select stale from stale_party);

-- Every lead a touched key had or may have: those it had, and those that changed.
create or replace temp table touched_lead_id as
select lead_id as id from stale_member union select id from changed_lead;

create or replace temp table touched_lead as
select * from arrived_lead where created_at <= getvariable('as_of')
union all
select * from keyed_lead
where id in (select id from touched_lead_id except select id from arrived_lead) and created_at <= getvariable('as_of');

create or replace temp table standing_event as
select * exclude (stale) from stale_event anti join changed_event using (kind, id) anti join changed_lead c on c.id = lead_id;

create or replace temp table touched_follow_up as
select * from follow_up where lead_id in (select id from touched_lead_id);

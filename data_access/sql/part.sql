-- The leads and events of one part of all keys.
create or replace temp view touched_lead as
select * from keyed_lead where created_at <= getvariable('as_of') and hash(pkey, key_project) % {parts} = {part};
create or replace temp view arrived_event as
select e.* from event_source e semi join touched_lead l on l.id = e.lead_id
union all
select e.* from event_source e semi join (from leadless where whose % {parts} = {part}) using (kind, id);

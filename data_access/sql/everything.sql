-- In place of what a refresh touches, when all is derived anew: every row, and nothing that stands.
create or replace temp view arrived_event as from event_source;
create or replace temp view touched_lead as select * from keyed_lead where created_at <= getvariable('as_of');
create or replace temp view standing_event as
select kind, id, pkey, key_project, lead_id, "at", day_only, cancelled_at, cancelled_day_only, project_id, channel_id, staff_id
from stage_event;
create or replace temp view touched_follow_up as from follow_up;

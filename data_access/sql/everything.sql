-- In place of what a refresh touches, when all is derived anew, a part of the keys after the other: nothing stands yet.
create or replace temp view standing_event as
select kind, id, pkey, key_project, lead_id, "at", day_only, cancelled_at, cancelled_day_only, project_id, channel_id, staff_id
from stage_event where false;
create or replace temp view touched_follow_up as from follow_up;

-- An event without a lead that is there by now stands under a key of its own.
create or replace temp table leadless as
select kind, id, hash(coalesce(person, '#' || kind || ':' || id), coalesce(project_id, '')) as whose
from event_source e anti join keyed_lead l on l.id = e.lead_id and l.created_at <= getvariable('as_of');

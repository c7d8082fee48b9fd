-- The evidence of every finding, oldest first and no more than fits a page: what kind of row, its id, its time, and who was in it.
select rule, key, kind, id, project, "at", coalesce(day_only, false) as day_only, channel, staff, broker
from proof
qualify row_number() over (partition by rule, key order by "at", kind, id) <= 60
order by rule, key, "at", kind, id;

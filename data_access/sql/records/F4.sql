-- One finding per registration with a protection: inside it another channel registered the same customer, or another salesperson
-- took the same customer on. The registration's own lead is no other claim.
create or replace temp table case_f4 as
with claim as (
    select 'registration' as kind, id, pkey, project, channel, staff, broker, "at", till, day_only from registered
    union all
    select 'lead', id, pkey, project, channel, staff, null, "at", till, day_only from touch where kind = 'lead'
)
select r.id as key, c as claimed
from registered r join claim c using (pkey, project)
where not (c.kind = 'registration' and c.id = r.id) and not (c.kind = 'lead' and c.id is not distinct from r.lead_id)
    and ((c.kind = 'registration' and c.channel <> r.channel) or c.staff <> r.staff)
    and (c."at" > r.till or (not c.day_only and not r.day_only and c."at" = r."at" and (c.kind, c.id) > ('registration', r.id)))
    and c.till <= r.protected_until;

insert into finding by name
select 'F4' as rule, r.id as key, r.project, r.channel, r.staff, r.broker, min(f.claimed."at") as since,
    map {'n': count(*)::varchar} as facts
from case_f4 f join registered r on r.id = f.key
group by all;

insert into proof by name
select 'F4' as rule, r.id as key, 'registration' as kind, r.id, r.pkey, r.project, r."at", r.day_only, r.channel, r.staff, r.broker
from registered r semi join case_f4 f on f.key = r.id
union all by name
select 'F4' as rule, key, claimed.kind, claimed.id, claimed.pkey, claimed.project, claimed."at", claimed.day_only, claimed.channel,
    claimed.staff, claimed.broker
from case_f4;

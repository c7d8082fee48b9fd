-- The days on which touched parties and their rows are booked, run before and after the parties are computed anew.
insert into touched_day
select distinct unnest([
    created_at, first_visit_at, second_visit_at, subscribed_at, subscription_lost_at, contracted_at, contract_lost_at
])::date as day
from party p semi join touched t on t.pkey = p.pkey and t.key_project = p.project
union
select unnest(["at", cancelled_at])::date from stage_event semi join touched using (pkey, key_project)
union
select f."at"::date from follow_up f join lead_party l using (lead_id) semi join touched t using (pkey, key_project)
union
select f."at"::date from referral f join lead_party l using (lead_id) semi join touched t using (pkey, key_project)
union
select p."at"::date from payment p join stage_event e on e.kind = 'contract' and e.id = p.contract_id
    semi join touched t using (pkey, key_project);

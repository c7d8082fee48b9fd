-- Which leads and events changed: their rows, or their time has come since the last refresh.
create or replace temp table changed_lead as
select id from old_lead union select id from new_lead
union select id from lead where {lead_time_has_come}
union select lead_id from old_follow_up union select lead_id from new_follow_up
union select lead_id from follow_up where {at_has_come}
union select lead_id from old_referral union select lead_id from new_referral
union select lead_id from referral where {at_has_come};

create or replace temp table changed_event as
select 'visit' as kind, id from old_visit union select 'visit', id from new_visit
union select 'subscription', id from old_subscription union select 'subscription', id from new_subscription
union select 'contract', id from old_contract union select 'contract', id from new_contract
union select kind, id from event_source where ({at_has_come}) or ({cancelled_has_come})
union select kind, id from event_source where lead_id in (select id from changed_lead);

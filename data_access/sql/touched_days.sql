-- The days on which touched parties and their rows are booked, as they stood and as they stand now.
insert into touched_day
with dated as (
    from stale_party select * exclude (stale)
    union all by name
    from fresh_party select created_at, first_visit_at, second_visit_at, subscribed_at, subscription_lost_at, contracted_at,
        contract_lost_at
), event as (
    select id, kind, "at", cancelled_at from stale_event union all select id, kind, "at", cancelled_at from fresh_event
), booked_day as (
    select unnest([
        created_at, first_visit_at, second_visit_at, subscribed_at, subscription_lost_at, contracted_at, contract_lost_at
    ])::date as day
    from dated
    union all
    select unnest(["at", cancelled_at])::date from event
    union all
    select "at"::date from touched_follow_up
    union all
    select "at"::date from referral where lead_id in (select id from touched_lead_id)
    union all
    select "at"::date from payment where contract_id in (select id from event where kind = 'contract')
)
select distinct day from booked_day;

-- One finding per contract with more commission records than there may be.
insert into finding by name
select 'F14' as rule, s.id as key, s.project, s.channel, s.staff, s.commission_to as broker, s."at" as since,
    map {'n': s.commission_records::varchar} as facts
from signed s join limit_F14 m using (project)
where s.commission_records > m.records;

insert into proof by name
select 'F14' as rule, s.id as key, 'contract' as kind, s.id, s.pkey, s.project, s."at", s.day_only, s.channel, s.staff,
    s.commission_to as broker
from signed s semi join finding f on f.rule = 'F14' and f.key = s.id;

-- One row per finding and contract that stands behind it: those among its evidence, and those its customers signed since.
select distinct f.rule, f.key, s.id as contract, s.project, s.amount, s.commission
from finding f join proof p using (rule, key) join signed s on s.project = p.project and s.pkey = p.pkey
where not s.cancelled and s.till >= f.since
union
select distinct f.rule, f.key, s.id, s.project, s.amount, s.commission
from finding f join proof p using (rule, key) join signed s on s.project = p.project and s.buyer = p.pkey
where not s.cancelled and s.till >= f.since
union
select distinct f.rule, f.key, s.id, s.project, s.amount, s.commission
from finding f join proof p using (rule, key) join signed s on p.kind = 'contract' and s.id = p.id
where not s.cancelled
order by all;

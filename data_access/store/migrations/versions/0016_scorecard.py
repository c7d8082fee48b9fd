"""Scorecards: when plans began, what was set and entered of their KPIs, accepted nodes; roll-out stages; experiments."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Add what an earlier version can do without."""
    op.create_table(
        "scorecard_plans",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("plan", sa.String(64), nullable=False),
        sa.Column("starts_on", sa.Date),
        sa.Column("project", sa.Text),
        sa.Column("by", sa.String(32), nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "kpi_settings",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("plan", sa.String(64), nullable=False),
        sa.Column("kpi", sa.String(64), nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("baseline", sa.Text),
        sa.Column("baseline_source", sa.Text, nullable=False),
        sa.Column("target", sa.Text),
        sa.Column("due", sa.Date),
        sa.Column("by", sa.String(32), nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
    )
    op.create_index("ix_kpi_settings_plan_kpi", "kpi_settings", ["plan", "kpi"])
    op.create_table(
        "kpi_values",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("plan", sa.String(64), nullable=False),
        sa.Column("kpi", sa.String(64), nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("by", sa.String(32), nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
    )
    op.create_index("ix_kpi_values_plan_kpi", "kpi_values", ["plan", "kpi"])
    op.create_table(
        "plan_nodes",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("plan", sa.String(64), nullable=False),
        sa.Column("node", sa.Integer, nullable=False),
        sa.Column("done_on", sa.Date),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("by", sa.String(32), nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "rollout_stages",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("project", sa.Text, nullable=False),
        sa.Column("stage", sa.String(20), nullable=False),
        sa.Column("since", sa.Date, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("by", sa.String(32), nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "experiments",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("hypothesis", sa.Text, nullable=False),
        sa.Column("metric", sa.Text, nullable=False),
        sa.Column("better", sa.String(10), nullable=False),
        sa.Column("trial_n", sa.Integer, nullable=False),
        sa.Column("trial_hits", sa.Integer, nullable=False),
        sa.Column("control_n", sa.Integer, nullable=False),
        sa.Column("control_hits", sa.Integer, nullable=False),
        sa.Column("cost", sa.Text),
        sa.Column("worth", sa.Text),
        sa.Column("verdict", sa.String(10), nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("decided_by", sa.String(32)),
        sa.Column("decided_at", sa.DateTime),
        sa.Column("by", sa.String(32), nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
    )


def downgrade() -> None:
    """Remove it again."""
    op.drop_table("experiments")
    op.drop_table("rollout_stages")
    op.drop_table("plan_nodes")
    op.drop_index("ix_kpi_values_plan_kpi", "kpi_values")
    op.drop_table("kpi_values")
    op.drop_index("ix_kpi_settings_plan_kpi", "kpi_settings")
    op.drop_table("kpi_settings")
    op.drop_table("scorecard_plans")

"""Scenes as data: what a pack and the settings may say, and how a mistake is answered."""

from typing import Any

import pytest

from metrics.scenes import SceneError, scenes
from tests.snapshots import property_pack

HEAT = {"kind": "heat", "metric": "leads"}


def of(**slide: Any) -> dict[str, Any]:
    """Settings in which the canteen has one slide, a heatmap where nothing else is said."""
    return {"canteen": {"slides": [{"name": "a", "label": "甲", "panels": [HEAT], **slide}]}}


def test_the_pack_declares_the_canteen_for_everybody_and_the_war_room_for_the_group() -> None:
    canteen, warroom = scenes(property_pack())
    assert (canteen.name, canteen.viewers, canteen.amounts, canteen.far) == ("canteen", "everybody", False, True)
    assert (warroom.name, warroom.viewers, warroom.amounts, warroom.celebrates) == ("warroom", "group", True, True)


def test_settings_replace_what_they_say_and_nothing_else() -> None:
    canteen, _ = scenes(property_pack(), of(seconds=45))
    [slide] = canteen.slides
    assert (canteen.label.zh, canteen.celebrates) == ("食堂数据屏", True)
    assert (slide.layout, slide.seconds, slide.label.en) == ("one", 45, "甲")
    assert dict(slide.panels[0].options) == {"metric": "leads", "hours": "24", "rows": 12}


def test_settings_add_scenes_after_the_pack_s() -> None:
    lobby = {"label": {"zh": "大堂", "en": "Lobby"}, "slides": [{"name": "a", "label": "甲", "panels": [HEAT]}]}
    assert [(one.name, one.viewers) for one in scenes(property_pack(), {"lobby": lobby})][-1] == ("lobby", "group")


def panel(**said: Any) -> dict[str, Any]:
    return of(panels=[said])


@pytest.mark.parametrize(
    ("given", "answer"),
    [
        pytest.param({"canten": {}}, "scenes.canten is no scene of the pack and has no slides of its own. Did you mean 'canteen'?", id="scene"),
        pytest.param({"canteen": [HEAT]}, "Give a table: [scenes.canteen], and its slides as [[scenes.canteen.slides]]", id="no table"),
        pytest.param({"canteen": {"viewer": "group"}}, "scenes.canteen.viewer is no setting here. Did you mean 'viewers'?", id="key"),
        pytest.param({"canteen": {"viewers": "groop"}}, "scenes.canteen.viewers is 'groop'. Did you mean 'group'?", id="viewers"),
        pytest.param({"Großer Saal": {"slides": [1], "label": "x"}}, "no usable name", id="name of a scene"),
        pytest.param({"canteen": {"slides": []}}, "scenes.canteen.slides is []. Give one [[scenes.canteen.slides]] or more.", id="no slides"),
        pytest.param({"canteen": {"slides": [3]}}, "scenes.canteen.slides[1] is 3.", id="slide"),
        pytest.param({"canteen": {"slides": of()["canteen"]["slides"] * 2}}, "two slides named 'a'", id="twice"),
        pytest.param(of(layuot="one"), "scenes.canteen.slides[1].layuot is no setting here. Did you mean 'layout'?", id="key of a slide"),
        pytest.param(of(layout="tree"), "scenes.canteen.slides[1].layout is 'tree'. Did you mean 'three'?", id="layout"),
        pytest.param(of(layout="two"), "has 1 panels, and layout 'two' places 2", id="panels for a layout"),
        pytest.param(of(seconds=2), "scenes.canteen.slides[1].seconds is 2. Give a whole number from 5 to 600.", id="seconds"),
        pytest.param(of(projects="101"), 'Give a list of project ids in quotes, such as ["101", "102"].', id="projects"),
        pytest.param(of(label=3), "scenes.canteen.slides[1].label is 3. Give a text in quotes", id="label"),
        pytest.param(of(panels=[]), "scenes.canteen.slides[1].panels is []", id="no panels"),
        pytest.param(panel(kind="heet"), "scenes.canteen.slides[1].panels[1].kind is 'heet'. Did you mean 'heat'?", id="kind"),
        pytest.param(panel(kind="heat"), "panels[1] has no 'metric'. Give metric = …", id="missing option"),
        pytest.param(panel(kind="heat", metric="leeds"), "panels[1].metric is 'leeds'. Did you mean 'leads'?", id="metric"),
        pytest.param(panel(kind="heat", metric="leads", hour=24), "panels[1].hour is no setting here. Did you mean 'hours'?", id="option"),
        pytest.param(panel(kind="heat", metric="leads", hours=12), "panels[1].hours is 12. Known are: 168, 24.", id="hours"),
        pytest.param(panel(kind="board", board="referal_king"), "Did you mean 'referral_king'?", id="board"),
        pytest.param(panel(kind="board", board="cost_per_lead"), "shows amounts of money, which this scene does not", id="money on a board"),
        pytest.param(panel(kind="target"), "shows amounts of money", id="money by nature"),
        pytest.param(panel(kind="today", numbers=["net_contract_amount"]), "shows amounts of money", id="money among numbers"),
        pytest.param(panel(kind="duel"), "needs a board, whose first two meet, or two projects, or teams", id="duel of nobody"),
        pytest.param(panel(kind="duel", projects=["1", "1"]), "Give two different project ids", id="duel with oneself"),
        pytest.param(panel(kind="latest", kinds=["leed"]), "panels[1].kinds[1] is 'leed'. Did you mean 'lead'?", id="event"),
    ],
)  # fmt: skip
def test_a_mistake_names_the_key_the_value_and_the_way_out(given: dict[str, Any], answer: str) -> None:
    with pytest.raises(SceneError) as caught:
        scenes(property_pack(), given)
    assert answer in str(caught.value)

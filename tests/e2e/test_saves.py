"""A save is told once, with what was saved already in Redis."""
import pytest

from support.checkout import skill
from support.live import Live


@pytest.mark.parametrize("way", ["write", "replace"])
def test_each_of_200_saves_gives_one_notification(scene, way):
    for name in ("one", "two"):
        scene.checkout.skill(name)
    scene.checkout.commit()
    live = Live(scene)
    for i in range(200):
        getattr(scene.checkout, way)("skills/one/SKILL.md", skill("one", f"Save {i}."))
        live.subscriber.wait_for(f"save {i}", lambda channel, event: channel == "skill")
        assert scene.published().items["skill/one"]["description"] == f"Save {i}."
        live.subscriber.clear()
    assert scene.rev() == live.rev + 200
    live.rev += 200
    assert live.told() == []

"""What the state manager is told of positions, until it confirms, and again when it asks."""

from __future__ import annotations

import pytest

from aosctl.testing.stage import Sent
from tests.processes.tim3.cast import tags_of
from tests.processes.tim3.coordinator_stage import CoordinatorStage


def updates(sent: list[Sent]) -> list[dict[str, str]]:
    """Return what the UpdatePosition messages say."""
    return [tags_of(m) for m in sent if m.action == "UpdatePosition"]


def consume(stage: CoordinatorStage, n: int) -> None:
    """Close a mint, so that a sweep has nothing to say of it."""
    stage.say("lock_manager", "Consume-Lock-Response", stage.lock_id(n))


def test_an_unconfirmed_update_is_repeated_as_it_was(coordinator: CoordinatorStage) -> None:
    coordinator.lock(1)
    (first,) = updates(coordinator.minted(1))
    consume(coordinator, 1)
    assert coordinator.health["unconfirmedUpdates"] == 1
    for _ in range(2):
        (again,) = updates(coordinator.sweep())
        assert {**again, "Low-Water": ""} == {**first, "Low-Water": ""}
    coordinator.send("state_manager", "UpdatePosition-Response", {"Seq": first["Seq"]})
    assert coordinator.sweep() == []
    assert coordinator.published["unconfirmedupdates"] == "0"


def test_one_update_a_user_is_kept_and_it_is_the_newest(coordinator: CoordinatorStage) -> None:
    for n in (1, 2, 3):
        coordinator.lock(n, "10")
        coordinator.minted(n, "10")
        consume(coordinator, n)
    coordinator.lock(4, "5", user="bob")
    coordinator.minted(4, "5", user="bob")
    consume(coordinator, 4)
    kept = updates(coordinator.sweep())
    assert [(u["Seq"], u["User-Position"], u["Total-Supply"]) for u in kept] == [
        ("3", "30", "30"),
        ("4", "5", "35"),
    ]
    coordinator.send("state_manager", "UpdatePosition-Response", {"Seq": "1"})
    assert len(updates(coordinator.sweep())) == 2
    assert coordinator.anomalies == 0


def test_a_sweep_repeats_25_updates_and_the_next_goes_on(coordinator: CoordinatorStage) -> None:
    coordinator.actor.evaluate(
        """
        local updates = {}
        for number = 1, 30 do
          Updates.seq = number
          local user = string.format("%043d", number)
          Updates.ofUser[user] = { user = user, seq = number, opId = "M-abcdefgh-1", position = "1",
            supply = "1", collateral = "1", kind = "mint" }
          Updates.userOf[number] = user
          local order = Updates.order
          local last = order.before[""] or ""
          order.after[last], order.before[user] = user, last
          order.after[user], order.before[""] = "", user
          order.size = order.size + 1
        end
        """
    )
    first = [int(u["Seq"]) for u in updates(coordinator.sweep())]
    then = [int(u["Seq"]) for u in updates(coordinator.sweep())]
    assert first == list(range(1, 26))
    assert then == [26, 27, 28, 29, 30, *range(1, 21)]


def test_only_the_state_manager_confirms(coordinator: CoordinatorStage) -> None:
    coordinator.lock(1)
    coordinator.minted(1)
    assert coordinator.send("mallory", "UpdatePosition-Response", {"Seq": "1"}) == []
    assert coordinator.anomalies == 1
    assert coordinator.health["unconfirmedUpdates"] == 1


def test_the_money_goes_on_without_the_state_manager(coordinator: CoordinatorStage) -> None:
    coordinator.lock(1, "100")
    coordinator.minted(1, "100")
    consume(coordinator, 1)
    coordinator.redeem("100")
    coordinator.burned(1, "100")
    coordinator.paid(coordinator.redeem_id(1), "100")
    assert coordinator.health["openOperations"] == 0
    (kept,) = updates(coordinator.sweep())
    assert (kept["User-Position"], kept["Total-Supply"]) == ("0", "0")


def test_a_replay_tells_every_position_in_order_of_address(coordinator: CoordinatorStage) -> None:
    for n, user in enumerate(("alice", "bob", "carol"), start=1):
        coordinator.mint(n, str(10 * n), user=user)
    replay = updates(coordinator.send("state_manager", "Need-Replay"))
    users = [u["User"] for u in replay]
    assert users == sorted(coordinator.address(name) for name in ("alice", "bob", "carol"))
    assert {u["Kind"] for u in replay} == {"snapshot"}
    assert {u["Total-Supply"] for u in replay} == {"60"}
    assert [int(u["Seq"]) for u in replay] == [4, 5, 6]
    assert [u.get("Page-End") for u in replay] == [None, None, "done"]
    assert all("Op-Id" not in u for u in replay)
    assert coordinator.health["unconfirmedUpdates"] == 0


def test_a_long_replay_comes_in_pages_of_25(coordinator: CoordinatorStage) -> None:
    coordinator.actor.evaluate(
        'for n = 1, 60 do Accounts.positions[string.format("%043d", n)] = tostring(n) end'
    )
    pages = []
    cursor: dict[str, str] = {}
    for _ in range(3):
        page = updates(coordinator.send("state_manager", "Need-Replay", cursor))
        pages.append((len(page), page[-1]["Page-End"]))
        cursor = {"Cursor": page[-1]["User"]}
    assert pages == [(25, "more"), (25, "more"), (10, "done")]
    assert coordinator.send("state_manager", "Need-Replay", cursor) == []


@pytest.mark.parametrize("sender", ["mallory", "lock_manager"])
def test_only_the_state_manager_asks_for_a_replay(
    coordinator: CoordinatorStage, sender: str
) -> None:
    assert coordinator.refusal(sender, "Need-Replay") == "Unauthorized"

from __future__ import annotations

import pytest

from aosctl.message import make_tags, name_address
from tests.processes.tim3.cast import only, tags_of
from tests.processes.tim3.lock_manager_stage import LockManagerStage

ALICE, BOB = name_address("alice"), name_address("bob")
MAX = 2**255 - 1
NOT_CANONICAL = [
    *("-5", "0", "", "1.5", "1e3", "NaN", "inf", " 5", "5\n", "\u0665"),
    *("0x10", "0b101", "+5", "007", "9" * 1000),
    *(str(2**255), str(2**256 - 1), str(2**256), str(2**256 + 1)),
]
NOT_ADDRESSES = ["", "x", "nil", "a" * 44, "../" + "a" * 40, "a" * 21 + "\n" + "a" * 21]
OPENED = [
    ("state_manager", "Report-Locked"),
    ("coordinator", "LockCollateral-Success"),
    ("alice", "Lock-Notice"),
]
SENT_BACK = [("state_manager", "Report-Locked"), ("mock_usda", "Transfer")]


# --- a deposit that asks for TIM3 ---


def test_a_deposit_opens_a_lock_and_tells_coordinator_and_depositor(
    lock_manager: LockManagerStage,
) -> None:
    lm = lock_manager
    sent = lm.deposit("100", tags={"X-Recipient": BOB, "X-Op-Ref": "invoice-7"})
    assert lm.heard(sent) == OPENED
    told = only(sent, "LockCollateral-Success")
    assert told.tag("Protocol") == "TIM3/1"
    assert tags_of(told) == {
        "Op-Id": lm.lock_id(1),
        "Lock-Id": lm.lock_id(1),
        "User": ALICE,
        "Recipient": BOB,
        "Quantity": "100",
        "Low-Water": "1",
    }
    assert tags_of(only(sent, "Lock-Notice")) == {
        "Op-Id": lm.lock_id(1),
        "Lock-Id": lm.lock_id(1),
        "X-Op-Ref": "invoice-7",
        "Recipient": BOB,
        "Quantity": "100",
    }
    assert tags_of(only(sent, "Report-Locked")) == {"Quantity": "100", "Seq": "1"}
    assert lm.locked == "100"
    lock = lm.operation(lm.lock_id(1))
    assert (lock["phase"], lock["kind"], lock["opRef"]) == ("locked", "mint", "invoice-7")
    assert lm.published["ops"][lm.lock_id(1)]["closed"] == "false"


def test_without_x_recipient_the_depositor_gets_the_tim3(lock_manager: LockManagerStage) -> None:
    assert only(lock_manager.deposit(), "LockCollateral-Success").tag("Recipient") == ALICE


def test_two_equal_deposits_of_one_user_are_two_locks(lock_manager: LockManagerStage) -> None:
    lm = lock_manager
    ids = [only(lm.deposit(), "LockCollateral-Success").tag("Op-Id") for _ in range(2)]
    assert ids == [lm.lock_id(1), lm.lock_id(2)]
    assert lm.locked == "200"


def test_the_low_water_is_the_oldest_open_lock(lock_manager: LockManagerStage) -> None:
    lm = lock_manager
    marks = []
    for n in (1, 2, 3):
        marks.append(only(lm.deposit(), "LockCollateral-Success").tag("Low-Water"))
        if n > 1:
            lm.consume(n)
    assert marks == ["1", "1", "1"]
    lm.consume(1)
    assert only(lm.deposit(), "LockCollateral-Success").tag("Low-Water") == "4"


@pytest.mark.parametrize("quantity", ["1", str(MAX)])
def test_the_smallest_and_the_greatest_deposit_are_exact(
    lock_manager: LockManagerStage, quantity: str
) -> None:
    sent = lock_manager.deposit(quantity)
    assert only(sent, "LockCollateral-Success").tag("Quantity") == quantity
    assert lock_manager.locked == quantity


def test_a_sum_that_cannot_be_is_a_stray(lock_manager: LockManagerStage) -> None:
    lm = lock_manager
    lm.deposit(str(MAX))
    assert lm.heard(lm.deposit("1")) == []
    assert (lm.locked, lm.stats["strays"]) == (str(MAX), 1)


@pytest.mark.parametrize("memo", ["", "has a blank", "a" * 129, "<b>", "a\nb"])
def test_an_unfit_memo_is_left_out_and_nothing_else_changes(
    lock_manager: LockManagerStage, memo: str
) -> None:
    sent = lock_manager.deposit(tags={"X-Op-Ref": memo})
    assert lock_manager.heard(sent) == OPENED
    assert "X-Op-Ref" not in tags_of(only(sent, "Lock-Notice"))


def test_a_memo_that_names_another_operation_is_only_a_memo(
    lock_manager: LockManagerStage,
) -> None:
    lm = lock_manager
    lm.deposit(user="bob")
    lm.deposit(tags={"X-Op-Ref": lm.lock_id(1), "X-Op-Id": lm.lock_id(1)})
    assert (lm.phase(lm.lock_id(1)), lm.phase(lm.lock_id(2))) == ("locked", "locked")
    assert lm.operation(lm.lock_id(1))["user"] == BOB


# --- a deposit that goes straight back ---


@pytest.mark.parametrize("action", [None, "", "Mint", "mint-tim3", "Refund"])
def test_a_deposit_without_the_right_action_goes_straight_back(
    lock_manager: LockManagerStage, action: str | None
) -> None:
    lm = lock_manager
    sent = lm.deposit(tags={"X-Action": action, "X-Recipient": BOB})
    assert lm.heard(sent) == SENT_BACK
    assert tags_of(only(sent, "Transfer")) == {
        "Recipient": ALICE,
        "Quantity": "100",
        "X-Op-Id": lm.lock_id(1),
        "X-Action": "Refund",
        "X-Refund-Reason": "UnknownAction",
        "X-Low-Water": "1",
    }
    assert (lm.phase(lm.lock_id(1)), lm.locked) == ("refunding", "100")


@pytest.mark.parametrize(
    "recipient",
    [*NOT_ADDRESSES, *("coordinator", "mock_usda", "token_manager", "state_manager", "self")],
)
def test_a_deposit_for_a_bad_recipient_goes_back_to_the_depositor(
    lock_manager: LockManagerStage, recipient: str
) -> None:
    lm = lock_manager
    if recipient == "self":
        recipient = lm.id
    elif recipient in {"coordinator", "mock_usda", "token_manager", "state_manager"}:
        recipient = name_address(recipient)
    sent = lm.deposit(tags={"X-Recipient": recipient})
    assert lm.heard(sent) == SENT_BACK
    refund = only(sent, "Transfer")
    assert (refund.tag("Recipient"), refund.tag("X-Refund-Reason")) == (ALICE, "InvalidAddress")


def test_a_deposit_before_the_coordinator_is_known_goes_straight_back(
    fresh_lock_manager: LockManagerStage,
) -> None:
    lm = fresh_lock_manager
    lm.set_up(without="coordinator")
    sent = lm.deposit()
    assert lm.heard(sent) == SENT_BACK
    assert only(sent, "Transfer").tag("X-Refund-Reason") == "NotConfigured"
    assert lm.phase(lm.lock_id(1)) == "refunding"


def test_a_refund_sent_straight_back_closes_without_a_word_to_the_coordinator(
    lock_manager: LockManagerStage,
) -> None:
    lm = lock_manager
    lm.deposit(tags={"X-Action": None})
    sent = lm.debit(lm.lock_id(1))
    assert lm.heard(sent) == [("state_manager", "Report-Locked"), ("alice", "Unlock-Notice")]
    assert (lm.phase(lm.lock_id(1)), lm.locked) == ("refunded", "0")
    assert lm.stats["totalUnlocked"] == "100"


# --- the same notice again ---


def test_the_same_notice_again_is_the_same_lock(lock_manager: LockManagerStage) -> None:
    lm = lock_manager
    first = only(lm.deposit(tags={"Reference": "7"}), "LockCollateral-Success")
    again = lm.deposit(tags={"Reference": "7"})
    assert lm.heard(again) == [("coordinator", "LockCollateral-Success")]
    assert tags_of(again[0]) == tags_of(first)
    assert (lm.locked, lm.stats["totalLocks"], lm.anomalies) == ("100", 1, 0)


def test_the_same_notice_again_says_nothing_once_the_lock_has_gone_on(
    lock_manager: LockManagerStage,
) -> None:
    lm = lock_manager
    lm.deposit(tags={"Reference": "7"})
    lm.consume(1)
    assert lm.heard(lm.deposit(tags={"Reference": "7"})) == []
    lm.deposit(tags={"Reference": "8", "X-Action": None})
    assert lm.heard(lm.deposit(tags={"Reference": "8", "X-Action": None})) == []
    assert (lm.locked, lm.anomalies) == ("200", 0)


@pytest.mark.parametrize(
    "other",
    [{"Quantity": "101"}, {"Sender": BOB}, {"X-Recipient": BOB}, {"X-Anything": "new"}],
)
def test_the_same_number_with_other_content_is_a_stray_and_an_anomaly(
    lock_manager: LockManagerStage, other: dict[str, str]
) -> None:
    lm = lock_manager
    lm.deposit(tags={"Reference": "7"})
    assert lm.heard(lm.deposit(tags={"Reference": "7", **other})) == []
    stats = lm.stats
    assert (stats["strays"], stats["anomalies"], stats["totalLocks"]) == (1, 1, 1)
    assert lm.locked == "100"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"Reference": "7"}, {"Reference": None, "Ref_": "7"}),
        ({"Reference": "0007"}, {"Reference": "7"}),
    ],
)
def test_a_notice_is_known_by_its_number_however_it_is_spelt(
    lock_manager: LockManagerStage, first: dict[str, str | None], second: dict[str, str | None]
) -> None:
    lock_manager.deposit(tags=first)
    assert lock_manager.heard(lock_manager.deposit(tags=second)) == [
        ("coordinator", "LockCollateral-Success")
    ]
    assert lock_manager.stats["totalLocks"] == 1


def test_without_reference_the_anchor_is_the_number(lock_manager: LockManagerStage) -> None:
    lm = lock_manager
    said = {"Action": "Credit-Notice", "Sender": ALICE, "Quantity": "5", "X-Action": "Mint-TIM3"}
    for _ in range(2):
        lm.actor.send("mock_usda", None, said, anchor="0" * 30 + "12")
    assert (lm.locked, lm.stats["totalLocks"]) == ("5", 1)


# --- strays ---


@pytest.mark.parametrize("reference", [None, "", "abc", "-1", "1.5", "0", "0x1"])
def test_a_notice_without_a_number_is_a_stray(
    lock_manager: LockManagerStage, reference: str | None
) -> None:
    assert lock_manager.heard(lock_manager.deposit(tags={"Reference": reference})) == []
    lock_manager.assert_stray(surplus="100")


@pytest.mark.parametrize("quantity", NOT_CANONICAL)
def test_a_quantity_that_is_not_canonical_is_a_stray(
    lock_manager: LockManagerStage, quantity: str
) -> None:
    assert lock_manager.heard(lock_manager.deposit(quantity)) == []
    lock_manager.assert_stray(surplus="0")


@pytest.mark.parametrize(
    "sender", ["self", "mock_usda", "coordinator", "token_manager", "state_manager"]
)
def test_a_deposit_by_one_of_ours_is_a_stray(lock_manager: LockManagerStage, sender: str) -> None:
    lm = lock_manager
    sender = lm.id if sender == "self" else name_address(sender)
    assert lm.heard(lm.deposit(tags={"Sender": sender})) == []
    lm.assert_stray(surplus="100")


@pytest.mark.parametrize("sender", [None, *NOT_ADDRESSES])
def test_a_deposit_by_nobody_is_a_stray(lock_manager: LockManagerStage, sender: str | None) -> None:
    assert lock_manager.heard(lock_manager.deposit(tags={"Sender": sender})) == []
    lock_manager.assert_stray(surplus="100")


@pytest.mark.parametrize("name", ["Sender", "Quantity", "X-Action", "X-Recipient", "X-Op-Ref"])
def test_a_notice_with_a_tag_twice_is_a_stray(lock_manager: LockManagerStage, name: str) -> None:
    lm = lock_manager
    said = {
        "Action": "Credit-Notice",
        "Sender": ALICE,
        "Quantity": "100",
        "X-Action": "Mint-TIM3",
        "X-Recipient": BOB,
        "X-Op-Ref": "memo",
        "Reference": "7",
    }
    pairs = [*said.items(), (name.lower(), said[name])]
    assert lm.heard(lm.actor.send("mock_usda", None, pairs)) == []
    lm.assert_stray(surplus="100")


@pytest.mark.parametrize(
    "large",
    [
        {f"X-Tag-{n}": "" for n in range(64)},
        {"X-" + "a" * 127: "long name"},
        {"X-Long": "a" * 1025},
    ],
    ids=["tags", "name", "value"],
)
def test_a_notice_that_is_too_large_is_a_stray(
    lock_manager: LockManagerStage, large: dict[str, str]
) -> None:
    assert lock_manager.heard(lock_manager.deposit(tags=large)) == []
    lock_manager.assert_stray(surplus="100")


def test_a_stray_that_comes_again_counts_once(lock_manager: LockManagerStage) -> None:
    for _ in range(3):
        lock_manager.deposit(tags={"Sender": lock_manager.id, "Reference": "9"})
    lock_manager.assert_stray(surplus="100")


def test_strays_stay_bounded_while_the_count_runs_on(lock_manager: LockManagerStage) -> None:
    lm = lock_manager
    lm.actor.evaluate("""
        for n = 1, 1000 do
          Strays.items[n] = { token = "any", number = n, gist = "" }
        end
        Strays.count = 1000""")
    lm.deposit(tags={"Sender": lm.id})
    assert lm.stats["strays"] == 1001
    assert lm.actor.evaluate("return tostring(#Strays.items)") == "1000"


# --- who is a token ---


def test_a_wallet_that_claims_a_deposit_is_ignored(lock_manager: LockManagerStage) -> None:
    lm = lock_manager
    said = {"Sender": ALICE, "Quantity": "100", "X-Action": "Mint-TIM3", "Reference": "1"}
    assert lm.heard(lm.send("mallory", "Credit-Notice", said)) == []
    assert (lm.locked, lm.anomalies, lm.stats["strays"]) == ("0", 1, 0)
    pairs = [("Action", "Credit-Notice"), *said.items(), ("Quantity", "100")]
    assert lm.heard(lm.actor.send("mallory", None, pairs)) == []
    assert (lm.anomalies, lm.stats["strays"]) == (2, 0)


def test_a_wallet_that_claims_to_be_the_token_process_is_not_trusted(
    lock_manager: LockManagerStage,
) -> None:
    lm = lock_manager
    usda = name_address("mock_usda")
    said = {"From-Process": usda, "Sender": ALICE, "Quantity": "100", "X-Action": "Mint-TIM3"}
    assert lm.heard(lm.send("mallory", "Credit-Notice", {**said, "Reference": "1"})) == []
    assert (lm.locked, lm.anomalies) == ("0", 0)


@pytest.mark.parametrize(
    "name", ["Id", "Timestamp", "Block-Height", "Nonce", "Module", "Cron", "Forwarded-By"]
)
def test_a_notice_with_a_reserved_tag_is_dropped_in_silence(
    lock_manager: LockManagerStage, name: str
) -> None:
    assert lock_manager.heard(lock_manager.deposit(tags={name: "1"})) == []
    assert (lock_manager.locked, lock_manager.stats["strays"]) == ("0", 0)
    assert lock_manager.anomalies == 0


def test_a_notice_to_somebody_else_that_is_assigned_here_is_ignored(
    lock_manager: LockManagerStage,
) -> None:
    lm = lock_manager
    said = {"Action": "Credit-Notice", "Sender": ALICE, "Quantity": "100", "Reference": "1"}
    notice = lm.stage.world.send(sender=name_address("mock_usda"), target=BOB, tags=make_tags(said))
    lm.stage.run()
    lm.stage.world.assign(lm.id, notice)
    lm.stage.run()
    assert (lm.locked, lm.stats["strays"], lm.anomalies) == ("0", 0, 0)

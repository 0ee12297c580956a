from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from aosctl.message import name_address
from aosctl.testing.stage import Actor, Sent

StartProcess = Callable[..., Actor]
ALICE, BOB = name_address("alice"), name_address("bob")
MAX = 2**255 - 1
BAD_QUANTITIES = [
    "-5", "0", "", "1.5", "1e3", "NaN", "inf", " 5", "5\n", "\u0665", "0x10", "0b101", "+5", "007",
    str(2**255), str(2**256 - 1), str(2**256), str(2**256 + 1), "1" * 1000,
]  # fmt: skip
BAD_ADDRESSES = ["", "a", "nil", "a" * 1000, f"{ALICE[:-1]}/", f"{ALICE[:-1]}\n", "0x" + "g" * 40]


@pytest.fixture
def usda(start: StartProcess) -> Actor:
    return start("mock_usda")


@pytest.fixture
def funded(usda: Actor) -> Actor:
    """Mock USDA with 100 base units of alice."""
    mint(usda, "alice", "100")
    return usda


def mint(usda: Actor, to: str, quantity: str, sender: str = "deployer") -> list[Sent]:
    return usda.send(sender, "Mint", {"Recipient": name_address(to), "Quantity": quantity})


def transfer(
    usda: Actor, sender: str, to: str, quantity: str, tags: Mapping[str, str] | None = None
) -> list[Sent]:
    given = {"Recipient": name_address(to), "Quantity": quantity, **(tags or {})}
    return usda.send(sender, "Transfer", given)


def balance(usda: Actor, name: str) -> Any:
    return usda.ask("anybody", "Balance", {"Target": name_address(name)}).json()


def hold(usda: Actor, quantity: str, **tags: str) -> str:
    sent = usda.send("alice", "Lock", {"Quantity": quantity, "Locker": BOB, **tags})
    return sent[0].tag("Lock-Id") or ""


def shown(sent: list[Sent]) -> list[tuple[str, str | None]]:
    return [(s.receiver, s.action) for s in sent]


# --- what it says -----------------------------------------------------------------------------


def test_the_balance_of_the_first_report(usda: Actor) -> None:
    mint(usda, "alice", "100")
    answer = usda.ask("alice", "Balance", {"Reference": "4"})
    assert answer.action == "Balance-Response"
    expected = {"target": ALICE, "balance": "100", "locked": "0", "available": "100"}
    assert expected.items() <= answer.json().items()
    assert (answer.tag("Balance"), answer.tag("Account")) == ("100", ALICE)
    assert (answer.tag("Ticker"), answer.tag("X-Reference")) == ("USDA", "4")
    hold(usda, "30")
    expected |= {"locked": "30", "available": "70"}
    assert expected.items() <= usda.ask("alice", "Balance").json().items()


def test_info_is_in_tags_and_in_json(funded: Actor) -> None:
    answer = funded.ask("bob", "Info", {"Reference": "9"})
    assert answer.action == "Info-Response"
    names = ("Name", "Ticker", "Denomination", "Supply", "X-Reference")
    assert [answer.tag(name) for name in names] == ["Mock USDA", "USDA", "12", "100", "9"]
    assert answer.json() == {
        "name": "Mock USDA",
        "ticker": "USDA",
        "denomination": "12",
        "supply": "100",
    }


def test_total_supply_is_told(funded: Actor) -> None:
    answer = funded.ask("bob", "Total-Supply")
    assert (answer.action, answer.tag("Supply")) == ("Total-Supply-Response", "100")
    assert answer.json() == {"totalSupply": "100", "ticker": "USDA"}


@pytest.mark.parametrize("name", ["Target", "Recipient"])
def test_the_balance_of_another_account_can_be_asked(funded: Actor, name: str) -> None:
    answer = funded.ask("bob", "Balance", {name: ALICE})
    assert (answer.tag("Account"), answer.tag("Balance")) == (ALICE, "100")


def test_an_unknown_account_has_nothing(usda: Actor) -> None:
    assert balance(usda, "carol")["balance"] == "0"


@pytest.mark.parametrize("account", BAD_ADDRESSES)
def test_the_balance_of_no_address_is_refused(usda: Actor, account: str) -> None:
    answer = usda.ask("bob", "Balance", {"Target": account})
    assert (answer.action, answer.error) == ("Balance-Error", "InvalidAddress")


def test_balances_come_in_pages_in_order(usda: Actor) -> None:
    for name in ("a", "b", "c"):
        mint(usda, name, "5")
    accounts = sorted(map(name_address, "abc"))
    first = usda.ask("bob", "Balances", {"Limit": "2"}).json()
    assert first == {
        "balances": dict.fromkeys(accounts[:2], "5"),
        "cursor": accounts[1],
        "holders": 3,
    }
    rest = usda.ask("bob", "Balances", {"Limit": "2", "Cursor": first["cursor"]}).json()
    assert rest == {"balances": {accounts[2]: "5"}, "cursor": "", "holders": 3}


def test_no_balances_are_an_empty_object(usda: Actor) -> None:
    assert usda.ask("bob", "Balances").json() == {"balances": {}, "cursor": "", "holders": 0}


# --- transfers --------------------------------------------------------------------------------


def test_a_transfer_moves_and_tells_both(funded: Actor) -> None:
    tags = {"X-Action": "Mint-TIM3", "X-Op-Ref": "7", "Reference": "3"}
    debit, credit = transfer(funded, "alice", "bob", "40", tags)
    assert shown([debit, credit]) == [(ALICE, "Debit-Notice"), (BOB, "Credit-Notice")]
    names = ["Recipient", "Quantity", "Sender", "X-Action", "X-Op-Ref", "X-Reference"]
    assert [debit.tag(n) for n in names] == [BOB, "40", ALICE, "Mint-TIM3", "7", "3"]
    assert [credit.tag(n) for n in names] == [None, "40", ALICE, "Mint-TIM3", "7", None]
    assert (balance(funded, "alice")["balance"], balance(funded, "bob")["balance"]) == ("60", "40")
    assert funded.published["balances"] == {ALICE: "60", BOB: "40"}
    assert funded.published["supply"] == "100"


def test_notices_go_to_the_true_sender_whatever_reply_to_says(funded: Actor) -> None:
    tags = {"Reply-To": name_address("victim"), "X-Reference": "66", "Reference": "3"}
    sent = transfer(funded, "alice", "bob", "1", tags)
    assert shown(sent) == [(ALICE, "Debit-Notice"), (BOB, "Credit-Notice")]
    assert [s.tag("X-Reference") for s in sent] == ["3", None]
    (error,) = transfer(funded, "alice", "bob", "500", tags)
    assert (error.receiver, error.tag("X-Reference")) == (ALICE, "3")


def test_a_transfer_of_everything_leaves_no_account_behind(funded: Actor) -> None:
    transfer(funded, "alice", "bob", "100")
    assert funded.ask("x", "Balances").json()["balances"] == {BOB: "100"}
    assert funded.published["balances"] == {ALICE: "0", BOB: "100"}


def test_a_transfer_beyond_the_balance_is_refused_and_changes_nothing(funded: Actor) -> None:
    (error,) = transfer(funded, "alice", "bob", "101", {"X-Op-Id": "R-abcdefgh-1", "X-Memo": "m"})
    assert (error.receiver, error.action) == (ALICE, "Transfer-Error")
    assert error.error == "InsufficientBalance"
    assert (error.tag("X-Op-Id"), error.tag("X-Memo")) == ("R-abcdefgh-1", "m")
    assert balance(funded, "alice")["balance"] == "100"


@pytest.mark.parametrize("quantity", BAD_QUANTITIES)
def test_a_quantity_that_is_not_canonical_moves_nothing(funded: Actor, quantity: str) -> None:
    (error,) = transfer(funded, "alice", "bob", quantity)
    assert (error.action, error.error) == ("Transfer-Error", "InvalidQuantity")
    assert balance(funded, "alice")["balance"] == "100"


def test_a_transfer_without_quantity_is_refused(funded: Actor) -> None:
    assert funded.ask("alice", "Transfer", {"Recipient": BOB}).error == "InvalidQuantity"


def test_a_quantity_in_data_counts_for_nothing(funded: Actor) -> None:
    sent = funded.send("alice", "Transfer", {"Recipient": BOB}, data='{"Quantity": 5}')
    assert [s.error for s in sent] == ["InvalidQuantity"]


def test_a_second_quantity_is_refused(funded: Actor) -> None:
    tags = [("Recipient", BOB), ("Quantity", "1"), ("quantity", "99")]
    assert funded.ask("alice", "Transfer", tags).error == "Duplicate"
    assert balance(funded, "alice")["balance"] == "100"


@pytest.mark.parametrize("recipient", BAD_ADDRESSES)
def test_a_recipient_that_is_no_address_is_refused(funded: Actor, recipient: str) -> None:
    error = funded.ask("alice", "Transfer", {"Recipient": recipient, "Quantity": "1"})
    assert error.error == "InvalidAddress"


def test_the_token_itself_cannot_be_paid(funded: Actor) -> None:
    error = funded.ask("alice", "Transfer", {"Recipient": funded.id, "Quantity": "1"})
    assert error.error == "InvalidAddress"
    assert funded.ask("alice", "Transfer", {"Quantity": "1"}).error == "InvalidAddress"


def test_an_ethereum_address_can_be_paid(funded: Actor) -> None:
    account = "0x" + "aB" * 20
    sent = funded.send("alice", "Transfer", {"Recipient": account, "Quantity": "1"})
    assert shown(sent) == [(ALICE, "Debit-Notice"), (account, "Credit-Notice")]


def test_a_transfer_to_oneself_changes_nothing(funded: Actor) -> None:
    assert len(transfer(funded, "alice", "alice", "100")) == 2
    assert [s.error for s in transfer(funded, "alice", "alice", "101")] == ["InsufficientBalance"]
    assert balance(funded, "alice")["balance"] == "100"


def test_a_cast_moves_in_silence(funded: Actor) -> None:
    assert transfer(funded, "alice", "bob", "5", {"Cast": "true"}) == []
    assert balance(funded, "bob")["balance"] == "5"


def test_more_x_tags_than_a_notice_can_carry_are_refused(funded: Actor) -> None:
    tags = {f"X-T{n}": "v" * 500 for n in range(5)}
    (error,) = transfer(funded, "alice", "bob", "5", tags)
    assert (error.error, error.tag("X-T0")) == ("Overflow", None)
    assert balance(funded, "bob")["balance"] == "0"


def test_the_greatest_balance_moves_exactly(usda: Actor) -> None:
    mint(usda, "alice", str(MAX))
    transfer(usda, "alice", "bob", str(MAX - 1))
    assert balance(usda, "bob")["balance"] == str(MAX - 1)
    assert balance(usda, "alice")["balance"] == "1"


# --- transfers that come twice ----------------------------------------------------------------


@pytest.mark.parametrize("op_id", ["R-abcdefgh-3", "any text"])
def test_a_repeated_op_id_moves_once_and_repeats_the_debit_notice(
    funded: Actor, op_id: str
) -> None:
    first = transfer(funded, "alice", "bob", "5", {"X-Op-Id": op_id})
    again = transfer(funded, "alice", "bob", "5", {"X-Op-Id": op_id})
    assert shown(first) == [(ALICE, "Debit-Notice"), (BOB, "Credit-Notice")]
    assert shown(again) == [(ALICE, "Debit-Notice")]
    for name in ("Recipient", "Quantity", "Sender", "X-Op-Id"):
        assert again[0].tag(name) == first[0].tag(name)
    assert balance(funded, "bob")["balance"] == "5"


@pytest.mark.parametrize(("to", "quantity"), [("bob", "6"), ("carol", "5")])
def test_a_repeated_op_id_with_other_content_is_refused(
    funded: Actor, to: str, quantity: str
) -> None:
    transfer(funded, "alice", "bob", "5", {"X-Op-Id": "R-abcdefgh-3"})
    (error,) = transfer(funded, "alice", to, quantity, {"X-Op-Id": "R-abcdefgh-3"})
    assert (error.action, error.error) == ("Transfer-Error", "WrongPhase")
    assert balance(funded, "alice")["balance"] == "95"


def test_an_op_id_is_its_senders_own(funded: Actor) -> None:
    mint(funded, "bob", "10")
    for sender in ("alice", "bob"):
        assert len(transfer(funded, sender, "carol", "5", {"X-Op-Id": "R-abcdefgh-3"})) == 2
    assert balance(funded, "carol")["balance"] == "10"


def test_a_refused_transfer_was_not_executed_and_may_come_again(funded: Actor) -> None:
    tags = {"X-Op-Id": "R-abcdefgh-3"}
    assert transfer(funded, "alice", "bob", "150", tags)[0].error == "InsufficientBalance"
    mint(funded, "alice", "100")
    assert len(transfer(funded, "alice", "bob", "150", tags)) == 2


def test_an_unseen_op_id_below_low_water_is_refused(funded: Actor) -> None:
    tags = {"X-Op-Id": "R-abcdefgh-9", "X-Low-Water": "9"}
    assert len(transfer(funded, "alice", "bob", "5", tags)) == 2
    (error,) = transfer(funded, "alice", "bob", "5", {"X-Op-Id": "R-abcdefgh-8"})
    assert error.error == "Duplicate"
    assert shown(transfer(funded, "alice", "bob", "5", tags)) == [(ALICE, "Debit-Notice")]
    tags = {"X-Op-Id": "R-abcdefgh-20", "X-Low-Water": "21"}
    assert transfer(funded, "alice", "bob", "5", tags)[0].error == "Duplicate"


def test_an_executed_op_is_forgotten_only_when_old_and_below_low_water(funded: Actor) -> None:
    first = {"X-Op-Id": "R-abcdefgh-1", "X-Low-Water": "1"}
    transfer(funded, "alice", "bob", "5", first)
    funded.stage.advance(3_600_000)
    transfer(funded, "alice", "bob", "5", {"X-Op-Id": "R-abcdefgh-10001", "X-Low-Water": "1"})
    assert shown(transfer(funded, "alice", "bob", "5", first)) == [(ALICE, "Debit-Notice")]
    for n in (10_002, 10_003):
        transfer(funded, "alice", "bob", "5", {"X-Op-Id": f"R-abcdefgh-{n}", "X-Low-Water": "2"})
    (error,) = transfer(funded, "alice", "bob", "5", first)
    assert error.error == "Duplicate"


def test_who_has_nothing_leaves_no_trace(funded: Actor) -> None:
    transfer(funded, "mallory", "bob", "5", {"X-Op-Id": "R-abcdefgh-3"})
    assert funded.evaluate("return tostring(next(Executed))") == "nil"


def test_without_idempotent_transfers_a_repetition_pays_twice(start: StartProcess) -> None:
    usda = start("mock_usda", {"Idempotent-Transfers": "off"})
    mint(usda, "alice", "100")
    for _ in range(2):
        assert len(transfer(usda, "alice", "bob", "5", {"X-Op-Id": "R-abcdefgh-3"})) == 2
    assert balance(usda, "bob")["balance"] == "10"


# --- minting ----------------------------------------------------------------------------------


def test_minting_adds_to_the_supply_and_tells_the_holder(usda: Actor) -> None:
    response, credit = mint(usda, "alice", "100")
    assert shown([response, credit]) == [
        (name_address("deployer"), "Mint-Response"),
        (ALICE, "Credit-Notice"),
    ]
    assert [response.tag(n) for n in ("Recipient", "Quantity", "Supply")] == [ALICE, "100", "100"]
    assert (credit.tag("Sender"), credit.tag("Quantity")) == (usda.id, "100")
    assert usda.published == {"supply": "100", "balances": {ALICE: "100"}}


def test_minting_without_a_recipient_is_for_the_minter(usda: Actor) -> None:
    usda.send("deployer", "Mint", {"Quantity": "5"})
    assert balance(usda, "deployer")["balance"] == "5"


def test_the_admin_may_mint_and_a_stranger_may_not(usda: Actor) -> None:
    (error,) = mint(usda, "mallory", "5", sender="mallory")
    assert (error.action, error.error) == ("Mint-Error", "Unauthorized")
    usda.send("deployer", "Propose-Admin", {"Admin": BOB})
    usda.send("bob", "Accept-Admin")
    assert mint(usda, "alice", "5", sender="bob")[0].action == "Mint-Response"
    assert usda.published["supply"] == "5"


@pytest.mark.parametrize("quantity", BAD_QUANTITIES)
def test_a_mint_of_no_canonical_quantity_is_refused(usda: Actor, quantity: str) -> None:
    assert [s.error for s in mint(usda, "alice", quantity)] == ["InvalidQuantity"]


def test_a_mint_to_no_address_or_to_the_token_is_refused(usda: Actor) -> None:
    for recipient in ("bob", usda.id):
        tags = {"Recipient": recipient, "Quantity": "5"}
        assert usda.ask("deployer", "Mint", tags).error == "InvalidAddress"


def test_the_supply_never_wraps(usda: Actor) -> None:
    mint(usda, "alice", str(MAX))
    (error,) = mint(usda, "bob", "1")
    assert error.error == "Overflow"
    assert usda.published["supply"] == str(MAX)


def test_the_faucet_gives_anyone_up_to_its_cap(start: StartProcess) -> None:
    usda = start("mock_usda", {"Faucet": "on", "Faucet-Cap": "10"})
    assert mint(usda, "alice", "6", sender="alice")[0].action == "Mint-Response"
    (error,) = mint(usda, "alice", "5", sender="alice")
    assert (error.action, error.error) == ("Mint-Error", "CapExceeded")
    assert mint(usda, "bob", "5", sender="alice")[0].error == "CapExceeded"
    assert mint(usda, "alice", "4", sender="alice")[0].action == "Mint-Response"
    assert mint(usda, "bob", "10", sender="bob")[0].action == "Mint-Response"
    assert mint(usda, "alice", "0", sender="carol")[0].error == "InvalidQuantity"
    assert mint(usda, "alice", "500")[0].action == "Mint-Response"


def test_the_faucet_gives_ten_thousand_tokens_unless_told_otherwise(start: StartProcess) -> None:
    usda = start("mock_usda", {"Faucet": "on"})
    cap = 10_000 * 10**12
    assert mint(usda, "alice", str(cap + 1), sender="alice")[0].error == "CapExceeded"
    assert mint(usda, "alice", str(cap), sender="alice")[0].action == "Mint-Response"


# --- holds ------------------------------------------------------------------------------------


def test_a_hold_keeps_the_balance_but_not_the_use_of_it(funded: Actor) -> None:
    response, notice = funded.send("alice", "Lock", {"Quantity": "30", "Locker": BOB})
    assert shown([response, notice]) == [(ALICE, "Lock-Response"), (BOB, "Lock-Notice")]
    lock_id = f"H-{funded.id[:8]}-1"
    assert response.tag("Lock-Id") == lock_id
    names = ("Sender", "Quantity", "Lock-Id")
    assert [notice.tag(name) for name in names] == [ALICE, "30", lock_id]
    assert funded.published["locked"] == {ALICE: "30"}
    assert [s.error for s in transfer(funded, "alice", "bob", "71")] == ["InsufficientBalance"]
    assert len(transfer(funded, "alice", "bob", "70")) == 2
    assert balance(funded, "alice") == {
        "target": ALICE,
        "balance": "30",
        "locked": "30",
        "available": "0",
    }


def test_the_locker_unlocks_at_any_time(funded: Actor) -> None:
    lock_id = hold(funded, "30")
    response, notice = funded.send("bob", "Unlock", {"Lock-Id": lock_id})
    assert shown([response, notice]) == [(BOB, "Unlock-Response"), (ALICE, "Unlock-Notice")]
    assert [notice.tag(n) for n in ("Lock-Id", "Quantity")] == [lock_id, "30"]
    assert balance(funded, "alice")["available"] == "100"
    assert funded.published["locked"] == {ALICE: "0"}
    assert funded.ask("bob", "Unlock", {"Lock-Id": lock_id}).error == "UnknownOperation"


def test_the_holder_unlocks_once_the_hold_has_expired(funded: Actor) -> None:
    lock_id = hold(funded, "30", Expires=str(funded.stage.now + 1_000))
    assert funded.ask("alice", "Unlock", {"Lock-Id": lock_id}).error == "Unauthorized"
    funded.stage.advance(1_000)
    sent = funded.send("alice", "Unlock", {"Lock-Id": lock_id})
    assert shown(sent) == [(ALICE, "Unlock-Response"), (BOB, "Unlock-Notice")]


def test_a_hold_without_an_end_is_the_lockers_alone(funded: Actor) -> None:
    lock_id = hold(funded, "30")
    funded.stage.advance(10**12)
    for sender in ("alice", "mallory", "deployer"):
        assert funded.ask(sender, "Unlock", {"Lock-Id": lock_id}).error == "Unauthorized"


@pytest.mark.parametrize("lock_id", ["", "H-abcdefgh-1", "x" * 1000])
def test_an_unknown_hold_cannot_be_unlocked(funded: Actor, lock_id: str) -> None:
    answer = funded.ask("bob", "Unlock", {"Lock-Id": lock_id})
    assert (answer.action, answer.error) == ("Unlock-Error", "UnknownOperation")
    assert funded.ask("bob", "Unlock").error == "UnknownOperation"


@pytest.mark.parametrize(
    ("tags", "code"),
    [
        ({"Quantity": "101", "Locker": BOB}, "InsufficientBalance"),
        ({"Quantity": "0", "Locker": BOB}, "InvalidQuantity"),
        ({"Locker": BOB}, "InvalidQuantity"),
        ({"Quantity": "5", "Locker": BOB, "Expires": "soon"}, "InvalidQuantity"),
        ({"Quantity": "5", "Locker": "bob"}, "InvalidAddress"),
        ({"Quantity": "5"}, "InvalidAddress"),
    ],
)
def test_a_hold_that_cannot_be_is_refused(funded: Actor, tags: dict[str, str], code: str) -> None:
    answer = funded.ask("alice", "Lock", tags)
    assert (answer.action, answer.error) == ("Lock-Error", code)
    assert balance(funded, "alice")["locked"] == "0"


def test_holds_add_up_and_are_bounded(funded: Actor) -> None:
    for _ in range(100):
        hold(funded, "1")
    assert balance(funded, "alice")["available"] == "0"
    mint(funded, "alice", "1")
    answer = funded.ask("alice", "Lock", {"Quantity": "1", "Locker": BOB})
    assert answer.error == "RateLimited"


# --- as one of five ---------------------------------------------------------------------------


def test_it_needs_nobody_and_takes_all_five(usda: Actor, configure: Callable[..., Sent]) -> None:
    assert usda.ask("bob", "Health").json()["configured"] is True
    assert configure(usda, "mock_usda").json()["mockUsdaProcess"] == usda.id


def test_an_update_keeps_everything(funded: Actor) -> None:
    lock_id = hold(funded, "30")
    transfer(funded, "alice", "bob", "5", {"X-Op-Id": "R-abcdefgh-3"})
    for _ in range(2):
        funded.load("processes/tim3/mock_usda/process.lua")
    assert balance(funded, "alice")["available"] == "65"
    assert len(transfer(funded, "alice", "bob", "5", {"X-Op-Id": "R-abcdefgh-3"})) == 1
    assert len(funded.send("bob", "Unlock", {"Lock-Id": lock_id})) == 2
    assert hold(funded, "1") == f"H-{funded.id[:8]}-2"

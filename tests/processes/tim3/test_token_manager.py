from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from aosctl.message import name_address
from aosctl.testing.stage import Actor, Sent

StartProcess = Callable[..., Actor]
Configure = Callable[..., Sent]
ALICE, BOB = name_address("alice"), name_address("bob")
COORDINATOR, STATE_MANAGER = name_address("coordinator"), name_address("state_manager")
MAX = 2**255 - 1
BAD_QUANTITIES = [
    "-5", "0", "", "1.5", "1e3", "0x10", "+5", "007", " 5", "5\n", str(2**255), str(2**256 + 1),
]  # fmt: skip


def mint_id(n: int) -> str:
    return f"M-lockmana-{n}"


def burn_id(n: int) -> str:
    return f"R-coordina-{n}"


@pytest.fixture
def token(start: StartProcess, configure: Configure) -> Actor:
    token = start("token_manager")
    configure(token, "token_manager")
    return token


@pytest.fixture
def minted(token: Actor) -> Actor:
    """The Token Manager with 100 base units of alice, minted as number 1."""
    order(token, "Mint", mint_id(1), Recipient=ALICE, Quantity="100")
    return token


def order(
    token: Actor,
    action: str,
    op_id: str,
    *,
    sender: str = "coordinator",
    low_water: str = "1",
    **tags: str,
) -> list[Sent]:
    given = {"Op-Id": op_id, "Protocol": "TIM3/1", "Low-Water": low_water, **tags}
    return token.send(sender, action, given)


def mint(token: Actor, n: int, quantity: str, **more: str) -> list[Sent]:
    return order(token, "Mint", mint_id(n), **{"Recipient": ALICE, "Quantity": quantity, **more})


def burn(token: Actor, n: int, quantity: str, **more: str) -> list[Sent]:
    return order(token, "Burn", burn_id(n), **{"User": ALICE, "Quantity": quantity, **more})


def shown(sent: list[Sent]) -> list[tuple[str, str | None]]:
    return [(s.receiver, s.action) for s in sent]


def content(sent: Sent) -> dict[str, str]:
    """Return what a message says, without what the network and its number say."""
    network = {"Data-Protocol", "Variant", "Type", "Reference", "From-Process", "From-Module"}
    return {t.name: t.value for t in sent.message.tags if t.name not in {*network, "Pushed-For"}}


def balance(token: Actor, account: str) -> Any:
    return token.ask("anybody", "Balance", {"Target": account}).json()["balance"]


def stats(token: Actor) -> Any:
    return token.ask("anybody", "TokenStats").json()


def anomalies(token: Actor) -> Any:
    return token.ask("anybody", "Health").json()["anomalies"]


# --- mint -------------------------------------------------------------------------------------


def test_a_mint_reaches_the_recipient_and_is_told_to_everyone_concerned(token: Actor) -> None:
    response, credit, report = mint(token, 1, "100", Reference="5")
    assert shown([response, credit, report]) == [
        (COORDINATOR, "Mint-Response"),
        (ALICE, "Credit-Notice"),
        (STATE_MANAGER, "Report-Supply"),
    ]
    assert content(response) == {
        "Action": "Mint-Response",
        "Op-Id": mint_id(1),
        "Recipient": ALICE,
        "Quantity": "100",
        "Supply": "100",
        "X-Reference": "5",
    }
    assert content(credit) == {
        "Action": "Credit-Notice",
        "Sender": token.id,
        "Quantity": "100",
        "X-Action": "TIM3-Mint",
        "X-Op-Id": mint_id(1),
    }
    assert content(report) == {"Action": "Report-Supply", "Quantity": "100", "Seq": "1"}
    assert balance(token, ALICE) == "100"
    published = {
        "supply": "100",
        "minted": "100",
        "burned": "0",
        "cap": str(MAX),
        "balances": {ALICE: "100"},
        "ops": {
            mint_id(1): {"kind": "mint", "phase": "minted", "quantity": "100", "user": ALICE},
        },
    }
    assert published.items() <= token.published.items()


def test_a_mint_that_comes_three_times_happens_once(token: Actor) -> None:
    first = mint(token, 1, "100")[0]
    for _ in range(2):
        (again,) = mint(token, 1, "100")
        assert content(again) == content(first)
    assert stats(token)["totalMinted"] == "100"


def test_a_replay_repeats_what_was_even_when_the_supply_has_moved_on(minted: Actor) -> None:
    mint(minted, 2, "50")
    (again,) = mint(minted, 1, "100")
    assert again.tag("Supply") == "100"


@pytest.mark.parametrize(
    "other",
    [{"Quantity": "101"}, {"Recipient": BOB}, {"User": BOB}, {"Kind": "refund"}],
)
def test_a_replay_with_other_content_is_refused_but_never_finally(
    minted: Actor, other: dict[str, str]
) -> None:
    (error,) = order(minted, "Mint", mint_id(1), **{"Recipient": ALICE, "Quantity": "100", **other})
    assert (error.action, error.error) == ("Mint-Error", "WrongPhase")
    assert error.tag("Final") is None
    assert anomalies(minted) == 1
    assert stats(minted)["totalMinted"] == "100"


def test_a_replay_that_says_less_is_the_same_request(minted: Actor) -> None:
    (again,) = order(minted, "Mint", mint_id(1))
    assert again.action == "Mint-Response"


@pytest.mark.parametrize("quantity", BAD_QUANTITIES)
def test_a_mint_of_no_canonical_quantity_is_refused_for_good(token: Actor, quantity: str) -> None:
    for _ in range(2):
        (error,) = mint(token, 1, quantity)
        assert (error.action, error.error) == ("Mint-Error", "InvalidQuantity")
        assert (error.tag("Final"), error.tag("Op-Id")) == ("true", mint_id(1))
    assert mint(token, 1, "5")[0].error == "WrongPhase"
    assert token.published["supply"] == "0"


@pytest.mark.parametrize("recipient", ["", "alice", "a" * 1000, "/" * 43])
def test_a_mint_to_no_address_is_refused_for_good(token: Actor, recipient: str) -> None:
    (error,) = mint(token, 1, "5", Recipient=recipient)
    assert (error.error, error.tag("Final")) == ("InvalidAddress", "true")


def test_a_mint_to_the_token_itself_is_refused_for_good(token: Actor) -> None:
    (error,) = mint(token, 1, "5", Recipient=token.id)
    assert (error.error, error.tag("Final")) == ("InvalidAddress", "true")


def test_a_refusal_at_the_cap_stays_though_the_cap_is_raised(token: Actor) -> None:
    token.send("coordinator", "Set-Cap", {"Supply-Cap": "100", "Seq": "1"})
    assert mint(token, 1, "100")[0].action == "Mint-Response"
    (refused,) = mint(token, 2, "1")
    assert (refused.error, refused.tag("Final")) == ("CapExceeded", "true")
    token.send("coordinator", "Set-Cap", {"Supply-Cap": "1000", "Seq": "2"})
    (again,) = mint(token, 2, "1")
    assert content(again) == content(refused)
    assert mint(token, 3, "1")[0].action == "Mint-Response"
    assert token.published["ops"][mint_id(2)]["phase"] == "refused"


def test_the_supply_never_wraps(token: Actor) -> None:
    mint(token, 1, str(MAX))
    (error,) = mint(token, 2, "1", Recipient=BOB)
    assert (error.error, error.tag("Final")) == ("Overflow", "true")
    assert stats(token)["totalSupply"] == str(MAX)


# --- burn -------------------------------------------------------------------------------------


def test_a_burn_takes_from_the_user_and_is_told(minted: Actor) -> None:
    response, debit, report = burn(minted, 1, "40", Reference="5")
    assert shown([response, debit, report]) == [
        (COORDINATOR, "Burn-Response"),
        (ALICE, "Debit-Notice"),
        (STATE_MANAGER, "Report-Supply"),
    ]
    assert content(response) == {
        "Action": "Burn-Response",
        "Op-Id": burn_id(1),
        "User": ALICE,
        "Quantity": "40",
        "Supply": "60",
        "X-Reference": "5",
    }
    assert content(debit) == {
        "Action": "Debit-Notice",
        "Recipient": minted.id,
        "Quantity": "40",
        "Sender": ALICE,
        "X-Action": "TIM3-Burn",
        "X-Op-Id": burn_id(1),
    }
    assert content(report) == {"Action": "Report-Supply", "Quantity": "60", "Seq": "2"}
    published = minted.published
    assert (published["supply"], published["minted"], published["burned"]) == ("60", "100", "40")
    assert published["balances"] == {ALICE: "60"}


def test_a_burn_that_comes_twice_happens_once(minted: Actor) -> None:
    first = burn(minted, 1, "40")[0]
    (again,) = burn(minted, 1, "40")
    assert content(again) == content(first)
    assert balance(minted, ALICE) == "60"


def test_a_burn_beyond_the_balance_is_refused_for_good(minted: Actor) -> None:
    (refused,) = burn(minted, 1, "101")
    assert (refused.action, refused.error) == ("Burn-Error", "InsufficientBalance")
    assert refused.tag("Final") == "true"
    mint(minted, 2, "100")
    (again,) = burn(minted, 1, "101")
    assert content(again) == content(refused)
    assert balance(minted, ALICE) == "200"


def test_tokens_sent_away_before_the_burn_are_not_burned(minted: Actor) -> None:
    minted.send("alice", "Transfer", {"Recipient": BOB, "Quantity": "100"})
    assert [s.error for s in burn(minted, 1, "100")] == ["InsufficientBalance"]
    assert balance(minted, BOB) == "100"


@pytest.mark.parametrize("quantity", BAD_QUANTITIES)
def test_a_burn_of_no_canonical_quantity_is_refused_for_good(minted: Actor, quantity: str) -> None:
    (error,) = burn(minted, 1, quantity)
    assert (error.error, error.tag("Final")) == ("InvalidQuantity", "true")
    assert minted.published["supply"] == "100"


def test_a_burn_of_nobody_is_refused(minted: Actor) -> None:
    (error,) = order(minted, "Burn", burn_id(1), Quantity="5")
    assert error.error == "InsufficientBalance"


# --- cancel -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("noun", "op_id"), [("Mint", mint_id(1)), ("Burn", burn_id(1))])
def test_a_cancelled_operation_never_happens(token: Actor, noun: str, op_id: str) -> None:
    (answer,) = order(token, f"Cancel-{noun}", op_id)
    assert content(answer) == {"Action": f"{noun}-Cancelled", "Op-Id": op_id}
    late = order(token, noun, op_id, Recipient=ALICE, User=ALICE, Quantity="5")
    assert [content(s) for s in late] == [content(answer)]
    assert [s.action for s in order(token, f"Cancel-{noun}", op_id)] == [f"{noun}-Cancelled"]
    assert token.published["supply"] == "0"
    assert token.published["ops"][op_id]["phase"] == "cancelled"


def test_cancelling_what_was_decided_tells_the_decision(minted: Actor) -> None:
    (answer,) = order(minted, "Cancel-Mint", mint_id(1))
    assert (answer.action, answer.tag("Quantity")) == ("Mint-Response", "100")
    assert balance(minted, ALICE) == "100"
    burn(minted, 1, "500")
    (answer,) = order(minted, "Cancel-Burn", burn_id(1))
    assert (answer.action, answer.error) == ("Burn-Error", "InsufficientBalance")
    assert answer.tag("Final") == "true"


# --- who, and when ----------------------------------------------------------------------------

COMMANDS = ["Mint", "Burn", "Cancel-Mint", "Cancel-Burn"]


@pytest.mark.parametrize("action", COMMANDS)
@pytest.mark.parametrize("sender", ["mallory", "alice", "deployer", "state_manager"])
def test_only_the_coordinator_orders(minted: Actor, action: str, sender: str) -> None:
    tags = {"Op-Id": mint_id(2), "Recipient": ALICE, "User": ALICE, "Quantity": "5"}
    (error,) = minted.send(sender, action, tags)
    assert (error.action, error.error) == (f"{action}-Error", "Unauthorized")
    assert (error.tag("Op-Id"), error.tag("Final")) == (mint_id(2), None)
    assert minted.published["supply"] == "100"
    assert mint(minted, 2, "5")[0].action == "Mint-Response"


@pytest.mark.parametrize("action", COMMANDS)
def test_before_configuration_nobody_orders(start: StartProcess, action: str) -> None:
    token = start("token_manager")
    (error,) = order(token, action, mint_id(1), Recipient=ALICE, Quantity="5")
    assert error.error == "Unauthorized"
    assert token.ask("anybody", "Health").json()["missing"] == ["coordinator", "state_manager"]


@pytest.mark.parametrize("action", COMMANDS)
def test_half_configured_it_does_nothing_and_remembers_nothing(
    start: StartProcess, configure: Configure, action: str
) -> None:
    token = start("token_manager")
    token.send("deployer", "SetProcessConfig", {"Coordinator-Process": COORDINATOR})
    op_id = mint_id(1) if action.endswith("Mint") else burn_id(1)
    (error,) = order(token, action, op_id, Recipient=ALICE, Quantity="5")
    assert (error.error, error.tag("Final")) == ("NotConfigured", None)
    configure(token, "token_manager")
    assert mint(token, 1, "5")[0].action == "Mint-Response"


@pytest.mark.parametrize(
    ("action", "op_id"),
    [
        ("Mint", burn_id(1)),
        ("Burn", mint_id(1)),
        ("Cancel-Mint", burn_id(1)),
        ("Mint", "M-7"),
        ("Mint", "M-lockmana-0"),
        ("Mint", ""),
    ],
)
def test_an_op_id_must_be_that_of_such_an_operation(token: Actor, action: str, op_id: str) -> None:
    (error,) = order(token, action, op_id, Recipient=ALICE, User=ALICE, Quantity="5")
    assert (error.error, error.tag("Final")) == ("WrongPhase", None)
    assert "ops" not in token.published


def test_a_repeated_tag_of_a_command_is_duplicate(token: Actor) -> None:
    tags = [("Op-Id", mint_id(1)), ("Quantity", "1"), ("quantity", "9"), ("Recipient", ALICE)]
    (error,) = token.send("coordinator", "Mint", tags)
    assert (error.action, error.error) == ("Mint-Error", "Duplicate")
    assert token.published["supply"] == "0"


def test_the_ids_of_another_lock_manager_are_other_operations(minted: Actor) -> None:
    sent = order(minted, "Mint", "M-newlockm-1", Recipient=ALICE, Quantity="100")
    assert sent[0].tag("Supply") == "200"


# --- what is forgotten ------------------------------------------------------------------------


def test_an_unseen_id_below_low_water_is_duplicate_and_never_final(token: Actor) -> None:
    mint(token, 9, "5", low_water="9")
    for action in ("Mint", "Cancel-Mint"):
        (error,) = order(token, action, mint_id(8), Recipient=ALICE, Quantity="5")
        assert (error.error, error.tag("Final")) == ("Duplicate", None)
    assert mint(token, 9, "5")[0].action == "Mint-Response"
    assert burn(token, 1, "5")[0].action == "Burn-Response"


def test_a_decision_is_forgotten_when_old_far_back_and_below_low_water(minted: Actor) -> None:
    mint(minted, 10_001, "1", low_water="2")
    assert [s.action for s in mint(minted, 1, "100")] == ["Mint-Response"]
    minted.stage.advance(3_000_001)
    mint(minted, 10_002, "1", low_water="2")
    assert [s.error for s in mint(minted, 1, "100")] == ["Duplicate"]
    assert minted.published["ops"][mint_id(1)] == ""
    assert minted.ask("bob", "GetOperation", {"Op-Id": mint_id(1)}).error == "UnknownOperation"


def test_a_decision_at_low_water_waits_as_long_as_it_takes(minted: Actor) -> None:
    minted.stage.advance(10**10)
    mint(minted, 30_000, "1", low_water="1")
    mint(minted, 30_001, "1", low_water="1")
    assert [s.action for s in mint(minted, 1, "100")] == ["Mint-Response"]


# --- what anyone may ask ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("op_id", "expected"),
    [
        (mint_id(1), {"kind": "mint", "phase": "minted", "user": ALICE, "quantity": "100"}),
        (burn_id(1), {"kind": "burn", "phase": "refused", "user": ALICE, "quantity": "500"}),
        (mint_id(2), {"kind": "mint", "phase": "cancelled", "user": "", "quantity": "0"}),
    ],
)
def test_an_operation_can_be_looked_up(minted: Actor, op_id: str, expected: dict[str, str]) -> None:
    burn(minted, 1, "500")
    order(minted, "Cancel-Mint", mint_id(2))
    answer = minted.ask("bob", "GetOperation", {"Op-Id": op_id, "Reference": "7"})
    assert (answer.action, answer.tag("X-Reference")) == ("Operation-Response", "7")
    assert {"opId": op_id, **expected}.items() <= answer.json().items()


@pytest.mark.parametrize("tags", [{}, {"Op-Id": mint_id(9)}, {"Op-Id": "x"}])
def test_an_unknown_operation_is_said_to_be_unknown(token: Actor, tags: dict[str, str]) -> None:
    answer = token.ask("bob", "GetOperation", tags)
    assert (answer.action, answer.error) == ("GetOperation-Error", "UnknownOperation")


def test_the_stats_count_holders_and_totals(minted: Actor) -> None:
    mint(minted, 2, "50", Recipient=BOB)
    burn(minted, 1, "100")
    assert minted.ask("bob", "TokenStats").action == "TokenStats-Response"
    expected = {
        "totalSupply": "50",
        "totalMinted": "150",
        "totalBurned": "100",
        "uniqueHolders": 1,
        "maxSupply": str(MAX),
        "ticker": "TIM3",
        "denomination": "12",
    }
    assert expected.items() <= stats(minted).items()


def test_it_is_a_token_like_any_other(minted: Actor) -> None:
    info = minted.ask("bob", "Info")
    assert [info.tag(n) for n in ("Name", "Ticker", "Denomination")] == ["TIM3", "TIM3", "12"]
    answer = minted.ask("alice", "Balance")
    assert answer.json() == {"target": ALICE, "balance": "100", "ticker": "TIM3"}
    sent = minted.send("alice", "Transfer", {"Recipient": BOB, "Quantity": "30", "X-Memo": "m"})
    assert shown(sent) == [(ALICE, "Debit-Notice"), (BOB, "Credit-Notice")]
    assert {s.tag("X-Memo") for s in sent} == {"m"}
    assert minted.ask("bob", "Balances").json()["balances"] == {ALICE: "70", BOB: "30"}
    assert minted.ask("bob", "Total-Supply").json()["totalSupply"] == "100"
    (error,) = minted.send("alice", "Transfer", {"Recipient": BOB, "Quantity": "71"})
    assert error.error == "InsufficientBalance"


def test_a_transfer_may_repeat_an_op_id_here(minted: Actor) -> None:
    tags = {"Recipient": BOB, "Quantity": "30", "X-Op-Id": "R-abcdefgh-1"}
    for _ in range(2):
        assert len(minted.send("alice", "Transfer", tags)) == 2


# --- cap, pause, reports ----------------------------------------------------------------------


def set_cap(token: Actor, cap: str, seq: str, sender: str = "coordinator") -> Sent:
    return token.ask(sender, "Set-Cap", {"Supply-Cap": cap, "Seq": seq})


def test_the_cap_is_that_of_the_greatest_seq_and_each_is_acknowledged(token: Actor) -> None:
    for cap, seq in (("500", "2"), ("100", "1"), ("900", "2")):
        answer = set_cap(token, cap, seq)
        assert (answer.action, answer.tag("Seq")) == ("Set-Cap-Response", seq)
    assert token.published["cap"] == "500"
    assert token.ask("bob", "GetConfig").json()["limits"] == {"Supply-Cap": "500"}


def test_a_cap_below_the_supply_stops_minting_and_not_burning(minted: Actor) -> None:
    set_cap(minted, "0", "1")
    assert mint(minted, 2, "1")[0].error == "CapExceeded"
    assert burn(minted, 1, "100")[0].action == "Burn-Response"


def test_a_new_coordinator_counts_its_seq_anew(token: Actor, configure: Configure) -> None:
    set_cap(token, "500", "9")
    pause(token, "all", "true", 9)
    configure(token, "token_manager", peers={"coordinator": name_address("carol")})
    assert set_cap(token, "700", "1", "carol").action == "Set-Cap-Response"
    pause(token, "all", "false", 1, "carol")
    assert token.published["cap"] == "700"
    assert token.ask("bob", "Health").json()["paused"]["mint"] is False


@pytest.mark.parametrize(("cap", "seq"), [("-1", "1"), ("1e3", "1"), ("", "1"), ("5", "x")])
def test_an_unreadable_cap_is_refused(token: Actor, cap: str, seq: str) -> None:
    answer = set_cap(token, cap, seq)
    assert (answer.action, answer.error) == ("Set-Cap-Error", "InvalidQuantity")
    assert token.published["cap"] == str(MAX)


@pytest.mark.parametrize("sender", ["mallory", "deployer"])
def test_only_the_coordinator_sets_the_cap(token: Actor, sender: str) -> None:
    assert set_cap(token, "5", "1", sender).error == "Unauthorized"
    assert token.published["cap"] == str(MAX)


def pause(token: Actor, scope: str, on: str, seq: int, sender: str = "coordinator") -> Sent:
    tags = {"Scope": scope, "Pause": on, "Seq": str(seq)}
    return token.ask(sender, "Pause-Notice", tags)


def test_a_pause_is_kept_and_what_is_in_flight_still_drains(minted: Actor) -> None:
    answer = pause(minted, "all", "true", 1)
    assert (answer.action, answer.tag("Seq")) == ("Pause-Notice-Response", "1")
    health = minted.ask("bob", "Health").json()
    assert health["paused"] == {"mint": True, "redeem": True, "transfer": False}
    assert minted.published["paused"] == {"mint": "true", "redeem": "true", "transfer": "false"}
    assert mint(minted, 2, "1")[0].action == "Mint-Response"
    assert burn(minted, 1, "1")[0].action == "Burn-Response"
    assert len(minted.send("alice", "Transfer", {"Recipient": BOB, "Quantity": "1"})) == 2


def test_a_pause_of_everything_stops_transfers_where_that_is_enabled(
    start: StartProcess, configure: Configure
) -> None:
    token = start("token_manager", {"Pause-Transfers": "on"})
    configure(token, "token_manager")
    mint(token, 1, "100")
    transfer = {"Recipient": BOB, "Quantity": "1", "X-Memo": "m"}
    pause(token, "mint", "true", 1)
    assert len(token.send("alice", "Transfer", transfer)) == 2
    pause(token, "all", "true", 2)
    (error,) = token.send("alice", "Transfer", transfer)
    assert (error.action, error.error, error.tag("X-Memo")) == ("Transfer-Error", "Paused", "m")
    pause(token, "all", "false", 3)
    assert len(token.send("alice", "Transfer", transfer)) == 2


def test_a_stranger_does_not_pause(token: Actor) -> None:
    answer = pause(token, "all", "true", 1, sender="mallory")
    assert (answer.action, answer.error) == ("Pause-Notice-Error", "Unauthorized")


def test_the_state_manager_may_ask_for_the_supply(minted: Actor) -> None:
    (report,) = minted.send("state_manager", "Report-Request")
    assert (report.receiver, report.action) == (STATE_MANAGER, "Report-Supply")
    assert (report.tag("Quantity"), report.tag("Seq")) == ("100", "2")
    assert minted.ask("mallory", "Report-Request").error == "Unauthorized"


def test_a_transfer_changes_no_supply_and_reports_nothing(minted: Actor) -> None:
    sent = minted.send("alice", "Transfer", {"Recipient": BOB, "Quantity": "1"})
    assert STATE_MANAGER not in {s.receiver for s in sent}


# --- configuration ----------------------------------------------------------------------------


def change(token: Actor, role: str, to: str = "another") -> Sent:
    return token.ask("deployer", "SetProcessConfig", {f"{role}-Process": name_address(to)})


@pytest.mark.parametrize("role", ["Mock-Usda", "Lock-Manager"])
def test_collateral_and_custody_stay_while_there_is_supply(minted: Actor, role: str) -> None:
    assert change(minted, role).error == "WrongPhase"
    burn(minted, 1, "100")
    assert change(minted, role).action == "SetProcessConfig-Response"


@pytest.mark.parametrize("role", ["Coordinator", "State-Manager"])
def test_the_others_change_only_when_mint_and_redeem_are_paused(minted: Actor, role: str) -> None:
    assert change(minted, role).error == "WrongPhase"
    pause(minted, "mint", "true", 1)
    assert change(minted, role).error == "WrongPhase"
    pause(minted, "redeem", "true", 2)
    assert change(minted, role).action == "SetProcessConfig-Response"


def test_five_distinct_ids_or_nothing(token: Actor) -> None:
    before = token.ask("bob", "GetConfig").json()["peers"]
    assert len(before) == 5
    tags: Mapping[str, str] = {"Mock-Usda-Process": token.id}
    assert token.ask("deployer", "SetProcessConfig", tags).error == "InvalidConfig"
    assert change(token, "Mock-Usda", to="coordinator").error == "InvalidConfig"
    assert token.ask("bob", "GetConfig").json()["peers"] == before


# --- spoofing, silence, upgrade ---------------------------------------------------------------


@pytest.mark.parametrize("action", ["Credit-Notice", "Debit-Notice", "Mint-Response", "Burn-Error"])
def test_notices_and_answers_are_ignored_and_counted(minted: Actor, action: str) -> None:
    tags = {"Op-Id": mint_id(2), "Quantity": "5", "Sender": ALICE}
    assert minted.send("mallory", action, tags) == []
    assert anomalies(minted) == 1
    assert minted.published["supply"] == "100"


def test_a_redirected_answer_goes_to_its_asker(minted: Actor) -> None:
    tags = {"Reply-To": COORDINATOR, "X-Reference": "5", "Op-Id": mint_id(1)}
    assert [s.receiver for s in minted.send("mallory", "Mint", tags)] == [name_address("mallory")]


def test_there_is_no_burn_for_everyone(minted: Actor) -> None:
    assert [s.error for s in minted.send("alice", "Burn", {"Quantity": "5"})] == ["Unauthorized"]
    assert balance(minted, ALICE) == "100"


def test_an_update_keeps_every_decision(minted: Actor) -> None:
    first = mint(minted, 2, "50")[0]
    set_cap(minted, "1000", "4")
    pause(minted, "mint", "true", 4)
    before = stats(minted)
    for _ in range(2):
        minted.load("processes/tim3/token_manager/process.lua")
    assert stats(minted) == before
    assert content(mint(minted, 2, "50")[0]) == content(first)
    assert set_cap(minted, "1", "3").action == "Set-Cap-Response"
    assert minted.published["cap"] == "1000"
    assert minted.ask("bob", "Health").json()["paused"]["mint"] is True

"""
The world: many processes, one clock, and the messages between them.

It stands for everything around a process: the scheduler that numbers messages, the messenger that
carries an outbox on, the plain wallets that only receive. Give it a message and call `run`.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from aosctl.dataitem import encode_base64url
from aosctl.emulator import messenger
from aosctl.emulator.clock import Clock
from aosctl.emulator.cron import Schedule
from aosctl.emulator.envelope import Envelope
from aosctl.emulator.messenger import Post
from aosctl.emulator.profile import AOS, AOS_MODULE, Profile, profile_of_module
from aosctl.emulator.resident import Resident
from aosctl.emulator.shuffle import Shuffle
from aosctl.emulator.trace import Step, TraceNode, build_tree
from aosctl.errors import HopLimitError, UsageError
from aosctl.message import (
    Definition,
    Environment,
    Message,
    Result,
    Tag,
    Tags,
    first_tag,
    forwarder_of,
    hide_claims,
    is_address,
    sender_of,
    to_bytes,
)
from aosctl.wallet import development_address

HOP_LIMIT = 10_000
DRYRUN_ID = "1234"  # what clients put into a dry run, ao-network 3.5


class World:
    """
    Processes and wallets that send one another messages, in virtual time.

    **Order of delivery.** Each process has a mailbox that is emptied first in, first out. Across
    mailboxes the message that was sent first is delivered first: one queue for all, into which the
    outbox of an evaluation goes as a whole, messages before spawns before assignments, each in
    its own order. Nothing else decides, so every run of the same input is the same run. With a seed
    in `shuffle` the order is another one that the network might take, and so is that of `pairs`.

    **Time.** The clock starts at a fixed instant and moves one millisecond before each delivery to
    a process; `advance` moves it further. A world never looks at the real time. Crons fire as the
    clock passes them, before any message that is dated later.

    **Versions.** A process follows the profile that it is spawned with, else that of the world,
    else that of its module where the id is known, else aos 2.0.6.

    `steps` is the trace: one step a delivery, in order. `count` is the number of messages that came
    from outside; it is what makes two equal ones differ.
    """

    def __init__(
        self,
        *,
        hop_limit: int = HOP_LIMIT,
        now: int | None = None,
        module: str = AOS_MODULE,
        profile: Profile | None = None,
        shuffle: int | None = None,
        messenger_address: str | None = None,
    ) -> None:
        self.clock = Clock() if now is None else Clock(now)
        self.module = module
        self.profile = profile
        self.authority = messenger_address or development_address("messenger")
        self.steps: list[Step] = []
        self._seed = shuffle
        self._shuffle = None if shuffle is None else Shuffle(shuffle)
        self._hop_limit = hop_limit
        self._hops: dict[str, int] = {}
        self._queue: deque[Envelope] = deque()
        self._residents: dict[str, Resident] = {}
        self._known: dict[str, Message] = {}
        self._schedule = Schedule()
        self.count = 0

    # --- what comes from outside ---------------------------------------------------------------

    def spawn(
        self,
        *,
        owner: str,
        tags: Tags = (),
        data: str = "",
        id: str | None = None,  # noqa: A002 - the network's own word
        anchor: str | None = None,
        signature: str | None = None,
        profile: Profile | None = None,
    ) -> str:
        """
        Make a process owned by `owner` and queue its first message; return its id.

        The tags `Data-Protocol`, `Variant`, `Type`, `Module` and `Authority` (the messenger) are
        added where they are missing, as a client adds them.
        """
        tags = _with_defaults(
            tags,
            {"Data-Protocol": "ao", "Variant": messenger.LEGACY_VARIANT, "Type": "Process"},
            {"Module": self.module, "Authority": self.authority},
        )
        process_id = id or self._make_id("process", owner, "", tags, data)
        self._settle(process_id, owner, tags, profile=profile)
        message = Message(
            id=process_id,
            signature=signature,
            owner=owner,
            sender=sender_of(owner, tags),
            forwarded_by=forwarder_of(owner, tags),
            target=process_id,
            anchor=anchor,
            tags=tags,
            data=data,
        )
        self._enqueue(message, process_id)
        return process_id

    def send(
        self,
        *,
        sender: str,
        target: str,
        tags: Tags = (),
        data: str = "",
        anchor: str | None = None,
        id: str | None = None,  # noqa: A002 - the network's own word
        signature: str | None = None,
    ) -> str:
        """
        Queue a message signed by `sender`; return its id.

        `From` is `sender`, unless a tag `From-Process` claims another, as on the network.

        Raises:
            UsageError: `sender` or `target` has not the shape of an address.
        """
        for role, address in (("sender", sender), ("target", target)):
            if not is_address(address):
                raise UsageError(
                    f"{role} {address!r} is no address",
                    hint="an address has 43 characters of base64url, or 0x and 40 digits",
                )
        protocol = {"Data-Protocol": "ao", "Variant": messenger.LEGACY_VARIANT, "Type": "Message"}
        tags = _with_defaults(tags, {}, protocol)
        message = Message(
            id=id or self._make_id("message", sender, target, tags, data),
            signature=signature,
            owner=sender,
            sender=sender_of(sender, tags),
            forwarded_by=forwarder_of(sender, tags),
            target=target,
            anchor=anchor,
            tags=tags,
            data=data,
        )
        self._enqueue(message, target)
        return message.id or ""

    def assign(self, process: str, message: str) -> None:
        """
        Queue the existing `message` for one more process.

        Raises:
            UsageError: no message of that id was ever delivered here.
        """
        known = self._known.get(message)
        if known is None:
            raise UsageError(f"message {message} is not known here, so it cannot be assigned")
        self._queue.append(Envelope(message=known, receiver=process, parent=None, root=message))

    def advance(self, milliseconds: int) -> list[Step]:
        """
        Move the clock forward; return the steps made on the way.

        Where a cron falls due, everything that waits is delivered first; it fires at its time, and
        what it causes is delivered before the next. Without crons nothing is delivered.

        Raises:
            HopLimitError: as `run`.
        """
        made: list[Step] = []
        end = self.clock.after(milliseconds)
        while self._schedule.due <= end:
            made += self.run()
            if self._schedule.due <= end:
                self.clock.reach(int(self._schedule.due))
                made += self.run()
        self.clock.reach(end)
        return made

    # --- delivery ------------------------------------------------------------------------------

    def run(self) -> list[Step]:
        """
        Deliver until every mailbox is empty; return the steps made.

        Raises:
            HopLimitError: one message from outside has caused more deliveries than the limit. The
                rest of the queue is dropped; what was delivered stays.
        """
        made: list[Step] = []
        while (step := self.step()) is not None:
            made.append(step)
        self._hops.clear()
        return made

    def step(self) -> Step | None:
        """Deliver one message; return None if every mailbox is empty and no cron is due."""
        if self._schedule.due <= self.clock.now + bool(self._queue):  # a delivery moves the clock
            return self._fire()
        return self._deliver(self._take()) if self._queue else None

    def mailbox(self, receiver: str) -> list[Envelope]:
        """Return what waits for `receiver`, the oldest first."""
        return [envelope for envelope in self._queue if envelope.receiver == receiver]

    @property
    def is_quiet(self) -> bool:
        """Return whether every mailbox is empty."""
        return not self._queue

    def _deliver(self, envelope: Envelope) -> Step:
        self._count_hop(envelope)
        resident = self._residents.get(envelope.receiver)
        if resident is None:
            message = msgspec.structs.replace(envelope.message, timestamp=self.clock.now)
            return self._note(envelope, message, None)
        if envelope.message.id in resident.seen:
            refused = "it was delivered to this process before"
            return self._note(envelope, envelope.message, None, refused=refused)
        if resident.fault is not None:
            return self._note(envelope, envelope.message, None, refused=resident.fault)
        self.clock.advance(1)
        message = resident.schedule(envelope.message, self.clock)
        if envelope.is_spawn:
            self._enter_crons(resident, message)
        return self._evaluate(resident, envelope, message)

    def _take(self) -> Envelope:
        return self._shuffle.take(self._queue) if self._shuffle else self._queue.popleft()

    def _fire(self) -> Step:
        """Evaluate the message of the cron that is due first."""
        name, message = self._schedule.take()
        process = message.target or ""
        root = encode_base64url(hashlib.sha256(name.encode()).digest())
        envelope = Envelope(message=message, receiver=process, parent=None, root=root)
        return self._evaluate(self._residents[process], envelope, message)

    def _enter_crons(self, resident: Resident, spawn: Message) -> None:
        if resident.crons:
            origin = spawn.timestamp or 0
            self._schedule.add(
                resident.environment, resident.crons, origin=origin, now=self.clock.now
            )

    def _evaluate(self, resident: Resident, envelope: Envelope, message: Message) -> Step:
        result = resident.process.evaluate(message)
        cause = message.id or envelope.root
        post = messenger.push(result, cause=cause, root=envelope.root, sender=resident.environment)
        resident.note(result)
        self._carry_on(post, envelope)
        return self._note(envelope, message, result, lost=post.lost)

    def _count_hop(self, envelope: Envelope) -> None:
        hops = self._hops[envelope.root] = self._hops.get(envelope.root, 0) + 1
        if hops > self._hop_limit:
            self._queue.clear()
            self._hops.clear()
            last = " -> ".join(f"{s.receiver} {s.message.action}" for s in self.steps[-4:])
            raise HopLimitError(
                f"message {envelope.root} has caused more than {self._hop_limit} deliveries",
                where=f"the last ones: {last}",
                hint="two handlers answer one another without end; answer only what asks",
            )

    def _note(
        self,
        envelope: Envelope,
        message: Message,
        result: Result | None,
        *,
        lost: tuple[messenger.Lost, ...] = (),
        refused: str | None = None,
    ) -> Step:
        step = Step(
            index=len(self.steps),
            message=message,
            receiver=envelope.receiver,
            parent=envelope.parent,
            root=envelope.root,
            result=result,
            lost=lost,
            refused=refused,
        )
        self.steps.append(step)
        self._known.setdefault(step.id, envelope.message)
        return step

    def _carry_on(self, post: Post, cause: Envelope) -> None:
        parent = cause.message.id or cause.root
        fresh: dict[str, Message] = {}
        for pushed in post.messages:
            message = self._signed_by_messenger(
                pushed.id, pushed.target, pushed.tags, pushed.data, pushed.anchor
            )
            fresh[pushed.id] = message
            self._pass(message, pushed.target, parent, cause.root)
        for spawn in post.spawns:
            self._settle(spawn.id, self.authority, spawn.tags)
            first = self._signed_by_messenger(spawn.id, spawn.id, spawn.tags, spawn.data, None)
            self._pass(first, spawn.id, parent, cause.root)
            told = self._signed_by_messenger(
                encode_base64url(hashlib.sha256(f"{spawn.id}:spawned".encode()).digest()),
                cause.receiver,
                messenger.spawned_tags(spawn),
                " ",
                None,
            )
            self._pass(told, cause.receiver, parent, cause.root)
        for assignment in post.assignments:
            known = fresh.get(assignment.message) or self._known.get(assignment.message)
            if known is not None:
                self._pass(known, assignment.process, parent, cause.root)

    def _signed_by_messenger(
        self, message_id: str, target: str, tags: Tags, data: str, anchor: str | None
    ) -> Message:
        return Message(
            id=message_id,
            owner=self.authority,
            sender=sender_of(self.authority, tags),
            forwarded_by=forwarder_of(self.authority, tags),
            target=target,
            anchor=anchor,
            tags=hide_claims(tags),
            data=data,
        )

    def _enqueue(self, message: Message, receiver: str) -> None:
        self.count += 1
        message = msgspec.structs.replace(message, tags=hide_claims(message.tags))
        self._pass(message, receiver, None, message.id or "")

    def _pass(self, message: Message, receiver: str, parent: str | None, root: str) -> None:
        self._queue.append(Envelope(message=message, receiver=receiver, parent=parent, root=root))

    # --- questions -----------------------------------------------------------------------------

    @property
    def now(self) -> int:
        """Return the virtual time in milliseconds."""
        return self.clock.now

    @property
    def height(self) -> int:
        """Return the virtual block height."""
        return self.clock.height

    @property
    def processes(self) -> dict[str, Environment]:
        """Return every process of this world by its id."""
        return {name: resident.environment for name, resident in self._residents.items()}

    def profile_of(self, process: str) -> Profile:
        """
        Return whose rules a process follows.

        Raises:
            UsageError: there is no such process.
        """
        return self._resident(process).profile

    def result(self, process: str, message: str) -> Result:
        """
        Return what `process` made of `message`.

        Raises:
            UsageError: it was never delivered there.
        """
        for step in self.steps:
            if step.receiver == process and step.id == message and step.result is not None:
                return step.result
        raise UsageError(f"message {message} was never evaluated by process {process}")

    def dryrun(
        self,
        *,
        sender: str,
        target: str,
        tags: Tags = (),
        data: str = "",
        observe: bool = False,
    ) -> Result:
        """
        Return what `target` would make of a message; nothing of it stays.

        Raises:
            UsageError: `target` is not a process of this world.
        """
        resident = self._resident(target)
        protocol = {"Data-Protocol": "ao", "Type": "Message", "Variant": messenger.LEGACY_VARIANT}
        message = Message(
            id=DRYRUN_ID,
            owner=sender,
            sender=sender,
            target=target,
            anchor="0",
            tags=_with_defaults(tags, {}, protocol),
            data=data,
            timestamp=self.clock.now,
            block_height=self.clock.height,
            read_only=True,
        )
        return resident.process.dryrun(message, observe=observe)

    def sent_to(self, address: str) -> list[Step]:
        """Return the deliveries to a wallet or a process, in order."""
        return [step for step in self.steps if step.receiver == address]

    def trace(self, message: str) -> TraceNode:
        """
        Return the tree of what `message` caused.

        Raises:
            UsageError: no message of that id was ever delivered here.
        """
        tree = build_tree(self.steps, message)
        if tree is None:
            raise UsageError(f"message {message} was never delivered here")
        return tree

    def published(self, process: str) -> dict[str, Any]:
        """
        Return the state that a process has published by its `patch@1.0` messages, merged.

        Raises:
            UsageError: there is no such process.
        """
        return self._resident(process).published

    def evaluated(self, process: str) -> list[Message]:
        """Return the messages that a process has evaluated, as it got them, in order."""
        return [s.message for s in self.steps if s.receiver == process and s.result is not None]

    # --- restoring -----------------------------------------------------------------------------

    def restore(
        self, processes: Iterable[Definition], steps: Sequence[Step], *, now: int, count: int
    ) -> None:
        """
        Make this empty world what it was after `steps`; nothing is evaluated until it is asked.

        `count` is how many messages had come from outside.
        """
        self.clock = Clock(now)
        self.count = count
        for definition in processes:
            self._settle(definition.id, definition.owner, definition.tags)
        for step in steps:
            self.steps.append(step)
            self._known.setdefault(step.id, step.message)
            resident = self._residents.get(step.receiver)
            if resident is None or step.result is None:
                continue
            resident.catch_up(step.message, step.result)
            if step.id == step.receiver:
                self._enter_crons(resident, step.message)

    def close(self) -> None:
        """Let go of every Lua state."""
        for resident in self._residents.values():
            resident.close()

    def _settle(
        self, process_id: str, owner: str, tags: Tags, *, profile: Profile | None = None
    ) -> None:
        module = first_tag(tags, "Module") or self.module
        environment = Environment(
            process=Definition(process_id, owner, tags),
            module=Definition(module, owner, ()),
        )
        self._residents[process_id] = Resident(
            environment,
            history=lambda: self._survived(process_id),
            profile=profile or self.profile or profile_of_module(module) or AOS,
            shuffle=self._seed,
        )

    def _survived(self, process: str) -> list[Message]:
        return [
            step.message
            for step in self.steps
            if step.receiver == process and step.result is not None and not step.result.is_undone
        ]

    def _resident(self, process: str) -> Resident:
        resident = self._residents.get(process)
        if resident is None:
            raise UsageError(f"there is no process {process} here")
        return resident

    def _make_id(self, kind: str, owner: str, target: str, tags: Tags, data: str) -> str:
        parts = [kind, str(self.count), owner, target, data]
        parts += [text for tag in tags for text in (tag.name, tag.value)]
        digest = hashlib.sha256()
        for raw in map(to_bytes, parts):
            digest.update(len(raw).to_bytes(8, "little") + raw)
        return encode_base64url(digest.digest())


def _with_defaults(tags: Tags, first: dict[str, str], last: dict[str, str]) -> Tags:
    names = {tag.name for tag in tags}
    before = tuple(Tag(n, v) for n, v in first.items() if n not in names)
    after = tuple(Tag(n, v) for n, v in last.items() if n not in names)
    return before + tags + after

"""
The world: many processes, one clock, and the messages between them.

It stands for everything around a process: the scheduler that numbers messages, the messenger that
carries an outbox on, the plain wallets that only receive. Give it a message and call `run`.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from aosctl.dataitem import encode_base64url
from aosctl.emulator import messenger
from aosctl.emulator.chronicle import Chronicle, ProcessLog, unscheduled
from aosctl.emulator.clock import Clock
from aosctl.emulator.cron import Schedule
from aosctl.emulator.envelope import Envelope
from aosctl.emulator.mail import (
    Entry,
    Letter,
    encode_all,
    find_form,
    make_letter,
    read_letter,
    read_targets,
    write_from_outside,
)
from aosctl.emulator.messenger import Post
from aosctl.emulator.profile import AOS, AOS_MODULE, Profile, profile_of_module
from aosctl.emulator.resident import Resident
from aosctl.emulator.row import PROTOCOL, read_row
from aosctl.emulator.shape import Names, Values, make_row
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
_PROTOCOL = dict(PROTOCOL)


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

    `steps` is the trace: one step a delivery, in order, made when it is looked at; older ones lie
    in a temporary file. `count` is the number of messages that came from outside; it is what makes
    two equal ones differ.
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
        self.steps = Chronicle(
            lambda process: self._resident(process).sender,
            lambda process: self._resident(process).environment,
        )
        self._seed = shuffle
        self._shuffle = None if shuffle is None else Shuffle(shuffle)
        self._hop_limit = hop_limit
        self._hops: dict[str, int] = {}
        self._queue: deque[Letter | Entry] = deque()
        self._residents: dict[str, Resident] = {}
        self._resident_keys: set[bytes] = set()
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
        names, values = (encode_all([getattr(t, part) for t in tags]) for part in ("name", "value"))
        process_id = id or self._make_id(f"process\0{owner}", names, values, data)
        self._settle(process_id, owner, tags, profile=profile)
        message = Message(
            id=process_id,
            signature=signature,
            owner=owner,
            sender=sender_of(owner, tags),
            forwarded_by=forwarder_of(owner, tags),
            target=process_id,
            anchor=anchor,
            tags=hide_claims(tags),
            data=data,
        )
        self._enqueue(message, process_id, is_fresh=id is None)
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
        form = find_form(tuple([tag.name for tag in tags]))
        values = encode_all([tag.value for tag in tags]) + form.missing
        names = form.shape[1]
        message_id = id or self._make_id(f"message\0{sender}\0{target}", names, values, data)
        if id is None and signature is None and anchor is None and not form.is_telling:
            self.count += 1
            letter = write_from_outside(
                form=form,
                message_id=message_id,
                sender=sender,
                target=target,
                tags=values,
                data=data,
            )
            self._queue.append(letter)
            return message_id
        tags = _with_defaults(tags, {}, _PROTOCOL)
        message = Message(
            id=message_id,
            signature=signature,
            owner=sender,
            sender=sender_of(sender, tags),
            forwarded_by=forwarder_of(sender, tags),
            target=target,
            anchor=anchor,
            tags=hide_claims(tags),
            data=data,
        )
        self._enqueue(message, target, is_fresh=id is None)
        return message_id

    def assign(self, process: str, message: str) -> None:
        """
        Queue the existing `message` for one more process.

        Raises:
            UsageError: no message of that id was ever delivered here.
        """
        known = self.steps.find(message)
        if known is None:
            raise UsageError(f"message {message} is not known here, so it cannot be assigned")
        self._pass(unscheduled(known), process, None, message)

    def advance(self, milliseconds: int) -> Sequence[Step]:
        """
        Move the clock forward; return the steps made on the way.

        Where a cron falls due, everything that waits is delivered first; it fires at its time, and
        what it causes is delivered before the next. Without crons nothing is delivered.

        Raises:
            HopLimitError: as `run`.
        """
        start = len(self.steps)
        end = self.clock.after(milliseconds)
        while self._schedule.due <= end:
            self.run()
            if self._schedule.due <= end:
                self.clock.reach(int(self._schedule.due))
                self.run()
        self.clock.reach(end)
        return self.steps.since(start)

    # --- delivery ------------------------------------------------------------------------------

    def run(self) -> Sequence[Step]:
        """
        Deliver until every mailbox is empty; return the steps made.

        Raises:
            HopLimitError: one message from outside has caused more deliveries than the limit. The
                rest of the queue is dropped; what was delivered stays.
        """
        start = len(self.steps)
        while self._go_on(at_once=True):
            pass
        self._hops.clear()
        return self.steps.since(start)

    def step(self) -> Step | None:
        """Deliver one message; return None if every mailbox is empty and no cron is due."""
        return self.steps[-1] if self._go_on() else None

    def _go_on(self, *, at_once: bool = False) -> bool:
        """Do what comes next; return False if there is nothing to do."""
        if self._schedule.due <= self.clock.now + bool(self._queue):  # a delivery moves the clock
            self._fire()
        elif self._queue:
            self._deliver(self._take(), at_once=at_once)
        else:
            return False
        return True

    def _take(self) -> Letter | Entry:
        return self._shuffle.take(self._queue) if self._shuffle else self._queue.popleft()

    def mailbox(self, receiver: str) -> list[Envelope]:
        """Return what waits for `receiver`, the oldest first."""
        return [
            Envelope(
                message=read_letter(letter),
                receiver=receiver,
                parent=letter.parent,
                root=letter.root,
            )
            for letter in map(self._as_letter, self._queue)
            if letter.receiver == receiver
        ]

    @property
    def is_quiet(self) -> bool:
        """Return whether every mailbox is empty."""
        return not self._queue

    def _as_letter(self, waiting: Letter | Entry) -> Letter:
        return waiting if isinstance(waiting, Letter) else self.steps.letter(waiting)

    def _deliver(self, waiting: Letter | Entry, *, at_once: bool = False) -> None:
        """Deliver one message, and `at_once` what it causes if that goes to wallets alone."""
        root = waiting.root
        hops = self._hops[root] = self._hops.get(root, 0) + 1
        if hops > self._hop_limit:
            self._stop(root)
        resident = self._residents.get(waiting.receiver)
        if type(waiting) is Entry and resident is None:
            self.steps.add_arrival(waiting, self.clock.now)
            return
        letter = self._as_letter(waiting)
        if resident is None:
            self.steps.add_receipt(letter, now=self.clock.now)
        elif resident.fault is not None:
            self.steps.add_receipt(letter, now=None, refused=resident.fault)
        elif not letter.is_fresh and self.steps.has(letter.id, letter.receiver):
            refused = "it was delivered to this process before"
            self.steps.add_receipt(letter, now=None, refused=refused)
        else:
            targets = self._evaluate(resident, letter)
            if targets:
                self._send_on(targets, root, at_once=at_once)

    def _evaluate(self, resident: Resident, letter: Letter) -> list[bytes] | None:
        """Return to whom the answer's messages are still to be sent."""
        self.clock.advance(1)
        scheduled = resident.schedule(letter.id, self.clock)
        if resident.crons and letter.is_spawn:
            self._enter_crons(resident, self.clock.now)
        return self._ask(resident, letter, letter.head + scheduled + letter.tags)

    def _ask(self, resident: Resident, letter: Letter, values: Values) -> list[bytes] | None:
        answer = resident.process.answer((letter.shape, values))
        self.steps.add_evaluation(letter, values, answer)
        targets = read_targets(answer)
        if targets is None:
            self._push(resident, letter, read_row(answer))
        return targets

    def _fire(self) -> None:
        """Evaluate the message of the cron that is due first."""
        name, message = self._schedule.take()
        process = message.target or ""
        root = encode_base64url(hashlib.sha256(name.encode()).digest())
        shape, values = make_row(message)
        letter = Letter(process, None, root, root, shape, values, (), is_fresh=True)
        targets = self._ask(self._residents[process], letter, values)
        if targets:
            self._send_on(targets, root, at_once=False)

    def _enter_crons(self, resident: Resident, origin: int) -> None:
        self._schedule.add(resident.environment, resident.crons, origin=origin, now=self.clock.now)

    def _send_on(self, targets: list[bytes], root: str, *, at_once: bool) -> None:
        if at_once and self._can_arrive(targets, root):
            self._hops[root] += len(targets)
            self.steps.add_arrivals(len(targets))
            return
        cause = len(self.steps) - 1
        self._queue.extend(
            Entry(target.decode(), root, cause, place) for place, target in enumerate(targets)
        )

    def _can_arrive(self, targets: list[bytes], root: str) -> bool:
        """Return whether these would be delivered next, in their order, and cause nothing."""
        return (
            not self._queue
            and self._shuffle is None
            and self._hops[root] + len(targets) <= self._hop_limit
            and self._schedule.due > self.clock.now + 1
            and self._resident_keys.isdisjoint(targets)
        )

    def _push(self, resident: Resident, letter: Letter, result: Result) -> None:
        post = messenger.push(
            result, cause=letter.id, root=letter.root, sender=resident.environment
        )
        resident.note(result)
        self._carry_on(post, letter)

    def _stop(self, root: str) -> NoReturn:
        self._queue.clear()
        self._hops.clear()
        last = " -> ".join(f"{s.receiver} {s.message.action}" for s in self.steps[-4:])
        raise HopLimitError(
            f"message {root} has caused more than {self._hop_limit} deliveries",
            where=f"the last ones: {last}",
            hint="two handlers answer one another without end; answer only what asks",
        )

    def _carry_on(self, post: Post, cause: Letter) -> None:
        fresh: dict[str, Message] = {}
        for pushed in post.messages:
            message = self._signed_by_messenger(
                pushed.id, pushed.target, pushed.tags, pushed.data, pushed.anchor
            )
            fresh[pushed.id] = message
            self._pass(message, pushed.target, cause.id, cause.root)
        for spawn in post.spawns:
            self._settle(spawn.id, self.authority, spawn.tags)
            first = self._signed_by_messenger(spawn.id, spawn.id, spawn.tags, spawn.data, None)
            self._pass(first, spawn.id, cause.id, cause.root)
            told = self._signed_by_messenger(
                encode_base64url(hashlib.sha256(f"{spawn.id}:spawned".encode()).digest()),
                cause.receiver,
                messenger.spawned_tags(spawn),
                " ",
                None,
            )
            self._pass(told, cause.receiver, cause.id, cause.root)
        for assignment in post.assignments:
            known = fresh.get(assignment.message)
            if known is None and (step := self.steps.find(assignment.message)) is not None:
                known = unscheduled(step)
            if known is not None:
                self._pass(known, assignment.process, cause.id, cause.root)

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

    def _enqueue(self, message: Message, receiver: str, *, is_fresh: bool) -> None:
        self.count += 1
        self._pass(message, receiver, None, message.id or "", is_fresh=is_fresh)

    def _pass(
        self,
        message: Message,
        receiver: str,
        parent: str | None,
        root: str,
        *,
        is_fresh: bool = False,
    ) -> None:
        self._queue.append(
            make_letter(message, receiver=receiver, parent=parent, root=root, is_fresh=is_fresh)
        )

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
        step = self.steps.find(message, process)
        if step is not None and step.result is not None:
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
        return self.steps.of(address)

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
        return [step.message for step in self.steps.of(process) if step.result is not None]

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
            self.steps.add_step(step)
            resident = self._residents.get(step.receiver)
            if resident is None or step.result is None:
                continue
            resident.catch_up(len(self.steps) - 1, step.message, step.result)
            if resident.crons and step.id == step.receiver:
                self._enter_crons(resident, step.message.timestamp or 0)

    def close(self) -> None:
        """Let go of every Lua state, and of what lies on the disk."""
        self.steps.close()
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
            ProcessLog(self.steps),
            authority=self.authority,
            profile=profile or self.profile or profile_of_module(module) or AOS,
            shuffle=self._seed,
        )
        self._resident_keys.add(to_bytes(process_id))

    def _resident(self, process: str) -> Resident:
        resident = self._residents.get(process)
        if resident is None:
            raise UsageError(f"there is no process {process} here")
        return resident

    def _make_id(self, head: str, names: Names, values: Values, data: str) -> str:
        # The count alone makes it unlike any other, so nothing need mark where a part ends.
        begin = to_bytes(f"{self.count}\0{head}\0{data}")
        digest = hashlib.sha256(b"\0".join((begin, *names, *values)))
        return encode_base64url(digest.digest())


def _with_defaults(tags: Tags, first: dict[str, str], last: dict[str, str]) -> Tags:
    names = {tag.name for tag in tags}
    before = tuple(Tag(n, v) for n, v in first.items() if n not in names)
    after = tuple(Tag(n, v) for n, v in last.items() if n not in names)
    return before + tags + after

"""
Deploy: a plan carried out, so that a crash on any line leaves what the next run can finish.

Each stage is signed, its bytes kept and recorded as pending, then sent, awaited, and recorded as
done or failed. What an earlier run left pending is sent again as the same bytes, unless the
network has it: PSS is randomised, so signing again would make a second message or process.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from typing import Literal

import msgspec

from aosctl.bundle import Bundle
from aosctl.dataitem import DataItem
from aosctl.errors import DeployError, DriftError
from aosctl.ledger import Begun, Ledger
from aosctl.locator import Locator
from aosctl.manifest import Manifest, Question
from aosctl.message import Result, make_tags
from aosctl.networks import Network
from aosctl.plan import Kind, Plan, Step, resolve
from aosctl.query import answer_in, answers_in
from aosctl.ready import wait_until_ready
from aosctl.record import Entry, Item, State
from aosctl.verify import advice, verify_processes


class Deployment(msgspec.Struct, frozen=True, kw_only=True):
    """A plan that came true: its steps with the items that were sent, and the processes now."""

    network: str
    bundle: str
    changed: bool
    steps: tuple[Step, ...]
    verified: tuple[str, ...]
    entries: dict[str, Entry]


class Progress(msgspec.Struct, frozen=True):
    """Where a step is: about to be sent (pending), or ended, with the item that it was."""

    kind: Kind
    process: str
    state: State
    item: str | None = None


OnProgress = Callable[[Progress], None]


def _say_nothing(_: Progress) -> None:
    pass


def deploy(
    plan: Plan,
    *,
    manifest: Manifest,
    bundles: Mapping[str, Bundle],
    network: Network,
    ledger: Ledger,
    on_progress: OnProgress = _say_nothing,
) -> Deployment:
    """
    Return the deployment after every step of `plan` has come true and the whole is ready.

    `on_progress` is told of each step when it is about to be sent and when it has ended. An empty
    plan sends nothing, and still is done only if all lives as recorded and the whole is ready.

    Raises:
        DeployError: a step failed, an answer refused it, or the whole does not become ready; what
            had come true before is recorded.
        DriftError: there was nothing to do by the record, and what lives differs from it.
        NetworkError: the network failed; what was sent is recorded as pending, and the next run
            goes on there.
        RecordError: the record cannot be written.
    """
    run = _Run(manifest, bundles, network=network, ledger=ledger, on_progress=on_progress)
    for _, stage in groupby(plan.steps, key=lambda step: step.stage):
        run.carry_out([*stage])
    if manifest.verify and not plan.changed:
        run.verify_untouched()  # what has drifted is told as that, and not as why it is not ready
    if manifest.ready:
        wait_until_ready(manifest.ready, run.id_of(manifest.ready.process), network)
    if plan.verify:
        run.verify()
    return Deployment(
        network=plan.network,
        bundle=plan.bundle,
        changed=plan.changed,
        steps=tuple(run.ended),
        verified=plan.verify,
        entries=ledger.entries,
    )


class _Run:
    """One plan being carried out."""

    def __init__(
        self,
        manifest: Manifest,
        bundles: Mapping[str, Bundle],
        *,
        network: Network,
        ledger: Ledger,
        on_progress: OnProgress,
    ) -> None:
        self.manifest = manifest
        self.bundles = bundles
        self.network = network
        self.ledger = ledger
        self.on_progress = on_progress
        self.ended: list[Step] = []

    def id_of(self, process: str) -> str:
        return self.ledger.entries[process].id

    # --- a stage ---------------------------------------------------------------------------------

    def carry_out(self, steps: list[Step]) -> None:
        """Let the steps of one stage come true, or raise for the first that did not."""
        resumed = self.resume([step for step in steps if step.item])
        begun = self.begin([step for step in steps if not step.item])
        sent = [*resumed, *begun]
        for step, item in sent:
            self.on_progress(Progress(step.kind, step.process, "pending"))
            if item:
                self.network.submit(item)
        self.await_ends([step for step, _ in sent])

    def resume(self, steps: list[Step]) -> list[tuple[Step, DataItem | None]]:
        """Return each step that was begun before, with its bytes unless they have arrived."""
        found = {step: self.left_to_send(step) for step in steps}
        gone = [step for step, left in found.items() if left is False]
        if gone:
            self.give_up(gone)
        return [(step, left or None) for step, left in found.items()]

    def left_to_send(self, step: Step) -> DataItem | Literal[False] | None:
        """Return the bytes of a step, None if they have arrived, False if they are gone."""
        item = step.item or ""
        if self.network.has(item, process=self.id_of(step.process)):
            return None
        return self.ledger.bytes_of(item) or False

    def give_up(self, steps: list[Step]) -> None:
        """Record that the bytes of these steps are gone, and raise."""
        for step in steps:
            self.ledger.settle(step.process, step.part, "failed")
        self.ledger.save()
        named = ", ".join(f"the {step.kind} of '{step.process}'" for step in steps)
        raise DeployError(
            f"{named}: signed, not arrived, and its bytes are gone",
            where=", ".join(f"item {step.item}" for step in steps),
            hint="If you are sure that it was never sent, deploy again: it is signed anew.",
        )

    def begin(self, steps: list[Step]) -> list[tuple[Step, DataItem]]:
        """Sign the steps and record them as pending."""
        signed = [(step, self.sign(step)) for step in map(self.with_ids, steps)]
        self.ledger.begin(
            Begun(self.entry(step, item), step.process, step.part, item, self.item(step, item))
            for step, item in signed
        )
        return [
            (msgspec.structs.replace(step, item=item.id, final=item.tags), item)
            for step, item in signed
        ]

    def await_ends(self, steps: Iterable[Step]) -> None:
        """Wait for the end of each step and record it; raise for the first that failed."""
        failures: list[DeployError] = []
        try:
            for step in steps:
                failure = self.failure(step)
                failures += [failure] if failure else []
                state: State = "failed" if failure else "done"
                self.ledger.settle(step.process, step.part, state)
                self.ended.append(msgspec.structs.replace(step, state=state))
                self.on_progress(Progress(step.kind, step.process, state, step.item))
        finally:
            self.ledger.save()
        if failures:
            raise failures[0]

    # --- a step ----------------------------------------------------------------------------------

    def with_ids(self, step: Step) -> Step:
        """Return the step with the ids that it needs, which exist by now."""
        ids = {name: entry.id for name, entry in self.ledger.entries.items()}
        tags = resolve({tag.name: tag.value for tag in step.tags}, ids)
        return msgspec.structs.replace(step, tags=make_tags(tags))

    def sign(self, step: Step) -> DataItem:
        if step.kind == "spawn":
            return self.network.sign_spawn(tags=step.tags, module=step.module)
        text = self.bundles[step.process].text if step.kind == "eval" else ""
        target = self.id_of(step.process)
        return self.network.sign_message(target=target, tags=step.tags, data=text)

    def entry(self, step: Step, item: DataItem) -> Entry:
        """Return the entry of a process, which a spawn begins."""
        if step.kind != "spawn":
            return self.ledger.entries[step.process]
        return Entry(
            id=item.id,
            module=step.module or self.network.module,
            scheduler=self.network.scheduler,
            owner=self.network.address,
            log=self.network.log,
            tags={tag.name: tag.value for tag in step.tags},
        )

    def item(self, step: Step, signed: DataItem) -> Item:
        """Return what the record says of a step that is about to be sent."""
        if step.kind == "eval":
            bundle_hash = self.bundles[step.process].hash
            return Item(id=signed.id, state="pending", bundle_hash=bundle_hash)
        if step.kind == "configure":
            tags = {tag.name: tag.value for tag in step.tags if tag.name != "Action"}
            return Item(id=signed.id, state="pending", tags=tags)
        return Item(id=signed.id, state="pending")

    # --- how a step ended ------------------------------------------------------------------------

    def failure(self, step: Step) -> DeployError | None:
        """Wait for what became of a step; return what went wrong, if anything."""
        result = self.network.result(self.id_of(step.process), step.item or "")
        if result.failure is not None:
            return self.lua_failure(step, result.failure)
        question = self.question(step)
        if question is None or answer_in(result, question.answer, asker=self.network.address):
            return None
        return self.refusal(step, question, result)

    def question(self, step: Step) -> Question | None:
        if step.kind != "configure":
            return None
        return self.manifest.limits if step.part == "limits" else self.manifest.configure

    def lua_failure(self, step: Step, text: str) -> DeployError:
        said, place = Locator(self.bundles[step.process].text).explain(text)
        shown = f"{place[0]}:{place[1]}" if place else step.process
        return DeployError(
            f"the {step.kind} of '{step.process}' failed: {said}",
            where=f"{shown} (item {step.item})",
            hint="The process is as it was before. Mend the source, then deploy again.",
        )

    def refusal(self, step: Step, question: Question, result: Result) -> DeployError:
        answers = answers_in(result, asker=self.network.address)
        if not answers:
            return DeployError(
                f"'{step.process}' did not answer {question.action}",
                where=f"{self.place('processes', step.process)} (item {step.item})",
                hint=f"Give it a handler for {question.action} that answers the sender with "
                f"{question.answer}, then deploy again.",
            )
        parts = (answers[0].action, answers[0].tag("Error"), answers[0].data)
        said = ": ".join(str(part) for part in parts if part)
        return DeployError(
            f"'{step.process}' did not accept {question.action}: "
            f"{said or f'it did not answer {question.answer}'}",
            where=f"{self.refused_place(step, said)} (item {step.item})",
            hint="Nothing changed in it. Mend what the manifest says there, then deploy again.",
        )

    def refused_place(self, step: Step, said: str) -> str:
        """Return the line of the tag that an answer names, else of the table it is in."""
        wish = self.manifest.processes[step.process]
        part = "limits" if step.part == "limits" else "config"
        tags = wish.limits if part == "limits" else wish.config
        named = [tag for tag in tags if re.search(rf"(?<![\w-]){re.escape(tag)}(?![\w-])", said)]
        return self.place("processes", step.process, part, *sorted(named, key=said.find)[:1])

    def place(self, *key: str) -> str:
        return f"{self.manifest.path}:{self.manifest.lines.line(*key)}"

    # --- the whole -------------------------------------------------------------------------------

    def verify(self) -> None:
        """Compare what lives with what was recorded, and record the handlers that were found."""
        entries = {
            name: msgspec.structs.replace(entry, handlers=None)  # an upgrade may change them
            for name, entry in self.ledger.entries.items()
        }
        found = verify_processes(self.manifest, self.bundles, entries, self.network)
        different = {difference.process for difference in found.differences}
        for process in self.manifest.processes:
            state: State = "failed" if process in different else "done"
            self.on_progress(Progress("verify", process, state))
        if found.differences:
            raise DeployError(
                "what lives is not what was deployed",
                where="\n".join(map(str, found.differences)),
                hint="Perhaps somebody else changes these processes. `aosctl verify` shows it "
                "again.",
            )
        self.note_handlers(found.handlers)

    def verify_untouched(self) -> None:
        """Compare what lives with the record, of which no step was left to do."""
        entries = self.ledger.entries
        found = verify_processes(self.manifest, self.bundles, entries, self.network)
        if found.differences:
            raise DriftError(
                "by the record there is nothing to do, and what lives differs from it",
                where="\n".join(map(str, found.differences)),
                hint="\n".join(advice(found.differences, self.manifest)),
            )
        # A run that was stopped at its end may not have come to it.
        unsaid = {n: found.handlers[n] for n in found.handlers if entries[n].handlers is None}
        if unsaid:
            self.note_handlers(unsaid)

    def note_handlers(self, handlers: Mapping[str, tuple[str, ...]]) -> None:
        self.ledger.note_handlers(handlers)
        self.ledger.save()

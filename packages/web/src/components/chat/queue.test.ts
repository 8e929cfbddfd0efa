import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type End, emptyQueue, nextOf, type Queue, type QueuedMessage, type QueueEvent, queueAfter, waitingOf } from "./queue.ts";

const price = { units: 1, model: "m", effort: null, whole: false } as const;
const message = (name: string): QueuedMessage => ({ key: `k-${name}`, messageId: name, chatId: "c", text: name, files: [], price });
const after = (...events: QueueEvent[]): Queue => events.reduce(queueAfter, emptyQueue);
const added = (...names: string[]): QueueEvent[] => names.map((name) => ({ type: "added", message: message(name) }));
const ended = (end: End, atMs = 0): QueueEvent => ({ type: "ended", end, atMs });
const begun = (messageId: string): QueueEvent => ({ type: "begun", messageId });
const accepted = (messageId: string): QueueEvent => ({ type: "accepted", messageId });
const namesOf = ({ messages }: Queue) => messages.map(({ messageId }) => messageId);
const nextName = (queue: Queue, editing?: string) => nextOf(queue, editing)?.messageId;
const resumed = (at?: typeof price | { units: number; model: string; effort: null; whole: boolean }): QueueEvent => ({
	type: "resumed",
	price: at,
	atMs: 0,
	newId: () => "new",
});

describe("a queue", () => {
	test("sends the first message once the answer before it is complete, and the next after its own answer", () => {
		const first = after(...added("a", "b"), ended("complete"));
		expect(nextName(first)).toBe("a");
		const sending = queueAfter(first, begun("a"));
		expect([nextName(sending), namesOf(sending)]).toEqual([undefined, ["a", "b"]]);
		const taken = queueAfter(sending, accepted("a"));
		expect([nextName(taken), namesOf(taken)]).toEqual([undefined, ["b"]]);
		expect(nextName(queueAfter(taken, ended("complete")))).toBe("b");
	});

	test("sends nothing while an answer is running, however the one before ended", () => {
		for (const end of ["complete", "failed"] as const) {
			const queue = after(...added("a"), ended(end), { type: "begun", messageId: undefined });
			expect([nextName(queue), waitingOf(queue)]).toEqual([undefined, undefined]);
		}
	});

	test("waits after any other end, and says why, until the viewer resumes it or an answer is complete", () => {
		for (const why of [
			"stopped",
			"failed",
			"length",
			"filtered",
			"interrupted",
			"refused",
			"limit",
			"spent",
			"unreached",
			"none",
		] as const) {
			const waiting = after(...added("a"), ended(why, 5));
			expect([nextName(waiting), waitingOf(waiting)]).toEqual([undefined, { end: why, atMs: 5, messageId: undefined }]);
			expect(nextName(queueAfter(waiting, resumed()))).toBe("a");
			expect(nextName(queueAfter(waiting, ended("complete")))).toBe("a");
		}
	});

	test("keeps a message that was not accepted, in its place and with its ids", () => {
		const refused = after(...added("a", "b"), begun("a"), ended("unreached"));
		expect([namesOf(refused), waitingOf(refused)?.messageId]).toEqual([["a", "b"], "a"]);
		const again = queueAfter(refused, resumed());
		expect(nextOf(again, undefined)).toMatchObject({ key: "k-a", messageId: "a" });
	});

	test("sends a message at a newly agreed price: as the same request, or as a new one if the model differs", () => {
		const refused = after(...added("a"), begun("a"), ended("refused"));
		const dearer = queueAfter(refused, resumed({ ...price, units: 3 }));
		expect(nextOf(dearer, undefined)).toMatchObject({ key: "k-a", messageId: "a", price: { units: 3 } });
		const other = queueAfter(refused, resumed({ ...price, model: "n" }));
		expect(nextOf(other, undefined)).toMatchObject({ key: "new", messageId: "new", text: "a", price: { model: "n" } });
	});

	test("resumes after a purchase that followed a limit, and not if it waits for another reason", () => {
		const bought: QueueEvent = { type: "bought", atMs: 10 };
		expect(nextName(after(...added("a"), ended("limit", 5), bought))).toBe("a");
		expect(nextName(after(...added("a"), ended("limit", 15), bought))).toBeUndefined();
		expect(nextName(after(...added("a"), ended("failed", 5), bought))).toBeUndefined();
	});

	test("waits for a first message that is being edited, and then sends its new text", () => {
		const queue = after(...added("a", "b"), ended("complete"));
		expect(nextName(queue, "a")).toBeUndefined();
		expect(nextName(queue, "b")).toBe("a");
		expect(namesOf(queueAfter(queue, { type: "changed", messageId: "a", to: message("a2") }))).toEqual(["a2", "b"]);
	});

	test("neither changes nor removes a message in flight", () => {
		const sending = after(...added("a"), ended("complete"), begun("a"));
		expect(queueAfter(sending, { type: "removed", messageId: "a" })).toBe(sending);
		expect(queueAfter(sending, { type: "changed", messageId: "a", to: message("a2") })).toBe(sending);
	});

	test("drops messages that the chat already shows after a reload, and resumes according to the last answer's end", () => {
		const kept = after(...added("a", "b"));
		const read = (end: End | undefined, shown: string[], of = kept) => after({ type: "read", kept: of, shown, end, atMs: 7 });
		expect(namesOf(read("complete", ["a"]))).toEqual(["b"]);
		expect(nextName(read("complete", ["a"]))).toBe("b");
		expect(waitingOf(read("failed", ["a"]))).toEqual({ end: "failed", atMs: 7 });
		// A running answer's end decides.
		const joined = read(undefined, []);
		expect([nextName(joined), waitingOf(joined)]).toEqual([undefined, undefined]);
		// The reason to wait still holds, unless it was a message that the server has accepted after all.
		const waiting = after(...added("a", "b"), begun("a"), ended("unreached"));
		expect(waitingOf(read("complete", [], waiting))?.messageId).toBe("a");
		expect(nextName(read("complete", ["a"], waiting))).toBe("b");
	});
});

/** A simulated page with a server that counts accepted requests by key, so that a duplicate counts once. */
interface World {
	queue: Queue;
	written: string[];
	removed: Set<string>;
	accepted: string[];
	/** Request keys in order of arrival. */
	arrived: string[];
	underWay: { name: string; accepted: boolean } | undefined;
}

const ends = fc.constantFrom<End>("complete", "failed", "stopped", "length", "refused", "limit", "unreached");
const steps = fc.array(
	fc.oneof(
		fc.record({ do: fc.constant("write" as const) }),
		fc.record({ do: fc.constant("remove" as const), at: fc.nat(5) }),
		fc.record({ do: fc.constant("send" as const), arrives: fc.boolean() }),
		fc.record({ do: fc.constant("accept" as const) }),
		fc.record({ do: fc.constant("end" as const), end: ends }),
		fc.record({ do: fc.constant("resume" as const) }),
		fc.record({ do: fc.constant("reload" as const) }),
	),
	{ maxLength: 60 },
);
type Step = typeof steps extends fc.Arbitrary<(infer One)[]> ? One : never;

/** A step's effect on the world, and the event that the queue receives. */
function step(world: World, one: Step): QueueEvent | undefined {
	const accept = (name: string) => {
		if (!world.accepted.includes(name)) world.accepted.push(name);
	};
	switch (one.do) {
		case "write": {
			const name = `m${world.written.length}`;
			world.written.push(name);
			return { type: "added", message: message(name) };
		}
		case "remove": {
			const name = namesOf(world.queue)[one.at];
			if (name === undefined || name === world.queue.sending) return;
			world.removed.add(name);
			return { type: "removed", messageId: name };
		}
		case "send": {
			const next = world.underWay ? undefined : nextOf(world.queue, undefined);
			if (!next) return;
			world.underWay = { name: next.messageId, accepted: false };
			world.arrived.push(next.key);
			// The server accepted it, but the page lost the reply.
			if (one.arrives) accept(next.messageId);
			return begun(next.messageId);
		}
		case "accept":
			if (!world.underWay) return;
			world.underWay.accepted = true;
			accept(world.underWay.name);
			return { type: "accepted", messageId: world.underWay.name };
		case "end": {
			const under = world.underWay;
			world.underWay = undefined;
			// A request that was not accepted has no answer.
			const isPossible = !under || under.accepted || !["complete", "failed", "stopped", "length"].includes(one.end);
			return { type: "ended", end: isPossible ? one.end : "unreached", atMs: 0 };
		}
		case "resume":
			return { type: "resumed", atMs: 0, newId: () => "never" };
		case "reload": {
			const { messages, ended } = world.queue;
			const under = world.underWay;
			world.underWay = undefined;
			world.queue = emptyQueue;
			return { type: "read", kept: { messages, ended }, shown: world.accepted, end: under ? "none" : "complete", atMs: 0 };
		}
	}
}

test("no sequence of events loses, duplicates or reorders a message", () => {
	fc.assert(
		fc.property(steps, (all) => {
			const world: World = { queue: emptyQueue, written: [], removed: new Set(), accepted: [], arrived: [], underWay: undefined };
			for (const one of all) {
				const event = step(world, one);
				if (event) world.queue = queueAfter(world.queue, event);
				const waiting = namesOf(world.queue);
				const inOrder = (names: string[]) => expect(names).toEqual(world.written.filter((name) => names.includes(name)));
				inOrder(waiting);
				inOrder(world.accepted);
				// Each message is queued, was accepted, or was removed by the viewer.
				for (const name of world.written)
					expect(waiting.includes(name) || world.accepted.includes(name) || world.removed.has(name), name).toBe(true);
				// A duplicate has the same key, so the server recognizes it. Nothing overtakes an accepted message.
				for (const key of new Set(world.arrived))
					expect(world.arrived.lastIndexOf(key) - world.arrived.indexOf(key)).toBe(
						world.arrived.filter((other) => other === key).length - 1,
					);
			}
		}),
		{ numRuns: 500 },
	);
});

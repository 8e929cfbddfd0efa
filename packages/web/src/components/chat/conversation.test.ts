import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { ChatView, Price } from "../../view/chat.ts";
import { Refused, Unreached } from "../requests.ts";
import {
	accepted,
	branchOff,
	type Conversation,
	type ConversationState,
	edit,
	ended,
	liveNotLoaded,
	liveReady,
	phaseOf,
	refresh,
	regenerate,
	sendNew,
	sendQueued,
	sendRefused,
	showEarlier,
	shownMessages,
	showVersion,
	stop,
} from "./conversation.ts";
import { readPending } from "./draft.ts";
import type { LiveMessage, Sending } from "./live-chat.tsx";
import { tokensIn } from "./price.ts";

const stored = new Map<string, string>();
const fetchMock = vi.fn<typeof fetch>();

beforeEach(() => {
	stored.clear();
	fetchMock.mockReset();
	vi.stubGlobal("fetch", fetchMock);
	vi.stubGlobal("sessionStorage", {
		getItem: (key: string) => stored.get(key) ?? null,
		setItem: (key: string, value: string) => stored.set(key, value),
		removeItem: (key: string) => stored.delete(key),
	});
	vi.useFakeTimers();
});

afterEach(() => {
	vi.unstubAllGlobals();
	vi.useRealTimers();
});

const message = (id: string, role: "user" | "assistant", text: string): LiveMessage => ({ id, role, parts: [{ type: "text", text }] });
const said = [message("m1", "user", "Hello"), message("a1", "assistant", "Hi")];
const price: Price = { units: 3, model: "m", effort: "high", whole: false };
const serverCopy: ChatView = { id: "c1", title: "Hello", messages: [], running: false, earlier: null, tokens: 0, whole: false };

/** A conversation whose state, live chat and events are recorded. */
function conversationWith(initial: Partial<ConversationState> = {}) {
	const state: ConversationState = {
		armed: false,
		report: { messages: said, status: "ready" },
		queued: undefined,
		failure: undefined,
		stopping: false,
		earlier: null,
		hiddenTokens: () => 0,
		whole: false,
		instructions: "",
		folderTokens: 0,
		joining: false,
		refused: undefined,
		...initial,
	};
	const handle = { send: vi.fn(async () => {}), join: vi.fn(async () => true), show: vi.fn() };
	const events = {
		onAccepted: vi.fn(),
		onSettled: vi.fn(),
		onReturned: vi.fn(),
		readChat: vi.fn(async (): Promise<ChatView | null> => serverCopy),
		onPricesChanged: vi.fn(),
		onBranched: vi.fn(),
		onChanged: vi.fn(),
		onQueue: vi.fn(),
		announce: vi.fn(),
	};
	const conversation: Conversation = {
		chat: { id: "c1" },
		draftKey: "c1",
		events,
		state,
		patch: (changes) => Object.assign(state, changes),
		live: { current: handle },
		attempt: { current: undefined },
		humanToken: { current: undefined },
		moving: { current: false },
		mounted: { current: true },
	};
	return { conversation, state, handle, events };
}

const refusal = (status: number, fields: object = {}) =>
	new Refused({ type: "about:blank", title: "Refused", status, detail: "No requests left.", ...fields });

describe("sending", () => {
	test("sends a message at once when the live chat is loaded", () => {
		const { conversation, handle, events } = conversationWith();
		sendNew(conversation, "Why?", price);
		expect(handle.send).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ kind: "new", text: "Why?", price }));
		expect(events.announce).toHaveBeenCalledWith("Thinking.");
	});

	test("holds a message until the live chat is loaded, and shows it in the meantime", () => {
		const { conversation, state, handle } = conversationWith();
		conversation.live.current = null;
		sendNew(conversation, "Why?", price);
		expect(state.armed).toBe(true);
		expect(shownMessages(state).at(-1)).toMatchObject({ role: "user", parts: [{ type: "text", text: "Why?" }] });
		expect(phaseOf(state)).toBe("thinking");
		conversation.live.current = handle;
		liveReady(conversation);
		expect(handle.send).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ text: "Why?" }));
		expect(state.queued).toBeUndefined();
	});

	test("sends nothing while an answer is being written", () => {
		const { conversation, handle } = conversationWith({ report: { messages: said, status: "streaming" } });
		sendNew(conversation, "Why?", price);
		edit(conversation, "m1", "Other", price, []);
		regenerate(conversation, "a1", price);
		expect(handle.send).not.toHaveBeenCalled();
	});

	test("gives each edit and each regeneration its own key", () => {
		const { conversation, handle } = conversationWith();
		edit(conversation, "m1", "Other", price, []);
		edit(conversation, "m1", "Other", price, []);
		const [first, second] = handle.send.mock.calls.map((call: unknown[]) => call[0] as { key: string });
		expect(first?.key).not.toBe(second?.key);
	});

	test("uses a solved check for one request only", () => {
		const { conversation, handle } = conversationWith();
		conversation.humanToken.current = "token";
		sendNew(conversation, "Why?", price);
		sendNew(conversation, "Why?", price);
		expect(handle.send.mock.calls.map((call: unknown[]) => (call[0] as { humanToken?: string }).humanToken)).toEqual(["token", undefined]);
	});
});

describe("a refusal", () => {
	test("returns the text to the composer and restores the messages", () => {
		const { conversation, state, handle, events } = conversationWith();
		sendNew(conversation, "Why?", price);
		ended(conversation, refusal(403), undefined);
		expect(events.onReturned).toHaveBeenCalledWith("Why?", []);
		expect(handle.show).toHaveBeenCalledWith(said);
		expect(state.failure).toMatchObject({ kind: "refused", problem: { detail: "No requests left." } });
		expect(events.onSettled).toHaveBeenCalledTimes(1);
	});

	test("keeps the message for after a purchase when paying lifts the limit", () => {
		for (const policy of ["free", "paid"]) {
			const { conversation, state } = conversationWith();
			sendNew(conversation, "Why?", price);
			ended(conversation, refusal(429, { policy }), undefined);
			expect(state.refused?.text).toBe("Why?");
			expect(readPending("c1")?.refusedAtMs).toBe(Date.now());
		}
	});

	test("keeps no message when no purchase would lift the limit", () => {
		for (const policy of ["guest", "network", "member", "in-flight", undefined]) {
			const { conversation, state } = conversationWith();
			sendNew(conversation, "Why?", price);
			ended(conversation, refusal(429, { policy }), undefined);
			expect(state.refused).toBeUndefined();
		}
	});

	test("of a regeneration leaves the composer unchanged", () => {
		const { conversation, events } = conversationWith();
		regenerate(conversation, "a1", price);
		ended(conversation, refusal(403), undefined);
		expect(events.onReturned).not.toHaveBeenCalled();
	});

	test("for a page of another account reads nothing more, and passes the message on to the next page", async () => {
		const { conversation, events } = conversationWith();
		sendNew(conversation, "Why?", price);
		ended(conversation, refusal(409, { type: "urn:parley:problem:signed-in-as-someone-else" }), undefined);
		await vi.runAllTimersAsync();
		expect(events.readChat).not.toHaveBeenCalled();
		expect(stored.get("parley:carried")).toBe("Why?");
	});

	test("for a changed price keeps the message and the thread, and loads the new prices and instructions", async () => {
		const { conversation, state, events } = conversationWith();
		events.readChat.mockResolvedValue({ ...serverCopy, unchanged: true, instructions: "Be brief." });
		const problem = { type: "urn:parley:problem:price-has-changed", price: { ...price, units: 6 } };
		sendNew(conversation, "Why?", price);
		ended(conversation, refusal(409, problem), undefined);
		await vi.runAllTimersAsync();
		expect(events.onReturned).toHaveBeenCalledWith("Why?", []);
		expect(events.onPricesChanged).toHaveBeenCalledTimes(1);
		expect(events.readChat.mock.calls).toEqual([[{ seen: "a1" }]]);
		expect(state).toMatchObject({ instructions: "Be brief.", failure: { kind: "refused", problem, sending: { kind: "new", price } } });
		expect(state.report.messages).toEqual(said);
		// A key's price is fixed.
		expect(stored.get("parley:pending:c1")).toBeUndefined();
	});

	test.each(["new", "edit", "regenerate"] as const)("of a request (%s) can be resent at another price, as the same kind", (kind) => {
		const { conversation, state, handle } = conversationWith();
		if (kind === "new") sendNew(conversation, "Why?", price);
		else if (kind === "edit") edit(conversation, "m1", "Why?", price, []);
		else regenerate(conversation, "a1", price);
		ended(conversation, refusal(409, { type: "urn:parley:problem:price-has-changed" }), undefined);
		const sending = state.failure?.kind === "refused" ? state.failure.sending : undefined;
		if (!sending) throw new Error("The refusal names no request");
		sendRefused(conversation, sending, "Why, then?", { ...price, units: 6 });
		const [first, second] = handle.send.mock.calls.map((call: unknown[]) => call[0] as Sending);
		expect(second).toMatchObject({ kind, price: { units: 6 }, text: kind === "regenerate" ? "" : "Why, then?" });
		if (kind !== "new") expect(second?.messageId).toBe(first?.messageId);
	});

	test("for an answer in another tab shows that answer", async () => {
		const { conversation, state, events } = conversationWith();
		sendNew(conversation, "Why?", price);
		ended(conversation, refusal(409), undefined);
		await vi.runAllTimersAsync();
		expect(events.readChat).toHaveBeenCalledTimes(1);
		expect(state.joining).toBe(false);
	});
});

describe("a retry", () => {
	test("of the same text reuses the ids, so that the server counts it once", () => {
		const { conversation, handle } = conversationWith();
		sendNew(conversation, "Why?", price);
		ended(conversation, new Unreached("offline"), undefined);
		sendNew(conversation, "Why?", price);
		const [first, second] = handle.send.mock.calls.map((call: unknown[]) => call[0] as { key: string; messageId: string });
		expect(second).toMatchObject({ key: first?.key, messageId: first?.messageId });
	});

	test("at another price is the same request; with another model or effort it is a new one", () => {
		const { conversation, handle } = conversationWith();
		for (const asked of [price, { ...price, units: 6 }, { ...price, effort: "low" as const }, { ...price, model: "n" }]) {
			sendNew(conversation, "Why?", asked);
			ended(conversation, new Unreached("offline"), undefined);
		}
		const [first, dearer, lower, other] = handle.send.mock.calls.map((call: unknown[]) => (call[0] as Sending).key);
		expect(dearer).toBe(first);
		expect(new Set([first, lower, other]).size).toBe(3);
	});

	test("is a new request once the server has accepted the first one", () => {
		const { conversation, handle } = conversationWith();
		sendNew(conversation, "Why?", price);
		accepted(conversation);
		ended(conversation, undefined, { state: "complete", counted: true });
		sendNew(conversation, "Why?", price);
		const [first, second] = handle.send.mock.calls.map((call: unknown[]) => call[0] as { key: string });
		expect(second?.key).not.toBe(first?.key);
	});
});

describe("the end of an answer", () => {
	test("is announced with its message, or as complete", async () => {
		for (const [end, words] of [
			[{ state: "complete" as const, counted: true, rule: "complete" }, "Answer complete."],
			[{ state: "failed" as const, rule: "failed-early" }, "That answer failed, so it was not counted."],
			[
				{ state: "failed" as const, failure: "busy" as const, retryAfterS: 7, rule: "busy" },
				"The model is busy, so this didn’t count. Try again in 7 seconds.",
			],
		] as const) {
			const { conversation, events } = conversationWith();
			ended(conversation, undefined, end);
			expect(events.onSettled).toHaveBeenCalledOnce();
			expect(await events.onSettled.mock.calls[0]?.[0]).toBe(words);
		}
	});

	test("without the server's last chunk is read from the server, and nothing is sent again", async () => {
		const { conversation, state, handle, events } = conversationWith();
		sendNew(conversation, "Why?", price);
		accepted(conversation);
		ended(conversation, new Error("network"), undefined);
		expect(state.joining).toBe(true);
		await vi.runAllTimersAsync();
		expect(events.readChat).toHaveBeenCalledTimes(1);
		expect(events.onReturned).not.toHaveBeenCalled();
		expect(handle.send).toHaveBeenCalledTimes(1);
		expect(state).toMatchObject({ joining: false, failure: undefined });
	});

	test("is reported as broken only after the server was unreachable for half a minute", async () => {
		const { conversation, state, events } = conversationWith();
		events.readChat.mockRejectedValue(new Unreached("offline"));
		sendNew(conversation, "Why?", price);
		accepted(conversation);
		ended(conversation, new Error("network"), undefined);
		await vi.advanceTimersByTimeAsync(30_000);
		expect(state.failure).toBeUndefined();
		await vi.advanceTimersByTimeAsync(1_000);
		expect(state).toMatchObject({ joining: false, failure: { kind: "broken" } });
	});

	test("rejoins the answer while the server is still writing", async () => {
		const { conversation, state, handle, events } = conversationWith();
		events.readChat.mockResolvedValue({ ...serverCopy, running: true });
		sendNew(conversation, "Why?", price);
		accepted(conversation);
		ended(conversation, new Error("network"), undefined);
		await vi.runAllTimersAsync();
		expect(handle.join).toHaveBeenCalledTimes(1);
		expect(state.failure).toBeUndefined();
	});

	test("changes nothing once the page has left the chat", async () => {
		const { conversation, state, handle } = conversationWith();
		accepted(conversation);
		ended(conversation, new Error("network"), undefined);
		conversation.mounted.current = false;
		await vi.runAllTimersAsync();
		expect(handle.show).not.toHaveBeenCalled();
		expect(state.failure).toBeUndefined();
	});
});

describe("the tokens of hidden messages", () => {
	const earlier = [message("m0", "user", "x".repeat(30)), message("a0", "assistant", "x".repeat(60))] as ChatView["messages"];
	const tokens = tokensIn(earlier);

	test("shrink by those of an earlier page once it is shown", async () => {
		const { conversation, state, events } = conversationWith({ earlier: 7, hiddenTokens: () => 500 });
		events.readChat.mockResolvedValue({ ...serverCopy, messages: earlier, earlier: 3, tokens: 1_000 });
		await showEarlier(conversation);
		expect([state.earlier, state.hiddenTokens()]).toEqual([3, 500 - tokens]);
	});

	test("are read again with the newest page, like the chat's setting", async () => {
		const { conversation, state, events } = conversationWith();
		events.readChat.mockResolvedValue({ ...serverCopy, messages: earlier, earlier: 3, tokens: 1_000, whole: true });
		await refresh(conversation);
		expect([state.hiddenTokens(), state.whole]).toEqual([1_000 - tokens, true]);
	});
});

test("an accepted request without the older messages sets the chat's setting", () => {
	const { conversation, state } = conversationWith({ whole: true });
	sendNew(conversation, "Why?", price);
	accepted(conversation);
	expect(state.whole).toBe(false);
});

test("joins an answer that was running when the page loaded", () => {
	const { conversation, handle } = conversationWith({ joining: true });
	liveReady(conversation);
	expect(handle.join).toHaveBeenCalledTimes(1);
});

test("a live chat that fails to load returns the queued text and offers a retry", () => {
	const { conversation, state, events } = conversationWith();
	conversation.live.current = null;
	sendNew(conversation, "Why?", price);
	liveNotLoaded(conversation);
	expect(events.onReturned).toHaveBeenCalledWith("Why?", []);
	expect(state).toMatchObject({ armed: false, queued: undefined, failure: { kind: "unreached" } });
});

describe("a queued message", () => {
	const queued = { key: "k", messageId: "q1", chatId: "c1", text: "Next", files: [], price };
	const toldOf = (events: ReturnType<typeof conversationWith>["events"]) => events.onQueue.mock.calls.map(([event]) => event);

	test("is sent with its own ids and price, and only while no other request is running", () => {
		const { conversation, handle, events } = conversationWith();
		expect(sendQueued(conversation, queued)).toBe(true);
		expect(sendQueued(conversation, { ...queued, messageId: "q2" })).toBe(false);
		expect(handle.send).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ kind: "new", key: "k", messageId: "q1", price }));
		accepted(conversation);
		ended(conversation, undefined, { state: "complete", counted: true });
		expect(toldOf(events)).toMatchObject([
			{ type: "begun", messageId: "q1" },
			{ type: "accepted", messageId: "q1" },
			{ type: "ended", end: "complete" },
		]);
	});

	test.each([
		[refusal(429, { policy: "free" }), "limit"],
		[refusal(429, { policy: "guest" }), "refused"],
		[refusal(409, { type: "urn:parley:problem:price-has-changed", price }), "refused"],
		[new Unreached("no connection"), "unreached"],
	])("that the server refuses stays in the queue, not in the composer (%#)", (error, end) => {
		const { conversation, state, events } = conversationWith();
		sendQueued(conversation, queued);
		ended(conversation, error, undefined);
		expect(toldOf(events).at(-1)).toMatchObject({ type: "ended", end });
		expect(events.onReturned).not.toHaveBeenCalled();
		expect(readPending("c1")).toBeUndefined();
		expect(state.refused).toBeUndefined();
	});

	test("leaves the ids of the composer's retry unchanged", () => {
		const { conversation } = conversationWith();
		sendNew(conversation, "Unreached", price);
		ended(conversation, new Unreached("no connection"), undefined);
		const kept = readPending("c1");
		sendQueued(conversation, queued);
		accepted(conversation);
		expect(kept).toBeDefined();
		expect(readPending("c1")).toEqual(kept);
	});

	test("waits after a stop, even one that came too late for the answer", () => {
		const { conversation, state, events } = conversationWith();
		sendNew(conversation, "Why?", price);
		accepted(conversation);
		state.stopping = true;
		ended(conversation, undefined, { state: "complete", counted: true });
		expect(toldOf(events).at(-1)).toMatchObject({ type: "ended", end: "stopped" });
	});

	test("learns from the server's copy how an answer ended after a lost connection", async () => {
		const { conversation, events } = conversationWith();
		const answer = { id: "a9", role: "assistant" as const, parts: [], metadata: { state: "complete" as const } };
		events.readChat.mockResolvedValue({ ...serverCopy, messages: [answer] });
		sendQueued(conversation, queued);
		accepted(conversation);
		ended(conversation, new Error("cut"), undefined);
		await vi.runAllTimersAsync();
		expect(toldOf(events).at(-1)).toMatchObject({ type: "read", shown: ["a9"], end: "complete" });
	});
});

describe("stopping", () => {
	test("takes back a message that still waits for the live chat, without a request", async () => {
		const { conversation, events } = conversationWith();
		conversation.live.current = null;
		sendNew(conversation, "Why?", price);
		await stop(conversation);
		expect(events.onReturned).toHaveBeenCalledWith("Why?", []);
		expect(fetchMock).not.toHaveBeenCalled();
	});

	test("sends a stop request, and waits for the end of the answer", async () => {
		fetchMock.mockResolvedValue(new Response(null, { status: 204 }));
		const { conversation, state } = conversationWith({ report: { messages: said, status: "streaming" } });
		await stop(conversation);
		expect(fetchMock).toHaveBeenCalledWith("/api/chat/c1/stop", expect.objectContaining({ method: "POST", body: "{}" }));
		expect(state).toMatchObject({ stopping: true, failure: undefined });
	});

	test("reports a missing reply or a server failure", async () => {
		for (const reply of [() => Promise.reject(new TypeError("offline")), () => Promise.resolve(new Response(null, { status: 500 }))]) {
			fetchMock.mockImplementation(reply);
			const { conversation, state } = conversationWith({ report: { messages: said, status: "streaming" } });
			await stop(conversation);
			expect(state).toMatchObject({ stopping: false, failure: { kind: "stop-failed" } });
		}
	});

	test("succeeds if the answer has just ended", async () => {
		fetchMock.mockResolvedValue(new Response(null, { status: 409 }));
		const { conversation, state } = conversationWith({ report: { messages: said, status: "streaming" } });
		await stop(conversation);
		expect(state).toMatchObject({ stopping: false, failure: undefined });
	});
});

test("the phase is `writing` from the answer's first text", () => {
	const streaming = (text: string) =>
		conversationWith({ report: { messages: [...said, message("a2", "assistant", text)], status: "streaming" } }).state;
	expect(phaseOf(conversationWith().state)).toBe("idle");
	expect(phaseOf(conversationWith({ joining: true }).state)).toBe("thinking");
	expect(phaseOf(streaming(""))).toBe("thinking");
	expect(phaseOf(streaming("Be"))).toBe("writing");
});

describe("the versions of a message", () => {
	const path = [
		{ ...message("m1", "user", "Hello, edited"), metadata: { versions: { turns: [1, 2], at: 1 } } },
		message("a2", "assistant", "Ho"),
	];
	const view = { ...serverCopy, messages: path } as ChatView;
	const reply = (body: object, status = 200) => fetchMock.mockResolvedValue(Response.json(body, { status }));

	test("are switched by one call that names what the page shows; the new path is shown, announced, and sent to other tabs", async () => {
		const { conversation, handle, events } = conversationWith();
		reply(view);
		await showVersion(conversation, 2, "question");
		const [url, init] = fetchMock.mock.calls[0] ?? [];
		expect([url, JSON.parse(String(init?.body))]).toEqual(["/api/chat/c1/version", { turn: 2, of: "question", seen: "a1" }]);
		expect(handle.show).toHaveBeenCalledExactlyOnceWith(path);
		expect(events.announce).toHaveBeenCalledWith("Version 2 of 2.");
		expect(events.onChanged).toHaveBeenCalledTimes(1);
	});

	test("cannot be switched while an answer streams or another switch is running", async () => {
		const writing = conversationWith({ report: { messages: said, status: "streaming" } });
		await showVersion(writing.conversation, 2, "answer");
		expect(fetchMock).not.toHaveBeenCalled();
		const { conversation } = conversationWith();
		reply(view);
		await Promise.all([showVersion(conversation, 2, "question"), showVersion(conversation, 2, "question")]);
		expect(fetchMock).toHaveBeenCalledTimes(1);
	});

	test("of a chat that was changed elsewhere show its new state, and say why", async () => {
		const { conversation, state, handle, events } = conversationWith();
		reply({ type: "urn:parley:problem:chat-has-moved-on", detail: "It has gone on.", chat: view }, 409);
		await showVersion(conversation, 2, "question");
		expect(handle.show).toHaveBeenCalledExactlyOnceWith(path);
		expect(state.failure).toMatchObject({ kind: "refused", problem: { detail: "It has gone on." } });
		expect(events.onChanged).not.toHaveBeenCalled();
	});

	test("that cannot be reached leave the chat unchanged", async () => {
		const { conversation, state, handle } = conversationWith();
		fetchMock.mockRejectedValue(new TypeError("offline"));
		await showVersion(conversation, 2, "question");
		expect(handle.show).not.toHaveBeenCalled();
		expect(state.failure).toEqual({ kind: "not-done" });
	});

	test("yield to a request that has begun in the meantime", async () => {
		const { conversation, handle } = conversationWith();
		reply(view);
		const switching = showVersion(conversation, 2, "question");
		sendNew(conversation, "Why?", price);
		await switching;
		expect(handle.show).not.toHaveBeenCalled();
	});

	test("are reread after an edit or a regeneration, and shown after the earlier pages", async () => {
		const older = message("m0", "user", "Before");
		const { conversation, state, handle, events } = conversationWith({
			earlier: 7,
			report: { messages: [older, ...said], status: "ready" },
		});
		events.readChat.mockResolvedValue({ ...view, earlier: 9 });
		regenerate(conversation, "a1", price);
		ended(conversation, undefined, { state: "complete", counted: true });
		await vi.runAllTimersAsync();
		expect(handle.show).toHaveBeenCalledExactlyOnceWith([older, ...path]);
		expect(state.earlier).toBe(7);
		sendNew(conversation, "Why?", price);
		ended(conversation, undefined, { state: "complete", counted: true });
		expect(events.readChat).toHaveBeenCalledTimes(1);
	});

	test("a branch opens once the server has copied it", async () => {
		const { conversation, events } = conversationWith();
		reply({ id: "x" }, 201);
		await branchOff(conversation, "a1");
		const [url, init] = fetchMock.mock.calls[0] ?? [];
		const sent = JSON.parse(String(init?.body));
		expect([url, sent]).toMatchObject(["/api/chat/c1/branch", { messageId: "a1", seen: "a1" }]);
		expect(events.onBranched).toHaveBeenCalledExactlyOnceWith(sent.id);
		reply({ detail: "Enough for today." }, 429);
		await branchOff(conversation, "a1");
		expect(events.onBranched).toHaveBeenCalledTimes(1);
	});
});

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { ChatView } from "../../view/chat.ts";
import { Refused, Unreached } from "../requests.ts";
import {
	accepted,
	type Conversation,
	type ConversationState,
	edit,
	ended,
	liveNotLoaded,
	liveReady,
	phaseOf,
	regenerate,
	sendNew,
	shownMessages,
	stop,
} from "./conversation.ts";
import { readPending } from "./draft.ts";
import type { LiveMessage } from "./live-chat.tsx";

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
		onChanged: vi.fn(),
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
		mounted: { current: true },
	};
	return { conversation, state, handle, events };
}

const refusal = (status: number, fields: object = {}) =>
	new Refused({ type: "about:blank", title: "Refused", status, detail: "No requests left.", ...fields });

describe("sending", () => {
	test("sends a message at once when the live chat is loaded", () => {
		const { conversation, handle, events } = conversationWith();
		sendNew(conversation, "Why?", "m");
		expect(handle.send).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ kind: "new", text: "Why?", model: "m" }));
		expect(events.announce).toHaveBeenCalledWith("Thinking.");
	});

	test("holds a message until the live chat is loaded, and shows it meanwhile", () => {
		const { conversation, state, handle } = conversationWith();
		conversation.live.current = null;
		sendNew(conversation, "Why?", "m");
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
		sendNew(conversation, "Why?", "m");
		edit(conversation, "m1", "Other", "m");
		regenerate(conversation, "a1", "m");
		expect(handle.send).not.toHaveBeenCalled();
	});

	test("gives every edit and every regeneration a key of its own", () => {
		const { conversation, handle } = conversationWith();
		edit(conversation, "m1", "Other", "m");
		edit(conversation, "m1", "Other", "m");
		const [first, second] = handle.send.mock.calls.map((call: unknown[]) => call[0] as { key: string });
		expect(first?.key).not.toBe(second?.key);
	});

	test("uses a solved check for one request only", () => {
		const { conversation, handle } = conversationWith();
		conversation.humanToken.current = "token";
		sendNew(conversation, "Why?", "m");
		sendNew(conversation, "Why?", "m");
		expect(handle.send.mock.calls.map((call: unknown[]) => (call[0] as { humanToken?: string }).humanToken)).toEqual(["token", undefined]);
	});
});

describe("a refusal", () => {
	test("returns the text to the composer and restores the messages", () => {
		const { conversation, state, handle, events } = conversationWith();
		sendNew(conversation, "Why?", "m");
		ended(conversation, refusal(403), undefined);
		expect(events.onReturned).toHaveBeenCalledWith("Why?");
		expect(handle.show).toHaveBeenCalledWith(said);
		expect(state.failure).toMatchObject({ kind: "refused", problem: { detail: "No requests left." } });
		expect(events.onSettled).toHaveBeenCalledTimes(1);
	});

	test("keeps the message for after a purchase when paying lifts the limit", () => {
		for (const policy of ["free", "paid"]) {
			const { conversation, state } = conversationWith();
			sendNew(conversation, "Why?", "m");
			ended(conversation, refusal(429, { policy }), undefined);
			expect(state.refused?.text).toBe("Why?");
			expect(readPending("c1")?.refusedAtMs).toBe(Date.now());
		}
	});

	test("keeps no message for later when no purchase would unblock it", () => {
		for (const policy of ["guest", "network", "member", "in-flight", undefined]) {
			const { conversation, state } = conversationWith();
			sendNew(conversation, "Why?", "m");
			ended(conversation, refusal(429, { policy }), undefined);
			expect(state.refused).toBeUndefined();
		}
	});

	test("of a regeneration leaves the composer unchanged", () => {
		const { conversation, events } = conversationWith();
		regenerate(conversation, "a1", "m");
		ended(conversation, refusal(403), undefined);
		expect(events.onReturned).not.toHaveBeenCalled();
	});

	test("because the page is someone else's reads nothing more, and carries the message to the page that follows", async () => {
		const { conversation, events } = conversationWith();
		sendNew(conversation, "Why?", "m");
		ended(conversation, refusal(409, { type: "urn:parley:problem:signed-in-as-someone-else" }), undefined);
		await vi.runAllTimersAsync();
		expect(events.readChat).not.toHaveBeenCalled();
		expect(stored.get("parley:carried")).toBe("Why?");
	});

	test("because of another tab's answer shows that answer", async () => {
		const { conversation, state, events } = conversationWith();
		sendNew(conversation, "Why?", "m");
		ended(conversation, refusal(409), undefined);
		await vi.runAllTimersAsync();
		expect(events.readChat).toHaveBeenCalledTimes(1);
		expect(state.joining).toBe(false);
	});
});

describe("a retry", () => {
	test("of the same text reuses the ids, so that the server counts it once", () => {
		const { conversation, handle } = conversationWith();
		sendNew(conversation, "Why?", "m");
		ended(conversation, new Unreached("offline"), undefined);
		sendNew(conversation, "Why?", "m");
		const [first, second] = handle.send.mock.calls.map((call: unknown[]) => call[0] as { key: string; messageId: string });
		expect(second).toMatchObject({ key: first?.key, messageId: first?.messageId });
	});

	test("after the server accepted the first one is a new request", () => {
		const { conversation, handle } = conversationWith();
		sendNew(conversation, "Why?", "m");
		accepted(conversation);
		ended(conversation, undefined, { state: "complete", counted: true });
		sendNew(conversation, "Why?", "m");
		const [first, second] = handle.send.mock.calls.map((call: unknown[]) => call[0] as { key: string });
		expect(second?.key).not.toBe(first?.key);
	});
});

describe("the end of an answer", () => {
	test("is announced in the server's words, or as complete", () => {
		for (const [end, words] of [
			[{ state: "complete" as const, counted: true, note: null }, "Answer complete."],
			[{ state: "failed" as const, note: "It failed. Nothing was counted." }, "It failed. Nothing was counted."],
		] as const) {
			const { conversation, events } = conversationWith();
			ended(conversation, undefined, end);
			expect(events.onSettled).toHaveBeenCalledExactlyOnceWith(words);
		}
	});

	test("without the server's last chunk is looked up at the server, and nothing is sent again", async () => {
		const { conversation, state, handle, events } = conversationWith();
		sendNew(conversation, "Why?", "m");
		accepted(conversation);
		ended(conversation, new Error("network"), undefined);
		expect(state.joining).toBe(true);
		await vi.runAllTimersAsync();
		expect(events.readChat).toHaveBeenCalledTimes(1);
		expect(events.onReturned).not.toHaveBeenCalled();
		expect(handle.send).toHaveBeenCalledTimes(1);
		expect(state).toMatchObject({ joining: false, failure: undefined });
	});

	test("is reported as broken only after the server stayed out of reach for half a minute", async () => {
		const { conversation, state, events } = conversationWith();
		events.readChat.mockRejectedValue(new Unreached("offline"));
		sendNew(conversation, "Why?", "m");
		accepted(conversation);
		ended(conversation, new Error("network"), undefined);
		await vi.advanceTimersByTimeAsync(30_000);
		expect(state.failure).toBeUndefined();
		await vi.advanceTimersByTimeAsync(1_000);
		expect(state).toMatchObject({ joining: false, failure: { kind: "broken" } });
	});

	test("is joined again while the server is still writing", async () => {
		const { conversation, state, handle, events } = conversationWith();
		events.readChat.mockResolvedValue({ ...serverCopy, running: true });
		sendNew(conversation, "Why?", "m");
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

test("an answer that was running when the page loaded is joined", () => {
	const { conversation, handle } = conversationWith({ joining: true });
	liveReady(conversation);
	expect(handle.join).toHaveBeenCalledTimes(1);
});

test("a live chat that cannot be loaded returns the queued text and offers a retry", () => {
	const { conversation, state, events } = conversationWith();
	conversation.live.current = null;
	sendNew(conversation, "Why?", "m");
	liveNotLoaded(conversation);
	expect(events.onReturned).toHaveBeenCalledWith("Why?");
	expect(state).toMatchObject({ armed: false, queued: undefined, failure: { kind: "unreached" } });
});

describe("stopping", () => {
	test("takes back a message that still waits for the live chat, without a request", async () => {
		const { conversation, events } = conversationWith();
		conversation.live.current = null;
		sendNew(conversation, "Why?", "m");
		await stop(conversation);
		expect(events.onReturned).toHaveBeenCalledWith("Why?");
		expect(fetchMock).not.toHaveBeenCalled();
	});

	test("sends a stop request, and waits for the end of the answer", async () => {
		fetchMock.mockResolvedValue(new Response(null, { status: 204 }));
		const { conversation, state } = conversationWith({ report: { messages: said, status: "streaming" } });
		await stop(conversation);
		expect(fetchMock).toHaveBeenCalledWith("/api/chat/c1/stop", expect.objectContaining({ method: "POST", body: "{}" }));
		expect(state).toMatchObject({ stopping: true, failure: undefined });
	});

	test("says so when the server did not reply or failed", async () => {
		for (const reply of [() => Promise.reject(new TypeError("offline")), () => Promise.resolve(new Response(null, { status: 500 }))]) {
			fetchMock.mockImplementation(reply);
			const { conversation, state } = conversationWith({ report: { messages: said, status: "streaming" } });
			await stop(conversation);
			expect(state).toMatchObject({ stopping: false, failure: { kind: "stop-failed" } });
		}
	});

	test("succeeds when the answer has just ended", async () => {
		fetchMock.mockResolvedValue(new Response(null, { status: 409 }));
		const { conversation, state } = conversationWith({ report: { messages: said, status: "streaming" } });
		await stop(conversation);
		expect(state).toMatchObject({ stopping: false, failure: undefined });
	});
});

test("the phase is writing from the first text of the answer on", () => {
	const streaming = (text: string) =>
		conversationWith({ report: { messages: [...said, message("a2", "assistant", text)], status: "streaming" } }).state;
	expect(phaseOf(conversationWith().state)).toBe("idle");
	expect(phaseOf(conversationWith({ joining: true }).state)).toBe("thinking");
	expect(phaseOf(streaming(""))).toBe("thinking");
	expect(phaseOf(streaming("Be"))).toBe("writing");
});

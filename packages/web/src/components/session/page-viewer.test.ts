// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import type { Viewer } from "../../view/identity.ts";

const fetchMock = vi.fn<typeof fetch>();
const reload = vi.fn();
const replace = vi.fn();
let stop = () => {};

const user = (name: string): Viewer => ({
	kind: "user",
	tag: `user.${name}`,
	id: name,
	name,
	email: `${name}@example.com`,
	emailVerified: true,
	organization: null,
});
const SEND = "/api/chat/ai";
const guest: Viewer = { kind: "guest", tag: "guest.g" };

/** A freshly loaded page of a viewer in the same tab. */
async function load(viewer: Viewer, pathname = "/") {
	vi.stubGlobal("location", { pathname, search: "", reload, replace });
	stop();
	vi.resetModules();
	const page = await import("./page-viewer.ts");
	page.claimPage(viewer);
	stop = page.followViewer();
	return page;
}

/** An announcement from another tab. Resolves when the page has left. */
async function tell(change: "signed-in" | "signed-out"): Promise<void> {
	const tab = new BroadcastChannel("parley");
	tab.postMessage({ about: "viewer", news: change });
	await vi.waitFor(() => expect(reload).toHaveBeenCalled(), 10_000);
	tab.close();
}
const someoneElse = () => Response.json({}, { status: 409, headers: { "parley-viewer": "someone-else" } });

beforeEach(() => {
	sessionStorage.clear();
	vi.stubGlobal("fetch", fetchMock);
});
afterEach(() => {
	stop();
	vi.clearAllMocks();
	vi.unstubAllGlobals();
});

describe("a page", () => {
	test("names its viewer in each request, and stays while the server agrees", async () => {
		const { fetchAsViewer } = await load(user("alice"));
		fetchMock.mockResolvedValue(new Response("{}"));
		await fetchAsViewer("/api/usage", { headers: { accept: "application/json" } });
		const sent = new Headers(fetchMock.mock.calls[0]?.[1]?.headers);
		expect([sent.get("parley-viewer"), sent.get("accept")]).toEqual(["user.alice", "application/json"]);
		expect(reload).not.toHaveBeenCalled();
	});

	test("reloads once the server says that it belongs to someone else", async () => {
		const { fetchAsViewer } = await load(user("alice"), "/account");
		fetchMock.mockResolvedValue(someoneElse());
		expect((await fetchAsViewer("/api/usage")).status).toBe(409);
		expect(reload).toHaveBeenCalledOnce();
	});

	test("gives way to a new chat if it shows a user's chat, and remembers that chat's address", async () => {
		const { fetchAsViewer, takeLeftPage } = await load(user("alice"), "/c/secret");
		fetchMock.mockResolvedValue(someoneElse());
		await fetchAsViewer("/api/usage");
		expect(replace).toHaveBeenCalledExactlyOnceWith("/");
		// Development runs effects twice.
		expect([takeLeftPage(), takeLeftPage()]).toEqual(["/c/secret", "/c/secret"]);
	});

	test("states why it has changed until that is read, also if it turns out to be another guest's", async () => {
		fetchMock.mockImplementation(async () => someoneElse());
		await (await load(user("alice"), "/c/1")).fetchAsViewer("/api/usage");
		const first = await load(guest);
		expect(first.takeLeftPage()).toBe("/c/1");
		await first.fetchAsViewer("/api/usage");
		const second = await load({ kind: "guest", tag: "guest.h" });
		expect(second.takeLeftPage()).toBe("/c/1");
		second.forgetLeftPage();
		await second.fetchAsViewer("/api/usage");
		expect((await load(guest)).takeLeftPage()).toBeNull();
	});

	test("is left after the message in flight has its answer, but does not wait long", async () => {
		vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
		onTestFinished(() => void vi.useRealTimers());
		const { fetchAsViewer } = await load(user("alice"));
		fetchMock.mockImplementation((input) => (input === SEND ? new Promise(() => {}) : Promise.resolve(someoneElse())));
		void fetchAsViewer(SEND);
		const read = fetchAsViewer("/api/usage");
		await vi.advanceTimersByTimeAsync(2_999);
		expect(reload).not.toHaveBeenCalled();
		await vi.advanceTimersByTimeAsync(1);
		expect((await read).status).toBe(409);
		expect(reload).toHaveBeenCalledOnce();
	});

	test.each(["signed-in", "signed-out"] as const)("reloads when another tab has %s", async (change) => {
		await load(guest);
		await tell(change);
		expect(reload).toHaveBeenCalledOnce();
	});
});

describe("a draft in a tab", () => {
	const draft = () => sessionStorage.getItem("parley:draft:new");

	test("moves to the account when its guest signs in, and waits for the user if their session has ended", async () => {
		sessionStorage.setItem("parley:draft:new", "Why?");
		await load(guest);
		await tell("signed-in");
		await load(user("alice"));
		await load(guest);
		await load(user("alice"));
		expect(draft()).toBe("Why?");
	});

	test("is not shown to another user", async () => {
		await load(user("alice"));
		sessionStorage.setItem("parley:draft:new", "alice's");
		await load(guest);
		await load(user("bob"));
		expect(draft()).toBe(null);
	});

	test("is cleared when its user signs out in another tab", async () => {
		await load(user("alice"));
		sessionStorage.setItem("parley:draft:new", "alice's");
		await tell("signed-out");
		expect(draft()).toBe(null);
	});

	test("is kept if it is the message just refused, because the current viewer wrote it", async () => {
		const { carryMessage, fetchAsViewer } = await load(user("alice"), "/c/secret");
		fetchMock.mockResolvedValue(someoneElse());
		await fetchAsViewer("/api/chat/ai");
		carryMessage("written just now");
		const { takeLeftPage } = await load(user("bob"));
		expect([draft(), takeLeftPage()]).toEqual(["written just now", "/c/secret"]);
	});

	test.each([
		["kept when it is refused, because who is here has written it", someoneElse, "written just now"],
		["not shown when it is accepted, because the person before has written it", () => new Response(), null],
		["not shown when its answer is lost, because nobody knows who has written it", () => Promise.reject(new TypeError()), null],
	])("that is sent while another request notices the change is %s", async (_, answer, kept) => {
		const { carryMessage, fetchAsViewer } = await load(user("alice"), "/c/secret");
		let arrive = (_: Response | Promise<Response>) => {};
		const answered = new Promise<Response>((resolve) => {
			arrive = resolve;
		});
		fetchMock.mockImplementation((input) => (input === SEND ? answered : Promise.resolve(someoneElse())));
		const send = fetchAsViewer(SEND).then(
			({ status }) => void (status === 409 && carryMessage("written just now")),
			() => undefined,
		);
		const read = fetchAsViewer("/api/usage");
		await new Promise((resolve) => setTimeout(resolve));
		expect(replace).not.toHaveBeenCalled();
		arrive(answer());
		await Promise.all([send, read]);
		expect(replace).toHaveBeenCalledWith("/");
		await load(user("bob"));
		expect(draft()).toBe(kept);
	});
});

import { expect, test } from "vitest";
import { clearUp } from "./clear-up.ts";
import type { Client, Site } from "./http.ts";

/** A client whose deployment answers deletions with these statuses and reports this usage. Null: no answer. */
function clientOf(usage: { tier: string; used: number } | null, statuses: Record<string, number | null>) {
	const asked: string[] = [];
	const body = usage && { ...usage, limit: 5, held: 0, remaining: 5 - usage.used, window: { start: null } };
	const read = async (path: string, init: RequestInit = {}) => {
		asked.push(`${init.method ?? "GET"} ${path}`);
		const status = init.method === "DELETE" ? (statuses[path.replace("/api/chat/", "")] ?? null) : body && 200;
		if (status === null) throw new TypeError("fetch failed");
		return { status, headers: new Headers(), body: JSON.stringify(body), json: body };
	};
	return { asked, client: { read } as unknown as Client };
}

const siteOf = (chats: [string, Client][], guestRequestsMoved = 0) => ({ chats: new Map(chats), guestRequestsMoved }) as unknown as Site;

test("deletes every chat of the run, continues after one that cannot be deleted, and counts the remaining chats", async () => {
	const { client, asked } = clientOf({ tier: "guest", used: 3 }, { a: 204, b: 500, c: 404, d: 403 });
	const lost = clientOf({ tier: "guest", used: 0 }, { e: null });
	const chats = ["a", "b", "c", "d"].map((id): [string, Client] => [id, client]);
	// A chat that is already gone (404) does not count as remaining; one whose deletion got no answer does.
	expect(await clearUp(siteOf([...chats, ["e", lost.client]]))).toEqual({ guestRequests: 3, chats: 5, chatsLeft: 3 });
	expect(asked.filter((one) => one.startsWith("DELETE"))).toEqual(["a", "b", "c", "d"].map((id) => `DELETE /api/chat/${id}`));
});

test("counts each guest's requests once, including those of guests that signed up since, and no account's", async () => {
	const guest = clientOf({ tier: "guest", used: 2 }, { a: 204, b: 204 });
	const account = clientOf({ tier: "free", used: 7 }, { c: 204 });
	const site = siteOf(
		[
			["a", guest.client],
			["b", guest.client],
			["c", account.client],
		],
		4,
	);
	expect(await clearUp(site)).toMatchObject({ guestRequests: 6, chatsLeft: 0 });
	expect(guest.asked.filter((one) => one === "GET /api/usage")).toHaveLength(1);
});

test("reports what it knows if the deployment no longer answers", async () => {
	const { client } = clientOf(null, { a: null });
	expect(await clearUp(siteOf([["a", client]], 1))).toEqual({ guestRequests: 1, chats: 1, chatsLeft: 1 });
});

import { beforeEach, describe, expect, test, vi } from "vitest";
import type { Membership } from "./organization.ts";

const SECRETS = ["the newer secret", "the older secret"];
const state = vi.hoisted(() => ({ everyGuest: null as number | null, user: null as object | null }));

vi.mock("cloudflare:workers", () => ({ env: {} }));
vi.mock("../../config.ts", async (load) => ({
	...(await load<object>()),
	config: () => ({ guestCookieSecrets: SECRETS, limits: { everyGuest: state.everyGuest } }),
}));
vi.mock("cloudflare:workers", () => ({ env: {} }));
vi.mock("./session.ts", () => ({ session: async () => state.user }));
const { customerOf, identify, knownGuestKey, userOf } = await import("./subject.ts");
const { signUpsOf } = await import("./sign-ups.ts");

const request = (headers: HeadersInit = {}) =>
	new Request("https://parley.example/", { headers: { "cf-connecting-ip": "192.0.2.1", ...headers } });
const cookieOf = (setCookie: string | null) => setCookie?.split(";")[0] ?? "";

const membership: Membership = { organizationId: "o1", key: "org:o1", name: "Acme", mayBuy: false, cap: 50 };
const signIn = (organization: Membership | null, emailVerified = true) => {
	state.user = { user: { id: "u1", name: "Ada", email: "ada@example.com", emailVerified }, organization };
};

beforeEach(() => {
	Object.assign(state, { everyGuest: null, user: null });
});

describe("a guest", () => {
	test("is new without a cookie and receives one that identifies them", async () => {
		const guest = await identify(request());
		expect(guest).toMatchObject({ kind: "guest", key: expect.stringMatching(/^guest:.{22}$/) });
		expect(guest.setCookie).toMatch(/^__Host-parley\.guest=v1\./);
		expect((await identify(request())).key).not.toBe(guest.key);
	});

	test("with that cookie is the same subject and receives no other", async () => {
		const { key, setCookie } = await identify(request());
		const again = await identify(request({ cookie: cookieOf(setCookie) }));
		expect(again).toMatchObject({ kind: "guest", key, setCookie: null });
		expect(knownGuestKey(request({ cookie: cookieOf(setCookie) }))).toBe(key);
	});

	test("is new again with a forged cookie", async () => {
		const { key, setCookie } = await identify(request());
		const forged = cookieOf(setCookie).replace(/.$/, (last) => (last === "A" ? "B" : "A"));
		expect(knownGuestKey(request({ cookie: forged }))).toBeNull();
		expect((await identify(request({ cookie: forged }))).key).not.toBe(key);
	});

	test("pays from their own ledger, and shares their network's pool of the day", async () => {
		const guest = await identify(request());
		expect(guest.payers).toEqual([{ key: guest.key, member: null }]);
		expect(guest.pools).toEqual([expect.stringMatching(/^network:\d{4}-\d\d-\d\d:[A-Za-z0-9_-]{43}$/)]);
		expect((await identify(request())).pools).toEqual(guest.pools);
		expect((await identify(request({ "cf-connecting-ip": "192.0.2.2" }))).pools).not.toEqual(guest.pools);
	});

	test("also shares the pool of all guests if a ceiling is set, even in local development", async () => {
		state.everyGuest = 60;
		expect((await identify(request())).pools).toEqual([expect.any(String), expect.stringMatching(/^network:\d{4}-\d\d-\d\d:all$/)]);
		expect((await identify(request({ "cf-connecting-ip": "127.0.0.1" }))).pools).toEqual([expect.stringMatching(/:all$/)]);
	});
});

describe("a user", () => {
	test("with a confirmed address pays from their own ledger, shares no pool and needs no cookie", async () => {
		state.everyGuest = 60;
		signIn(null);
		expect(await identify(request())).toEqual({
			kind: "user",
			key: "user:u1",
			userId: "u1",
			name: "Ada",
			email: "ada@example.com",
			emailVerified: true,
			organization: null,
			payers: [{ key: "user:u1", member: null }],
			pools: [],
			setCookie: null,
		});
	});

	test("without a confirmed address shares a pool with others on their network, and the ceiling of all guests", async () => {
		signIn(null, false);
		const { payers, pools } = await identify(request());
		expect(payers).toEqual([{ key: "user:u1", member: null }]);
		expect(pools).toEqual([expect.stringMatching(/^unconfirmed:\d{4}-\d\d-\d\d:[A-Za-z0-9_-]{43}$/)]);
		expect((await identify(request({ "cf-connecting-ip": "192.0.2.2" }))).pools).not.toEqual(pools);
		expect((await identify(request({ "cf-connecting-ip": "127.0.0.1" }))).pools).toEqual([]);
		state.everyGuest = 60;
		expect((await identify(request())).pools).toEqual([...pools, expect.stringMatching(/^network:.*:all$/)]);
	});

	test("is identified by the session even if there is a guest's cookie", async () => {
		const { setCookie } = await identify(request());
		signIn(null);
		expect((await identify(request({ cookie: cookieOf(setCookie) }))).key).toBe("user:u1");
	});

	test("in an organization spends from its ledger first, under their own cap", async () => {
		signIn(membership);
		const user = await userOf(request());
		expect(user?.payers).toEqual([
			{ key: "org:o1", member: { id: "user:u1", cap: 50 } },
			{ key: "user:u1", member: null },
		]);
		expect(user && customerOf(user)).toEqual({ externalId: "o1", key: "org:o1", mayBuy: false });
	});

	test("who has no organization, or has left it, pays for themselves at once", async () => {
		signIn(null);
		const user = await userOf(request());
		expect(user?.payers).toEqual([{ key: "user:u1", member: null }]);
		expect(user && customerOf(user)).toEqual({ externalId: "u1", key: "user:u1", mayBuy: true });
	});

	test("is null for a request without a session", async () => {
		expect(await userOf(request())).toBeNull();
	});
});

test("a network's sign-ups are counted apart from its requests, except on loopback", () => {
	expect(signUpsOf(request())).toMatch(/^sign-ups:\d{4}-\d\d-\d\d:[A-Za-z0-9_-]{43}$/);
	expect(signUpsOf(request({ "cf-connecting-ip": "::1" }))).toBeNull();
});

import { describe, expect, test, vi } from "vitest";

vi.mock("cloudflare:workers", () => ({
	env: { BETTER_AUTH_SECRET: "a secret of this test", GUEST_COOKIE_SECRET: "another secret of this test" },
}));
const { assertPageOf, viewerTag } = await import("./viewer-tag.ts");
const { guestKey, userKey } = await import("./subject-key.ts");
const { ProblemError } = await import("../http/problem.ts");

const [alice, bob, guest, other] = [userKey("alice"), userKey("bob"), guestKey("g1"), guestKey("g2")];
const from = (page: typeof alice | typeof guest) =>
	new Request("https://parley.example/api/usage", { headers: { "parley-viewer": viewerTag(page) } });

/** The response to a request from a page; null if it is accepted. */
function outcome(page: typeof alice | typeof guest, viewer: typeof alice | typeof guest | null) {
	try {
		assertPageOf(from(page), viewer);
		return null;
	} catch (error) {
		if (!(error instanceof ProblemError)) throw error;
		return { status: error.status, ...error.headers };
	}
}

describe("a request from a page", () => {
	test("is accepted from its own viewer, and from a client that sends no tag", () => {
		for (const key of [alice, guest]) expect(outcome(key, key)).toBe(null);
		expect(assertPageOf(new Request("https://parley.example/"), alice)).toBe(undefined);
	});

	test.each([
		["another user", alice, bob],
		["a user, from a guest's page", guest, alice],
		["another guest", guest, other],
	])("is refused once the cookies belong to %s", (_, page, viewer) => {
		expect(outcome(page, viewer)).toEqual({ status: 409, "parley-viewer": "someone-else" });
	});

	test.each([
		["a guest", guest],
		["nobody", null],
	])("of a user is refused as signed out once the cookies belong to %s", (_, viewer) => {
		expect(outcome(alice, viewer)).toEqual({ status: 409, "parley-viewer": "signed-out" });
	});

	test("of a guest whose cookie is gone is accepted, because no one's data is within reach", () => {
		expect(outcome(guest, null)).toBe(null);
	});

	test("with an invalid tag is refused", () => {
		for (const tag of ["", "user.", "guest.", "user:alice", viewerTag(alice).toUpperCase()]) {
			const request = new Request("https://parley.example/", { headers: { "parley-viewer": tag } });
			expect(() => assertPageOf(request, alice), tag).toThrow(ProblemError);
		}
	});
});

test("a viewer's tag does not contain their key", () => {
	expect(viewerTag(alice)).not.toContain("alice");
	expect(viewerTag(guest)).not.toContain("g1");
	expect(viewerTag(alice)).not.toBe(viewerTag(bob));
});

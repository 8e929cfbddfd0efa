import { afterEach, expect, test, vi } from "vitest";
import { postToAuth } from "./auth-request.ts";

afterEach(() => {
	vi.unstubAllGlobals();
});

const answering = (status: number, body: object) => vi.stubGlobal("fetch", async () => Response.json(body, { status }));

test("our own bound states the reason of a refusal and when to try again", async () => {
	answering(429, { code: "TOO_MANY_INVITATIONS", message: "An invitation went out. Try again in 9 minutes." });
	expect(await postToAuth("x", {})).toEqual({
		kind: "refused",
		code: "TOO_MANY_INVITATIONS",
		text: "An invitation went out. Try again in 9 minutes.",
	});
	answering(429, { type: "urn:parley:problem:too-many-attempts", detail: "Too many wrong passwords. Try again in 15 minutes." });
	expect(await postToAuth("x", {})).toMatchObject({ kind: "refused", text: "Too many wrong passwords. Try again in 15 minutes." });
});

test("better-auth's own limit reports too many attempts, in our words", async () => {
	answering(429, { message: "Too many requests. Please try again later." });
	expect(await postToAuth("x", {})).toMatchObject({ kind: "failed", text: "That was tried too often. Wait a minute and try again." });
});

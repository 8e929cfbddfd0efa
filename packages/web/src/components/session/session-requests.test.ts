import { afterEach, expect, test, vi } from "vitest";
import { sendConfirmation, signIn, signUp } from "./session-requests.ts";

const answers = (status: number, body: unknown) => vi.stubGlobal("fetch", async () => Response.json(body, { status }));
const input = { name: "Ada", email: "ada@example.com", password: "correct horse", callbackURL: "/" };

afterEach(() => vi.unstubAllGlobals());

test.each([
	["email", { code: "VALIDATION_ERROR", message: "[body.email] Invalid email address" }, /email address/],
	["name", { code: "VALIDATION_ERROR", message: "[body.name] Invalid input: expected string" }, /name/],
	["email", { code: "INVALID_EMAIL", message: "Invalid email" }, /email address/],
	["password", { code: "PASSWORD_TOO_SHORT", message: "Password too short" }, /at least 8/],
	["name", { code: "A_NAME_IS_ONE_LINE", message: "A name is one line." }, /A name is one line\./],
	["form", { detail: "The body may have at most 16384 bytes.", status: 413 }, /at most 16384 bytes\./],
	["form", null, /did not accept this/],
])("a refused sign-up shows the problem at the field %s: %j", async (field, refusal, text) => {
	answers(400, refusal);
	const problem = await signUp(input);
	expect(problem).toMatchObject({ field, text: expect.stringMatching(text) });
	expect(problem?.text).not.toContain("not your doing");
});

test("only a server failure is described as not caused by the viewer", async () => {
	answers(500, { message: "Failed to create email", code: "X" });
	for (const send of [() => signUp(input), () => signIn(input), () => sendConfirmation(input.email)])
		expect(await send()).toEqual({ field: "form", text: expect.stringContaining("not your doing") });
});

test("too many attempts and a lost connection are described as such", async () => {
	answers(429, { message: "Too many requests. Please try again later." });
	expect((await signIn(input))?.text).toContain("Wait a minute");
	vi.stubGlobal("fetch", async () => {
		throw new TypeError("Failed to fetch");
	});
	expect((await signIn(input))?.text).toContain("could not be reached");
});

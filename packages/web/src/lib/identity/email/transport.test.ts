import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

type EmailConfig = { kind: "log" | "cloudflare"; from: string } | { kind: "http"; url: string; apiKey: string | undefined; from: string };
const state = vi.hoisted(() => ({ email: { kind: "log", from: "" } as EmailConfig, send: vi.fn() }));
vi.mock("../../../config.ts", () => ({ config: () => state, emailBinding: () => ({ send: state.send }) }));
const { attempt, knowsKeys } = await import("./transport.ts");

const letter = {
	from: "Parley <hello@example.com>",
	to: "ada@example.com",
	subject: "Hello",
	html: "<p>Hello</p>",
	text: "https://parley.example/link",
};
const post = vi.fn<typeof fetch>();

beforeEach(() => {
	state.email = { kind: "http", url: "https://mail.example/send", apiKey: "a key", from: letter.from };
	vi.stubGlobal("fetch", post);
	vi.spyOn(console, "error").mockImplementation(() => {});
	vi.spyOn(console, "log").mockImplementation(() => {});
});

afterEach(() => {
	vi.restoreAllMocks();
	vi.unstubAllGlobals();
	post.mockReset();
	state.send.mockReset();
});

describe("an endpoint compatible with Resend", () => {
	test("receives a mail as JSON with its event's idempotency key, and an API key if configured", async () => {
		post.mockResolvedValue(new Response());
		expect(await attempt(letter, "sign-in/1")).toBe("sent");
		const [url, init] = post.mock.calls[0] ?? [];
		expect(url).toBe("https://mail.example/send");
		expect(JSON.parse(String(init?.body))).toEqual(letter);
		expect(new Headers(init?.headers).get("authorization")).toBe("Bearer a key");
		expect(new Headers(init?.headers).get("idempotency-key")).toBe("sign-in/1");

		state.email = { kind: "http", url: "https://mail.example/send", apiKey: undefined, from: "" };
		await attempt(letter, "sign-in/2");
		expect(new Headers(post.mock.calls[1]?.[1]?.headers).has("authorization")).toBe(false);
	});

	test.each([
		[202, "sent"],
		[400, "refused"],
		[401, "later"],
		[409, "later"],
		[422, "refused"],
		[429, "later"],
		[500, "unknown"],
		[503, "unknown"],
	])("answering %i yields %s", async (status, outcome) => {
		post.mockResolvedValue(new Response("", { status }));
		expect(await attempt(letter, "a")).toBe(outcome);
	});

	test("that does not answer yields unknown, and the log contains no address", async () => {
		post.mockRejectedValueOnce(new Error("connection refused to ada@example.com"));
		expect(await attempt(letter, "a")).toBe("unknown");
		const logged = vi.mocked(console.error).mock.calls.map(([line]) => line);
		expect(logged).toEqual([expect.stringMatching(/^could not send a mail: Error at /)]);
		expect(knowsKeys()).toBe(true);
	});
});

describe("Cloudflare's binding", () => {
	beforeEach(() => {
		state.email = { kind: "cloudflare", from: letter.from };
	});

	test("receives the mail unchanged, and supports no idempotency keys", async () => {
		expect(await attempt(letter, "a")).toBe("sent");
		expect(state.send).toHaveBeenCalledWith(letter);
		expect(knowsKeys()).toBe(false);
	});

	test.each([
		["E_RATE_LIMIT_EXCEEDED", "later"],
		["E_SENDER_NOT_VERIFIED", "later"],
		["E_RECIPIENT_SUPPRESSED", "refused"],
		["E_VALIDATION_ERROR", "refused"],
		["E_INTERNAL_SERVER_ERROR", "unknown"],
		[undefined, "unknown"],
	])("failing with %s yields %s", async (code, outcome) => {
		state.send.mockRejectedValue(Object.assign(new Error("to ada@example.com"), code === undefined ? {} : { code }));
		expect(await attempt(letter, "a")).toBe(outcome);
		expect(vi.mocked(console.error).mock.calls.join()).not.toContain("ada@");
	});
});

test("without a transport, the log shows the text including its link", async () => {
	state.email = { kind: "log", from: letter.from };
	expect(await attempt(letter, "a")).toBe("sent");
	expect(post).not.toHaveBeenCalled();
	expect(vi.mocked(console.log).mock.calls.join()).toContain("https://parley.example/link");
});

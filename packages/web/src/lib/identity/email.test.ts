import { afterEach, beforeEach, expect, test, vi } from "vitest";

type EmailConfig = { kind: "log" } | { kind: "http"; url: string; apiKey: string | undefined; from: string };
const state = vi.hoisted(() => ({ email: { kind: "log" } as EmailConfig }));
vi.mock("../../config.ts", () => ({ config: () => state }));
const { sendEmail } = await import("./email.ts");

const mail = { to: "ada@example.com", subject: "Hello", text: "https://parley.example/link" };
const post = vi.fn<typeof fetch>();

beforeEach(() => {
	state.email = { kind: "http", url: "https://mail.example/send", apiKey: "a key", from: "Parley <hello@example.com>" };
	vi.stubGlobal("fetch", post);
	vi.spyOn(console, "error").mockImplementation(() => {});
	vi.spyOn(console, "log").mockImplementation(() => {});
});

afterEach(() => {
	vi.restoreAllMocks();
	vi.unstubAllGlobals();
	post.mockReset();
});

test("a mail is posted as JSON, with the key if there is one", async () => {
	post.mockResolvedValue(new Response());
	await sendEmail(mail);
	const [url, init] = post.mock.calls[0] ?? [];
	expect(url).toBe("https://mail.example/send");
	expect(JSON.parse(String(init?.body))).toEqual({ from: "Parley <hello@example.com>", ...mail });
	expect(new Headers(init?.headers).get("authorization")).toBe("Bearer a key");

	state.email = { kind: "http", url: "https://mail.example/send", apiKey: undefined, from: "" };
	await sendEmail(mail);
	expect(new Headers(post.mock.calls[1]?.[1]?.headers).has("authorization")).toBe(false);
});

test("a failure is logged without the address and never thrown", async () => {
	post.mockRejectedValueOnce(new Error("connection refused")).mockResolvedValueOnce(new Response("no", { status: 422 }));
	await sendEmail(mail);
	await sendEmail(mail);
	const logged = vi.mocked(console.error).mock.calls.map(([line]) => line);
	expect(logged).toEqual([expect.stringMatching(/^could not send a mail: Error at /), "could not send a mail: status 422"]);
});

test("without EMAIL_URL the log shows the whole mail, link included", async () => {
	state.email = { kind: "log" };
	await sendEmail(mail);
	expect(post).not.toHaveBeenCalled();
	expect(vi.mocked(console.log).mock.calls.join()).toContain("https://parley.example/link");
});

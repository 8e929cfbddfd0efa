import { afterEach, beforeEach, expect, test, vi } from "vitest";

const state = vi.hoisted(() => ({ hasKeys: true }));
vi.mock("../../config.ts", () => ({
	config: () => ({ turnstile: state.hasKeys ? { siteKey: "site", secretKey: "secret", verifyUrl: "https://verify.example/" } : null }),
}));
const { isHuman } = await import("./turnstile.ts");

const verify = vi.fn<typeof fetch>();
const request = (token?: string) =>
	new Request("https://parley.example/", {
		headers: { "cf-connecting-ip": "192.0.2.1", ...(token === undefined ? {} : { "cf-turnstile-response": token }) },
	});
const verdict = { success: true, hostname: "parley.example", action: "guest" };

beforeEach(() => {
	state.hasKeys = true;
	vi.stubGlobal("fetch", verify);
	vi.spyOn(console, "error").mockImplementation(() => {});
});

afterEach(() => {
	vi.restoreAllMocks();
	vi.unstubAllGlobals();
	verify.mockReset();
});

test("a token from our page passes, verified with the secret and the guest's address", async () => {
	verify.mockResolvedValue(Response.json(verdict));
	expect(await isHuman(request("token"), "guest")).toBe(true);
	expect(verify).toHaveBeenCalledExactlyOnceWith("https://verify.example/", expect.objectContaining({ method: "POST" }));
	const body = verify.mock.calls[0]?.[1]?.body;
	expect(JSON.parse(String(body))).toEqual({ secret: "secret", response: "token", remoteip: "192.0.2.1" });
});

test.each([
	["was not solved", { ...verdict, success: false }],
	["comes from another site's widget", { ...verdict, hostname: "evil.example" }],
	["was made for another action", { ...verdict, action: "login" }],
	["names no site and no action", { success: true }],
	["gets no verdict", {}],
])("a token that %s does not pass", async (_, answer) => {
	verify.mockResolvedValue(Response.json(answer));
	expect(await isHuman(request("token"), "guest")).toBe(false);
});

test("every token is refused while verification fails, and the log says why", async () => {
	verify.mockRejectedValueOnce(new Error("timed out")).mockResolvedValueOnce(new Response("oops", { status: 500 }));
	expect(await isHuman(request("token"), "guest")).toBe(false);
	expect(await isHuman(request("token"), "guest")).toBe(false);
	expect(console.error).toHaveBeenCalledTimes(2);
});

test("a request is verified once, however many callers need the verdict", async () => {
	verify.mockImplementation(async () => Response.json(verdict));
	const one = request("token");
	expect(await Promise.all([isHuman(one, "guest"), isHuman(one, "guest"), isHuman(one, "sign-up")])).toEqual([true, true, false]);
	expect(await isHuman(one, "guest")).toBe(true);
	expect(verify).toHaveBeenCalledTimes(1);
	await isHuman(request("token"), "guest");
	expect(verify).toHaveBeenCalledTimes(2);
});

test("a sign-up passes only with a token made for sign-up", async () => {
	verify.mockImplementation(async () => Response.json({ ...verdict, action: "sign-up" }));
	expect(await isHuman(request("token"), "sign-up")).toBe(true);
	expect(await isHuman(request("token"), "guest")).toBe(false);
});

test("a missing, empty or overlong token is refused without being sent on", async () => {
	for (const token of [undefined, "", "t".repeat(2049)]) expect(await isHuman(request(token), "guest")).toBe(false);
	expect(verify).not.toHaveBeenCalled();
});

test("everyone passes if no keys are configured", async () => {
	state.hasKeys = false;
	expect(await isHuman(request(), "guest")).toBe(true);
	expect(verify).not.toHaveBeenCalled();
});

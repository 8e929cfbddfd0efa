import { describe, expect, test } from "vitest";
import example from "../../../../.dev.vars.example?raw";
import { ConfigError, readConfig, variables } from "../../src/config.ts";

const secrets = { BETTER_AUTH_SECRET: "x".repeat(32), GUEST_COOKIE_SECRET: "y".repeat(32) };

describe("the configuration", () => {
	test("is documented in .dev.vars.example, variable by variable", () => {
		const documented = [...example.matchAll(/^([A-Z_]+)=/gm)].map((match) => match[1]);
		expect(documented.sort()).toEqual(Object.keys(variables.shape).sort());
	});

	test("names missing and malformed variables without showing their values", () => {
		expect(() => readConfig({ BETTER_AUTH_SECRET: "tooshort" })).toThrow(ConfigError);
		expect(() => readConfig({ BETTER_AUTH_SECRET: "tooshort" })).toThrow(/BETTER_AUTH_SECRET .* GUEST_COOKIE_SECRET/);
		expect(() => readConfig({ BETTER_AUTH_SECRET: "tooshort" })).not.toThrow(/tooshort/);
		expect(() => readConfig({ ...secrets, AI_BASE_URL: "https://api.example/v1" })).toThrow(/AI_MODELS/);
		expect(() => readConfig({ ...secrets, GUEST_FREE_REQUESTS: "-1" })).toThrow(/GUEST_FREE_REQUESTS/);
	});

	test("accepts several guest cookie secrets and keeps their order", () => {
		const both = { ...secrets, GUEST_COOKIE_SECRET: `${"n".repeat(16)}, ${"o".repeat(16)}` };
		expect(readConfig(both).guestCookieSecrets).toEqual(["n".repeat(16), "o".repeat(16)]);
		expect(() => readConfig({ ...secrets, GUEST_COOKIE_SECRET: `${"n".repeat(16)},short` })).toThrow(/GUEST_COOKIE_SECRET/);
	});

	test("treats a blank variable as not set, and has the documented limits by default", () => {
		const config = readConfig({ ...secrets, AI_BASE_URL: "", FLOWGLAD_SECRET_KEY: "", PAID_PLAN_REQUESTS: "" });
		expect(config).toMatchObject({
			model: { kind: "demo" },
			billing: { kind: "none" },
			limits: { guest: 5, free: 20, paid: 1000, network: 25 },
		});
	});

	test("leaves subscribers their free day unless a deployment says otherwise", () => {
		const keeps = (value?: string) =>
			readConfig({ ...secrets, ...(value !== undefined && { PAID_KEEPS_FREE_DAY: value }) }).paidKeepsFreeDay;
		expect([keeps(), keeps(""), keeps("true"), keeps("false")]).toEqual([true, true, true, false]);
		expect(() => keeps("perhaps")).toThrow(/PAID_KEEPS_FREE_DAY/);
	});

	test("accepts the app's origin only as an https address without a path, or as one of this machine", () => {
		const originOf = (APP_ORIGIN: string) => readConfig({ ...secrets, APP_ORIGIN }).appOrigin;
		expect(["https://parley.example", "https://Parley.example/", "http://localhost:3000", ""].map(originOf)).toEqual([
			"https://parley.example",
			"https://parley.example",
			"http://localhost:3000",
			null,
		]);
		for (const bad of [
			"parley.example",
			"http://parley.example",
			"https://parley.example/app",
			"https://a@parley.example",
			"https://parley.example?a",
		])
			expect(() => originOf(bad), bad).toThrow(/APP_ORIGIN/);
	});

	test("accepts a development clock on this machine only", () => {
		for (const url of ["http://localhost:3001/__sandbox/clock", "http://127.0.0.1:3001/", "http://[::1]:3001/"])
			expect(readConfig({ ...secrets, DEV_CLOCK_URL: url }).devClockUrl).toBe(url);
		expect(readConfig({ ...secrets, DEV_CLOCK_URL: "" }).devClockUrl).toBe(null);
		for (const url of ["https://localhost/", "http://parley.example/", "http://127.0.0.1.parley.example/", "http://10.0.0.1/", "localhost"])
			expect(() => readConfig({ ...secrets, DEV_CLOCK_URL: url }), url).toThrow(/DEV_CLOCK_URL/);
	});

	test("accepts a webhook secret only in the form that the SDK verifies with", () => {
		const webhookSecret = `whsec_${btoa("0123456789abcdef01234567")}`;
		const flowglad = { ...secrets, FLOWGLAD_SECRET_KEY: "sk_test" };
		expect(readConfig({ ...flowglad, FLOWGLAD_WEBHOOK_SECRET: webhookSecret })).toMatchObject({ billing: { webhookSecret } });
		for (const bad of ["whsec_", "whsec_not base64", btoa("0123456789abcdef")])
			expect(() => readConfig({ ...secrets, FLOWGLAD_WEBHOOK_SECRET: bad })).toThrow(ConfigError);
	});

	test("uses the billing provider that is named, or the one whose key is set", () => {
		const [flowglad, stripe] = [{ FLOWGLAD_SECRET_KEY: "sk_flowglad" }, { STRIPE_SECRET_KEY: "sk_stripe" }];
		const chosen = (vars: object) => readConfig({ ...secrets, ...vars }).billing;
		expect(chosen(flowglad)).toMatchObject({ kind: "flowglad", secretKey: "sk_flowglad" });
		expect(chosen(stripe)).toMatchObject({ kind: "stripe", secretKey: "sk_stripe", proPrice: "pro_monthly", webhookSecret: null });
		expect(chosen({ ...flowglad, ...stripe })).toMatchObject({ kind: "flowglad" });
		expect(chosen({ ...flowglad, ...stripe, BILLING_PROVIDER: "stripe" })).toMatchObject({ kind: "stripe" });
		expect(chosen({ ...flowglad, ...stripe, BILLING_PROVIDER: "none" })).toEqual({ kind: "none" });
		expect(() => chosen({ ...flowglad, BILLING_PROVIDER: "stripe" })).toThrow(/STRIPE_SECRET_KEY/);
		expect(() => chosen({ ...stripe, BILLING_PROVIDER: "flowglad" })).toThrow(/FLOWGLAD_SECRET_KEY/);
		expect(() => chosen({ BILLING_PROVIDER: "paddle" })).toThrow(/BILLING_PROVIDER/);
	});

	test("keeps the order and labels of the model list", () => {
		const { models } = readConfig({ ...secrets, AI_BASE_URL: "https://api.example/v1", AI_MODELS: "gpt-5-mini=GPT-5 mini, llama3 ,," });
		expect(models).toMatchObject({
			entries: [
				{ id: "gpt-5-mini", label: "GPT-5 mini" },
				{ id: "llama3", label: "llama3", weight: 1 },
			],
		});
	});

	test("gives models their units, and refuses units that are not 1 to 999", () => {
		const models = { ...secrets, AI_BASE_URL: "https://api.example/v1", AI_MODELS: "gpt-5=GPT-5,llama3" };
		expect(readConfig({ ...models, AI_MODEL_UNITS: "gpt-5=5" }).models).toMatchObject({ entries: [{ weight: 5 }, { weight: 1 }] });
		for (const bad of ["gpt-5", "gpt-5=0", "gpt-5=-1", "gpt-5=1.5", "=5"]) {
			expect(() => readConfig({ ...models, AI_MODEL_UNITS: bad })).toThrow(/AI_MODEL_UNITS/);
		}
	});
});

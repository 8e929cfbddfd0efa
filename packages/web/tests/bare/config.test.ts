import shipped from "@parley/plans/models.json" with { type: "json" };
import { describe, expect, test } from "vitest";
import example from "../../../../.dev.vars.example?raw";
import operations from "../../../../docs/operations.md?raw";
import { ConfigError, readConfig, variables } from "../../src/config.ts";
import { instructionTokens } from "../../src/instructions.ts";

const secretsOfModels = new Set(shipped.models.flatMap(({ upstreams }) => upstreams.map(({ apiKeyVariable }) => apiKeyVariable)));
const secrets = { BETTER_AUTH_SECRET: "x".repeat(32), GUEST_COOKIE_SECRET: "y".repeat(32) };

const upstream = { kind: "openai-compatible", baseUrl: "https://api.example/v1", model: "m" };
const entry = {
	id: "own",
	label: "Own",
	weight: 1,
	inputStep: 8_000,
	maxOutput: 2_000,
	contextWindow: 100_000,
	price: { input: 0.05, cachedInput: 0.005, output: 0.4 },
	upstreams: [upstream],
};

describe("the configuration", () => {
	test("is documented in .dev.vars.example, one entry per variable, including the secrets that models.json names", () => {
		const documented = [...example.matchAll(/^([A-Z_]+)=/gm)].map((match) => match[1]);
		expect(documented.sort()).toEqual([...Object.keys(variables.shape), ...secretsOfModels].sort());
	});

	test("lists the variables for models, web search, instructions and the free day in docs/operations.md", () => {
		const names = [
			...Object.keys(variables.shape).filter((name) => /^AI_|^MODELS$|^SEARCH_|_PROMPTS?$/.test(name)),
			...secretsOfModels,
			"PAID_KEEPS_FREE_DAY",
		];
		expect(names.filter((name) => !operations.includes(`\`${name}\``))).toEqual([]);
	});

	test("names missing and malformed variables without showing their values", () => {
		expect(() => readConfig({ BETTER_AUTH_SECRET: "tooshort" })).toThrow(ConfigError);
		expect(() => readConfig({ BETTER_AUTH_SECRET: "tooshort" })).toThrow(/BETTER_AUTH_SECRET .* GUEST_COOKIE_SECRET/);
		expect(() => readConfig({ BETTER_AUTH_SECRET: "tooshort" })).not.toThrow(/tooshort/);
		expect(() => readConfig({ ...secrets, AI_BASE_URL: "https://api.example/v1" })).toThrow(/AI_MODELS/);
		expect(() => readConfig({ ...secrets, GUEST_FREE_REQUESTS: "-1" })).toThrow(/GUEST_FREE_REQUESTS/);
	});

	test("accepts a security contact that a person can open, and no bare address", () => {
		for (const contact of ["mailto:security@your.app", "https://your.app/security"])
			expect(readConfig({ ...secrets, SECURITY_CONTACT: contact }).securityContact).toBe(contact);
		for (const contact of ["security@your.app", "javascript:alert(1)", "http://your.app"])
			expect(() => readConfig({ ...secrets, SECURITY_CONTACT: contact })).toThrow(/SECURITY_CONTACT/);
	});

	test("accepts several guest cookie secrets and keeps their order", () => {
		const both = { ...secrets, GUEST_COOKIE_SECRET: `${"n".repeat(16)}, ${"o".repeat(16)}` };
		expect(readConfig(both).guestCookieSecrets).toEqual(["n".repeat(16), "o".repeat(16)]);
		expect(() => readConfig({ ...secrets, GUEST_COOKIE_SECRET: `${"n".repeat(16)},short` })).toThrow(/GUEST_COOKIE_SECRET/);
	});

	test("treats a blank variable as unset, and defaults to the documented limits", () => {
		const config = readConfig({ ...secrets, AI_BASE_URL: "", FLOWGLAD_SECRET_KEY: "", PAID_PLAN_REQUESTS: "" });
		expect(config).toMatchObject({
			models: { kind: "demo" },
			billing: { kind: "none" },
			limits: { guest: 5, free: 20, paid: 1000, network: 25 },
		});
	});

	test("reads one web search endpoint with its kind and key", () => {
		const search = (vars: object) => readConfig({ ...secrets, ...vars }).search;
		const tavily = { SEARCH_URL: "https://api.tavily.com/search", SEARCH_KIND: "tavily" };
		expect(search({})).toBeNull();
		expect(search({ SEARCH_URL: "", SEARCH_KIND: "", SEARCH_UNITS: "" })).toBeNull();
		expect(search({ ...tavily, SEARCH_API_KEY: "k", SEARCH_UNITS: "3" })).toEqual({
			kind: "tavily",
			url: tavily.SEARCH_URL,
			apiKey: "k",
			units: 3,
		});
		expect(search({ SEARCH_URL: "https://searx.example/search", SEARCH_KIND: "searxng" })).toMatchObject({ apiKey: undefined, units: 1 });
		expect(() => search(tavily)).toThrow(/SEARCH_API_KEY/);
		for (const half of [{ SEARCH_URL: tavily.SEARCH_URL }, { SEARCH_KIND: "searxng" }])
			expect(() => search(half)).toThrow(/SEARCH_URL and SEARCH_KIND/);
		for (const bad of [{ SEARCH_URL: "ftp://a.example" }, { SEARCH_KIND: "bing" }, { SEARCH_UNITS: "0" }])
			expect(() => search({ ...tavily, SEARCH_API_KEY: "k", ...bad })).toThrow(ConfigError);
	});

	test("grants subscribers their free day unless the deployment disables it", () => {
		const keeps = (value?: string) =>
			readConfig({ ...secrets, ...(value !== undefined && { PAID_KEEPS_FREE_DAY: value }) }).paidKeepsFreeDay;
		expect([keeps(), keeps(""), keeps("true"), keeps("false")]).toEqual([true, true, true, false]);
		expect(() => keeps("perhaps")).toThrow(/PAID_KEEPS_FREE_DAY/);
	});

	test("accepts as the app's origin only an https address without a path, or one on this machine", () => {
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

	test("uses the named billing provider, or the one whose key is set", () => {
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

	test("takes models from MODELS, else the quick start, else models.json if its secrets are set, else the demo", () => {
		const all = {
			MODELS: JSON.stringify({ models: [entry] }),
			AI_BASE_URL: "https://api.example/v1",
			AI_MODELS: "quick",
			OPENAI_API_KEY: "sk-1",
		};
		const idsOf = (vars: object) => {
			const { models } = readConfig({ ...secrets, ...vars });
			return models.kind === "demo" ? "demo" : models.entries.map(({ id }) => id);
		};
		expect(idsOf(all)).toEqual(["own"]);
		expect(idsOf({ ...all, MODELS: "" })).toEqual(["quick"]);
		expect(idsOf({ OPENAI_API_KEY: all.OPENAI_API_KEY })).toEqual(shipped.models.map(({ id }) => id));
		expect(idsOf({ OPENAI_API_KEY: "", AI_MODELS: "quick" })).toBe("demo");
	});

	test("offers a model at its reachable upstreams only, and drops a model without any", () => {
		const upstreams = (vars: object) => {
			const { models } = readConfig({ ...secrets, ...vars });
			return models.kind === "demo" ? [] : models.entries.map((one) => one.upstreams.map((upstream) => upstream.model));
		};
		const nano = (keys: object) => upstreams(keys)[0];
		expect(nano({ OPENAI_API_KEY: "a", OPENROUTER_API_KEY: "b" })).toEqual(["gpt-5-nano", "openai/gpt-5-nano"]);
		expect(nano({ OPENROUTER_API_KEY: "b" })).toEqual(["openai/gpt-5-nano"]);
		const local = { ...upstream, model: "local" };
		const ours = { ...upstream, apiKeyVariable: "OUR_KEY", model: "ours" };
		const bound = { kind: "workers-ai", model: "bound" };
		const MODELS = JSON.stringify({
			models: [
				{ ...entry, upstreams: [bound, ours, local] },
				{ ...entry, id: "b", upstreams: [ours] },
			],
		});
		expect(upstreams({ MODELS })).toEqual([["local"]]);
		expect(upstreams({ MODELS, OUR_KEY: "c", AI: {} })).toEqual([["bound", "ours", "local"], ["ours"]]);
		expect(upstreams({ MODELS: JSON.stringify({ models: [{ ...entry, purpose: "titles" }] }) })).toEqual([]);
	});

	test("derives the version of the models from their content, so that a changed price is a new version", () => {
		const versionOf = (change: object, vars: object = {}) => {
			const { models } = readConfig({ ...secrets, MODELS: JSON.stringify({ models: [{ ...entry, ...change }] }), ...vars });
			return models.kind === "configured" ? models.version : null;
		};
		expect(versionOf({})).toMatch(/^[0-9a-f]{12}$/);
		expect(versionOf({})).toBe(versionOf({}, { GUEST_FREE_REQUESTS: "9" }));
		expect(versionOf({ weight: 2 })).not.toBe(versionOf({}));
	});

	test("names the invalid field in MODELS, and shows nothing of a text that is not JSON", () => {
		const faultIn = (MODELS: string) => () => readConfig({ ...secrets, MODELS });
		const withFault = (change: object) => faultIn(JSON.stringify({ models: [entry, { ...entry, id: "b", ...change }] }));
		expect(faultIn("{sk-private")).toThrow(ConfigError);
		expect(faultIn("{sk-private")).toThrow(/^Configuration: MODELS is not JSON$/);
		expect(withFault({ price: { ...entry.price, output: -1 } })).toThrow(ConfigError);
		expect(withFault({ price: { ...entry.price, output: -1 } })).toThrow(/^Configuration: MODELS: models\[1\]\.price\.output: /);
		expect(withFault({ id: "own", weight: 0 })).toThrow(/MODELS: models\[1\]\.weight: /);
		expect(faultIn("[]")).toThrow(/MODELS: the file: /);
	});

	test("stores the system prompt with its token count, and refuses one larger than half a model's step", () => {
		const promptOf = (SYSTEM_PROMPT: string, inputStep = 8_000) =>
			readConfig({ ...secrets, MODELS: JSON.stringify({ models: [{ ...entry, inputStep }] }), SYSTEM_PROMPT }).systemPrompt;
		expect(promptOf("")).toEqual({ text: "", tokens: 0 });
		expect(promptOf(" Be kind. ")).toEqual({ text: "Be kind.", tokens: instructionTokens("site", "Be kind.") });
		const long = "word ".repeat(100).trim();
		const tokens = instructionTokens("site", long);
		expect(promptOf(long, 2 * tokens).tokens).toBe(tokens);
		expect(() => promptOf(long, 2 * tokens - 1)).toThrow(
			`SYSTEM_PROMPT has ${tokens} tokens, more than half a step of the model own (inputStep ${2 * tokens - 1})`,
		);
	});

	test("reads how many days chats are kept per tier, and keeps them forever by default", () => {
		const keptOf = (CHAT_KEPT_DAYS: string) => readConfig({ ...secrets, CHAT_KEPT_DAYS }).chatKeptDays;
		expect(keptOf("")).toEqual({ guest: null, free: null, paid: null });
		expect(keptOf("guest=7, free = 365")).toEqual({ guest: 7, free: 365, paid: null });
		for (const bad of ["free", "free=0", "free=-1", "free=1.5", "team=5", "free=99999"])
			expect(() => keptOf(bad), bad).toThrow(/^Configuration: CHAT_KEPT_DAYS is a list of tier=days/);
	});

	test("reads suggested prompts as JSON, and names an invalid one", () => {
		const promptsOf = (SUGGESTED_PROMPTS: string) => readConfig({ ...secrets, SUGGESTED_PROMPTS }).suggestedPrompts;
		expect(promptsOf("")).toBeNull();
		expect(promptsOf('["Plan a week"]')).toEqual([{ label: "Plan a week", text: "Plan a week" }]);
		expect(() => promptsOf("Plan a week")).toThrow(/^Configuration: SUGGESTED_PROMPTS is not JSON$/);
		expect(() => promptsOf("[7]")).toThrow(ConfigError);
	});

	test("keeps the query string of AI_BASE_URL, which Azure needs, and accepts http addresses only", () => {
		const withUrl = (AI_BASE_URL: string) => readConfig({ ...secrets, AI_BASE_URL, AI_API_KEY: "k", AI_MODELS: "gpt" }).models;
		const baseUrl = "https://my.openai.azure.com/openai/deployments/gpt?api-version=2026-01-01";
		const upstreams = [{ kind: "openai-compatible", baseUrl, apiKeyVariable: "AI_API_KEY", model: "gpt" }];
		expect(withUrl(baseUrl)).toMatchObject({ entries: [{ id: "gpt", upstreams }] });
		for (const bad of ["api.example/v1", "ftp://api.example", "javascript:alert(1)"])
			expect(() => withUrl(bad), bad).toThrow(/AI_BASE_URL is not an http/);
	});

	test("gives a quick start model safe limits", () => {
		const { models } = readConfig({ ...secrets, AI_BASE_URL: "http://localhost:11434/v1", AI_MODELS: "llama3" });
		expect(models).toMatchObject({ entries: [{ weight: 1, inputStep: 8_000, maxOutput: 4_000, purpose: "chat", efforts: {} }] });
		expect(models).not.toHaveProperty("entries.0.upstreams.0.apiKeyVariable", "AI_API_KEY");
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

	test("lets quick start models read images if configured, and refuses an unknown name", () => {
		const models = { ...secrets, AI_BASE_URL: "https://api.example/v1", AI_MODELS: "gpt-5=GPT-5,llama3" };
		expect(readConfig({ ...models, AI_IMAGE_MODELS: "gpt-5," }).models).toMatchObject({
			entries: [{ accepts: ["text", "image"] }, { accepts: ["text"] }],
		});
		expect(() => readConfig({ ...models, AI_IMAGE_MODELS: "gpt5" })).toThrow(/AI_IMAGE_MODELS/);
	});

	test("reads each model's units, and refuses units outside 1 to 999", () => {
		const models = { ...secrets, AI_BASE_URL: "https://api.example/v1", AI_MODELS: "gpt-5=GPT-5,llama3" };
		expect(readConfig({ ...models, AI_MODEL_UNITS: "gpt-5=5" }).models).toMatchObject({ entries: [{ weight: 5 }, { weight: 1 }] });
		for (const bad of ["gpt-5", "gpt-5=0", "gpt-5=-1", "gpt-5=1.5", "=5"]) {
			expect(() => readConfig({ ...models, AI_MODEL_UNITS: bad })).toThrow(/AI_MODEL_UNITS/);
		}
	});

	test("reads a token issuer with its audience, and finds its keys and claims", () => {
		const issuerOf = (more: Record<string, string | undefined>) => readConfig({ ...secrets, ...more }).issuer;
		const clerk = { JWT_ISSUER: "https://clerk.example", JWT_AUDIENCE: "parley" };
		expect(issuerOf({ JWT_ISSUER: "", JWT_AUDIENCE: "" })).toBeNull();
		expect(issuerOf(clerk)).toEqual({
			issuer: "https://clerk.example",
			audience: "parley",
			jwksUrl: "https://clerk.example/.well-known/jwks.json",
			claims: { id: "sub", email: "email", emailVerified: "email_verified", name: "name" },
		});
		expect(issuerOf({ ...clerk, JWT_ISSUER: "https://clerk.example/" })).toMatchObject({
			issuer: "https://clerk.example/",
			jwksUrl: "https://clerk.example/.well-known/jwks.json",
		});
		const own = { ...clerk, JWT_JWKS_URL: "https://keys.example/jwks", JWT_CLAIMS: "email=primary, name=user_metadata.full_name" };
		expect(issuerOf(own)).toMatchObject({
			jwksUrl: "https://keys.example/jwks",
			claims: { id: "sub", email: "primary", name: "user_metadata.full_name" },
		});
		for (const half of [{ JWT_ISSUER: "https://clerk.example" }, { JWT_AUDIENCE: "parley" }])
			expect(() => issuerOf(half)).toThrow(/JWT_ISSUER and JWT_AUDIENCE/);
		expect(() => issuerOf({ ...clerk, JWT_ISSUER: "parley" })).toThrow(/JWT_JWKS_URL must be set/);
		for (const bad of [{ JWT_JWKS_URL: "http://keys.example" }, { JWT_CLAIMS: "email" }, { JWT_CLAIMS: "address=email" }])
			expect(() => issuerOf({ ...clerk, ...bad })).toThrow(/JWT_/);
	});
});

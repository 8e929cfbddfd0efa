import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { brand } from "./build/brand.ts";
import { letters } from "./build/letter.tsx";
import { modelFileAt } from "./tests/upstream/models.ts";

const root = new URL("../../", import.meta.url).pathname;
const secrets = {
	BETTER_AUTH_SECRET: "a secret of the tests, long enough",
	GUEST_COOKIE_SECRET: "another secret of the tests; long enough,the one before it; long enough",
	APP_ORIGIN: "https://parley.example",
};

/** The built Worker in workerd with real D1 and Durable Objects, configured by `bindings`; `further`: options of miniflare, such as bindings that are no text. */
const worker = (bindings: (sandboxUrl: string, siteverifyUrl: string) => Record<string, string>, further: object = {}) => [
	brand(),
	letters(),
	cloudflareTest(async ({ inject }) => ({
		main: `${root}packages/web/dist/server/index.js`,
		wrangler: { configPath: `${root}wrangler.toml` },
		miniflare: {
			bindings: {
				...secrets,
				...bindings(inject<string>("sandboxUrl"), inject<string>("siteverifyUrl")),
				TEST_MIGRATIONS: await readD1Migrations(`${root}packages/web/src/db/migrations`),
			},
			...further,
		},
	})),
];

/**
 * The built Worker's tests. The files of a project share one sandbox, whose faults and clock affect all of them: one file at a time.
 * They also share one start of the Worker, as requests do; tests/database-setup.ts empties the storage between them. tests/worker-log.ts replaces
 * vitest's interception of the console.
 */
const inWorker = {
	globalSetup: ["tests/sandbox-setup.ts"],
	setupFiles: ["tests/worker-log.ts", "tests/quick-passwords.ts", "tests/database-setup.ts", "tests/query-plans.ts"],
	disableConsoleIntercept: true,
	fileParallelism: false,
	isolate: false,
	// A whole proof sends five to ten times as many requests.
	testTimeout: process.env.PROVE === "whole" ? 600_000 : 60_000,
};

/** The configuration of each billing provider. */
const providers: Record<string, (sandboxUrl: string) => Record<string, string>> = {
	flowglad: (sandboxUrl) => ({
		FLOWGLAD_SECRET_KEY: "sk_test_sandbox",
		FLOWGLAD_BASE_URL: sandboxUrl,
		FLOWGLAD_WEBHOOK_SECRET: `whsec_${btoa("the webhook secret of the tests")}`,
	}),
	stripe: (sandboxUrl) => ({
		STRIPE_SECRET_KEY: "sk_test_sandbox",
		STRIPE_BASE_URL: sandboxUrl,
		STRIPE_WEBHOOK_SECRET: "whsec_the webhook secret of the tests",
	}),
	none: () => ({}),
};

const contract = (provider: string, include: string[]) => ({
	plugins: [
		worker((sandboxUrl) => ({
			BILLING_PROVIDER: provider,
			...providers[provider]?.(sandboxUrl),
			AI_BASE_URL: `${sandboxUrl}/model/v1`,
			AI_MODELS: "sandbox",
			EMAIL_URL: `${sandboxUrl}/__sandbox/mail`,
			ADMIN_EMAILS: "admin@example.com",
			SANDBOX_URL: sandboxUrl,
			DEV_CLOCK_URL: `${sandboxUrl}/__sandbox/clock`,
		})),
	],
	test: {
		name: `contract-${provider}`,
		include,
		...inWorker,
	},
});

/** The models of the Worker tests. `narrow` has steps of few tokens and efforts, and guests may not ask it; `pro` is for subscribers only; `seeing` and `sharp` read images; `wordy` has no output limit to speak of. */
function modelsAt(baseUrl: string) {
	const model = (id: string, more: object = {}) => ({
		id,
		label: `${id[0]?.toUpperCase()}${id.slice(1)}`,
		weight: 1,
		inputStep: 8_000,
		maxOutput: 4_000,
		contextWindow: 128_000,
		price: { input: 1, cachedInput: 0.1, output: 4 },
		upstreams: [{ kind: "openai-compatible", baseUrl, model: id }],
		...more,
	});
	const narrow = { inputStep: 100, maxOutput: 50, contextWindow: 550, efforts: { low: 1, medium: 2, high: 4 }, tiers: ["free", "paid"] };
	return [
		model("sandbox"),
		model("second"),
		model("dear", { weight: 5 }),
		model("narrow", narrow),
		model("pro", { tiers: ["paid"] }),
		model("seeing", { accepts: ["text", "image"] }),
		model("sharp", { accepts: ["text", "image"], weight: 3, tiers: ["free", "paid"] }),
		model("wordy", { maxOutput: 60_000, tiers: ["free", "paid"] }),
	];
}

export default defineConfig({
	test: {
		// With results of another clone in the cache, the plugin imports the Worker by a path of that clone.
		cache: false,
		projects: [
			{
				plugins: [brand(), letters()],
				test: {
					name: "unit",
					include: ["src/**/*.test.{ts,tsx}", "tests/*.test.ts"],
					isolate: false,
					setupFiles: ["tests/fresh-modules.ts"],
					// Properties compute for seconds, on machines that do other things besides.
					testTimeout: 60_000,
				},
			},
			{
				plugins: [
					worker((sandboxUrl) => ({
						MODELS: JSON.stringify({ models: modelsAt(`${sandboxUrl}/model/v1`) }),
						FLOWGLAD_SECRET_KEY: "sk_test_sandbox",
						FLOWGLAD_BASE_URL: sandboxUrl,
						EMAIL_URL: `${sandboxUrl}/__sandbox/mail`,
						// One address a file: the files share a database.
						SECURITY_CONTACT: "mailto:security@parley.example",
						ADMIN_EMAILS:
							"ledger-admin@example.com,organization-admin@example.com,identity-admin@example.com,usage-admin@example.com,matrix-admin@example.com,share-admin@example.com",
						FLOWGLAD_WEBHOOK_SECRET: `whsec_${btoa("the webhook secret of the tests")}`,
						SANDBOX_URL: sandboxUrl,
						SEARCH_URL: `${sandboxUrl}/search/tavily`,
						SEARCH_KIND: "tavily",
						SEARCH_API_KEY: "search_key_sandbox",
						SEARCH_UNITS: "2",
						JWT_ISSUER: `${sandboxUrl}/issuer`,
						JWT_AUDIENCE: "parley",
						JWT_JWKS_URL: `${sandboxUrl}/issuer/.well-known/jwks.json`,
						GITHUB_CLIENT_ID: "oauth_client_sandbox",
						GITHUB_CLIENT_SECRET: "oauth_secret_sandbox",
						GITHUB_BASE_URL: `${sandboxUrl}/github`,
						GOOGLE_CLIENT_ID: "oauth_client_sandbox",
						GOOGLE_CLIENT_SECRET: "oauth_secret_sandbox",
						GOOGLE_BASE_URL: `${sandboxUrl}/google`,
					})),
				],
				test: {
					name: "workerd",
					include: ["tests/workerd/**/*.test.ts"],
					...inWorker,
				},
			},
			{
				plugins: [
					worker(
						(sandboxUrl, siteverifyUrl) => ({
							AI_BASE_URL: `${sandboxUrl}/model/v1`,
							AI_MODELS: "sandbox",
							SYSTEM_PROMPT: "You are the guide of a museum.",
							SANDBOX_URL: sandboxUrl,
							ALL_GUESTS_REQUESTS_DAILY: "60",
							NETWORK_SIGN_UPS_DAILY: "3",
							TURNSTILE_SITE_KEY: "a site key",
							TURNSTILE_SECRET_KEY: "a turnstile secret",
							TURNSTILE_VERIFY_URL: siteverifyUrl,
						}),
						{ email: { send_email: [{ name: "EMAIL" }] } },
					),
				],
				test: {
					name: "guarded",
					include: ["tests/guarded/**/*.test.ts"],
					...inWorker,
				},
			},
			{
				plugins: [
					worker((sandboxUrl) => ({
						AI_BASE_URL: `${sandboxUrl}/model/v1`,
						AI_MODELS: "sandbox",
						FLOWGLAD_SECRET_KEY: "sk_test_sandbox",
						FLOWGLAD_BASE_URL: sandboxUrl,
						EMAIL_URL: `${sandboxUrl}/__sandbox/mail`,
						SANDBOX_URL: sandboxUrl,
						DEV_CLOCK_URL: `${sandboxUrl}/__sandbox/clock`,
						CHAT_KEPT_DAYS: "guest=7,free=30",
					})),
				],
				test: {
					name: "clock",
					include: ["tests/clock/**/*.test.ts"],
					...inWorker,
				},
			},
			{
				plugins: [
					worker((sandboxUrl) => ({
						MODELS: modelFileAt(sandboxUrl),
						SANDBOX_URL: sandboxUrl,
					})),
				],
				test: {
					name: "upstream",
					include: ["tests/upstream/**/*.test.ts"],
					...inWorker,
				},
			},
			contract("flowglad", ["tests/contract/{any-provider,seller-*}.test.ts"]),
			contract("stripe", ["tests/contract/{any-provider,seller-*}.test.ts", "tests/stripe/**/*.test.ts"]),
			contract("none", ["tests/contract/{any-provider,no-provider}.test.ts"]),
			{
				// Empty, so that the developer's own .dev.vars do not matter.
				plugins: [worker(() => ({ APP_ORIGIN: "", AI_BASE_URL: "", FLOWGLAD_SECRET_KEY: "", STRIPE_SECRET_KEY: "", EMAIL_URL: "" }))],
				test: {
					name: "bare",
					include: ["tests/bare/**/*.test.ts"],
					...inWorker,
				},
			},
			{
				test: {
					name: "system",
					include: ["tests/{story,system,prove,year}/**/*.test.ts"],
					testTimeout: 240_000,
					hookTimeout: 240_000,
					// A busy machine needs more than the second that is the default.
					expect: { poll: { timeout: 30_000 } },
					globalSetup: ["tests/system/state-setup.ts"],
					// Each file starts its own product on free ports. Two at a time left two cores idle for half of the time: a browser mostly waits.
					maxWorkers: 3,
				},
			},
		],
	},
});

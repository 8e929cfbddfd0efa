import { globSync, readFileSync } from "node:fs";
import { afterEach, describe, expect, test, vi } from "vitest";
import { guardConsole, logFailedRequest, logFailure, logMail, logNote, OwnError } from "./log.ts";

const logged = vi.spyOn(console, "error").mockImplementation(() => {});
const text = () => String(logged.mock.lastCall?.[0]);
afterEach(() => logged.mockClear());

const marker = "a secret sentence";

const root = new URL("./", import.meta.url).pathname;
const files = globSync("**/*.{ts,tsx}", { cwd: root }).filter((file) => !/(\.test\.tsx?|^log\.ts)$/.test(file));
const filesWith = (pattern: RegExp) => files.filter((file) => pattern.test(readFileSync(root + file, "utf8")));

describe("a line of the log", () => {
	test("has the error's name, status and code, and those of its causes, but no message", () => {
		logFailure("billing provider", Object.assign(new TypeError(marker), { status: 502, code: "card_declined" }));
		expect(text()).toMatch(/^billing provider: TypeError 502 card_declined at log\.test\.ts:\d+:\d+$/);
		const cause = Object.assign(new Error(marker), { statusCode: 404, cause: new RangeError(marker) });
		logFailure("answer m1 failed", new Error(marker, { cause }));
		expect(text()).toMatch(/^answer m1 failed: Error, caused by Error 404, caused by RangeError at log\.test\.ts/);
		for (const value of [marker, { message: marker, name: marker }, undefined]) {
			logFailure("health", value);
			expect(text()).toBe(`health: ${typeof value}`);
		}
	});

	test("shows no name or code that is a sentence, and no message that looks like a stack", () => {
		const error = Object.assign(new Error(`${marker}\n    at secret (sentence.js:1:1)`), { name: marker, code: marker, status: marker });
		logFailure("health", error);
		expect(text()).toMatch(/^health: Error at log\.test\.ts:\d+:\d+$/);
	});

	test("reports database and network errors that are identified only by their messages", () => {
		logFailure("health", new Error(`D1_ERROR: no such table: ${marker}: SQLITE_ERROR`));
		expect(text()).toMatch(/^health: Error D1_ERROR at/);
		logFailure("health", new Error("Network connection lost."));
		expect(text()).toMatch(/^health: Error Network connection lost at/);
	});

	test("shows the message of our own errors", () => {
		class ConfigError extends OwnError {
			override name = "ConfigError";
		}
		logFailure("health", new ConfigError("Configuration: AI_MODELS"));
		expect(text()).toMatch(/^health: ConfigError: Configuration: AI_MODELS at/);
	});

	test("names a failed request by its method and path, without query, ids and tokens", () => {
		const request = new Request("http://localhost/api/auth/reset-password/AbCdEf0123456789AbCd?token=secret", { method: "POST" });
		logFailedRequest(request, new Error(marker));
		expect(text()).toMatch(/^500 POST \/api\/auth\/reset-password\/\*: Error at log\.test\.ts/);
		logFailedRequest(new Request("http://localhost/api/flowglad/checkout-sessions/create-add-payment-method"), undefined);
		expect(text()).toBe("500 GET /api/flowglad/checkout-sessions/create-add-payment-method: undefined");
		for (const path of ["/c/*", "/s/*", "/s/*/files/x", "/invitation/*", "/api/chat/*", "/api/chat/*/stop", "/api/shares/*"]) {
			logFailedRequest(new Request(`http://localhost${path.replace("*", "my-words")}`), undefined);
			expect(text()).toBe(`500 GET ${path}: undefined`);
		}
		logFailedRequest(new Request("http://localhost/api/chat/ai", { method: "POST" }), undefined);
		expect(text()).toBe("500 POST /api/chat/ai: undefined");
	});

	test("is one line of at most 200 characters, whatever its input", () => {
		const error = new OwnError("x\ny".repeat(500), { cause: new Error(marker) });
		error.cause = error;
		logFailure(`answer ${"m\r\n".repeat(500)}`, error);
		logNote(`drift of ${"x\u0000\n".repeat(500)}`);
		for (const [line] of logged.mock.calls) expect(line).toMatch(/^[^\p{Cc}]{1,200}$/u);
		expect(text()).toHaveLength(200);
	});
});

describe("the console of the Worker", () => {
	test("reduces a library's line to its origin and the error's name", () => {
		const methods = ["error", "warn", "log", "info", "debug", "trace"] as const;
		const lines = methods.map((method) => vi.spyOn(console, method).mockImplementation(() => {}));
		guardConsole();
		for (const method of methods) {
			console[method](`${marker} %s`, marker, { token: marker });
			console[method](marker, Object.assign(new TypeError(marker), { status: 500 }));
		}
		for (const [at, method] of methods.entries()) {
			const [plain, withError] = (lines[at]?.mock.calls ?? []).map(([line]) => String(line));
			expect(plain).toMatch(new RegExp(`^a library's ${method} at log\\.test\\.ts:\\d+:\\d+$`));
			expect(withError).toMatch(new RegExp(`^a library's ${method}: TypeError 500 at log\\.test\\.ts:\\d+:\\d+$`));
		}
	});

	test("shows our own lines unchanged, and a whole mail if no mail server is configured", () => {
		const log = vi.spyOn(console, "log").mockImplementation(() => {});
		logged.mockClear();
		guardConsole();
		logNote("plan without credits");
		logMail({ to: "ada@example.com", subject: "Hello", text: "https://parley.example/link" });
		expect(text()).toBe("plan without credits");
		expect(log.mock.calls).toEqual([["mail to ada@example.com: Hello\nhttps://parley.example/link"]]);
	});

	test("is used by no other file", () => {
		expect(files.length).toBeGreaterThan(100);
		expect(filesWith(/\bconsole\s*[.[]/)).toEqual([]);
	});
});

test("every service called by the Worker is tested with a marker that must not appear in the log", () => {
	const MARKED: Record<string, string> = {
		"lib/chat/search/search.ts": "tests/workerd/log.test.ts",
		"lib/chat/upstream/open-answer.ts": "tests/workerd/log.test.ts",
		"lib/identity/email/transport.ts": "tests/workerd/log.test.ts",
		"lib/identity/issuer.ts": "tests/workerd/issuer.test.ts",
		"lib/identity/oauth-providers.ts": "tests/workerd/log.test.ts",
		"lib/identity/turnstile.ts": "tests/guarded/guests.test.ts",
		// For both providers' SDKs.
		"lib/payments/deadline.ts": "tests/stripe/log.test.ts",
		"lib/time/dev-clock.ts": "tests/clock/clock.test.ts",
	};
	const calls = filesWith(/(?<!\basync )\b(?:fetch|createOpenAICompatible)\(/).filter((file) => !file.startsWith("components/"));
	expect(calls.sort()).toEqual(Object.keys(MARKED));
	for (const file of Object.values(MARKED)) expect(globSync(file, { cwd: `${root}..` })).toHaveLength(1);
});

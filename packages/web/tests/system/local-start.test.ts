import { once } from "node:events";
import { readdirSync } from "node:fs";
import { Agent, type ClientRequest, type IncomingMessage, type OutgoingHttpHeaders, request } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { inDatabase } from "./database.ts";
import { answers, freePort, Running, stateFolder } from "./process.ts";

// What `npm start` guarantees beyond the product: connections that survive a refusal, a log that identifies each failure, variables, and a clean exit.

const state = stateFolder();
let app = "";
let sandbox = "";
let start: Running;

beforeAll(async () => {
	const [port, sandboxPort] = [await freePort(), await freePort()];
	[app, sandbox] = [`http://localhost:${port}`, `http://localhost:${sandboxPort}`];
	start = new Running("npm", ["start"], {
		env: {
			PORT: String(port),
			SANDBOX_PORT: String(sandboxPort),
			PARLEY_STATE: state.path,
			AI_BASE_URL: `${sandbox}/model/v1`,
			AI_MODELS: 'sandbox=Sandbox for $HOME,dear="Dear"',
			AI_MODEL_UNITS: "dear=5",
			GUEST_FREE_REQUESTS: "7",
			AUTH_FREE_REQUESTS_DAILY: "",
		},
	});
	await start.says(/Parley is ready/, 180_000);
});

afterAll(() => state.remove());

/** better-auth limits requests per address. */
const anyAddress = () => ({ "cf-connecting-ip": `10.${crypto.getRandomValues(new Uint8Array(3)).join(".")}` });

/** One kept-alive connection. A client that opened another one would not notice that this one broke. */
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
afterAll(() => agent.destroy());

async function post(path: string, body: string | Buffer, headers: OutgoingHttpHeaders = {}): Promise<number | undefined> {
	const sent = request(app + path, { method: "POST", agent, headers: { "content-type": "application/json", ...anyAddress(), ...headers } });
	sent.end(body);
	const [response]: IncomingMessage[] = await once(sent, "response");
	if (response) await text(response);
	return response?.statusCode;
}

const kilobytes = (count: number) => Buffer.alloc(count * 1000, "y");

describe("a request that is refused before its body is read", () => {
	test.each<[what: string, path: string, kilobytes: number, headers: OutgoingHttpHeaders, status: number]>([
		["sign-in of 100 KB", "/api/auth/sign-in/email", 100, {}, 413],
		["chat of 1.2 MB", "/api/chat/ai", 1_200, {}, 413],
		["chat of 1.2 MB in chunks", "/api/chat/ai", 1_200, { "transfer-encoding": "chunked" }, 413],
		["chat of 5 MB", "/api/chat/ai", 5_000, {}, 413],
		["foreign origin", "/api/chat/ai", 100, { origin: "http://evil.example" }, 403],
		["wrong method", "/api/usage", 100, {}, 405],
		["unknown address", "/api/nothing", 100, {}, 404],
		["unknown page", "/nothing/here", 100, {}, 404],
		["page", "/pricing", 100, {}, 200],
		["unknown server function", "/_serverFn/nothing", 100, {}, 413],
	])("leaves the connection usable: %s", async (_, path, size, headers, status) => {
		const seen: (number | undefined)[] = [];
		for (let round = 0; round < 8; round += 1)
			seen.push(await post(path, kilobytes(size), headers), await post("/api/auth/sign-out", "{}"));
		expect(seen).toEqual(Array.from({ length: 8 }, () => [status, 200]).flat());
	});

	const slow: ClientRequest[] = [];

	test.each<[what: string, path: string, headers: OutgoingHttpHeaders, status: number]>([
		["announces a length and stalls", "/api/chat/ai", { "content-length": 1_200_000 }, 413],
		["never ends", "/api/usage", { "transfer-encoding": "chunked" }, 405],
		["waits for 100 Continue", "/api/chat/ai", { "content-length": 1_200_000, expect: "100-continue" }, 413],
	])("is answered even if its body %s", async (_, path, headers, status) => {
		const sent = request(app + path, { method: "POST", headers });
		slow.push(sent);
		if (headers.expect) sent.flushHeaders();
		else sent.write("y");
		const [response]: IncomingMessage[] = await once(sent, "response");
		expect(response?.statusCode).toBe(status);
		// Still open: other connections are served meanwhile.
		for (let next = 0; next < 3; next += 1) expect(await post("/api/auth/sign-out", "{}")).toBe(200);
	});

	afterAll(() => {
		for (const upload of slow) upload.on("error", () => {}).destroy();
	});
});

describe("an answer", () => {
	const client = new URL("../../dist/client/", import.meta.url).pathname;
	const assets = readdirSync(client, { recursive: true, withFileTypes: true })
		.filter((file) => file.isFile() && file.name !== "_headers")
		// A page among the assets is served without its extension.
		.map((file) =>
			join(file.parentPath, file.name)
				.slice(client.length)
				.replace(/\.html$/, ""),
		);

	test.each<[what: string, paths: string[], method: string]>([
		["an asset", assets, "GET"],
		["an asset's head", assets.slice(0, 2), "HEAD"],
		["an asset that takes no POST", ["favicon.svg"], "POST"],
		["a page", ["", "pricing", "sign-up"], "GET"],
		["what is not there", ["assets/gone.js", "nothing/here", "api/nothing", "_serverFn/", "%E0%A4%A"], "GET"],
	])("from the edge or the Worker has the security headers: %s", async (_, paths, method) => {
		expect(paths.length).toBeGreaterThan(0);
		for (const path of paths) {
			const response = await fetch(`${app}/${path}`, { method });
			await response.text();
			expect(Object.fromEntries(response.headers), path).toMatchObject({
				"content-security-policy": expect.stringContaining("default-src 'none'"),
				"cross-origin-opener-policy": "same-origin",
				"permissions-policy": expect.stringContaining("camera=()"),
				"referrer-policy": "strict-origin-when-cross-origin",
				"x-content-type-options": "nosniff",
				"x-frame-options": "DENY",
			});
		}
	});
});

describe("the log", () => {
	/** What is logged from now on, as soon as it matches the pattern: the log arrives after the response. */
	function logged(): (pattern: RegExp) => Promise<string> {
		const before = start.output.length;
		return async (pattern) => {
			const log = () => start.output.slice(before);
			for (const deadline = Date.now() + 10_000; !pattern.test(log()) && Date.now() < deadline; ) await sleep(50);
			return log();
		};
	}

	let cookie = "";
	beforeAll(async () => {
		const account = { name: "Ada", email: "ada@example.com", password: "correct horse" };
		const headers = { "content-type": "application/json", ...anyAddress() };
		const signUp = await fetch(`${app}/api/auth/sign-up/email`, { method: "POST", headers, body: JSON.stringify(account) });
		const cookies = signUp.headers.getSetCookie().map((line) => line.split(";")[0]);
		cookie = cookies.join("; ");
	});

	test("has one line per failure of a provider that is down", async () => {
		const log = logged();
		await faults({ api: [{ path: "/api/v1/*", status: 502 }] });
		// A guest's plans come from a copy. A user's are read for the page when their ledger has no recent ones.
		expect((await fetch(`${app}/pricing`, { headers: { cookie } })).status).toBe(200);
		const lines = await log(/billing provider, billing: /);
		await faults({});
		expect(lines).toMatch(/billing provider, billing: \w*Error 502 at /);
		expect(lines).not.toContain("Injected fault");
		expect(lines.split("\n").filter((line) => /^app:\s+at /.test(line))).toEqual([]);
	});

	test("identifies a failed page by the reference that it shows, with its cause", async () => {
		const log = logged();
		let reference: string | undefined;
		rename("invitations", "invitations_away");
		try {
			const page = await fetch(`${app}/invitation/any`, { headers: { cookie } });
			expect(page.status).toBe(503);
			reference = /Reference for support: <span[^>]*>([\w-]{36})</.exec((await page.text()).replaceAll("<!-- -->", ""))?.[1];
		} finally {
			rename("invitations_away", "invitations");
		}
		expect(reference).toMatch(/^[\w-]{36}$/);
		const lines = await log(/500 GET \/invitation\/\* [\w-]{36}: \w*Error/);
		expect(/500 GET \/invitation\/\* ([\w-]{36}): \w*Error/.exec(lines)?.[1]).toBe(reference);
		expect(lines).toMatch(/caused by Error SQLITE_ERROR at /);
		expect(lines).not.toContain("no such table");
	});

	async function faults(body: object): Promise<void> {
		const headers = { "content-type": "application/json" };
		expect((await fetch(`${sandbox}/__sandbox/faults`, { method: "POST", headers, body: JSON.stringify(body) })).ok).toBe(true);
	}

	const rename = (from: string, to: string) => inDatabase(state.path, `ALTER TABLE ${from} RENAME TO ${to}`);
});

test("the cron trigger runs on request, and deletes what has expired", async () => {
	inDatabase(state.path, "INSERT INTO bounds (key, count, ends_at) VALUES ('ended', 1, 1)");
	const run = await fetch(`${app}/cdn-cgi/local/scheduled`);
	expect({ status: run.status, body: await run.text() }).toEqual({ status: 200, body: "ok" });
	expect(inDatabase(state.path, "SELECT key FROM bounds WHERE key = 'ended'")).toEqual([]);
});

test("documented variables in the environment reach the app, and a blank one keeps the default", async () => {
	expect(await (await fetch(`${app}/api/usage`)).json()).toMatchObject({ tier: "guest", limit: 7 });
	const page = await (await fetch(app)).text();
	expect(page).toContain("Sandbox for $HOME");
	expect(page).toMatch(/id:"dear",label:"\\"Dear\\"",description:null,weight:5/);
	expect(page).toContain("freeLimit:20");
});

test("SIGINT to npm alone ends every process and frees both ports", async () => {
	await start.signalOnly("npm", "SIGINT");
	expect([await answers(`${app}/api/health`), await answers(`${sandbox}/__sandbox/state`)]).toEqual([null, null]);
});

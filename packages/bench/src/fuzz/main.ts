// `npm run fuzz`: sends random bodies to every address of the built product that programs can call. Exits with 1 on a 5xx, a counted unit, a model call,
// or if the isolate keeps more than 10 MB. The product runs with everything configured, once per billing provider because it can have only one; each
// run gets half of the bodies. Takes about five minutes.
//
//   --bodies=10000   the number of bodies
//   --seed=<number>  repeats a run; default: the current time
import { parseArgs } from "node:util";
import { startSandbox } from "@parley/sandbox";
import { readBuild } from "../build.ts";
import { isolateMiB } from "../inspector.ts";
import { type RunningWorker, startWorker } from "../runtime.ts";
import { randomFrom } from "../statistics.ts";
import { Visitor } from "../visitor.ts";
import { type Body, bodyFor } from "./bodies.ts";
import { type Endpoint, endpoints } from "./endpoints.ts";

const GROWTH_MAX_MIB = 10_000_000 / 1024 ** 2;
const AT_ONCE = 8;
const LATE_MS = 30_000;
/** Enough requests to compile all code and fill the isolate's caches. */
const WARM_UP = 2_000;
/** Idle objects have been evicted by then. */
const IDLE_MS = 15_000;
const METHODS = ["POST", "PATCH", "DELETE", "GET", "PUT"];
/** The chat is imported again after this many bodies, because some of them delete it. */
const IMPORT_EVERY = 250;
const ALL_OBJECTS = {
	...{ USAGE_LEDGER: "UsageLedger", CONVERSATION: "Conversation", CHAT_LIST: "ChatList" },
	...{ SHARE_LIST: "ShareList", SHARED_CHAT: "SharedChat", API_CALL: "ApiCall" },
};

const { values } = parseArgs({ options: { bodies: { type: "string", default: "10000" }, seed: { type: "string" } } });
const seed = Number(values.seed ?? Date.now() % 2 ** 31);
const random = randomFrom(seed);
const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

interface People {
	guest: Visitor;
	user: Visitor;
	/** Credentials of a user's program: an API key, and a token of the issuer. */
	bearers: string[];
}

interface Sent {
	path: string;
	method: string;
	body: Body;
	headers: Record<string, string>;
}

/** An address, and the HTTP methods that it supports. */
interface Known {
	endpoint: Endpoint;
	verbs: string[];
}

type Sandbox = Awaited<ReturnType<typeof startSandbox>>;

/** Requests that the sandbox has received. */
interface SandboxState {
	modelCalls: unknown[];
	usageEvents: unknown[];
	stripe: { meterEvents: unknown[] };
}

const faults: string[] = [];
const statuses = new Map<number, number>();

async function peopleOf({ url }: RunningWorker, sandbox: Sandbox): Promise<People> {
	const [guest, user] = [new Visitor(url), new Visitor(url)];
	await guest.ask("/");
	await user.signUp();
	// The only owner of an organization cannot delete their account. Otherwise a random body could delete it.
	await user.ask("/api/auth/organization/create", { json: { name: "Acme", slug: crypto.randomUUID() } });
	const { body } = await user.ask("/api/keys", { json: { name: "Fuzz", scopes: ["chat", "models", "usage"] } });
	const issued = await fetch(`${sandbox.url}/issuer/token`, {
		method: "POST",
		body: JSON.stringify({ claims: { sub: "ada" }, expiresInSeconds: 36_000 }),
	});
	return { guest, user, bearers: [JSON.parse(body).secret, ((await issued.json()) as { token: string }).token] };
}

/** Imports a chat for the user, which counts no unit. */
async function importChat(user: Visitor): Promise<string> {
	const answer = {
		text: "Yes",
		reasoning: "",
		sources: [],
		state: "complete",
		model: "old",
		counted: true,
		units: 1,
		askedAt: "2024-03-01T10:00:00.000Z",
	};
	const turn = { turn: 1, parent: null, answersAgain: null, question: { text: "Hello?", files: [] }, answer };
	const chat = {
		format: "parley.chat",
		version: 1,
		id: `old-${crypto.randomUUID()}`,
		title: "Old",
		instructions: "",
		exportedAt: answer.askedAt,
		shown: 1,
		turns: [turn],
	};
	const imported = await user.ask("/api/chats/import", { json: chat });
	if (imported.status !== 201) throw new Error(`import: ${imported.status} ${imported.body}`);
	return JSON.parse(imported.body).id;
}

/** The HTTP methods that an address supports. */
async function verbsOf({ url }: RunningWorker, { path }: Endpoint): Promise<string[]> {
	const response = await fetch(url + path, { method: "PUT", redirect: "manual" });
	await response.arrayBuffer();
	return response.headers.get("allow")?.split(", ") ?? METHODS;
}

const cookieOf = ({ cookies }: Visitor) => [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");

/** The sender of a request: none, the guest, the user, or a program with the API key or another credential. */
function headersOf({ guest, user, bearers }: People, endpoint: Endpoint): Record<string, string> {
	// Random IP addresses, so that limits per IP address do not hide the code behind them.
	const network = { "cf-connecting-ip": `10.${[0, 0, 0].map(() => Math.floor(random() * 256)).join(".")}` };
	const who = endpoint.path.startsWith("/v1") ? 0.75 + random() / 4 : random();
	if (who < 0.2) return network;
	if (who < 0.4) return { ...network, cookie: cookieOf(guest) };
	if (who < 0.75) return { ...network, cookie: cookieOf(user) };
	const bearer =
		random() < 0.8 ? pick(bearers) : pick(["key_", `key_${"A".repeat(43)}`, "a.b.c", "x".repeat(5_000), "eyJhbGciOiJub25lIn0.e30."]);
	return { ...network, authorization: `Bearer ${bearer}` };
}

async function send({ url }: RunningWorker, { path, method, body, headers }: Sent): Promise<void> {
	const told = `${method} ${path} ${body.type} ${typeof body.text === "string" ? body.text.slice(0, 300) : `${body.text.length} bytes`}`;
	try {
		const response = await fetch(url + path, {
			...{ method, redirect: "manual", signal: AbortSignal.timeout(LATE_MS) },
			headers: {
				...headers,
				...(body.type && { "content-type": body.type }),
				...(path.startsWith("/_serverFn") && { "x-tsr-serverfn": "true" }),
			},
			...(method !== "GET" && { body: body.text as BodyInit }),
		});
		await response.arrayBuffer();
		statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
		if (response.status >= 500) faults.push(`${response.status}: ${told}`);
	} catch (error) {
		faults.push(`${error}: ${told}`);
	}
}

async function fuzz(running: RunningWorker, people: People, all: readonly Known[], bodies: number): Promise<void> {
	let left = bodies;
	let chatId = "";
	const lane = async () => {
		while (left > 0) {
			left -= 1;
			if (left % IMPORT_EVERY === 0 || chatId === "") chatId = await importChat(people.user);
			// Addresses take turns, so that each is covered.
			const { endpoint, verbs } = all[left % all.length] as Known;
			const path = random() < 0.7 ? endpoint.path.replace("/chat/some", `/chat/${chatId}`) : endpoint.path;
			const method = random() < 0.95 ? pick(verbs) : pick(METHODS);
			await send(running, { path, method, body: bodyFor(endpoint, random), headers: headersOf(people, endpoint) });
		}
	};
	await Promise.all(Array.from({ length: AT_ONCE }, lane));
}

/** The isolate's memory once it is idle and all objects are evicted. */
async function idleMiB({ inspector }: RunningWorker): Promise<number> {
	await wait(IDLE_MS);
	return isolateMiB(inspector);
}

async function assertNothingTaken({ guest, user }: People): Promise<void> {
	for (const [name, visitor, tier] of [
		["the guest", guest, "guest"],
		["the user", user, "free"],
	] as const) {
		const usage = JSON.parse((await visitor.ask("/api/usage")).body);
		if (usage.used !== 0 || usage.held !== 0 || usage.tier !== tier) faults.push(`${name} ends with ${JSON.stringify(usage)}`);
	}
}

/** Each provider's settings, and the addresses that exist only with the other provider, which are fuzzed there. */
const PROVIDERS = {
	flowglad: {
		variables: (sandboxUrl: string) => ({
			FLOWGLAD_SECRET_KEY: "sk_test_sandbox",
			FLOWGLAD_BASE_URL: sandboxUrl,
			FLOWGLAD_WEBHOOK_SECRET: `whsec_${btoa("a webhook secret")}`,
		}),
		ofOther: "/api/stripe/",
	},
	stripe: {
		variables: (sandboxUrl: string) => ({
			STRIPE_SECRET_KEY: "sk_test_sandbox",
			STRIPE_BASE_URL: sandboxUrl,
			STRIPE_WEBHOOK_SECRET: "whsec_a webhook secret",
		}),
		ofOther: "/api/flowglad/",
	},
};

/** A configuration with everything enabled, against the sandbox. */
const variablesAt = (sandboxUrl: string) => ({
	...{ BETTER_AUTH_SECRET: "a secret of the fuzz script, long enough", GUEST_COOKIE_SECRET: "another secret of the script; long enough" },
	...{ AI_BASE_URL: `${sandboxUrl}/model/v1`, AI_MODELS: "sandbox", SEARCH_URL: `${sandboxUrl}/search/searxng`, SEARCH_KIND: "searxng" },
	...{ JWT_ISSUER: `${sandboxUrl}/issuer`, JWT_AUDIENCE: "parley", JWT_JWKS_URL: `${sandboxUrl}/issuer/.well-known/jwks.json` },
	...{ GITHUB_CLIENT_ID: "oauth_client_sandbox", GITHUB_CLIENT_SECRET: "oauth_secret_sandbox", GITHUB_BASE_URL: `${sandboxUrl}/github` },
	...{ GOOGLE_CLIENT_ID: "oauth_client_sandbox", GOOGLE_CLIENT_SECRET: "oauth_secret_sandbox", GOOGLE_BASE_URL: `${sandboxUrl}/google` },
	...{ EMAIL_URL: `${sandboxUrl}/__sandbox/mail`, SECURITY_CONTACT: "mailto:security@parley.example" },
});

async function fuzzWith(provider: keyof typeof PROVIDERS, bodies: number): Promise<void> {
	const { variables, ofOther } = PROVIDERS[provider];
	const sandbox = await startSandbox({ port: 0, secretKey: "sk_test_sandbox" });
	const configured = { ...variablesAt(sandbox.url), ...variables(sandbox.url) };
	const running = await startWorker(readBuild(), configured, { inspected: true, objects: ALL_OBJECTS, files: true });
	try {
		const all: Known[] = [];
		for (const endpoint of endpoints().filter(({ path }) => !path.startsWith(ofOther)))
			all.push({ endpoint, verbs: await verbsOf(running, endpoint) });
		console.log(`fuzz with ${provider}: ${bodies} bodies over ${all.length} addresses, --seed=${seed}`);
		const people = await peopleOf(running, sandbox);
		await fuzz(running, people, all, WARM_UP);
		const beforeMiB = await idleMiB(running);
		const beganMs = Date.now();
		await fuzz(running, people, all, bodies);
		const seconds = (Date.now() - beganMs) / 1000;
		const afterMiB = await idleMiB(running);
		await assertNothingTaken(people);
		const { modelCalls, usageEvents, stripe } = (await (await fetch(`${sandbox.url}/__sandbox/state`)).json()) as SandboxState;
		const reported = usageEvents.length + stripe.meterEvents.length;
		if (modelCalls.length > 0) faults.push(`the model was called ${modelCalls.length} times`);
		if (reported > 0) faults.push(`${reported} units were reported`);
		const grownMiB = afterMiB - beforeMiB;
		if (grownMiB >= GROWTH_MAX_MIB) faults.push(`the isolate keeps ${grownMiB.toFixed(1)} MiB`);
		console.log(
			`${(bodies / seconds).toFixed(0)} a second; isolate ${beforeMiB.toFixed(1)} MiB before, ${afterMiB.toFixed(1)} MiB after: ${grownMiB.toFixed(1)} MiB more`,
		);
		console.log(`model calls ${modelCalls.length}, units reported ${reported}, errors logged ${running.errors.length}`);
	} finally {
		await running.close();
		await sandbox.close();
	}
}

const bodies = Number(values.bodies);
await fuzzWith("flowglad", Math.ceil(bodies / 2));
await fuzzWith("stripe", Math.floor(bodies / 2));
const counted = [...statuses].sort(([a], [b]) => a - b).map(([status, count]) => `${status} × ${count}`);
console.log(`answers (with twice ${WARM_UP} to warm up): ${counted.join(", ")}`);
for (const fault of faults.slice(0, 50)) console.log(`FAULT ${fault}`);
console.log(faults.length === 0 ? "passed" : `FAILED: ${faults.length} faults`);
process.exitCode = faults.length === 0 ? 0 : 1;

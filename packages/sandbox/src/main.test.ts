import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";

// Each test starts up to three Node processes, which is slow on a loaded machine.
vi.setConfig({ testTimeout: 60_000 });

/** The CLI as `npm start` runs it, on a free port. */
async function spawnSandbox(statePath?: string, variables: Record<string, string> = {}): Promise<{ url: string; process: ChildProcess }> {
	const child = spawn(process.execPath, [join(import.meta.dirname, "main.ts")], {
		env: {
			PATH: process.env.PATH,
			SANDBOX_PORT: "0",
			APP_URL: "http://127.0.0.1:1",
			...(statePath === undefined ? {} : { SANDBOX_STATE: statePath }),
			...variables,
		},
		stdio: ["ignore", "pipe", "inherit"],
	});
	onTestFinished(() => {
		child.kill("SIGKILL");
	});
	const [line] = await once(child.stdout, "data");
	expect(String(line)).toMatch(/^sandbox ready http:\/\/localhost:\d+\n$/);
	return { url: String(line).trim().replace("sandbox ready ", ""), process: child };
}

async function kill(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
	const exited = once(child, "exit");
	child.kill(signal);
	const [code] = await exited;
	return code;
}

const createCustomer = (url: string, externalId: string) =>
	fetch(`${url}/api/v1/customers`, {
		method: "POST",
		headers: { authorization: "sk_test_sandbox", "content-type": "application/json" },
		body: JSON.stringify({ customer: { externalId, name: "Ada", email: "ada@example.com" } }),
	});

const json = { "content-type": "application/json" };

it("keeps every acknowledged change after SIGKILL and SIGTERM", async () => {
	const folder = mkdtempSync(join(tmpdir(), "sandbox-"));
	onTestFinished(() => rmSync(folder, { recursive: true }));
	const statePath = join(folder, "new-folder", "state.json");
	const first = await spawnSandbox(statePath);
	await Promise.all(["user_1", "user_2", "user_3"].map((id) => createCustomer(first.url, id)));
	await kill(first.process, "SIGKILL");

	const second = await spawnSandbox(statePath);
	expect((await createCustomer(second.url, "user_1")).status).toBe(409);
	await fetch(`${second.url}/__sandbox/clock`, { method: "POST", headers: json, body: '{"advanceMs":86400000}' });
	expect(await kill(second.process, "SIGTERM")).toBe(0);

	const third = await spawnSandbox(statePath);
	const state = await (await fetch(`${third.url}/__sandbox/state`)).json();
	expect(state).toMatchObject({ customers: [{}, {}, {}], calls: { "POST /api/v1/customers": 4 } });
	expect(await (await fetch(`${third.url}/__sandbox/clock`)).json()).toMatchObject({ offsetMs: 86_400_000 });
});

it("listens on localhost and 127.0.0.1, and exits at once while a client waits", async () => {
	const { url, process: child } = await spawnSandbox();
	for (const host of ["localhost", "127.0.0.1"]) {
		const response = await fetch(`${url.replace("localhost", host)}/__sandbox/clock`);
		expect(response.status).toBe(200);
	}
	await fetch(`${url}/__sandbox/faults`, { method: "POST", headers: json, body: '{"api":[{"path":"/api/v1/*","hang":true}]}' });
	const waiting = expect(createCustomer(url, "user_1")).rejects.toThrow();
	// The fault never ends: the process exits only if it does not wait for the client.
	expect(await kill(child, "SIGINT")).toBe(0);
	await waiting;
});

it("keeps idle connections open for ten minutes", async () => {
	const { url } = await spawnSandbox();
	const response = await fetch(`${url}/__sandbox/clock`);
	expect(response.headers.get("keep-alive")).toBe("timeout=600");
});

it("reads Stripe's key, secret and webhook URL from the environment", async () => {
	const { url } = await spawnSandbox(undefined, {
		STRIPE_SECRET_KEY: "sk_test_own",
		STRIPE_WEBHOOK_SECRET: "whsec_own",
		STRIPE_WEBHOOK_URL: "http://127.0.0.1:1/hook",
	});
	const statusWith = async (key: string) => (await fetch(`${url}/v1/prices`, { headers: { authorization: `Bearer ${key}` } })).status;
	expect([await statusWith("sk_test_own"), await statusWith("sk_test_sandbox")]).toEqual([200, 401]);
	expect(await (await fetch(`${url}/stripe`)).text()).toContain("http://127.0.0.1:1/hook");
});

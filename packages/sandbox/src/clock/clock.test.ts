import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { eventually } from "../testing/eventually.ts";
import { runSandbox } from "../testing/harness.ts";

const clock = async (response: Promise<Response>) => (await response).json();

it("moves forward, to an instant, and back to the machine's time", async () => {
	const { send } = await runSandbox({ now: () => 1000 });
	const move = (body: object) => clock(send("POST", "/__sandbox/clock", body));
	expect(await move({ nowMs: 9000 })).toEqual({ nowMs: 9000, offsetMs: 8000, frozenAtMs: null, appStatus: null });
	expect(await clock(send("GET", "/__sandbox/clock"))).toEqual({ nowMs: 9000, offsetMs: 8000, frozenAtMs: null });
	expect(await move({ advanceMs: 500 })).toMatchObject({ nowMs: 9500 });
	expect(await move({ offsetMs: 0 })).toMatchObject({ nowMs: 1000, offsetMs: 0 });
	expect((await send("POST", "/__sandbox/clock", { advanceMs: "x" })).status).toBe(400);
	expect((await send("POST", "/__sandbox/clock", { advanceMs: -1 })).status).toBe(400);
});

it("refuses every move before 1970 or after 2099, and then keeps its time", async () => {
	const { send } = await runSandbox({ now: () => 1000 });
	for (const move of [
		{ nowMs: 8.64e15 },
		{ advanceMs: 4.2e12 },
		{ offsetMs: 9e15 },
		{ offsetMs: -2000 },
		{ nowMs: Date.UTC(2100, 0, 1) },
	]) {
		const response = await send("POST", "/__sandbox/clock", move);
		expect([move, response.status]).toEqual([move, 400]);
	}
	expect(await clock(send("GET", "/__sandbox/clock"))).toMatchObject({ nowMs: 1000 });
	expect((await send("POST", "/__sandbox/clock", { nowMs: Date.UTC(2099, 11, 31) })).status).toBe(200);
});

it("freezes while the machine's clock runs, can be moved while frozen, and resumes from there", async () => {
	let machine = 1000;
	const { send } = await runSandbox({ now: () => machine });
	const move = (body: object) => clock(send("POST", "/__sandbox/clock", body));
	expect(await move({ frozen: true })).toMatchObject({ nowMs: 1000, frozenAtMs: 1000, offsetMs: 0 });
	machine = 5000;
	expect(await clock(send("GET", "/__sandbox/clock"))).toEqual({ nowMs: 1000, offsetMs: -4000, frozenAtMs: 1000 });
	expect(await move({ advanceMs: 60_000 })).toMatchObject({ nowMs: 61_000, frozenAtMs: 61_000 });
	machine = 6000;
	expect(await move({ frozen: false })).toMatchObject({ nowMs: 61_000, frozenAtMs: null });
	machine = 7000;
	expect(await clock(send("GET", "/__sandbox/clock"))).toMatchObject({ nowMs: 62_000 });
});

it("moves by exactly the requested amount, although time passes meanwhile", async () => {
	let machine = 1000;
	const { send } = await runSandbox({
		now: () => {
			machine += 1;
			return machine;
		},
	});
	const move = (body: object) => clock(send("POST", "/__sandbox/clock", body));
	expect(await move({ advanceMs: 86_400_000 })).toMatchObject({ offsetMs: 86_400_000 });
	expect(await move({ offsetMs: 500 })).toMatchObject({ offsetMs: 500 });
});

/** An app that records clock moves and answers with `status`. */
async function startApp(status: number): Promise<{ url: string; heard: unknown[] }> {
	const heard: unknown[] = [];
	const server = createServer((request, response) => {
		let text = "";
		request.on("data", (chunk) => {
			text += chunk;
		});
		request.on("end", () => {
			heard.push({ path: `${request.method} ${request.url}`, body: JSON.parse(text) });
			response.writeHead(status).end();
		});
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	onTestFinished(() => {
		server.close();
		server.closeAllConnections();
	});
	return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, heard };
}

it("sends the app every clock move, including a reset that moves the clock", async () => {
	const app = await startApp(204);
	const { send } = await runSandbox({ now: () => 1000, appUrl: app.url });
	expect(await clock(send("POST", "/__sandbox/clock", { advanceMs: 4000 }))).toMatchObject({ appStatus: 204 });
	const path = "POST /api/dev/clock";
	expect(app.heard).toEqual([{ path, body: { nowMs: 5000, offsetMs: 4000, frozenAtMs: null } }]);
	await send("POST", "/__sandbox/reset");
	expect(app.heard.at(-1)).toEqual({ path, body: { nowMs: 1000, offsetMs: 0, frozenAtMs: null } });
	await send("POST", "/__sandbox/reset");
	expect(app.heard).toHaveLength(2);
});

it("moves without an app, or with an app that refuses the move", async () => {
	const refusing = await startApp(404);
	const withApp = await runSandbox({ now: () => 1000, appUrl: refusing.url });
	expect(await clock(withApp.send("POST", "/__sandbox/clock", { advanceMs: 1 }))).toMatchObject({ nowMs: 1001, appStatus: 404 });
	const without = await runSandbox({ now: () => 1000, appUrl: "http://127.0.0.1:1" });
	expect(await clock(without.send("POST", "/__sandbox/clock", { advanceMs: 1 }))).toMatchObject({ nowMs: 1001, appStatus: null });
});

it("applies due changes without a request", async () => {
	const sandbox = await runSandbox();
	await sandbox.flowglad("user_1").findOrCreateCustomer();
	await sandbox.faults({ activationDelayMs: 100 });
	await sandbox.buy("user_1", "pro_monthly");
	// Reads the state directly, because a request would apply due changes.
	await eventually(() => expect(sandbox.world.state.subscriptions.some(({ isFreePlan, current }) => current && !isFreePlan)).toBe(true));
});

import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { startSandbox } from "./sandbox.ts";
import { scenarios } from "./scenarios/scenarios.ts";
import { emptyState } from "./state.ts";
import { createCommit, readState } from "./state-file.ts";
import { runSandbox } from "./testing/harness.ts";

function stateFile(): string {
	const folder = mkdtempSync(join(tmpdir(), "sandbox-"));
	onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
	return join(folder, "state.json");
}

describe("the state file", () => {
	it("keeps the last complete state after a crash during a write, and the next write replaces the leftover file", async () => {
		const path = stateFile();
		const state = emptyState();
		state.clockOffsetMs = 1;
		await createCommit(path, () => state)();
		// The leftover of a crash between write and rename.
		writeFileSync(`${path}.tmp`, '{"clockOffsetMs":2,"custom');
		expect(readState(path, {}).clockOffsetMs).toBe(1);
		state.clockOffsetMs = 3;
		await createCommit(path, () => state)();
		expect([readState(path, {}), existsSync(`${path}.tmp`)]).toEqual([state, false]);
	});

	it("is not rewritten if nothing has changed", async () => {
		const path = stateFile();
		const state = emptyState();
		const commit = createCommit(path, () => state);
		await commit();
		const { ino } = statSync(path);
		await commit();
		expect(statSync(path).ino).toBe(ino);
		state.clockOffsetMs = 1;
		await commit();
		expect(readState(path, {}).clockOffsetMs).toBe(1);
	});

	it("is written by the next commit after a failed write", async () => {
		const path = stateFile();
		const state = emptyState();
		let isBroken = true;
		const commit = createCommit(path, () => {
			if (isBroken) throw new Error("disk full");
			return state;
		});
		await expect(commit()).rejects.toThrow("disk full");
		isBroken = false;
		await commit();
		expect(readState(path, {})).toEqual(state);
	});

	it("includes a change made while an earlier write was pending", async () => {
		const path = stateFile();
		const state = emptyState();
		const commit = createCommit(path, () => state);
		await commit();
		state.clockOffsetMs = 1;
		const first = commit();
		await first;
		state.clockOffsetMs = 2;
		await commit();
		expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({ clockOffsetMs: 2 });
	});
});

describe("a sandbox restarted from its file", () => {
	it("has every record of every scenario with all its fields", async () => {
		const path = stateFile();
		const first = await runSandbox({ statePath: path });
		for (const { name, needsApp } of scenarios) if (!needsApp) await first.send("POST", `/__sandbox/scenarios/${name}`, {});
		await first.send("POST", "/__sandbox/mail", { to: "ada@example.com", subject: "Grüße 🎉", text: "\u2028" });
		await first.faults({ api: [{ path: "/v1/*", status: 500, times: 3 }] });
		await first.send("POST", "/__sandbox/clock", { frozen: true });
		const before = structuredClone(first.world.state);
		await first.close();
		expect(JSON.parse(JSON.stringify(before))).toEqual(before);
		const second = await startSandbox({ port: 0, secretKey: "sk_test_sandbox", statePath: path });
		onTestFinished(() => second.close());
		expect(second.world.state).toEqual(before);
		expect(second.world.nowMs()).toBe(before.frozenAtMs);
	});

	it("still replays answers for idempotency keys, and remembers the keys of mails", async () => {
		const path = stateFile();
		const send = async () => {
			const sandbox = await startSandbox({ port: 0, secretKey: "sk_test_sandbox", statePath: path });
			const post = async (address: string, headers: Record<string, string>, body: string) => {
				const response = await fetch(`${sandbox.url}${address}`, { method: "POST", headers: { "idempotency-key": "k", ...headers }, body });
				return ((await response.json()) as { id: string }).id;
			};
			const form = { authorization: "Bearer sk_test_sandbox", "content-type": "application/x-www-form-urlencoded" };
			const ids = [
				await post("/v1/customers", form, "name=Ada"),
				await post("/__sandbox/mail", { "content-type": "application/json" }, '{"to":"a@example.com","subject":"","text":""}'),
			];
			const { stripe, mailbox } = sandbox.world.state;
			const counts = [stripe.customers.length, mailbox.length];
			await sandbox.close();
			return { ids, counts };
		};
		const first = await send();
		expect(first.counts).toEqual([1, 1]);
		expect(await send()).toEqual(first);
	});
});

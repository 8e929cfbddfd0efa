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
	it("is the last whole one after a crash in the middle of a write, and the next write replaces what that left", async () => {
		const path = stateFile();
		const state = emptyState();
		state.clockOffsetMs = 1;
		await createCommit(path, () => state)();
		// What a crash between the write and the rename leaves.
		writeFileSync(`${path}.tmp`, '{"clockOffsetMs":2,"custom');
		expect(readState(path, {}).clockOffsetMs).toBe(1);
		state.clockOffsetMs = 3;
		await createCommit(path, () => state)();
		expect([readState(path, {}), existsSync(`${path}.tmp`)]).toEqual([state, false]);
	});

	it("is not written again while nothing has changed", async () => {
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

	it("is written by the next commit after one that failed", async () => {
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

	it("has a change that was made while the write before was waited for", async () => {
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

describe("a sandbox that starts again from its file", () => {
	it("has every record of every scenario as it was, and lost no field on the way", async () => {
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

	it("still knows the answers to idempotency keys, and the keys of mails", async () => {
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

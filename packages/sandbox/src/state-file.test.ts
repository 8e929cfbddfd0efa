import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { emptyState } from "./state.ts";
import { createCommit, readState } from "./state-file.ts";

function stateFile(): { folder: string; path: string } {
	const folder = mkdtempSync(join(tmpdir(), "sandbox-"));
	onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
	return { folder, path: join(folder, "state.json") };
}

it("starts empty with the given settings if the file does not exist", () => {
	expect(readState(stateFile().path, { maxPlan: true })).toEqual(emptyState({ maxPlan: true }));
});

it("rejects a corrupt file and leaves it unchanged", () => {
	const { path } = stateFile();
	writeFileSync(path, '{"customers": [');
	expect(() => readState(path, {})).toThrow(SyntaxError);
	expect(readFileSync(path, "utf8")).toBe('{"customers": [');
});

it("fills fields missing from an older file, and prefers stored settings over the given ones", () => {
	const { path } = stateFile();
	writeFileSync(path, JSON.stringify({ clockOffsetMs: 5, settings: { maxPlan: false }, stripe: { origin: "http://localhost:9" } }));
	const state = readState(path, { maxPlan: true, freeCredits: 20 });
	expect(state).toMatchObject({ clockOffsetMs: 5, customers: [], settings: { maxPlan: false, freeCredits: 20 } });
	expect(state.stripe).toMatchObject({ origin: "http://localhost:9", customers: [], tasks: [] });
});

it("writes the latest state once per event loop turn, and removes the temporary file", async () => {
	const { folder, path } = stateFile();
	const state = emptyState();
	const commit = createCommit(path, () => state);
	const first = commit();
	state.clockOffsetMs = 1;
	expect(commit()).toBe(first);
	await first;
	expect(readState(path, {}).clockOffsetMs).toBe(1);
	expect(readdirSync(folder)).toEqual(["state.json"]);
});

it("rejects when the state cannot be written", async () => {
	const { folder, path } = stateFile();
	const commit = createCommit(path, () => emptyState());
	rmSync(folder, { recursive: true });
	await expect(commit()).rejects.toMatchObject({ code: "ENOENT" });
});

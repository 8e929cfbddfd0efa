import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it, onTestFinished, vi } from "vitest";
import { main } from "./main.ts";
import { runSandbox, secretKey } from "./testing/sandbox.ts";

// Each command runs in its own folder, isolated from the developer's .dev.vars.

function emptyFolder(): string {
	const folder = mkdtempSync(join(tmpdir(), "parley-plans-"));
	onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
	return folder;
}

const blank = {
	STRIPE_SECRET_KEY: "",
	STRIPE_BASE_URL: "",
	FLOWGLAD_SECRET_KEY: "",
	FLOWGLAD_BASE_URL: "",
	BILLING_PROVIDER: "",
};

const home = process.cwd();
afterEach(() => {
	process.chdir(home);
	vi.unstubAllEnvs();
});

/** Runs a command in this process, with the given variables and folder. */
async function run(args: string[], { cwd = emptyFolder(), ...vars }: Record<string, string> = {}) {
	process.chdir(cwd);
	vi.stubEnv("PARLEY_STATE", undefined);
	for (const [name, value] of Object.entries({ ...blank, ...vars })) vi.stubEnv(name, value);
	let output = "";
	const write = (line: unknown) => {
		output += `${line}\n`;
	};
	return { code: await main(args, { log: write, error: write }), output };
}

const flowglad = ({ url }: { url: string }) => ({ FLOWGLAD_SECRET_KEY: secretKey, FLOWGLAD_BASE_URL: url });

it("exits 1 on drift, and 0 after a push", async () => {
	const sandbox = await runSandbox({ emptyCatalogue: true });
	const drift = await run(["diff"], flowglad(sandbox));
	expect(drift).toMatchObject({ code: 1, output: expect.stringContaining("plan pro_monthly: not at Flowglad\n") });
	expect(await run(["push"], flowglad(sandbox))).toMatchObject({ code: 0, output: expect.stringContaining("Made plan pro_monthly.\n") });
	expect(await run(["push"], flowglad(sandbox))).toMatchObject({ code: 0, output: expect.stringContaining("Nothing to do") });
	expect(await run(["diff"], flowglad(sandbox))).toEqual({
		code: 0,
		output: `Flowglad at ${sandbox.url}, with the key of the environment.\nFlowglad is as plans.json says.\n`,
	});
});

it("does the same at Stripe, chosen by BILLING_PROVIDER or --provider", async () => {
	const sandbox = await runSandbox({ stripeCatalogue: false });
	const keys = { ...flowglad(sandbox), STRIPE_SECRET_KEY: secretKey, STRIPE_BASE_URL: sandbox.url };
	const drift = await run(["diff", "--provider", "stripe"], keys);
	expect(drift).toMatchObject({ code: 1, output: expect.stringContaining("plan pro_monthly: not at Stripe\n") });
	expect(await run(["push"], { ...keys, BILLING_PROVIDER: "stripe" })).toMatchObject({ code: 0 });
	expect(await run(["diff"], { ...keys, BILLING_PROVIDER: "stripe" })).toEqual({
		code: 0,
		output: `Stripe at ${sandbox.url}, with the key of the environment.\nStripe is as plans.json says.\n`,
	});
	expect(await run(["push", "--provider", "stripe"], { ...keys, STRIPE_SECRET_KEY: "sk_test_wrong" })).toMatchObject({
		code: 2,
		output: expect.stringContaining("rejects this key"),
	});
});

it("creates the app's webhook endpoint, and prints its secret", async () => {
	const sandbox = await runSandbox({});
	const cwd = emptyFolder();
	const first = await run(["push", "--app-url", "https://your.app/"], { cwd, ...flowglad(sandbox) });
	expect(first).toMatchObject({
		code: 0,
		output: expect.stringMatching(/secret of https:\/\/your\.app\/api\/flowglad\/webhook.*: whsec_/),
	});
	const second = await run(["push", "--app-url", "https://your.app"], { cwd, ...flowglad(sandbox) });
	expect(second).toMatchObject({ code: 0, output: expect.stringContaining("Nothing to do") });
});

it("takes the key from the environment, else .dev.vars, else npm start", async () => {
	const sandbox = await runSandbox({});
	const cwd = emptyFolder();
	const lines = (vars: object) => Object.entries(vars).map(([name, value]) => `${name}=${JSON.stringify(value)}\n`);
	const by = (from: string) => ({ code: 0, output: expect.stringContaining(`with the key of ${from}.`) });
	mkdirSync(join(cwd, ".wrangler/state"), { recursive: true });
	writeFileSync(join(cwd, ".wrangler/state/start.env"), lines(flowglad(sandbox)).join(""));
	expect(await run(["diff"], { cwd })).toMatchObject(by("npm start"));
	writeFileSync(join(cwd, ".dev.vars"), lines({ BETTER_AUTH_SECRET: "x", ...flowglad(sandbox) }).join(""));
	expect(await run(["diff"], { cwd })).toMatchObject(by(".dev.vars"));
	expect(await run(["diff"], { cwd, ...flowglad(sandbox) })).toMatchObject(by("the environment"));
});

it("exits 2 on an error, with the reason", async () => {
	expect(await run(["diff"])).toMatchObject({ code: 2, output: expect.stringContaining("set STRIPE_SECRET_KEY or FLOWGLAD_SECRET_KEY") });
	expect(await run(["diff", "--provider", "stripe"])).toMatchObject({
		code: 2,
		output: expect.stringContaining("set STRIPE_SECRET_KEY in"),
	});
	for (const args of [[], ["pull"], ["push", "--provider", "paddle"], ["push", "--app-url", "your.app"], ["push", "twice"]])
		expect(await run(args)).toMatchObject({ code: 2, output: expect.stringContaining("npm run billing:push") });
	const both = { FLOWGLAD_SECRET_KEY: "a", STRIPE_SECRET_KEY: "b" };
	expect(await run(["diff"], both)).toMatchObject({ code: 2, output: expect.stringContaining("keys for both providers") });
	expect(await run(["diff"], { ...both, BILLING_PROVIDER: "paddle" })).toMatchObject({
		code: 2,
		output: expect.stringContaining("BILLING_PROVIDER"),
	});
	const sandbox = await runSandbox({});
	const wrong = await run(["diff"], { ...flowglad(sandbox), FLOWGLAD_SECRET_KEY: "sk_test_wrong" });
	expect(wrong).toMatchObject({ code: 2, output: expect.stringContaining("rejects this key") });
	expect(wrong.output).not.toContain("sk_test_wrong");
	const nowhere = {
		FLOWGLAD_SECRET_KEY: "a",
		FLOWGLAD_BASE_URL: "http://127.0.0.1:9",
		STRIPE_SECRET_KEY: "b",
		STRIPE_BASE_URL: "http://127.0.0.1:9",
	};
	for (const provider of ["flowglad", "stripe"]) {
		const { code, output } = await run(["push", "--provider", provider], nowhere);
		expect({ code, output }).toEqual({ code: 2, output: expect.stringContaining("http://127.0.0.1:9 could not be reached") });
	}
});

it("is a command: it reads its arguments, writes to the console and sets the exit code", () => {
	const { status, stdout, stderr } = spawnSync(process.execPath, [join(import.meta.dirname, "main.ts"), "diff"], {
		cwd: emptyFolder(),
		env: { ...process.env, ...blank, PARLEY_STATE: emptyFolder() },
		encoding: "utf8",
	});
	expect({ status, stdout, stderr }).toMatchObject({
		status: 2,
		stdout: "",
		stderr: expect.stringContaining("No key: set STRIPE_SECRET_KEY"),
	});
});

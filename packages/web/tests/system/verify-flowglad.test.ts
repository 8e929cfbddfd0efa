import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FlowgladServerAdmin } from "@flowglad/server";
import { startSandbox } from "@parley/sandbox";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort, Running, root, temporaryFolder } from "./process.ts";

// `npm run verify:flowglad -- <userId>` against the sandbox, in its own folder, without the developer's .dev.vars.

const apiKey = "sk_test_sandbox";
const folder = temporaryFolder();
let sandbox: Awaited<ReturnType<typeof startSandbox>>;

beforeAll(async () => {
	sandbox = await startSandbox({ port: 0, secretKey: apiKey });
	const admin = new FlowgladServerAdmin({ apiKey, baseURL: sandbox.url });
	await admin.createCustomer({ customer: { externalId: "ada", email: "ada@example.com", name: "Ada" } });
	mkdirSync(join(folder.path, ".wrangler/state"), { recursive: true });
});

afterAll(async () => {
	await sandbox.close();
	folder.remove();
});

async function verify(args: string[], vars: Record<string, string> = {}): Promise<{ code: number | null; output: string }> {
	const env = { FLOWGLAD_SECRET_KEY: "", FLOWGLAD_BASE_URL: "", NO_COLOR: "1", ...vars };
	const script = join(root, "packages/web/scripts/verify-flowglad.ts");
	const running = new Running(join(root, "node_modules/.bin/node"), [script, ...args], { cwd: folder.path, env });
	return { code: await running.exit(), output: running.output };
}

const access = () => ({ FLOWGLAD_SECRET_KEY: apiKey, FLOWGLAD_BASE_URL: sandbox.url });
const lines = (vars: Record<string, string>) =>
	Object.entries(vars)
		.map(([name, value]) => `${name}=${JSON.stringify(value)}\n`)
		.join("");

test("the command reports a missing user or key", async () => {
	expect(await verify([])).toMatchObject({ code: 1, output: expect.stringContaining("npm run verify:flowglad -- <userId>") });
	expect(await verify(["ada"])).toMatchObject({ code: 1, output: expect.stringContaining("Flowglad not configured") });
});

test("the command prints the customer and its subscriptions, with the key from the environment, .dev.vars or npm start, in this order", async () => {
	const found = { code: 0, output: expect.stringMatching(/Customer: \{.*externalId: 'ada'.*Subscriptions: \[.*status: 'active'/s) };
	const by = (from: string) => ({ output: expect.stringContaining(`${sandbox.url} with the key of ${from}`) });
	writeFileSync(join(folder.path, ".wrangler/state/start.env"), lines(access()));
	expect(await verify(["ada"])).toMatchObject(found);
	expect(await verify(["ada"])).toMatchObject(by("npm start"));
	writeFileSync(join(folder.path, ".dev.vars"), `BETTER_AUTH_SECRET=x\n${lines(access())}`);
	expect(await verify(["ada"])).toMatchObject(by(".dev.vars"));
	expect(await verify(["ada"], access())).toMatchObject(by("the environment"));
});

test("the command reports an unknown user, an unreachable provider and a rejected key", async () => {
	const unknown = await verify(["nobody"], access());
	expect(unknown).toMatchObject({ code: 1, output: expect.stringContaining("Customer not found") });
	expect(unknown.output).toContain("nobody");
	const away = { ...access(), FLOWGLAD_BASE_URL: `http://localhost:${await freePort()}` };
	expect(await verify(["ada"], away)).toMatchObject({ code: 1, output: expect.stringMatching(/could not be reached/) });
	const wrong = { ...access(), FLOWGLAD_SECRET_KEY: "sk_test_wrong" };
	expect(await verify(["ada"], wrong)).toMatchObject({ code: 1, output: expect.stringContaining("does not take this key") });
	expect((await verify(["ada"], wrong)).output).not.toContain("sk_test_wrong");
});

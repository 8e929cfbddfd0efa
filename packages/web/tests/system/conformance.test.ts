import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort, Running, stateFolder } from "./process.ts";

// The suite that a deployer runs after `wrangler deploy`, here against the real `npm start`. The model waits 300 ms, so that bursts overlap.

const state = stateFolder();
let app: string;
let started: Running;

beforeAll(async () => {
	const [port, sandboxPort] = [await freePort(), await freePort()];
	app = `http://localhost:${port}`;
	const sandbox = `http://localhost:${sandboxPort}`;
	started = new Running("npm", ["start"], {
		env: {
			PORT: String(port),
			SANDBOX_PORT: String(sandboxPort),
			PARLEY_STATE: state.path,
			AI_BASE_URL: `${sandbox}/model/v1`,
			AI_API_KEY: "none",
			AI_MODELS: "sandbox,second",
			AI_MODEL_UNITS: "second=2",
		},
	});
	await started.says(/Parley is ready/, 180_000);
	const faults = JSON.stringify({ model: { firstTokenMs: 300 } });
	await fetch(`${sandbox}/__sandbox/faults`, { method: "POST", headers: { "content-type": "application/json" }, body: faults });
});

afterAll(async () => {
	await started?.interrupt();
	state.remove();
});

test("the product passes every check of the conformance suite over HTTP", async () => {
	const suite = new Running("node", ["packages/conformance/src/main.ts", "--url", app, "--account"]);
	const code = await suite.exit();
	expect(suite.output).toMatch(/^first-requests .*5 answered, 5 refused \(guest\); used 5 of 5 +ok$/m);
	expect(suite.output).toMatch(/^\d+ ok, 0 breaches, 0 skipped/m);
	expect(code).toBe(0);
});

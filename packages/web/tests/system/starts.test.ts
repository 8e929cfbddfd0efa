import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { afterAll, describe, expect, test } from "vitest";
import { answers, ask, freePort, Running, temporaryFolder } from "./process.ts";

// The two starts with the sandbox, as the README describes them. clone.test.ts has the third, and the deployment.

describe("npm start", () => {
	const state = temporaryFolder();
	afterAll(() => state.remove());

	test("prints one ready line; Ctrl-C and SIGKILL end app and sandbox; a second start repeats no setup", async () => {
		const [port, sandboxPort] = [await freePort(), await freePort()];
		const env = { PORT: String(port), SANDBOX_PORT: String(sandboxPort), PARLEY_STATE: state.path };
		const [app, sandbox] = [`http://localhost:${port}`, `http://localhost:${sandboxPort}`];
		const first = new Running("npm", ["start"], { env });
		await first.says(/Parley is ready/, 180_000);
		expect(first.output).toContain(`app ${app} · sandbox ${sandbox}`);
		expect(first.output).toContain("setup: applied the database migrations");
		expect(await (await fetch(`${app}/api/health`)).json()).toMatchObject({ status: "ok", checks: { billing: "flowglad", model: "demo" } });
		expect(await (await ask(app)).text()).toContain('"counted":true');
		await first.interrupt();
		expect([await answers(`${app}/api/health`), await answers(`${sandbox}/__sandbox/state`)]).toEqual([null, null]);

		const second = new Running("npm", ["start"], { env });
		const began = Date.now();
		await second.says(/Parley is ready/, 20_000);
		console.log(`second npm start ready after ${Date.now() - began} ms`);
		expect(second.output).not.toContain("setup:");
		await second.signalOnly("script", "SIGKILL");
		expect([await answers(`${app}/api/health`), await answers(`${sandbox}/__sandbox/state`)]).toEqual([null, null]);
	});

	test("names the occupied port, and how to choose another", async () => {
		const squatter = createServer().listen(0);
		await once(squatter, "listening");
		const { port } = squatter.address() as AddressInfo;
		const start = new Running("npm", ["start"], {
			env: { PORT: String(port), SANDBOX_PORT: String(await freePort()), PARLEY_STATE: state.path },
		});
		await start.says(new RegExp(`Port ${port} is taken\\. .*PORT=${port + 100} npm start`), 20_000);
		squatter.close();
	});
});

describe("npm run dev", () => {
	const state = temporaryFolder();
	afterAll(() => state.remove());

	test("serves the app in workerd under Vite beside the sandbox, and ends when npm is hung up", async () => {
		const [port, sandboxPort] = [await freePort(), await freePort()];
		const app = `http://localhost:${port}`;
		const dev = new Running("npm", ["run", "dev"], {
			env: { PORT: String(port), SANDBOX_PORT: String(sandboxPort), PARLEY_STATE: state.path, GUEST_FREE_REQUESTS: "7" },
		});
		try {
			await dev.says(/Parley is ready/, 120_000);
			const page = await (await fetch(app)).text();
			expect(page).toContain("virtual:tanstack-start-dev-client-entry");
			expect(await answers(`${app}/@vite/client`)).toBe(200);
			expect(await (await fetch(`${app}/api/health`)).json()).toMatchObject({
				status: "ok",
				build: "dev",
				checks: { billing: "flowglad" },
			});
			expect(await (await ask(app)).text()).toContain('"counted":true');
			expect(await (await fetch(`${app}/api/usage`)).json()).toMatchObject({ limit: 7 });
		} finally {
			await dev.signalOnly("npm", "SIGHUP");
		}
		expect(await answers(`${app}/api/health`)).toBe(null);
	});
});

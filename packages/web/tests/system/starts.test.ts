import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { answers, freePort, Running, root, temporaryFolder, until } from "./process.ts";

// The three starts and the deployment, each as the README describes it.

const chat = { id: "c", messages: [{ id: "m", role: "user", parts: [{ type: "text", text: "Hello" }] }] };
const ask = (app: string) =>
	fetch(`${app}/api/chat/ai`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(chat) });

/** The built Worker's modules with their code: those loaded at startup, and those imported on demand. */
function modulesOf(folder: string): { atStart: Map<string, string>; later: Map<string, string> } {
	const atStart = new Map<string, string>();
	const load = (path: string) => {
		if (atStart.has(path)) return;
		const code = readFileSync(path, "utf8");
		atStart.set(path, code);
		for (const [, from = ""] of code.matchAll(/(?:^|[;}\n])\s*(?:import|export)\b[^"'();]*?["'](\.{1,2}\/[^"']+)["']/g))
			load(join(dirname(path), from));
	};
	load(join(folder, "index.js"));
	const all = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".js"));
	const rest = all.map((name) => join(folder, name)).filter((path) => !atStart.has(path));
	return { atStart, later: new Map(rest.map((path) => [path, readFileSync(path, "utf8")])) };
}

const kib = (modules: Map<string, string>) =>
	Math.round([...modules.values()].reduce((bytes, code) => bytes + gzipSync(code).length, 0) / 1024);

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

	test("names the port that is taken, and how to choose another", async () => {
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

describe("a fresh clone after npm ci", () => {
	const clone = temporaryFolder();
	afterAll(() => clone.remove());
	// The same sources are built once: turbo restores the files of this repository's build.
	const builtOnce = {
		TURBO_CACHE_DIR: join(root, ".turbo/cache"),
		PARLEY_BUILD: execFileSync("git", ["rev-parse", "HEAD"], { cwd: root, encoding: "utf8" }).trim(),
	};

	beforeAll(() => {
		const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "-z"], { cwd: root, encoding: "utf8" });
		for (const file of files.split("\0").filter((name) => name && existsSync(join(root, name)))) {
			mkdirSync(dirname(join(clone.path, file)), { recursive: true });
			cpSync(join(root, file), join(clone.path, file));
		}
		// What `npm ci` installs.
		for (const folder of ["node_modules", "packages/web/node_modules", "packages/sandbox/node_modules"]) {
			if (existsSync(join(root, folder))) symlinkSync(join(root, folder), join(clone.path, folder));
		}
	});

	test("deploys: wrangler deploy --dry-run builds and packs it, and creates neither secrets nor a database", async () => {
		const deploy = new Running("npx", ["wrangler", "deploy", "--dry-run"], { cwd: clone.path, env: builtOnce });
		expect(await deploy.exit(), deploy.output).toBe(0);
		expect(deploy.output).toContain("--dry-run: exiting now");
		const gzipKiB = Number(/gzip: ([\d.]+) KiB/.exec(deploy.output)?.[1]);
		console.log(`Worker: ${gzipKiB} KiB gzip`);
		// Cloudflare's free plan allows 3 MiB. better-auth's organizations take 70 KiB, Flowglad's SDK 67, Stripe's 91.
		expect(gzipKiB).toBeLessThan(1152);
		const { atStart, later } = modulesOf(join(clone.path, "packages/web/dist/server"));
		console.log(`at startup: ${atStart.size} modules, ${kib(atStart)} KiB gzip; on demand: ${later.size}, ${kib(later)} KiB`);
		for (const sdk of [/api\.stripe\.com/, /app\.flowglad\.com/]) {
			expect(
				[...atStart.values()].some((code) => sdk.test(code)),
				`${sdk} at startup`,
			).toBe(false);
			expect(
				[...later.values()].some((code) => sdk.test(code)),
				`${sdk} on demand`,
			).toBe(true);
		}
		expect(existsSync(join(clone.path, ".dev.vars"))).toBe(false);
		expect(existsSync(join(clone.path, ".wrangler/state"))).toBe(false);
	});

	test("runs under npx wrangler dev alone: guest and free tiers, the demo model, no billing", async () => {
		const port = await freePort();
		const app = `http://localhost:${port}`;
		const dev = new Running("npx", ["wrangler", "dev", "--port", String(port), "--inspector-port", "0"], {
			cwd: clone.path,
			env: builtOnce,
		});
		try {
			await until(`${app}/api/health`, 120_000, () => dev.output);
			expect(await (await fetch(`${app}/api/health`)).json()).toMatchObject({ checks: { billing: "none", model: "demo" } });
			expect(await (await ask(app)).text()).toContain("demo");
			const account = { name: "Ada", email: "ada@example.com", password: "correct horse" };
			const signUp = await fetch(`${app}/api/auth/sign-up/email`, {
				method: "POST",
				headers: { "content-type": "application/json" },
				body: JSON.stringify(account),
			});
			expect(signUp.status).toBe(200);
			const cookie = signUp.headers
				.getSetCookie()
				.map((line) => line.split(";")[0])
				.join("; ");
			const billing = await fetch(`${app}/api/flowglad/billing`, { headers: { cookie } });
			expect([billing.status, await billing.json()]).toEqual([503, { error: "Flowglad not configured" }]);
			expect(readFileSync(join(clone.path, ".dev.vars"), "utf8")).toMatch(/^BETTER_AUTH_SECRET=.{43}$/m);
		} finally {
			await dev.interrupt();
		}
	});
});

import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask, freePort, Running, root, temporaryFolder, until } from "./process.ts";

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

describe("a fresh clone after npm ci", () => {
	const clone = temporaryFolder();
	afterAll(() => clone.remove());
	// The same sources are built only once: turbo restores this repository's build.
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
		expect(gzipKiB).toBeLessThan(1_300);
		const { atStart, later } = modulesOf(join(clone.path, "packages/web/dist/server"));
		console.log(`at startup: ${atStart.size} modules, ${kib(atStart)} KiB gzip; on demand: ${later.size}, ${kib(later)} KiB`);
		expect(Number(kib(atStart))).toBeLessThan(900);
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

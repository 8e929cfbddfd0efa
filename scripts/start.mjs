// `npm start`: the whole product on this machine, the outside world included (packages/sandbox).
// `npm run dev`: the same with Vite and hot reload in place of the production build.
//
// PORT (3000), SANDBOX_PORT (3001), PARLEY_STATE (folder of the local state). Ctrl-C ends everything.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { root, setup, stateFolder, toolEnv } from "./setup.mjs";

const dev = process.argv.includes("--dev");
const port = Number(process.env.PORT ?? 3000);
const sandboxPort = Number(process.env.SANDBOX_PORT ?? 3001);
const app = `http://localhost:${port}`;
const sandbox = `http://localhost:${sandboxPort}`;
const sandboxKey = "sk_test_sandbox";
const webhookSecret = `whsec_${randomBytes(32).toString("base64")}`;
/** `BILLING_PROVIDER=stripe npm start` sells by Stripe: the sandbox speaks both. */
const billingProvider = process.env.BILLING_PROVIDER || "flowglad";

/** How the Worker reaches the sandbox. A deployment gets real values as secrets instead. */
const outsideWorld = {
	BILLING_PROVIDER: billingProvider,
	FLOWGLAD_SECRET_KEY: sandboxKey,
	FLOWGLAD_BASE_URL: sandbox,
	FLOWGLAD_WEBHOOK_SECRET: webhookSecret,
	STRIPE_SECRET_KEY: sandboxKey,
	STRIPE_BASE_URL: sandbox,
	STRIPE_WEBHOOK_SECRET: webhookSecret,
	DEV_CLOCK_URL: `${sandbox}/__sandbox/clock`,
	EMAIL_URL: `${sandbox}/__sandbox/mail`,
	MAILBOX_URL: `${sandbox}/mailbox`,
	...ownModel(),
};

/** A model of your own wins over the demo: `AI_BASE_URL=http://localhost:11434/v1 AI_MODELS=llama3 npm start`. */
function ownModel() {
	const names = ["AI_BASE_URL", "AI_API_KEY", "AI_MODELS"];
	return Object.fromEntries(names.filter((name) => process.env[name]).map((name) => [name, process.env[name]]));
}

const children = [];
let ending = false;

function launch(name, command, args, env) {
	// Own process groups, so that ending a child also ends what it has started (wrangler starts workerd).
	const child = spawn(command, args, {
		cwd: root,
		env: toolEnv(env),
		stdio: ["ignore", "pipe", "pipe"],
		detached: process.platform !== "win32",
	});
	for (const stream of [child.stdout, child.stderr]) {
		stream.setEncoding("utf8");
		stream.on("data", (text) => {
			for (const line of text.split("\n")) if (line.trim() && !noise.test(line)) console.log(`${name}: ${line}`);
		});
	}
	child.on("error", (error) => end(1, `${name} did not start: ${error.message}`));
	child.on("exit", (code) => end(code ?? 1, `${name} ended`));
	children.push(child);
	return child;
}

// What the tools print at every start and no one can act upon, above all that there is no internet.
const noise =
	/workers\.cloudflare\.com|Request\.cf|GetAddrInfoReqWrap|sandbox ready|not applicable when using Vite|not relevant in the context|^\s*$/;

function end(code, why) {
	if (ending) return;
	ending = true;
	if (why) console.error(why);
	const signal = (name) => {
		for (const child of children) {
			try {
				if (child.pid) process.kill(process.platform === "win32" ? child.pid : -child.pid, name);
			} catch {
				// already gone
			}
		}
	};
	signal("SIGTERM");
	const alive = () => children.filter((child) => child.pid && child.exitCode === null && child.signalCode === null);
	const started = Date.now();
	const timer = setInterval(() => {
		if (alive().length > 0 && Date.now() - started < 5000) return;
		signal("SIGKILL");
		clearInterval(timer);
		process.exit(code);
	}, 50);
}

/** Whether a port is free on every address: on one of them only, the app and something else would answer in turns. */
function isFree(wanted) {
	return new Promise((resolve) => {
		const server = createServer();
		server.once("error", () => resolve(false));
		server.listen(wanted, () => server.close(() => resolve(true)));
	});
}

async function answers(url) {
	try {
		return (await fetch(url)).ok;
	} catch {
		return false;
	}
}

async function until(url, seconds) {
	const deadline = Date.now() + seconds * 1000;
	while (Date.now() < deadline && !ending) {
		if (await answers(url)) return;
		await new Promise((resolve) => setTimeout(resolve, 200));
	}
	if (!ending) end(1, `${url} did not answer within ${seconds} s`);
}

for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(name, () => end(0));

try {
	setup("install", "secrets", "migrations", ...(dev ? [] : ["build"]));
} catch (error) {
	console.error(error instanceof Error ? error.message : error);
	process.exit(1);
}

for (const [name, wanted] of Object.entries({ PORT: port, SANDBOX_PORT: sandboxPort })) {
	if (await isFree(wanted)) continue;
	console.error(`Port ${wanted} is taken: end what uses it, or name another, as in "${name}=${wanted + 100} npm start".`);
	process.exit(1);
}

const state = stateFolder();
mkdirSync(state, { recursive: true });
launch("sandbox", "node", ["packages/sandbox/src/main.ts"], {
	SANDBOX_PORT: String(sandboxPort),
	SANDBOX_STATE: join(state, "sandbox.json"),
	FLOWGLAD_SECRET_KEY: sandboxKey,
	FLOWGLAD_WEBHOOK_SECRET: webhookSecret,
	STRIPE_SECRET_KEY: sandboxKey,
	STRIPE_WEBHOOK_SECRET: webhookSecret,
	APP_URL: app,
});
await until(`${sandbox}/__sandbox/state`, 30);

if (dev) {
	launch("app", "vite", ["dev", "packages/web", "--config", "packages/web/vite.config.ts"], {
		PORT: String(port),
		PARLEY_STATE: state,
		PARLEY_DEV_VARS: JSON.stringify(outsideWorld),
	});
} else {
	const envFile = join(state, "start.env");
	writeFileSync(
		envFile,
		Object.entries(outsideWorld)
			.map(([name, value]) => `${name}=${JSON.stringify(value)}\n`)
			.join(""),
		{ mode: 0o600 },
	);
	const flags = [
		"--port",
		String(port),
		"--inspector-port",
		"0",
		"--persist-to",
		state,
		"--env-file",
		join(root, ".dev.vars"),
		"--env-file",
		envFile,
	];
	launch("app", "wrangler", ["dev", ...flags, "--log-level", "warn", "--show-interactive-dev-session=false"], {
		PARLEY_STATE: state,
		WRANGLER_SEND_METRICS: "false",
	});
}
await until(`${app}/api/health`, 120);
if (!ending) console.log(`Parley is ready: app ${app} · sandbox ${sandbox} · Ctrl-C ends both`);

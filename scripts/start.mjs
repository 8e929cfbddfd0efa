// `npm start`: the whole product on this machine, with the sandbox (packages/sandbox) in place of every outside service.
// `npm run dev`: the same with Vite and hot reload in place of the production build.
//
// Reads PORT (3000), SANDBOX_PORT (3001), PARLEY_STATE (local state) and every variable in .dev.vars.example. Ctrl-C ends everything.
//
// package.json starts this file with `exec`, because a shell between npm and this process would swallow SIGINT.
// cmd.exe has no `exec` and runs the command after `||`.
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { appVariables, billingProvider, documentedNames, dotenvLines } from "./environment.mjs";
import { onNpmGone, Processes } from "./processes.mjs";
import { root, setup, stateFolder, toolEnv } from "./setup.mjs";

const dev = process.argv.includes("--dev");
const port = Number(process.env.PORT || 3000);
const sandboxPort = Number(process.env.SANDBOX_PORT || 3001);
const app = `http://localhost:${port}`;
const sandbox = `http://localhost:${sandboxPort}`;
const processes = new Processes();

// Log lines that need no action: those that the tools print at every start, mainly about a missing internet connection, and workerd's two
// lines about a disconnected client.
const noise =
	/workers\.cloudflare\.com|Request\.cf|GetAddrInfoReqWrap|sandbox ready|not applicable when using Vite|not relevant in the context|^Using secrets defined in|^kj::getCaughtException.*disconnected|^stack: .*workerd@/;

function launch(name, command, args, env) {
	const onLine = (line) => {
		if (!noise.test(line)) console.log(`${name}: ${line}`);
	};
	processes.launch(name, command, args, { cwd: root, env: toolEnv(env), onLine });
}

/** The app's variables: those that connect it to the sandbox, and those of the environment. A deployment has real values as secrets instead. */
function variablesOf(devVars) {
	const webhookSecret = `whsec_${randomBytes(32).toString("base64")}`;
	return appVariables({
		names: documentedNames(readFileSync(join(root, ".dev.vars.example"), "utf8")),
		environment: process.env,
		sandbox: {
			BILLING_PROVIDER: billingProvider(process.env, devVars),
			FLOWGLAD_SECRET_KEY: "sk_test_sandbox",
			FLOWGLAD_BASE_URL: sandbox,
			FLOWGLAD_WEBHOOK_SECRET: webhookSecret,
			STRIPE_SECRET_KEY: "sk_test_sandbox",
			STRIPE_BASE_URL: sandbox,
			STRIPE_WEBHOOK_SECRET: webhookSecret,
			DEV_CLOCK_URL: `${sandbox}/__sandbox/clock`,
			EMAIL_URL: `${sandbox}/__sandbox/mail`,
			MAILBOX_URL: `${sandbox}/mailbox`,
			SEARCH_URL: `${sandbox}/search/searxng`,
			SEARCH_KIND: "searxng",
			GITHUB_CLIENT_ID: "oauth_client_sandbox",
			GITHUB_CLIENT_SECRET: "oauth_secret_sandbox",
			GITHUB_BASE_URL: `${sandbox}/github`,
			GOOGLE_CLIENT_ID: "oauth_client_sandbox",
			GOOGLE_CLIENT_SECRET: "oauth_secret_sandbox",
			GOOGLE_BASE_URL: `${sandbox}/google`,
			JWT_ISSUER: `${sandbox}/issuer`,
			JWT_AUDIENCE: "parley",
			JWT_JWKS_URL: `${sandbox}/issuer/.well-known/jwks.json`,
		},
	});
}

/** Whether a port is free on every address. If another process used it on one address, requests could reach either process. */
function isFree(wanted) {
	return new Promise((resolve) => {
		const server = createServer();
		server.once("error", () => resolve(false));
		server.listen(wanted, () => server.close(() => resolve(true)));
	});
}

async function isUp(url) {
	try {
		return (await fetch(url)).ok;
	} catch {
		return false;
	}
}

async function until(url, seconds) {
	const deadline = Date.now() + seconds * 1000;
	while (Date.now() < deadline && !processes.isEnding) {
		if (await isUp(url)) return;
		await new Promise((resolve) => setTimeout(resolve, 200));
	}
	if (!processes.isEnding) processes.end(1, `${url} did not answer within ${seconds} s`);
}

function launchSandbox(state, variables) {
	const shared = ["FLOWGLAD_SECRET_KEY", "FLOWGLAD_WEBHOOK_SECRET", "STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"];
	launch("sandbox", "node", ["packages/sandbox/src/main.ts"], {
		SANDBOX_PORT: String(sandboxPort),
		SANDBOX_STATE: join(state, "sandbox.json"),
		APP_URL: app,
		...Object.fromEntries(shared.map((name) => [name, variables[name]])),
	});
}

/** The production build in workerd. `npm run billing:push` and `verify:flowglad` find the sandbox's keys in start.env. */
function launchApp(state, variables) {
	const file = join(state, "start.env");
	writeFileSync(file, dotenvLines(variables), { mode: 0o600 });
	const files = ["--env-file", join(root, ".dev.vars"), "--env-file", file];
	launch("app", "node", ["scripts/serve.mjs", "--port", String(port), "--state", state, ...files], { WRANGLER_SEND_METRICS: "false" });
}

/** The sources under Vite. Its Cloudflare plugin reads a single .dev.vars, so our variables follow the repository's, which they override. */
function launchDevApp(state, variables, devVars) {
	const folder = join(state, "dev");
	mkdirSync(folder, { recursive: true });
	writeFileSync(join(folder, ".dev.vars"), `${devVars}\n${dotenvLines(variables)}`, { mode: 0o600 });
	launch("app", "vite", ["dev", "packages/web", "--config", "packages/web/vite.config.ts"], {
		PORT: String(port),
		PARLEY_STATE: state,
		PARLEY_DEV_VARS_FOLDER: folder,
	});
}

for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(name, () => processes.end(0));
onNpmGone(process.env, () => processes.end(1));

try {
	setup("install", "secrets", "migrations", ...(dev ? [] : ["build"]));
} catch (error) {
	console.error(error instanceof Error ? error.message : error);
	process.exit(1);
}

for (const [name, wanted] of Object.entries({ PORT: port, SANDBOX_PORT: sandboxPort })) {
	if (await isFree(wanted)) continue;
	console.error(`Port ${wanted} is taken. Stop what uses it, or choose another: ${name}=${wanted + 100} npm start`);
	process.exit(1);
}

const state = stateFolder();
mkdirSync(state, { recursive: true });
const devVars = readFileSync(join(root, ".dev.vars"), "utf8");
const variables = variablesOf(devVars);
launchSandbox(state, variables);
await until(`${sandbox}/__sandbox/state`, 30);
if (!processes.isEnding) {
	if (dev) launchDevApp(state, variables, devVars);
	else launchApp(state, variables);
	await until(`${app}/api/health`, 120);
}
if (!processes.isEnding) console.log(`Parley is ready: app ${app} · sandbox ${sandbox} · Ctrl-C ends both`);

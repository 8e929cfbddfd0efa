// The production build in workerd, as `wrangler dev` runs it but without wrangler's proxy: the proxy answers 500 to about one request in a thousand
// that reuses a connection which workerd is closing (docs/decisions/0010).
//
//   node scripts/serve.mjs --port 3000 --state <folder> --env-file <file> …   a later file overrides an earlier one
//   --dist <folder>   another build than packages/web/dist
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs, parseEnv } from "node:util";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { unstable_readConfig as readConfig, unstable_getMiniflareWorkerOptions as readWorker } from "wrangler";
import { root } from "./setup.mjs";

const { values } = parseArgs({
	options: {
		port: { type: "string" },
		state: { type: "string" },
		dist: { type: "string" },
		"env-file": { type: "string", multiple: true, default: [] },
	},
});
const config = readConfig({ config: join(root, "wrangler.toml") });
if (values.dist) {
	config.main = join(values.dist, "server", "index.js");
	config.assets.directory = join(values.dist, "client");
}
// Miniflare needs the modules themselves, not the rules for finding them.
const {
	main,
	workerOptions: { modulesRules: _, ...worker },
} = readWorker(config);
const folder = dirname(main);
const scripts = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith(".js"));
const modules = [main, ...scripts.map((name) => join(folder, name)).filter((path) => path !== main)];
const variables = values["env-file"].map((file) => parseEnv(readFileSync(file, "utf8")));

const runtime = new Miniflare(
	convertV4MiniflareOptions({
		host: "localhost",
		port: Number(values.port),
		// The folder that `wrangler dev --persist-to` uses.
		resourcePersistencePath: join(values.state, "v3"),
		log: new Log(LogLevel.WARN),
		telemetry: { enabled: false },
		// `curl http://localhost:3000/cdn-cgi/local/scheduled` runs the cron trigger, as under `wrangler dev`.
		unsafeTriggerHandlers: true,
		cf: false,
		workers: [
			{
				...worker,
				name: config.name,
				modules: modules.map((path) => ({ type: "ESModule", path })),
				modulesRoot: folder,
				bindings: Object.assign({}, config.vars, ...variables),
				// Keep the header: tests simulate many clients on one machine.
				stripCfConnectingIp: false,
			},
		],
	}),
);
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => runtime.dispose().then(() => process.exit(0)));
await runtime.ready;

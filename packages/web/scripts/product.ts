// `npm start` with a state of its own, for scripts.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = new URL("../../../", import.meta.url).pathname;
/** Includes the build. */
const START_MAX_MS = 300_000;
const END_MAX_MS = 15_000;

export interface Product {
	app: string;
	sandbox: string;
	close(): Promise<void>;
}

/**
 * Builds and starts the product. `variables`: those of the app, from the sandbox's address.
 * @throws {Error} with the output of a start that ends or takes more than five minutes
 */
export async function startProduct(variables: (sandbox: string) => Record<string, string>): Promise<Product> {
	const state = mkdtempSync(join(tmpdir(), "parley-script-"));
	const [port, sandboxPort] = [await freePort(), await freePort()];
	const sandbox = `http://localhost:${sandboxPort}`;
	const child = spawn("npm", ["start"], {
		cwd: root,
		stdio: ["ignore", "pipe", "pipe"],
		env: {
			...process.env,
			PORT: String(port),
			SANDBOX_PORT: String(sandboxPort),
			PARLEY_STATE: state,
			...variables(sandbox),
		},
	});
	const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
	const end = async () => {
		child.kill("SIGINT");
		await Promise.race([exited, new Promise((resolve) => setTimeout(resolve, END_MAX_MS))]);
		rmSync(state, { recursive: true, force: true, maxRetries: 5 });
	};
	let output = "";
	const ready = new Promise<void>((resolve, reject) => {
		const fail = (why: string) => reject(new Error(`npm start ${why}:\n${output}`));
		const timer = setTimeout(() => fail("took too long"), START_MAX_MS);
		child.once("exit", () => fail("ended"));
		for (const stream of [child.stdout, child.stderr]) {
			stream.setEncoding("utf8").on("data", (text: string) => {
				output += text;
				if (!output.includes("Parley is ready")) return;
				clearTimeout(timer);
				resolve();
			});
		}
	});
	try {
		await ready;
	} catch (error) {
		await end();
		throw error;
	}
	return { app: `http://localhost:${port}`, sandbox, close: end };
}

async function freePort(): Promise<number> {
	const server = createServer();
	await new Promise<void>((resolve) => server.listen(0, resolve));
	const { port } = server.address() as AddressInfo;
	await new Promise((resolve) => server.close(resolve));
	return port;
}

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { main } from "../main.ts";
import type { Result } from "../rule.ts";
import { startServer } from "./server.ts";
import type { Traits } from "./traits.ts";

/** Closes what was started here. Called once after all tests of a file, because they run concurrently. */
export const closing: (() => void)[] = [];

/** Runs the command in this process. */
export async function command(...args: string[]): Promise<{ code: number; out: string; err: string }> {
	const written = { out: "", err: "" };
	const code = await main(args, {
		log: (line) => {
			written.out += `${line}\n`;
		},
		error: (line) => {
			written.err += `${line}\n`;
		},
	});
	return { code, ...written };
}

interface Report {
	exitCode: number;
	modelCallsMax: number;
	chatRequests: number;
	guestRequests: number;
	chatsLeft: number;
	results: Result[];
}

/** Runs the suite against a tiny chat with these traits. Without arguments, an account is allowed. */
export async function against(traits: Traits, ...args: string[]) {
	const server = await startServer(traits);
	const folder = mkdtempSync(join(tmpdir(), "conformance-"));
	closing.push(server.close, () => rmSync(folder, { recursive: true }));
	const file = join(folder, "result.json");
	const said = await command("--url", server.url, "--json", file, ...(args.length > 0 ? args : ["--account"]));
	const report: Report = JSON.parse(readFileSync(file, "utf8"));
	const named = (verdict: Result["verdict"]) => report.results.filter((result) => result.verdict === verdict).map((result) => result.rule);
	const found = (rule: string) => report.results.find((result) => result.rule === rule)?.found;
	return { ...said, report, found, breaches: named("BREACH"), skipped: named("skipped"), server };
}

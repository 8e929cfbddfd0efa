import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus, release, totalmem } from "node:os";
import { join } from "node:path";
import { root } from "./build.ts";

/** Machine, versions and commit of a run. A figure is meaningless without them. */
export interface Circumstances {
	commit: string;
	/** Whether the working tree differed from the commit. */
	modified: boolean;
	machine: { cores: number; cpu: string; memoryGiB: number; kernel: string };
	/** Load average of the minute before the run. Above a few tenths, other processes were running and the times are unreliable. */
	loadBefore: number;
	versions: Record<string, string>;
}

const PACKAGES = ["workerd", "miniflare", "vite", "ai", "@flowglad/server", "better-auth", "@tanstack/react-start"];

export function circumstances(loadBefore: number): Circumstances {
	const [first] = cpus();
	return {
		commit: git("rev-parse", "--short=10", "HEAD"),
		modified: git("status", "--porcelain", "--", "packages", "wrangler.toml") !== "",
		machine: {
			cores: cpus().length,
			cpu: first?.model ?? "unknown",
			memoryGiB: Math.round(totalmem() / 1024 ** 3),
			kernel: release(),
		},
		loadBefore,
		versions: { node: process.versions.node, ...Object.fromEntries(PACKAGES.map((name) => [name, versionOf(name)])) },
	};
}

function git(...args: string[]): string {
	try {
		return execFileSync("git", args, { cwd: root, encoding: "utf8" }).trim();
	} catch {
		return "unknown"; // an unpacked archive has no git
	}
}

/** Reads the package's folder, because not every package exports its package.json. */
function versionOf(name: string): string {
	const folders = createRequire(join(root, "packages/web/package.json")).resolve.paths(name) ?? [];
	for (const folder of folders) {
		try {
			return JSON.parse(readFileSync(join(folder, name, "package.json"), "utf8")).version;
		} catch {
			// not in this folder
		}
	}
	return "unknown";
}

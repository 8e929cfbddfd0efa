// The boundaries that Biome cannot express, checked by `npm run lint`. Biome itself (biome.json) checks import cycles, SDKs by name, and
// what components, routes and metering may import. `node scripts/boundaries.mjs [root]` prints each breach and exits with 1.
import { globSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";

/** Floors of packages/web/src, bottom first. A file imports only from its own room, its own floor, or a lower floor. */
const floors = [
	["text"],
	["view"],
	[
		"config.ts",
		"billing-sentences.ts",
		"chat-document.ts",
		"chat-title.ts",
		"input.ts",
		"instructions.ts",
		"name-rule.ts",
		"suggested-prompts.ts",
		"own-url.ts",
		"log.ts",
		"db",
		"lib/http/problem.ts",
		"lib/identity/subject-key.ts",
	],
	["lib/time", "lib/http/api.ts", "lib/http/drain.ts"],
	["lib/billing-helpers.ts", "lib/flowglad.ts", "lib/deletion", "lib/identity", "lib/payments"],
	["lib/billing.ts"],
	["lib/chat", "lib/http"],
	["objects"],
	["components"],
	["routes", "router.tsx", "routeTree.gen.ts", "server.ts", "start.ts"],
];

/** The packages that each package may import, in its sources and in its tests. */
const packageImports = {
	metering: { sources: [], tests: [] },
	sandbox: { sources: [], tests: [] },
	conformance: { sources: [], tests: [] },
	plans: { sources: [], tests: ["sandbox"] },
	web: { sources: ["metering", "plans"], tests: ["metering", "plans", "sandbox"] },
	bench: { sources: ["web", "metering", "sandbox"], tests: [] },
};

/** Files that may write or parse a colon, because it belongs to a format other than subject keys. */
const otherColons = {
	"packages/web/src/lib/identity/network.ts": "an IPv6 address",
	"packages/web/src/lib/identity/oauth-providers.ts": "GitHub's scope `user:email`",
	"packages/web/src/lib/identity/password.ts": "better-auth's stored password hash, `salt:key`",
	"packages/web/src/lib/payments/stripe/objects.ts": "a Stripe metadata value of ours, `start:requests`",
};

const keyOwner = "packages/web/src/lib/identity/subject-key.ts";
const bannedNames = /^(utils?|helpers?|common|misc|types)$/;
const isTest = (file) => /\.test\.tsx?$|\/(tests|testing|scripts|proof)\/|vitest\.config\.ts$/.test(file);

/**
 * Reads every source of a repository and lists what breaks a boundary.
 * @param {string} root the repository's folder
 * @returns {string[]} one line for each breach
 */
export function breaches(root) {
	const files = globSync("packages/*/{src,tests,proof,scripts}/**/*.{ts,tsx}", { cwd: root }).sort();
	return files.flatMap((file) => {
		const source = readFileSync(join(root, file), "utf8");
		const imports = importsOf(source).flatMap(({ specifier, line }) => {
			const reason = packageBreach(file, specifier) ?? floorBreach(file, specifier);
			return reason === null ? [] : [`${file}:${line} ${reason}`];
		});
		return [...nameBreaches(file), ...sdkBreaches(file, source), ...imports, ...keyBreaches(file, source)];
	});
}

/** Static imports, re-exports and `import()`, whether of values or of types. */
function importsOf(source) {
	return [...source.matchAll(/(?:^|[\s})])(?:from|import)\s*\(?\s*["']([^"']+)["']/g)].map((match) => ({
		specifier: match[1],
		line: lineAt(source, match.index + match[0].length),
	}));
}

const lineAt = (source, index) => source.slice(0, index).split("\n").length;
const targetOf = (file, specifier) => (specifier.startsWith(".") ? posix.join(posix.dirname(file), specifier) : specifier);

function packageBreach(file, specifier) {
	const [, own] = file.split("/");
	const [, other] = /^(?:packages|@parley)\/([^/]+)/.exec(targetOf(file, specifier)) ?? [];
	if (other === undefined || other === own || packageImports[own] === undefined) return null;
	const { sources, tests } = packageImports[own];
	if (sources.includes(other) || (isTest(file) && tests.includes(other))) return null;
	return `${isTest(file) ? "a test" : "a source"} of packages/${own} imports packages/${other}`;
}

function floorBreach(file, specifier) {
	const web = "packages/web/src/";
	const target = targetOf(file, specifier);
	if (!file.startsWith(web) || isTest(file) || file.endsWith(".d.ts") || !target.startsWith(web)) return null;
	const [from, to] = [file, target].map((path) => floorOf(path.slice(web.length)));
	if (from === null) return "this file has no floor in scripts/boundaries.mjs";
	if (to === null || to <= from) return null;
	return `imports upwards: ${target.slice(web.length)} is on a higher floor`;
}

/** The index of the floor whose entry is the longest match for the path; null if none matches. */
function floorOf(path) {
	let best = { floor: null, length: 0 };
	for (const [floor, entries] of floors.entries())
		for (const entry of entries)
			if ((path === entry || path.startsWith(`${entry}/`)) && entry.length > best.length) best = { floor, length: entry.length };
	return path.endsWith(".css?url") ? 0 : best.floor;
}

/** Sandbox sources may import only types from the SDKs, because the sandbox is tested with the SDKs. */
function sdkBreaches(file, source) {
	if (!file.startsWith("packages/sandbox/src/") || isTest(file)) return [];
	const values = source.matchAll(/^(?:import|export)\s+(?!type\b)[^;]*?from\s+["'](stripe|@flowglad)(?:["'/])/gm);
	return [...values].map(
		(match) => `${file}:${lineAt(source, match.index)} imports a value of the SDK ${match[1]}; sandbox sources take only its types`,
	);
}

/** Key literals such as `user:…`, ids that begin with a key, and code that takes a key apart at its colon. */
const keyPatterns = [
	/["'`](?:guest|user|org|organization|network):/g,
	/`\$\{[^}`]*[kK]ey\}:\$\{/g,
	/\.(?:split|indexOf|lastIndexOf)\(["'`]:["'`]/g,
	/\/\^?\(?(?:guest|user|org|organization|network)(?:\|\w+)*\)?:/g,
];

function keyBreaches(file, source) {
	if (!file.startsWith("packages/web/src/") || isTest(file) || file === keyOwner || file in otherColons) return [];
	const code = withoutComments(source);
	const lines = keyPatterns.flatMap((pattern) => [...code.matchAll(pattern)].map((match) => lineAt(code, match.index)));
	return [...new Set(lines)].map((line) => `${file}:${line} writes or reads the colon of a subject key; use lib/identity/subject-key.ts`);
}

/** Blanks comments, keeping each character's position. */
function withoutComments(source) {
	return source.replace(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, (comment) => comment.replace(/[^\n]/g, " "));
}

function nameBreaches(file) {
	const parts = file.split("/");
	const banned = parts.map((part) => part.replace(/\.tsx?$/, "")).find((part) => bannedNames.test(part));
	return banned === undefined ? [] : [`${file} is filed under "${banned}", which names no topic`];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	const found = breaches(process.argv[2] ?? dirname(import.meta.dirname));
	for (const line of found) console.error(line);
	if (found.length > 0) console.error(`boundaries: ${found.length} breaches`);
	process.exitCode = found.length > 0 ? 1 : 0;
}

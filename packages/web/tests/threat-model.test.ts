import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

const root = new URL("../../../", import.meta.url).pathname;
const document = readFileSync(`${root}docs/threat-model.md`, "utf8");
/** Only the tables before this section list threats. */
const [threats = "", advisories = ""] = document.split("\n## Known advisories\n");

interface Row {
	threat: string;
	defence: string;
	tests: string[];
}

/** The rows of the document's tables. The cell of tests lists `file`: name, where the name includes its groups. */
function rowsOf(markdown: string): Row[] {
	const lines = markdown.split("\n").filter((line) => line.startsWith("|") && !/^\|(?: threat |-)/.test(line));
	return lines.map((line) => {
		const [, threat = "", defence = "", tests = ""] = line.split(/ ?\| ?/);
		return { threat, defence, tests: tests.split("<br>").filter(Boolean) };
	});
}

/** Why a test named by the document does not exist, or null. */
function faultOf(named: string, read: (file: string) => string): string | null {
	const [, file = "", name = ""] = /^`([^`]+\.test\.tsx?)`: (.+)$/.exec(named) ?? [];
	if (!file) return `is not a file and a name: ${named}`;
	const source = read(file);
	let at = 0;
	for (const part of name.split(" › ")) {
		// A group comes before its tests.
		at = indexOfName(source, part, at);
		if (at === -1) return `is not in ${file}: ${part}`;
	}
	return null;
}

/** The position of a group or test with this name, at or after `from`. */
function indexOfName(source: string, name: string, from: number): number {
	for (const quoted of [`"${name}"`, `\`${name}\``]) {
		for (let at = source.indexOf(quoted, from); at !== -1; at = source.indexOf(quoted, at + 1)) {
			if (/(?:\b(?:describe|test|it)|\))\(\s*$/.test(source.slice(Math.max(0, at - 40), at))) return at;
		}
	}
	return -1;
}

const read = (file: string) => readFileSync(root + file, "utf8");

describe("docs/threat-model.md", () => {
	test("has a defence and a test for each threat", () => {
		const rows = rowsOf(threats);
		expect(rows.length).toBeGreaterThan(50);
		for (const { threat, defence, tests } of rows) {
			expect(threat).not.toBe("");
			expect(defence, threat).not.toBe("");
			expect(tests, threat).not.toEqual([]);
		}
	});

	test("names only existing tests", () => {
		const named = new Set(rowsOf(threats).flatMap(({ tests }) => tests));
		expect([...named].map((one) => faultOf(one, read)).filter((fault) => fault !== null)).toEqual([]);
	});

	test("names the installed versions of packages updated because of an advisory, and only existing code", () => {
		const updated = [...advisories.matchAll(/^\| `([^`]+)`[^|]* \| (\d[\d.]+) \|/gm)].map(([, name = "", version]) => ({ name, version }));
		expect(updated.length).toBeGreaterThan(3);
		const { packages } = JSON.parse(read("package-lock.json")) as { packages: Record<string, { version?: string }> };
		for (const { name, version } of updated) {
			const installed = Object.entries(packages).filter(([path]) => path.endsWith(`node_modules/${name}`));
			expect(
				installed.map(([, one]) => one.version),
				name,
			).toContain(version);
		}
		for (const [, path = ""] of advisories.matchAll(/`(packages\/[^`]+)`/g)) expect(existsSync(root + path), path).toBe(true);
	});

	test("has a section for each chapter of ASVS 5 and each risk of the LLM Top 10", () => {
		const sections = [...document.matchAll(/^### (V\d+|LLM\d+) /gm)].map(([, name]) => name);
		const asvs = Array.from({ length: 17 }, (_, at) => `V${at + 1}`);
		const llm = Array.from({ length: 10 }, (_, at) => `LLM${String(at + 1).padStart(2, "0")}`);
		expect(sections).toEqual([...asvs, ...llm]);
	});
});

describe("the test finder", () => {
	const source =
		'describe("a group", () => {\n\ttest.each([1])("has %s", () => {});\n\ttest(\n\t\t"is long",\n\t\t() => {},\n\t);\n});\nconst x = "no test";';
	const fault = (named: string) => faultOf(named, () => source);

	test("finds groups, tests and tests with cases", () => {
		for (const name of ["a group › has %s", "a group › is long", "has %s", "a group"]) expect(fault(`\`a.test.ts\`: ${name}`)).toBe(null);
	});

	test("rejects anything that is not the name of a test", () => {
		for (const name of ["no test", "has %i", "another group › has %s", "is long › a group"]) {
			expect(fault(`\`a.test.ts\`: ${name}`)).toMatch(/^is not in a\.test\.ts: /);
		}
		expect(fault("a test without a file")).toMatch(/^is not a file and a name/);
		expect(() => faultOf("`packages/web/no.test.ts`: x", read)).toThrow("ENOENT");
	});
});

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { earningsOf, marginsOf, renderMargins } from "./margin.ts";
import { type ModelEntry, parseModels } from "./model-file.ts";
import { main, withTable } from "./models-check.ts";
import { readPlans } from "./plan-file.ts";

const entry = {
	id: "m",
	label: "M",
	weight: 1,
	inputStep: 8_000,
	maxOutput: 2_000,
	contextWindow: 100_000,
	price: { input: 0.05, cachedInput: 0.005, output: 0.4 },
	upstreams: [{ kind: "openai-compatible", baseUrl: "https://api.example/v1", model: "m" }],
};
const modelsOf = (...more: object[]): ModelEntry[] => parseModels({ models: more.map((one) => ({ ...entry, ...one })) });
const faultOf = (models: unknown) => {
	try {
		parseModels(models);
		return null;
	} catch (error) {
		return String(error);
	}
};

describe("a model file", () => {
	test("names the field of a fault", () => {
		const withPrice = (price: object) => ({ models: [{ ...entry, price: { ...entry.price, ...price } }] });
		for (const bad of [-1, 0, Number.NaN, "1", null, undefined])
			expect(faultOf(withPrice({ output: bad }))).toContain("models[0].price.output");
		expect(faultOf({ models: [{ ...entry, weight: 1.5 }] })).toContain("models[0].weight");
		expect(faultOf({ models: [{ ...entry, efforts: { low: 0 } }] })).toContain("models[0].efforts.low");
		expect(faultOf({ models: [{ ...entry, colour: "red" }] })).toContain("colour");
		expect(faultOf({ models: [{ ...entry, contextWindow: 9_999 }] })).toContain("models[0].contextWindow");
		expect(faultOf({ models: [entry, entry] })).toContain('models[1].id: "m" is taken already');
		expect(faultOf({ models: [{ ...entry, upstreams: [{ kind: "telepathy" }] }] })).toContain("models[0].upstreams[0]");
		expect(faultOf({ models: [] })).toContain("models");
		expect(faultOf("nothing")).toContain("the file");
	});

	test("has defaults for optional fields", () => {
		expect(modelsOf({})[0]).toMatchObject({
			tiers: ["guest", "free", "paid"],
			efforts: {},
			silenceSeconds: 180,
			purpose: "chat",
			allowLoss: false,
		});
	});
});

describe("a model's margin", () => {
	const [margin] = marginsOf(modelsOf({}), readPlans());

	test("is the cost of one step and the longest answer, against the offer that sells a unit cheapest", () => {
		expect(earningsOf(readPlans())).toBeCloseTo((7.99 * 0.971 - 0.3) / 1_000, 6);
		expect(margin?.worst).toBeCloseTo((8_000 * 0.05 + 2_000 * 0.4) / 1e6, 9);
		expect(margin?.average).toBeCloseTo((4_000 * 0.05 + 500 * 0.4) / 1e6, 9);
		expect(margin).toMatchObject({ canLose: false, weightNeeded: 1 });
		expect(margin?.guest).toBeCloseTo(5 * 0.0012, 9);
	});

	test("counts as a loss if a unit can cost more than it earns, unless the entry allows it or the paid tier lacks the model", () => {
		const dear = { price: { input: 1.25, cachedInput: 0.1, output: 10 } };
		const [lost, allowed, unsold] = marginsOf(
			modelsOf({ ...dear, id: "a" }, { ...dear, id: "b", allowLoss: true }, { ...dear, id: "c", tiers: ["free"] }),
			readPlans(),
		);
		expect([lost?.canLose, allowed?.canLose, unsold?.canLose]).toEqual([true, false, false]);
		expect(marginsOf(modelsOf({ ...dear, weight: lost?.weightNeeded }), readPlans())[0]?.canLose).toBe(false);
		expect(marginsOf(modelsOf({ ...dear, weight: (lost?.weightNeeded ?? 0) - 1 }), readPlans())[0]?.canLose).toBe(true);
	});

	test("gives the search price at which no answer's searches lose money in the worst case", () => {
		fc.assert(
			fc.property(
				fc.integer({ min: 1, max: 9 }),
				fc.integer({ min: 0, max: 8 }),
				fc.integer({ min: 0, max: 2 }),
				(weight, paid, unpaid) => {
					const model = modelsOf({ weight, price: { input: 0.6, cachedInput: 0.6, output: 2 } })[0];
					const [margin] = marginsOf(model ? [model] : [], readPlans());
					if (!model || !margin || paid === 0 || paid + unpaid > 8) return;
					let cost = 2_000 * 2;
					for (let call = 0; call <= paid + unpaid; call += 1) cost += (8_000 + call * 2_000 + (call > 0 ? 2_000 : 0)) * 0.6;
					expect(cost / 1e6).toBeLessThanOrEqual(margin.earns * (weight + paid * margin.searchUnits) + 1e-9);
				},
			),
		);
	});

	test("bounds the cost per unit of any request, whatever its steps, effort and answer", () => {
		const amounts = { weight: fc.integer({ min: 1, max: 20 }), inputStep: fc.integer({ min: 1, max: 20_000 }), maxOutput: fc.nat(9_000) };
		fc.assert(
			fc.property(
				fc.record(amounts),
				fc.integer({ min: 1, max: 40 }),
				fc.integer({ min: 1, max: 5 }),
				fc.nat(9_000),
				(bounds, steps, factor, out) => {
					const model = modelsOf({ ...bounds, maxOutput: bounds.maxOutput + 1 })[0];
					if (!model) return;
					const cost = (steps * model.inputStep * 0.05 + Math.min(out, model.maxOutput) * 0.4) / 1e6;
					const worst = marginsOf([model], readPlans())[0]?.worst ?? 0;
					expect(cost / (model.weight * factor * steps)).toBeLessThanOrEqual(worst * (1 + 1e-9));
				},
			),
		);
	});
});

describe("npm run models:check", () => {
	function fileOf(models: object): string {
		const folder = mkdtempSync(join(tmpdir(), "parley-models-"));
		onTestFinished(() => rmSync(folder, { recursive: true }));
		const file = join(folder, "models.json");
		writeFileSync(file, JSON.stringify(models));
		return file;
	}
	const run = (...args: string[]) => {
		const lines: string[] = [];
		const note = (line: unknown) => void lines.push(String(line));
		return { code: main(args, { log: note, error: note }), text: lines.join("\n") };
	};
	const losing = { models: [{ ...entry, price: { input: 5, cachedInput: 1, output: 25 } }] };

	test("passes the shipped file, whose table is in docs/operations.md", () => {
		const { code, text } = run();
		expect(code).toBe(0);
		const page = readFileSync(new URL("../../../docs/operations.md", import.meta.url), "utf8");
		expect(withTable(page, text)).toBe(page);
	});

	test("fails a file that can lose money, and prints the weight that would suffice", () => {
		const { code, text } = run(fileOf(losing));
		expect(code).toBe(1);
		expect(text).toMatch(/m: a unit can cost \$0\.0900 and earns \$0\.0075\. A weight of 13 is enough/);
	});

	test("exits 2 for a file that is not a model file", () => {
		expect(run(fileOf({ models: [{ ...entry, price: { input: -1, cachedInput: 1, output: 1 } }] }))).toMatchObject({
			code: 2,
			text: expect.stringContaining("models[0].price.input"),
		});
		expect(run("/no/such/file")).toMatchObject({ code: 2 });
	});

	test("exits 2 for unknown arguments, and for --write with another file", () => {
		for (const args of [["--wrong"], ["a", "b"], ["--write", fileOf({ models: [entry] })]]) expect(run(...args).code, args.join()).toBe(2);
	});

	test("exits 1 as a process for a file that can lose money, and 0 for the shipped one", () => {
		const root = new URL("../../../", import.meta.url);
		const exit = (...args: string[]) => spawnSync("npm", ["run", "-s", "models:check", "--", ...args], { cwd: root }).status;
		expect([exit(fileOf(losing)), exit()]).toEqual([1, 0]);
	});
});

test("the table has a row for each chat model", () => {
	const margins = marginsOf(modelsOf({}, { id: "t", purpose: "titles" }), readPlans());
	expect(renderMargins(margins).split("\n")).toHaveLength(3);
});

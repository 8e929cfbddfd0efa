import { expect, it } from "vitest";
import { type Difference, type Provider, printDifferences, push } from "./reconcile.ts";

/** A provider of numbers, all of which should be 0. A repair does what it is told, and may fail after or before. */
function numbers(start: number[], repair: (values: number[], at: number) => void): Provider<number> & { values: number[] } {
	const values = [...start];
	return {
		name: "Numbers",
		values,
		look: async () => ({
			differences: values.flatMap((value, at): Difference<number>[] =>
				value === 0 ? [] : [{ says: `${at} is ${value}`, done: `${at} done`, step: value < 0 ? null : at }],
			),
			seen: JSON.stringify(values),
			repair: async (at) => {
				repair(values, at);
				return [];
			},
		}),
	};
}

const set = (values: number[], at: number) => {
	values[at] = 0;
};

async function pushed(provider: Provider<number>) {
	const lines: string[] = [];
	return { isRight: await push(provider, (line) => lines.push(line)), lines };
}

it("repairs one after the other, says each, and says when there is nothing to do", async () => {
	const provider = numbers([1, 2, 0], set);
	expect(await pushed(provider)).toEqual({ isRight: true, lines: ["0 done", "1 done"] });
	expect(await pushed(provider)).toEqual({ isRight: true, lines: ["Nothing to do: Numbers is as plans.json says."] });
});

it("says what is left to do by hand, and that it is not right yet", async () => {
	expect(await pushed(numbers([1, -1], set))).toEqual({ isRight: false, lines: ["0 done", "1 is -1. 1 done"] });
	const lines: string[] = [];
	expect(await printDifferences(numbers([1, -1], set), (line) => lines.push(line))).toBe(false);
	expect(lines).toEqual(["0 is 1", "1 is -1"]);
});

it("goes on when a failed call was carried out all the same", async () => {
	const provider = numbers([1, 1], (values, at) => {
		set(values, at);
		throw new Error("no answer");
	});
	expect(await pushed(provider)).toEqual({ isRight: true, lines: ["0 done", "1 done"] });
});

it("goes on when a call failed because another push was faster", async () => {
	let isFirst = true;
	const provider = numbers([2, 2], (values, at) => {
		if (isFirst) {
			isFirst = false;
			values[at] = 1;
			throw new Error("conflict");
		}
		set(values, at);
	});
	expect((await pushed(provider)).isRight).toBe(true);
	expect(provider.values).toEqual([0, 0]);
});

it("fails with the reason when a call failed and nothing has changed", async () => {
	const provider = numbers([1, 1], (values, at) => {
		if (at === 1) throw new Error("out of order");
		set(values, at);
	});
	await expect(pushed(provider)).rejects.toThrow("out of order");
	expect(provider.values).toEqual([0, 1]);
});

it("fails instead of repeating a change that does not show", async () => {
	await expect(pushed(numbers([1], () => {}))).rejects.toThrow("took the change and does not show it: 0 is 1");
});

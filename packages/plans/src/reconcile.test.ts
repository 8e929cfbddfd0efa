import { expect, it } from "vitest";
import { type Difference, type Provider, printDifferences, push } from "./reconcile.ts";

/** A simulated provider of numbers that should all be 0. A repair may fail before or after it takes effect. */
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

it("repairs differences one by one, prints each, and succeeds once none are left", async () => {
	const provider = numbers([1, 2, 0], set);
	expect(await pushed(provider)).toEqual({ isRight: true, lines: ["0 done", "1 done"] });
	expect(await pushed(provider)).toEqual({ isRight: true, lines: ["Nothing to do: Numbers is as plans.json says."] });
});

it("prints the remaining manual steps, and reports failure", async () => {
	expect(await pushed(numbers([1, -1], set))).toEqual({ isRight: false, lines: ["0 done", "1 is -1. 1 done"] });
	const lines: string[] = [];
	expect(await printDifferences(numbers([1, -1], set), (line) => lines.push(line))).toBe(false);
	expect(lines).toEqual(["0 is 1", "1 is -1"]);
});

it("continues when a failed call has taken effect", async () => {
	const provider = numbers([1, 1], (values, at) => {
		set(values, at);
		throw new Error("no answer");
	});
	expect(await pushed(provider)).toEqual({ isRight: true, lines: ["0 done", "1 done"] });
});

it("continues when a call failed because another push was faster", async () => {
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

it("fails with the call's error when nothing has changed", async () => {
	const provider = numbers([1, 1], (values, at) => {
		if (at === 1) throw new Error("out of order");
		set(values, at);
	});
	await expect(pushed(provider)).rejects.toThrow("out of order");
	expect(provider.values).toEqual([0, 1]);
});

it("fails instead of repeating a change that does not take effect", async () => {
	await expect(pushed(numbers([1], () => {}))).rejects.toThrow("accepted the change but does not show it: 0 is 1");
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { groupsOf } from "./turn-groups.ts";

test("groups keep all turns in order, and a turn stays in its group while others are added around it", () => {
	const counts = { before: fc.nat(60), shown: fc.integer({ min: 1, max: 60 }), after: fc.nat(60) };
	fc.assert(
		fc.property(fc.record(counts), ({ before, shown, after }) => {
			const turns = Array.from({ length: shown }, (_, at) => at);
			const more = [
				...Array.from({ length: before }, (_, at) => at - before),
				...turns,
				...Array.from({ length: after }, (_, at) => shown + at),
			];
			const groups = groupsOf(turns, 0);
			const grown = groupsOf(more, before);
			expect(groups.flatMap((group) => group.turns)).toEqual(turns);
			expect(grown.flatMap((group) => group.turns)).toEqual(more);
			for (const group of groups) expect(grown.find(({ key }) => key === group.key)?.turns).toEqual(expect.arrayContaining(group.turns));
			expect(grown.length).toBeLessThanOrEqual(more.length / 10 + 2);
		}),
	);
});

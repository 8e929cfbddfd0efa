import { afterAll, describe, expect, test } from "vitest";
import { GROUPS, RULES } from "./main.ts";
import { against, closing } from "./testing/run.ts";
import type { Traits } from "./testing/server.ts";

afterAll(() => {
	for (const close of closing) close();
});

describe.concurrent("a deployment that breaks a rule", () => {
	const FLAWS: [traits: Traits, breaches: string[]][] = [
		[{ isUnwell: true }, ["health"]],
		[{ opensCookies: true }, ["page"]],
		[{ takesAnyLength: true }, ["bad-input"]],
		[{ htmlForWrongVerb: true }, ["wrong-verb"]],
		[{ htmlForUnknown: true }, ["unknown-address"]],
		[{ trustsOtherSites: true }, ["foreign-origin"]],
		[{ cachesUsage: true }, ["usage-is-advice"]],
		[{ inventsReset: true }, ["usage-is-advice"]],
		[{ opensBilling: true }, ["billing-closed"]],
		[{ admitsOneMore: true }, ["first-requests", "refusal", "burst-at-limit"]],
		[{ forgetsHolds: true, firstTokenMs: 150 }, ["first-requests", "burst-at-limit"]],
		[{ namesNoNextStep: true }, ["first-requests", "refusal", "burst-at-limit"]],
		[{ needsPage: true }, ["no-cookie"]],
		[{ carriesAgain: true }, ["guest-to-account"]],
		[{ countsDuplicates: true }, ["duplicates", "repeat", "another-answer", "joining", "disconnect"]],
		[{ ignoresMessageId: true }, ["repeat", "another-answer"]],
		[{ ignoresBody: true }, ["other-body"]],
		[{ sharesStreams: true }, ["guest-to-account", "foreign-chat"]],
		[{ sharesPages: true }, ["foreign-chat"]],
		[{ forgetsOnReload: true }, ["reload"]],
		[{ remembersDeleted: true }, ["deleted-chat"]],
		[{ refundsDeleted: true }, ["deleted-chat"]],
		[{ regeneratesFree: true }, ["another-answer"]],
		[{ joinsLate: true }, ["joining"]],
		[{ buffersJoins: true }, ["joining"]],
		[{ answersMeanwhile: true }, ["joining"]],
		[{ countsEarlyStops: true }, ["stop-before-output"]],
		[{ neverTriesAgain: true }, ["stop-before-output"]],
		[{ forgivesStops: true }, ["stop-after-output"]],
		[{ stopsWhenLeft: true }, ["disconnect"]],
	];

	test.each(FLAWS)("%o is told just that, of all rules of its kind, and exits 1", async (traits, breaches) => {
		const kind = GROUPS.filter((group) => group.some((name) => breaches.includes(name))).flat();
		const run = await against(traits, "--account", "--only", kind.join());
		expect(run.breaches).toEqual(breaches);
		expect([run.code, run.report.exitCode]).toEqual([1, 1]);
		expect(run.out.match(/BREACH$/gm)).toHaveLength(breaches.length);
	});

	test("can break every rule there is", () => {
		const broken = new Set(FLAWS.flatMap(([, breaches]) => breaches));
		expect(RULES.map(({ name }) => name).filter((name) => !broken.has(name))).toEqual([]);
	});
});

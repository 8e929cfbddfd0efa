import { afterAll, describe, expect, test } from "vitest";
import { GROUPS, RULES } from "./main.ts";
import { against, closing } from "./testing/run.ts";
import type { Traits } from "./testing/traits.ts";

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
		[{ namesNoBuild: true }, ["health"]],
		[{ cachesPages: true }, ["page", "reload"]],
		[{ givesNoCookie: true }, ["page"]],
		[{ plainProblems: true }, ["unknown-address", "wrong-verb", "bad-input", "foreign-origin"]],
		[{ hidesAllow: true }, ["wrong-verb"]],
		[{ countsReadings: true }, ["usage-is-advice", "bad-input", "foreign-origin"]],
		[{ inflatesRemaining: true }, ["usage-is-advice"]],
		[{ trustsForgedCookies: true }, ["usage-is-advice"]],
		[{ explainsBilling: true }, ["billing-closed"]],
		[{ countsBadInput: true }, ["bad-input"]],
		[{ hidesRateLimit: true }, ["first-requests", "refusal", "no-cookie", "burst-at-limit"]],
		[{ admitsOneFewer: true }, ["first-requests", "refusal", "burst-at-limit"]],
		[{ countsRefusals: true }, ["first-requests", "refusal", "burst-at-limit"]],
		[{ opensSession: true }, ["guest-to-account"]],
		[{ leavesChats: true }, ["guest-to-account"]],
		[{ keepsGuestOpen: true }, ["guest-to-account"]],
		[{ shortensDay: true }, ["guest-to-account"]],
		[{ sharesDeletion: true }, ["foreign-chat", "reload", "another-answer"]],
		[{ replaysFinished: true }, ["guest-to-account", "foreign-chat", "reload"]],
		[{ finishesStops: true }, ["stop-before-output", "stop-after-output"]],
		[{ stopsSilently: true }, ["stop-before-output", "stop-after-output"]],
		[{ ignoresMaxUnits: true }, ["max-units"]],
		[{ hidesPrice: true }, ["max-units"]],
		[{ countsAboveMaxUnits: true }, ["max-units"]],
		[{ holdsAboveMaxUnits: true }, ["max-units"]],
		[{ storesAboveMaxUnits: true }, ["max-units"]],
		[{ countsOne: true }, ["max-units", "mixed-prices"]],
		// With an odd limit, even prices always leave one unit, whatever the order.
		[{ admitsAtOneLeft: true, weights: [2, 4] }, ["mixed-prices"]],
		[{ takesWhatIsLeft: true, weights: [2, 4] }, ["mixed-prices"]],
		[{ refusesDear: true }, ["max-units", "mixed-prices"]],
		[{ forgetsHolds: true, firstTokenMs: 150 }, ["mixed-prices"]],
	];

	test.each(FLAWS)("%o breaks exactly the expected rules of its groups, and exits 1", async (traits, breaches) => {
		const kind = GROUPS.filter((group) => group.some((name) => breaches.includes(name))).flat();
		const run = await against(traits, "--account", "--only", kind.join());
		expect(run.breaches).toEqual(breaches);
		expect([run.code, run.report.exitCode]).toEqual([1, 1]);
		expect(run.out.match(/BREACH$/gm)).toHaveLength(breaches.length);
	});

	test("every rule is broken by at least one flaw", () => {
		const broken = new Set(FLAWS.flatMap(([, breaches]) => breaches));
		expect(RULES.map(({ name }) => name).filter((name) => !broken.has(name))).toEqual([]);
	});
});

import { isRecord } from "../answer.ts";
import {
	counted,
	difference,
	isChallenge,
	modelCallsToLimit,
	modelFailed,
	offersTo,
	refusedByOthers,
	shortQuestion,
	usageOf,
} from "../context.ts";
import { Unjudged } from "../failure.ts";
import { Checks, type Rule } from "../rule.ts";
import { burst, checkRefusal } from "./limits.ts";

/** The highest price that is tested, in units: a guest's default limit. */
const PRICE_TRIED_MAX = 5;
/** The number of different prices sent at once. */
const PRICES_MAX = 3;

const ceiling: Rule = {
	name: "max-units",
	did: "a request of 2 or more units with a maxUnits below its price, then at its price",
	expected: "409 problem+json with the price, nothing held, counted or stored; then answered for exactly the price",
	calls: () => 1,
	judge: async (context) => {
		const owner = await context.person(Math.max(1, Math.min(context.guestLimit, PRICE_TRIED_MAX)));
		const { remaining } = await usageOf(owner);
		const offer = (await offersTo(owner)).find(({ units }) => units > 1 && units <= remaining);
		if (!offer) throw new Unjudged(`no model costs 2 or more of the ${remaining} requests that are left`);
		const { model, effort, units } = offer;
		const question = shortQuestion();
		const before = await usageOf(owner);
		const refused = await (await owner.ask(question, { model, effort, maxUnits: units - 1 })).whole();
		refusedByOthers(refused);
		const between = await usageOf(owner);
		const { status } = await owner.read(`/api/chat/${question.chatId}/stream`);
		const checks = new Checks();
		const { price } = refused.problem ?? {};
		const type = refused.headers.get("content-type") ?? "none";
		checks.that(refused.status === 409, `above maxUnits: status ${refused.status}`);
		checks.that(refused.status !== 409 || type.startsWith("application/problem+json"), `above maxUnits: content-type ${type}`);
		checks.that(isRecord(price) && price.units === units && price.model === model, `above maxUnits: price ${JSON.stringify(price)}`);
		checks.that(difference(before, between) === 0 && between.held === before.held, "above maxUnits: something was held or counted");
		checks.that(status === 404, `above maxUnits: the chat was stored, its stream is ${status}`);
		if (checks.wrong.length > 0) return checks.finding("");
		await counted(await owner.ask(question, { model, effort, maxUnits: units }));
		const after = await usageOf(owner);
		const taken = difference(between, after);
		checks.that(taken === units && after.held === before.held, `at a price of ${units}: ${taken} counted, ${after.held} held`);
		return checks.finding(`409 with a price of ${units}; then answered, ${taken} counted`);
	},
};

const mixed: Rule = {
	name: "mixed-prices",
	did: "requests of different prices at once, which cost a new guest twice its limit",
	expected: "each takes exactly its price or nothing; used + held never above the limit; only what does not fit is refused",
	calls: modelCallsToLimit,
	judge: async (context) => {
		const guest = await context.guestWithAll();
		const before = await usageOf(guest);
		const { guestLimit: limit } = context;
		const fitting = (await offersTo(guest)).filter(({ units }) => units <= limit);
		const offers = fitting.filter(({ units }, n) => fitting.findIndex((one) => one.units === units) === n).slice(0, PRICES_MAX);
		if (offers.length < 2) throw new Unjudged("all models that a guest may ask cost the same");
		const rounds = Math.ceil((2 * limit) / offers.reduce((sum, { units }) => sum + units, 0));
		const asked = Array(rounds).fill(offers).flat() as typeof offers;
		const { answers, most } = await burst(
			guest,
			asked.map(({ model, effort, units }) => ({ model, effort, maxUnits: units })),
		);
		const after = await usageOf(guest);
		const sent = answers.map((answer, n) => ({ answer, units: asked[n]?.units ?? 0 }));
		const checks = new Checks();
		const others = answers.filter((answer) => answer.status !== 200 && answer.status !== 429 && !isChallenge(answer));
		const paid = sent.filter(({ answer }) => answer.metadata.counted === true).reduce((sum, { units }) => sum + units, 0);
		const taken = difference(before, after);
		checks.that(others.length === 0, `unexpected status ${others.map(({ status }) => status).join(", ")}`);
		checks.that(most <= limit, `used + held was ${most} of ${limit}`);
		checks.that(after.used <= limit, `used ended at ${after.used} of ${limit}`);
		checks.that(after.held === 0, `${after.held} still held after the last answer`);
		checks.that(taken === paid, `the counted answers cost ${paid}, but usage rose by ${taken}`);
		const refused = sent.filter(({ answer }) => answer.status === 429);
		for (const { answer, units } of refused) checkRefusal(checks, answer, limit, units);
		if (checks.wrong.length > 0) return checks.finding("");
		for (const answer of answers) refusedByOthers(answer);
		if (answers.some(modelFailed)) throw new Unjudged("the model failed an answer, whose units are released");
		// No unit was released, so at each refusal at least the final remaining units were left.
		const needless = refused.filter(({ answer, units }) => answer.problem?.policy === "guest" && units <= limit - after.used);
		checks.that(needless.length === 0, `a request of ${needless[0]?.units ?? 0} was refused with ${limit - after.used} left`);
		const prices = offers.map(({ units }) => units).join(", ");
		return checks.finding(
			`prices ${prices}: ${answers.length - refused.length} answered for ${taken}, ${refused.length} refused; used ${after.used} of ${limit}`,
		);
	},
};

export const prices: Rule[] = [ceiling, mixed];

import { counted, difference, modelFailed, refusedByOthers, shortQuestion, usageOf } from "../context.ts";
import { Unjudged } from "../failure.ts";
import { Checks, type Rule } from "../rule.ts";

const TIMES = 5;

const duplicates: Rule = {
	name: "duplicates",
	did: `one request sent ${TIMES} times at once under one Idempotency-Key`,
	expected: "every caller gets the same answer; 1 counted",
	calls: () => 1,
	leaves: "finished chat",
	judge: async (context) => {
		const owner = await context.person(1);
		const question = shortQuestion();
		const before = await usageOf(owner);
		const answers = await Promise.all(Array.from({ length: TIMES }, async () => (await owner.ask(question)).whole()));
		const units = difference(before, await usageOf(owner));
		for (const answer of answers) refusedByOthers(answer);
		const checks = new Checks();
		const outputs = new Set(answers.map((answer) => answer.output));
		checks.that(
			answers.every((answer) => answer.status === 200),
			`statuses ${answers.map((answer) => answer.status).join(", ")}`,
		);
		checks.that(units <= 1, `${units} counted`);
		checks.that(outputs.size === 1, `${outputs.size} different answers`);
		if (checks.wrong.length === 0 && answers.some(modelFailed)) throw new Unjudged("the model failed");
		checks.that(units === 1, `${units} counted`);
		checks.that(
			answers.every((answer) => answer.metadata.counted === true),
			"not every answer reports as counted",
		);
		const [answer] = answers;
		if (checks.wrong.length === 0 && answer) context.chat ??= { owner, question, answerId: answer.id, output: answer.output };
		return checks.finding(`${answers.length} equal answers, ${units} counted`);
	},
};

const repeat: Rule = {
	name: "repeat",
	did: "an answered request resent: under its key, and without a key as useChat sends it",
	expected: "the same answer both times, nothing more counted",
	calls: () => 0,
	uses: "finished chat",
	judge: async (context) => {
		const { owner, question, output } = await context.finishedChat();
		const before = await usageOf(owner);
		const checks = new Checks();
		for (const [how, send] of [
			["under its key", owner.ask(question)],
			["without a key", owner.askWithoutKey(question)],
		] as const) {
			const again = await (await send).whole();
			checks.that(again.status === 200, `${how}: status ${again.status}`);
			checks.that(again.output === output, `${how}: a different text than the first time`);
		}
		const units = difference(before, await usageOf(owner));
		checks.that(units === 0, `${units} more counted`);
		return checks.finding("the same answer twice, 0 counted");
	},
};

const conflict: Rule = {
	name: "other-body",
	did: "another text under a used key",
	expected: "409 problem+json, nothing counted",
	calls: () => 0,
	uses: "finished chat",
	judge: async (context) => {
		const { owner, question } = await context.finishedChat();
		const before = await usageOf(owner);
		const answer = await (await owner.ask({ ...question, text: "Answer with another word." })).whole();
		const checks = new Checks();
		checks.that(answer.status === 409, `status ${answer.status}`);
		checks.that(answer.headers.get("content-type") === "application/problem+json", `content-type ${answer.headers.get("content-type")}`);
		const units = difference(before, await usageOf(owner));
		checks.that(units === 0, `${units} counted`);
		return checks.finding(`409 "${String(answer.problem?.title)}", 0 counted`);
	},
};

const deleted: Rule = {
	name: "deleted-chat",
	did: "a chat deleted after its answer, and the request resent",
	expected: "204, then 410; the unit stays counted",
	calls: () => 1,
	judge: async (context) => {
		const owner = await context.person(1);
		const question = shortQuestion();
		const before = await usageOf(owner);
		await counted(await owner.ask(question));
		const gone = await owner.read(`/api/chat/${question.chatId}`, { method: "DELETE" });
		const again = await (await owner.ask(question)).whole();
		const units = difference(before, await usageOf(owner));
		const checks = new Checks();
		checks.that(gone.status === 204, `DELETE got ${gone.status}`);
		checks.that(again.status === 410, `the resent request got ${again.status}`);
		checks.that(units === 1, `${units} counted`);
		return checks.finding(`204, then 410; ${units} counted`);
	},
};

const another: Rule = {
	name: "another-answer",
	did: "a regenerated answer, then an edited message; each sent twice",
	expected: "a new answer each, 1 counted each, nothing for the repeats",
	calls: () => 2,
	uses: "finished chat",
	judge: async (context) => {
		const { owner, question, answerId } = await context.finishedChat(2);
		// This replaces the first answer, so no later rule can use the chat.
		context.chat = null;
		const { text } = shortQuestion();
		const checks = new Checks();
		for (const [name, send] of [
			["the regenerated answer", () => owner.regenerate(question, answerId)],
			["the edit", () => owner.edit(question, text)],
		] as const) {
			const before = await usageOf(owner);
			const answer = await counted(await send());
			const between = await usageOf(owner);
			const again = await (await send()).whole();
			const after = await usageOf(owner);
			checks.that(answer.id !== answerId, `${name}: the old answer was returned`);
			checks.that(difference(before, between) === 1, `${name}: ${difference(before, between)} counted`);
			checks.that(again.status === 200 && again.id === answer.id, `${name}, resent: not the same answer, status ${again.status}`);
			checks.that(difference(between, after) === 0, `${name}, resent: ${difference(between, after)} more counted`);
		}
		return checks.finding("2 new answers, 2 counted; 0 for the repeats");
	},
};

export const requests: Rule[] = [duplicates, repeat, conflict, deleted, another];

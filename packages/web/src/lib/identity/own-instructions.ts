import { sql } from "drizzle-orm";
import { z } from "zod";
import { db } from "../../db/connection.ts";
import { instructions } from "../../db/schema.ts";
import { instructionFault, type OwnInstructions, plainInstruction } from "../../instructions.ts";
import { t } from "../../text/text.ts";
import { readBody } from "../http/api.ts";
import { refuse } from "../http/problem.ts";
import { take } from "./bounds.ts";

const HOUR_MS = 3_600_000;

const body = z.object({ about: z.string(), answer: z.string() });

/**
 * Parses the texts of `POST /api/instructions` into stored form.
 * @throws {ProblemError} 400 for an invalid body, 413 for a text that is too long
 */
export async function parseOwnInstructions(request: Request): Promise<OwnInstructions> {
	const given = await readBody(request, body);
	const own = { about: plainInstruction(given.about), answer: plainInstruction(given.answer) };
	for (const part of ["about", "answer"] as const) {
		const fault = instructionFault(part, own[part]);
		if (fault) refuse("instructions-too-long", `${part}: ${fault}`);
	}
	return own;
}

/**
 * Replaces a user's instructions to every model, starting with their next request.
 * @throws {ProblemError} 429 after 60 changes within an hour
 */
export async function saveOwnInstructions(userId: string, own: OwnInstructions): Promise<void> {
	const full = t("bound_instructions");
	const taken = await take([{ what: `instructions of ${userId}`, max: 60, windowMs: HOUR_MS, full }]);
	if (taken.kind === "refused") refuse("too-many-attempts", taken.why, { "retry-after": String(taken.retryAfterSeconds) });
	await db()
		.insert(instructions)
		.values({ userId, ...own })
		.onConflictDoUpdate({ target: instructions.userId, set: { about: sql`excluded.about`, answer: sql`excluded.answer` } });
}

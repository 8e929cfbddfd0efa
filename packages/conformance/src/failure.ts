/** A rule that cannot be judged on this deployment, which is neither a breach nor a success. The message is the reason. */
export class Unjudged extends Error {
	override name = "Unjudged";
}

/** An answer that no rule allows, so the rest of the rule is not tried. */
export class Breach extends Error {
	override name = "Breach";
}

/** A connection error in words, with the cause that `fetch` hides. */
export function describe(error: unknown): string {
	if (!(error instanceof Error)) return String(error);
	if (error.name === "TimeoutError") return "no answer in time";
	if (error.name === "AbortError") return "the time limit was reached";
	const cause = error.cause instanceof Error ? ` (${error.cause.message || ("code" in error.cause ? error.cause.code : "")})` : "";
	return `${error.message}${cause}`;
}

import type { Failure } from "@parley/metering";
import { OwnError } from "../../../log.ts";
import { type Fields, isFields } from "./choice.ts";
import { retryAfterIn } from "./retry-after.ts";

interface Cause {
	/** Whether to try another upstream, because the request is not at fault. */
	elsewhere: boolean;
	retryAfterS?: number | undefined;
	/** Whether the request itself was refused for an unrecognized reason. */
	isRefused?: boolean;
}

/** Why an upstream gave no answer or an incomplete one. The message names host and status for the log, and quotes nothing else from outside. */
export class UpstreamFailure extends OwnError {
	override name = "UpstreamFailure";
	readonly failure: Failure | "filtered";
	readonly elsewhere: boolean;
	readonly retryAfterS: number | undefined;
	readonly isRefused: boolean;

	/** @param failure `filtered`: a content filter refused the question, which ends the answer as filtered */
	constructor(failure: Failure | "filtered", message: string, { elsewhere, retryAfterS, isRefused = false }: Cause) {
		super(message);
		this.failure = failure;
		this.elsewhere = elsewhere;
		this.retryAfterS = retryAfterS;
		this.isRefused = isRefused;
	}
}

/** Provider messages for a chat that exceeds the context window. */
const TOO_LONG =
	/context_?length|context window|maximum context|max_model_len|string_above_max_length|prompt is too long|(?:input|prompt|request|message)s? (?:is |are |was |were )?too (?:long|large)|too many (?:input )?tokens|exceed\w* .{0,40}(?:context|tokens?|input)|tokens? .{0,40}exceed|reduce (?:the|your) (?:length|prompt|input)|input length/i;
const FILTERED = /content_filter|content_policy|content management policy|moderation|flagged|safety system|ResponsibleAI/i;
const NO_MONEY =
	/insufficient_quota|insufficient.{0,10}(?:balance|credit|funds)|billing|payment required|credit balance|exceeded your current quota/i;
const BUSY =
	/overload|rate.?limit|too many requests|at capacity|over capacity|capacity temporarily|resource.?exhausted|temporarily unavailable|server is busy|engine is busy/i;
const NO_KEY = /api.?key|unauthori[sz]ed|authentication|permission/i;
const NO_MODEL =
	/model.{0,60}(?:not.?found|does not exist|not exist|unknown|not supported|decommissioned|deprecated|unavailable)|no such model|(?:unknown|invalid) model/i;

/** @param headers the refusal's; absent for an error inside a stream */
export function failureOf(host: string, status: number, error: unknown, headers?: Headers): UpstreamFailure {
	const said = wordsOf(error);
	const code = codeOf(error);
	const message = `${host} answered ${status || "an error"}${code && ` (${code})`}`;
	const kind = kindOf(status, said);
	const retryAfterS = kind === "busy" && headers ? (retryAfterIn(headers, Date.now()) ?? undefined) : undefined;
	return new UpstreamFailure(kind, message, {
		elsewhere: kind !== "too-long" && kind !== "filtered" && isElsewhere(status, kind),
		retryAfterS,
		isRefused: kind === "failed" && (status === 400 || status === 422),
	});
}

function kindOf(status: number, said: string): Failure | "filtered" {
	if (status === 401 || status === 402 || NO_MONEY.test(said)) return "unavailable";
	if (status < 500 && status !== 429 && TOO_LONG.test(said)) return "too-long";
	if (status < 500 && status !== 429 && FILTERED.test(said)) return "filtered";
	if (status === 403 || status === 404) return "unavailable";
	if (status === 429 || status === 503 || status === 529 || BUSY.test(said)) return "busy";
	if (status === 413) return "too-long";
	if (status < 500 && (NO_KEY.test(said) || NO_MODEL.test(said))) return "unavailable";
	return "failed";
}

/** A 400 for an unrecognized reason is the request's fault: another upstream would refuse it too. */
const isElsewhere = (status: number, kind: string) => kind !== "failed" || status < 400 || status >= 500 || status === 408;

/** The error in a chunk, an object or a string; null for none. Some providers send `error: null` in every chunk. */
export function errorIn(chunk: Fields, type = ""): Fields | string | null {
	const { error } = chunk;
	if (typeof error === "string" && error !== "") return error;
	if (isFields(error) && Object.keys(error).length > 0) return error;
	if (type === "error" || chunk.type === "error" || chunk.object === "error") return chunk;
	// Workers AI's REST format.
	return Array.isArray(chunk.errors) && isFields(chunk.errors[0]) && chunk.success === false ? chunk.errors[0] : null;
}

/** The HTTP status in an error inside a stream; 0 for none. */
export function statusIn(error: Fields | string): number {
	if (!isFields(error)) return 0;
	const status = [error.status, error.code, error.status_code].map(Number).find((one) => Number.isInteger(one) && one >= 400 && one < 600);
	return status ?? 0;
}

/** All text of an error, used only for matching. */
function wordsOf(error: unknown): string {
	return (typeof error === "string" ? error : (JSON.stringify(error) ?? "")).slice(0, 4_000);
}

/** An error code for the log, unless it is free text. */
function codeOf(error: unknown): string {
	const fields = isFields(error) && isFields(error.error) ? error.error : error;
	const code = isFields(fields) ? [fields.code, fields.type].find((one) => typeof one === "string") : undefined;
	return typeof code === "string" && /^[a-z_]{1,40}$/i.test(code) ? code : "";
}

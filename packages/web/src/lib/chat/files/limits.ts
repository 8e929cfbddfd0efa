import { env } from "cloudflare:workers";
import { t } from "../../../text/text.ts";
import type { FileLimit } from "../../../view/chat.ts";
import type { Tier } from "../../../view/usage.ts";
import { getBillingSummary } from "../../billing.ts";
import { refuse } from "../../http/problem.ts";
import { type Bound, type Taken, take } from "../../identity/bounds.ts";
import type { Subject } from "../../identity/subject.ts";

const MIB = 1024 * 1024;
const DAY_MS = 86_400_000;

/** By tier: files per message, bytes per file, and bytes per day. */
export const FILE_LIMITS: Record<Tier, FileLimit & { bytesDaily: number }> = {
	guest: { count: 3, bytes: 2 * MIB, bytesDaily: 20 * MIB },
	free: { count: 5, bytes: 4 * MIB, bytesDaily: 100 * MIB },
	paid: { count: 10, bytes: 5 * MIB, bytesDaily: 1024 * MIB },
};

/** Without a bucket, files are stored in their chat's object, whose rows hold 2 MB. */
const BYTES_IN_OBJECT_MAX = 256 * 1024;
/** The least that a small file counts, because it takes a row too. */
const BYTES_COUNTED_MIN = 16 * 1024;
/** The shared daily limit of a network's guests, or of its accounts without a confirmed email, as a multiple of one subject's limit. */
const SHARES_OF_NETWORK = 5;

/** What a tier may attach here. */
export function fileLimit(tier: Tier): FileLimit {
	const { count, bytes } = FILE_LIMITS[tier];
	return { count, bytes: env.FILES ? bytes : Math.min(bytes, BYTES_IN_OBJECT_MAX) };
}

/** The tier that limits a subject's uploads. Places no hold. */
export async function uploadTier(request: Request, subject: Subject): Promise<Tier> {
	return subject.kind === "guest" ? "guest" : (await getBillingSummary(request, { subject })).tier;
}

/**
 * Counts the bytes of an upload against the daily limits of the subject and of its shared network.
 * @returns a function that undoes the count, for a file that was not stored
 * @throws {ProblemError} 429
 */
export async function countUpload(subject: Subject, tier: Tier, bytes: number): Promise<() => Promise<void>> {
	const taken = await takeUpload(subject, tier, [bytes]);
	if (taken.kind === "refused") refuse("upload-limit-reached", taken.why, { "retry-after": String(taken.retryAfterSeconds) });
	return taken.giveBack;
}

/** Counts files by their bytes against the daily limits of the subject and its shared network: all of them or none. */
export async function takeUpload({ key, pools }: Subject, tier: Tier, files: readonly number[]): Promise<Taken> {
	const by = files.reduce((sum, bytes) => sum + Math.max(bytes, BYTES_COUNTED_MIN), 0);
	if (by === 0) return { kind: "taken", giveBack: async () => {} };
	const max = FILE_LIMITS[tier].bytesDaily;
	const own: Bound = { what: `bytes by ${key}`, max, by, windowMs: DAY_MS, full: t("bound_uploads") };
	const shared = pools.map(
		(pool): Bound => ({
			what: `bytes by ${pool}`,
			max: SHARES_OF_NETWORK * max,
			by,
			windowMs: DAY_MS,
			full: t("bound_uploads_network"),
		}),
	);
	return take([own, ...shared]);
}

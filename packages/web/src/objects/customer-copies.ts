import { DeadlineError, within } from "../lib/payments/deadline.ts";
import { statusOf } from "../lib/payments/errors.ts";
import { logFailure } from "../log.ts";

const READ_TIMEOUT_MS = 8_000;
/** There are few names; a browser can choose only the subscription of a balance. */
const COPIES_MAX = 8;

/** The result of a provider read. An SDK's error would lose its status on the way to another object. */
export type CopyAnswer<T> =
	| { kind: "read"; answer: T }
	/** `status`: the provider's; null when it did not answer. `late`: it did not answer in time. */
	| { kind: "failed"; status: number | null; late: boolean };

interface Copy {
	sentAtMs: number;
	isOver: boolean;
	answer: Promise<CopyAnswer<unknown>>;
}

/**
 * The provider's latest answers about one customer, in memory. However many pages request it, each is read at most once per `maxAgeMs`, including
 * failures, and simultaneous readers share a read. Kept next to the ledger, so that there is one copy, and a change can discard it.
 */
export class CustomerCopies {
	readonly #copies = new Map<string, Copy>();

	/** An answer requested at most `maxAgeMs` ago. Never throws, and always ends. */
	read<T>(name: string, maxAgeMs: number, load: () => Promise<T>): Promise<CopyAnswer<T>> {
		const kept = this.#copies.get(name);
		const nowMs = Date.now();
		if (kept && (!kept.isOver || nowMs - kept.sentAtMs < maxAgeMs)) return kept.answer as Promise<CopyAnswer<T>>;
		const copy: Copy = { sentAtMs: nowMs, isOver: false, answer: Promise.resolve({ kind: "failed", status: null, late: false }) };
		const answer = answerOf(name, load).finally(() => {
			copy.isOver = true;
		});
		copy.answer = answer;
		// Deleted first, so that the map stays ordered by age.
		this.#copies.delete(name);
		this.#copies.set(name, copy);
		for (const oldest of this.#copies.keys()) if (this.#copies.size > COPIES_MAX) this.#copies.delete(oldest);
		return answer;
	}

	/** Discards all copies after a change: the next read is new, even while an older one is in flight. */
	clear(): void {
		this.#copies.clear();
	}
}

async function answerOf<T>(name: string, load: () => Promise<T>): Promise<CopyAnswer<T>> {
	try {
		return { kind: "read", answer: await within(READ_TIMEOUT_MS, load) };
	} catch (error) {
		logFailure(`billing provider, ${name}`, error);
		return { kind: "failed", status: statusOf(error), late: error instanceof DeadlineError };
	}
}

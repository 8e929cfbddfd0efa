import { DeadlineError, within } from "../lib/payments/deadline.ts";
import { statusOf } from "../lib/payments/errors.ts";
import { logFailure } from "../log.ts";

const READ_TIMEOUT_MS = 8_000;
/** The names are few; a browser chooses only the subscription of a balance. */
const COPIES_MAX = 8;

/** What a read of the provider came to. An SDK's error would lose its status on the way to another object. */
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
 * What the provider last answered about one customer, in memory. However many pages ask, it is read at most once in `maxAgeMs`, failures included, and
 * simultaneous readers share a read. It lives beside the ledger, so that it is one copy and forgotten with the change that outdates it.
 */
export class CustomerCopies {
	readonly #copies = new Map<string, Copy>();

	/** An answer that was requested at most `maxAgeMs` ago. Never throws, and always ends. */
	read<T>(name: string, maxAgeMs: number, load: () => Promise<T>): Promise<CopyAnswer<T>> {
		const kept = this.#copies.get(name);
		const nowMs = Date.now();
		if (kept && (!kept.isOver || nowMs - kept.sentAtMs < maxAgeMs)) return kept.answer as Promise<CopyAnswer<T>>;
		const copy: Copy = { sentAtMs: nowMs, isOver: false, answer: Promise.resolve({ kind: "failed", status: null, late: false }) };
		const answer = answerOf(name, load).finally(() => {
			copy.isOver = true;
		});
		copy.answer = answer;
		// Deleted first, so that the map stays in order of age.
		this.#copies.delete(name);
		this.#copies.set(name, copy);
		for (const oldest of this.#copies.keys()) if (this.#copies.size > COPIES_MAX) this.#copies.delete(oldest);
		return answer;
	}

	/** Something changed: the next read is a new one, also while an older is in flight. */
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

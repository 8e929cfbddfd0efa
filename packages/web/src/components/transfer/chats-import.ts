import { fetchOrThrow, Refused } from "../requests.ts";
import type { FoundEntry } from "./chats-in-file.ts";
import { inParallel } from "./in-parallel.ts";

export interface ImportProgress {
	/** Chats that are here now, and those that were here before. */
	added: number;
	there: number;
	/** Entries that are not here, and why. */
	failed: { name: string; why: string }[];
}

/** Adds a chat. @returns whether it is new */
export type AddChat = (document: object) => Promise<boolean>;

export const addOverHttp: AddChat = async (document) => {
	const headers = { "content-type": "application/json" };
	const response = await fetchOrThrow("/api/chats/import", { method: "POST", headers, body: JSON.stringify(document) });
	return response.status === 201;
};

/** The chats of a file on their way into the list: one request each, and a chat that is there stays as it is. Continues where it was stopped. */
export class ChatsImport {
	readonly #entries: AsyncIterator<FoundEntry, void>;
	readonly #add: AddChat;
	readonly #report: (progress: ImportProgress) => void;
	/** Entries that were read and could not be sent. */
	readonly #unsent: FoundEntry[] = [];
	#progress: ImportProgress = { added: 0, there: 0, failed: [] };

	constructor(entries: AsyncIterator<FoundEntry, void>, add: AddChat, report: (progress: ImportProgress) => void) {
		this.#entries = entries;
		this.#add = add;
		this.#report = report;
	}

	/**
	 * Adds what is left of the file. An entry that the server does not take is named, and the others go on.
	 * @throws {Refused|Unreached} where the server cannot be reached or takes no more from the viewer: call it again to continue
	 */
	run(): Promise<void> {
		return inParallel(
			async () => this.#unsent.shift() ?? (await this.#entries.next()).value ?? undefined,
			(entry) => this.#take(entry),
		);
	}

	async #take(entry: FoundEntry): Promise<void> {
		if ("problem" in entry) return this.#fail(entry.name, entry.problem);
		try {
			const isNew = await this.#add(entry.document);
			this.#tell(isNew ? { added: this.#progress.added + 1 } : { there: this.#progress.there + 1 });
		} catch (error) {
			if (error instanceof Refused && isOfEntry(error.problem.status)) return this.#fail(entry.name, error.message);
			this.#unsent.push(entry);
			throw error;
		}
	}

	#fail(name: string, why: string): void {
		this.#tell({ failed: [...this.#progress.failed, { name, why }] });
	}

	#tell(change: Partial<ImportProgress>): void {
		this.#progress = { ...this.#progress, ...change };
		this.#report(this.#progress);
	}
}

/** Whether a refusal is about the chat, and not about the viewer or the time. */
const isOfEntry = (status: number) => status === 400 || status === 413 || status >= 500;

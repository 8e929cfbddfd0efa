import { fetchOrThrow, Refused } from "../requests.ts";
import type { FoundEntry } from "./chats-in-file.ts";
import { inParallel } from "./in-parallel.ts";

export interface ImportProgress {
	/** The numbers of added chats and of chats that already existed. */
	added: number;
	there: number;
	/** Entries that were not imported, and why. */
	failed: { name: string; why: string }[];
}

/** Adds a chat. @returns whether it is new */
export type AddChat = (document: object) => Promise<boolean>;

export const addOverHttp: AddChat = async (document) => {
	const headers = { "content-type": "application/json" };
	const response = await fetchOrThrow("/api/chats/import", { method: "POST", headers, body: JSON.stringify(document) });
	return response.status === 201;
};

/** Imports a file's chats: one request each, and existing chats are unchanged. Continues where it was stopped. */
export class ChatsImport {
	readonly #entries: AsyncIterator<FoundEntry, void>;
	readonly #add: AddChat;
	readonly #report: (progress: ImportProgress) => void;
	/** Entries that were read but could not be sent. */
	readonly #unsent: FoundEntry[] = [];
	#progress: ImportProgress = { added: 0, there: 0, failed: [] };

	constructor(entries: AsyncIterator<FoundEntry, void>, add: AddChat, report: (progress: ImportProgress) => void) {
		this.#entries = entries;
		this.#add = add;
		this.#report = report;
	}

	/**
	 * Adds the rest of the file. An entry that the server refuses is reported, and the others continue.
	 * @throws {Refused|Unreached} if the server is unreachable or accepts no more from the viewer: call it again to continue
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

/** Whether a refusal concerns the chat, not the viewer or a rate limit. */
const isOfEntry = (status: number) => status === 400 || status === 413 || status >= 500;

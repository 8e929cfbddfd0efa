import { type ChatStatus, type Command, isCounted, type Outcome, type RequestRow } from "@parley/metering";
import { isStoredKey } from "../lib/identity/api-keys.ts";
import { carryOverId, isKeyPool, isPool, keyIdOf, requestIdOf } from "../lib/identity/subject-key.ts";
import { alarmTime } from "../lib/time/clock.ts";
import { noteForDevClock } from "../lib/time/dev-clock.ts";
import { logFailure } from "../log.ts";
import { isCallName } from "./api-call.ts";
import { endChatsOf } from "./guest-chats.ts";
import type { LedgerBook } from "./ledger-book.ts";
import type { ProviderLink } from "./provider-link.ts";
import type { UsageCopy } from "./usage-copy.ts";

/** When the next alarm fires if this one dies halfway. */
export const ALARM_AGAIN_MS = 60_000;
/** Expired holds ended per alarm. */
const EXPIRED_MAX = 50;
/** A guest's ledger lives as long as its cookie, a network's until an hour after its day. Counted from the last request. */
const GUEST_LIFE_MS = 400 * 86_400_000;
const NETWORK_LIFE_MS = 25 * 3_600_000;
/** How long the ledger of a guest who signed up without a request refuses requests sent before. Later ones lack the cookie. */
const UNUSED_LIFE_MS = 3_600_000;
/** When deleting a guest's chats continues after a batch or a failure. */
const END_AGAIN_MS = 3_600_000;
/** When the pool of an existing key is checked again. */
const KEY_AGAIN_MS = 30 * 86_400_000;

/** The parts of a ledger with work for an alarm. */
interface Working {
	book: LedgerBook;
	provider: ProviderLink;
	copy: UsageCopy;
}

/** The ledger an alarm works for. */
interface Ledger {
	/** Null while it has stored nothing. */
	opened: () => Working | null;
	end: (command: Extract<Command, { type: "expire" }>) => Outcome;
	/** Called once its storage is empty. */
	forget: () => void;
}

/** A ledger's alarm: when it fires, and what it does. */
export class LedgerAlarm {
	readonly #ctx: DurableObjectState;
	readonly #env: Cloudflare.Env;
	readonly #ledger: Ledger;
	#atMs: number | null = null;

	constructor(ctx: DurableObjectState, env: Cloudflare.Env, ledger: Ledger) {
		this.#ctx = ctx;
		this.#env = env;
		this.#ledger = ledger;
	}

	/** Reads the alarm set by an earlier instance. @returns whether there is one */
	async load(): Promise<boolean> {
		this.#atMs = await this.#ctx.storage.getAlarm();
		return this.#atMs !== null;
	}

	/** Records that the alarm has fired. */
	fired(): void {
		this.#atMs = null;
	}

	/** Ensures that an alarm fires by this time of the platform's clock. Setting one writes a row. */
	async arm(atMs: number): Promise<void> {
		if (this.#atMs !== null && this.#atMs <= atMs) return;
		this.#atMs = atMs;
		await this.#ctx.storage.setAlarm(atMs);
		const opened = this.#ledger.opened();
		if (opened) await noteForDevClock(opened.book.key);
	}

	/** Sets the alarm for the earliest due work. Without due work it sets none. */
	async armForWork({ book, provider, copy }: Working): Promise<void> {
		let heldUntilMs = Number.POSITIVE_INFINITY;
		for (const row of book.live.values()) if (row.state === "held") heldUntilMs = Math.min(heldUntilMs, row.expiresAtMs);
		const againMs = endedAfterClosing(book).length > 0 ? Date.now() + ALARM_AGAIN_MS : Number.POSITIVE_INFINITY;
		const earliest = Math.min(alarmTime(Math.min(endOfLifeMs(book), provider.dueMs(), copy.dueMs(), heldUntilMs)), againMs);
		if (Number.isFinite(earliest)) await this.arm(earliest);
	}

	/**
	 * In order: ends some expired holds, carries over a closed guest's late units, does the work due at the provider, tidies some rows. Then copies the
	 * daily totals in the background. Never throws for an external failure.
	 */
	async work(working: Working): Promise<void> {
		const { book, provider, copy } = working;
		if (book.nowMs() >= endOfLifeMs(book)) return this.#endOfLife(book);
		const expired = expiredHolds(book);
		// The next alarm is set before the first outbound call, so that a crashed run is followed by another.
		if (expired.length > 0 || endedAfterClosing(book).length > 0 || provider.dueMs() <= book.nowMs()) {
			await this.arm(Date.now() + ALARM_AGAIN_MS);
		}
		await this.#endExpired(book, expired);
		await this.#carryLateUnits(book);
		await provider.work();
		if (book.tidy()) await this.arm(Date.now());
		// In the background, so that D1 never delays the run.
		this.#ctx.waitUntil(copy.work());
		await this.armForWork(working);
	}

	/** Deletes a guest's chats, a batch per alarm, and this ledger with the last of them. Other ledgers have no chats by then. */
	async #endOfLife({ kind, key, notes }: LedgerBook): Promise<void> {
		// Set before the calls, so that a crashed run is followed by another, which finds the remaining chats.
		await this.arm(Date.now() + (kind === "key" ? KEY_AGAIN_MS : END_AGAIN_MS));
		if (kind === "guest" && !(await endChatsOf(this.#env, key))) return;
		// A window without a known end lasts as long as its key.
		if (isKeyPool(key) && notes.endsAtMs === undefined && (await isStoredKey(keyIdOf(key)))) return;
		await this.#ctx.storage.deleteAll();
		this.#ledger.forget();
		this.#atMs = null;
	}

	/** Queries the chats in parallel, so that an unreachable one does not block the others. A hold that could not be ended stays for the next alarm. */
	async #endExpired(book: LedgerBook, expired: RequestRow[]): Promise<void> {
		await Promise.all(
			expired.map(async (row) => {
				const chatStatus = await this.#runState(book, row);
				this.#ledger.end({ type: "expire", id: row.id, chatStatus });
			}),
		);
	}

	/** The run state of an expired hold, reported by its chat or API call: whether the run never started or is still running. */
	async #runState({ key }: LedgerBook, row: RequestRow): Promise<ChatStatus> {
		if (row.chatId === null) return "unreachable";
		// Shared ledgers prefix the request id with the subject. A network numbers its own attempts, so any of the guest's attempts counts.
		const requestId = requestIdOf(key, row.id);
		const attempt = isPool(key) ? 1 : row.attempt;
		try {
			if (isCallName(row.chatId)) return await this.#env.API_CALL.getByName(row.chatId).runState(attempt);
			return await this.#env.CONVERSATION.getByName(row.chatId).runState(requestId, attempt);
		} catch (error) {
			logFailure(`chat ${row.chatId} did not report the state of ${row.id}`, error);
			return "unreachable";
		}
	}

	/** Charges the account for answers that ended after their guest signed up. Idempotent, because the account counts each once. */
	async #carryLateUnits(book: LedgerBook): Promise<void> {
		for (const row of endedAfterClosing(book)) {
			const { closed } = book.notes;
			if (!closed) return;
			try {
				const account = this.#env.USAGE_LEDGER.getByName(closed.inFavourOf);
				if (isCounted(row)) await account.carryOver(closed.inFavourOf, carryOverId(book.key, row.id), row.units);
			} catch (error) {
				logFailure(`a unit of ${book.key} could not be carried to ${closed.inFavourOf}`, error);
				return;
			}
			book.note({ closed: { ...closed, open: closed.open?.filter((id) => id !== row.id) } });
		}
	}
}

/** The next expired holds. Limited, because the alarm queries the chat of each. */
function expiredHolds(book: LedgerBook): RequestRow[] {
	const nowMs = book.nowMs();
	const expired: RequestRow[] = [];
	for (const row of book.live.values()) {
		if (row.state === "held" && row.expiresAtMs <= nowMs) expired.push(row);
		if (expired.length === EXPIRED_MAX) break;
	}
	return expired;
}

function endOfLifeMs(book: LedgerBook): number {
	if (book.kind === "user" || book.kind === "organization") return book.notes.endsAtMs ?? Number.POSITIVE_INFINITY;
	if (book.notes.closed && book.sums.latestMs === 0) return book.notes.closed.atMs + UNUSED_LIFE_MS;
	if (book.kind === "key" && book.notes.endsAtMs !== undefined) return Math.max(book.sums.latestMs, book.notes.endsAtMs) + NETWORK_LIFE_MS;
	return book.sums.latestMs + (book.kind === "network" ? NETWORK_LIFE_MS : GUEST_LIFE_MS);
}

/** Requests held when their guest signed up that have ended since. */
function endedAfterClosing({ notes, stored }: LedgerBook): RequestRow[] {
	const open = notes.closed?.open ?? [];
	return open.flatMap((id) => stored.row(id) ?? []).filter((row) => row.state !== "held");
}

import type { Entitlement } from "@parley/metering";
import type { Offer } from "../lib/billing.ts";
import { billingProvider, statusOf } from "../lib/payments/provider.ts";
import type { LedgerBook } from "./ledger-book.ts";
import type { CheckoutNote } from "./ledger-storage.ts";

/** For so long after a press what was bought may be on its way. */
const AWAITED_MS = 30 * 60_000;
/** While it is, a page may have the provider asked at once: at most this often, and so often in those 30 minutes. */
const FORCED_EVERY_MS = 200;
const FORCED_MAX = 40;

/** What is to be paid, and by whom. */
export interface Purchase {
	/** `id` is the provider's, null before there is one: after an archived customer it is another one. */
	customer: { id: string | null; externalId: string };
	offer: Offer;
	/** Credits ever bought beside a plan, before this. */
	creditsBought: number;
	/** Absolute. They hold for a new checkout; one that is open leads to where it led before. */
	successUrl: string;
	cancelUrl: string;
}

export type CheckoutAnswer =
	| { kind: "open"; url: string; id: string }
	/** A plan is paid for and not there yet: another checkout would take the money twice. */
	| { kind: "under-way" }
	/** The provider's status; null when it did not answer. */
	| { kind: "failed"; status: number | null };

/**
 * The one checkout of a subject: a second press leads to the first one's page, and until what was bought is here the provider is asked more
 * often. Kept with the ledger's notes, since only here two presses meet.
 */
export class OpenCheckout {
	readonly #book: LedgerBook;
	#opening: { priceId: string; answer: Promise<CheckoutAnswer> } | null = null;
	#forcedAtMs: number[] = [];

	constructor(book: LedgerBook) {
		this.#book = book;
	}

	/** Whether something may have been bought in the last 30 minutes that has not shown yet. */
	isAwaited(): boolean {
		return Date.now() - (this.#book.notes.checkout?.pressedAtMs ?? 0) < AWAITED_MS;
	}

	/** Whether the provider may be asked at once for a page that waits; counts as done. */
	takeForcedRead(): boolean {
		const nowMs = Date.now();
		this.#forcedAtMs = this.#forcedAtMs.filter((atMs) => nowMs - atMs < AWAITED_MS);
		const isSoon = nowMs - (this.#forcedAtMs.at(-1) ?? 0) < FORCED_EVERY_MS;
		if (!this.isAwaited() || isSoon || this.#forcedAtMs.length >= FORCED_MAX) return false;
		this.#forcedAtMs.push(nowMs);
		return true;
	}

	/** Where to pay. Presses at once for one price share one call; those for another wait their turn. Never throws. */
	open(purchase: Purchase): Promise<CheckoutAnswer> {
		const { priceId } = purchase.offer;
		if (this.#opening?.priceId === priceId) return this.#opening.answer;
		const answer = this.#openAfter(this.#opening?.answer, purchase).finally(() => {
			if (this.#opening?.answer === answer) this.#opening = null;
		});
		this.#opening = { priceId, answer };
		return answer;
	}

	/** A plan that waits for its payment is being paid for, by a checkout that is not one of ours to hand out again. */
	noteActivation(): void {
		this.#book.note({ checkout: { buys: "plan", creditsBefore: 0, pressedAtMs: Date.now() } });
	}

	/** After each read: once what was bought is here, nothing is awaited any more. */
	hear(entitlement: Entitlement, creditsBought: number): void {
		const { checkout } = this.#book.notes;
		if (!checkout) return;
		const isHere = checkout.buys === "plan" ? entitlement.kind !== "none" : creditsBought > checkout.creditsBefore;
		if (isHere) this.#book.note({ checkout: undefined });
	}

	async #openAfter(before: Promise<CheckoutAnswer> | undefined, purchase: Purchase): Promise<CheckoutAnswer> {
		await before;
		try {
			return (await this.#reopen(purchase)) ?? (await this.#create(purchase));
		} catch (error) {
			console.error(`checkout of ${this.#book.key} could not be opened: ${error}`);
			return { kind: "failed", status: statusOf(error) };
		}
	}

	/** The checkout that was opened before, if it can still be paid; the provider is asked, as it may have been paid by now. */
	async #reopen({ offer, customer }: Purchase): Promise<CheckoutAnswer | null> {
		const { checkout } = this.#book.notes;
		if (!checkout?.session) return null;
		const provider = await billingProvider();
		const found = await provider.readCheckout(checkout.session.id);
		if (!found || (customer.id !== null && found.customerId !== customer.id)) return null;
		if (found.status === "pending" && buysOf(offer) === "plan" && checkout.buys === "plan") return { kind: "under-way" };
		if (found.status !== "open") return null;
		if (checkout.session.priceId !== offer.priceId) {
			// Or both could be paid.
			await provider.closeCheckout(found.id);
			return null;
		}
		this.#book.note({ checkout: { ...checkout, pressedAtMs: Date.now() } });
		return { kind: "open", url: found.url, id: found.id };
	}

	async #create({ customer, offer, creditsBought, successUrl, cancelUrl }: Purchase): Promise<CheckoutAnswer> {
		const provider = await billingProvider();
		const { externalId } = customer;
		const id = customer.id ?? (await provider.ensureCustomer(externalId));
		const checkout = await provider.createCheckout({ customer: { id, externalId }, offer, successUrl, cancelUrl });
		const session = { id: checkout.id, priceId: offer.priceId };
		this.#book.note({ checkout: { session, buys: buysOf(offer), creditsBefore: creditsBought, pressedAtMs: Date.now() } });
		return { kind: "open", url: checkout.url, id: checkout.id };
	}
}

const buysOf = ({ kind }: Offer): CheckoutNote["buys"] => (kind === "top-up" ? "top-up" : "plan");

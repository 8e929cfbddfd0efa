import type { Entitlement } from "@parley/metering";
import { within } from "../lib/payments/deadline.ts";
import { statusOf } from "../lib/payments/errors.ts";
import type { CheckoutOrder, Offer, ShopPort } from "../lib/payments/port.ts";
import { billingPort } from "../lib/payments/provider.ts";
import { logFailure } from "../log.ts";
import type { LedgerBook } from "./ledger-book.ts";
import type { CheckoutNote } from "./ledger-tables.ts";

/** How long a purchase may take to arrive after its checkout was opened. */
const AWAITED_MS = 30 * 60_000;
/** In that time, a page may force reads of the provider: at most this often, and this many. */
const FORCED_EVERY_MS = 200;
const FORCED_MAX = 40;
/** The most unclosed earlier checkouts that are checked, newest first. */
const OLDER_MAX = 3;
/** How long a click waits for the provider; clicks for other prices wait behind it. */
const OPENED_WITHIN_MS = 9_000;

/** A subject's purchase. The return pages apply to a new checkout; an open one keeps its own. */
export interface Purchase extends CheckoutOrder {
	/** Credits ever bought alongside a plan, before this purchase. */
	creditsBought: number;
	/** Whether no plan can start under the present customer: see ShopPort.renewCustomer. */
	renewsCustomer: boolean;
}

export type CheckoutAnswer =
	| { kind: "open"; url: string; id: string }
	/** A plan is paid but has not arrived: another checkout would charge twice. */
	| { kind: "under-way" }
	/** The provider's status; null when it did not answer. */
	| { kind: "failed"; status: number | null };

/**
 * A subject's single checkout: a second click returns the first one's page, and until the purchase arrives the provider is read more often. Kept
 * next to the ledger, which serializes simultaneous clicks.
 */
export class OpenCheckout {
	readonly #book: LedgerBook;
	#opening: { priceId: string; answer: Promise<CheckoutAnswer> } | null = null;
	#forcedAtMs: number[] = [];

	constructor(book: LedgerBook) {
		this.#book = book;
	}

	/** Whether a purchase opened in the last 30 minutes may still arrive. */
	isAwaited(): boolean {
		return Date.now() - (this.#book.notes.checkout?.pressedAtMs ?? 0) < AWAITED_MS;
	}

	/** Whether a waiting page may read the provider at once. Counts the read. */
	takeForcedRead(): boolean {
		const nowMs = Date.now();
		this.#forcedAtMs = this.#forcedAtMs.filter((atMs) => nowMs - atMs < AWAITED_MS);
		const isSoon = nowMs - (this.#forcedAtMs.at(-1) ?? 0) < FORCED_EVERY_MS;
		if (!this.isAwaited() || isSoon || this.#forcedAtMs.length >= FORCED_MAX) return false;
		this.#forcedAtMs.push(nowMs);
		return true;
	}

	/** Returns the payment page. Simultaneous clicks for one price share a call; clicks for another price wait their turn. Never throws. */
	open(purchase: Purchase): Promise<CheckoutAnswer> {
		const { priceId } = purchase.offer;
		if (this.#opening?.priceId === priceId) return this.#opening.answer;
		const answer = this.#openAfter(this.#opening?.answer, purchase).finally(() => {
			if (this.#opening?.answer === answer) this.#opening = null;
		});
		this.#opening = { priceId, answer };
		return answer;
	}

	/** Records that the customer is adding a card for a waiting plan on the provider's page. Waits for the plan, without storing the URL for reuse. */
	noteActivation(): void {
		this.#book.note({ checkout: { buys: "plan", creditsBefore: 0, pressedAtMs: Date.now() } });
	}

	/** Called after each read of the provider: ends the wait once the purchase has arrived, and returns whether it did. */
	noteRead(entitlement: Entitlement, creditsBought: number): boolean {
		const { checkout } = this.#book.notes;
		if (!checkout) return false;
		const isHere = checkout.buys === "plan" ? entitlement.kind !== "none" : creditsBought > checkout.creditsBefore;
		if (isHere) this.#book.note({ checkout: undefined });
		return isHere;
	}

	async #openAfter(before: Promise<CheckoutAnswer> | undefined, purchase: Purchase): Promise<CheckoutAnswer> {
		await before;
		try {
			return await within(OPENED_WITHIN_MS, async () => {
				const ready = purchase.renewsCustomer ? await this.#renewed(purchase) : purchase;
				return (await this.#reopen(ready)) ?? (await this.#create(ready));
			});
		} catch (error) {
			logFailure(`checkout of ${this.#book.key} could not be opened`, error);
			return { kind: "failed", status: statusOf(error) };
		}
	}

	/** Here rather than in the caller, because clicks are serialized here: only the first one replaces the customer. */
	async #renewed(purchase: Purchase): Promise<Purchase> {
		const { externalId } = purchase.customer;
		const id = (await (await billingPort("shop")).renewCustomer?.(externalId)) ?? purchase.customer.id;
		return { ...purchase, customer: { externalId, id } };
	}

	/** The earlier checkout, if it can still be paid. Reads the provider first, because it may have been paid meanwhile. */
	async #reopen({ offer, customer }: Purchase): Promise<CheckoutAnswer | null> {
		const { checkout } = this.#book.notes;
		if (!checkout?.session) return null;
		const shop = await billingPort("shop");
		if (buysOf(offer) === "plan" && (await this.#isOlderPaid(shop))) return { kind: "under-way" };
		const found = await shop.readCheckout(checkout.session.id);
		// The customer differs after the old one was archived.
		if (!found || (customer.id !== null && found.customerId !== customer.id)) return null;
		if (found.status === "pending" && buysOf(offer) === "plan" && checkout.buys === "plan") return { kind: "under-way" };
		if (found.status !== "open") return null;
		if (checkout.session.priceId !== offer.priceId) {
			// Otherwise both could be paid.
			if (shop.closeCheckout) await shop.closeCheckout(found.id);
			else if (checkout.buys === "plan") this.#keepOlder(checkout, found.id);
			return null;
		}
		this.#book.note({ checkout: { ...checkout, pressedAtMs: Date.now() } });
		return { kind: "open", url: found.url, id: found.id };
	}

	/** Whether an unclosed earlier checkout was paid and its plan has not arrived: another payment would be in vain. */
	async #isOlderPaid(shop: ShopPort): Promise<boolean> {
		for (const id of this.#book.notes.checkout?.older ?? []) if ((await shop.readCheckout(id))?.status === "pending") return true;
		return false;
	}

	#keepOlder(checkout: CheckoutNote, id: string): void {
		this.#book.note({ checkout: { ...checkout, older: [id, ...(checkout.older ?? [])].slice(0, OLDER_MAX) } });
	}

	async #create({ creditsBought, renewsCustomer: _, ...order }: Purchase): Promise<CheckoutAnswer> {
		const shop = await billingPort("shop");
		const { id, url } = await shop.createCheckout(order);
		const session = { id, priceId: order.offer.priceId };
		const { older = [] } = this.#book.notes.checkout ?? {};
		const note = { session, buys: buysOf(order.offer), creditsBefore: creditsBought, pressedAtMs: Date.now() };
		this.#book.note({ checkout: older.length > 0 ? { ...note, older } : note });
		return { kind: "open", url, id };
	}
}

const buysOf = ({ kind }: Offer): CheckoutNote["buys"] => (kind === "top-up" ? "top-up" : "plan");

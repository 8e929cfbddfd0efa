import { Hono } from "hono";
import { html } from "hono/html";
import { type Html, money, notFoundPage, page, words } from "../../pages/layout.ts";
import type { Env, World } from "../../world.ts";
import type { Charge } from "../records.ts";
import { date } from "./dates.ts";

/** The page at a charge's `receipt_url`. */
export function receiptPages(world: World) {
	return new Hono<Env>().get("/:id", (c) => {
		const charge = world.state.stripe.charges.find(({ id }) => id === c.req.param("id"));
		return charge === undefined ? c.html(notFoundPage("This receipt"), 404) : c.html(receiptPage(charge));
	});
}

function receiptPage({ amount, amount_refunded: refunded, created, description, payment_method_details: details, status }: Charge): Html {
	const digits = details?.card?.last4 ?? details?.us_bank_account?.last4;
	return page({
		title: "Receipt",
		body: html`
<p class="soft no-print">Simulated receipt.</p>
<h1>Receipt</h1>
<dl>
<dt>For</dt><dd>${description ?? "A payment"}</dd>
<dt>Date</dt><dd>${date(created)}</dd>
<dt>Amount</dt><dd>${money(amount)}</dd>
${refunded > 0 ? html`<dt>Refunded</dt><dd>${money(refunded)}</dd>` : ""}
<dt>Status</dt><dd>${words(status)}</dd>
${digits ? html`<dt>Paid with</dt><dd>ending in ${digits}</dd>` : ""}
</dl>`,
	});
}
